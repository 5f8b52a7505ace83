"""Check boxes and switches that were turned on or off: `checked`.

In: the two images in one frame and a region. Out: the fact with the side that is on. A switch is a pill in which a
light knob lies at the right when it is on; a check box is a small square with another ground and a mark on it when it
is on, and is bare when it is off; a radio button is a circle with a dot in its middle, or is bare.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.facts.patch import luma_of
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

_BOX, _SWITCH = ((9, 26), (10, 36))  # pixels: the side of a check box, and the height of a switch
_SQUARE, _PILL = (0.8, 1.25), (1.4, 2.8)  # width over height
_LIGHT, _KNOB_LIGHT, _MARK_LIGHT = (
    215.0,
    242.0,
    180.0,
)  # luma of a bare box, of a knob and of a mark, at least
_KNOB = (0.12, 0.6)  # share of the pill that it takes
_ENDS = (0.4, 0.6)  # of the width: where its middle lies at most when it is off, and at least when it is on
_STRONG, _COLORED = 0.5, 40.0  # share of a box that has a colour, and levels between its channels
_DRAWN, _SAME = (
    12.0,
    0.8,
)  # levels by which something differs from its ground, and share of an edge that stays
#: Of a radio button, in halves of its width, its dot and the gap around; levels between both; share of what is bare.
_DOT, _GAP, _STEP, _PLAIN = 0.3, (0.54, 0.7), 40.0, 0.9
_RIM, _BORDER = 0.15, 2  # of its width, and pixels: the outline of a box
_SPECKS = 0.02  # share of a bare box that may have another colour
_MARK, _BARE = (0.04, 0.45), 0.7  # share of a box that its mark takes, and that is light when it is bare


def toggle(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`checked` where a check box or a switch was turned on or off."""
    x, y, width, height = region.box
    shape = width / height
    window = slice(y, y + height), slice(x, x + width)
    images = [image[window].astype(np.float32) for image in (before, after)]
    if x < 3 or not _is_one_shape(images, before[y + height // 2, x - 3].astype(np.float32)):
        return None  # a badge that moved a little
    if _SWITCH[0] <= height <= _SWITCH[1] and _PILL[0] <= shape <= _PILL[1]:
        places = [_knob(image) for image in images]
        for side, (on, off) in (("after", places[::-1]), ("before", places)):
            if on is not None and off is not None and off <= _ENDS[0] and on >= _ENDS[1]:
                return Fact("checked", {"in": side})
    if _BOX[0] <= height <= _BOX[1] and _SQUARE[0] <= shape <= _SQUARE[1]:
        marked = [_is_marked(image) for image in images]
        bare = [float((luma_of(image) >= _LIGHT).mean()) >= _BARE for image in images]
        for side, index in (("after", 1), ("before", 0)):
            if marked[index] and bare[1 - index]:
                return Fact("checked", {"in": side})
        for side, (bare_one, filled) in (("after", images), ("before", images[::-1])):
            if _got_dot(bare_one, filled) or _got_mark(bare_one, filled):
                return Fact("checked", {"in": side})
    return None


def _got_dot(off: np.ndarray, on: np.ndarray) -> bool:
    """Whether a circle that is bare in one image has a dot in its middle, apart from its outline, in the other."""
    height, width = off.shape[:2]
    down, across = (2 * (np.arange(side) + 0.5) / side - 1 for side in (height, width))
    away = np.hypot(down[:, None], across[None])
    dot, gap = away <= _DOT, (away >= _GAP[0]) & (away <= _GAP[1])
    if _evenness(off[away <= _GAP[1]]) < _PLAIN or _evenness(on[dot]) < _PLAIN:
        return False
    return bool(np.abs(np.median(on[dot], axis=0) - np.median(on[gap], axis=0)).max() >= _STEP)


def _got_mark(off: np.ndarray, on: np.ndarray) -> bool:
    """Whether a box that is bare in one image has a mark on another ground in the other."""
    rim = max(2, round(_RIM * len(off)))
    inside = slice(rim, len(off) - rim), slice(rim, off.shape[1] - rim)
    one, other = (image[inside].reshape(-1, 3) for image in (off, on))
    grounds = np.median(one, axis=0), np.median(on[_BORDER:-_BORDER, _BORDER:-_BORDER].reshape(-1, 3), axis=0)
    if _evenness(one) < _PLAIN or np.abs(grounds[0] - grounds[1]).max() < _STEP:
        return False
    if (np.abs(one - grounds[0]).max(axis=1) >= _STEP).mean() > _SPECKS:
        return False  # a badge with a thin digit on it
    mark = np.abs(other - grounds[1]).max(axis=1) >= 2 * _STEP
    return bool(_MARK[0] <= mark.mean() <= _MARK[1])


def _evenness(values: np.ndarray) -> float:
    """Share of some pixels [N, 3] that have nearly the same colour."""
    return float((np.abs(values - np.median(values, axis=0)).max(axis=1) <= _DRAWN).mean())


def _is_one_shape(images: list[np.ndarray], ground: np.ndarray) -> bool:
    """Whether what is not ground reaches as far in both images, row by row and column by column."""
    one, other = (np.abs(image - ground).max(axis=2) > _DRAWN for image in images)
    for axis in (0, 1):
        if np.mean(one.any(axis=axis) == other.any(axis=axis)) < 1.0:
            return False
    return bool(np.mean(one[:, 0] == other[:, 0]) > _SAME and np.mean(one[:, -1] == other[:, -1]) > _SAME)


def _knob(image: np.ndarray) -> float | None:
    """Where the middle of the light knob lies, as a share of the width; None where there is none."""
    inner = (luma_of(image[2:-2, 2:-2]) >= _KNOB_LIGHT).astype(np.uint8)
    count, _, stats, middles = cv2.connectedComponentsWithStats(inner, connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    share = float(stats[largest, cv2.CC_STAT_AREA]) / inner.size
    if not _KNOB[0] <= share <= _KNOB[1] or stats[largest, cv2.CC_STAT_WIDTH] > 1.3 * inner.shape[0]:
        return None
    return float(middles[largest, 0] / inner.shape[1])


def _is_marked(image: np.ndarray) -> bool:
    light = float((luma_of(image[2:-2, 2:-2]) >= _MARK_LIGHT).mean())
    colored = float((np.ptp(image, axis=2) >= _COLORED).mean())
    return colored >= _STRONG and _MARK[0] <= light <= _MARK[1]
