"""The shift of up to a pixel that explains most of a difference: letters and edges that lie a little elsewhere.

In: the two images in one frame and a box. Out: the shift, and what share of the squared difference it leaves.
"""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box

_FARTHEST = 1.0  # pixels
#: Pixels by which shifts are tried, the finest last.
STEPS = (0.25, 0.125)
_HOPELESS = 0.6  # share left by any mixture of neighbouring pixels from which on no shift will explain it
#: Pixels around a box that are looked at.
MARGIN = 3
#: Pixels: the part of a larger box that is looked at.
LARGEST = 400
#: Pixels of the height of letters that may lean.
LETTERS = (7, 60)
_NARROWEST = 16  # pixels of the width of a word
_SHEARS = (0.16, -0.16, 0.24, -0.24)  # tangents
#: Share of the strokes' own energy that differs where they lean; encoding leaves a tenth of it.
_STROKES_ELSEWHERE = 0.2
#: Share of a difference that mixtures leave without a shear at least, and of that what they leave with one at most,
#: where letters lean: italic ones leave 0.44 to 0.8.
_TELLING, _BETTER = 0.2, 0.85


def best_shift(before: Pixels, after: Pixels, box: Box) -> tuple[float, float, float]:
    """The shift of before, of at most a pixel, that explains most of the difference in a box.

    Returns:
        dx, dy, and the share (0..1) of the squared difference that is left.
    """
    one, other = (window(image, box) for image in (before, after))
    start = _left(one, other, 0.0, 0.0)
    if start == 0.0:
        return 0.0, 0.0, 1.0
    least, dx, dy = _mixed(one, other)
    if least > _HOPELESS:
        return 0.0, 0.0, 1.0
    starts = {(0.0, 0.0), _linear_shift(one, other), _within_a_pixel(dx, dy)}
    best = min((_left(one, other, x, y), x, y) for x, y in starts)
    for step in STEPS:
        centre = best
        for dx, dy in product((-step, 0.0, step), repeat=2):
            x, y = _within_a_pixel(centre[1] + dx, centre[2] + dy)
            if dx or dy:
                best = min(best, (_left(one, other, x, y), x, y))
    return best[1], best[2], best[0] / start


def left_by_shift(before: Pixels, after: Pixels, box: Box, dx: float, dy: float) -> float:
    """The share of the squared difference in a box that one shift leaves; 1 where there is none."""
    one, other = (window(image, box) for image in (before, after))
    start = _left(one, other, 0.0, 0.0)
    return _left(one, other, dx, dy) / start if start else 1.0


def is_sheared(before: Pixels, after: Pixels, box: Box) -> bool:
    """Whether the strokes in a box lean otherwise: neighbouring pixels explain more of it after a shear than without.

    Letters that are drawn anew are explained far worse after a shear, twice as badly at least.
    """
    if not LETTERS[0] <= box[3] <= LETTERS[1] or box[2] < _NARROWEST:
        return False
    one, other = (window(image, box) for image in (before, after))
    total = _left(one, other, 0.0, 0.0)
    if total < _STROKES_ELSEWHERE * float(np.square(one - one.mean(axis=(0, 1))).sum()):
        return False
    upright = _mixed_left(one, other)
    if upright < _TELLING * total:
        return False
    height, width = one.shape[:2]
    for tangent in _SHEARS:
        matrix = np.array([[1.0, -tangent, tangent * (height - 1) / 2], [0, 1.0, 0]])
        leaning = cv2.warpAffine(
            one, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        if _mixed_left(leaning, other) < _BETTER * upright:
            return True
    return False


def _mixed_left(one: np.ndarray, other: np.ndarray) -> float:
    """The squared difference that mixtures of neighbouring pixels leave."""
    return _mixed(one, other)[0] * _left(one, other, 0.0, 0.0)


def _within_a_pixel(dx: float, dy: float) -> tuple[float, float]:
    return min(max(dx, -_FARTHEST), _FARTHEST), min(max(dy, -_FARTHEST), _FARTHEST)


def _mixed(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """How well the image after is a mixture of neighbouring pixels of the image before, by least squares.

    Returns:
        The share of the squared difference that is left, which no shift of up to a pixel leaves less of, and the shift
        (dx, dy) that the weights of the nine neighbours tell.
    """
    height, width = one.shape[:2]
    middle = one.mean(axis=(0, 1))
    near = [
        (one[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx] - middle).ravel()
        for dy, dx in product((-1, 0, 1), repeat=2)
    ]
    target = (other[1:-1, 1:-1] - middle).ravel()
    columns = np.stack(near)
    system = columns @ columns.T
    system += np.eye(9) * max(1e-6 * float(np.trace(system)), 1e-3)
    weights = np.linalg.solve(system, columns @ target)
    left = float(np.square(weights @ columns - target).sum())
    square = weights.reshape(3, 3)
    shift = float((square[:, 0] - square[:, 2]).sum()), float((square[0] - square[2]).sum())
    return left / max(float(np.square(near[4] - target).sum()), 1.0), *shift


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


def window(image: Pixels, box: Box, *, whole: bool = False) -> np.ndarray:
    """A box, or the first part of a large one, with a little around it, as float32 [h, w, 3]."""
    x, y, width, height = box
    if not whole:
        height, width = min(height, LARGEST), min(width, LARGEST)
    top, left = max(0, y - MARGIN), max(0, x - MARGIN)
    return image[top : y + height + MARGIN, left : x + width + MARGIN].astype(np.float32)


def _left(one: np.ndarray, other: np.ndarray, dx: float, dy: float) -> float:
    if dx or dy:
        matrix = np.array([[1.0, 0, dx], [0, 1.0, dy]])
        one = cv2.warpAffine(
            one, matrix, one.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    inner = (slice(1, -1), slice(1, -1))
    return float(np.square(other - one)[inner].sum())
