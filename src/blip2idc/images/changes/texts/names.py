"""What a thing of a page is called: by the words on it, in a box by its title.

In: a picture and a box. Out: a name, where it was read surely and is short.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blip2idc.images.changes.boxes import overlap
from blip2idc.images.changes.facts.pages.letters import line_of, parts_of
from blip2idc.images.changes.facts.panels import plain_box
from blip2idc.images.changes.lines import line_boxes, with_air
from blip2idc.images.changes.pictures import Picture, Pixels, largest_channel
from blip2idc.images.changes.result import Box, MeasuredChange
from blip2idc.images.changes.sentences import in_one_line
from blip2idc.images.changes.texts.finding import find_lines, is_bare
from blip2idc.images.changes.texts.reading import read_line
from blip2idc.images.changes.texts.written import (
    OUTLINE,
    RIM,
    letters_of,
    lines_of_place,
    read_twice,
    window_of,
)

#: How sure the reader has to be of the words on a thing, and of those of a text that seems to have moved.
VERY_SURE = 0.9
#: Pixels of ground around a text.
AIR = 3
#: What makes words harder to read in the image in which it holds.
_SEEN_BETTER_BEFORE = frozenset({"greyed", "faded"})
#: What lies over other words, or casts its shadow on them.
_LIES_OVER = frozenset({"panel", "shadowed"})
#: Pixels of a shadow around a thing, levels of one at least, and share of a row that lies in it.
_SHADOW, _NOTHING, _ACROSS = 16, 2, 0.5
#: Levels by which a line that is drawn differs from the ground.
_DRAWN = 24
#: Lines that are tried for one that can be read.
_TITLES = 3
#: Letters of a name at least, and signs that are words.
_LETTERS = 2
_CURRENCIES = ("€", "$", "£", "¥", "%")
#: Pixels above a thing in which its name may stand, beside which it may begin, and of the height of a name.
_ABOVE, _ASIDE, _SMALL = 44, 24, 8
#: Pixels below a picture in which its title may stand, and of the shorter side of one that has a title.
_BELOW, _PICTURE = 48, 48
#: Of the height of a line, the gap between the entries of a menu bar at least.
_ENTRY = 0.8
#: Share of the image across that a menu takes at most, and pixels that one may take on a phone.
_NARROW, _MENU = 0.5, 280
#: Most pixels of a thing that is called by its words, most lines and letters of these.
_LARGEST, _MOST_LINES, _MOST_LETTERS = 300_000, 3, 40


def name_of_thing(first: Picture, second: Picture, change: MeasuredChange) -> str | None:
    """The words on what something happened to: in a box its title, of a line of text the line."""
    picture, box = side_of(first, second, change)
    if change.fact("outlined"):
        box = _inner(box)
    if change.fact("shadowed"):
        box = within_shadow(first, second, box)
    if change.fact("panel") and box is not None:
        box = without_shadow(picture, box)
    lies_over = bool({fact.kind for fact in change.facts} & _LIES_OVER)
    if change.thing.endswith("text") and not lies_over and (name := name_of(picture, box, -AIR)) is not None:
        return name
    name = name_on(picture, box, whole=lies_over)
    if name is None and change.fact("recoloured") and change.after_box is not None:
        return name_on(first, change.before_box)  # its letters may have the colour of the ground now
    return name


def name_on(picture: Picture, box: Box | None, *, whole: bool = False) -> str | None:
    """The words that are found on a thing where they are few, else the first of its lines that is a name: its title.

    Args:
        picture: Where it is shown.
        box: The thing.
        whole: Whether to leave out lines that go on beyond it: other words that it lies over.
    """
    lines = find_lines(picture, box, whole=whole) if box is not None else []
    read: list[str] = []
    for crop, _ in lines[:_TITLES]:
        text, sure = read_line(crop)
        if sure >= VERY_SURE and is_word(text):
            read.append(text)
            if len(lines) > _TITLES:
                break
    return short_name(read)


def name_at_line(first: Picture, second: Picture, change: MeasuredChange) -> str | None:
    """The words below or through which a line is drawn in one of two images, read in the other if they can be.

    Args:
        first: The image before.
        second: The image after.
        change: With the fact `underlined`; in its place other things may be, too.
    """
    fact, before, after = change.facts[0], change.before_box, change.after_box
    if before is None or after is None or before[2:] != after[2:]:
        return None
    one, other = (p.window(box).astype(np.int16) for p, box in ((first, before), (second, after)))
    drawn = np.flatnonzero((largest_channel(np.abs(one - other)) > _DRAWN).mean(axis=1) >= _ACROSS)
    if not drawn.size:
        return None
    start, stop = int(drawn[0]), int(drawn[-1]) + 1
    sides = (first, before), (second, after)
    for picture, (x, y, width, _) in sides if fact.values["in"] == "after" else sides[::-1]:
        if fact.values["as"] == "crossed out":
            place = x, max(0, y + start - _SMALL), width, stop - start + 2 * _SMALL
        else:
            place = x, max(0, y + start - _ABOVE), width, min(y + start, _ABOVE) + stop - start + AIR
        lines = find_lines(picture, place)
        lowest = max((line[1] + line[3] / 2 for _, line in lines), default=0)
        read = [read_line(crop) for crop, line in lines if line[1] + line[3] > lowest]
        name = short_name([text for text, sure in read if sure >= VERY_SURE and is_word(text)])
        if name is not None:
            return name
    return None


def without_shadow(picture: Picture, box: Box) -> Box:
    """The plain box in a box that a shadow may be a part of."""
    found = plain_box(picture.window(box), (0, 0, *box[2:]))
    return (box[0] + found[0], box[1] + found[1], *found[2:]) if found else box


def within_shadow(first: Picture, second: Picture, box: Box | None) -> Box | None:
    """The thing in a box of which only what is around it differs: the shadow that one of two images shows."""
    if box is None or first.size != second.size:
        return _inner(box, _SHADOW)
    one, other = (picture.window(box).astype(np.int16) for picture in (first, second))
    differs = largest_channel(np.abs(one - other)) > _NOTHING
    top, bottom = _around_the_middle(differs.mean(axis=1) < _ACROSS)
    left, right = _around_the_middle(differs[top:bottom].mean(axis=0) < _ACROSS) if bottom > top else (0, 0)
    if min(bottom - top, right - left) < _SMALL:
        return _inner(box, _SHADOW)
    return box[0] + left, box[1] + top, right - left, bottom - top


def _around_the_middle(holds: np.ndarray) -> tuple[int, int]:
    """The run (start, stop) of what holds [N] that is around the middle; empty where it does not hold there."""
    middle = len(holds) // 2
    before, after = np.flatnonzero(~holds[:middle]), np.flatnonzero(~holds[middle:])
    start, stop = (
        int(before[-1]) + 1 if before.size else 0,
        middle + int(after[0]) if after.size else len(holds),
    )
    return (start, stop) if holds[middle] else (middle, middle)


def short_name(lines: Sequence[str]) -> str | None:
    """Lines as one name; the first of them where they are too long for one."""
    for name in (in_one_line(lines), *lines[:1]):
        if 0 < len(name) <= _MOST_LETTERS:
            return name
    return None


def is_word(text: str) -> bool:
    """Whether what was read is a word or a number, and no icon.

    >>> is_word("OK"), is_word("3"), is_word("O")
    (True, True, False)
    """
    letters = letters_of([text])
    return len(letters) >= _LETTERS or letters.isdecimal() or text in _CURRENCIES


def side_of(first: Picture, second: Picture, change: MeasuredChange) -> tuple[Picture, Box | None]:
    """The image in which the words on a thing are seen best, and where it is there: the later one if both show it."""
    fact = change.facts[0]
    better_before = fact.kind in _SEEN_BETTER_BEFORE and fact.values["in"] == "after"
    gone = fact.kind in ("panel", "broken") and fact.values["in"] == "before"
    if better_before or gone or change.after_box is None:
        return first, change.before_box
    return second, change.after_box


def name_where_free(first: Picture, second: Picture, change: MeasuredChange) -> str | None:
    """The words of a text that moved onto others, or off them, read where it stands free; None of one that did not."""
    before, after = change.before_box, change.after_box
    if before is None or after is None or overlap(before, after):
        return None
    bare_now, bare_once = (
        is_bare(picture.window(_within(box))) for picture, box in ((second, before), (first, after))
    )
    if bare_now == bare_once:
        return None
    return name_of(first, before, -AIR) if bare_now else name_of(second, after, -AIR)


def _within(box: Box) -> Box:
    x, y, width, height = box
    return x + 1, y + 1, max(1, width - 2), max(1, height - 2)


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
    read = [read_twice(with_air(thing, line)) for line in lines]
    return as_name([text for text, _ in read]) if all(sure >= VERY_SURE for _, sure in read) else None


def name_above(picture: Picture, box: Box | None, aside: int | None = None) -> str | None:
    """The words that stand next above a gap, or a box.

    Args:
        picture: Where it is shown.
        box: The gap or the box.
        aside: Pixels by which the words may begin beside the left edge of the box; None for anywhere above it.
    """
    if box is None or box[1] < _SMALL:
        return None
    x, y, width, _ = box
    top = max(0, y - _ABOVE)
    lines = [
        line
        for line in lines_of_place(picture, (x, top, width, y - top))
        if line[1][2] > line[1][3] >= _SMALL and line[1][1] + line[1][3] <= y + RIM
    ]
    if not lines or (aside is not None and abs(lines[-1][1][0] - x) > aside):
        return None
    return read_as_name(lines[-1][0])


def name_below(picture: Picture, box: Box) -> str | None:
    """The words that stand next below a picture, within its width or nearly."""
    x, y, width, height = box
    room = min(_BELOW, picture.height - y - height)
    if room < _SMALL or min(width, height) < _PICTURE:
        return None
    for crop, (start, _, across, high) in lines_of_place(picture, (x, y + height, width, room))[:_TITLES]:
        if across > high and start >= x - _ASIDE and start + across <= x + width + _ASIDE:
            return read_as_name(crop)
    return None


def name_of_menu(picture: Picture, box: Box) -> str | None:
    """The words right above a panel that begin or end where it does: those that opened it."""
    x, y, width, _ = box
    if y < _SMALL or not is_narrow(picture, width):
        return None
    top, left = max(0, y - _ABOVE), max(0, x - _ASIDE)
    for _, found in lines_of_place(picture, (left, top, width + 2 * _ASIDE, y - top)):
        window, at = window_of(picture, found)
        for part in parts_of(line_of(window, at), _ENTRY):  # the words beside it opened none
            start, end = found[0] - at[0] + part.box[0], found[1] - at[1] + part.box[1] + part.box[3]
            near = min(abs(start - x), abs(start + part.box[2] - x - width)) <= _ASIDE
            if near and y - end <= _ABOVE - _SMALL and part.box[2] < width:
                name = read_as_name(with_air(window, part.box))
                if name is not None:
                    return name
    return None


def is_narrow(picture: Picture, width: int) -> bool:
    """Whether a panel is no wider than a menu."""
    return width <= max(_NARROW * picture.width, _MENU)


def read_as_name(crop: Pixels) -> str | None:
    """What a line says, where it was read surely and is short."""
    text, certainty = read_twice(crop)
    return as_name([text]) if certainty >= VERY_SURE else None


def as_name(lines: Sequence[str]) -> str | None:
    """Lines as a name; None where they are too many or too long for one."""
    name = in_one_line(lines)
    return name if 0 < len(lines) <= _MOST_LINES and 1 < len(name) <= _MOST_LETTERS else None


def _inner(box: Box | None, most: int = OUTLINE) -> Box | None:
    """A box without what is along its edge, `most` pixels at most; None where nothing is left."""
    if box is None:
        return None
    x, y, width, height = box
    rim = min(most, min(width, height) // 4 if most > OUTLINE else min(width, height) // 6)
    return x + rim, y + rim, width - 2 * rim, height - 2 * rim
