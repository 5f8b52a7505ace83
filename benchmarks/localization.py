"""Do the heatmaps point at the change? All methods, on pairs that the model has not seen, beside a control.

    python benchmarks/localization.py --docs docs/localization.md                 # some minutes on two CPU cores
    python benchmarks/localization.py --scenes 60 --edits 60 --output /tmp/l.json # a quick look

In: a captioner (the packaged one, or `--model`). Out: a table on stdout, `localization.json` beside this file, and with
`--docs` the same table between the two marks in that page.
Pairs come from the world `scenes` with a seed of its own, and from `edits` of a part of the packaged `test`
photographs, on which no model of the package was trained.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from blip2idc.difference import Difference
from blip2idc.evaluation.maps.localization import LocalizationScores, Truth, localization, make_truth
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.explain.choice import BATCH_SIZE, METHODS
from blip2idc.model.explain.methods import explain_encoded
from blip2idc.runs.files import atomic_write
from blip2idc.runs.record import run_record
from blip2idc.worlds.edits.regions import REGION_OPERATIONS
from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.pair import World, WorldPair
from blip2idc.worlds.scenes.world import ScenesWorld

SEED = 90_001  # no training shard has it
BEGIN, END = "<!-- localization table: begin -->", "<!-- localization table: end -->"
HEADINGS = (
    "world",
    "method",
    "pairs",
    "places",
    "pointing",
    "all maps",
    "coverage",
    "IoU",
    "PG+",
    "control",
    "p",
)


def main() -> None:
    options = _arguments()
    captioner = DifferenceCaptioner.from_pretrained(options.model, options.adapter)
    print(captioner.backbone.describe(), flush=True)
    worlds: list[tuple[World, int]] = [
        (ScenesWorld(SEED, no_change_share=0.5), options.scenes),
        (
            EditsWorld(SEED, no_change_share=1 / 3, kinds=tuple(REGION_OPERATIONS), split="test"),
            options.edits,
        ),
    ]
    rows: list[dict[str, Any]] = []
    print(_line(HEADINGS), flush=True)
    for world, count in worlds:
        pairs = [world.pair(index) for index in range(count)]
        rows += _measure(captioner, world.name, pairs, options)
    report = {"results": rows, "captioner": captioner.describe(), "run_record": run_record(seed=SEED)}
    with atomic_write(options.output) as handle:
        handle.write(json.dumps(report, indent=1) + "\n")
    if options.docs is not None:
        text = with_table(options.docs.read_text(encoding="utf-8"), rows)
        with atomic_write(options.docs) as handle:
            handle.write(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="hub id or folder; the tiny model of the package by default")
    parser.add_argument("--adapter", default="default")
    parser.add_argument("--scenes", type=int, default=300, help="pairs of scenes, half of them unchanged")
    parser.add_argument("--edits", type=int, default=300, help="pairs of edits, a third of them unchanged")
    parser.add_argument(
        "--occlusion", type=int, default=60, help="pairs that the slow occlusion is measured on"
    )
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--docs", type=Path, help="page whose table is replaced")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".json"))
    return parser.parse_args()


def _measure(
    captioner: DifferenceCaptioner, world: str, pairs: Sequence[WorldPair], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Every method on the pairs of one world; what the captioner says is asked once."""
    joints = [captioner.join((Image.fromarray(pair.before), Image.fromarray(pair.after))) for pair in pairs]
    said = [
        difference
        for start in range(0, len(joints), BATCH_SIZE)
        for difference in captioner.caption_joints(joints[start : start + BATCH_SIZE])
    ]
    truths = [_truth(pair) for pair in pairs]
    rows = []
    for method in options.methods.split(","):
        count = min(len(pairs), options.occlusion) if method == "occlusion" else len(pairs)
        started = time.perf_counter()
        maps = _maps(captioner, joints[:count], said[:count], truths[:count], method)
        seconds = (time.perf_counter() - started) / max(1, sum(truth.changed for truth in truths[:count]))
        rows.append(_row(world, method, maps, said[:count], truths[:count], seconds))
    return rows


def _truth(pair: WorldPair) -> Truth:
    size = pair.before.shape[0], pair.before.shape[1]
    return make_truth((size, size), (pair.before_box, pair.after_box), changed=pair.kind != "none")


def _maps(
    captioner: DifferenceCaptioner,
    joints: Sequence[npt.NDArray[np.uint8]],
    said: Sequence[Difference],
    truths: Sequence[Truth],
    method: str,
) -> list[PairHeatmap]:
    """The map of every changed pair, whether or not it counts as one; of an unchanged pair any that is not empty."""
    grid = np.ones(captioner.layout.grid(captioner.backbone.patch_size), dtype=np.float32)
    maps = [PairHeatmap.from_joint(grid, captioner.layout)] * len(joints)
    changed = [index for index, truth in enumerate(truths) if truth.changed]
    for start in range(0, len(changed), BATCH_SIZE):
        part = changed[start : start + BATCH_SIZE]
        with torch.inference_mode():
            encoded = captioner.joint_model.encode([joints[i] for i in part])
        found = explain_encoded(
            captioner.joint_model,
            encoded,
            [said[i] for i in part],
            method,
            words=False,
            suppress_unchanged=False,
        )
        for index, explanation in zip(part, found, strict=True):
            maps[index] = explanation.sentence
    return maps


def _row(
    world: str,
    method: str,
    maps: Sequence[PairHeatmap],
    said: Sequence[Difference],
    truths: Sequence[Truth],
    seconds: float,
) -> dict[str, Any]:
    """Scores of the maps as users see them (empty where no change is seen), and the pointing game of all maps."""
    shown = [
        heatmap if difference.changed else PairHeatmap.empty_like(heatmap)
        for heatmap, difference in zip(maps, said, strict=True)
    ]
    scores, unsuppressed = localization(shown, truths), localization(maps, truths)
    cells = _cells(world, method, scores, unsuppressed)
    print(_line(cells), flush=True)
    return {
        "cells": cells,
        "world": world,
        "method": method,
        "seconds_per_changed_pair": round(seconds, 3),
        "shown": scores.to_dict(),
        "pointing_of_all_maps": unsuppressed.pointing,
        "pointing_of_all_maps_interval": unsuppressed.intervals["pointing"],
    }


def _cells(
    world: str, method: str, shown: LocalizationScores, unsuppressed: LocalizationScores
) -> tuple[str, ...]:
    shares = (
        shown.pointing, unsuppressed.pointing, shown.coverage, shown.iou, shown.pg_plus, shown.control_pointing,
    )  # fmt: skip
    percent = [f"{100 * share:.1f}" if share is not None else "-" for share in shares]
    p_value = f"{shown.p_value:.3f}" if shown.p_value is not None else "-"
    return world, method, str(shown.pairs), str(shown.places), *percent, p_value


def _line(cells: Sequence[str]) -> str:
    return f"{cells[0]:<8}{cells[1]:<26}" + "".join(f"{cell:>10}" for cell in cells[2:])


def with_table(page: str, rows: Sequence[dict[str, Any]]) -> str:
    """The page with the table of these results between its marks."""
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    heading = (*HEADINGS, "s / pair")
    lines = ["| " + " | ".join(heading) + " |", "|" + "---|" * 2 + "---:|" * (len(heading) - 2)]
    for row in rows:
        lines.append("| " + " | ".join((*row["cells"], f"{row['seconds_per_changed_pair']:.2f}")) + " |")
    return head + BEGIN + "\n" + "\n".join(lines) + "\n" + END + tail


if __name__ == "__main__":
    main()
