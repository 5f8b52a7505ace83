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
from itertools import pairwise

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels, Plane, codes
from blip2idc.images.changes.result import RowRun

_NO_ROW_COST = (
    0.55  # of a row that lies under no offset; a matched row costs the share of its structure that differs
)
_SWITCH_COST = 2.5  # rows' worth of cost: what a change of offset has to save
_MOST_OFFSETS = 8
_RARE = 4  # a row that occurs more often than this in an image says nothing about the offset
_STRIP, _LINE = 96, 32  # rows of a strip that is searched for by correlation, and of one that holds a line
_BANDS = 16  # columns of the signature that is correlated
_FOUND = 0.85  # correlation from which on a strip counts as found
_SURELY_FOUND = 0.97  # the same at a place where other strips lie, too
_SMALL_PART = 0.03  # of the matched rows: what has to lie under another offset than zero
_LARGE_PART = 0.25  # the same where the rows at the end are in place again
_GAIN = 0.25  # of the cost of staying in place: what offsets have to save
_SLACK = 2  # rows of a gap in both images that a seam may absorb: heights are rounded to whole pixels
_TINT = 8  # levels by which the mean colour of a band may differ after re-encoding
_NOISY_TOLERANCE = 28  # levels of luma; JPEG at quality 75 stays below it but beside the sharpest edges


def match_lines(before: Pixels, after: Pixels) -> list[RowRun] | None:
    """Match the rows of two pages line by line, as they lie where lines are further apart; None where they do not.

    Args:
        before: uint8 [H1, W, 3].
        after: uint8 [H2, W, 3].
    """
    runs = _matched(before, after, _offsets_of_strips(before, after, _LINE), exact=False)
    offsets = [run.after - run.before for run in runs or ()]
    # lines that look alike lie under many offsets, by turns
    return runs if offsets and len(set(offsets)) == len(offsets) else None


def match_rows(before: Pixels, after: Pixels, *, exact: bool) -> list[RowRun] | None:
    """Match the rows of two images of one width.

    Args:
        before: uint8 [H1, W, 3].
        after: uint8 [H2, W, 3].
        exact: Whether equal rows are equal to the pixel (screenshots), else by luma and correlation.

    Returns:
        Runs from top to bottom, or None where there is no evidence that rows came or went.
    """
    offsets = _offsets_of_equal_rows(before, after) if exact else _offsets_of_strips(before, after, _STRIP)
    return _matched(before, after, offsets, exact=exact)


def _matched(before: Pixels, after: Pixels, offsets: list[int], *, exact: bool) -> list[RowRun] | None:
    """The runs under some offsets, or None where these explain little."""
    if not any(offsets) and before.shape[0] == after.shape[0]:
        return None
    costs = _costs(before, after, offsets, exact)
    path = _cheapest_path(costs)
    runs = _runs(path, offsets, before.shape[0], costs)
    if not runs or not _believable(runs, costs, path):
        return None
    return _best_seams(_without_blank_end(_merged(runs), before, after), costs, offsets, after)


def _offsets_of_equal_rows(before: Pixels, after: Pixels) -> list[int]:
    """Offsets (row of after minus row of before) by the votes of rows that are rare and in both images."""
    in_place = before.shape == after.shape  # then rows that stay where they are need no other offset
    same = np.zeros(len(after), bool)
    if in_place:
        same = (codes(before) == codes(after)).all(axis=1)
    first = [zlib.crc32(row) for row in before]
    second = [first[y] if same[y] else zlib.crc32(row) for y, row in enumerate(after)]
    places: dict[int, list[int]] = {}
    for y, key in enumerate(first):
        places.setdefault(key, []).append(y)
    counts = Counter(second)
    votes: Counter[int] = Counter()
    for y, key in enumerate(second):
        if in_place and key == first[y]:
            continue
        found = places.get(key, ())
        if 0 < len(found) <= _RARE and counts[key] <= _RARE:
            votes.update(y - other for other in found)
    return _likeliest(votes, before.shape[0], after.shape[0], least=4)


