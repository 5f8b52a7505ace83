"""Letters that are others: strokes that are there and gone, and letters of another ink among those drawn anew.

In: the two images in one frame, and a box or areas in which they differ. Out: whether another sign is written there.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Areas
from blip2idc.images.changes.regions.shifts import MARGIN, best_shift, left_by_shift, window
from blip2idc.images.changes.result import Box

#: Levels up to which pixels differ by rounding, and by which strokes differ from their ground at least.
ROUNDING, STROKE = 2, 40
#: Of the contrast around a pixel: what its difference may be where letters are drawn anew all over.
PARTLY = 0.7
#: Pixels of the shorter side of what is a rest, of the height of letters, and of a box that is less than a digit.
THIN, TALLEST, SPECK = 2, 60, 120
#: Areas that tell what most letters have.
FEW_LETTERS = 6
_WHOLLY, _FEW_PIXELS = 0.85, 6  # of the contrast, where strokes are others, and how many pixels tell
#: Pixels of strokes that are gone where another sign is written, in noise, and share of the difference of a letter that
#: shifts leave then.
_FEW_GONE, _UNSHIFTED = 2, 0.45
#: The same of one part of a line where this is so many times what is left of most of its parts.
_MANY_GONE, _MORE_LEFT, _STANDS_OUT = 6, 0.35, 2.5
#: Share of the place of letters that their ground takes at least.
_GROUND = 0.3
#: Of its height, and pixels at least: about as broad as a letter is.
_BROAD, _NARROWEST = 0.8, 5
#: Levels and pixels of the side of a square from which on it is seen that something has another colour.
_SEEN, _BLOCK = 8, 3
#: Of what most letters have: how many times as much ink, and by how much its hue is off, where it is of another colour.
_OTHER_INK, _OTHER_HUE = 1.5, 0.25


def is_another(before: Pixels, after: Pixels, box: Box) -> bool:
    """Whether strokes are there and gone: some pixels differ by nearly all of the contrast around them."""
    gap, contrast = gap_and_contrast(before, after, box)
    return bool(np.count_nonzero(gap > np.maximum(ROUNDING + _WHOLLY * contrast, STROKE)) >= _FEW_PIXELS)


def is_another_sign(before: Pixels, after: Pixels, box: Box, *, exact: bool) -> bool:
    """Whether strokes of small letters are there and gone, and no shift brings them back.

    It is asked of every letter, since the rest of the line may lie a little elsewhere because of one.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        box: Where the two differ.
        exact: Whether the rest of the images is equal to the pixel, so that one pixel tells.
    """
    x, y, width, height = box
    fewest = 1 if exact else _FEW_GONE
    if height > TALLEST or _strokes_gone(before, after, box) < fewest:
        return False
    if not all(_is_on_ground(window(image, box)) for image in (before, after)):
        return False
    side = max(_NARROWEST, round(_BROAD * height))
    step = max(2, side // 2)
    parts = [
        (left, y, min(side, x + width - left), height)
        for left in range(x, max(x + 1, x + width - side + step), step)
    ]
    gone = [_strokes_gone(before, after, part) for part in parts]
    whole = best_shift(before, after, box)[:2]
    left: dict[int, float] = {}  # the share that shifts leave, where it may be much
    for index in sorted(range(len(parts)), key=lambda index: -gone[index]):
        if gone[index] < fewest:
            break
        if left_by_shift(before, after, parts[index], *whole) < _MORE_LEFT:
            continue  # its own shift leaves no more
        left[index] = best_shift(before, after, parts[index])[2]
        if left[index] >= _UNSHIFTED:
            return True
    most = max((share for index, share in left.items() if gone[index] >= _MANY_GONE), default=0.0)
    if most < _MORE_LEFT:
        return False
    shares = [
        left[index] if index in left else best_shift(before, after, part)[2]
        for index, part in enumerate(parts)
    ]
    return bool(most >= _STANDS_OUT * np.median(shares))


def _is_on_ground(part: np.ndarray) -> bool:
    """Whether much of an image [H, W, 3] has one colour, as the ground of letters and unlike what is all texture."""
    off = np.abs(part - np.median(part.reshape(-1, 3), axis=0)).max(axis=2)
    return bool((off <= STROKE).mean() >= _GROUND)


def _strokes_gone(before: Pixels, after: Pixels, box: Box) -> int:
    """How many pixels in a box differ by most of the contrast of strokes."""
    gap, contrast = gap_and_contrast(before, after, box)
    return int(np.count_nonzero((gap > PARTLY * contrast) & (contrast > STROKE)))


def has_another_color(before: Pixels, after: Pixels, areas: Areas, index: int) -> bool:
    """Whether somewhere in an area not only strokes and edges differ, but what lies between them, too."""
    x, y, width, height = box = areas.box(index)
    labels = areas.labels[y : y + height, x : x + width]
    other = of_another_color(before, after, box) & (labels == areas.numbers[index])
    block = np.ones((_BLOCK, _BLOCK), np.uint8)
    return bool(cv2.erode(other.view(np.uint8), block, borderValue=0).any())


def of_another_color(before: Pixels, after: Pixels, box: Box) -> np.ndarray:
    """Which pixels in a box, bool [h, w], differ by more than what lies around them explains."""
    x, y, width, height = box
    left, top = min(x, MARGIN), min(y, MARGIN)
    gap, contrast = gap_and_contrast(before, after, box, whole=True)
    return np.asarray((gap > _SEEN + PARTLY * contrast)[top : top + height, left : left + width])


def gap_and_contrast(
    before: Pixels, after: Pixels, box: Box, *, whole: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """By how much the pixels in a box differ, and how far those around them are apart, in the image with more."""
    one, other = (window(image, box, whole=whole) for image in (before, after))
    near = np.ones((5, 5), np.uint8)
    contrast = np.maximum(*(cv2.dilate(image, near) - cv2.erode(image, near) for image in (one, other)))
    return np.abs(one - other).max(axis=2), contrast.max(axis=2)


def of_other_ink(before: Pixels, after: Pixels, areas: Areas, anew: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], hold letters that got paler, darker or of another hue, beside most of those drawn anew."""
    ratios = np.full(len(anew), np.nan)
    hues = np.zeros((len(anew), 2))
    for index in np.flatnonzero(anew).tolist():
        x, y, width, height = areas.box(index)
        if width * height <= SPECK or min(width, height) <= THIN or height > TALLEST:
            continue
        sums = [_ink_sums(window(image, (x, y, width, height))) for image in (before, after)]
        if min(ink[0] for ink in sums) < STROKE * _MANY_GONE:
            continue
        ratios[index] = np.log(sums[1][0] / sums[0][0])
        hues[index] = sums[1][1:] / sums[1][0] - sums[0][1:] / sums[0][0]
    told = ~np.isnan(ratios)
    if told.sum() < FEW_LETTERS:
        return np.zeros(len(anew), bool)
    off = np.abs(ratios - np.median(ratios[told]))
    other_hue = np.abs(hues - np.median(hues[told], axis=0)).max(axis=1) > _OTHER_HUE
    return np.asarray(told & ((off > np.log(_OTHER_INK)) | other_hue))


def _ink_sums(part: np.ndarray) -> np.ndarray:
    """By how much the luma, Cr and Cb of an image [H, W, 3] are off its ground, in all: float [3]."""
    planes = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2YCrCb)
    ground = np.median(np.concatenate([planes[0], planes[-1], planes[:, 0], planes[:, -1]]), axis=0)
    return np.asarray(np.abs(planes - ground).sum(axis=(0, 1)))
