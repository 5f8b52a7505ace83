"""The tables' file: made once, by one process or several, killed or not; damaged, unreadable, impossible to write."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.meteor import write_sources

from blip2idc.errors import ConfigError
from blip2idc.evaluation.metrics.meteor.cache import load_tables
from blip2idc.evaluation.metrics.meteor.sources import Sources
from blip2idc.evaluation.metrics.meteor.tables import Tables, compile_tables
from blip2idc.runs.files import PARTIAL_MARK

# Makes the tables of argv[1] in argv[2]; waits for the file argv[3] first, and dies half way if argv[4] says so.
PROGRAM = """
import os, pathlib, signal, sys, time
from blip2idc.evaluation.metrics.meteor.cache import load_tables
from blip2idc.evaluation.metrics.meteor.sources import Sources
folder, cache, start = map(pathlib.Path, sys.argv[1:4])
def report(share):
    if sys.argv[4] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
while not start.exists():
    time.sleep(0.01)
tables, note = load_tables(Sources(folder / "meteor-1.5.jar", folder / "paraphrase-en.gz"), cache, report)
print(len(tables.targets), note)
"""


def equal(one: Tables, other: Tables) -> bool:
    others = other.to_arrays()
    return all(np.array_equal(array, others[name]) for name, array in one.to_arrays().items())


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_made_once_then_mapped(tiny: Sources, tmp_path: Path) -> None:
    told = list[float]()
    first, note = load_tables(tiny, tmp_path / "cache", told.append)
    assert note is None
    assert told == sorted(told)
    assert told[-1] == 1.0
    again, _ = load_tables(tiny, tmp_path / "cache", pytest.fail)
    assert equal(first, again)
    assert equal(again, compile_tables(tiny))
    with pytest.raises(ValueError, match="read-only"):
        again.targets[0] = 1


def test_other_data_make_another_file(tiny: Sources, tmp_path: Path) -> None:
    load_tables(tiny, tmp_path / "cache")
    other = write_sources(tmp_path / "other", [("a man", "a person")])
    tables, _ = load_tables(other, tmp_path / "cache")
    assert len(tables.targets) == 1
    assert len(list((tmp_path / "cache").iterdir())) == 2


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(place: int) -> Callable[[bytes], bytes]:
    def flip(content: bytes) -> bytes:
        at = place % len(content)
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return flip


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not a table",
        cut,
        lambda content: content + b"\0" * 64,
        lambda content: content.replace(b'"fingerprint": "', b'"fingerprint": "0', 1),
        flipped(3),
        flipped(25),
        flipped(200),
        flipped(1 << 19),
        flipped(-(1 << 20)),
    ],
    ids=["empty", "other", "cut", "longer", "header", "magic", "length", "names", "content", "start"],
)
def test_a_damaged_file_is_made_again(
    damage: Callable[[bytes], bytes], tiny: Sources, tmp_path: Path
) -> None:
    whole, _ = load_tables(tiny, tmp_path / "cache")
    whole = Tables(**{name: array.copy() for name, array in whole.to_arrays().items()})
    path = only_file(tmp_path / "cache")
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    tables, note = load_tables(tiny, tmp_path / "cache")
    assert note is None
    assert equal(tables, whole)
    assert only_file(tmp_path / "cache").read_bytes() == content


def test_where_nothing_can_be_written_the_tables_are_right_and_it_is_said(
    tiny: Sources, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    tables, note = load_tables(tiny, tmp_path / "file" / "cache")
    assert equal(tables, compile_tables(tiny))
    assert note is not None
    assert "could not be kept" in note
    assert "XDG_CACHE_HOME" in note


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into a read-only folder")
def test_a_read_only_folder(tiny: Sources, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o555)
    tables, note = load_tables(tiny, folder)
    assert equal(tables, compile_tables(tiny))
    assert note is not None


def start(tiny: Sources, tmp_path: Path, fate: str = "lives") -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROGRAM,
            str(tiny.jar.parent),
            str(tmp_path / "cache"),
            str(tmp_path / "go"),
            fate,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_at_once(tiny: Sources, tmp_path: Path) -> None:
    processes = [start(tiny, tmp_path) for _ in range(2)]
    time.sleep(0.05)
    (tmp_path / "go").touch()
    assert [process.communicate()[0] for process in processes] == ["5 None\n"] * 2
    assert equal(load_tables(tiny, tmp_path / "cache", pytest.fail)[0], compile_tables(tiny))
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_killed_while_making_them(tiny: Sources, tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    process = start(tiny, tmp_path, "dies")
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    tables, note = load_tables(tiny, tmp_path / "cache")
    assert note is None
    assert equal(tables, compile_tables(tiny))


def test_what_a_killed_process_left_goes_when_it_is_old(tiny: Sources, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    old, young = (folder / f".meteor-x{PARTIAL_MARK}{name}.tables" for name in ("old", "young"))
    old.touch()
    young.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    load_tables(tiny, folder)
    assert not old.exists()
    assert young.exists()


def test_damaged_data_are_one_sentence(tiny: Sources, tmp_path: Path) -> None:
    content = tiny.paraphrases.read_bytes()
    tiny.paraphrases.write_bytes(content[:-12] + b"\0" * 4 + content[-8:])
    with pytest.raises(ConfigError, match=r"paraphrase-en.gz: METEOR's data cannot be read .* pip install"):
        load_tables(tiny, tmp_path / "cache")
    tiny.jar.write_bytes(b"no zip")
    with pytest.raises(ConfigError, match=r"METEOR's data cannot be read"):
        load_tables(tiny, tmp_path / "cache")
