"""How far a score can be trusted: bootstrap intervals, and paired tests of two systems on the same items.

In: the `Statistics` of one or two systems. Out: resampled scores, intervals, p-values. Nothing is scored
again: every resample is a weighted sum of the item statistics (Efron 1979; Koehn, EMNLP 2004; approximate
randomisation: Riezler and Maxwell, 2005). Document frequencies of CIDEr stay those of the full set of
references.

Shape letters: `S` resamples, `N` items, `K` numbers an item, `n` scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from blip2idc.config import LARGEST_SEED, Range, check_ranges
from blip2idc.errors import InputError
from blip2idc.evaluation.metrics.corpus import Statistics
from blip2idc.evaluation.metrics.ngrams import Floats

# Resamples handled at once: few, so that their rows of N weights stay in the processor's cache.
_BLOCK = 25
# Two differences closer than this count as equal: they differ only by the order of summation.
_TIE = 1e-12


@dataclass(frozen=True)
class Resampling:
    """How intervals and tests are drawn.

    Attributes:
        resamples: number of resamples; 0 for no intervals.
        seed: of the generator.
        confidence: of the intervals.
    """

    resamples: Annotated[int, Range(0, 1_000_000)] = 1000
    seed: Annotated[int, Range(0, LARGEST_SEED)] = 20412
    confidence: Annotated[float, Range(0, 1, above=True, below=True)] = 0.95

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class Comparison:
    """System A against system B in one metric, on the same items.

    Attributes:
        metric: key of the metric.
        score: A's score.
        other: B's score.
        low: lower end of the interval of the difference A - B (paired bootstrap).
        high: its upper end.
        p_bootstrap: two-sided p-value of the paired bootstrap, the differences shifted to mean 0.
        p_randomization: two-sided p-value of approximate randomisation (each item's outputs swapped by a
            coin).
    """

    metric: str
    score: float
    other: float
    low: float
    high: float
    p_bootstrap: float
    p_randomization: float

    @property
    def difference(self) -> float:
        """A's score minus B's."""
        return self.score - self.other


def bootstrap(systems: Sequence[Statistics], resampling: Resampling) -> list[Floats]:
    """Scores of resamples of the items, the same resamples for every system.

    Args:
        systems: statistics of equally many items: other metrics, or other predictions for the same items.
        resampling: number of resamples and seed of the generator that draws items with replacement.

    Returns:
        One `[S, n]` array of scores a system.
    """
    items = _same_items(systems)
    columns = np.concatenate([system.values for system in systems], axis=1)
    sums = np.concatenate([weights @ columns for weights in _draws(items, resampling)])
    counts = np.full(resampling.resamples, float(items))
    cuts = np.cumsum([system.values.shape[1] for system in systems])[:-1]
    parts = np.split(sums, cuts, axis=1)
    return [system.aggregate(part, counts) for system, part in zip(systems, parts, strict=True)]


def interval(samples: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Ends of the central interval of resampled scores `[S, n]`, by percentiles: two arrays `[n]`."""
    tail = (1 - confidence) / 2
    ordered = np.sort(samples, axis=0)
    return _quantile(ordered, tail), _quantile(ordered, 1 - tail)


def compare(system: Statistics, other: Statistics, resampling: Resampling) -> list[Comparison]:
    """Paired bootstrap and approximate randomisation of two systems in every score of one metric.

    Args:
        system: statistics of system A.
        other: statistics of system B for the same items in the same order.
        resampling: of both tests and of the interval of the difference.

    Returns:
        One comparison a score. Both p-values are (1 + hits) / (1 + resamples), so never 0.
    """
    mine, theirs = bootstrap([system, other], resampling)
    observed = system.corpus() - other.corpus()
    differences = mine - theirs
    low, high = interval(differences, resampling.confidence)
    centred = np.abs(differences - differences.mean(axis=0))
    p_bootstrap = _p_value(centred, observed)
    p_randomization = _p_value(np.abs(_randomized(system, other, resampling)), observed)
    columns = (system.names, system.corpus(), other.corpus(), low, high, p_bootstrap, p_randomization)
    return [Comparison(name, *map(float, values)) for name, *values in zip(*columns, strict=True)]


def _quantile(ordered: Floats, share: float) -> Floats:
    """Linear interpolation between order statistics, as `numpy.quantile`, which imports masked arrays for it."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    low, high, weight = ordered[below], ordered[above], place - below
    # from the nearer end, as numpy does, so that the last digit is the same
    quantile: Floats = high - (high - low) * (1 - weight) if weight >= 0.5 else low + (high - low) * weight
    return quantile


def _p_value(extremes: Floats, observed: Floats) -> Floats:
    """Share of resamples `[S, n]` at least as far from 0 as the observed differences `[n]`."""
    hits = (extremes >= np.abs(observed) - _TIE).sum(axis=0)
    shares: Floats = (hits + 1.0) / (len(extremes) + 1.0)
    return shares


def _randomized(system: Statistics, other: Statistics, resampling: Resampling) -> Floats:
    """`[S, n]` differences after swapping the two systems' outputs of random items."""
    items = _same_items([system, other])
    counts = np.full(resampling.resamples, float(items))
    generator = np.random.default_rng((resampling.seed, 1))
    gain = other.values - system.values
    sizes = _block_sizes(resampling.resamples)
    moved = np.concatenate(
        [generator.integers(0, 2, size=(size, items)).astype(np.float64) @ gain for size in sizes]
    )
    mine = system.aggregate(system.values.sum(axis=0) + moved, counts)
    return mine - other.aggregate(other.values.sum(axis=0) - moved, counts)


def _same_items(systems: Sequence[Statistics]) -> int:
    """Number of items, which all systems must share."""
    sizes = sorted({len(system) for system in systems})
    if len(sizes) != 1:
        raise InputError(
            f"Only systems scored on the same items can be resampled together; found {sizes} items"
        )
    return sizes[0]


def _draws(items: int, resampling: Resampling) -> Iterator[Floats]:
    """Blocks `[at most _BLOCK, items]` of how often each item is drawn."""
    generator = np.random.default_rng((resampling.seed, 0))
    for size in _block_sizes(resampling.resamples):
        drawn = generator.integers(0, items, size=(size, items))
        drawn += np.arange(size)[:, None] * items
        yield np.bincount(drawn.ravel(), minlength=size * items).reshape(size, items).astype(np.float64)


def _block_sizes(resamples: int) -> Iterator[int]:
    for done in range(0, resamples, _BLOCK):
        yield min(_BLOCK, resamples - done)
