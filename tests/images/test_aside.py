"""Large arrays laid aside: the same values, less memory; small ones, and those without room, stay."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.memory import resident

from blip2idc.images import aside
from blip2idc.images.aside import empty_aside, laid_aside, let_go, strips

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measured in /proc")


def test_large_ones_keep_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "LARGE", 1000)
    values = np.random.default_rng(3).normal(size=(40, 30, 2))[:, ::-1]
    kept = laid_aside(values)
    assert kept is not values
    assert laid_aside(kept) is kept
    let_go(kept, values)
    np.testing.assert_array_equal(kept, values)
    made = empty_aside((40, 30, 2), np.float32)
    for strip in strips(made):
        made[strip] = kept[strip]
    np.testing.assert_array_equal(made, values.astype(np.float32))


def test_small_ones_and_those_without_room_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.ones((40, 30, 2))
    assert laid_aside(values) is values

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(aside, "LARGE", 1000)
    monkeypatch.setattr(os, "posix_fallocate", full)
    assert laid_aside(values) is values
    assert empty_aside((40, 30), np.uint8).shape == (40, 30)


def test_the_type_of_the_numbers_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "LARGE", 1000)
    for kind in ("uint8", "float32"):
        assert laid_aside(np.ones((40, 50), kind)).dtype == kind
        assert empty_aside((4, 5), kind).dtype == kind


@linux
def test_what_is_large_is_told_by_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "LARGE", 1000)
    for number, kind, large in (
        (999, "uint8", False),
        (1000, "uint8", True),
        (249, "float32", False),
        (250, "float32", True),
    ):
        assert isinstance(empty_aside((number, 1), kind), np.memmap) == large


@pytest.mark.parametrize(
    ("shape", "step"), [((5, 4), 2), ((25, 1), 10), ((5, 2, 3), 1), ((3, 11), 1), ((25,), 10), ((4, 0), 10)]
)
def test_strips_hold_a_number_of_values(
    shape: tuple[int, ...], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "STRIP_VALUES", 10)
    expected = [slice(top, min(shape[0], top + step)) for top in range(0, shape[0], step)]
    assert list(strips(np.zeros(shape), np.zeros(shape, np.uint8))) == expected


@linux
def test_what_was_let_go_of_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "LARGE", 1000)
    made = empty_aside((40, 1_000_000), np.uint8)
    start = resident()
    made[:] = 7
    assert resident() - start > 30_000_000
    let_go(np.zeros(3), made[::2, 5:])
    assert resident() - start < 10_000_000
    assert (made == 7).all()


def test_a_view_of_something_else_is_no_array_laid_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "LARGE", 1000)
    values = np.frombuffer(bytes(range(250)) * 8, np.uint8)
    let_go(values)
    kept = laid_aside(values)
    assert kept is not values
    np.testing.assert_array_equal(kept, values)


PROGRAM = """
import sys
from pathlib import Path
from blip2idc.cli.main import run

def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6

small, pair = sys.argv[1:3], sys.argv[3:5]
run(["compare", *small, "--judge", "pixels"])
start = peak()
assert run(["compare", *pair, "--judge", "pixels"]) == 1
print(peak() - start)
"""


@linux
@pytest.mark.slow
def test_a_pair_of_large_rasters_takes_little_more_than_one(tmp_path: Path) -> None:
    """Two of 40 million float values each: 160 MB each as stored, and Pillow's copy of one of them."""
    tifffile = pytest.importorskip("tifffile")
    names = []
    for name, side in (("small", 64), ("large", 6300)):
        values = np.linspace(0, 1, side, dtype=np.float32)[:, None].repeat(side, 1)
        for number in (1, 2):
            values[: side // 4 * (number - 1), : side // 3] += 0.5
            names.append(str(tmp_path / f"{name}{number}.tif"))
            tifffile.imwrite(names[-1], values, compression="zlib", rowsperstrip=64)
    done = subprocess.run([sys.executable, "-c", PROGRAM, *names], capture_output=True, text=True, check=True)
    assert float(done.stdout.splitlines()[-1]) < 450
