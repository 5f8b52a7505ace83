"""Two things side by side that exchanged their places: `swapped`.

In: the two images in one frame and a region. Out: the fact, where the beginning of the region after is its end before,
and the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from blip2idc.images.changes.facts.moves import Moved
from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

_LARGEST = 700  # pixels of a side
_SAME = 10.0  # levels that rows may differ on average
_EXPLAINED = 0.85  # share of the rows
_UNEXPLAINED = 0.3  # of the difference, that the exchange may leave
_MOSTLY = 0.5  # the same where the rest is bare ground
_LEAST = 5  # rows of each of both, with something on them
_REMAINS = 0.25  # of the contrast of the rows, that they may differ at most
_COLUMNS = 32  # of rows that are compared roughly
_OFF, _FOUND = (
    6,
    0.93,
)  # pixels by which the places may be off, and correlation from which on a piece is found
_NEARER = 0.6  # of the difference in its own place, that what is found elsewhere may differ
_STRONG, _NEAR_THING = 0.9, 24  # of the most: what is sure of a thing; levels it may differ elsewhere
_SEEN, _SEEN_BEFORE = 0.9, 0.6  # share of it that is seen over others, and that may be there before
_MOST = 24  # regions that are looked at
_INKED = 0.15  # of what is drawn in a region, that each of both parts has at least
_STEP, _FEW_STEPS = 2.0, 0.1  # levels between rows that differ, and share of such rows of what only goes on
_OTHER_SIGN, _OF_SIGNS = 48, 0.015  # levels by which, and share of a piece in which, it is another one
_BLUR = 1.0  # standard deviation in pixels
_DRAWN = 12  # levels from which on there is something


def swap(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`swapped` where two things exchanged their places, one above or beside the other."""
    x, y, width, height = region.box
    if max(width, height) > _LARGEST or min(width, height) < 2 * _LEAST:
        return None
    window = slice(y, y + height), slice(x, x + width)
    one, other = (_soft(image[window]) for image in (before, after))
    apart = _UNEXPLAINED * float(np.abs(one - other).sum())
    for rows, others in ((one, other), (one.transpose(1, 0, 2), other.transpose(1, 0, 2))):
        same_rows = float(np.abs(rows.sum(axis=0) - others.sum(axis=0)).sum()) <= apart  # in whatever order
        if same_rows and _exchanged(rows, others):
            return Fact("swapped")
    return None


def find_exchanged(
    before: Pixels, after: Pixels, regions: Sequence[Region]
) -> tuple[list[tuple[Region, Region]], list[Region]]:
    """Pairs of regions of which each shows after what the other showed before, and the regions that are left."""
    left = list(regions[:_MOST])
    found = []
    for one in tuple(left):
        for other in left:
            if one is other or not any(one is region for region in left):
                continue
            if _is_found(before, after, one, other) and _is_found(before, after, other, one):
                found.append((one, other))
                left = [region for region in left if region is not one and region is not other]
                break
    gone = [region for pair in found for region in pair]
    return found, [region for region in regions if not any(region is other for other in gone)]


def find_displaced(
    before: Pixels, after: Pixels, regions: Sequence[Region]
) -> tuple[list[Moved], list[Region]]:
    """What moved: regions that are bare on one side and show on the other what another region shows on its other side.

    That one is bare on the side without it, or holds other things, which the thing lies over.

    Returns:
        What moved, and the regions that are left.
    """
    left = list(regions[:_MOST])
    bare = [[_is_bare(image, region) for region in left] for image in (before, after)]
    sources = [region for region, empty in zip(left, bare[1], strict=True) if empty]
    targets = [region for region, empty in zip(left, bare[0], strict=True) if empty]
    found: list[tuple[Region, Region, tuple[int, int]]] = []
    for source in sources:
        matches = [t for t in targets if t is not source and _is_found(before, after, source, t)]
        if len(matches) == 1 and not _is_of(matches[0], found):
            step = matches[0].box[0] - source.box[0], matches[0].box[1] - source.box[1]
            found.append((source, matches[0], step))
    covered = [region for region, empty in zip(left, zip(*bare, strict=True), strict=True) if not any(empty)]
    for source in sources:
        over = _first_over(before, after, source, [r for r in covered if not _is_of(r, found)])
        if over is not None and not _is_of(source, found):
            found.append((source, *over))
    for target in targets:
        over = _first_over(after, before, target, [r for r in covered if not _is_of(r, found)])
        if over is not None and not _is_of(target, found):
            found.append((over[0], target, (-over[1][0], -over[1][1])))
    moved = [
        Moved(source.box, (source.box[0] + dx, source.box[1] + dy, *target.box[2:]), 1.0, (source, target))
        for source, target, (dx, dy) in found
    ]
    return moved, [region for region in regions if not _is_of(region, found)]


