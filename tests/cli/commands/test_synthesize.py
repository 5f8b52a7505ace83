"""`blip2idc synthesize`: a data set from the command line, and one sentence for each mistake."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from blip2idc.cli.main import run
from blip2idc.cli.options import parse_list, parse_size
from blip2idc.data.records import read_records
from blip2idc.errors import ConfigError
from blip2idc.images.pair import open_image

QUICK = ["--count", "3", "--size", "64x32", "--workers", "1"]


@pytest.mark.parametrize("world", ["scenes", "edits"])
def test_a_data_set_is_written_and_its_path_printed(
    world: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["synthesize", world, "--output", str(tmp_path / "out"), *QUICK]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'out' / 'metadata.jsonl'}\n"
    assert "3/3" in err
    manifest = read_records(tmp_path / "out")
    assert [record.source for record in manifest] == [world] * 3
    assert open_image(manifest.paths(manifest[0])[0]).size == (64, 32)


def test_the_wide_variety_writes_pairs_of_several_sizes(tmp_path: Path) -> None:
    arguments = ["--variety", "wide", "--size", "64-96", "--count", "4", "--workers", "1"]
    assert run(["synthesize", "edits", "--output", str(tmp_path / "out"), *arguments]) == 0
    manifest = read_records(tmp_path / "out")
    sizes = {open_image(manifest.paths(record)[0]).size for record in manifest}
    assert len(sizes) > 1
    assert all(64 <= max(size) <= 96 for size in sizes)


def test_photographs_of_a_folder_are_used_and_damaged_ones_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    Image.effect_mandelbrot((90, 60), (-2, -1, 1, 1), 50).convert("RGB").save(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    command = [
        "synthesize",
        "edits",
        "-o",
        str(tmp_path / "out"),
        "--images",
        str(tmp_path / "photos"),
        *QUICK,
    ]
    assert run([*command, "--no-change-share", "1"]) == 0
    err = capsys.readouterr().err
    assert "skipped 1 of 2 images" in err
    assert "broken.jpg" in err
    changes = [record.change for record in read_records(tmp_path / "out")]
    assert all(change is not None and change["picture"] == "a.png" for change in changes)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["edits", "--size", "320"], "--size is '320'"),
        (["edits", "--size", "8x8"], "8x8"),
        (["edits", "--variety", "wild"], "--variety is 'wild'"),
        (["edits", "--variety", "wide", "--size", "64x32"], "--size is '64x32'"),
        (["edits", "--variety", "wide", "--textures-share", "0.5"], "--textures-share is 0.5"),
        (["edits", "--objects", "things"], "--objects is 'things'"),
        (["edits", "--variety", "wide", "--objects", "things"], "holds no names.json"),
        (["edits", "--count", "0"], "count is 0"),
        (["edits", "--workers", "0"], "workers is 0"),
        (["edits", "--seed", "-1"], "seed is -1"),
        (["scenes", "--seed", "-1"], "seed is -1"),
        (["scenes", "--no-change-share", "2"], "no_change_share is 2.0"),
        (["scenes", "--kinds", "color,teleport"], "teleport"),
        (["edits", "--kinds", "teleport"], "teleport"),
        (["edits", "--split", "dev"], "dev"),
        (["edits", "--images", "no/such/folder"], "no/such/folder"),
        (["edits", "--images", "."], "holds no image"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_2(
    arguments: list[str],
    names: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["synthesize", *arguments, "--output", "out"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert names in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_other_settings_into_the_same_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["synthesize", "edits", "--output", str(tmp_path / "out"), *QUICK]
    assert run(command) == 0
    assert run([*command, "--seed", "1"]) == 2
    assert "was begun with seed 0, not 1" in capsys.readouterr().err


def test_sizes_and_lists_are_read() -> None:
    assert parse_size(" 480X320 ") == (480, 320)
    assert parse_list("flip, blur,") == ("flip", "blur")
    for text in ("", "axb", "-1x5", "1x", "1.5x2"):
        with pytest.raises(ConfigError, match="like 320x160"):
            parse_size(text)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a name that is not UTF-8")
@pytest.mark.parametrize("variety", ["basic", "wide"])
def test_photographs_by_any_name(variety: str, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    picture = Image.effect_mandelbrot((90, 60), (-2, -1, 1, 1), 50).convert("RGB")
    for name in (b"bad\xff.png", b"line\nfeed.png", b"escape\x1b[31m.png"):
        picture.save(tmp_path / "photos" / os.fsdecode(name))
    words = ["synthesize", "edits", "-o", str(tmp_path / "out"), "--images", str(tmp_path / "photos")]
    size = "64x64" if variety == "basic" else "64"
    assert run([*words, "--variety", variety, "-n", "2", "--workers", "1", "--size", size]) == 0
    assert len(read_records(tmp_path / "out")) == 2


def _starting(process: int) -> bool:
    """Whether the first of its processes is there that makes pairs; multiprocessing has one of its own beside them."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return any(b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)
    except OSError:  # it is being made
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize(
    ("number", "status", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_stopped_while_its_processes_start(
    number: signal.Signals, status: int, word: str, tmp_path: Path
) -> None:
    """One sentence: no traceback of a process that was just starting, no warning of what it leaves."""
    command = [sys.executable, "-m", "blip2idc", "synthesize", "scenes", "-o", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, "-n", "1000000", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while not _starting(process.pid):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.005)
    os.killpg(process.pid, number)  # as a terminal does it, to all of them
    out, err = process.communicate(timeout=60)
    lines = [line for line in err.splitlines() if line.strip() and "pairs" not in line]
    assert (process.returncode, out) == (status, "")
    assert len(lines) == 1, err
    assert lines[0].startswith(f"{word}: ")
