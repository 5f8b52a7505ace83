"""Pairs in which nothing changed: how well a system tells them from changed pairs.

In: predictions and references by item. Out: `NoChangeScores`. The wordings of every benchmark are kept in
`blip2idc.data.no_change`. A system is judged by its caption (is it one of the wordings?) and, where it gives change
probabilities, by their ROC-AUC, which needs no threshold.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blip2idc.data.no_change import ALL_WORDINGS as ALL_WORDINGS
from blip2idc.data.no_change import RELEASED_WORDINGS as RELEASED_WORDINGS
from blip2idc.data.no_change import WORDINGS as WORDINGS
from blip2idc.data.no_change import is_unchanged as is_unchanged
from blip2idc.data.no_change import normalize as normalize
from blip2idc.data.no_change import says_no_change as says_no_change
from blip2idc.evaluation.metrics.corpus import Statistics
from blip2idc.evaluation.metrics.ngrams import Floats
from blip2idc.evaluation.significance import Resampling, bootstrap, interval

_SHARES = ("accuracy", "balanced_accuracy", "recall", "specificity")


@dataclass(frozen=True)
class NoChangeScores:
    """How well changed and unchanged pairs are told apart.

    Attributes:
        changed: number of changed items.
        unchanged: number of unchanged items.
        accuracy: share of items whose caption is right about that; with low and high ends of its interval.
        balanced_accuracy: mean of the accuracies on changed and on unchanged items; None where one class is
            absent.
        recall: share of changed items whose caption tells a change; None where there are none.
        specificity: share of unchanged items whose caption says so; None where there are none. Read it beside
            `recall`: saying that nothing changed of every pair makes it perfect.
        roc_auc: chance that a changed item has a higher change probability than an unchanged one; None
            without probabilities or where one class is absent.
    """

    changed: int
    unchanged: int
    accuracy: float
    accuracy_interval: tuple[float, float] | None
    balanced_accuracy: float | None
    balanced_accuracy_interval: tuple[float, float] | None
    recall: float | None
    recall_interval: tuple[float, float] | None
    specificity: float | None
    specificity_interval: tuple[float, float] | None
    roc_auc: float | None

    def to_dict(self) -> dict[str, Any]:
        """The scores as the JSON report keeps them."""
        out: dict[str, Any] = {"changed": self.changed, "unchanged": self.unchanged}
        for name in _SHARES:
            ends = getattr(self, f"{name}_interval")
            low, high = ends if ends is not None else (None, None)
            out[name] = {"score": getattr(self, name), "low": low, "high": high}
        out["roc_auc"] = self.roc_auc
        return out


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
    statistics = Statistics(_SHARES, values, _aggregate)
    accuracy, balanced, recall, specificity = statistics.corpus().tolist()
    both = bool(truth.any() and not truth.all())
    ends: list[tuple[float, float] | None] = [None] * len(_SHARES)
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
        recall=recall if not truth.all() else None,
        recall_interval=ends[2] if not truth.all() else None,
        specificity=specificity if truth.any() else None,
        specificity_interval=ends[3] if truth.any() else None,
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
    """`_SHARES` `[S, 4]` of counts `[S, 4]`; an absent class is left out of the mean of the two recalls."""
    accuracy = (sums[:, 1] + sums[:, 3]) / np.maximum(items, 1.0)
    totals, hits = sums[:, [0, 2]], sums[:, [1, 3]]
    recalls = np.divide(hits, totals, out=np.zeros_like(hits), where=totals > 0)
    balanced = recalls.sum(axis=1) / np.maximum((totals > 0).sum(axis=1), 1)
    return np.stack([accuracy, balanced, recalls[:, 1], recalls[:, 0]], axis=1)
