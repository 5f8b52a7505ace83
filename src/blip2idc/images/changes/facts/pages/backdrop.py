"""The background of a page in another colour, with everything on it as it was: `recoloured`.

In: two drawn pictures of one size. Out: the fact, and the picture after on the ground it had before, on which whatever
else changed is found as on any other pair. A theme is no such change, and neither is light: there the ink changes, too.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.facts.colors import recoloured
from blip2idc.images.changes.pictures import Pixels, codes, largest_channel
from blip2idc.images.changes.result import Fact

#: What happened to the background is told of this.
BACKDROP = "background of the page"

_MUCH = 0.25  # share of a page that its ground takes
_SPANS = 0.75  # share of the height and of the width from the first to the last pixel of it
_STAYS = 0.85  # share of the ground that is ground after
_CLEAN, _ENCODED = 2, 10  # levels by which what is the same may differ, by drawing alone and after encoding
_EXACT = 0.5  # share of the ink that has exactly its colour where nothing was encoded
_OTHER = 1.5  # times this that a ground has to differ at least
_FRINGE = np.ones((7, 7), np.uint8)  # beside the ground, where letters are mixed with it
_RINGING = 30  # levels by which the encoding of a picture may change its letters
_KEPT = 0.5  # share of what is on the ground that has to be as it was
_LIT, _RUNS = 0.1, 0.35  # of the step of the ground that the ink may go along, in its light and in its colour
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_IS_LIGHT = 0.5  # share of the light in a step that is not of colour alone
_INK = 0.85  # share of the strongest contrast from which on a pixel is ink, without any ground
_DARKEST = 0.98  # quantile of the contrasts that is the strongest


def find_backdrop(before: Pixels, after: Pixels) -> tuple[Fact, Pixels] | None:
    """That a page has a ground of another colour.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].

    Returns:
        The fact, and the image after with the ground of the image before, uint8 [H, W, 3]; None where the ground is
        the same, or where more than it changed in most places.
    """
    colors = _grounds(before, after)
    if colors is None:
        return None
    one, other = colors
    first, second = before.astype(np.float32), after.astype(np.float32)
    contrast, gap = _apart(first, one), second - first
    ink = contrast >= max(_INK * _strongest(contrast), _ENCODED + 1)
    if not ink.any():
        return None
    clean = (largest_channel(np.abs(gap[ink][None])) == 0).mean() >= _EXACT
    same, rings = (_CLEAN, _CLEAN) if clean else (_ENCODED, _RINGING)
    step = other - one
    if np.abs(step).max() < _OTHER * same:
        return None
    still = largest_channel(np.abs(gap)) <= same
    ground = (contrast <= same) & ~still  # cards of the same colour may stay
    kept = ground & (_apart(second, other) <= same)
    if kept.mean() < _MUCH or kept.sum() < _STAYS * ground.sum() or not _spans(kept):
        return None
    share = gap @ step / float(step @ step)
    along = largest_channel(np.abs(gap - np.clip(share, 0, 1)[..., None] * step)) <= rings
    near = cv2.dilate((kept | (ground & along)).astype(np.uint8), _FRINGE).astype(bool) & ~kept
    mixed = near & along
    if (still | mixed)[contrast > _ENCODED].mean() < _KEPT or _follows(gap[ink], step):
        return None
    # where other things are drawn now, their edges are mixed with the new ground
    weight = np.where(mixed, share, 1 - _apart(second, other) / _strongest(contrast))
    weight = np.where(kept, 1.0, np.clip(weight, 0, 1) * near)
    repainted = second - weight[..., None] * step
    # what was there before, but for noise: colours of the ground run into letters that are encoded
    letters = kept | mixed if clean else mixed
    noise = 0 if clean else _ENCODED
    repainted[letters] = first[letters] + np.clip(repainted - first, -noise, noise)[letters]
    fact = recoloured(one, other)
    return None if fact is None else (fact, np.clip(np.rint(repainted), 0, 255).astype(np.uint8))


def _grounds(before: Pixels, after: Pixels) -> tuple[np.ndarray, np.ndarray] | None:
    """The commonest colour of a page and the one that is there after, float32 [3] each; None where it has none."""
    color = _color_of(_commonest(codes(before)[::2, ::2]))
    there = _apart(before, color) <= _ENCODED
    if there.mean() < _MUCH:
        return None
    became = codes(after)[there & (_apart(after, color) > _CLEAN)]
    if became.size < _MUCH * there.size:
        return None
    return color, _color_of(_commonest(became))


def _commonest(values: np.ndarray) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[counts.argmax()])


def _color_of(code: int) -> np.ndarray:
    """(R, G, B), float32 [3], of one of `codes`."""
    return np.array([(code >> shift) & 255 for shift in (0, 8, 16)], np.float32)


def _apart(image: np.ndarray, color: np.ndarray) -> np.ndarray:
    """By how many levels each pixel differs from a colour, float32 [H, W]."""
    return largest_channel(np.abs(image.astype(np.float32) - color))


def _spans(ground: np.ndarray) -> bool:
    """Whether a ground reaches over nearly all of a page."""
    for axis in (0, 1):
        there = np.flatnonzero(ground.any(axis=axis))
        if not there.size or np.ptp(there) + 1 < _SPANS * ground.shape[1 - axis]:
            return False
    return True


def _strongest(contrast: np.ndarray) -> float:
    """Of what is drawn on a ground, in levels."""
    drawn = contrast > _ENCODED
    return float(np.quantile(contrast[drawn], _DARKEST)) if drawn.any() else float(_ENCODED)


def _follows(gap: np.ndarray, step: np.ndarray) -> bool:
    """Whether ink became lighter or darker with its ground; its colour alone may run, where a picture was encoded.

    Args:
        gap: By how much ink changed, in levels, float32 [N, 3].
        step: By how much the ground did, float32 [3].
    """
    light = float(step @ _LUMA)
    if abs(light) < _IS_LIGHT * float(np.abs(step).max()):
        return abs(float(np.median(gap @ step / float(step @ step)))) > _RUNS
    return abs(float(np.median(gap @ _LUMA / light))) > _LIT
