"""Do heatmaps point at the change? Pointing game, coverage, IoU and PG+, each beside a control.

In: a heatmap a pair, and where the change truly is, as boxes or masks. Out: `LocalizationScores`. No picture of a
heatmap is evidence: maps of a model that sees nothing look just as good. Therefore every score stands beside the same
score with the maps of *other* pairs, and `is_finding` says whether chance explains the difference.

* Pointing game (Zhang et al., ECCV 2016): share of the true places, in images that have one, that hold the peak of
  the map. A map that is empty there misses.
* Coverage (Park et al., ICCV 2019): share of an image's map that lies inside its true place. They average over both
  images, so that an object which appears reaches 0.5 at most; here only images with a place count.
* IoU: of the true place with the part of the map that reaches half of its peak.
* PG+ (Rahmanzadehgervi et al., ICCV 2025, arXiv 2412.18675): over all pairs, those without a change included: a
  changed pair scores the share of its places that are hit, an unchanged one 1 if its map is empty and 0 otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from blip2idc.errors import InputError
from blip2idc.evaluation.metrics.corpus import Statistics
from blip2idc.evaluation.metrics.ngrams import Floats
from blip2idc.evaluation.significance import Resampling, bootstrap, interval
from blip2idc.images.heatmap import Cells, PairHeatmap

Mask = npt.NDArray[np.bool_]
Size = tuple[int, int]
Box = tuple[float, float, float, float]

#: Share of the peak in an image from which on a pixel counts as pointed at.
IOU_THRESHOLD = 0.5

#: Largest p-value at which maps count as a finding.
SIGNIFICANT = 0.01

_CANVAS = 256  # longest side at which maps and places are compared, in pixels; cells are far coarser
_CONTROL_PAIRS = 1000  # pairs that are shuffled; the control's matrix has this many rows and columns
_NAMES = ("pointing", "coverage", "iou", "pg_plus", "pg_plus_changed", "pg_plus_unchanged")


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a pair.

    Attributes:
        before: Place of the change in the image before, bool [height, width]; None where it has none there.
        after: Likewise in the image after.
        sizes: (height, width) of these masks, and of the map where there is none, for before and after.
        changed: Whether anything changed.
    """

    before: Mask | None
    after: Mask | None
    sizes: tuple[Size, Size]
    changed: bool

    @property
    def places(self) -> tuple[Mask | None, Mask | None]:
        """Before and after."""
        return self.before, self.after

    @property
    def count(self) -> int:
        """Number of images that have a place."""
        return sum(place is not None for place in self.places)


def make_truth(
    sizes: tuple[Size, Size], places: tuple[Box | Mask | None, Box | Mask | None], *, changed: bool
) -> Truth:
    """Bring boxes or masks to a size at which they are compared with maps.

    Args:
        sizes: (height, width) of the image before and of the image after.
        places: For each a box (x, y, width, height) in pixels, or a mask of that size, or None.
        changed: Whether anything changed.

    Raises:
        InputError: A mask has another size than its image, or is empty.
    """
    scales = [min(1.0, _CANVAS / max(size)) for size in sizes]
    canvases = [(max(1, round(h * k)), max(1, round(w * k))) for (h, w), k in zip(sizes, scales, strict=True)]
    masks = [
        None if place is None else _on_canvas(place, size, canvas)
        for place, size, canvas in zip(places, sizes, canvases, strict=True)
    ]
    return Truth(masks[0], masks[1], (canvases[0], canvases[1]), changed)


