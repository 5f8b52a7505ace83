"""The page of the study: tables, plots and a verdict on each claim, from the cells that are there.

In: the cells' JSON files. Out: `docs/study.md`, SVG plots in `docs/images/`, one JSON file with all cells beside this
file. A cell that was not run is told as not run; a claim without its cells as not tested.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.study.cells import BASE, FULL, LONGER, Cell, Scale, cells, longer_name, questions
from benchmarks.study.claims import Verdict, floor_of, longer_verdicts, verdicts

from blip2idc.evaluation.scores import is_defined
from blip2idc.runs.files import atomic_write

_T = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t, 97.5 %, by number of seeds


@dataclass(frozen=True)
class Row:
    """One variant over its seeds.

    Attributes:
        variant: Its name.
        values: Metric -> one number a seed.
        intervals: Metric -> (low, high) of the first seed, over test pairs.
    """

    variant: str
    values: dict[str, list[float]]
    intervals: dict[str, tuple[float, float]]

    @property
    def seeds(self) -> int:
        """Number of seeds that were run."""
        return len(self.values["facts"])

    def told(self, metric: str) -> str:
        """Mean and 95 % interval: over seeds (Student's t) where there are several, else over test pairs."""
        found = self.values.get(metric, [])
        if not found:
            return "–"
        mean = float(np.mean(found))
        low, high = interval_over_seeds(found) or self.intervals.get(metric, (math.nan, math.nan))
        return f"{mean:.1f}" if math.isnan(low) else f"{mean:.1f} [{low:.1f}, {high:.1f}]"


def interval_over_seeds(values: Sequence[float]) -> tuple[float, float] | None:
    """95 % interval of the mean by Student's t; None for a single seed.

    >>> interval_over_seeds([1.0]) is None, [round(end, 2) for end in interval_over_seeds([1.0, 2.0, 3.0])]
    (True, [-0.48, 4.48])
    """
    if len(values) < 2:
        return None
    half = _T[len(values)] * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return float(np.mean(values)) - half, float(np.mean(values)) + half


def row_of(variant: str, found: Sequence[dict[str, Any]], part: str = "test") -> Row:
    """The row of a variant from the cells of its seeds."""
    values: dict[str, list[float]] = {
        "facts": [],
        "cider": [],
        "recall": [],
        "specificity": [],
        "minutes": [],
    }
    for cell in found:
        scores = cell[part]
        values["facts"].append(100 * scores["facts_right"])
        values["minutes"].append(cell["train_processor_seconds"] / 60)
        for name, key in (("recall", "recall"), ("specificity", "specificity")):
            if scores.get(key) is not None:
                values[name].append(100 * scores[key])
        if is_defined(scores.get("cider_d")):
            values["cider"].append(100 * scores["cider_d"]["score"])
        if "pointing" in cell and cell["pointing"].get("pointing") is not None:
            values.setdefault("pointing", []).append(100 * cell["pointing"]["pointing"])
            values.setdefault("chance", []).append(100 * cell["pointing"]["chance"])
    intervals: dict[str, tuple[float, float]] = {}
    if found:
        first = found[0][part]
        low, high = first["facts_right_interval"]
        intervals["facts"] = 100 * low, 100 * high
        if is_defined(first.get("cider_d")):
            intervals["cider"] = 100 * first["cider_d"]["low"], 100 * first["cider_d"]["high"]
        if "pointing" in found[0]:
            low, high = found[0]["pointing"]["interval"]
            intervals["pointing"] = 100 * low, 100 * high
    return Row(variant, values, intervals)


def read_cells(folder: Path, scale: Scale) -> dict[str, list[dict[str, Any]]]:
    """Variant -> what its seeds gave, in their order; variants that were not run are absent."""
    found: dict[str, list[dict[str, Any]]] = {}
    for cell in cells(scale):
        path = folder / "cells" / f"{cell.name}.json"
        if path.is_file():
            found.setdefault(cell.variant, []).append(json.loads(path.read_text(encoding="utf-8")))
    return found


def read_kept(scale: Scale) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """The cells and the blind captions that lie beside this file, from an earlier run; nothing where there are none."""
    path = _kept(scale)
    if not path.is_file():
        return {}, {}
    told = json.loads(path.read_text(encoding="utf-8"))
    return told["cells"], told["blind"]


def _kept(scale: Scale) -> Path:
    return Path(__file__).with_name(f"{scale.name}.json")


def write_report(folder: Path, scale: Scale, page: Path | None) -> None:
    """Write all cells in one file, and the page with its plots.

    Args:
        folder: Where the cells are; where it holds none, those of an earlier run are told again.
        scale: Of these cells.
        page: To write; None for the file of the cells alone.
    """
    found = read_cells(folder, scale)
    path = folder / "blind.json"
    blind = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not found:
        found, blind = read_kept(scale)
    with atomic_write(_kept(scale)) as handle:
        json.dump({"scale": scale.__dict__, "blind": blind, "cells": found}, handle, indent=1)
        handle.write("\n")
    if page is None:
        return
    rows = {variant: row_of(variant, told) for variant, told in found.items()}
    text = "\n".join(_page(scale, found, rows, blind, verdicts(scale, rows, found, blind)))
    with atomic_write(page) as handle:
        handle.write(text)
    if found:
        from benchmarks.study.plots import write_plots

        write_plots(scale, rows, page.parent / "images")


def _page(
    scale: Scale,
    found: dict[str, list[dict[str, Any]]],
    rows: dict[str, Row],
    blind: dict[str, Any],
    told: Sequence[Verdict],
) -> Iterator[str]:
    wanted = cells(scale)
    run = sum(len(one) for one in found.values())
    yield _HEAD.format(
        scale=scale.name, run=run, wanted=len(wanted), test=scale.test, pairs=scale.pairs, steps=scale.steps,
        minutes=_minutes(found), state=_state(run, wanted),
    )  # fmt: skip
    yield "## Claims\n"
    yield "| claim | here | number | what it does not say about the 2.7B |"
    yield "|---|---|---|---|"
    longest = {} if scale.name == FULL.name else _longest()
    more = longer_verdicts(FULL, longest, floor_of(read_kept(FULL)[1])) if longest else ()
    for one in (*told, *more):
        yield f"| {one.claim} | **{one.outcome}** | {one.number} | {one.limits} |"
    for question in questions(scale):
        yield f"\n## {question.name.capitalize()}\n"
        if question.name == "longer" and scale.longer:
            pairs, steps = scale.longer
            yield f"The encodings once more: {steps:,} steps on {pairs:,} pairs, one seed, which decides nothing.\n"
        yield from _table(question.variants, rows, pointing=question.name in ("encoding", "longer"))
        if question.name == "compositions":
            yield from _unseen(found)
        yield (
            f"\n![{question.name}](images/study-{question.name}.svg)"
            if _plotted(question.variants, rows)
            else ""
        )
    if longest and FULL.longer:
        pairs, steps = FULL.longer
        yield f"\n## {steps:,} steps on {pairs:,} pairs\n"
        yield f"Cells of the full table: its backbone, trained four times as long, {FULL.test} test pairs.\n"
        yield from _table(tuple(longer_name(name, FULL) for name in LONGER), longest, pointing=True)
    yield from _blind(blind, rows)
    yield from _references(found)
    yield _TAIL.format(option=_option(scale), hours=_hours(found))


def _longest() -> dict[str, Row]:
    """The encodings with the largest budget, as far as the full table has them."""
    found, _ = read_kept(FULL)
    names = [longer_name(name, FULL) for name in LONGER]
    return {name: row_of(name, found[name]) for name in names if name in found}


def _option(scale: Scale) -> str:
    if scale.name != "quick":
        return ""
    return " --quick --longer" if scale.longer else " --quick"


def _plotted(variants: Sequence[str], rows: dict[str, Row]) -> bool:
    return sum(variant in rows for variant in variants) > 1


def _minutes(found: dict[str, list[dict[str, Any]]]) -> str:
    seconds = sum(cell["train_processor_seconds"] for told in found.values() for cell in told)
    return f"{seconds / 60:.0f}"


def _hours(found: dict[str, list[dict[str, Any]]]) -> str:
    return f"{sum(cell['wall_seconds'] for told in found.values() for cell in told) / 3600:.1f}"


def _state(run: int, wanted: Sequence[Cell]) -> str:
    if run == len(wanted):
        return "No cell is missing."
    return f"**{len(wanted) - run} cells were not run** and are told as such below; the command goes on with them."


def _table(variants: Sequence[str], rows: dict[str, Row], pointing: bool) -> Iterator[str]:
    more = (" pointing game | by chance |", "---:|---:|") if pointing else ("", "")
    columns = "| variant | seeds | facts right (%) | CIDEr-D | recall of changes | specificity | minutes of training |"
    yield columns + more[0]
    yield f"|---|---:|---|---|---:|---:|---:|{more[1]}"
    for variant in variants:
        row = rows.get(variant)
        if row is None:
            yield f"| {variant} | 0 | not run | | | | |" + (" | |" if pointing else "")
            continue
        told = [row.told(name) for name in ("facts", "cider")]
        told += [
            f"{np.mean(row.values[name]):.1f}" if row.values[name] else "–"
            for name in ("recall", "specificity", "minutes")
        ]
        told += [row.told(name) for name in ("pointing", "chance")] if pointing else []
        yield f"| {variant} | {row.seeds} | " + " | ".join(told) + " |"


def _unseen(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    told = found.get("held-out compositions", [])
    for part, name in (("test", "all test pairs"), ("unseen", "changes of held-out compositions alone")):
        row = row_of(name, told, part)
        yield f"\n{name}: {row.told('facts')} % facts right, CIDEr-D {row.told('cider')}." if told else ""


def _blind(blind: dict[str, Any], rows: dict[str, Row]) -> Iterator[str]:
    yield "\n## Without looking, and people\n"
    if not blind:
        yield "Not run.\n"
        return
    yield "| who | CIDEr-D | ROUGE-L | facts right (%) | says |"
    yield "|---|---|---|---:|---|"
    for name, scores in blind.items():
        if name == "human_by_references":
            continue
        cider, rouge = (_scored(scores.get(metric)) for metric in ("cider_d", "rouge_l"))
        facts = f"{100 * scores['facts_right']:.1f}" if "facts_right" in scores else "–"
        yield f"| {name} | {cider} | {rouge} | {facts} | {scores.get('caption') or '–'} |"
    if BASE in rows:
        yield f"| {BASE}, for comparison | {rows[BASE].told('cider')} | | {rows[BASE].told('facts')} | |"
    yield "\n“People” are the world's own sentences against one another: each is right by construction."


def _scored(metric: dict[str, float] | None) -> str:
    if metric is None or not is_defined(metric):
        return "–"
    return f"{100 * metric['score']:.1f} [{100 * metric['low']:.1f}, {100 * metric['high']:.1f}]"


def _references(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    yield "\n## One to five references\n"
    told = [cell["test"]["by_references"] for cell in found.get(BASE, []) if "by_references" in cell["test"]]
    if not told:
        yield "Not run.\n"
        return
    yield "The captions of the base, scored against the first one, two, ... sentences of each pair, paraphrases all.\n"
    yield "| references | CIDEr-D | BLEU-4 | ROUGE-L |"
    yield "|---:|---:|---:|---:|"
    for count in told[0]:
        means = [
            np.mean([100 * one[count][name]["score"] for one in told])
            for name in ("cider_d", "bleu_4", "rouge_l")
        ]
        widths = [
            np.mean([100 * (one[count][name]["high"] - one[count][name]["low"]) / 2 for one in told])
            for name in ("cider_d", "bleu_4", "rouge_l")
        ]
        cells_ = " | ".join(f"{mean:.1f} ±{width:.1f}" for mean, width in zip(means, widths, strict=True))
        yield f"| {count} | {cells_} |"


_HEAD = """# The claims of the method, in miniature

*Written by `python -m benchmarks.study`; edit `benchmarks/study/`, not this page.*

The paper's claims (arXiv 2412.15939) are about BLIP-2 with 2.7 billion weights on photographs. Here they are
put to the test on a BLIP-2 of one million weights and 64x64 pixels, where everything can be run again. This is
the *{scale}* table: {run} of {wanted} cells, {minutes} minutes of processor time of training. {state}

**Backbone.** A neutral one (`benchmarks/study/backbone.py`): it has described *single* images only, rendered
scenes and photographs, as BLIP-2 has; its positions know of no halves; its language model has read sentences
about changes, but seen none. The packaged tiny model was pretrained on joint images and could not judge fairly.

**Data.** *Real*: pairs of rendered scenes in which camera and light differ too; colour, add, drop, move, and 30
% without a change. *Synthetic*: one rendered image each, edited in two dimensions as an image editor would
(recoloured pixels, cut-outs pasted without their shadow, ground painted over an object, no camera motion). Both
say the same sentences. {test} test pairs, {pairs} training pairs and {steps} steps of 16 pairs where nothing
else is said: the same budget for every variant.

**Numbers.** *Facts right*: share of captions that name kind, object (size, colour, material, shape) and new
value without a mistake, or say rightly that nothing changed. Means over seeds with 95 % intervals (Student's t
over seeds; over test pairs where there is one seed). CIDEr-D times 100. The pointing game is by occlusion, the
one method that works for two streams.
"""

_TAIL = """
## To run it again

    make study                                # or: python -m benchmarks.study{option}

The cells took {hours} hours of a process by the clock, scoring included, partly beside other work; two ran at once. The
backbone before them takes under an hour. One JSON file a cell in `runs/`; a run that is stopped goes on.
`benchmarks/study/*.json` hold what this page is made of.
"""
