"""The three bars that people call the menu button, on which nothing is written.

In: a pair and one change. Out: the change with its thing called so, where one of its places shows three equal bars.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Picture, Pixels, largest_channel
from blip2idc.images.changes.result import Box, MeasuredChange
from blip2idc.images.changes.sentences import sentence

#: What such a thing is called.
MENU_BUTTON = "menu button"
#: Facts about other things than the one in their place.
_OF_OTHERS = frozenset({"gap", "panel", "clock", "caret", "scroll_bar", "language", "swapped"})
#: Pixels of a side of a button at most, and of the length of its bars at least and at most.
_LARGEST, _SHORTEST, _LONGEST = 120, 10, 64
#: Shares of its shorter side that are left out at its edge: none, with ground around it, or its border and outline.
_RIMS = (0.0, 0.12, 0.2)
_AIR = 3
#: Levels by which bars differ from their ground at least, and the share of that from which a pixel is of a bar.
_CONTRAST, _OF_BAR = 24, 0.5
#: Length of bars in their heights at least, and height of all three as a share of it.
_THIN, _FLAT, _TALL = 4, 0.35, 1.3
#: Pixels by which equal bars and gaps differ at most, and share of the box of a bar that it fills.
_EQUAL, _FILLED = 1, 0.8


def as_menu_button(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A change with its thing called a menu button, where it is one before or after.

    Args:
        first: The image before.
        second: The image after.
        change: As it was measured.
    """
    places = (second, change.after_box), (first, change.before_box)
    if {fact.kind for fact in change.facts} & _OF_OTHERS:
        return change
    lengths = [length for place in places if (length := length_of_bars(*place))]
    if not lengths:
        return change
    facts = change.facts
    if len(lengths) == 2 and abs(lengths[0] - lengths[1]) <= _EQUAL:  # what is around them is another one
        facts = tuple(fact for fact in facts if fact.kind != "resized")
    return replace(change, facts=facts, thing=MENU_BUTTON, sentence=sentence(facts, MENU_BUTTON))


def length_of_bars(picture: Picture, box: Box | None) -> int:
    """Pixels of three equal bars above each other, where a place shows them and nothing else but a border; else 0."""
    if box is None or max(box[2:]) > _LARGEST or box[2] < _SHORTEST:
        return 0
    x, y, width, height = box
    for share in _RIMS:
        rim = round(share * min(width, height)) or -_AIR
        left, top = max(0, x + rim), max(0, y + rim)
        window = picture.window((left, top, x + width - rim - left, y + height - rim - top))
        if min(window.shape[:2]) > 2 * _AIR and (length := _bars(window, apart=share > 0)):
            return length
    return 0


def _bars(window: Pixels, *, apart: bool) -> int:
    """The length of three equal bars on a ground, where a window shows nothing else; else 0.

    Args:
        window: uint8 [H, W, 3].
        apart: Whether above and below them there is at least as much ground as between: a fourth may lie outside.
    """
    edge = np.concatenate([window[0], window[-1], window[:, 0], window[:, -1]])
    ink = largest_channel(np.abs(window.astype(np.int16) - np.median(edge, axis=0)))
    if ink.max() < _CONTRAST:
        return 0
    count, _, found, _ = cv2.connectedComponentsWithStats((ink > _OF_BAR * ink.max()).astype(np.uint8))
    if count != 4:
        return 0
    bars = found[np.argsort(found[1:, cv2.CC_STAT_TOP]) + 1]
    left, top, width, height, area = (bars[:, column].astype(int) for column in range(5))
    gaps = top[1:] - top[:-1] - height[:-1]
    equal = all(np.ptp(values) <= _EQUAL for values in (left, width, height, gaps))
    stop = int(top[2] + height[2])
    tall, ground = stop - int(top[0]), min(int(top[0]), len(window) - stop)
    are_bars = (
        equal
        and _SHORTEST <= width.min() <= width.max() <= _LONGEST
        and (width >= _THIN * height).all()
        and (area >= _FILLED * width * height).all()
        and gaps.min() >= 1
        and (not apart or ground >= gaps.min())
        and _FLAT * width[0] <= tall <= _TALL * width[0]
    )
    return int(width.max()) if are_bars else 0
