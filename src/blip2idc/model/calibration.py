"""How sure a captioner is that anything changed, from its own no-change sentences.

In: for each pair, the log-probability of every sentence by which the model says that nothing changed. Out: the
log-odds of "something else would be said", and after calibration on validation data the probability of change.

A language model spreads a total probability of one over all sentences it could say. The sum p0 over its no-change
sentences is what it gives to "no change", and everything else, the caption it generated included, shares 1 - p0.
The raw score is log((1 - p0) / p0). It ranks pairs; as a probability it is only as good as the list of sentences
is complete, so a logistic curve (Platt, 1999) is fitted to it on validation pairs whose truth is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from blip2idc.errors import ConfigError
from blip2idc.model.files.settings import Calibration

#: p0 is kept this far from 1: float32 log-probabilities of sentences carry no more than that.
CERTAIN = 1e-6

_NEWTON_STEPS = 100
_NO_BETTER = 0.01  # gains in balanced accuracy up to this do not move the threshold from one half


def change_probability(log_odds: float, calibration: Calibration) -> float:
    """Probability of change, in 0..1."""
    value = calibration.slope * log_odds + calibration.intercept
    return 1.0 / (1.0 + math.exp(-value)) if value >= 0 else math.exp(value) / (1.0 + math.exp(value))


def fit_calibration(log_odds: Sequence[float], changed: Sequence[bool]) -> Calibration:
    """Fit slope, intercept and threshold on pairs whose truth is known.

    The curve is Platt's, with his smoothed targets, so that separable data give finite numbers. The threshold is
    one half, unless another has a balanced accuracy on the same pairs that is higher by more than a hundredth.

    Args:
        log_odds: From `change_log_odds`.
        changed: Whether something changed.

    Raises:
        ConfigError: Changed or unchanged pairs are missing.
    """
    scores = np.asarray(log_odds, dtype=np.float64)
    truth = np.asarray(changed, dtype=bool)
    if truth.all() or not truth.any():
        kind = "unchanged" if truth.all() else "changed"
        raise ConfigError(
            f"calibration: none of the {len(truth)} validation pairs is {kind}; expected pairs of both kinds,"
            " told by change.kind"
        )
    slope, intercept = _fit_logistic(scores, truth)
    probabilities = np.array(
        [change_probability(score, Calibration(slope, intercept)) for score in scores], dtype=np.float64
    )
    threshold, accuracy = _best_threshold(probabilities, truth)
    return Calibration(slope, intercept, threshold, len(truth), accuracy)


def _fit_logistic(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Newton's method on the cross-entropy with Platt's targets."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    targets = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    scale = float(scores.std()) or 1.0
    design = np.stack([scores / scale, np.ones_like(scores)], axis=1)
    weights = np.zeros(2)

    def loss(candidate: npt.NDArray[np.float64]) -> float:
        values = design @ candidate
        return float(np.sum(np.logaddexp(0.0, values) - targets * values))

    current = loss(weights)
    for _ in range(_NEWTON_STEPS):
        predicted = 0.5 * (1.0 + np.tanh(design @ weights / 2))
        gradient = design.T @ (predicted - targets)
        curvature = (design * (predicted * (1 - predicted))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-8 and loss(weights - size * step) > current:
            size /= 2
        updated = loss(weights - size * step)
        if updated > current or current - updated < 1e-12:
            break
        weights, current = weights - size * step, updated
    return float(weights[0] / scale), float(weights[1])


def _best_threshold(
    probabilities: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """(threshold, balanced accuracy) with `probability >= threshold` counted as changed."""
    levels = np.unique(probabilities)
    edges = np.concatenate([[0.0], levels, [1.0]])

    def accuracy(candidate: float) -> float:
        called = probabilities >= candidate
        return (float(called[truth].mean()) + float((~called)[~truth].mean())) / 2

    best = max((float(candidate) for candidate in (edges[:-1] + edges[1:]) / 2), key=accuracy)
    if accuracy(best) <= accuracy(0.5) + _NO_BETTER:
        best = 0.5
    return best, accuracy(best)
