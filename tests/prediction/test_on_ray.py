"""Captions by workers of a cluster are those of one process; a worker that dies costs nothing but time."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fixtures.checkpoints import opt_checkpoint as opt_checkpoint
from tests.fixtures.checkpoints import write_dataset

from blip2idc.cli.main import run
from blip2idc.data.records import read_records
from blip2idc.errors import ImageError, ModelError
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.prediction.on_ray import CaptionWork
from blip2idc.prediction.predictions import Task, caption_here


def tasks_of(folder: Path) -> list[Task]:
    manifest = read_records(folder)
    return [Task(record.id, *manifest.paths(record)) for record in manifest]


def test_a_worker_says_what_the_first_captioner_says(opt_checkpoint: Path, tmp_path: Path) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint)
    captioner = captioner.with_settings(replace(captioner.settings, no_change_captions=("no change",)))
    decoding = {"max_new_tokens": 5}
    tasks = tasks_of(write_dataset(tmp_path / "data", 4))
    work: CaptionWork = pickle.loads(pickle.dumps(CaptionWork.like(captioner, 2, decoding)))
    work.load()
    assert work(tasks) == list(caption_here(captioner, tasks, 2, decoding))
    tasks[1].before.write_bytes(b"no image")
    with pytest.raises(ImageError):
        work(tasks)


def test_a_worker_with_other_weights_is_refused(opt_checkpoint: Path) -> None:
    work = CaptionWork.like(DifferenceCaptioner.from_pretrained(opt_checkpoint), 2, {})
    with pytest.raises(ModelError, match="a worker found other weights"):
        replace(work, weights="0").load()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["a.png", "b.png", "--ray", "local"], "--ray is for a data set"),
        (
            ["--data", "d", "--output", "o.json", "--workers", "2", "--heatmaps", "h"],
            "--workers is for captions",
        ),
        (["--data", "d", "--output", "o.json", "--workers", "0"], "--workers is 0"),
    ],
)
def test_workers_are_refused_where_one_does_it(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["caption", *options]) == 2
    assert sentence in capsys.readouterr().err


def workers_of(mark: str) -> list[int]:
    """Processes of Ray that caption, started by a command with this mark in its environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"BLIP2IDC_MARK={mark}".encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes()
                if command.startswith(b"ray::") and b"Map" in command:
                    found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes under /proc")
def test_a_killed_worker_costs_the_batch_in_flight(opt_checkpoint: Path, tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", 120)
    command = [
        sys.executable,
        "-m",
        "blip2idc",
        "caption",
        "--data",
        str(data),
        "--model",
        str(opt_checkpoint),
    ]
    command += ["--batch-size", "2", "--beams", "3"]
    mark = f"{os.getpid()}-{time.time_ns()}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "BLIP2IDC_MARK": mark}
    subprocess.run([*command, "--output", str(tmp_path / "one.json")], check=True, env=environment)
    output = tmp_path / "many.json"
    process = subprocess.Popen(
        [*command, "--output", str(output), "--ray", "local", "--workers", "1"], env=environment
    )
    progress = tmp_path / "many.json.progress.jsonl"
    killed = 0
    while process.poll() is None and not killed:
        time.sleep(0.05)
        if progress.is_file() and progress.read_text().count("\n") > 10:
            killed = workers_of(mark)[0]
            os.kill(killed, signal.SIGKILL)
    assert killed, "it was done before a worker could be killed"
    assert process.wait() == 0
    assert output.read_bytes() == (tmp_path / "one.json").read_bytes()
    assert len(json.loads(output.read_text())) == 120
