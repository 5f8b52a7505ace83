"""A line around a thing that is unchanged inside: `outlined`, as borders and focus rings are; around nothing, a thing.

In: the two images in one frame and a region. Out: the fact with the side that has the line and its colour. The pixels
that differ are a ring; in one image it has a colour of its own, in the other it continues what is inside or outside.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact
from blip2idc.images.color_names import color_name, hex_code

_SMALLEST = 10  # pixels of a side of what has a line around it
_THICKEST = 8  # pixels of the line
_THIN = 0.97  # share of the pixels that lie in the line
_SIDES, _COVERED = 3, 0.45  # sides that are seen, and the share of one that is: dashes leave half
_RING = 1.5  # times the pixels of a closed ring that it encloses, with itself
_CORE = 0.6  # of the usual difference, from which on a pixel has the full colour of the line
_COLOR, _ONE_COLOR = 40, 0.6  # levels, and the share of the core that has one colour
_CONTINUES = 0.4  # of the step of the side with the line, at most, where the other has none
_STEP = 12.0  # levels by which the line differs from what is beside it
_HAZE = 0.3  # of the strongest difference, up to which it is a haze beside the line
_BARE = 2  # levels by which the pixels of a place differ in which there is nothing
_WIDEST_AROUND = 6  # pixels beside a region that are looked at


def outline(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`outlined` where a line around something came or went."""
    x, y, width, height = region.box
    if min(width, height) < _SMALLEST:
        return None
    if not _is_ring(region.mask):
        sharp = _sharp(before, after, region)
        return None if sharp is None else outline(before, after, sharp)
    top, left = max(0, y - _WIDEST_AROUND), max(0, x - _WIDEST_AROUND)
    window = slice(top, y + height + _WIDEST_AROUND), slice(left, x + width + _WIDEST_AROUND)
    one, other = (image[window].astype(np.int16) for image in (before, after))
    mask = np.zeros(one.shape[:2], np.uint8)
    mask[y - top : y - top + height, x - left : x - left + width] = region.mask
    gap = largest_channel(np.abs(one - other))
    core = (mask > 0) & (gap >= _CORE * float(np.quantile(gap[mask > 0], 0.9)))
    steps = [_step(image, mask, core) for image in (one, other)]
    low, high = sorted(steps)
    if high < _STEP or low > _CONTINUES * high:
        return None
    side = int(steps[1] > steps[0])
    values = (one, other)[side][core]
    color = np.median(values, axis=0)
    if (np.abs(values - color).max(axis=1) <= _COLOR).mean() < _ONE_COLOR:
        return None
    if _is_empty((one, other)[1 - side], mask):
        return Fact(("disappeared", "appeared")[side])
    return Fact(
        "outlined",
        {"in": ("before", "after")[side], "by": color_name(color), "by_hex": hex_code(color)},
    )


def _sharp(before: Pixels, after: Pixels, region: Region) -> Region | None:
    """What of a region differs strongly, where it is a ring and the rest a haze: what lies over the line is blurred."""
    x, y, width, height = region.box
    window = slice(y, y + height), slice(x, x + width)
    gap = largest_channel(np.abs(after[window].astype(np.int16) - before[window]))
    limit = _HAZE * float(np.quantile(gap[region.mask], 0.98))
    strong = region.mask & (gap > limit)
    rows, columns = np.flatnonzero(strong.any(axis=1)), np.flatnonzero(strong.any(axis=0))
    if not rows.size or limit < _STEP or min(np.ptp(rows), np.ptp(columns)) + 1 < _SMALLEST:
        return None
    part = strong[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    if part.shape == strong.shape and part.sum() == region.mask.sum():
        return None
    box = x + int(columns[0]), y + int(rows[0]), part.shape[1], part.shape[0]
    return Region(box, part, region.strength, float(gap[strong].mean())) if _is_ring(part) else None


def _is_empty(image: np.ndarray, mask: np.ndarray) -> bool:
    """Whether nothing is seen in and around a box in the image without its line: the box itself came or went."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    rim = slice(max(0, rows[0] - 2), rows[-1] + 3), slice(max(0, columns[0] - 2), columns[-1] + 3)
    return bool(np.ptp(image[rim].reshape(-1, 3), axis=0).max() <= _BARE)


def _is_ring(mask: np.ndarray) -> bool:
    """Whether a mask is a thin line along its box, or a closed thin ring of another form."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    inward = np.minimum.reduce([rows, height - 1 - rows, columns, width - 1 - columns])
    thick = int(np.quantile(inward, _THIN)) + 1
    if thick <= _THICKEST and 3 * thick <= min(height, width):
        lines = mask[:thick].any(0), mask[-thick:].any(0), mask[:, :thick].any(1), mask[:, -thick:].any(1)
        if sum(float(line.mean()) >= _COVERED for line in lines) >= _SIDES:
            return True
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    if filled.sum() < _RING * mask.sum():
        return False
    deep = cv2.distanceTransform(np.pad(filled, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    if float(np.quantile(deep[mask], _THIN)) > _THICKEST + 1:
        return False
    length = max(len(line) for line in outlines)
    return length > 0.5 * sum(len(line) for line in outlines)


def _step(image: np.ndarray, mask: np.ndarray, core: np.ndarray) -> float:
    """By how many levels the core of a ring differs from the nearer of what is inside and outside of it."""
    _, labels = cv2.connectedComponents(1 - mask, connectivity=4)
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    outside = np.isin(labels, border[border > 0])
    inside = (labels > 0) & ~outside
    if not inside.any():  # dashes
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        within = np.zeros_like(inside)
        within[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
        inside, outside = outside & within, outside & ~within
    steps = []
    for source in (outside, inside):
        if not source.any():
            continue
        free = 1 - source.astype(np.uint8)
        _, nearest = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        places = np.zeros((int(nearest.max()) + 1, 2), np.int64)
        rows, columns = np.nonzero(source)
        places[nearest[rows, columns]] = np.stack([rows, columns], axis=1)
        near = places[nearest[core]]
        steps.append(np.abs(image[core] - image[near[:, 0], near[:, 1]]).max(axis=1))
    return float(np.minimum.reduce(steps).mean()) if steps else 0.0
