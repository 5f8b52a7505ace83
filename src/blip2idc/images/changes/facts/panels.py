"""A box with its own ground that lies over other things on one side only: `panel`, as menus, banners and dialogs are.

In: the two images in one frame and a region. Out: the fact with the side that has it, and what it is by its place.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Box, Fact

_SMALLEST = (80, 36)  # pixels: width and height of a panel
_FILLED = 0.9  # share of its box that it fills, what is on it included
_OF_REGION = 0.3  # share of the region's box that it takes
_RIM = 3  # pixels inside its edge that are bare
_BARE = 0.9  # share of them
_NEAR = 6  # levels by which its ground may differ
_INK = (0.004, 0.5)  # share of it that is written on
_STEP, _CONTINUES = 7.0, 0.55  # levels of its edge, and of them what the other side has there at most
_SEEN, _BROKEN = 0.9, 0.75  # share of an edge that is seen, or of that which the other side has there at most
_WHOLE_WIDTH = 0.97  # of the page, that a banner takes


def panel(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`panel` where a box with something on it opened or was closed."""
    if region.box[2] < _SMALLEST[0] or region.box[3] < _SMALLEST[1]:
        return None
    for side, image, other in (("after", after, before), ("before", before, after)):
        box = plain_box(image, region.box)
        if box is None:
            continue
        steps = [_edge_steps(one, box) for one in (image, other)]
        there = [_is_edge_of_one(*gaps) for gaps in zip(*steps, strict=True)]
        if not steps[0] or sum(there) < max(1, len(there) - 1):
            continue
        if not _covers(image, other, box):
            continue
        kind = "banner" if box[2] >= _WHOLE_WIDTH * image.shape[1] else "panel"
        return Fact("panel", {"in": side, "as": kind})
    return None


def plain_box(image: Pixels, box: Box) -> Box | None:
    """The box of one ground in a box, with something written on it and a bare rim."""
    x, y, width, height = box
    window = image[y : y + height, x : x + width].astype(np.int16)
    codes = (window >> 3).reshape(-1, 3) @ np.array([1024, 32, 1])
    best = int(np.bincount(codes, minlength=32768).argmax())
    values = window.reshape(-1, 3)[codes == best]
    ground = np.median(values, axis=0)
    plain = (largest_channel(np.abs(window - ground)) <= _NEAR).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(plain, connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, wide, high = (int(value) for value in stats[largest, :4])
    if wide < _SMALLEST[0] or high < _SMALLEST[1] or wide * high < _OF_REGION * width * height:
        return None
    part = (labels[top : top + high, left : left + wide] == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(part)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    if filled.mean() < _FILLED:
        return None
    rim = [part[1:_RIM, 12:-12], part[-_RIM:-1, 12:-12], part[12:-12, 1:_RIM], part[12:-12, -_RIM:-1]]
    if min(float(side.mean()) if side.size else 1.0 for side in rim) < _BARE:
        return None
    written = 1 - float(part.sum()) / float(filled.sum())
    if not _INK[0] <= written <= _INK[1]:
        return None
    return x + left, y + top, wide, high


def _is_edge_of_one(mine: np.ndarray, theirs: np.ndarray) -> bool:
    """Whether the steps [N] over an edge are those of something that the other side does not have."""
    if mine.mean() < _STEP:
        return False
    if theirs.mean() <= _CONTINUES * mine.mean():
        return True
    return bool((mine >= _STEP).mean() >= _SEEN and (theirs >= _STEP).mean() <= _BROKEN)


def _edge_steps(image: Pixels, box: Box) -> list[np.ndarray]:
    """The steps [N] over each edge of a box that lies within the image, levels."""
    x, y, width, height = box
    rows, columns = (
        slice(y + height // 8, y + height - height // 8),
        slice(x + width // 8, x + width - width // 8),
    )
    steps = []
    for inner, outer in (
        ((y + 1, columns), (y - 3, columns)),
        ((y + height - 2, columns), (y + height + 2, columns)),
        ((rows, x + 1), (rows, x - 3)),
        ((rows, x + width - 2), (rows, x + width + 2)),
    ):
        place = next(value for value in outer if isinstance(value, int))
        limit = image.shape[0] if isinstance(outer[0], int) else image.shape[1]
        if not 0 <= place < limit:
            continue
        steps.append(np.abs(image[inner].astype(np.int16) - image[outer]).max(axis=1))
    return steps


def _covers(image: Pixels, other: Pixels, box: Box) -> bool:
    """Whether most of what is written on a panel is not there on the other side."""
    x, y, width, height = box
    window = slice(y, y + height), slice(x, x + width)
    one, two = image[window].astype(np.int16), other[window].astype(np.int16)
    ground = np.median(one.reshape(-1, 3), axis=0)
    ink = largest_channel(np.abs(one - ground)) > 40
    if not ink.any():
        return False
    return bool((largest_channel(np.abs(one - two))[ink] > 20).mean() > 0.6)
