"""A server of its own process for the tests, as ``blip2idc serve`` starts it; it needs the extra [app]."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image


@contextmanager
def serving(checkpoint: Path, *options: str) -> Iterator[str]:
    """Start a server on a free port, give its address, end it."""
    command = [sys.executable, "-m", "blip2idc", "serve", "--port", "0", "--model", str(checkpoint), *options]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("http://127.0.0.1:"), f"the server did not start: {line!r}"
            yield line.split()[0]
        finally:
            process.terminate()
            process.wait(timeout=120)


def write_pairs(folder: Path, count: int) -> list[tuple[Path, Path]]:
    """Pairs of random images."""
    rng = np.random.default_rng(7)
    pairs = []
    for number in range(count):
        names = folder / f"{number}_before.png", folder / f"{number}_after.png"
        for name in names:
            Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(name)
        pairs.append(names)
    return pairs
