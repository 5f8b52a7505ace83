"""How many images a second the `scenes` world renders, one process and two, beside an empty loop of the same pictures.

    python benchmarks/scenes_speed.py --seconds 10

Writes `scenes_speed.json` beside this file. The share of time that a pair spends on drawing and captions instead of
rendering is measured in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from blip2idc.worlds.scenes.world import KINDS, ScenesWorld, draw_change

SIZES = ((64, 128), (160, 320), (320, 480))


def images_a_second(height: int, width: int, seconds: float, first: int = 0) -> float:
    """Pairs made in about that many seconds, times two."""
    world = ScenesWorld(7, height, width)
    world.pair(10**6)
    started, pairs = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        world.pair(first + pairs)
        pairs += 1
    return 2 * pairs / (time.perf_counter() - started)


def drawing_share(seconds: float) -> float:
    """Share of the time of a pair at 64x128 that goes into drawing the scene, not rendering it."""
    rng = np.random.default_rng(7)
    started, drawn = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        draw_change(rng, KINDS[drawn % len(KINDS)])
        drawn += 1
    each = (time.perf_counter() - started) / drawn
    return each / (2 / images_a_second(64, 128, seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    rows = []
    for height, width in SIZES:
        one = images_a_second(height, width, seconds)
        with get_context("spawn").Pool(2) as pool:
            jobs = [(height, width, seconds, 10_000 * k) for k in range(2)]
            two = sum(pool.starmap(images_a_second, jobs))
        rows.append(
            {"height": height, "width": width, "one_process": round(one, 1), "two_processes": round(two, 1)}
        )
        print(f"{height}x{width}: {one:.0f} images/s in one process, {two:.0f} in two")
    result = {
        "images_per_second": rows,
        "drawing_share_at_64x128": round(drawing_share(seconds), 3),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_at_end": os.getloadavg()[0],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
