"""Letters that are drawn a little heavier or lighter all over a page, as other smoothing of fonts makes them.

In: the two images in one frame and boxes in which they differ. Out: how much more ink there is in each box, where no
more than that differs: the same shapes in the same full colour, whose borders took in a fraction of a pixel more or
less. One such word is a change of its weight; when nearly all that differs on a page is like this, its letters were
drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box

_MARGIN = 3  # pixels of ground around a box
_LARGEST = 400  # pixels: the part of a larger box that is looked at
_GROUND = 16.0  # levels by which the two grounds may differ
_LEAST_INK = 24.0  # levels by which ink differs from its ground


@dataclass(frozen=True)
class _Limits:
    """What letters of another weight may differ by.

    Attributes:
        full: Share by which the full colour of the ink may differ; other antialiasing takes up to 0.04.
        grown: Share by which there may be more ink: 0.02 to 0.19 for strokes wider by a tenth of a pixel.
        alike: Correlation of the ink: 0.98 to 1 for such strokes, less than 0.95 for other letters.
        border: Share of the contrast that a pixel of a border may take or lose.
    """

    full: float
    grown: float
    alike: float
    border: float


_A_LITTLE = _Limits(0.06, 0.25, 0.97, 0.5)
_MUCH = _Limits(0.2, 0.6, 0.9, 0.7)  # of icons with thin lines, among letters that surely are drawn anew

_STEPS = 16  # of ink between ground and full colour
_SCATTER = 0.075  # of the full colour: how far ink may lie beside what other ink of its step became
_MADE = 0.06  # share of the ink that may be where there was none
_FAINT = 0.02  # of the full colour: what counts as no ink
_FULL, _FULL_OF_THIN = 0.03, 0.2  # share by which the full colour may differ; of thin letters, that have none
_SEEN, _ENDS = 0.08, 0.1  # of the full colour: what half tones differ by at least, and full ones at most
_ONE_WAY = 0.85  # of the difference that is more ink, or less


def more_ink(before: Pixels, after: Pixels, box: Box, *, much: bool = False) -> float:
    """The share by which the ink in a box grew where only its weight differs, else NaN.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        box: A place in which the two differ.
        much: Whether thin lines count too, which grow by more.
    """
    limits = _MUCH if much else _A_LITTLE
    one, other, inks, full, off = _inks(before, after, box)
    if off > _GROUND:
        return float("nan")
    if min(full) < _LEAST_INK or abs(full[1] / full[0] - 1) > limits.full:
        return float("nan")
    if np.abs(one - other).max() > limits.border * max(full):
        return float("nan")
    one, other = (ink - ink.mean() for ink in inks)
    if float((one * other).sum()) < limits.alike * float(
        np.sqrt(np.square(one).sum() * np.square(other).sum())
    ):
        return float("nan")
    grown = float(inks[1].sum() / inks[0].sum() - 1)
    return grown if abs(grown) <= limits.grown else float("nan")


def half_tones(before: Pixels, after: Pixels, box: Box) -> bool | None:
    """Whether in a box ink and ground are as they were and every shade between them became another one.

    Other smoothing does that to letters without moving them: a curve of tones whose ends stay. Another weight puts
    ink where there was none, another colour moves the end of the curve, and so does another strength.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        box: A place in which the two differ.

    Returns:
        True where the full colour of the ink is seen to stay; None where all ink is shaded, so that its full colour is
        not seen; False where anything else differs.
    """
    one, other, inks, full, off = _inks(before, after, box)
    if off > 1:
        return False
    if min(full) < _LEAST_INK:
        return False
    most, gained = max(full), inks[1] - inks[0]
    difference = np.abs(one - other).max(axis=2)
    made = difference[np.minimum(*inks) < _FAINT * most].sum()
    if (
        not _SEEN * most < difference.max() < _A_LITTLE.border * most
        or abs(gained.sum()) < _ONE_WAY * np.abs(gained).sum()
        or made > _MADE * np.maximum(*inks).sum()
    ):
        return False
    steps = np.rint(inks[0] / most * _STEPS).astype(int)
    became = np.bincount(steps.ravel(), inks[1].ravel()) / np.maximum(np.bincount(steps.ravel()), 1)
    inked = steps > 0
    if np.sqrt(np.square(inks[1] - became[steps])[inked].mean()) > _SCATTER * most:
        return False
    ends = difference[inks[0] > (1 - _ENDS / 2) * most]
    if ends.size and ends.max() < _ENDS * most and abs(full[1] / full[0] - 1) < _FULL:
        return True
    return None if abs(full[1] / full[0] - 1) < _FULL_OF_THIN else False


def _inks(
    before: Pixels, after: Pixels, box: Box
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], list[float], float]:
    """Both images about a box, how far each pixel is from its ground, the most of that, and the step of the grounds."""
    x, y, width, height = box
    top, left = max(0, y - _MARGIN), max(0, x - _MARGIN)
    part = slice(top, y + min(height, _LARGEST) + _MARGIN), slice(left, x + min(width, _LARGEST) + _MARGIN)
    one, other = before[part].astype(np.float32), after[part].astype(np.float32)
    grounds = [np.median(image.reshape(-1, 3), axis=0) for image in (one, other)]
    inks = [np.abs(image - ground).max(axis=2) for image, ground in zip((one, other), grounds, strict=True)]
    full = [float(np.partition(ink.ravel(), -3)[-3]) for ink in inks]
    return one, other, inks, full, float(np.abs(grounds[0] - grounds[1]).max())
