"""Trains, captions and scores the cells, one JSON file each; what is there already is left alone.

In: a working folder and a scale. Out: `FOLDER/cells/NAME.json` (scores, facts told right, seconds) and
`FOLDER/blind.json` (constant, nearest and human captions). Everything goes through the package's own functions:
`train`, `DifferenceCaptioner`, `evaluation.suite`.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.study.cells import BASE, Cell, Scale
from benchmarks.study.worlds import EditedPairs, RenderedPairs

from blip2idc.config import build
from blip2idc.data.records import MANIFEST_NAME, PairRecord, read_records
from blip2idc.evaluation import no_change, suite
from blip2idc.evaluation.benchmark.baselines import (
    find_constants,
    score_constant,
    score_humans,
    score_nearest,
)
from blip2idc.evaluation.benchmark.leave_one_out import human_scores
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.maps.localization import localization, make_truth
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.significance import Resampling
from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.runs.files import atomic_write
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train
from blip2idc.worlds.pair import World
from blip2idc.worlds.scenes.captions import WORDINGS
from blip2idc.worlds.write import write_world

SEEDS = {"real": 1, "synthetic": 2, "seen": 3, "validation": 4, "test": 5, "test-unseen": 6}
METRICS = ("bleu_4", "rouge_l", "cider_d")
PLAN = Resampling(200)
VALIDATION = 48
_RATE = 2e-3
_OCCLUSION = "occlusion"  # the method that two streams and joint encoding have in common


def world_of(kind: str) -> World:
    """Where the pairs of a kind come from."""
    if kind == "synthetic":
        return EditedPairs(SEEDS[kind])
    compositions = {"seen": "seen", "test-unseen": "unseen"}.get(kind, "all")
    return RenderedPairs(SEEDS[kind], compositions)


def dataset(folder: Path, kind: str, count: int) -> Path:
    """A data set of the study, made where it is not there yet."""
    path = folder / "data" / f"{kind}-{count}"
    if (path / MANIFEST_NAME).is_file() and len(read_records(path)) == count:
        return path  # another process may be looking at the same, and there is one lock
    write_world(world_of(kind), path, count, settings={"kind": kind, "seed": SEEDS[kind]})
    return path


def run_cell(folder: Path, cell: Cell, scale: Scale, say: Callable[[str], None]) -> Path:
    """Train and score one cell, unless its file is there."""
    target = folder / "cells" / f"{cell.name}.json"
    if target.is_file():
        return target
    adapter = folder / "adapters" / cell.name
    started, processor = time.monotonic(), time.process_time()
    if not adapter.is_dir():
        train(
            [dataset(folder, kind, count) for kind, count in cell.data],
            adapter,
            _config(folder, cell),
            validation=[dataset(folder, "validation", VALIDATION)],
            say=lambda line: None,
        )
    trained = time.process_time() - processor
    model = adapter if dict(cell.settings).get("mode") == "full" else folder / "neutral" / "backbone"
    captioner = DifferenceCaptioner.from_pretrained(model, None if model == adapter else adapter)
    found: dict[str, Any] = {
        "cell": asdict(cell),
        "scale": scale.name,
        "train_processor_seconds": round(trained, 1),
        "pairs_seen": 16 * cell.steps,
        "test": scored(captioner, dataset(folder, "test", scale.test), references=cell.variant == BASE),
    }
    if cell.unseen:
        found["unseen"] = scored(captioner, dataset(folder, "test-unseen", scale.test))
    if cell.pointing:
        found["pointing"] = pointing(captioner, dataset(folder, "test", scale.test), scale.pointing)
    found["wall_seconds"] = round(time.monotonic() - started, 1)
    with atomic_write(target) as handle:
        json.dump(found, handle, indent=1)
        handle.write("\n")
    shutil.rmtree(adapter)
    say(f"{cell.name}: facts right {100 * found['test']['facts_right']:.1f} %, CIDEr-D"
        f" {100 * found['test']['cider_d']['score']:.1f}, {trained:.0f} s of processor time")  # fmt: skip
    return target


def _config(folder: Path, cell: Cell) -> TrainConfig:
    """The recipe of a cell: the same budget for all, and the small backbone's defaults where nothing is said."""
    settings: dict[str, Any] = {
        "model": str(folder / "neutral" / "backbone"), "batch_size": 16, "learning_rate": _RATE, "workers": 0,
        "max_steps": cell.steps, "evaluate_every": cell.steps, "patience": 0, "calibration_pairs": 0, "epochs": 1.0,
        "seed": cell.seed, "lora": {"rank": 16}, "device": "cpu", "log_every": 100,
    }  # fmt: skip
    if cell.in_turn:
        settings["order"] = "in-turn"
        settings["max_steps"] = settings["evaluate_every"] = cell.steps // 2
    for name, value in cell.settings:
        if name.startswith("lora."):
            settings["lora"][name.removeprefix("lora.")] = value
        else:
            settings[name] = value
    if settings.get("mode") == "full":
        settings["learning_rate"] = _RATE / 4
    return build(TrainConfig, settings, f"cell {cell.name}")


