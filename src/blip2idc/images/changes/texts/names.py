"""What a thing of a page is called: by the words on it, in a box by its title.

In: a picture and a box. Out: a name, where it was read surely and is short.
"""

from __future__ import annotations

from collections.abc import Sequence

from blip2idc.images.changes.lines import line_boxes, with_air
from blip2idc.images.changes.pictures import Picture
from blip2idc.images.changes.result import Box, MeasuredChange
from blip2idc.images.changes.texts.reading import read_line
from blip2idc.images.changes.texts.written import OUTLINE, RIM, lines_of_place

#: How sure the reader has to be of the words on a thing, and of those of a text that seems to have moved.
VERY_SURE = 0.9
#: Pixels of ground around a text.
AIR = 3
#: Lines that are tried for one that can be read.
_TITLES = 3
#: Most pixels of a thing that is called by its words, most lines and letters of these.
_LARGEST, _MOST_LINES, _MOST_LETTERS = 300_000, 2, 40


def name_of_thing(first: Picture, second: Picture, change: MeasuredChange) -> str | None:
    """The words on what something happened to: in a box its title, of a line of text the line."""
    picture, box = second, change.after_box
    if change.fact("panel") and change.facts[0].values["in"] == "before":
        picture, box = first, change.before_box
    if change.fact("outlined"):
        box = _inner(box)
    if change.thing.endswith("text"):
        return name_of(picture, box, -AIR) or title(picture, box)
    boxed = change.thing.endswith(("button", "box")) or bool(change.fact("panel"))
    ways = (name_of, title) if boxed else (title, name_of)
    return ways[0](picture, box) or ways[1](picture, box)


def title(picture: Picture, box: Box | None) -> str | None:
    """The first line of what is written in a box that can be read surely."""
    for crop, _ in lines_of_place(picture, box)[:_TITLES]:
        text, certainty = read_line(crop)
        if certainty >= VERY_SURE:
            return as_name([text])
    return None


def name_of(picture: Picture, box: Box | None, rim: int = RIM) -> str | None:
    """The words on a thing, where they are few and sure.

    Args:
        picture: Where it is shown.
        box: The thing.
        rim: Pixels of its edge that are left out; below zero, pixels around it that are looked at.
    """
    if box is None or box[2] * box[3] > _LARGEST or min(box[2:]) <= 4 * RIM:
        return None
    x, y, width, height = box
    left, top = max(0, x + rim), max(0, y + rim)
    thing = picture.window((left, top, x + width - rim - left, y + height - rim - top))
    lines = line_boxes(thing, (0, 0, thing.shape[1], thing.shape[0]))
    if len(lines) > _MOST_LINES:
        lines = lines[:1]  # its title
    read = [read_line(with_air(thing, line)) for line in lines]
    return as_name([text for text, _ in read]) if all(sure >= VERY_SURE for _, sure in read) else None


def as_name(lines: Sequence[str]) -> str | None:
    """Lines as a name; None where they are too many or too long for one."""
    name = " ".join(lines)
    return name if 0 < len(lines) <= _MOST_LINES and 1 < len(name) <= _MOST_LETTERS else None


def _inner(box: Box | None) -> Box | None:
    """A box without the line along its edge; None where nothing is left."""
    if box is None:
        return None
    x, y, width, height = box
    rim = min(OUTLINE, min(width, height) // 6)
    return x + rim, y + rim, width - 2 * rim, height - 2 * rim