def _offsets_of_strips(before: Pixels, after: Pixels, rows: int) -> list[int]:
    """Offsets of strips of some rows of the image before that are found again in the image after."""
    first, second = (_signature(image) for image in (before, after))
    height = min(rows, first.shape[0], second.shape[0])
    votes: Counter[int] = Counter()
    for y in range(0, first.shape[0] - height + 1, height // 2 or 1):
        strip = first[y : y + height]
        if strip.std() < 2:
            continue
        # what is large lies under few offsets; a part of it may lie nearly as well under another one
        known = [offset for offset, _ in votes.most_common(_MOST_OFFSETS)] if rows > _LINE else ()
        offset = _place_of(strip, second, y, known)
        if offset is not None:
            votes[offset] += height // 2
    return _likeliest(votes, first.shape[0], second.shape[0], least=height // 2)


def _place_of(strip: Plane, image: Plane, y: int, known: Iterable[int]) -> int | None:
    """By how many rows a strip from row `y` of one image lies elsewhere in the other; known offsets are tried first."""
    for offset in known:
        place = image[max(0, y + offset) : y + offset + len(strip)]
        if len(place) == len(strip) and _alike(strip, place).item() >= _SURELY_FOUND:
            return offset
    found = _alike(strip, image)[:, 0]
    best = int(found.argmax())
    return best - y if found[best] >= _FOUND else None


def _alike(strip: Plane, image: Plane) -> np.ndarray:
    """Correlation of a strip with every place of an image."""
    return np.asarray(cv2.matchTemplate(image, strip, cv2.TM_CCOEFF_NORMED))


def _likeliest(votes: Counter[int], before: int, after: int, least: int) -> list[int]:
    chosen = [offset for offset, count in votes.most_common(_MOST_OFFSETS) if count >= least]
    rounded = [offset + step for offset in chosen[:3] if offset for step in (-1, 1)]
    return list(
        dict.fromkeys([0, *chosen, *rounded, *([after - before] if after != before and chosen else [])])
    )


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
    return codes(image)


def _structure(luma: Plane, least: int) -> np.ndarray:
    """Where, bool [H, W], a row changes along itself by more than `least` levels."""
    edges = np.zeros(luma.shape, np.bool_)
    if luma.shape[1] > 1:
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


def _runs(path: np.ndarray, offsets: list[int], height: int, costs: np.ndarray) -> list[RowRun]:
    """Runs of one offset, made to follow each other in both images."""
    edges = np.flatnonzero(np.diff(path)) + 1
    found = []
    for start, stop in zip([0, *edges], [*edges, len(path)], strict=True):
        if path[start] < len(offsets):
            offset = offsets[path[start]]
            first, last = max(int(start), offset), min(int(stop), height + offset)
            if last > first:
                found.append(RowRun(first - offset, first, last - first))
    runs: list[RowRun] = []
    used = 0
    for run in _chain(found, costs, offsets):
        offset, first = run.after - run.before, run.after
        if runs and run.before < used:
            runs[-1], used = _shared(runs[-1], run.before, offset, costs, offsets)
        first = max(first, used + offset)
        last = run.after + run.length
        if last > first:
            runs.append(RowRun(first - offset, first, last - first))
            used = last - offset
    return _extended([run for run in runs if run.length], costs, offsets, height)


def _extended(runs: list[RowRun], costs: np.ndarray, offsets: list[int], height: int) -> list[RowRun]:
    """Runs that go on as long as rows are equal and free: the path may have left them for blank rows elsewhere."""
    result = []
    for run, below in pairwise([*runs, RowRun(height, len(costs), 0)]):
        ends = run.before + run.length, run.after + run.length
        free = max(0, min(below.before - ends[0], below.after - ends[1]))
        same = costs[ends[1] : ends[1] + free, offsets.index(run.after - run.before)] == 0
        result.append(
            RowRun(run.before, run.after, run.length + (free if same.all() else int(same.argmin())))
        )
    return result


def _chain(runs: list[RowRun], costs: np.ndarray, offsets: list[int]) -> list[RowRun]:
    """Of runs that follow each other in after those that do so in before, too, and that save most together."""
    saved = []
    for run in runs:
        rows = slice(run.after, run.after + run.length)
        saved.append(
            float(_NO_ROW_COST * run.length - costs[rows, offsets.index(run.after - run.before)].sum())
        )
    best, came_from = list(saved), [-1] * len(runs)
    for j, run in enumerate(runs):
        for i, above in enumerate(runs[:j]):
            follows = run.before + run.length >= above.before + above.length and run.before > above.before
            if follows and best[i] + saved[j] > best[j]:
                best[j], came_from[j] = best[i] + saved[j], i
    chain = []
    last = int(np.argmax(best)) if runs else -1
    while last >= 0:
        chain.append(runs[last])
        last = came_from[last]
    return chain[::-1]


def _shared(
    above: RowRun, first: int, offset: int, costs: np.ndarray, offsets: list[int]
) -> tuple[RowRun, int]:
    """A run without the rows of before that suit the next run better, which wants them from row `first` on.

    Returns:
        The run, and the row of before after its last one.
    """
    end = above.before + above.length
    first = max(first, above.before)
    rows = np.arange(first, end)
    upper, lower = above.after - above.before, offset
    own = costs[rows + upper, offsets.index(upper)]
    inside = (rows + lower >= 0) & (rows + lower < len(costs))
    others = np.where(inside, costs[np.clip(rows + lower, 0, len(costs) - 1), offsets.index(lower)], 1.0)
    total = np.concatenate([[0.0], own.cumsum()]) + np.concatenate([others[::-1].cumsum()[::-1], [0.0]])
    # of rows that suit both alike those above keep theirs
    cut = first + int(len(total) - 1 - total[::-1].argmin())
    return RowRun(above.before, above.after, cut - above.before), cut


def _believable(runs: list[RowRun], costs: np.ndarray, path: np.ndarray) -> bool:
    """Whether offsets explain much that staying in place does not: not just a thing that moved by itself."""
    shifted = sum(run.length for run in runs if run.after != run.before)
    total = sum(run.length for run in runs)
    if not shifted:
        return True
    returns = runs[-1].after == runs[-1].before
    if shifted < (_LARGE_PART if returns else _SMALL_PART) * total:
        return False
    stays = float(np.minimum(costs[:, 0], _NO_ROW_COST).sum())
    return stays - float(costs[np.arange(len(path)), path].sum()) >= _GAIN * stays


def _merged(runs: list[RowRun]) -> list[RowRun]:
    """Runs of one offset that follow each other as one run: rows between them changed in place."""
    result = runs[:1]
    for run in runs[1:]:
        above = result[-1]
        if run.after - run.before == above.after - above.before:
            result[-1] = RowRun(above.before, above.after, run.after + run.length - above.after)
        else:
            result.append(run)
    return result


def _without_blank_end(runs: list[RowRun], before: Pixels, after: Pixels) -> list[RowRun]:
    """Runs without one of blank rows at the end, which lie under any offset: those above go on as far as both do."""
    if len(runs) < 2:
        return runs
    above, last = runs[-2:]
    end = after[last.after :]
    if last.after + last.length < len(after) or not (end == end[:1, :1]).all():
        return runs
    more = min(len(before) - above.before - above.length, len(after) - above.after - above.length)
    rest = [
        image[start + above.length :][:more]
        for image, start in ((before, above.before), (after, above.after))
    ]
    same = (rest[0] == rest[1]).all(axis=(1, 2))
    length = above.length + (more if same.all() else int(same.argmin()))
    return [*runs[:-2], RowRun(above.before, above.after, length)]


def _best_seams(runs: list[RowRun], costs: np.ndarray, offsets: list[int], after: Pixels) -> list[RowRun]:
    """Move each seam between two runs to where the rows above suit the one and those below the other best.

    Viterbi's path may use rows of before twice, and so misplaces rows among others that look like them (a table's).
    """
    nearly = np.stack([_nearly(costs, offsets, offset) for offset in offsets], axis=1)
    exactly, roughly = (
        np.concatenate([np.zeros((1, table.shape[1])), table.cumsum(axis=0)]) for table in (costs, nearly)
    )
    numbers = codes(after)
    blank = (numbers == numbers[:, :1]).all(axis=1)
    result = runs[:1]
    for run in runs[1:]:
        above = result[-1]
        offset, lower = above.after - above.before, run.after - run.before
        sums = exactly if abs(lower - offset) <= 1 else roughly
        inserted = max(0, lower - offset)
        gap = run.after - above.after - above.length, run.before - above.before - above.length
        end = run.after + run.length
        seams = np.arange(above.after + 1, min(end, len(costs)) - inserted + 1)
        if min(gap) < 0 or not len(seams):
            result.append(run)
            continue
        price = sums[seams, offsets.index(offset)] - sums[seams + inserted, offsets.index(lower)]
        if min(gap) > _SLACK:
            # rows without a match in both images: others took their place, unless they match below the seam after all
            here = (
                sums[above.after + above.length, offsets.index(offset)]
                - sums[run.after, offsets.index(lower)]
            )
            if price.min() - here > _NO_ROW_COST * min(gap):
                result.append(run)
                continue
        tied = seams[price <= price.min() + 1e-3]
        best = _chosen(tied, blank, inserted)
        result[-1] = RowRun(above.before, above.after, best - above.after)
        start = best + inserted
        if end > start:
            result.append(RowRun(start - lower, start, end - start))
    return result


def _nearly(costs: np.ndarray, offsets: list[int], offset: int) -> np.ndarray:
    """What each row costs under an offset or one beside it: rows of a fraction of a pixel lie one row off by turns."""
    return np.asarray(costs[:, [at for at, one in enumerate(offsets) if abs(one - offset) <= 1]].min(axis=1))


def _chosen(tied: np.ndarray, blank: np.ndarray, inserted: int) -> int:
    """Of seams that suit alike, as those in blank rows do: below a separating line, else in the middle.

    Where nothing but blank rows came, they came last.
    """
    if inserted and blank[tied[-1] : tied[-1] + inserted].all():
        return int(tied[-1])
    inside = tied[(tied >= 3) & (tied < len(blank))]
    lines = inside[blank[inside] & ~blank[inside - 1] & (blank[inside - 2] | blank[inside - 3])]
    return int(lines[-1] if len(lines) else tied[len(tied) // 2])