def scored(captioner: DifferenceCaptioner, data: Path, references: bool = False) -> dict[str, Any]:
    """Scores of a captioner on a data set, with intervals over its pairs."""
    manifest = read_records(data)
    said = list(captioner.stream((manifest.paths(record) for record in manifest), max_changes=0))
    captions = [one.caption for one in said]
    found = scores_of(manifest.records, captions)
    if references:
        found["by_references"] = {
            count: scores_of(manifest.records, captions, count) for count in (1, 2, 3, 4, 5)
        }
    found["examples"] = [
        {"said": caption, "right": record.captions[0]}
        for caption, record in zip(captions[:6], manifest, strict=False)
    ]
    return found


def scores_of(
    records: Sequence[PairRecord], captions: Sequence[str], references: int | None = None
) -> dict[str, Any]:
    """Metrics against all references or the first few, the share of captions with all facts right, and its interval."""
    table = References.build(
        [one.id for one in records], [list(one.captions[:references]) for one in records]
    )
    scores = suite.score(Corpus.build(table, list(captions)), METRICS, resampling=PLAN)
    right = np.array([told_right(caption, record) for caption, record in zip(captions, records, strict=True)])
    changed = np.array([record.kind != "none" for record in records])
    told = np.array([not no_change.says_no_change(caption) for caption in captions])
    draws = np.random.default_rng(PLAN.seed).integers(len(right), size=(1000, len(right)))
    low, high = np.quantile(right[draws].mean(axis=1), (0.025, 0.975))
    shares = {"recall": told[changed].mean()} if changed.any() else {}
    if not changed.all():
        shares["specificity"] = (~told[~changed]).mean()
    return {
        **{name: {key: scores.to_dict()[name][key] for key in ("score", "low", "high")} for name in scores},
        "facts_right": float(right.mean()),
        "facts_right_interval": [float(low), float(high)],
        "facts_right_of_changed": float(right[changed].mean()) if changed.any() else None,
        **{name: float(value) for name, value in shares.items()},
        "signature": scores["cider_d"].signature if "cider_d" in scores else None,
    }


def told_right(caption: str, record: PairRecord) -> bool:
    """Whether a caption tells kind, object and new value of the change, or that there is none."""
    change = record.change or {}
    if record.kind == "none":
        return no_change.says_no_change(caption)
    for wording in WORDINGS[str(record.kind)]:
        pattern = re.escape(wording).replace(r"\{it\}", "(?P<it>.+?)").replace(r"\{a\}", "a (?P<it>.+?)")
        matched = re.fullmatch(pattern.replace(r"\{new\}", "(?P<new>.+)"), caption.strip(" ."))
        if matched is not None and matched["it"].startswith(str(change["object"])):
            return matched.groupdict().get("new") in (None, change.get("to"))
    return False


def pointing(captioner: DifferenceCaptioner, data: Path, count: int) -> dict[str, Any]:
    """The pointing game by occlusion on changed pairs, beside the same with the maps of other pairs."""
    manifest = read_records(data)
    records = [one for one in manifest if one.kind != "none"][:count]
    pairs = [ImagePair.open(*manifest.paths(record)) for record in records]
    maps, truths = [], []
    stream = captioner.explain_stream(pairs, _OCCLUSION, words=False, suppress_unchanged=False, max_changes=0)
    for pair, record, explanation in zip(pairs, records, stream, strict=True):
        size = pair.before.size[::-1]
        maps.append(explanation.sentence)
        truths.append(make_truth((size, size), (record.before_box, record.after_box), changed=True))
    found = localization(maps, truths, PLAN)
    return {
        "method": _OCCLUSION, "pairs": found.pairs, "pointing": found.pointing,
        "interval": list(found.intervals["pointing"]), "chance": found.control_pointing, "p_value": found.p_value,
    }  # fmt: skip


def blind(folder: Path, scale: Scale) -> Path:
    """What the test set gives to captions that were said without looking, and to people."""
    target = folder / "blind.json"
    if target.is_file():
        return target
    train_set, test_set = (
        ReferencedSplit.read(dataset(folder, kind, count))
        for kind, count in (("real", scale.pairs), ("test", scale.test))
    )
    manifest = read_records(dataset(folder, "test", scale.test))
    rows = [score_constant(one, test_set, resampling=PLAN) for one in find_constants(train_set)]
    rows.append(score_nearest(train_set, test_set, resampling=PLAN))
    human = score_humans(test_set, resampling=PLAN)
    found: dict[str, Any] = {
        one.name: {"caption": one.caption, **scores_of(manifest.records, one.predictions)} for one in rows
    }
    if human is not None:
        found[human.name] = {name: human.metrics[name] for name in METRICS}
    found["human_by_references"] = {
        given: getattr(
            human_scores(test_set.references, given, metrics=METRICS, resampling=PLAN), "metrics", None
        )
        for given in (1, 2, 3, 4)
    }
    with atomic_write(target) as handle:
        json.dump(found, handle, indent=1)
        handle.write("\n")
    return target
