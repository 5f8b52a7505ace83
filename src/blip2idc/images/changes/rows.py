"""Rows that were inserted or removed: the rows of two images matched as `diff` matches lines.

In: two images of one width. Out: runs of rows that belong together. Candidate offsets come from rows that are equal to
the pixel, or, where the images were encoded anew, from strips found again by correlation; then the cheapest path
through the rows of the image after is searched, in which each row lies under one of the offsets or under none
(Viterbi's algorithm).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels, Plane
from blip2idc.images.changes.result import RowRun

_NO_ROW_COST = (
    0.55  # of a row that lies under no offset; a matched row costs the share of its structure that differs
)
_SWITCH_COST = 2.5  # rows' worth of cost: what a change of offset has to save
_MOST_OFFSETS = 8
_RARE = 4  # a row that occurs more often than this in an image says nothing about the offset
_STRIP = 96  # rows of a strip that is searched for by correlation
_BANDS = 16  # columns of the signature that is correlated
_FOUND = 0.85  # correlation from which on a strip counts as found
_TINT = 8  # levels by which the mean colour of a band may differ after re-encoding
_NOISY_TOLERANCE = 28  # levels of luma; JPEG at quality 75 stays below it but beside the sharpest edges


def match_rows(before: Pixels, after: Pixels, *, exact: bool) -> list[RowRun] | None:
    """Match the rows of two images of one width.

    Args:
        before: uint8 [H1, W, 3].
        after: uint8 [H2, W, 3].
        exact: Whether equal rows are equal to the pixel (screenshots), else by luma and correlation.

    Returns:
        Runs from top to bottom, or None where no offset but zero has evidence and the heights are equal.
    """
    offsets = _offsets_of_equal_rows(before, after) if exact else _offsets_of_strips(before, after)
    if not any(offsets) and before.shape[0] == after.shape[0]:
        return None
    costs = _costs(before, after, offsets, exact)
    return _slid_down(_runs(_cheapest_path(costs), offsets, before.shape[0]), before, after)


def _offsets_of_equal_rows(before: Pixels, after: Pixels) -> list[int]:
    """Offsets (row of after minus row of before) by the votes of rows that are rare and in both images."""
    first, second = ([zlib.crc32(row) for row in image] for image in (before, after))
    places: dict[int, list[int]] = {}
    for y, key in enumerate(first):
        places.setdefault(key, []).append(y)
    counts = Counter(second)
    votes: Counter[int] = Counter()
    for y, key in enumerate(second):
        found = places.get(key, ())
        if 0 < len(found) <= _RARE and counts[key] <= _RARE:
            votes.update(y - other for other in found)
    return _likeliest(votes, before.shape[0], after.shape[0], least=4)


def _offsets_of_strips(before: Pixels, after: Pixels) -> list[int]:
    """Offsets of strips of the image before that are found again in the image after."""
    first, second = (_signature(image) for image in (before, after))
    height = min(_STRIP, first.shape[0], second.shape[0])
    votes: Counter[int] = Counter()
    for y in range(0, first.shape[0] - height + 1, height // 2 or 1):
        strip = first[y : y + height]
        if strip.std() < 2:
            continue
        found = cv2.matchTemplate(second, strip, cv2.TM_CCOEFF_NORMED)[:, 0]
        best = int(found.argmax())
        if found[best] >= _FOUND:
            votes[best - y] += height // 2
    return _likeliest(votes, first.shape[0], second.shape[0], least=height // 2)


def _likeliest(votes: Counter[int], before: int, after: int, least: int) -> list[int]:
    chosen = [offset for offset, count in votes.most_common(_MOST_OFFSETS) if count >= least]
    return list(dict.fromkeys([0, *chosen, *([after - before] if after != before and chosen else [])]))


def _signature(image: Pixels) -> Plane:
    """Mean luma and mean change along the row in each of some bands of columns: float32 [H, 2 * bands]."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    change = cv2.convertScaleAbs(cv2.Sobel(luma, cv2.CV_16S, 1, 0))
    parts = [
        cv2.resize(plane, (_BANDS, image.shape[0]), interpolation=cv2.INTER_AREA) for plane in (luma, change)
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _costs(before: Pixels, after: Pixels, offsets: Iterable[int], exact: bool) -> np.ndarray:
    """What each row of after costs under each offset: float32 [H2, offsets], the last column is "under none"."""
    tolerance = 0 if exact else _NOISY_TOLERANCE
    first, second = (_code(image, exact) for image in (before, after))
    structure = _structure(cv2.cvtColor(after, cv2.COLOR_RGB2GRAY), 2 * tolerance)
    means = [] if exact else [_means(image) for image in (before, after)]
    columns = []
    for offset in offsets:
        cost = np.ones(len(second), np.float32)
        start, stop = max(0, offset), min(len(second), len(first) + offset)
        if stop > start:
            one, other = first[start - offset : stop - offset], second[start:stop]
            differs = one != other if exact else cv2.absdiff(one, other) > tolerance
            changed = np.count_nonzero(differs, axis=1)
            kept = np.count_nonzero(structure[start:stop] & ~differs, axis=1)
            cost[start:stop] = changed / np.maximum(changed + kept, 1)
            if not exact:
                gap = np.abs(means[0][start - offset : stop - offset] - means[1][start:stop]).max(axis=2)
                cost[start:stop] = np.maximum(cost[start:stop], (gap > _TINT).mean(axis=1))
        columns.append(cost)
    columns.append(np.full(len(second), _NO_ROW_COST, np.float32))
    return np.stack(columns, axis=1)


def _means(image: Pixels) -> np.ndarray:
    """Mean colour in each of some bands of columns, float32 [H, bands, 3]."""
    means = cv2.resize(image, (_BANDS, image.shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(means, np.float32)


def _code(image: Pixels, exact: bool) -> np.ndarray:
    if not exact:
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    return np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)).view(np.uint32)[:, :, 0]


def _structure(luma: Plane, least: int) -> np.ndarray:
    """Where, bool [H, W], a row changes along itself by more than `least` levels."""
    edges = np.zeros(luma.shape, np.bool_)
    edges[:, 1:] = cv2.absdiff(luma[:, 1:], luma[:, :-1]) > least
    return edges


def _cheapest_path(costs: np.ndarray) -> np.ndarray:
    """The state of each row, int [H], by Viterbi's algorithm with one price for every switch."""
    height, states = costs.shape
    came_from = np.empty((height, states), np.int16)
    total = costs[0].copy()
    stay = np.arange(states, dtype=np.int16)
    for y in range(1, height):
        best = int(total.argmin())
        switch = total[best] + _SWITCH_COST
        switches = total > switch
        came_from[y] = np.where(switches, best, stay)
        total = np.where(switches, switch, total) + costs[y]
    path = np.empty(height, np.int64)
    path[-1] = int(total.argmin())
    for y in range(height - 1, 0, -1):
        path[y - 1] = came_from[y, path[y]]
    return path


def _runs(path: np.ndarray, offsets: list[int], height: int) -> list[RowRun]:
    """Runs of one offset, made to follow each other in both images."""
    runs: list[RowRun] = []
    edges = np.flatnonzero(np.diff(path)) + 1
    used = 0
    for start, stop in zip([0, *edges], [*edges, len(path)], strict=True):
        if path[start] == len(offsets):
            continue
        offset = offsets[path[start]]
        first = max(int(start), used + offset, offset)
        last = min(int(stop), height + offset)
        if last > first:
            runs.append(RowRun(first - offset, first, last - first))
            used = last - offset
    return runs


def _slid_down(runs: list[RowRun], before: Pixels, after: Pixels) -> list[RowRun]:
    """Runs in which each seam lies as far down as equal rows allow, so that blank rows at the end are the new ones."""
    result: list[RowRun] = []
    rest = list(runs)
    while rest:
        run = rest.pop(0)
        while rest:
            following = rest[0]
            y, other = run.before + run.length, run.after + run.length
            # the seam may only pass rows that the next run gives up, or rows of a gap in one image alone
            if following.before - y and following.after - other:
                break
            if y >= len(before) or other >= len(after) or not np.array_equal(before[y], after[other]):
                break
            run = RowRun(run.before, run.after, run.length + 1)
            if following.length == 1:
                rest.pop(0)
            else:
                rest[0] = RowRun(following.before + 1, following.after + 1, following.length - 1)
        result.append(run)
    return result
