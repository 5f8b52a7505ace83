"""Text that runs out of its box: `overflow`.

In: an image and a place. Out: whether letters of one line go on over a straight edge at which the ground changes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence

_AROUND = 8  # pixels around the place that are looked at
_EDGE, _STRAIGHT = (
    10,
    0.6,
)  # levels of the step between both grounds, and share of the rows in which it is seen
_NEAR, _INK, _ROWS = 5, 60, 4  # pixels from the edge and levels of ink on both sides, and rows that have it
_TALLEST = 120  # pixels of a place that is a few lines
#: Facts of a text that runs out of its box, of which that is more telling.
_OF_OVERFLOW = frozenset({"gap", "recoloured"})
#: Pixels from a place at which its surroundings are seen, and levels by which the same colour differs.
_BESIDE, _SAME = 6, 4


def where_text_runs_over(one: Pixels, other: Pixels, change: MeasuredChange) -> MeasuredChange:
    """A change as it is, or that of a text which runs out of its box on one side only."""
    if not change.thing.endswith("text") and not change.facts:
        return change
    if change.facts and change.facts[0].kind not in _OF_OVERFLOW:
        return change
    if change.fact("recoloured") and not _takes_colour_of_ground(one, other, change):
        return change
    fact = overflow(one, other, (change.before_box, change.after_box))
    return (
        change
        if fact is None
        else replace(change, facts=(fact,), thing="text", sentence=sentence((fact,), "text"))
    )


def _takes_colour_of_ground(one: Pixels, other: Pixels, change: MeasuredChange) -> bool:
    """Whether a place has the colour around it on one side, as where a box ends before its text now."""
    for image, box in ((one, change.before_box), (other, change.after_box)):
        if box is None:
            continue
        x, y, width, height = box
        inner = np.median(image[y : y + height, x : x + width].reshape(-1, 3), axis=0)
        around = [
            image[max(0, y - _BESIDE) : max(1, y - _BESIDE + 2), x : x + width],
            image[y + height + _BESIDE - 2 : y + height + _BESIDE, x : x + width],
        ]
        outer = np.median(np.concatenate([part.reshape(-1, 3) for part in around]), axis=0)
        if np.abs(inner - outer).max() <= _SAME:
            return True
    return False


def overflow(before: Pixels, after: Pixels, boxes: tuple[Box | None, Box | None]) -> Fact | None:
    """`overflow` where a text runs over the edge of its box in one image only.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
        boxes: The place in both.
    """
    runs = [
        box is not None and box[3] <= _TALLEST and _runs_over(image, box)
        for image, box in zip((before, after), boxes, strict=True)
    ]
    return None if runs[0] == runs[1] else Fact("overflow", {"in": "after" if runs[1] else "before"})


def _runs_over(image: Pixels, box: Box) -> bool:
    x, y, width, height = box
    top, left = max(0, y - _AROUND), max(0, x - _AROUND)
    window = image[top : y + height + _AROUND, left : x + width + _AROUND].astype(np.int16)
    if window.shape[1] < 4 * _NEAR:
        return False
    steps = np.abs(np.diff(window, axis=1)).max(axis=2) >= _EDGE
    for column in np.flatnonzero(steps.mean(axis=0) >= _STRAIGHT).tolist():
        if not _NEAR <= column < window.shape[1] - _NEAR - 1:
            continue
        sides = window[:, column - _NEAR + 1 : column + 1], window[:, column + 1 : column + 1 + _NEAR]
        grounds = [np.median(side.reshape(-1, 3), axis=0) for side in sides]
        if np.abs(grounds[0] - grounds[1]).max() < _EDGE:
            continue
        inked = [
            (np.abs(side - ground).max(axis=2) >= _INK).any(axis=1)
            for side, ground in zip(sides, grounds, strict=True)
        ]
        if np.count_nonzero(inked[0] & inked[1]) >= _ROWS and max(map(np.mean, inked)) <= _STRAIGHT:
            return True
    return False
