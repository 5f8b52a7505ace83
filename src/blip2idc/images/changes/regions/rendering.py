"""Differences that are only drawn anew: letters and edges that lie a fraction of a pixel elsewhere.

In: the two images in one frame and a box in which they differ. Out: what share of the difference is left when one of
them is moved by the best fraction of a pixel. A changed letter, colour or picture leaves nearly all of it, a line of
text that begins half a pixel further right nearly nothing.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Areas, Region, belong
from blip2idc.images.changes.result import Box

_SHIFTED = (
    0.4  # share of the difference that a shift may leave; lines of text leave 0.27, changes 0.56 and more
)
_SHIFTED_IN_ACCORD = 0.55  # the same where nearly everything moved like this
_NEARLY_ALL = 0.9  # share of the areas
_ALIKE = 0.25  # pixels
_SMOOTHED = 0.03  # share that may lie outside of what the neighbours span; changed digits leave 0.1 and more
_ONE_WAY = (
    0.6  # of the difference: that it makes things lighter or darker on the whole, which antialiasing does not
)
_AS_SHARP = 0.75  # of the steps between neighbours: what is blurred loses more of them
_AS_STEEP = (
    0.3  # of the squared steps: an edge between pixels has half of those of one on pixels, a blur a fifth
)
_ROUNDING = 2  # levels
_SLACK = 0.2  # of the local contrast: thin strokes get so much paler by other antialiasing
_MOST = 300  # areas that are looked at, the largest
_MAINLY = 0.8  # share of the differing area from which on thin rests count as drawn anew too
_THIN = 2  # pixels
_OUTLINE = 0.3  # share of its box that an outline takes at most
_OUTLINE_SMOOTHED, _OUTLINE_SHIFTED = 0.3, 0.75  # as above, for outlines
_WIDESPREAD = 10  # areas drawn anew from which on specks count as such too
_SPECK = 120  # pixels of the box, less than a digit of a text takes
_FARTHEST = 1.0  # pixels
_STEPS = (0.5, 0.25, 0.125)
_HOPELESS = 0.8  # share left by whole and half pixels from which on no fraction will explain it
_MARGIN = 3
_LARGEST = 400  # pixels: the part of a larger box that is looked at


def drawn_anew(before: Pixels, after: Pixels, areas: Areas) -> np.ndarray:
    """Which areas, bool [N], only lie up to a pixel elsewhere or have other antialiasing.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        areas: Where the two differ.
    """
    explained = np.zeros(len(areas.numbers), bool)
    shifts = np.full(
        (len(areas.numbers), 3), np.nan
    )  # dx, dy and what is left; not asked where it is smoothed
    sizes = areas.boxes[:, 2] * areas.boxes[:, 3]
    for index in np.argsort(-sizes)[:_MOST]:
        x, y, width, height = (int(value) for value in areas.boxes[index])
        box = x, y, width, height
        explained[index] = _is_smoothed(before, after, box)
        if not explained[index]:
            shifts[index] = best_shift(before, after, box)
            explained[index] = shifts[index, 2] < _SHIFTED
    explained |= _in_accord(shifts, explained)
    if explained.sum() < _WIDESPREAD and not explained.all():
        # a part of a changed word may happen to look drawn anew
        changed = areas.boxes[~explained]
        gap = max(8, round(0.01 * max(before.shape)))
        for index in np.flatnonzero(explained):
            explained[index] = not belong(areas.boxes[index], changed, gap).any()
    if explained.any() and sizes[explained].sum() >= _MAINLY * sizes.sum():
        explained |= areas.boxes[:, 2:].min(axis=1) <= _THIN
        if explained.sum() >= _WIDESPREAD:
            explained |= sizes <= _SPECK
    return explained


def _in_accord(shifts: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], moved as nearly everything did, even if a little more is left of their difference."""
    told = explained & ~np.isnan(shifts[:, 2])
    if told.sum() < _WIDESPREAD or explained.mean() < _NEARLY_ALL:
        return np.zeros(len(explained), bool)
    common = np.median(shifts[told, :2], axis=0)
    if np.abs(common).max() < _STEPS[-1]:
        return np.zeros(len(explained), bool)
    near = np.abs(shifts[:, :2] - common).max(axis=1) <= _ALIKE
    return np.asarray(near & (shifts[:, 2] < _SHIFTED_IN_ACCORD))


