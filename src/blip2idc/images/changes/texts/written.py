"""What is written in a place: its lines, found and read.

In: a picture and a box. Out: `Written` lines with the reader's certainty, and what compares two lists of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import cv2
import numpy as np

from blip2idc.images.changes.boxes import overlap
from blip2idc.images.changes.lines import MOST_LINES, line_boxes, with_air
from blip2idc.images.changes.pictures import Picture, Pixels
from blip2idc.images.changes.regions.grouping import union
from blip2idc.images.changes.result import Box
from blip2idc.images.changes.texts.reading import read_line, without_icons

#: Pixels of the edge of a thing.
RIM = 2
#: Pixels of the line around a thing, and of the ground between.
OUTLINE = 8
#: Of their height, by which the middles of lines beside each other differ.
_BESIDE = 0.4
#: Deviation in levels of what is written at all, and correlation of the same letters.
_FAINTEST, _SEEN = 0.5, 0.5
#: Certainty between which a line of letters up to this height with its ground is read again, and letters of one.
_DOUBTED, _QUITE_SURE, _LOW, _WORD = 0.9, 0.985, 30, 4
#: Of its width, to which it is drawn out for that.
_DRAWN_OUT = 1.4
#: Pixels of the image around a place that are looked at.
_AROUND = 720


@dataclass(frozen=True)
class Written:
    """A line that was read.

    Attributes:
        text: What it says.
        sure: How sure the reader is, 0..1.
        box: In the image.
    """

    text: str
    sure: float
    box: Box


#: Lines of a place that were not read yet: cut out, and their boxes in the image.
Lines = list[tuple[Pixels, Box]]


def read_places(
    pictures: tuple[Picture, Picture], boxes: Sequence[Box | None], sure: float, *, whole: bool
) -> tuple[list[Written], list[Written]] | None:
    """What is written in a place before and after; None where a line of either is not sure.

    What takes less to read is read first, since the other side is not asked where it is not sure.

    Args:
        pictures: The images before and after.
        boxes: The place in both.
        sure: How sure the reader has to be of every line, 0..1.
        whole: Whether to read lines from their beginning to their end, or only what of them is in the boxes.
    """
    found = [lines_of_place(picture, box, whole=whole) for picture, box in zip(pictures, boxes, strict=True)]
    read: dict[int, list[Written]] = {}
    for side in sorted((0, 1), key=lambda side: sum(line[2] / line[3] for _, line in found[side])):
        written = read_lines(pictures[side], found[side], sure)
        if written is None:
            return None
        read[side] = written
    return read[0], read[1]


def read_within(picture: Picture, box: Box | None, sure: float) -> list[Written] | None:
    """The lines that stand in a place for most of their width, rather than beside it; None where one is not sure."""
    if box is None:
        return []
    lines = [
        (crop, line)
        for crop, line in lines_of_place(picture, box)
        if 2 * overlap(line, box) > line[2] * line[3]
    ]
    return read_lines(picture, lines, sure)


def read_lines(picture: Picture, lines: Lines, sure: float) -> list[Written] | None:
    """What lines of a place say; none where nothing is written; None where one is not sure.

    Of several lines the last may be cut off by the end of the image.

    Args:
        picture: Where they are written.
        lines: From top to bottom.
        sure: How sure the reader has to be of every line, 0..1.
    """
    texts: list[Written] = []
    for crop, line in lines:
        text, certainty = read_twice(crop)
        if not text or certainty < sure:
            if texts and line[1] + line[3] >= picture.height - RIM:
                break
            if line[2] < line[3]:
                continue  # the round corner of a button
            return None
        texts.append(Written(text, certainty, line))
    return texts


def read_twice(crop: Pixels) -> tuple[str, float]:
    """The text of a line of small letters and how sure it is; read drawn out as well where it is not quite sure.

    Narrow letters are passed over, or taken for others.
    """
    text, sure = read_line(crop)
    if crop.shape[0] > _LOW or not _DOUBTED <= sure < _QUITE_SURE or len(text) < _WORD:
        return text, sure
    size = round(_DRAWN_OUT * crop.shape[1]), crop.shape[0]
    again, surer = read_line(np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)))
    return (again, surer) if surer > sure else (text, sure)


def rows(lines: Sequence[Written]) -> list[Written]:
    """Lines, those beside each other as one: letters far apart are taken for several."""
    rows: list[Written] = []
    for line in lines:
        last = rows[-1] if rows else None
        if (
            last is not None
            and abs(last.box[1] + last.box[3] / 2 - line.box[1] - line.box[3] / 2) < _BESIDE * line.box[3]
        ):
            rows[-1] = Written(
                without_icons(f"{last.text} {line.text}"),
                min(last.sure, line.sure),
                union(last.box, line.box),
            )
        else:
            rows.append(line)
    return rows


def told_apart(before: list[Written], after: list[Written]) -> tuple[list[Written], list[Written]]:
    """Two lists of lines that may be cut off at the end without the last ones that only one of them shows."""
    if max(len(before), len(after)) < MOST_LINES:
        return before, after
    steps = SequenceMatcher(
        None, [line.text for line in before], [line.text for line in after], autojunk=False
    ).get_opcodes()
    kind, a, _, c, _ = steps[-1]
    return (before[:a], after[:c]) if len(steps) > 1 and kind in ("insert", "delete") else (before, after)


def letters_of(lines: Sequence[str]) -> str:
    """Letters and digits alone: spaces and dots are read now so, now so."""
    return "".join(letter for line in lines for letter in line if letter.isalnum())


def letters_of_lines(lines: Sequence[Written]) -> str:
    """Letters and digits of lines that were read."""
    return letters_of([line.text for line in lines])


def shows_through(first: Picture, second: Picture, box: Box) -> bool:
    """Whether the letters of a line are seen in both images, however faintly."""
    inks = [picture.window(box).astype(np.float32).mean(axis=2) for picture in (first, second)]
    if inks[0].shape != inks[1].shape or min(float(ink.std()) for ink in inks) < _FAINTEST:
        return False
    return abs(float(np.corrcoef(inks[0].ravel(), inks[1].ravel())[0, 1])) > _SEEN


def window_of(picture: Picture, box: Box) -> tuple[Pixels, Box]:
    """The surroundings of a line, and its box in them."""
    x, y, width, height = box
    left, top = max(0, x - OUTLINE), max(0, y - OUTLINE)
    return (
        picture.window((left, top, width + 2 * OUTLINE, height + 2 * OUTLINE)),
        (x - left, y - top, width, height),
    )


def lines_of_place(picture: Picture, box: Box | None, *, whole: bool = True) -> Lines:
    """The lines of a place, or what of them is in it: cut out, with a little ground, and their boxes in the image."""
    if box is None:
        return []
    x, y, width, height = box
    left, top = max(0, x - _AROUND), max(0, y - _AROUND)
    image = picture.window((left, top, width + x - left + _AROUND, height + y - top + _AROUND))
    found = line_boxes(image, (x - left, y - top, width, height))
    if not whole:
        found = [_cut(line, x - left - RIM, x - left + width + RIM) for line in found]
    found = [line for line in found if _stands_in(line, (x - left, y - top, width, height))]
    return [(with_air(image, line), (line[0] + left, line[1] + top, line[2], line[3])) for line in found]


def _stands_in(line: Box, box: Box) -> bool:
    """Whether a line is in the rows of a box, or beside it, for the most part of its height, or the box in its rows."""
    common = min(line[1] + line[3], box[1] + box[3]) - max(line[1], box[1])
    return 2 * common >= min(line[3], box[3])


def _cut(line: Box, start: int, stop: int) -> Box:
    """A line from one column to another; all of it where it is not there."""
    left, right = max(line[0], start), min(line[0] + line[2], stop)
    return (left, line[1], right - left, line[3]) if right > left else line
