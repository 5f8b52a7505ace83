"""Corners of a box that became round or square: `rounded`.

In: the two images in one frame and the regions in which they differ. Out: the corners of one box as one region each,
with the fact, and the regions that are left. All that differs lies in the corners of a rectangle and reaches both of
its edges; round is the side that shows there what is outside.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region, union
from blip2idc.images.changes.result import Box, Fact

_LARGEST = 64  # pixels of a side of a corner
_SMALLEST = 16  # pixels of a side of a box whose corners are one region
_ALIKE = 4  # pixels by which corners may be off their line, and differ in size
_FEW = 4  # pixels of a corner
_ELSEWHERE = 0.05  # share of the pixels that may lie elsewhere than in the corners
_SMALL, _ELSEWHERE_SMALL, _FEW_IN_CORE = (
    200,
    0.1,
    24,
)  # pixels that differ, the same of so few, and away from edges
_BETWEEN = 0.35  # of the side of a corner: how far from its tip a pixel is of the tip
_ROUNDER = 0.6  # of what the square side differs from the outside, what the round one does at most
_STEP = 4.0  # levels
_FILLED = 0.75  # share of the corner outside of the circle that differs, where only two corners are seen
_MOST, _MOST_PARTS = 60, 24  # regions that are looked at, and parts of one
_FEW_REGIONS, _SPECK, _FAINT = (
    8,
    0.4,
    0.1,
)  # regions that are the corners of one box, and of the largest what is none
_EDGE, _MIDDLE = 2, 0.14  # pixels from an edge, and share of it that is its middle, in which no corner lies
_PART, _LESS = 0.45, 0.8  # of a side of the box, and of what the square side differs from the outside


def find_rounded(
    before: Pixels, after: Pixels, regions: Sequence[Region]
) -> tuple[list[tuple[Region, Fact]], list[Region]]:
    """Corners that became round or square.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        regions: Where the two differ.

    Returns:
        Each box with its fact, and the regions that are left.
    """
    found: list[tuple[Region, Fact]] = []
    left = list(regions)
    if (one := _all_of_one(before, after, left)) is not None:
        found.append(one)
        left = [region for region in left if union(region.box, one[0].box) != one[0].box]
    corners = [(part, region) for region in left for part in _parts(region) if max(part.box[2:]) <= _LARGEST]
    small = [part for part, _ in corners[:_MOST]]
    small.sort(key=lambda part: part.box)  # the leftmost one is at the left of its box
    used: list[Region] = []
    for first in tuple(small):
        if not any(first is other for other in small):
            continue
        members = _corners_with(first, small)
        if len(members) < 2:
            continue
        merged = merged_regions(members)
        fact = corner_fact(before, after, merged)
        if fact is None and len(members) == 2:
            fact = _pair_fact(before, after, members)
        if fact is not None:
            found.append((merged, fact))
            used += members
            small = [one for one in small if not any(one is other for other in members)]
    left = [rest for region in left if (rest := _without(region, corners, used)) is not None]
    for region in left[:_MOST]:
        fact = corner_fact(before, after, region) if min(region.box[2:]) >= _SMALLEST else None
        if fact is not None:
            found.append((region, fact))
            left = [one for one in left if one is not region]
    return found, left


def _parts(region: Region) -> list[Region]:
    """The corners of neighbouring boxes that were joined to one region; else the region itself."""
    if min(region.box[2:]) > _LARGEST:
        return [region]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(region.mask.view(np.uint8), connectivity=8)
    boxes = stats[1:, :4]
    if not 2 <= len(boxes) <= _MOST_PARTS or np.ptp(boxes[:, 2:], axis=0).max() > _ALIKE:
        return [region]
    parts = []
    for number, (left, top, width, height) in enumerate(boxes.tolist(), 1):
        window = slice(top, top + height), slice(left, left + width)
        box = region.box[0] + left, region.box[1] + top, width, height
        parts.append(Region(box, labels[window] == number, region.strength, region.difference))
    return parts


def _without(
    region: Region, corners: Sequence[tuple[Region, Region]], used: Sequence[Region]
) -> Region | None:
    """What is left of a region without some of its parts."""
    rest = [part for part, whole in corners if whole is region]
    kept = [part for part in rest if not any(part is one for one in used)]
    if len(kept) == len(rest):
        return region
    return merged_regions(kept) if kept else None


def _all_of_one(before: Pixels, after: Pixels, regions: Sequence[Region]) -> tuple[Region, Fact] | None:
    """The corners of one box where hardly anything else differs: large ones are two regions, faint ones three."""
    if not 2 <= len(regions) <= _FEW_REGIONS:
        return None
    largest = max(region.pixels for region in regions)
    main = [region for region in regions if region.pixels >= _SPECK * largest]
    merged = merged_regions(main)
    if min(merged.box[2:]) < _SMALLEST:
        return None
    fact = corner_fact(before, after, merged)
    if fact is not None:
        return merged, fact
    main = [region for region in regions if region.pixels >= _FAINT * largest]
    merged = merged_regions(main)
    fact = _seen_at_corners(before, after, main, merged.box)
    return None if fact is None else (merged, fact)


def _seen_at_corners(before: Pixels, after: Pixels, regions: Sequence[Region], box: Box) -> Fact | None:
    """`rounded` where regions, with noise or a shadow around them, lie in the corners of a box and only there."""
    x, y, width, height = box
    corners: dict[tuple[bool, bool], Region] = {}
    for region in regions:
        left, top, across, down = region.box
        right, lower = 2 * left + across > 2 * x + width, 2 * top + down > 2 * y + height
        off = (
            abs(left + across - x - width) if right else abs(left - x),
            abs(top + down - y - height) if lower else abs(top - y),
        )
        small = max(across, down) <= _LARGEST and across <= _PART * width and down <= _PART * height
        if not small or max(off) > _ALIKE or (lower, right) in corners:
            return None
        corners[lower, right] = region
    unlike = []
    for (lower, right), region in corners.items():
        column, row = x + width + 1 if right else x - 2, y + height + 1 if lower else y - 2
        outside = not 0 <= row < before.shape[0], not 0 <= column < before.shape[1]
        if all(outside):
            continue  # in a corner of the page
        row, column = min(max(row, 0), before.shape[0] - 1), min(max(column, 0), before.shape[1] - 1)
        left, top, across, down = region.box
        window = slice(top, top + down), slice(left, left + across)
        unlike.append(
            [
                float(
                    np.abs(image[window][region.mask].astype(np.int16) - image[row, column])
                    .max(axis=1)
                    .mean()
                )
                for image in (before, after)
            ]
        )
    if len(corners) < 3 or len(unlike) < 2:
        return None
    then, now = (float(value) for value in np.mean(unlike, axis=0))
    if max(now, then) < _STEP or min(now, then) > _LESS * max(now, then):
        return None
    return Fact("rounded", {"in": "after" if now < then else "before"})


def _corners_with(first: Region, regions: Sequence[Region]) -> list[Region]:
    """The regions that are corners of one box with the given one as its top left."""
    x, y, width, height = first.box
    alike = [
        one
        for one in regions
        if one is not first
        and abs(one.box[2] - width) <= _ALIKE + 0.5 * width
        and abs(one.box[3] - height) <= _ALIKE + 0.5 * height
    ]
    right = [one for one in alike if abs(one.box[1] - y) <= _ALIKE and one.box[0] > x + width]
    below = [one for one in alike if abs(one.box[0] - x) <= _ALIKE and one.box[1] > y + height]
    for other in sorted(right, key=lambda one: one.box[0]):
        for under in sorted(below, key=lambda one: one.box[1]):
            across = [
                one
                for one in alike
                if abs(_end(one, 1) - _end(under, 1)) <= _ALIKE
                and abs(_end(one, 0) - _end(other, 0)) <= _ALIKE
            ]
            if across:
                return [first, other, under, across[0]]
    for other in sorted(right, key=lambda one: one.box[0]):
        if abs(other.box[2] - width) <= 1 and abs(other.box[3] - height) <= 1:
            return [first, other]  # the upper or the lower ones of a bar at the edge of the page
    return [first]


def _end(region: Region, axis: int) -> int:
    return region.box[axis] + region.box[axis + 2]


def merged_regions(regions: Sequence[Region]) -> Region:
    """Several regions as one."""
    box: Box = regions[0].box
    for region in regions[1:]:
        box = union(box, region.box)
    mask = np.zeros((box[3], box[2]), bool)
    for region in regions:
        x, y, width, height = region.box
        mask[y - box[1] : y - box[1] + height, x - box[0] : x - box[0] + width] |= region.mask
    pixels = [region.pixels for region in regions]
    difference = float(np.average([region.difference for region in regions], weights=pixels))
    return Region(box, mask, max(region.strength for region in regions), difference)


def corner_fact(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`rounded` where a region is the corners of its box."""
    height, width = region.mask.shape
    if min(height, width) < 8:
        return None
    rows, columns = np.nonzero(region.mask)
    down, across = np.minimum(rows, height - 1 - rows), np.minimum(columns, width - 1 - columns)
    core = (down > 1) & (across > 1)  # a picture's edges may be drawn anew where its corners are
    core = core if core.sum() >= _FEW_IN_CORE else np.ones_like(core)
    if _reaches_between(region.mask):
        return None
    most = _ELSEWHERE if len(rows) > _SMALL else _ELSEWHERE_SMALL
    side = next(
        (
            side
            for side in _sides(down[core], across[core])
            if _lies_in_corners(side, down, across, (height, width), most)
        ),
        None,
    )
    if side is None:
        return None
    corner = 2 * (rows >= height / 2) + (columns >= width / 2)
    seen = 0
    unlike = np.zeros(2)
    for number in range(4):
        here = corner == number
        if here.sum() < _FEW or down[here].min() > 1 or across[here].min() > 1:
            continue
        seen += 1
        tip = here & (down + across <= max(1.0, _BETWEEN * side))
        y = region.box[1] + (height + 1 if number > 1 else -2)
        x = region.box[0] + (width + 1 if number % 2 else -2)
        if not tip.any() or not (0 <= y < before.shape[0] and 0 <= x < before.shape[1]):
            continue
        places = rows[tip] + region.box[1], columns[tip] + region.box[0]
        for index, image in enumerate((before, after)):
            unlike[index] += float(np.abs(image[places].astype(np.int16) - image[y, x]).max(axis=1).mean())
    low, high = sorted(unlike)
    if seen < 3 or high < _STEP * seen or low > _ROUNDER * high:
        return None
    return Fact("rounded", {"in": "after" if unlike[1] < unlike[0] else "before"})