def _is_of(region: Region, found: Sequence[tuple[Region, Region, tuple[int, int]]]) -> bool:
    return any(region is source or region is target for source, target, _ in found)


def _is_bare(image: Pixels, region: Region) -> bool:
    x, y, width, height = region.box
    return bool(image[y : y + height, x : x + width].reshape(-1, 3).std(axis=0).max() < 2.0)


def _first_over(
    before: Pixels, after: Pixels, source: Region, others: Sequence[Region]
) -> tuple[Region, tuple[int, int]] | None:
    """The first of some regions in which a thing lies over others that left a bare place, and its displacement."""
    return next(
        ((other, step) for other in others if (step := _laid_over(before, after, source, other)) is not None),
        None,
    )


def _laid_over(before: Pixels, after: Pixels, source: Region, target: Region) -> tuple[int, int] | None:
    """By how much a thing moved that left a bare place, and now lies over others; None where it does not."""
    (x, y, width, height), (left, top, wide, high) = source.box, target.box
    if (
        max(width, height) > _LARGEST
        or min(width, height) < _LEAST
        or wide > width + _OFF
        or high > height + _OFF
    ):
        return None
    thing = before[y : y + height, x : x + width].astype(np.int16)
    ink = largest_channel(np.abs(thing - np.median(after[y : y + height, x : x + width], axis=(0, 1))))
    strong = ink >= _STRONG * max(float(ink.max()), _DRAWN / _STRONG)
    if not strong.any():
        return None
    for across in _places(left, wide, width):
        for down in _places(top, high, height):
            if across < 0 or down < 0:
                continue
            window = slice(down, down + height), slice(across, across + width)
            there, now = before[window].astype(np.int16), after[window].astype(np.int16)
            if now.shape != thing.shape:
                continue
            is_thing, was_thing = (
                largest_channel(np.abs(image - thing)) <= _NEAR_THING for image in (now, there)
            )
            if is_thing[strong].mean() < _SEEN or was_thing[strong].mean() > _SEEN_BEFORE:
                continue
            same = largest_channel(np.abs(now - there)) <= _NEAR_THING
            beside = ink <= _DRAWN
            if not beside.any() or (same | is_thing)[beside].mean() >= _SEEN:
                return across - x, down - y
    return None


def _places(start: int, length: int, size: int) -> range:
    """Where something of a size may begin of which a part, from start on, is seen to differ."""
    return range(min(start, start + length - size) - 1, max(start, start + length - size) + 2)


def _is_found(before: Pixels, after: Pixels, one: Region, other: Region) -> bool:
    """Whether what one region shows before is what another shows after."""
    (x, y, width, height), (left, top, wide, high) = one.box, other.box
    if max(width, height) > _LARGEST or min(width, height) < _LEAST:
        return False
    if abs(width - wide) > _OFF + 0.3 * wide or abs(height - high) > _OFF + 0.3 * high:
        return False
    width, height = min(width, wide), min(height, high)
    piece = _soft(before[y : y + height, x : x + width])
    place = after[max(0, top - _OFF) : top + height + _OFF, max(0, left - _OFF) : left + width + _OFF]
    if piece.std(axis=(0, 1)).max() < 0.5 * _DRAWN or place.shape[0] < height or place.shape[1] < width:
        return False
    place = _soft(place)
    _, best, _, (x_off, y_off) = cv2.minMaxLoc(cv2.matchTemplate(place, piece, cv2.TM_CCOEFF_NORMED))
    if best < _FOUND:
        return False
    apart = np.abs(place[y_off : y_off + height, x_off : x_off + width] - piece)
    if (largest_channel(apart) > _OTHER_SIGN).mean() > _OF_SIGNS:
        return False  # likewise
    off = float(apart.mean())
    stays = float(np.abs(_soft(after[y : y + height, x : x + width]) - piece).mean())
    return off < _NEARER * stays  # two alike that got one other colour did not change places


