"""A verdict on each claim of the paper, by rules that were written before the numbers were there; all but one.

In: rows of the study. Out: `Verdict`s. A difference counts where the 95 % interval of the paired difference over seeds
leaves out zero (one seed alone decides nothing), on the share of captions with all facts right. Where no difference is
seen between variants of which none tells more facts right than the constant sentence "no change", they have learned
nothing yet that could differ, and nothing is decided. This last rule was added when the first cells lay there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from benchmarks.study.cells import BASE, LONGER, RANKS, Scale, longer_name

from blip2idc.evaluation.scores import is_defined

CONFIRMED, NOT, REVERSED, UNTESTED = "confirmed", "not confirmed", "reversed", "not tested"
_T = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
_HARDLY = 3.0  # points of facts right: what "hardly matters" may be


class Values(Protocol):
    """What of a row is looked at."""

    values: dict[str, list[float]]


@dataclass(frozen=True)
class Verdict:
    """One line of the table of claims."""

    claim: str
    outcome: str
    number: str
    limits: str


def difference(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float] | None:
    """Mean of the paired differences with its 95 % interval over seeds; None where seeds are missing.

    >>> [round(value, 1) for value in difference([3.0, 4.0, 5.0], [1.0, 2.0, 2.0])]
    [2.3, 0.9, 3.8]
    """
    count = min(len(ours), len(theirs))
    if count < 2:
        return None
    each = np.array(ours[:count]) - np.array(theirs[:count])
    half = _T[count] * float(each.std(ddof=1)) / math.sqrt(count)
    mean = float(each.mean())
    return mean, mean - half, mean + half


def better(rows: Mapping[str, Values], ours: str, theirs: str, floor: float = 0.0) -> tuple[str, str]:
    """Outcome and number of the claim that one variant is better than another; `floor` (in %) as above."""
    if ours not in rows or theirs not in rows:
        return UNTESTED, f"{theirs if ours in rows else ours}: not run"
    pair = rows[ours].values["facts"], rows[theirs].values["facts"]
    found = difference(*pair)
    if found is None:
        gap = float(np.mean(pair[0])) - float(np.mean(pair[1]))
        return UNTESTED, f"{gap:+.1f} points with one seed, which decides nothing"
    mean, low, high = found
    number = f"{mean:+.1f} points [{low:+.1f}, {high:+.1f}], {min(map(len, pair))} seeds"
    outcome = CONFIRMED if low > 0 else REVERSED if high < 0 else NOT
    if outcome == NOT and max(map(float, map(np.mean, pair))) <= floor:
        return UNTESTED, f"{number}; {_on_the_floor(floor)}"
    return outcome, number


def _on_the_floor(floor: float) -> str:
    return f"nothing was learned yet that could differ (a constant sentence has {floor:.1f} %)"


def floor_of(blind: Mapping[str, Any]) -> float:
    """Share of facts right, in %, that the best constant sentence reaches without looking."""
    shares = [100 * one.get("facts_right", 0.0) for name, one in blind.items() if name.startswith("constant")]
    return max(shares, default=0.0)


def verdicts(
    scale: Scale,
    rows: Mapping[str, Values],
    found: Mapping[str, Sequence[Mapping[str, Any]]],
    blind: Mapping[str, Any],
) -> list[Verdict]:
    """Every claim, tested or not."""
    floor = floor_of(blind)
    return [
        *_encodings(rows, floor),
        *longer_verdicts(scale, rows, floor),
        _ranks(rows, floor),
        *_data(scale, rows, floor),
        _minutes(scale, rows, floor),
        _constant(rows, blind),
        _references(found),
        _pointing(rows),
    ]


_SMALL_NETWORK = "a ViT of four layers at 64 pixels compares what it can; attention over 39 layers may differ"


def _encodings(rows: Mapping[str, Values], floor: float) -> Iterator[Verdict]:
    concat = "two-stream concat 64x64 each"
    for theirs, what in (
        (concat, "joint encoding beats two streams (concatenated queries)"),
        ("two-stream difference 64x64 each", "joint encoding beats two streams (difference)"),
        ("two-stream both 64x64 each", "joint encoding beats two streams (both)"),
        ("two-stream concat 32x64 each", "joint encoding beats two streams at equal pixels"),
    ):
        yield Verdict(what, *better(rows, BASE, theirs, floor), _SMALL_NETWORK)
    outcome, number = better(rows, "joint vertical 128x64", concat, floor)
    yield Verdict("joint encoding beats two streams at equal patches", outcome, number, _SMALL_NETWORK)
    outcome, number = better(rows, BASE, "joint horizontal 64x64", floor)
    yield Verdict(
        "stacking vertically is better than side by side", outcome, number, "photographs are not square"
    )


def longer_verdicts(scale: Scale, rows: Mapping[str, Values], floor: float) -> Iterator[Verdict]:
    """The encodings with the larger budget, where they were asked for."""
    if scale.longer is None:
        return
    base = longer_name(BASE, scale)
    for name in LONGER:
        if name != BASE:
            outcome, number = better(rows, base, longer_name(name, scale), floor)
            what = name.removeprefix("two-stream ").removesuffix(" each")
            yield Verdict(
                f"joint encoding beats two streams ({what}), {scale.longer[1]} steps",
                outcome,
                number,
                _SMALL_NETWORK,
            )


def _ranks(rows: Mapping[str, Values], floor: float) -> Verdict:
    claim, limits = (
        "the rank of LoRA hardly matters",
        "ranks of 96-wide layers are not those of 1,408-wide ones",
    )
    names = [BASE if rank == 16 else f"rank {rank}" for rank in sorted((*RANKS, 16))]
    if not all(name in rows for name in names):
        return Verdict(claim, UNTESTED, "ranks are missing", limits)
    means = [float(np.mean(rows[name].values["facts"])) for name in names]
    spread = max(means) - min(means)
    told = ", ".join(f"{mean:.1f}" for mean in means)
    seeds = min(len(rows[name].values["facts"]) for name in names)
    if seeds < 2:
        return Verdict(
            claim, UNTESTED, f"ranks 4, 8, 16, 32: {told} with one seed, which decides nothing", limits
        )
    number = f"ranks 4, 8, 16, 32: {told} (spread {spread:.1f}; {_HARDLY:g} allowed)"
    if max(means) <= floor:
        return Verdict(claim, UNTESTED, f"{number}; {_on_the_floor(floor)}", limits)
    return Verdict(claim, CONFIRMED if spread <= _HARDLY else NOT, number, limits)


def _data(scale: Scale, rows: Mapping[str, Values], floor: float) -> Iterator[Verdict]:
    size = scale.sizes[0]
    limits = (
        "edits here are of the same renderer and say the same sentences; InstructPix2Pix errs in other ways"
    )
    real = BASE if size == scale.pairs else f"real {size} pairs"
    outcome, number = better(rows, real, f"synthetic {size} pairs", floor)
    flipped = {CONFIRMED: REVERSED, REVERSED: CONFIRMED, NOT: NOT, UNTESTED: UNTESTED}[outcome]
    nothing = ": no difference found, which is no proof that there is none" if flipped == NOT else ""
    number += f" (real minus synthetic{nothing})"
    yield Verdict(f"synthetic pairs alone suffice ({size} pairs)", flipped, number, limits)
    first = f"synthetic first {size} pairs"
    yield Verdict(
        f"synthetic first, then real, beats real alone ({size} real)",
        *better(rows, first, real, floor),
        limits,
    )
    mixed = f"mixed {size} pairs"
    yield Verdict(f"synthetic first beats mixing ({size} real)", *better(rows, first, mixed, floor), limits)


def _minutes(scale: Scale, rows: Mapping[str, Values], floor: float) -> Verdict:
    claim, limits = "a short training is enough", "minutes of one core on a million weights, not 20 of a GPU"
    longest = scale.times[-1]
    quarter = max((steps for steps in scale.times if 4 * steps <= longest), default=scale.times[0])
    name = BASE if longest == scale.steps else f"{longest} steps"
    short = BASE if quarter == scale.steps else f"{quarter} steps"
    if name not in rows or short not in rows:
        return Verdict(claim, UNTESTED, "cells are missing", limits)
    outcome, number = better(rows, name, short, floor)
    flipped = {CONFIRMED: REVERSED, REVERSED: CONFIRMED, NOT: NOT, UNTESTED: UNTESTED}[outcome]
    return Verdict(claim, flipped, f"{longest} steps minus {quarter}: {number}", limits)


def _constant(rows: Mapping[str, Values], blind: Mapping[str, Any]) -> Verdict:
    claim = "a constant sentence beats trained models on CIDEr-D"
    limits = "published benchmarks repeat their sentences more; see docs/baselines.md for those"
    scores = [
        100 * one["cider_d"]["score"]
        for name, one in blind.items()
        if name.startswith("constant") and is_defined(one.get("cider_d"))
    ]
    if not scores or not rows:
        return Verdict(claim, UNTESTED, "cells are missing", limits)
    means = {name: float(np.mean(row.values["cider"])) for name, row in rows.items() if row.values["cider"]}
    if BASE not in means:
        return Verdict(claim, UNTESTED, f"{BASE}: not run", limits)
    below = sum(mean < max(scores) for mean in means.values())
    number = f"{max(scores):.1f}, the base {means[BASE]:.1f}; {below} of {len(means)} variants are below the constant"
    return Verdict(claim, CONFIRMED if means[BASE] < max(scores) else NOT, number, limits)


def _references(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Verdict:
    claim, limits = "one reference is not enough", "the sentences of a world are fewer than people's"
    told = [cell["test"].get("by_references") for cell in found.get(BASE, ())]
    told = [one for one in told if one]
    if not told:
        return Verdict(claim, UNTESTED, "cells are missing", limits)
    half = [float(np.mean([_half_width(one[count]["bleu_4"]) for one in told])) for count in ("1", "5")]
    score = [float(np.mean([100 * one[count]["bleu_4"]["score"] for one in told])) for count in ("1", "5")]
    number = (
        f"BLEU-4 of the same captions {score[0]:.1f} with one reference, {score[1]:.1f} with five;"
        f" interval ±{100 * half[0]:.0f} % and ±{100 * half[1]:.0f} % of the score"
    )
    return Verdict(claim, CONFIRMED if half[0] > half[1] and score[0] < score[1] else NOT, number, limits)


def _half_width(metric: Mapping[str, float]) -> float:
    """Half of the interval as a share of the score; infinite where the score is 0."""
    return (metric["high"] - metric["low"]) / 2 / metric["score"] if metric["score"] > 0 else math.inf


def _pointing(rows: Mapping[str, Values]) -> Verdict:
    claim, limits = (
        "attention of joint encoding shows the change",
        "occlusion, not attention: the one method for both",
    )
    found = rows.get(BASE)
    if found is None or not found.values.get("pointing"):
        return Verdict(claim, UNTESTED, "cells are missing", limits)
    values, chance = found.values["pointing"], found.values["chance"]
    gap = difference(values, chance)
    number = f"pointing game {np.mean(values):.1f} %, {np.mean(chance):.1f} % with the maps of other pairs"
    if gap is None:
        return Verdict(claim, UNTESTED, f"{number}, one seed", limits)
    return Verdict(claim, CONFIRMED if gap[1] > 0 else REVERSED if gap[2] < 0 else NOT, number, limits)
