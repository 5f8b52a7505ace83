"""Rows that came or went of which the words are in both images: what is new stands where they were pushed from.

In: a pair and its changes, as they were read. Out: the changes, those of rows that only one image has with the words
that only this image shows, where the words in these rows are not. Of a line that was added above others the last seems
to be new, and beside it an empty place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from blip2idc.images.changes.boxes import around, overlap
from blip2idc.images.changes.pictures import Picture, Pixels
from blip2idc.images.changes.result import Box, MeasuredChange
from blip2idc.images.changes.sentences import text_sentence
from blip2idc.images.changes.texts.finding import find_lines, is_bare
from blip2idc.images.changes.texts.names import VERY_SURE, is_word
from blip2idc.images.changes.texts.reading import read_line
from blip2idc.images.changes.texts.written import Written, lines_of_place

#: Pixels up and down in which a line is sought in the other image, and to either side.
_REACH, _ASIDE = 160, 3
#: Pixels to either side of a line that was pushed in which what pushed it may stand, too.
_WIDER = 120
#: Mean squared difference of levels up to which two places show the same letters, encoded anew.
_SAME = 80.0
#: Pixels of a line that are its ground.
_GROUND = 2
#: Lines that came or went at once at most, and those that are looked at.
_NEW, _LOOKED_AT = 3, 12


def pushed_words(first: Picture, second: Picture, changes: Sequence[MeasuredChange]) -> list[MeasuredChange]:
    """The changes, those of rows that came or went with the words that did.

    Args:
        first: The image before.
        second: The image after.
        changes: As they were read.
    """
    told: list[MeasuredChange] = []
    found: list[MeasuredChange] = []
    for change in changes:
        pushed = _as_pushed(first, second, change)
        if pushed is None or any(_meets(pushed, other) for other in changes if other is not change):
            told.append(change)
        elif not any(_meets(pushed, other) for other in found):  # rows of several columns have one cause
            told.append(pushed)
            found.append(pushed)
    return told


def _meets(one: MeasuredChange, other: MeasuredChange) -> bool:
    """Whether two changes lie on each other in one of the images."""
    boxes = (one.before_box, other.before_box), (one.after_box, other.after_box)
    return any(a is not None and b is not None and overlap(a, b) > 0 for a, b in boxes)


def _as_pushed(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange | None:
    """A change of rows that came or went with the words that did; None where these are its own, or not known."""
    came = change.fact("appeared") is not None and change.before_box is None
    went = change.fact("disappeared") is not None and change.after_box is None
    if not (came or went):
        return None
    shown, other = (second, first) if came else (first, second)
    box = change.after_box if came else change.before_box
    if box is None:
        return None
    if change.is_read:
        lines = [line for _, line in lines_of_place(shown, box)][:1]
        pushed = _pushed_by(shown, other, lines[0]) if lines else 0
        if not pushed:
            return None
        top = min(lines[0][1], lines[0][1] + pushed)
        left = max(0, lines[0][0] - _WIDER)
        width = min(shown.width, lines[0][0] + lines[0][2] + _WIDER) - left
        place = left, top, width, lines[0][3] + abs(pushed)
    elif is_bare(shown.window(box)):
        top = max(0, box[1] - _REACH)
        place = 0, top, shown.width, box[1] + box[3] - top
    else:
        return None
    new = _only_there(shown, other, place)
    return _with_words(change, new, came=came) if 0 < len(new) <= _NEW else None


def _pushed_by(shown: Picture, other: Picture, line: Box) -> int:
    """Pixels by which a line lies lower in the other image; 0 where it is not there, or more often in this one."""
    here, there = _places(shown, shown, line), _places(shown, other, line)
    if not there or len(here) > len(there):
        return 0
    return min((at - line[1] for at in there), key=abs)


def _places(shown: Picture, picture: Picture, line: Box) -> list[int]:
    """The rows of an image in which a line of another begins, near where it is there."""
    x, y, width, height = line
    left, top = max(0, x - _ASIDE), max(0, y - _REACH)
    window = picture.window((left, top, width + x - left + _ASIDE, height + y - top + _REACH))
    letters = shown.window(line)
    if any(a < b for a, b in zip(window.shape, letters.shape, strict=True)):
        return []
    unlike = cv2.matchTemplate(window, letters, cv2.TM_SQDIFF).min(axis=1) / letters.size
    rows = np.flatnonzero(unlike <= _limit(letters))
    return [top + int(row) for at, row in enumerate(rows) if not at or row - rows[at - 1] > 1]


def _limit(letters: Pixels) -> float:
    """The difference up to which a place shows these letters, less for faint ones."""
    return min(_SAME, float(letters.astype(np.float32).var(axis=(0, 1)).max()) / 8)


def _only_there(shown: Picture, other: Picture, place: Box) -> list[Written]:
    """The lines in a place that the other image does not show near it."""
    found = find_lines(shown, place)[:_LOOKED_AT]
    new = []
    for crop, (x, y, width, height) in found:
        tight = x + _GROUND, y + _GROUND, width - 2 * _GROUND, height - 2 * _GROUND
        if min(tight[2:]) > 0 and not _places(shown, other, tight):
            new.append(Written(*read_line(crop), (x, y, width, height)))
    return [line for line in new if line.sure >= VERY_SURE and is_word(line.text)]


def _with_words(change: MeasuredChange, lines: list[Written], *, came: bool) -> MeasuredChange:
    """A change as that of some lines."""
    text, box = "\n".join(line.text for line in lines), around(line.box for line in lines)
    before, after = ("", text) if came else (text, "")
    return replace(
        change, before_box=None if came else box, after_box=box if came else None, thing="text",
        before_text=before or None, after_text=after or None, sentence=text_sentence(before, after, "text"),
    )  # fmt: skip
