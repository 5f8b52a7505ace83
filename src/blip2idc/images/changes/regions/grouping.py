"""Few boxes, one a thing, from a map of differences.

In: the strength of every pixel. Out: `Region`s: connected areas, joined where they belong together: letters of a line,
lines of a paragraph, parts of one drawing a few pixels apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.regions.noise import Excess
from blip2idc.images.changes.result import Box

_WEAK = 0.55  # strength to which an area extends once it has a strong pixel
_AROUND = 4  # pixels, more than closing reaches
_LINE = 64  # pixels: what is not higher may be a line of text
_LETTERS = 2.5  # heights of a line that changed letters of one word may be apart
_MOST = 400  # areas that are joined pair by pair; more are joined by closing gaps first
_GAP = 0.008  # share of the image's longer side that parts of one thing may be apart
_SPILT = 9  # pixels of the side of the square over which a difference is spilt in noise
_HARDLY, _STRONG = 0.1, 0.9  # share of the difference of the strongest pixels, and their quantile


@dataclass(frozen=True, eq=False)
class Region:
    """One place.

    Attributes:
        box: In the frame of the overlay.
        mask: bool [height, width] of the box: the pixels that differ.
        strength: Of the strongest pixels.
        difference: Mean difference over the mask, 0..255.
    """

    box: Box
    mask: np.ndarray
    strength: float
    difference: float

    @property
    def pixels(self) -> int:
        """Pixels that differ."""
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True, eq=False)
class Areas:
    """Connected areas, before they are joined.

    Attributes:
        labels: int32 [H, W], the number of the area of each pixel, 0 for none.
        weak: bool [H, W], the pixels that belong to an area.
        numbers: int [N], the areas that hold a strong pixel.
        boxes: int [N, 4], theirs.
    """

    labels: np.ndarray
    weak: np.ndarray
    numbers: np.ndarray
    boxes: np.ndarray

    def box(self, index: int) -> Box:
        """The box of an area."""
        x, y, width, height = (int(value) for value in self.boxes[index])
        return x, y, width, height

    def only(self, kept: np.ndarray) -> Areas:
        """Some of the areas, by a bool [N]."""
        return Areas(self.labels, self.weak, self.numbers[kept], self.boxes[kept])


def find_areas(excess: Excess) -> Areas:
    """Connected areas that stand out; letters that touch or nearly do are one."""
    weak = excess.strength > _WEAK
    labels = np.zeros(weak.shape, np.int32)
    window = _around(weak)
    if window is None:
        return Areas(labels, weak, np.zeros(0, np.int64), np.zeros((0, 4), np.int64))
    joined = cv2.morphologyEx(weak[window].astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 5), np.uint8))
    count, labels[window], stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    alive = np.zeros(count, bool)
    alive[labels[window][excess.strength[window] > 1]] = True
    alive[0] = False
    boxes = stats[alive][:, :4].astype(np.int64)
    boxes[:, :2] += window[1].start, window[0].start
    return Areas(labels, weak, np.flatnonzero(alive), boxes)


def _around(mask: np.ndarray) -> tuple[slice, slice] | None:
    """The part of a frame in which a mask [H, W] has pixels, with a little around it; None where it has none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return None
    top, bottom = max(0, int(rows[0]) - _AROUND), int(rows[-1]) + 1 + _AROUND
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    left, right = max(0, int(columns[0]) - _AROUND), int(columns[-1]) + 1 + _AROUND
    return slice(top, bottom), slice(left, right)


