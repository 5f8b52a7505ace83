"""Pairs in which nothing changed: how captions say so, and how well a system tells them from changed pairs.

In: predictions and references by item. Out: `NoChangeScores`. The wordings of every benchmark are kept in
one table. A correct system is judged by its caption (is it one of the wordings?) and, where it gives change
probabilities, by their ROC-AUC, which needs no threshold.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blip2idc.data.records import NO_CHANGE, NO_CHANGE_CAPTIONS
from blip2idc.evaluation.metrics.corpus import Statistics
from blip2idc.evaluation.metrics.ngrams import Floats
from blip2idc.evaluation.significance import Resampling, bootstrap, interval

# The wordings of each benchmark's references, lower-cased and without final stops.
WORDINGS: dict[str, tuple[str, ...]] = {
    "clevr-change": NO_CHANGE_CAPTIONS,
    # Kim et al., ICCV 2021, take CLEVR-Change's wordings.
    "clevr-dc": NO_CHANGE_CAPTIONS,
    # Jhamtani and Berg-Kirkpatrick, EMNLP 2018: free text, these are the frequent ones.
    "spot-the-diff": (
        "there are no differences",
        "there is no difference",
        "no differences",
        "no difference",
        "i see no differences",
        "i see no differences between the two images",
        "i see no difference",
        "there are no changes",
        "there is no change",
        "nothing has changed",
        "nothing changed",
        "no change",
        "no changes",
    ),
    # Liu et al., TGRS 2022 (LEVIR-CC), as the Change-Agent test program lists them.
    "levir-cc": (
        "the scene is the same as before",
        "there is no difference",
        "the two scenes seem identical",
        "no change has occurred",
        "almost nothing has changed",
    ),
}
# The list in the released BLIP2IDC code: one wording is misspelt ("occured") and "there is no difference"
# is absent.
RELEASED_WORDINGS = (
    "the scene remains the same",
    "nothing has changed",
    "nothing was modified",
    "the two scenes seem identical",
    "the scene is the same as before",
    "no change was made",
    "no change has occured",
    "there is no change",
)
ALL_WORDINGS = frozenset(wording for wordings in WORDINGS.values() for wording in wordings)
_NOT_WORDS = re.compile(r"[^\w\s']+")
_ASCII_SPACES = str.maketrans({chr(code): " " for code in range(128) if _NOT_WORDS.match(chr(code))})


@dataclass(frozen=True)
class NoChangeScores:
    """How well changed and unchanged pairs are told apart.

    Attributes:
        changed: number of changed items.
        unchanged: number of unchanged items.
        accuracy: share of items whose caption is right about that; with low and high ends of its interval.
        balanced_accuracy: mean of the accuracies on changed and on unchanged items; None where one class is
            absent.
        roc_auc: chance that a changed item has a higher change probability than an unchanged one; None
            without probabilities or where one class is absent.
    """

    changed: int
    unchanged: int
    accuracy: float
    accuracy_interval: tuple[float, float] | None
    balanced_accuracy: float | None
    balanced_accuracy_interval: tuple[float, float] | None
    roc_auc: float | None

    def to_dict(self) -> dict[str, Any]:
        """The scores as the JSON report keeps them."""
        out: dict[str, Any] = {"changed": self.changed, "unchanged": self.unchanged}
        for name in ("accuracy", "balanced_accuracy"):
            ends = getattr(self, f"{name}_interval")
            low, high = ends if ends is not None else (None, None)
            out[name] = {"score": getattr(self, name), "low": low, "high": high}
        out["roc_auc"] = self.roc_auc
        return out


def normalize(caption: str) -> str:
    """A caption without case, punctuation and superfluous white space.

    >>> normalize(" There is NO change. ")
    'there is no change'
    """
    small = caption.lower()
    plain = small.translate(_ASCII_SPACES) if small.isascii() else _NOT_WORDS.sub(" ", small)
    return " ".join(plain.split())


def says_no_change(caption: str, wordings: Collection[str] = ALL_WORDINGS) -> bool:
    """Whether a caption is one of the wordings, up to case, punctuation and white space.

    >>> says_no_change("There is no difference."), says_no_change("there is no difference in the car")
    (True, False)
    """
    return normalize(caption) in wordings


def is_unchanged(
    kind: str | None, references: Sequence[str], wordings: Collection[str] = ALL_WORDINGS
) -> bool:
    """Whether nothing changed in an item: by its kind, else where all its references that hold a word say so."""
    if kind is not None:
        return kind == NO_CHANGE
    said = [reference for reference in references if reference.strip()]
    return bool(said) and all(says_no_change(reference, wordings) for reference in said)


def score(
    unchanged: Sequence[bool],
    captions: Sequence[str],
    probabilities: Sequence[float | None],
    *,
    wordings: Collection[str] = ALL_WORDINGS,
    resampling: Resampling | None = None,
) -> NoChangeScores:
    """Score captions and change probabilities against the truth.

    Args:
        unchanged: for every item whether nothing changed.
        captions: predictions.
        probabilities: that something changed, where given; ROC-AUC needs all of them.
        wordings: captions that say that nothing changed.
        resampling: of the intervals.
    """
    resampling = resampling or Resampling()
    truth = np.array(unchanged, dtype=np.bool_)
    said = np.array([says_no_change(caption, wordings) for caption in captions], dtype=np.bool_)
    columns = [truth, truth & said, ~truth, ~truth & ~said]
    values = np.stack(columns, axis=1).astype(np.float64)
    statistics = Statistics(("accuracy", "balanced_accuracy"), values, _aggregate)
    accuracy, balanced = statistics.corpus().tolist()
    both = bool(truth.any() and not truth.all())
    ends: list[tuple[float, float] | None] = [None, None]
    if resampling.resamples:
        low, high = interval(bootstrap([statistics], resampling)[0], resampling.confidence)
        ends = list(zip(low.tolist(), high.tolist(), strict=True))
    known = [probability for probability in probabilities if probability is not None]
    return NoChangeScores(
        changed=int((~truth).sum()),
        unchanged=int(truth.sum()),
        accuracy=accuracy,
        accuracy_interval=ends[0],
        balanced_accuracy=balanced if both else None,
        balanced_accuracy_interval=ends[1] if both else None,
        roc_auc=roc_auc(np.array(known), ~truth) if both and len(known) == len(truth) else None,
    )


def roc_auc(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: how often a positive item outranks a negative one, ties counting half.

    >>> roc_auc(np.array([0.9, 0.6, 0.6, 0.1]), np.array([True, True, False, False]))
    0.875
    """
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse.reshape(-1)]
    positives, negatives = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _aggregate(sums: Floats, items: Floats) -> Floats:
    """Accuracy and balanced accuracy `[S, 2]` of counts `[S, 4]`; an absent class is left out of the mean."""
    accuracy = (sums[:, 1] + sums[:, 3]) / np.maximum(items, 1.0)
    totals, hits = sums[:, [0, 2]], sums[:, [1, 3]]
    recalls = np.divide(hits, totals, out=np.zeros_like(hits), where=totals > 0)
    balanced = recalls.sum(axis=1) / np.maximum((totals > 0).sum(axis=1), 1)
    return np.stack([accuracy, balanced], axis=1)
