"""How long alignment and the whole comparison take on one core, and how much memory two very large images need.

    python benchmarks/changes_speed.py --json benchmarks/changes_speed.json

Cases: a page of 1280x8000 into which 60 rows were inserted, as it is and encoded anew; a photograph of 12 megapixels,
cropped by 3 %, encoded anew, with one patch covered; two photographs of 100 megapixels, the memory of which is measured
in a process of its own. Times are the least of several runs, memory is the peak of the whole process less what it took
before the images were made.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.find import ROUGH_PIXELS
from blip2idc.images.changes.geometry.alignment import align, align_exactly, align_roughly
from blip2idc.images.changes.pictures import open_pictures, working_factor
from blip2idc.worlds.edits.photographs import packaged_photographs

RUNS = 3
Pixels = np.ndarray


def page(height: int = 8000) -> Pixels:
    """A page 1280 pixels wide: text of its own in every line, panels and photographs in between."""
    image = Image.new("RGB", (1280, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    for number, top in enumerate(range(20, height - 140, 28)):
        draw.text(
            (60, top), f"Paragraph {number} says {number * 7919 % 10007} things of its own", "#222222", font
        )
    for number, top in enumerate(range(200, height - 400, 700)):
        with Image.open(packaged_photographs("test")[number % 4]) as photograph:
            image.paste(photograph.convert("RGB").resize((420, 280)), (780, top))
        draw.rounded_rectangle((780, top + 300, 980, top + 340), 8, fill="#0d6efd")
    return np.asarray(image)


def photograph(megapixels: float) -> Pixels:
    """A photograph enlarged to so many pixels, with the grain that cameras add."""
    with Image.open(packaged_photographs("test")[0]) as image:
        factor = (megapixels * 1e6 / (image.width * image.height)) ** 0.5
        size = round(image.width * factor), round(image.height * factor)
        large = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BICUBIC))
    grain = np.random.default_rng(0).integers(-6, 7, (*large.shape[:2], 1), np.int16)
    return np.clip(large + grain, 0, 255).astype(np.uint8)


def encoded(image: Pixels, quality: int) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def least(call: Callable[[], Any]) -> float:
    """Seconds of the fastest run."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return round(min(times), 3)


def times() -> dict[str, Any]:
    """Seconds of every case: of the alignment, and of the whole comparison."""
    before = page()
    after = np.concatenate([before[:3000], np.full((60, 1280, 3), (255, 250, 220), np.uint8), before[3000:]])
    anew = encoded(after, 85)
    found = {
        "page_rows": {
            "align": least(lambda: align(before, after)),
            "all": least(lambda: find_changes(before, after)),
        },
        "page_rows_jpeg": {
            "align": least(lambda: align(before, anew)),
            "all": least(lambda: find_changes(before, anew)),
        },
    }
    original = photograph(12)
    edited = original.copy()
    edited[1200:1500, 1500:1900] = (40, 90, 160)
    height, width = original.shape[:2]
    edited = encoded(edited[height // 66 : -height // 66, width // 66 : -width // 66], 85)

    def aligned() -> None:  # as `find_changes` does it
        pictures = open_pictures(original, edited)
        if align_exactly(*(picture.rgb(1) for picture in pictures)) is None:
            factor = working_factor(*pictures, ROUGH_PIXELS)
            align_roughly(*(picture.rgb(factor) for picture in pictures))

    found["photograph_12mp"] = {"align": least(aligned), "all": least(lambda: find_changes(original, edited))}
    return found


def peak() -> float:
    """Peak memory of this process in megabytes; Linux' `getrusage` would tell that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def memory(case: str) -> dict[str, float]:
    """Peak memory of a comparison of two photographs of 100 megapixels, the images themselves included."""
    find_changes(np.zeros((64, 64, 3), np.uint8), np.ones((64, 64, 3), np.uint8))
    started = peak()
    before = np.tile(photograph(6.25), (4, 4, 1))
    after = before.copy()
    after[3000:3600, 4000:5000] = (40, 90, 160)
    if case == "anew":
        for top in range(0, len(after), 1000):
            after[top : top + 1000] = encoded(after[top : top + 1000], 85)
    start = time.perf_counter()
    found = find_changes(before, after)
    seconds = time.perf_counter() - start
    return {
        "megapixels": round(before.shape[0] * before.shape[1] / 1e6, 1),
        "megabytes": round(peak() - started),
        "of_them_the_images": round((before.nbytes + after.nbytes) / 2**20),
        "seconds": round(seconds, 2),
        "changes": len(found.changes),
    }


def cost(folder: Path, count: int) -> dict[str, Any]:
    """Processor time of both looks at changed pages, as a multiple of the time of the whole look alone."""
    import torch

    from blip2idc.model.captioner import DifferenceCaptioner

    torch.set_num_threads(1)
    captioner = DifferenceCaptioner.from_pretrained()
    truths = [
        t for t in json.loads((folder / "truth.json").read_text(encoding="utf-8")) if t["kind"] != "none"
    ]
    ratios: dict[str, list[float]] = {"opened": [], "from files": [], "equal": []}
    for truth in truths[:count]:
        paths = [folder / f"{truth['id']}_{side}.png" for side in ("before", "after")]
        images = [Image.open(path).convert("RGB") for path in paths]
        for name, pair in (("opened", images), ("from files", paths), ("equal", images[:1] * 2)):
            whole = _processor(lambda pair=pair: captioner(*pair, max_changes=0))
            ratios[name].append(_processor(lambda pair=pair: captioner(*pair)) / whole)
    return {
        "pages": len(truths[:count]),
        "median": {name: round(median(found), 2) for name, found in ratios.items()},
    }


def _processor(call: Callable[[], Any]) -> float:
    """Seconds of processor time of the cheapest run."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument(
        "--memory", choices=("equal", "anew"), default=None, help="measure only this, in this process"
    )
    parser.add_argument(
        "--cost", type=Path, default=None, help="measure only both looks at a folder of pages"
    )
    parser.add_argument("--count", type=int, default=40, help="pages of it")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.cost:
        print(json.dumps(cost(options.cost, options.count), indent=1))
        return
    if options.memory:
        print(json.dumps(memory(options.memory)))
        return
    result: dict[str, Any] = {"machine": platform.machine(), "opencv": cv2.__version__, "seconds": times()}
    for case in ("equal", "anew"):
        command = [sys.executable, __file__, "--memory", case]
        result[f"memory_{case}"] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
