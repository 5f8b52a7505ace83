"""Choices with reasons, the run record, and files that appear whole or not at all."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import blip2idc
from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.files import atomic_path, atomic_write, discard_partials
from blip2idc.runs.record import run_record
from blip2idc.runtime import Choice, choose_device, choose_dtype, seed_everything

# --- choices ---


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Pretend a machine: machine(cuda=2, mps=False, bf16=True)."""

    def pretend(cuda: int = 0, mps: bool = False, bf16: bool = True) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "Pretended GPU")
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


def test_auto_takes_the_best_device_there_is(machine) -> None:
    machine()
    assert choose_device() == Choice("cpu", "no GPU was found")
    machine(mps=True)
    assert choose_device().value == "mps"
    machine(cuda=1, mps=True)
    assert str(choose_device()) == "cuda (a GPU was found: Pretended GPU)"


def test_a_device_asked_for_is_taken_where_it_exists(machine) -> None:
    machine(cuda=2)
    assert choose_device("cpu") == Choice("cpu", "as asked")
    assert choose_device("cuda:1") == Choice("cuda:1", "as asked")
    machine(mps=True)
    assert choose_device("mps").value == "mps"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("gpu", "device is 'gpu'; expected auto, cpu, cuda, cuda:N or mps"),
        ("cuda", "device is 'cuda' but torch sees 0 CUDA devices"),
        ("cuda:1", "device is 'cuda:1' but torch sees 0 CUDA devices"),
        ("mps", "device is 'mps' but torch finds no Apple GPU"),
    ],
)
def test_a_device_that_is_not_there_is_refused(machine, asked: str, sentence: str) -> None:
    machine()
    with pytest.raises(ConfigError) as caught:
        choose_device(asked)
    assert str(caught.value).startswith(sentence)


def test_dtype_follows_the_device(machine) -> None:
    assert choose_dtype().value == "float32"
    assert choose_dtype("auto", "mps").value == "float32"
    machine(cuda=1, bf16=True)
    assert choose_dtype("auto", "cuda:0").value == "bfloat16"
    machine(cuda=1, bf16=False)
    assert choose_dtype("auto", "cuda").value == "float32"


def test_dtype_asked_for() -> None:
    assert choose_dtype("bfloat16") == Choice("bfloat16", "as asked")
    assert getattr(torch, choose_dtype("float16").value) is torch.float16
    with pytest.raises(ConfigError, match="dtype is 'fp16'; expected auto, float32, bfloat16, float16"):
        choose_dtype("fp16")


def test_seeding_reaches_all_three_generators() -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(1))  # noqa: NPY002

    seed_everything(2**32 + 7)
    first = draw()
    assert draw() != first
    seed_everything(2**32 + 7)
    assert draw() == first


# --- run record ---


def test_run_record_is_json_and_tells_versions() -> None:
    record = run_record(seed=3, layout={"height": 224})
    assert json.loads(json.dumps(record)) == record
    assert record["blip2idc"] == blip2idc.__version__
    assert record["packages"]["torch"].startswith("2.")
    assert record["seed"] == 3
    assert record["time"].endswith("+00:00")


def test_run_record_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["blip2idc", "paraphrase", "--api-key", "sk-1", "--hub-token=hf-2", "--seed", "4"]
    monkeypatch.setattr(sys, "argv", command)
    assert run_record()["argv"] == [
        "blip2idc",
        "paraphrase",
        "--api-key",
        "***",
        "--hub-token=***",
        "--seed",
        "4",
    ]


def test_run_record_needs_no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_git(*arguments: object, **options: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert run_record()["git"] is None


# --- files ---


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_appears_whole(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "new" / "a.jsonl") as handle:
        handle.write("é\n")
        assert not (tmp_path / "new" / "a.jsonl").exists()
    assert (tmp_path / "new" / "a.jsonl").read_bytes() == "é\n".encode()
    assert names(tmp_path / "new") == ["a.jsonl"]
    with atomic_write(tmp_path / "b.bin", "wb") as handle:
        handle.write(b"\0")
    assert (tmp_path / "b.bin").read_bytes() == b"\0"


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(target) as handle:
        handle.write("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_killed_writer_leaves_the_old_file_and_a_partial(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    program = (
        "import os, signal, sys\n"
        "from blip2idc.runs.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as handle:\n"
        "    handle.write('half'); handle.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(target)]).returncode == -9
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == 2
    discard_partials(tmp_path)
    assert names(tmp_path) == ["a.txt"]


def test_a_path_keeps_the_suffix_and_may_be_a_folder(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.png") as partial:
        assert partial.suffix == ".png"
        partial.write_bytes(b"1")
    for content in ("first", "second"):
        with atomic_path(tmp_path / "adapter") as partial:
            partial.mkdir()
            (partial / content).touch()
    assert names(tmp_path) == ["a.png", "adapter"]
    assert names(tmp_path / "adapter") == ["second"]


def test_a_failed_folder_disappears(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "adapter") as partial:
        partial.mkdir()
        (partial / "half").touch()
        raise RuntimeError
    assert names(tmp_path) == []


def test_an_impossible_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="cannot make this folder"),
        atomic_write(tmp_path / "file" / "a.txt"),
    ):
        pass
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(InputError, match="folder: cannot be replaced .* expected a file"),
        atomic_write(tmp_path / "folder"),
    ):
        pass
    with (
        pytest.raises(InputError, match="file: cannot be replaced .* expected a folder"),
        atomic_path(tmp_path / "file") as partial,
    ):
        partial.mkdir()
    assert names(tmp_path) == ["file", "folder"]


def test_only_writing_modes() -> None:
    with pytest.raises(ValueError, match="mode is 'a'"), atomic_write("x", "a"):
        pass