def _on_canvas(place: Box | Mask, size: Size, canvas: Size) -> Mask:
    """A place as a mask of the canvas, at least one pixel large."""
    mask = np.zeros(canvas, dtype=np.bool_)
    if isinstance(place, np.ndarray):
        if place.shape != size or not place.any():
            raise InputError(
                f"mask of shape {place.shape} for an image of {size}; expected equal, and not empty"
            )
        ys, xs = np.nonzero(place)
        mask[ys * canvas[0] // size[0], xs * canvas[1] // size[1]] = True
        return mask
    for_axis = []
    for start, extent, old, new in zip(place[1::-1], place[3:1:-1], size, canvas, strict=True):
        centres = (np.arange(new) + 0.5) * old / new
        inside = (centres >= start) & (centres < start + extent)
        inside[np.abs(centres - (start + extent / 2)).argmin()] = True
        for_axis.append(inside)
    return for_axis[0][:, None] & for_axis[1][None, :]


@dataclass(frozen=True)
class LocalizationScores:
    """How well maps point at changes; shares from 0 to 1, None where nothing was there to score.

    Attributes:
        pairs: Pairs scored.
        places: Images among them in which the change has a place.
        unchanged: Pairs without a change.
        pointing: Pointing game.
        coverage: Share of the map inside the place.
        iou: Of the thresholded map.
        pg_plus: Pointing game with unchanged pairs.
        pg_plus_changed: Its part over changed pairs.
        pg_plus_unchanged: Its part over unchanged pairs: share of empty maps.
        control_pointing: Pointing game with the maps of other pairs, mean over many shuffles.
        control_pg_plus: PG+ likewise.
        p_value: How often shuffled maps reach the pointing game of the true ones.
        intervals: Lower and upper end for `pointing`, `coverage`, ..., by bootstrap over pairs.
    """

    pairs: int
    places: int
    unchanged: int
    pointing: float | None
    coverage: float | None
    iou: float | None
    pg_plus: float | None
    pg_plus_changed: float | None
    pg_plus_unchanged: float | None
    control_pointing: float | None
    control_pg_plus: float | None
    p_value: float | None
    intervals: dict[str, tuple[float, float]]

    @property
    def is_finding(self) -> bool:
        """Whether the maps point at the changes better than the maps of other pairs would by chance."""
        return (
            self.p_value is not None
            and self.pointing is not None
            and self.control_pointing is not None
            and self.p_value <= SIGNIFICANT
            and self.pointing > self.control_pointing
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "is_finding": self.is_finding}


@dataclass(frozen=True, eq=False)
class _Seen:
    """What of a map the scores need.

    Attributes:
        peaks: (x, y) of the peak in each image as shares of its width and height; None where the map is empty.
        empty: Whether both maps are.
    """

    peaks: tuple[tuple[float, float] | None, tuple[float, float] | None]
    empty: bool


def localization(
    heatmaps: Sequence[PairHeatmap], truths: Sequence[Truth], resampling: Resampling | None = None
) -> LocalizationScores:
    """Score heatmaps against true places.

    Args:
        heatmaps: One a pair.
        truths: Of the same pairs.
        resampling: Resamples for intervals, shuffles for the control, and their seed.

    Raises:
        InputError: There is nothing to score, or the numbers of maps and pairs differ.
    """
    if len(heatmaps) != len(truths) or not truths:
        raise InputError(
            f"{len(heatmaps)} heatmaps for {len(truths)} pairs; expected one a pair, at least one"
        )
    resampling = resampling or Resampling()
    rows, seen = [], []
    for heatmap, truth in zip(heatmaps, truths, strict=True):
        maps = heatmap.resized(*truth.sizes)
        seen.append(_look(maps, heatmap.empty))
        rows.append(_row(maps, seen[-1], truth))
    statistics = Statistics(_NAMES, np.array(rows, dtype=np.float64), _aggregate)
    scores = dict(zip(_NAMES, statistics.corpus().tolist(), strict=True))
    there = _there(statistics.values)
    intervals = _intervals(statistics, resampling) if resampling.resamples else {}
    control = _control(seen, truths, resampling)
    return LocalizationScores(
        pairs=len(truths),
        places=int(statistics.values[:, 3].sum()),
        unchanged=int(statistics.values[:, 7].sum()),
        **{name: scores[name] if there[name] else None for name in _NAMES},
        **control,
        intervals={name: ends for name, ends in intervals.items() if there[name]},
    )


def _look(maps: tuple[Cells, Cells], empty: bool) -> _Seen:
    peaks = [_peak(cells) for cells in maps]
    return _Seen((peaks[0], peaks[1]), empty)


def _peak(cells: Cells) -> tuple[float, float] | None:
    """Where a map is highest; of several equally high pixels, the one nearest to their middle."""
    highest = cells.max()
    if highest <= 0:
        return None
    ys, xs = np.nonzero(cells >= highest * (1 - 1e-6))
    nearest = np.hypot(ys - ys.mean(), xs - xs.mean()).argmin()
    return (xs[nearest] + 0.5) / cells.shape[1], (ys[nearest] + 0.5) / cells.shape[0]


def _hit(peak: tuple[float, float] | None, place: Mask) -> bool:
    if peak is None:
        return False
    return bool(place[int(peak[1] * place.shape[0]), int(peak[0] * place.shape[1])])


def _row(maps: tuple[Cells, Cells], seen: _Seen, truth: Truth) -> list[float]:
    """Sums of one pair: hits, covered shares, IoUs, places; PG+ of a changed pair, 1; of an unchanged one, 1."""
    hits = covered = overlap = 0.0
    for cells, peak, place in zip(maps, seen.peaks, truth.places, strict=True):
        if place is None:
            continue
        hits += _hit(peak, place)
        if peak is not None:
            covered += float(cells[place].sum() / cells.sum())
            pointed = cells >= IOU_THRESHOLD * cells.max()
            overlap += float((pointed & place).sum() / (pointed | place).sum())
    placed = truth.changed and truth.count > 0
    return [
        hits, covered, overlap, float(truth.count),
        hits / truth.count if placed else 0.0, float(placed),
        float(seen.empty and not truth.changed), float(not truth.changed),
    ]  # fmt: skip


def _aggregate(sums: Floats, items: Floats) -> Floats:
    """Scores `[S, 6]` of sums `[S, 8]`."""
    places, placed, unchanged = sums[:, 3], sums[:, 5], sums[:, 7]
    columns = [
        *(_ratio(sums[:, column], places) for column in range(3)),
        _ratio(sums[:, 4] + sums[:, 6], placed + unchanged),
        _ratio(sums[:, 4], placed),
        _ratio(sums[:, 6], unchanged),
    ]
    return np.stack(columns, axis=1)


def _ratio(total: Floats, count: Floats) -> Floats:
    return np.divide(total, count, out=np.zeros_like(total), where=count > 0)


def _there(values: Floats) -> dict[str, bool]:
    """Which scores have something to score."""
    places, placed, unchanged = (bool(values[:, column].sum()) for column in (3, 5, 7))
    return dict(zip(_NAMES, (places, places, places, placed or unchanged, placed, unchanged), strict=True))


def _intervals(statistics: Statistics, resampling: Resampling) -> dict[str, tuple[float, float]]:
    low, high = interval(bootstrap([statistics], resampling)[0], resampling.confidence)
    return dict(zip(_NAMES, zip(low.tolist(), high.tolist(), strict=True), strict=True))


def _control(
    seen: Sequence[_Seen], truths: Sequence[Truth], resampling: Resampling
) -> dict[str, float | None]:
    """Both pointing scores with the maps of other pairs.

    The pointing game shuffles pairs with a place among themselves, so that empty maps of unchanged pairs do not help.
    """
    rng = np.random.default_rng((resampling.seed, 2))
    result: dict[str, float | None] = {"control_pointing": None, "control_pg_plus": None, "p_value": None}
    placed = [number for number, truth in enumerate(truths) if truth.count]
    shuffles = max(resampling.resamples, 1)
    if len(placed) > 1:
        chosen = rng.permutation(placed)[:_CONTROL_PAIRS]
        hits = _hits([seen[i] for i in chosen], [truths[i] for i in chosen])
        shuffled = _shuffled(hits, shuffles, rng) / sum(truths[i].count for i in chosen)
        reached = (shuffled >= np.trace(hits) / sum(truths[i].count for i in chosen) - 1e-12).sum()
        result["control_pointing"] = float(shuffled.mean())
        result["p_value"] = float((reached + 1) / (shuffles + 1))
    usable = [number for number, truth in enumerate(truths) if truth.count or not truth.changed]
    if len(usable) > 1:
        chosen = rng.permutation(usable)[:_CONTROL_PAIRS]
        parts = [truths[i] for i in chosen]
        scores = _hits([seen[i] for i in chosen], parts) / np.array([max(truth.count, 1) for truth in parts])
        empty = np.array([seen[i].empty for i in chosen], dtype=np.float64)
        unchanged = np.array([not truth.changed for truth in parts])
        scores[:, unchanged] = empty[:, None]
        result["control_pg_plus"] = float((_shuffled(scores, shuffles, rng) / len(parts)).mean())
    return result


def _hits(seen: Sequence[_Seen], truths: Sequence[Truth]) -> Floats:
    """How many places of pair j the map of pair i hits: [i, j]."""
    hits = np.zeros((len(seen), len(truths)))
    for side in (0, 1):
        peaks = [one.peaks[side] for one in seen]
        pointing = np.array([peak is not None for peak in peaks])
        x, y = np.array([peak or (0.0, 0.0) for peak in peaks]).T
        for j, truth in enumerate(truths):
            place = truth.places[side]
            if place is not None:
                rows, columns = (y * place.shape[0]).astype(int), (x * place.shape[1]).astype(int)
                hits[:, j] += place[rows, columns] & pointing
    return hits


def _shuffled(scores: Floats, shuffles: int, rng: np.random.Generator) -> Floats:
    """Sum over the pairs of `scores[map of a random pair, pair]`, `[shuffles]`; no pair keeps its own map."""
    count = len(scores)
    columns = np.arange(count)
    totals = np.empty(shuffles)
    for number in range(shuffles):
        order = rng.permutation(count)
        other = np.empty(count, dtype=np.int64)
        other[order] = np.roll(order, 1)
        totals[number] = scores[other, columns].sum()
    return totals
