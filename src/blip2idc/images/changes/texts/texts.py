"""The texts of changes: what was written in a place before and after.

In: a pair and its measured changes. Out: the changes with `before_text`, `after_text` and a sentence that names both,
where something could be read surely; and with their `name` where the same words stand on a thing before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from blip2idc.images.changes.pictures import Picture, Pixels
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence, text_sentence
from blip2idc.images.changes.texts.lines import line_boxes, with_air
from blip2idc.images.changes.texts.reading import can_read, read_line
from blip2idc.images.changes.texts.words import changed_lines

#: Changes of a pair that are read, the most telling.
_MOST = 10
_SURE = 0.7  # how sure the reader has to be of every line
_VERY_SURE = 0.9  # the same where a text seems to have moved: its words may have
#: What happens to boxes, which are called by the first of their lines.
_NAMED_BY_TITLE = frozenset({"panel", "outlined", "shadowed", "rounded", "greyed"})
#: Pixels of the line around a thing, and of the ground between.
_OUTLINE = 8
#: Lines that are tried for one that can be read.
_TITLES = 3
_CAME_OR_WENT = frozenset({"appeared", "disappeared"})
_NO_TEXT = ("picture", "line")  # what a thing is not, if it is to be read
_TALLEST_LETTER = 90  # pixels: a shape up to there may be one letter that changed
_NAMED = (
    300_000,
    2,
    40,
)  # most pixels of a thing that is called by its words, most lines and letters of these
_RIM = 2  # pixels of its edge
_LARGEST = 1_500_000  # pixels of a place in which lines are looked for, of which a few are read
_AROUND = 720  # pixels of the image around a place that are looked at


def with_texts(
    first: Picture, second: Picture, changes: Sequence[MeasuredChange]
) -> tuple[MeasuredChange, ...]:
    """The changes with their texts; as they are where the extra `[ocr]` is missing."""
    if not changes or not can_read():
        return tuple(changes)
    read = [_with_text(first, second, change) for change in changes[:_MOST]]
    return (*read, *changes[_MOST:])


def _with_text(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    kinds = {fact.kind for fact in change.facts}
    seems_moved = kinds == {"moved"} and change.thing == "text"
    places = (change.before_box, change.after_box)
    if any(box and box[2] * box[3] > _LARGEST for box in places):
        return change
    if change.thing.endswith(_NO_TEXT) and not kinds & _NAMED_BY_TITLE:
        return change
    if kinds and not (kinds <= _CAME_OR_WENT or seems_moved):
        return replace(change, name=_name_of_thing(first, second, change))
    if change.thing.endswith("shape") and any(
        box is not None and box[3] > _TALLEST_LETTER for box in (change.before_box, change.after_box)
    ):
        return change
    sure = _VERY_SURE if seems_moved else _SURE
    boxes = _boxes(first, second, change)
    before, after = (_read(picture, box, sure) for picture, box in zip((first, second), boxes, strict=True))
    if before is None or after is None:
        return change
    if before == after:
        name = _as_name(after)
        if name and not change.facts and not change.thing:
            return replace(change, name=name, thing="text", sentence=sentence((), "text"))
        return replace(change, name=name)
    if not (before and after) and not kinds & _CAME_OR_WENT:
        return change
    if " ".join(before).casefold() == " ".join(after).casefold():
        return _in_capitals(change, " ".join(before), " ".join(after))
    one, other = changed_lines(before, after) if before and after else ("\n".join(before), "\n".join(after))
    if seems_moved and (one in other or other in one):
        return change  # what is written beside it now was there before
    return replace(
        change,
        before_text=one or None,
        after_text=other or None,
        sentence=text_sentence(one, other, change.thing),
        facts=() if seems_moved else change.facts,  # a word changed, and those behind it moved
    )


def _name_of_thing(first: Picture, second: Picture, change: MeasuredChange) -> str | None:
    """The words on what something happened to: in a box its title, of a line of text the line."""
    picture, box = second, change.after_box
    if change.fact("panel") and change.facts[0].values["in"] == "before":
        picture, box = first, change.before_box
    if change.fact("outlined"):
        box = _inner(box)
    boxed = change.thing.endswith(("button", "box")) or bool(change.fact("panel"))
    ways = (_name, _title) if boxed else (_title, _name)
    return ways[0](picture, box) or ways[1](picture, box)


def _in_capitals(change: MeasuredChange, before: str, after: str) -> MeasuredChange:
    """A text of which only the case of letters changed."""
    facts = change.facts
    if after.isupper() != before.isupper():
        facts = (Fact("capitals", {"in": "after" if after.isupper() else "before"}),)
    thing = change.thing or "text"
    return replace(change, facts=facts, thing=thing, sentence=sentence(facts, thing), name=_as_name([after]))


def _title(picture: Picture, box: Box | None) -> str | None:
    """The first line of what is written in a box that can be read surely."""
    for crop, _ in _lines(picture, box)[:_TITLES]:
        text, certainty = read_line(crop)
        if certainty >= _VERY_SURE:
            return _as_name([text])
    return None


def _inner(box: Box | None) -> Box | None:
    """A box without the line along its edge; None where nothing is left."""
    if box is None or min(box[2:]) <= 4 * _OUTLINE:
        return None
    x, y, width, height = box
    return x + _OUTLINE, y + _OUTLINE, width - 2 * _OUTLINE, height - 2 * _OUTLINE


def _name(picture: Picture, box: Box | None) -> str | None:
    """The words on a thing, where they are few and sure."""
    if box is None or box[2] * box[3] > _NAMED[0] or min(box[2:]) <= 4 * _RIM:
        return None
    x, y, width, height = box
    thing = picture.window((x + _RIM, y + _RIM, width - 2 * _RIM, height - 2 * _RIM))
    lines = line_boxes(thing, (0, 0, width - 2 * _RIM, height - 2 * _RIM))
    if len(lines) > _NAMED[1]:
        lines = lines[:1]  # its title
    read = [read_line(with_air(thing, line)) for line in lines]
    return _as_name([text for text, _ in read]) if all(sure >= _VERY_SURE for _, sure in read) else None


def _as_name(lines: Sequence[str]) -> str | None:
    name = " ".join(lines)
    return name if 0 < len(lines) <= _NAMED[1] and 1 < len(name) <= _NAMED[2] else None


def _boxes(first: Picture, second: Picture, change: MeasuredChange) -> tuple[Box | None, Box | None]:
    """Where to read: of words that came or went at the end of a line, in the rest of the line too."""
    before, after = change.before_box, change.after_box
    if change.fact("appeared"):
        return _rest_of_line(second, after) if before == after else None, after
    if change.fact("disappeared"):
        return before, _rest_of_line(first, before) if before == after else None
    return before, after


def _rest_of_line(picture: Picture, box: Box | None) -> Box | None:
    """The line that goes on beyond a box; None where it does not."""
    lines = [line for _, line in _lines(picture, box)]
    if box is None or len(lines) != 1 or lines[0][2] < box[2] + lines[0][3]:
        return None
    return lines[0]


def _read(picture: Picture, box: Box | None, sure: float) -> list[str] | None:
    """The lines of a place; none where nothing is written; None where one is not sure."""
    texts = []
    for crop, _ in _lines(picture, box):
        text, certainty = read_line(crop)
        if not text or certainty < sure:
            return None
        texts.append(text)
    return texts


def _lines(picture: Picture, box: Box | None) -> list[tuple[Pixels, Box]]:
    """The lines of a place: each cut out, with a little ground, and its box in the image."""
    if box is None:
        return []
    x, y, width, height = box
    left, top = max(0, x - _AROUND), max(0, y - _AROUND)
    image = picture.window((left, top, width + x - left + _AROUND, height + y - top + _AROUND))
    found = line_boxes(image, (x - left, y - top, width, height))
    return [(with_air(image, line), (line[0] + left, line[1] + top, line[2], line[3])) for line in found]
