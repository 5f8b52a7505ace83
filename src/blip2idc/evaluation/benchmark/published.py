"""Scores that papers print, to set baselines and models beside them.

In: `published.json`, one row a method, each with its source. Out: rows of a benchmark and protocol, and how
many of them a score beats. These numbers were read, not re-run: papers differ in checkpoints, METEOR jars,
filtered references and in whether the best of several snapshots is printed (docs/baselines.md), so that a small
gap means nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

METRICS = ("bleu_4", "meteor", "rouge_l", "cider_d")

#: Pairs of the test sets that published scores are of.
OFFICIAL_TEST_PAIRS = {
    ("clevr-change", "total"): 7970,  # a change and a distractor of each of 3,985 scenes (arXiv 1901.02527)
    ("clevr-change", "semantic"): 3985,
    ("clevr-dc", "all"): 4800,  # its split.json
    ("spot-the-diff", "single"): 1270,  # different ids in test.json
    ("spot-the-diff", "multi"): 1270,
    ("image-editing-request", "all"): 495,
}


@dataclass(frozen=True)
class PublishedScore:
    """One method on one benchmark; scores times 100, None where the source gives none."""

    benchmark: str
    protocol: str
    method: str
    bleu_4: float | None
    meteor: float | None
    rouge_l: float | None
    cider_d: float | None
    source: str

    def get(self, metric: str) -> float | None:
        """The score of a metric out of `METRICS`."""
        value = getattr(self, metric)
        return float(value) if value is not None else None


@cache
def all_published() -> tuple[PublishedScore, ...]:
    """Every row of the table."""
    text = (
        resources.files("blip2idc.evaluation.benchmark")
        .joinpath("published.json")
        .read_text(encoding="utf-8")
    )
    return tuple(PublishedScore(**row) for row in json.loads(text)["scores"])


def published(benchmark: str | None, protocol: str | None = None) -> list[PublishedScore]:
    """The rows of a benchmark, of one of its protocols where named; empty for an unknown one."""
    rows = (row for row in all_published() if row.benchmark == benchmark)
    return [row for row in rows if protocol is None or row.protocol == protocol]


def protocol_of(benchmark: str | None, reference_counts: Iterable[int], kinds: Iterable[str | None]) -> str:
    """The published protocol that a test set follows, told by its references and kinds of change.

    >>> protocol_of("spot-the-diff", [1, 1, 1], []), protocol_of("spot-the-diff", [3, 1], [])
    ('multi', 'single')
    """
    if benchmark == "spot-the-diff":
        return "multi" if all(count == 1 for count in reference_counts) else "single"
    if benchmark == "clevr-change":
        return "total" if "none" in set(kinds) else "semantic"
    return "all"


def why_not_comparable(benchmark: str | None, protocol: str, pairs: int, split: str | None) -> str | None:
    """Why published scores say nothing about a test set; None where it has the split and size that they are of.

    >>> why_not_comparable("clevr-change", "total", 60, "test")
    'not compared with published scores: those of clevr-change (total) are of 7,970 test pairs, here are 60'

    Args:
        benchmark: whose scores.
        protocol: which of its protocols.
        pairs: of the test set, those without a reference included.
        split: of the data set; None where it has none.
    """
    if not published(benchmark, protocol):
        return None
    official = OFFICIAL_TEST_PAIRS.get((benchmark or "", protocol))
    if official is None:
        return f"not compared with published scores: the official size of {benchmark} ({protocol}) is not known here"
    if split not in (None, "test"):
        return (
            f"not compared with published scores: those of {benchmark} are of its split test, this is {split}"
        )
    if pairs != official:
        return (
            f"not compared with published scores: those of {benchmark} ({protocol}) are of {official:,} test pairs,"
            f" here are {pairs:,}"
        )
    return None


def beaten(rows: Sequence[PublishedScore], metric: str, score: float) -> tuple[list[str], int]:
    """The methods with a lower score (given times 100) in a metric, and how many state that metric.

    Ours is rounded to one decimal first, as most papers print theirs, so that a tie on paper is no win.
    """
    stated = [(row.method, value) for row in rows if (value := row.get(metric)) is not None]
    return [method for method, value in stated if value < round(score, 1)], len(stated)
