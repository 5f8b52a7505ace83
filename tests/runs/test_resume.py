"""The one way to go on: killed at any moment, a job ends with the same bytes, and nothing is done twice."""

from __future__ import annotations

import contextlib
import errno
import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.folder import JOURNAL, STATE
from blip2idc.runs.resume import resume_file, resume_folder

ITEMS = 200

#: Appends what it does to a log that is no part of the output; each item takes about a millisecond.
PROGRAM = """
import os, sys, time
from pathlib import Path
from typing import NoReturn
from blip2idc.runs.files import atomic_write
from blip2idc.runs.resume import resume_file, resume_folder

output, log, kind = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
settings = {"items": int(sys.argv[4])}
opened = (
    resume_file(output / "out.json.progress.jsonl", settings, output / "out.json")
    if kind == "file"
    else resume_folder(output, settings)
)
with opened as journal, log.open("a") as told:
    for number in range(settings["items"]):
        if journal.get("done", str(number)) is None:
            time.sleep(0.001)
            journal.add([{"kind": "done", "key": str(number), "square": number**2, "text": "x" * number}])
            told.write(f"{number}\\n")
            told.flush()
    with atomic_write(output / "out.json") as handle:
        for number in range(settings["items"]):
            entry = journal.get("done", str(number))
            handle.write(f"{number} {entry['square']} {len(entry['text'])}\\n")
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_killed_at_random_moments(kind: str, tmp_path: Path) -> None:
    """Nothing is missing, nothing twice: at most the item at each kill is worked on again."""
    draw, output, log = random.Random(7), tmp_path / "out", tmp_path / "log"
    command = [sys.executable, "-c", PROGRAM, str(output), str(log), kind, str(ITEMS)]
    kills = 0
    for _ in range(4):
        process = subprocess.Popen(command)
        begun = log.stat().st_size if log.exists() else 0
        while process.poll() is None and (not log.exists() or log.stat().st_size == begun):
            time.sleep(0.001)
        time.sleep(draw.random() * 0.06)
        process.kill()
        kills += process.wait() != 0
    assert kills >= 3
    subprocess.run(command, check=True)
    expected = "".join(f"{number} {number**2} {number}\n" for number in range(ITEMS))
    assert (output / "out.json").read_text() == expected
    worked = log.read_text().split()
    assert len(worked) == len(set(worked))
    assert ITEMS - kills <= len(worked) <= ITEMS  # a kill may come between the journal and this log
    left = [path.name for path in output.iterdir()]
    assert left == (["out.json"] if kind == "file" else left)


def test_entries_of_other_settings_are_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "out.progress.jsonl"
    for settings, known in (
        ({"seed": 1}, False),
        ({"seed": 1}, True),
        ({"seed": 2}, False),
        ({"seed": 1}, False),
    ):
        with pytest.raises(KeyboardInterrupt), resume_file(path, settings, tmp_path / "out") as journal:
            assert (journal.get("done", "a") is not None) == known
            journal.add([{"kind": "done", "key": "a"}])
            raise KeyboardInterrupt


def test_a_file_that_is_no_journal_is_thrown_away(tmp_path: Path) -> None:
    """Left by an earlier version, whose lines had no kind."""
    path = tmp_path / "out.progress.jsonl"
    path.write_text('{"fingerprint": "1"}\n')
    with resume_file(path, {}, tmp_path / "out", keep=True) as journal:
        assert len(journal) == 1
    assert json.loads(path.read_text()) == {"kind": "begun", "key": "", "settings": {}}


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_two_processes_at_once(kind: str, tmp_path: Path) -> None:
    def opened() -> contextlib.AbstractContextManager[object]:
        return (
            resume_file(tmp_path / "j.jsonl", {}, tmp_path / "out")
            if kind == "file"
            else resume_folder(tmp_path / "out", {})
        )

    refused = pytest.raises(InputError, match="out: another run is writing into it")
    with opened(), refused, opened():
        pass


def test_a_data_set_is_not_begun_twice_in_different_ways(tmp_path: Path) -> None:
    with resume_folder(tmp_path / "data", {"seed": 1}) as journal:
        journal.add([{"kind": "done", "key": "a"}])
    refused = pytest.raises(ConfigError, match="was begun with seed 1, not 2")
    with refused, resume_folder(tmp_path / "data", {"seed": 2}):
        pass
    with resume_folder(tmp_path / "data", {"seed": 2}, changeable=lambda: True) as journal:
        assert journal.get("done", "a") is not None
    with resume_folder(tmp_path / "data", None) as journal:
        assert journal.get("done", "a") is not None
    assert (tmp_path / "data" / STATE / JOURNAL).is_file()


def test_a_journal_that_cannot_be_opened_is_told_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk without room for one more file; what is there must not be taken for something else and removed."""
    path = tmp_path / "out.progress.jsonl"
    path.write_text('{"kind": "done", "key": "1"}\n')

    def refuse(self: Path, *arguments: object, **options: object) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", refuse)
    refused = pytest.raises(InputError, match=r"out\.progress\.jsonl: cannot be written \(No space left")
    with refused, resume_file(path, {}, tmp_path / "out"):
        pass
    monkeypatch.undo()
    assert path.is_file()
    path.unlink()
    monkeypatch.setattr(Path, "open", refuse)
    with refused, resume_file(path, {}, tmp_path / "out"):
        pass
