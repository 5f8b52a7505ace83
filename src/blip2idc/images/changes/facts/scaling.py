"""Pictures that are shown larger or smaller than they were: `resized`.

In: a place before and after, of different sizes. Out: the fact, where the one, resized, is the other, or a part of it.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box, Fact

_LEAST_SIDE = 12  # pixels
_OTHER = 0.05  # by which the ratio of a side differs from one
_SAME = 0.9  # correlation of both at one size
_CUT = 0.95  # the same where one shows a part of the other at its own size
_MOST = 512  # pixels of a side at which they are compared
_HALF_COVERED = 2.0  # pixels by which a side may seem longer than it is: those half covered, at both ends


def resized_picture(before: Pixels, after: Pixels, boxes: tuple[Box | None, Box | None]) -> Fact | None:
    """`resized` where what a place shows is larger or smaller now.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
        boxes: The place in both.
    """
    first, second = boxes
    if first is None or second is None or min(*first[2:], *second[2:]) < _LEAST_SIDE:
        return None
    ratios = [other / one for one, other in zip(first[2:], second[2:], strict=True)]
    if max(abs(ratio - 1) for ratio in ratios) < _OTHER:
        return None
    one, other = _grey(before, first), _grey(after, second)
    if min(float(one.std()), float(other.std())) < 2:
        return None
    small, large = sorted((one, other), key=lambda plane: plane.size)
    size = min(_MOST, small.shape[1]), min(_MOST, small.shape[0])
    alike = _correlation(*(cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (small, large)))
    if alike < _SAME:
        if any(a > b for a, b in zip(small.shape, large.shape, strict=True)):
            return None
        alike = float(cv2.matchTemplate(large, small, cv2.TM_CCOEFF_NORMED).max())
        if alike < _CUT:
            return None
    return Fact("resized", {"factor": round(float(np.prod(ratios)) ** 0.5, 2)})


def factor_by_ink(inks: tuple[float, float], factor: float, before: Box, after: Box) -> float:
    """How many times as large a thing is, by how much of its ground it covers: pixels half covered count half.

    Args:
        inks: By how much it is off its ground, in all, before and after.
        factor: The same by the sides of its boxes, which half covered pixels make too long.
        before: Its box.
        after: Likewise.

    Returns:
        `factor` where the ink cannot be right.
    """
    if min(inks) <= 0:
        return factor
    by_ink = float((inks[1] / inks[0]) ** 0.5)
    off = _HALF_COVERED * (1 / max(before[2:]) + 1 / max(after[2:]))
    return by_ink if abs(by_ink / factor - 1) <= off else factor


def _grey(image: Pixels, box: Box) -> np.ndarray:
    x, y, width, height = box
    grey = cv2.cvtColor(image[y : y + height, x : x + width], cv2.COLOR_RGB2GRAY)
    return np.asarray(grey, np.float32)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
