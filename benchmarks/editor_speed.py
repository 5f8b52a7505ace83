"""What batches bring to an editor: images a second one by one and in batches, by the production code.

    python benchmarks/editor_speed.py                                   # the tiny pipeline of the tests, on a CPU
    python benchmarks/editor_speed.py --size stable-diffusion-1.5       # needs a GPU with 16 GB; see below

In: an InstructPix2Pix with random weights, built here and loaded through `EditorSettings(model=FOLDER).load()`. Out: a
table on stdout and JSON. Every batch size edits the same images, in turn, `--rounds` times; the results must be those
of one by one up to rounding.

The tiny pipeline shows what a call costs apart from arithmetic, and is what `editor_speed.json` beside this file
holds. `--size stable-diffusion-1.5` builds one of the size of timbrooks/instruct-pix2pix (U-Net of 860 M parameters
with 8 input channels, 512 x 512, 20 steps): random weights take the time of real ones. It reports the share of time in
which the GPU was busy, as `nvidia-smi` tells, and writes to `editor_speed_gpu.json`.
It was never run, for want of a GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests.fixtures

from tests.fixtures.tiny_pix2pix import build_pix2pix_of_released_size, build_tiny_pix2pix

from blip2idc.errors import ConfigError
from blip2idc.runs.record import run_record
from blip2idc.synthesis.editors.editor import EditorSettings, EditRequest, EditResult
from blip2idc.worlds.edits.photographs import Photographs, packaged_photographs

SIZES = {"tiny": (64, 10), "stable-diffusion-1.5": (512, 20)}  # side of the images, steps
INSTRUCTIONS = ("make it snow", "turn the sky red", "add a hat", "as an oil painting")
TOLERANCE = {
    "float32": 3,
    "float16": 40,
    "bfloat16": 80,
}  # of 255, at most; kernels differ with the batch size


def main() -> None:
    options = _arguments()
    side, steps = SIZES[options.size]
    if options.size != "tiny" and not torch.cuda.is_available():
        raise ConfigError(f"--size is {options.size} and torch finds no GPU; run it where there is one")
    with tempfile.TemporaryDirectory() as folder:
        build = build_tiny_pix2pix if options.size == "tiny" else build_pix2pix_of_released_size
        settings = EditorSettings(
            model=str(build(Path(folder))), steps=steps, size=side, safety_checker=False
        )
        editor: Any = settings.load()
        requests = _requests(options.count, side)
        editor.edit(requests[:1])  # what is set up once
        rows = _measure(editor, requests, options)
    result = {
        "size": options.size,
        "device": str(editor.device),
        "dtype": str(editor.dtype),
        "images": options.count,
        "rounds": options.rounds,
        "pixels": side,
        "steps": steps,
        "results": rows,
        "threads": torch.get_num_threads(),
        "load_average": os.getloadavg(),
        "run_record": run_record(),
    }
    name = "editor_speed.json" if options.size == "tiny" else "editor_speed_gpu.json"
    output = options.output or Path(__file__).with_name(name)
    output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print("| batch | images a second | against one by one | GPU busy |\n|---|---|---|---|")
    for row in rows:
        busy = "-" if row["gpu_busy"] is None else f"{row['gpu_busy']:.0%}"
        print(f"| {row['batch']} | {row['images_per_second']:.2f} | {row['speedup']:.2f} | {busy} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=tuple(SIZES), default="tiny")
    parser.add_argument("--count", type=int, default=32, help="images")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def _requests(count: int, side: int) -> list[EditRequest]:
    supply = Photographs(packaged_photographs())
    rng = np.random.default_rng(0)
    images = [Image.fromarray(supply.draw(rng, side, side)[0]) for _ in range(count)]
    return [
        EditRequest(image, INSTRUCTIONS[index % len(INSTRUCTIONS)], index, 7.5, 1.5)
        for index, image in enumerate(images)
    ]


def _measure(
    editor: Any, requests: Sequence[EditRequest], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Rounds in which every batch size has its turn, so that what else the machine does hits all of them."""
    seconds: dict[int, list[float]] = {batch: [] for batch in options.batches}
    busy: dict[int, list[float]] = {batch: [] for batch in options.batches}
    same: dict[int, int] = {}
    alone = _edit(editor, requests, 1)
    for _ in range(options.rounds):
        for batch in options.batches:
            with gpu_busy() as shares:
                start = time.perf_counter()
                results = _edit(editor, requests, batch)
                seconds[batch].append(time.perf_counter() - start)
            busy[batch] += shares
            same[batch] = _compare(results, alone, editor.dtype.value)
    first = statistics.median(seconds[options.batches[0]])
    return [
        {
            "batch": batch,
            "images_per_second": round(len(requests) / statistics.median(times), 3),
            "speedup": round(first / statistics.median(times), 3),
            "seconds": [round(one, 3) for one in times],
            "images_as_one_by_one": same[batch],
            "gpu_busy": round(statistics.mean(busy[batch]), 3) if busy[batch] else None,
        }
        for batch, times in seconds.items()
    ]


def _edit(editor: Any, requests: Sequence[EditRequest], batch: int) -> list[EditResult]:
    return [
        result
        for start in range(0, len(requests), batch)
        for result in editor.edit(requests[start : start + batch])
    ]


def _compare(results: Sequence[EditResult], alone: Sequence[EditResult], dtype: str) -> int:
    """Number of images that are those of one by one; random weights may overflow in half precision, then none is."""
    same = 0
    for one, other in zip(results, alone, strict=True):
        if one.image is None or other.image is None:
            continue
        far = np.abs(np.asarray(one.image, dtype=np.int16) - np.asarray(other.image, dtype=np.int16))
        if np.percentile(far, 99) > TOLERANCE[dtype]:
            raise SystemExit(f"a batch gives other images than one by one: {np.percentile(far, 99)} of 255")
        same += 1
    return same


@contextmanager
def gpu_busy() -> Iterator[list[float]]:
    """Shares of time in which the GPU was busy, sampled while the block runs; empty without a GPU."""
    shares: list[float] = []
    done = threading.Event()

    def sample() -> None:
        command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--id=0"]
        while not done.wait(0.2):
            found = subprocess.run(command, capture_output=True, text=True, check=True)
            shares.append(float(found.stdout.strip()) / 100)

    thread = threading.Thread(target=sample, daemon=True)
    if torch.cuda.is_available():
        thread.start()
    try:
        yield shares
    finally:
        done.set()
        if thread.is_alive():
            thread.join()


if __name__ == "__main__":
    main()
