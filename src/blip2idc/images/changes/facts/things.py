"""What a change happened to, as far as its pixels tell: a text, a button, a box, a line, a picture.

In: one image and the place of a change in it. Out: a few words for a sentence, such as ``blue button``. Nothing is
recognised: the words tell how the place is filled, and are empty where that is not clear.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box
from blip2idc.images.color_names import color_name

_AROUND = 4  # pixels beside a box in which its ground is looked for
_PLAIN = 0.8  # share of what is around that has one colour where there is a ground
_NEAR = 20  # levels by which pixels of one colour may differ
_PAINTED, _MOSTLY = 1, 0.35  # levels by which painted ground differs from itself, and for how much of it
_FILLED = 0.55  # share of its box that a box fills with its colour
_GROUND = 0.3  # share of its box that letters leave free
_LETTERS = 3  # parts of the ink
_LINE, _LONG = 4, 24  # pixels: how thick a line is at most, and how long at least
_TALL = 64  # pixels: the height of letters and buttons
_BUTTON = ((40, 360), (18, _TALL))  # pixels: the width and the height of what is pressed
_LABEL = 0.03  # share of its box that the letters of a button take
_MANY_COLORS = 24  # of 512
_SMALL = 12  # pixels of a side below which nothing is told


def thing_of(image: Pixels, box: Box) -> str:
    """Name what is in a box.

    Args:
        image: uint8 [H, W, 3].
        box: In its pixels.

    Returns:
        ``text``, ``line``, ``picture``, ``part of the picture``, or ``box``, ``button`` and ``shape`` with a colour
        before; in a photograph, whose ground is nowhere of one colour, ``thing``; empty where that is not clear.
    """
    x, y, width, height = box
    top, left = max(0, y - _AROUND), max(0, x - _AROUND)
    window = image[top : y + height + _AROUND, left : x + width + _AROUND].astype(np.int16)
    ring = np.ones(window.shape[:2], bool)
    ring[y - top : y - top + height, x - left : x - left + width] = False
    inside = window[y - top : y - top + height, x - left : x - left + width]
    ground = _common(window[ring]) if ring.any() else None
    if ground is None:
        return (
            "part of the picture"
            if _colors_of(inside) >= _MANY_COLORS and min(width, height) >= _SMALL
            else ""
        )
    ink = np.abs(inside - ground).max(axis=2) > _NEAR
    if not ink.any():
        return ""
    color = np.median(inside[ink], axis=0)
    if not _is_drawn(window[ring], ground):
        return f"{color_name(color)} thing" if min(width, height) >= _SMALL else ""
    same = float((np.abs(inside - color).max(axis=2) <= _NEAR).mean())
    if min(width, height) <= _LINE and max(width, height) >= _LONG and same > _FILLED:
        return f"{color_name(color)} line"
    if min(width, height) < _SMALL and max(width, height) < _SMALL:
        return ""
    if ink.mean() > 0.5 and _colors_of(inside) >= _MANY_COLORS:
        return "picture"
    if same >= _FILLED:
        pressed = all(low <= side <= high for side, (low, high) in zip((width, height), _BUTTON, strict=True))
        labelled = 1 - same >= _LABEL
        return f"{color_name(color)} {'button' if pressed and labelled else 'box'}"
    if ink.mean() > 1 - _GROUND:
        return ""
    if _is_text(ink):
        return "text"
    if float((np.abs(inside[ink] - color).max(axis=1) <= _NEAR).mean()) > 0.6:
        return f"{color_name(color)} shape"
    return ""


def _common(values: np.ndarray) -> np.ndarray | None:
    """The colour of most of some pixels [N, 3]; None where they have no common one."""
    middle: np.ndarray = np.median(values, axis=0)
    near = np.abs(values - middle).max(axis=1) <= _NEAR
    return middle if near.mean() >= _PLAIN else None


def _is_drawn(around: np.ndarray, ground: np.ndarray) -> bool:
    """Whether the ground [N, 3] is painted in one colour, as drawings and pages are, encoded as JPEG or not."""
    return bool((np.abs(around - ground).max(axis=1) <= _PAINTED).mean() >= _MOSTLY)


def _colors_of(values: np.ndarray) -> int:
    """How many of 512 colours some pixels [H, W, 3] have, those of hardly any pixel left out."""
    coarse = (values >> 5).reshape(-1, 3) @ np.array([64, 8, 1], values.dtype)
    counts = np.bincount(coarse, minlength=512)
    return int((counts > 0.001 * len(coarse)).sum())


def _is_text(ink: np.ndarray) -> bool:
    """Whether ink [H, W] is made of several parts as high as letters."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    heights = stats[1:, cv2.CC_STAT_HEIGHT]
    parts = heights[(heights >= 4) & (heights <= _TALL)]
    wide = ink.shape[1] > 1.2 * ink.shape[0] or ink.shape[0] > _TALL
    return bool(len(parts) >= _LETTERS and wide and heights.max() <= _TALL)