def _sides(down: np.ndarray, across: np.ndarray) -> list[int]:
    """Sides that corners may have, by how far pixels lie from the edges; few of them may be drawn anew elsewhere."""
    return [
        int(factor * max(np.quantile(down, share), np.quantile(across, share))) + 1
        for share, factor in ((0.98, 1.0), (0.995, 1.0), (0.94, 1.5))
    ]


def _lies_in_corners(
    side: int, down: np.ndarray, across: np.ndarray, size: tuple[int, int], most: float
) -> bool:
    """Whether pixels so far from the edges of a box lie in its corners of that side, outside of what rounds them."""
    height, width = size
    if side < 3 or side > min(size) / 2 + 1 or 2 * side * side > 0.999 * height * width:
        return False
    inside = np.hypot(side - down, side - across) < 0.9 * side - 2  # of the circle that rounds the corner
    return bool(inside.mean() <= most)


def _reaches_between(mask: np.ndarray) -> bool:
    """Whether what differs goes on along the middle of an edge of its box, as outlines do and what grew."""
    for line in (mask[_EDGE], mask[-1 - _EDGE], mask[:, _EDGE], mask[:, -1 - _EDGE]):
        half = max(1, round(_MIDDLE * line.size / 2))
        if line[line.size // 2 - half : line.size // 2 + half + 1].mean() > 0.5:
            return True
    return False


def _pair_fact(before: Pixels, after: Pixels, members: Sequence[Region]) -> Fact | None:
    """`rounded` where two regions are the upper, or the lower, corners of one bar."""
    for lower in (False, True):
        masks = [_turned(region.mask, lower, index == 1) for index, region in enumerate(members)]
        if not all(_is_tip(mask) for mask in masks):
            continue
        unlike = np.zeros(2)
        for index, region in enumerate(members):
            x, y, width, height = region.box
            row = y + height + 1 if lower else y - 2
            if not 0 <= row < len(before):
                return None
            tip = (y + height - 1 if lower else y), (x + width - 1 if index else x)
            for side, image in enumerate((before, after)):
                unlike[side] += float(np.abs(image[tip].astype(np.int16) - image[row, tip[1]]).max())
        low, high = sorted(unlike)
        if high >= 2 * _STEP and low <= _ROUNDER * high:
            return Fact("rounded", {"in": "after" if unlike[1] < unlike[0] else "before"})
    return None


def _turned(mask: np.ndarray, lower: bool, right: bool) -> np.ndarray:
    """A corner as one at the top left."""
    mask = mask[::-1] if lower else mask
    return mask[:, ::-1] if right else mask


def _is_tip(mask: np.ndarray) -> bool:
    """Whether a mask is what a circle leaves of the top left corner of a square."""
    height, width = mask.shape
    if min(height, width) < 4 or abs(height - width) > 2:
        return False
    down, across = np.mgrid[:height, :width]
    far = np.hypot(height - 0.5 - down, width - 0.5 - across) / min(height, width)
    outside, inside = far > 1.08, far < 0.85
    lined = max(float(mask[0].mean()), float(mask[:, 0].mean())) >= _FILLED
    arc = float((mask & ~outside & ~inside).any(axis=0).mean()) >= _FILLED
    return bool(((lined and arc) or mask[outside].mean() >= _FILLED) and mask[inside].mean() <= _ELSEWHERE)