def find_regions(excess: Excess, areas: Areas) -> list[Region]:
    """Join areas that belong together to regions, the strongest first."""
    if not len(areas.numbers):
        return []
    groups = _join(areas.boxes, max(4, round(_GAP * max(excess.strength.shape))))
    label_groups = np.full(int(areas.labels.max()) + 1, -1)
    label_groups[areas.numbers] = groups
    regions = []
    for group in np.unique(groups):
        members = areas.boxes[groups == group]
        left, top = members[:, :2].min(axis=0)
        right, bottom = (members[:, :2] + members[:, 2:]).max(axis=0)
        window = slice(top, bottom), slice(left, right)
        mask = (label_groups[areas.labels[window]] == group) & areas.weak[window]
        if not excess.exact:
            mask = _without_spill(mask, excess.difference[window])
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        tight = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        mask = mask[tight]
        box = (int(left + columns[0]), int(top + rows[0]), mask.shape[1], mask.shape[0])
        strengths = excess.strength[window][tight][mask]
        differences = excess.difference[window][tight][mask]
        regions.append(Region(box, mask, float(np.quantile(strengths, 0.9)), float(differences.mean())))
    regions.sort(key=lambda region: -region.pixels * region.difference)
    return regions


def _without_spill(mask: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """A mask without its rim as far as that hardly differs: in noise a strong difference is spilt by blurring."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((_SPILT, _SPILT), np.uint8), borderValue=0) > 0
    return np.asarray(mask & (inner | (difference >= _HARDLY * np.quantile(difference[mask], _STRONG))))


def _join(boxes: np.ndarray, gap: int) -> np.ndarray:
    """The group of each box (x, y, width, height), int [N]: joined until nothing more belongs together."""
    groups = np.arange(len(boxes))
    current: list[Box] = [(int(x), int(y), int(width), int(height)) for x, y, width, height in boxes]
    members = [[index] for index in range(len(boxes))]
    if len(current) > _MOST:
        current, members = _join_close(current, gap)
    changed = True
    while changed and len(current) > 1:
        changed = False
        array = np.array(current)
        for i in range(len(current)):
            near = belong(array[i], array, gap)
            near[i] = False
            if near.any():
                j = int(np.flatnonzero(near)[0])
                i, j = min(i, j), max(i, j)
                current[i] = union(current[i], current[j])
                members[i] += members[j]
                del current[j], members[j]
                changed = True
                break
    for number, group in enumerate(members):
        groups[group] = number
    return groups


def _join_close(boxes: list[Box], gap: int) -> tuple[list[Box], list[list[int]]]:
    """Join a great number of boxes on a coarse raster."""
    cell = 2 * gap
    width = max(box[0] + box[2] for box in boxes) // cell + 1
    height = max(box[1] + box[3] for box in boxes) // cell + 1
    raster = np.zeros((height, width), np.uint8)
    for x, y, w, h in boxes:
        raster[y // cell : (y + h - 1) // cell + 1, x // cell : (x + w - 1) // cell + 1] = 1
    count, labels = cv2.connectedComponents(raster, connectivity=8)
    members: list[list[int]] = [[] for _ in range(count)]
    for index, (x, y, _, _) in enumerate(boxes):
        members[labels[y // cell, x // cell]].append(index)
    members = [group for group in members if group]
    joined = []
    for group in members:
        box = boxes[group[0]]
        for index in group[1:]:
            box = union(box, boxes[index])
        joined.append(box)
    return joined, members


def belong(box: np.ndarray, others: np.ndarray, gap: int) -> np.ndarray:
    """Which boxes [N, 4] belong to a box: close by, or of the same line or paragraph of text."""
    x, y, width, height = box
    across = np.maximum(others[:, 0], x) - np.minimum(others[:, 0] + others[:, 2], x + width)
    down = np.maximum(others[:, 1], y) - np.minimum(others[:, 1] + others[:, 3], y + height)
    close = (across <= gap) & (down <= gap)
    low, high = np.minimum(others[:, 3], height), np.maximum(others[:, 3], height)
    text = high <= _LINE
    line = text & (-down >= 0.5 * low) & (across <= _LETTERS * high)
    narrow = np.minimum(others[:, 2], width)
    paragraph = (
        (low <= _LINE) & (down <= 0.9 * low) & (-across >= 0.5 * narrow) & (low >= 6) & (narrow > 2 * low)
    )
    return np.asarray(close | line | paragraph)


def union(one: Box, other: Box) -> Box:
    """The smallest box around both."""
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top
