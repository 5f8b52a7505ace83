"""The engine onnx beside torch: the same captions on scenes and edits, cold start of `caption`, and pairs a second.

    python -m benchmarks.engine_speed [--count 500] [--looked-closely 60] [--rounds 5] [--parts same,cold,speed] [--add]

Writes `engine_speed.json` beside itself, a part at a time; `--add` adds to what is there, so that a busy machine can do
it in pieces (`--first` is the first pair). Same: both engines caption `--count` pairs, half of them
rendered scenes and half edited photographs, as a whole; the first `--looked-closely` of both kinds also with their
changes. Cold start: `blip2idc caption BEFORE AFTER` in a fresh process with each engine, in turn. Speed: pairs a second
that go through each engine, one by one and 32 together, in turn. Seconds are told by the clock and of the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.difference import Difference
from blip2idc.images.pair import ImagePair
from blip2idc.model.pair_captioner import PairCaptioner
from blip2idc.runs.record import run_record
from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.scenes.world import ScenesWorld

RESULT = Path(__file__).with_suffix(".json")
ENGINES = ("torch", "onnx")
PARTS = ("same", "cold", "speed")
SEED = 4711


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=500, help="pairs that are captioned by both")
    parser.add_argument("--looked-closely", type=int, default=60, help="pairs whose changes are told by both")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="number of the first pair")
    parser.add_argument("--add", action="store_true", help="to what is in the file, instead of anew")
    parser.add_argument("--parts", default=",".join(PARTS), help="which of same, cold, speed")
    arguments = parser.parse_args()
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    for part in arguments.parts.split(","):
        work: Callable[[argparse.Namespace], dict[str, Any]] = {"same": same, "cold": cold, "speed": speed}[
            part
        ]
        before = known.get(part) if arguments.add else None
        found = {**work(arguments, before or {}), "load_average": os.getloadavg(), "run_record": run_record()}
        known[part] = found
        RESULT.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
        print(json.dumps({part: {**known[part], "run_record": None}}, indent=2))


def pairs(count: int, first: int = 0) -> list[ImagePair]:
    """Scenes and edits in turn."""
    worlds = ScenesWorld(seed=SEED, height=160, width=320), EditsWorld(seed=SEED)
    made = []
    for index in range(first, first + count):
        pair = worlds[index % 2].pair(index // 2)
        made.append(ImagePair(Image.fromarray(pair.before), Image.fromarray(pair.after)))
    return made


def engines() -> dict[str, PairCaptioner]:
    from blip2idc.model.captioner import DifferenceCaptioner  # not where only processes are timed
    from blip2idc.model.onnx.captioner import OnnxCaptioner

    return {
        "torch": DifferenceCaptioner.from_pretrained(device="cpu"),
        "onnx": OnnxCaptioner.from_pretrained(),
    }


def same(arguments: argparse.Namespace, before: dict[str, Any]) -> dict[str, Any]:
    """How many captions, verdicts and tokens differ."""
    made, captioners = pairs(arguments.count, arguments.first), engines()
    whole = [list(captioners[name].stream(made, max_changes=0)) for name in ENGINES]
    close = [list(captioners[name].stream(made[: arguments.looked_closely])) for name in ENGINES]
    found = {"whole": differences(*whole), "looked_closely": differences(*close)}
    return {kind: together(before.get(kind, {}), told) for kind, told in found.items()}


def together(before: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Counts of two pieces; the largest of what is a largest."""
    return {
        name: max(value, before.get(name, 0.0)) if name.startswith("largest") else value + before.get(name, 0)
        for name, value in found.items()
    }


def differences(first: Sequence[Difference], second: Sequence[Difference]) -> dict[str, Any]:
    both = list(zip(first, second, strict=True))
    return {
        "pairs": len(both),
        "captions_that_differ": sum(one.caption != other.caption for one, other in both),
        "token_sequences_that_differ": sum(one.tokens != other.tokens for one, other in both),
        "verdicts_that_differ": sum(one.changed != other.changed for one, other in both),
        "largest_difference_of_probability": max(
            (abs(one.change_probability - other.change_probability) for one, other in both), default=0.0
        ),
    }


def cold(arguments: argparse.Namespace, before: dict[str, Any]) -> dict[str, Any]:
    """Seconds of `blip2idc caption` in a fresh process, in turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ENGINES}
    captions: dict[str, set[str]] = {name: set() for name in ENGINES}
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"{role}.png") for role in ("before", "after")]
        (pair,) = pairs(1)
        pair.before.save(files[0])
        pair.after.save(files[1])
        for _ in range(arguments.rounds):
            for name in ENGINES:
                command = [sys.executable, "-m", "blip2idc", "caption", *files, "--engine", name]
                wall, processor, said = timed_process(command)
                times[name].append((wall, processor))
                captions[name].add(said)
    result: dict[str, Any] = {
        name: {
            kind: [*before.get(name, {}).get(kind, []), *(value[number] for value in values)]
            for number, kind in enumerate(("wall_s", "processor_s"))
        }
        for name, values in times.items()
    }
    for kind in ("wall_s", "processor_s"):
        slow, fast = (statistics.median(result[name][kind]) for name in ENGINES)
        result[f"ratio_{kind}"] = slow / fast
    return {**result, "captions_that_differ": len(captions["torch"] ^ captions["onnx"])}


def timed_process(command: list[str]) -> tuple[float, float, str]:
    """Seconds by the clock, seconds of the processor, and what a process says."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


def speed(arguments: argparse.Namespace, before: dict[str, Any]) -> dict[str, Any]:
    """Pairs a second, as a whole, one by one and 32 together."""
    made, captioners = pairs(32), engines()
    ways: dict[str, Callable[[PairCaptioner], Iterable[Difference]]] = {
        "one_by_one": lambda captioner: [
            captioner.caption_joints([joint])[0] for joint in joints(captioner, 8)
        ],
        "32_together": lambda captioner: captioner.caption_joints(joints(captioner, 32)),
    }

    def joints(captioner: PairCaptioner, count: int) -> list[Any]:
        return [captioner.join(pair) for pair in islice(made, count)]

    rates: dict[str, dict[str, list[float]]] = before.get("rates", {})
    for number in range(1 + arguments.rounds):  # the first warms up
        for way, work in ways.items():
            for name in ENGINES:
                begun, processor = time.perf_counter(), time.process_time()
                count = len(list(work(captioners[name])))
                wall, processor = time.perf_counter() - begun, time.process_time() - processor
                if number:
                    kept = rates.setdefault(f"{name}_{way}", {"per_s": [], "per_processor_s": []})
                    kept["per_s"].append(count / wall)
                    kept["per_processor_s"].append(count / processor)
    medians = {
        name: {kind: statistics.median(values) for kind, values in kinds.items()}
        for name, kinds in rates.items()
    }
    return {"rates": rates, "medians": medians}


if __name__ == "__main__":
    main()
