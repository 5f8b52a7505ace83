"""Check boxes and switches that were turned on or off: `checked`.

In: the two images in one frame and a region. Out: the fact with the side that is on. A switch is a pill with a knob at
one end, which lies at the other end in the other image; it is on where the rest of the pill stands out more, else where
the knob lies at the right. A check box is a small square with another ground and a mark on it when it is on, and is
bare when it is off; a radio button is a circle with a dot in its middle, or is bare.
"""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.facts.patch import luma_of
from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

_BOX, _SWITCH = ((9, 26), (10, 36))  # pixels: the side of a check box, and the height of a switch
_SQUARE, _PILL = (0.8, 1.25), (1.4, 2.8)  # width over height
_LIGHT, _MARK_LIGHT = 215.0, 180.0  # luma of a bare box and of a mark, at least
_PILL_SEEN = 0.4  # of the strongest difference, from which on a pixel is of the pill and not of a shadow
_KNOB, _EDGE = (
    0.28,
    0.15,
)  # of the height of a pill: the radius of what is sure of its knob, and how far from its edge
_KNOB_STEP, _ON_STEP = (
    12.0,
    24.0,
)  # levels between knob and pill, and between a pill that is on and one that is off
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
    if (side := _switched(images)) is not None:
        return Fact("checked", {"in": side})
    if x < 3 or not _is_one_shape(images, before[y + height // 2, x - 3].astype(np.float32)):
        return None  # a badge that moved a little
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


def _switched(images: list[np.ndarray]) -> str | None:
    """The side on which a switch is on, where its knob lies at one end of it before and at the other after."""
    gap = largest_channel(np.abs(images[0] - images[1]))
    seen = gap > _PILL_SEEN * float(np.quantile(gap, 0.98))
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    pill = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    images = [image[pill] for image in images]
    height, width = images[0].shape[:2]
    if not (_SWITCH[0] <= height <= _SWITCH[1] and _PILL[0] <= width / height <= _PILL[1]):
        return None
    knobs = [_knob_of(image) for image in images]
    if None in knobs or knobs[0] == knobs[1]:
        return None
    ground = images[0][0, 0]
    apart = [float(np.abs(_middle_of(image) - ground).max()) for image in images]
    if max(apart) < _STEP:
        return None  # two dots, of which the other one is filled
    on = int(knobs[1] == "right") if abs(apart[1] - apart[0]) < _ON_STEP else int(apart[1] > apart[0])
    return ("before", "after")[on]


def _knob_of(image: np.ndarray) -> str | None:
    """At which end of a pill its knob lies; None where neither or both are of another colour than its middle."""
    height, width = image.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    middle = _middle_of(image)
    apart = []
    for x in (height / 2, width - height / 2):
        values = image[np.hypot(rows + 0.5 - height / 2, columns + 0.5 - x) <= _KNOB * height]
        if _evenness(values) < _PLAIN:
            return None
        apart.append(float(np.abs(np.median(values, axis=0) - middle).max()))
    low, high = sorted(apart)
    if low > _DRAWN or high < max(_KNOB_STEP, 1.5 * low):
        return None
    return ("left", "right")[int(apart[1] > apart[0])]


def _middle_of(image: np.ndarray) -> np.ndarray:
    """The colour of a pill between both places of its knob, at its upper edge."""
    height, width = image.shape[:2]
    return np.asarray(image[round(_EDGE * height), width // 2])


def _is_marked(image: np.ndarray) -> bool:
    light = float((luma_of(image[2:-2, 2:-2]) >= _MARK_LIGHT).mean())
    colored = float((np.ptp(image, axis=2) >= _COLORED).mean())
    return colored >= _STRONG and _MARK[0] <= light <= _MARK[1]