def _soft(image: np.ndarray) -> np.ndarray:
    """Blurred, so that letters that lie a fraction of a pixel elsewhere are alike; float32."""
    return np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), _BLUR))


def _exchanged(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether rows [N, M, 3] are two parts that changed their order."""
    height = len(one)
    first = _longest(other, one)  # the upper part of after is a lower part of before
    second = _longest(one, other) if first >= _LEAST else 0
    if min(first, second) < _LEAST or not any(
        _is_rebuilt(one, other, last, begin)
        for last, begin in ((first, height - first), (height - second, second), (first, second))
        if last > 0 and begin > 0 and last + begin <= height
    ):
        return False
    if first + second >= _EXPLAINED * height:
        return True
    between = one[second : height - first], other[first : height - second]
    ground = np.median(one.reshape(-1, 3), axis=0)
    blank = all(float((largest_channel(np.abs(part - ground)) > _DRAWN).mean()) < 0.02 for part in between)
    return blank and first + second >= _MOSTLY * height


def _is_rebuilt(one: np.ndarray, other: np.ndarray, last: int, begin: int) -> bool:
    """Whether the last rows of one image, what is between, and its first rows are nearly the other image."""
    steps = np.abs(np.diff(one, axis=1)).sum(axis=(1, 2))
    if min(float(steps[:begin].sum()), float(steps[len(one) - last :].sum())) < _INKED * float(steps.sum()):
        return False  # one of both parts is bare: the other moved
    if any(_only_goes_on(part) for part in (one[:begin], one[len(one) - last :])):
        return False  # one is a line along which the other moved
    rebuilt = np.concatenate([one[len(one) - last :], one[begin : len(one) - last], one[:begin]])
    apart = np.abs(rebuilt - other)
    if (largest_channel(apart) > _OTHER_SIGN).mean() > _OF_SIGNS:
        return False  # fields that look alike but say something else
    return bool(apart.mean() <= _UNEXPLAINED * np.abs(one - other).mean())


def _only_goes_on(rows: np.ndarray) -> bool:
    """Whether rows [N, M, 3] are nearly all like the one above them."""
    steps = np.abs(np.diff(rows, axis=0)).max(axis=(1, 2))
    return bool(steps.size and (steps > _STEP).mean() <= _FEW_STEPS)


def _longest(top: np.ndarray, lower: np.ndarray) -> int:
    """How many rows from the top of one image are found, as they are, at the end of the other."""
    height = len(top)
    contrast = largest_channel(np.abs(top - np.median(top.reshape(-1, 3), axis=0)))
    drawn = np.cumsum(contrast.mean(axis=1)) / np.arange(1, height + 1)  # of the rows up to each
    marked = np.cumsum((contrast > _DRAWN).sum(axis=1))
    rough = [_signature(image) for image in (top, lower)]
    for count in range(height - _LEAST, _LEAST - 1, -1):
        limit = min(_SAME, _REMAINS * float(drawn[count - 1]))
        if marked[count - 1] < _INKED * marked[-1]:
            return 0
        if np.abs(rough[0][:count] - rough[1][height - count :]).mean() > limit:
            continue
        if largest_channel(np.abs(top[:count] - lower[height - count :])).mean() <= limit:
            return count
    return 0


def _signature(image: np.ndarray) -> np.ndarray:
    """Rows [N, M, 3] reduced to a few columns, float32; they differ by no more than the rows."""
    size = min(_COLUMNS, image.shape[1]), image.shape[0]
    return np.asarray(
        cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)[:, :, :3].mean(axis=2)
    )
