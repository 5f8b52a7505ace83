"""Large arrays laid aside: the same values, less memory; small ones, and those without room, stay."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

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
