"""What a changed thing of a page is called by the words that are found on it or above it, where none were told before.

In: a pair and one change. Out: the change with its `name`, or with a sentence that has two. The detector finds words on
grounds of their own and beside walls, which the lines that are grown from what changed do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from blip2idc.images.changes.pictures import Picture
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence, swap_sentence, text_sentence
from blip2idc.images.changes.texts.bars import MENU_BUTTON
from blip2idc.images.changes.texts.finding import find_lines, written_in
from blip2idc.images.changes.texts.names import (
    AIR,
    VERY_SURE,
    is_narrow,
    is_word,
    name_of_menu,
    name_on,
    short_name,
    side_of,
    without_shadow,
)
from blip2idc.images.changes.texts.reading import read_line
from blip2idc.images.changes.texts.words import changed_lines, ran_on
from blip2idc.images.changes.texts.written import Written, letters_of

#: Facts about all of a page, about what has no words, and of what comes and goes by itself.
_NAMELESS = frozenset({"theme", "unstyled", "language", "clock", "caret", "scroll_bar", "overflow"})
#: What is seen in the image before alone.
_BEFORE = frozenset({"disappeared", "covered"})
#: What is told with words that were read where these changed, rather than with a name.
_UNNAMED = frozenset({"appeared", "moved"}) | _BEFORE
#: Lines that make a name together, and those of a bar of this height, in which one entry may push all others.
_LINES, _ENTRIES, _BAR = 3, 8, 72
#: Pixels above a panel in which what opened it may stand, by which it may begin further left, and of the panel's edge.
_ABOVE, _ASIDE, _EDGE = 56, 8, 4
#: Pixels by which what opened a menu begins right of it at most, where that is not at the edge of the image.
_OPENED, _AT_EDGE = 64, 12
#: Pixels above a field in which its label stands, between both, and by which it may begin beside it.
_LABEL, _NEAR, _BEGINS = 44, 24, 7
#: Pixels above a gap in which it is named by what stands there, and of the height of words.
_ABOVE_GAP, _SMALL = 72, 8
#: Pixels beside a thing in which its words begin and end, and above and below it.
_BESIDE, _TALL = 220, 8
#: Signs as which the edge of a thing is read.
_OF_THING = "()[]|•·○ "
#: Lines of two things that swapped places which are read.
_OF_TWO = 6


def called_by_found(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A change with the words on its thing, where it has no name and its sentence quotes none.

    Args:
        first: The image before.
        second: The image after.
        change: As it was measured, read and called.
    """
    kinds = {fact.kind for fact in change.facts}
    if change.is_read or "'" in change.thing or change.thing == MENU_BUTTON or kinds & _NAMELESS:
        return change
    if change.fact("swapped"):
        return _of_two(first, second, change)
    if change.fact("panel"):
        return _of_panel(first, second, change)
    if change.name:
        return change
    if change.fact("gap"):
        return _of_gap(first, second, change)
    if not kinds:
        return _of_same_words(first, second, change)
    if not kinds & _UNNAMED and not change.thing.endswith(("picture", "line")):
        return change  # no name was read on it
    picture, box = side_of(first, second, change)
    if kinds & _BEFORE and change.before_box is not None:
        picture, box = first, change.before_box
    name = name_on(picture, box)
    if name is None and change.fact("moved"):  # other words may be where it was, or where it is
        name = name_on(first, change.before_box)
    return replace(change, name=name)


