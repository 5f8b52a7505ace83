"""Things that moved or changed their size: what is gone in one place is found again in another.

In: the two images in one frame and the regions in which they differ. Out: `Moved` and `Resized` things, each with its
place before and after, and the regions that are left. A displacement is only believed where it explains nearly every
pixel of the regions: each is either the thing in its old place, or the thing in its new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.facts.measure import plain_ground
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Box

_MOST = 24  # regions that are looked at, the largest
_LARGEST = 900  # pixels of a side beyond which nothing is sought
_ALIKE = 0.9  # correlation from which on a piece counts as found
_EXPLAINED = 0.9  # share of the pixels that a displacement has to explain
_MIDDLES = (0.45, 0.22)  # shares of its sides that its middle takes where a displacement is sought
_MIDDLE = 0.45  # share of a region's sides that its middle takes
_SCALES = np.exp(np.linspace(np.log(0.5), np.log(2.0), 29))
_NEAR_ONE = 0.06  # by which a factor has to differ from 1
_DRAWN_LARGER = 0.1  # by which the factor of two boxes has to differ from 1: blurred edges reach further, too
_REDRAWN = 48  # levels by which a thing drawn anew in another size may differ from a resized one
_LEAST_CONTRAST = 6.0  # standard deviation of a piece below which it may be found anywhere


@dataclass(frozen=True, eq=False)
class Moved:
    """One thing in two places.

    Attributes:
        source: Where it was, in the frame.
        target: Where it is.
        factor: How many times as large it is; 1 for what only moved.
        regions: What of the difference it explains.
    """

    source: Box
    target: Box
    factor: float
    regions: tuple[Region, ...]


def find_moves(
    before: Pixels, after: Pixels, regions: list[Region], noise: float = 0.0
) -> tuple[list[Moved], list[Region]]:
    """Find what moved or was resized.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        regions: Where the two differ, the largest first.
        noise: Typical difference by noise, 0..255.

    Returns:
        What was found, and the regions that are left.
    """
    tolerance = 10.0 + 3.0 * noise
    moved: list[Moved] = []
    left = list(regions)
    for region in regions[:_MOST]:
        if region not in left:
            continue
        found = _within(before, after, region, tolerance)
        for other in left[:_MOST] if found is None else ():
            if other is not region:
                found = _between(before, after, region, other, tolerance)
            if found is not None:
                break
        if found is not None:
            moved.append(found)
            left = [item for item in left if item not in found.regions]
    return moved, left


# ---- one region: the old and the new place overlap


def _within(before: Pixels, after: Pixels, region: Region, tolerance: float) -> Moved | None:
    width, height = region.box[2:]
    if max(width, height) > _LARGEST or min(width, height) < 4:
        return None
    found = _by_ground(before, after, region, tolerance)
    if found is not None:
        return found
    for dx, dy in _by_middle(before, after, region.box):
        boxes = _explained(before, after, (region,), (dx, dy), tolerance)
        if boxes:
            return Moved(boxes[0], boxes[1], 1.0, (region,))
    return _scaled_middle(before, after, region)


def _by_ground(before: Pixels, after: Pixels, region: Region, tolerance: float) -> Moved | None:
    """On plain ground the thing is what is not ground; its boxes tell displacement and factor."""
    x, y, width, height = region.box
    margin = 6
    top, left = max(0, y - margin), max(0, x - margin)
    window = (slice(top, y + height + margin), slice(left, x + width + margin))
    ring = np.ones(before[window].shape[:2], bool)
    ring[margin : -margin or None, margin : -margin or None] = False
    boxes: list[Box] = []
    for image in (before, after):
        part = image[window].astype(np.float32)
        ground = plain_ground(part, ring, tolerance)
        if ground is None:
            return None
        thing = np.abs(part - ground).max(axis=2) > tolerance
        thing &= ~ring
        rows, columns = np.flatnonzero(thing.any(axis=1)), np.flatnonzero(thing.any(axis=0))
        if not rows.size:
            return None
        boxes.append(
            (left + int(columns[0]), top + int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
        )
    one, other = boxes
    if abs(one[2] - other[2]) <= 1 and abs(one[3] - other[3]) <= 1:
        step = (other[0] - one[0], other[1] - one[1])
        return (
            Moved(one, other, 1.0, (region,))
            if any(step) and _explained(before, after, (region,), step, tolerance)
            else None
        )
    across, down = other[2] / one[2], other[3] / one[3]
    factor = (across * down) ** 0.5
    if abs(across / down - 1) > 0.04 + 1.5 / min(*one[2:], *other[2:]) or abs(factor - 1) < _DRAWN_LARGER:
        return None
    pieces = [image[b[1] : b[1] + b[3], b[0] : b[0] + b[2]] for image, b in ((before, one), (after, other))]
    if min(min(piece.shape[:2]) for piece in pieces) < 6:
        return None
    flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(pieces[0], pieces[1].shape[1::-1], interpolation=flags)
    gap = np.abs(resized.astype(np.float32) - pieces[1]).max(axis=2)
    return Moved(one, other, factor, (region,)) if float((gap <= _REDRAWN).mean()) > 0.75 else None


def _by_middle(before: Pixels, after: Pixels, box: Box) -> Iterator[tuple[int, int]]:
    """Displacements under which the middle of a region is found again, in either direction."""
    x, y, width, height = box
    for share, one, other, sign in (
        (share, *images) for share in _MIDDLES for images in ((before, after, 1), (after, before, -1))
    ):
        w, h = max(4, int(share * width)), max(4, int(share * height))
        left, top = x + (width - w) // 2, y + (height - h) // 2
        piece = one[top : top + h, left : left + w]
        place = other[y : y + height, x : x + width]
        found = _search(piece, place)
        if found is None:
            continue
        dx, dy = x + found[0] - left, y + found[1] - top
        if dx or dy:
            yield sign * dx, sign * dy


def _search(piece: Pixels, place: Pixels) -> tuple[int, int] | None:
    if piece.std(axis=(0, 1)).max() < _LEAST_CONTRAST or min(piece.shape[:2]) < 4:
        return None
    if place.shape[0] < piece.shape[0] or place.shape[1] < piece.shape[1]:
        return None
    match = cv2.matchTemplate(place, piece, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(match)
    return (x, y) if best >= _ALIKE else None


def _scaled_middle(before: Pixels, after: Pixels, region: Region) -> Moved | None:
    """The factor under which the middle of a region is found again, where it is not 1."""
    x, y, width, height = region.box
    w, h = int(_MIDDLE * width), int(_MIDDLE * height)
    if min(w, h) < 12:
        return None
    left, top = x + (width - w) // 2, y + (height - h) // 2
    piece = cv2.GaussianBlur(before[top : top + h, left : left + w], (0, 0), 1.0)
    if piece.std(axis=(0, 1)).max() < 1.5 * _LEAST_CONTRAST:
        return None
    place = cv2.GaussianBlur(
        after[max(0, y - 4) : y + height + 4, max(0, x - 4) : x + width + 4], (0, 0), 1.0
    )
    matches = {float(factor): _match(piece, place, float(factor)) for factor in _SCALES}
    rough = max(matches, key=lambda factor: matches[factor])
    still = max(match for factor, match in matches.items() if abs(factor - 1) < _NEAR_ONE)
    for step in np.linspace(-0.02, 0.02, 5):
        matches[rough * (1 + float(step))] = _match(piece, place, rough * (1 + float(step)))
    factor = max(matches, key=lambda factor: matches[factor])
    best = matches[factor], factor
    match, factor = best
    if (
        match < _ALIKE
        or match < still + 0.1
        or abs(factor - 1) < _NEAR_ONE
        or rough in (_SCALES[0], _SCALES[-1])
    ):
        return None
    smaller = _about_middle(region.box, 1 / factor if factor > 1 else factor)
    boxes = (smaller, region.box) if factor > 1 else (region.box, smaller)
    return Moved(boxes[0], boxes[1], factor, (region,))


def _match(piece: Pixels, place: Pixels, factor: float) -> float:
    """How well a piece, resized, is found in a place: correlation, 0 where it does not fit."""
    size = (round(piece.shape[1] * factor), round(piece.shape[0] * factor))
    if min(size) < 8 or size[0] > place.shape[1] or size[1] > place.shape[0]:
        return 0.0
    flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return float(
        cv2.matchTemplate(place, cv2.resize(piece, size, interpolation=flags), cv2.TM_CCOEFF_NORMED).max()
    )


def _about_middle(box: Box, factor: float) -> Box:
    x, y, width, height = box
    w, h = max(1, round(width * factor)), max(1, round(height * factor))
    return x + (width - w) // 2, y + (height - h) // 2, w, h


# ---- two regions: one is the old place, the other the new one


def _between(before: Pixels, after: Pixels, one: Region, other: Region, tolerance: float) -> Moved | None:
    for source, target in ((one, other), (other, one)):
        x, y, width, height = source.box
        if max(width, height) > _LARGEST or min(width, height) < 4 or not _near_size(source.box, target.box):
            continue
        w, h = max(4, int(0.7 * width)), max(4, int(0.7 * height))
        left, top = x + (width - w) // 2, y + (height - h) // 2
        tx, ty, tw, th = target.box
        room = max(6, width // 2), max(6, height // 2)
        place_left, place_top = max(0, tx - room[0]), max(0, ty - room[1])
        place = after[place_top : ty + th + room[1], place_left : tx + tw + room[0]]
        found = _search(before[top : top + h, left : left + w], place)
        steps = [] if found is None else [(place_left + found[0] - left, place_top + found[1] - top)]
        if found is None and abs(tw - width) <= 2 and abs(th - height) <= 2:
            steps = [(tx - x, ty - y)]  # a thing of one colour
        for step in steps:
            boxes = _explained(before, after, (source, target), step, tolerance)
            if boxes:
                return Moved(source.box, _shifted(source.box, step), 1.0, (one, other))
    return None


def _near_size(one: Box, other: Box) -> bool:
    return all(0.3 < one[side] / other[side] < 3.3 for side in (2, 3))


def _shifted(box: Box, step: tuple[int, int]) -> Box:
    return box[0] + step[0], box[1] + step[1], box[2], box[3]


# ---- whether a displacement explains what differs


def _explained(
    before: Pixels, after: Pixels, regions: tuple[Region, ...], step: tuple[int, int], tolerance: float
) -> tuple[Box, Box] | None:
    """The boxes of the thing in its old and its new place, where a displacement explains the regions; else None."""
    dx, dy = step
    if not (dx or dy):
        return None
    height, width = before.shape[:2]
    old_points: list[np.ndarray] = []
    total = explained = 0
    carried = [0, 0]
    for region in regions:
        rows, columns = np.nonzero(region.mask)
        rows, columns = rows + region.box[1], columns + region.box[0]
        is_old = _equal_there(before, after, rows, columns, dx, dy, tolerance, (height, width))
        is_new = _equal_there(after, before, rows, columns, -dx, -dy, tolerance, (height, width))
        total += len(rows)
        explained += int((is_old | is_new).sum())
        old_points.append(np.stack([columns[is_old], rows[is_old]], axis=1))
        carried[0] += int(is_old.sum())
        carried[1] += int(is_new.sum())
    if explained < _EXPLAINED * total or min(carried) < 0.25 * total:
        return None
    if len(regions) > 1:
        box = _around(np.concatenate(old_points))
        return box, _shifted(box, step)
    x, y, full_width, full_height = regions[0].box  # it and its displaced self fill the region together
    if full_width - abs(dx) < 1 or full_height - abs(dy) < 1:
        return None
    box = x + max(0, -dx), y + max(0, -dy), full_width - abs(dx), full_height - abs(dy)
    return box, _shifted(box, step)


def _equal_there(
    one: Pixels,
    other: Pixels,
    rows: np.ndarray,
    columns: np.ndarray,
    dx: int,
    dy: int,
    tolerance: float,
    size: tuple[int, int],
) -> np.ndarray:
    """Which points of one image are in the other, displaced."""
    there_rows, there_columns = rows + dy, columns + dx
    inside = (there_rows >= 0) & (there_rows < size[0]) & (there_columns >= 0) & (there_columns < size[1])
    result = np.zeros(len(rows), bool)
    here = one[rows[inside], columns[inside]].astype(np.int16)
    there = other[there_rows[inside], there_columns[inside]].astype(np.int16)
    result[inside] = np.abs(here - there).max(axis=1) <= tolerance
    return result


def _around(points: np.ndarray) -> Box:
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return int(left), int(top), int(right - left + 1), int(bottom - top + 1)