def is_outline_drawn_anew(before: Pixels, after: Pixels, region: Region) -> bool:
    """Whether only the outlines of things differ, as they do where rows moved by half a pixel more than the letters."""
    if region.pixels > _OUTLINE * region.box[2] * region.box[3]:
        return False
    return (
        _is_smoothed(before, after, region.box, _OUTLINE_SMOOTHED)
        or best_shift(before, after, region.box)[2] < _OUTLINE_SHIFTED
    )


def _is_smoothed(before: Pixels, after: Pixels, box: Box, smoothed: float = _SMOOTHED) -> bool:
    """Whether each image stays within what neighbouring pixels of the other span, none lighter nor sharper."""
    one, other = (_part(image, box) for image in (before, after))
    gap = other - one
    total = float(np.square(gap).sum())
    one_way = np.abs(gap.sum(axis=(0, 1))) > _ONE_WAY * np.abs(gap).sum(axis=(0, 1))
    if total == 0 or one_way.any():
        return False
    sharpness = [float(np.abs(np.diff(image, axis=1)).sum()) for image in (one, other)]
    if min(sharpness) < _AS_SHARP * max(sharpness):
        return False
    steepness = [
        float(np.square(np.diff(image, axis=axis)).sum()) for image in (one, other) for axis in (0, 1)
    ]
    if min(steepness[0] / max(steepness[2], 1.0), steepness[2] / max(steepness[0], 1.0)) < _AS_STEEP:
        return False
    if min(steepness[1] / max(steepness[3], 1.0), steepness[3] / max(steepness[1], 1.0)) < _AS_STEEP:
        return False
    near, far = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
    for this, that in ((one, other), (other, one)):
        slack = _ROUNDING + _SLACK * (cv2.dilate(that, far) - cv2.erode(that, far))
        outside = np.maximum(
            np.maximum(cv2.erode(that, near) - this, this - cv2.dilate(that, near)) - slack, 0
        )
        if float(np.square(outside).sum()) > smoothed * total:
            return False
    return True


def best_shift(before: Pixels, after: Pixels, box: Box) -> tuple[float, float, float]:
    """The shift of before, of at most a pixel, that explains most of the difference in a box.

    Returns:
        dx, dy, and the share (0..1) of the squared difference that is left.
    """
    one, other = (_part(image, box) for image in (before, after))
    start = _left(one, other, 0.0, 0.0)
    if start == 0.0:
        return 0.0, 0.0, 1.0
    x, y = _linear_shift(one, other)
    best = min((start, 0.0, 0.0), (_left(one, other, x, y), x, y))
    for step in _STEPS:
        reach = _FARTHEST if step == _STEPS[0] else step
        centre = best
        for dx in np.arange(-reach, reach + step / 2, step):
            for dy in np.arange(-reach, reach + step / 2, step):
                x, y = centre[1] + float(dx), centre[2] + float(dy)
                if max(abs(x), abs(y)) <= _FARTHEST and (dx or dy):
                    best = min(best, (_left(one, other, x, y), x, y))
        if step == _STEPS[0] and best[0] > _HOPELESS * start:
            break
    return best[1], best[2], best[0] / start


def _linear_shift(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The small shift that explains most by the gradients, as in Lucas and Kanade (1981), within the farthest."""
    mean = (one + other) / 2
    across, down = np.gradient(mean, axis=1).ravel(), np.gradient(mean, axis=0).ravel()
    gap = (one - other).ravel()
    system = np.array([[across @ across, across @ down], [across @ down, down @ down]])
    if np.linalg.det(system) < 1e-6 * max(1.0, float(system.max())) ** 2:
        return 0.0, 0.0
    dx, dy = np.clip(np.linalg.solve(system, np.array([across @ gap, down @ gap])), -_FARTHEST, _FARTHEST)
    return float(dx), float(dy)


def _part(image: Pixels, box: Box) -> np.ndarray:
    x, y, width, height = box
    height, width = min(height, _LARGEST), min(width, _LARGEST)
    top, left = max(0, y - _MARGIN), max(0, x - _MARGIN)
    return image[top : y + height + _MARGIN, left : x + width + _MARGIN].astype(np.float32)


def _left(one: np.ndarray, other: np.ndarray, dx: float, dy: float) -> float:
    if dx or dy:
        matrix = np.array([[1.0, 0, dx], [0, 1.0, dy]])
        one = cv2.warpAffine(
            one, matrix, one.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    inner = (slice(1, -1), slice(1, -1))
    return float(np.square(other - one)[inner].sum())