def _of_two(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """Two things that swapped places, each called by its words: what stood first before, and what stands first now."""
    if change.before_box is None or change.after_box is None:
        return change
    before = _sure(written_in(first, change.before_box, _OF_TWO))
    after = _sure(written_in(second, change.after_box, _OF_TWO))
    at = next((at for at, line in enumerate(before) if after and line.text == after[0].text), 0)
    if not at:
        return change
    one, other = _parted(before, before[at])
    again = next((line for line in after if line.text.casefold() == one[0].casefold()), None)
    now = _parted(after, again)[::-1] if again is not None and again is not after[0] else (one, other)
    names = [short_name(max(lines, key=len)) for lines in zip((one, other), now, strict=True)]
    return replace(change, sentence=swap_sentence(*map(str, names))) if all(names) else change


def _parted(lines: Sequence[Written], second: Written) -> tuple[list[str], list[str]]:
    """The lines of two things beside or below each other, of which one begins with the first line, one with another."""
    (left, top, width, height), start = lines[0].box, second.box
    beside = abs(start[1] + start[3] / 2 - top - height / 2) < height / 2 and start[0] >= left + width
    firsts = [
        line.text
        for line in lines
        if (line.box[0] + line.box[2] / 2 < start[0] if beside else line.box[1] + line.box[3] / 2 < start[1])
    ]
    return firsts, [line.text for line in lines if line.text not in firsts]


def _of_gap(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A gap by the words next above it."""
    picture, box = (first, change.before_box) if change.before_box else (second, change.after_box)
    if box is None or box[1] < _SMALL:
        return change
    top = max(0, box[1] - _ABOVE_GAP)
    lines = find_lines(picture, (box[0], top, box[2], box[1] - top + _EDGE))
    read = _sure([Written(*read_line(crop), line) for crop, line in lines[-1:]])
    return replace(change, name=short_name([line.text for line in read]))


def _of_panel(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A panel as the menu of what stands above it, else called by its title."""
    picture, box = side_of(first, second, change)
    fact = change.facts[0]
    if box is None or (change.name and fact.values["as"] != "panel"):
        return change
    plain = without_shadow(picture, box)
    opener = _opener(picture, plain) or name_of_menu(picture, plain) if fact.values["as"] == "panel" else None
    if opener is not None:
        facts = (Fact("panel", {**fact.values, "as": "menu"}),)
        return replace(change, facts=facts, name=opener, sentence=sentence(facts, change.thing))
    return change if change.name else replace(change, name=name_on(picture, plain, whole=True))


def _opener(picture: Picture, box: Box) -> str | None:
    """The words next above a menu, of several beside each other the first; the last where it is at the right edge."""
    x, y, width, _ = box
    if y < _EDGE or not is_narrow(picture, width):
        return None
    top = max(0, y - _ABOVE)
    lines = find_lines(picture, (x - _ASIDE, top, width + _ASIDE, y - top + _EDGE), air=32)
    if not lines:
        return None
    lowest = max(line[1] + line[3] // 2 for _, line in lines)
    row = sorted((line, crop) for crop, line in lines if line[1] <= lowest <= line[1] + line[3])
    if x + width >= picture.width - _AT_EDGE:  # it had no room below the first
        row.reverse()
    for line, crop in row:
        near = x + width >= picture.width - _AT_EDGE or line[0] <= x + _OPENED
        read = _sure([Written(*read_line(crop), line)]) if near else []
        if read:
            return short_name([read[0].text])
    return None


def _of_same_words(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A change of which nothing is sure, called by the words that stand there before and after, if they are few."""
    if change.before_box is None or change.after_box is None:
        return change
    most = _ENTRIES if max(change.before_box[3], change.after_box[3]) <= _BAR else _LINES
    after = written_in(second, change.after_box, most + 1, whole=True)
    before = written_in(first, change.before_box, most + 1, whole=True) if 0 < len(after) <= most else []
    if len(after) > _LINES:
        return _of_other_words(change, *_one_of_many(before, after))
    one, other = ([line.text for line in lines] for lines in (before, after))
    name = short_name([line.text for line in _sure(after)])
    if letters_of(one) != letters_of(other):
        return _of_other_words(change, before, after)
    if name is None:
        return change
    thing = change.thing or "text"
    return replace(change, name=name, thing=thing, sentence=sentence((), thing))


def _one_of_many(
    before: Sequence[Written], after: Sequence[Written]
) -> tuple[Sequence[Written], Sequence[Written]]:
    """The line that is another one, where all others are the same: the entry of a bar that pushed those beside it."""
    if len(before) != len(after):
        return (), ()
    lines = zip(before, after, strict=True)
    changed = [pair for pair in lines if len({letters_of([line.text]).casefold() for line in pair}) > 1]
    return ([changed[0][0]], [changed[0][1]]) if len(changed) == 1 else ((), ())


def _of_other_words(
    change: MeasuredChange, before: Sequence[Written], after: Sequence[Written]
) -> MeasuredChange:
    """A change of which nothing is sure but that other words are read before than after."""
    if (
        not before
        or not after
        or len(before) > _LINES
        or len(_sure([*before, *after])) < len(before) + len(after)
    ):
        return change
    one, other = changed_lines([line.text for line in before], [line.text for line in after])
    if not letters_of([one]) or not letters_of([other]) or ran_on([one], [other]):
        return change
    return replace(
        change, before_text=one, after_text=other, sentence=text_sentence(one, other, change.thing)
    )


def _sure(lines: list[Written]) -> list[Written]:
    """The lines that are read surely and are no icon."""
    return [line for line in lines if line.sure >= VERY_SURE and is_word(line.text)]


def label_above(picture: Picture, box: Box) -> str | None:
    """The words next above a box that begin where it does, as the labels of fields."""
    x, y, width, _ = box
    top = max(0, y - _LABEL)
    lines = find_lines(picture, (x - _ASIDE, top, width + _ASIDE, y - top + _EDGE))
    if not lines:
        return None
    crop, line = lines[-1]
    ends = line[1] + line[3] - AIR
    if not y - _NEAR <= ends <= y or abs(line[0] + AIR - x) > _BEGINS:
        return None
    return short_name([found.text for found in _sure([Written(*read_line(crop), line)])])


def name_beside(picture: Picture, box: Box) -> str | None:
    """The words next to a small thing in its line: right of it, else left of it."""
    x, y, width, height = box
    reach = min(_BESIDE, picture.width - x - width), min(_BESIDE, x)
    places = (x + width, y, reach[0], height), (x - reach[1], y, reach[1], height)
    for at, place in zip((0, -1), places, strict=True):
        lines = find_lines(picture, place, air=_TALL) if place[2] > 0 else []
        if not lines:
            continue
        crop, line = lines[at]
        apart = line[0] - x - width if at == 0 else x - line[0] - line[2]
        read = _sure([Written(*read_line(crop), line)]) if apart <= _NEAR else []
        if read:
            return short_name([read[0].text.strip(_OF_THING)])
    return None
