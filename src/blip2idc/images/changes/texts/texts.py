"""The texts of changes: what was written in a place before and after.

In: a pair and its measured changes. Out: the changes with `before_text`, `after_text` and a sentence that names both,
where something could be read surely; and with their `name` where the same words stand on a thing before and after.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np

from blip2idc.images.changes.facts.pages.letters import line_of
from blip2idc.images.changes.lines import MOST_LINES, line_boxes, with_air
from blip2idc.images.changes.pictures import Picture, Pixels
from blip2idc.images.changes.regions.grouping import union
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence, text_sentence
from blip2idc.images.changes.texts.language import language
from blip2idc.images.changes.texts.reading import can_read, read_line
from blip2idc.images.changes.texts.same_words import same_words
from blip2idc.images.changes.texts.words import changed_lines, missing_words, ran_on, with_seconds

#: Changes of a pair that are read, the most telling.
_MOST = 10
_SURE = 0.7  # how sure the reader has to be of every line
_VERY_SURE = 0.9  # the same where a text seems to have moved: its words may have
#: What happens to boxes, which are called by the first of their lines.
_NAMED_BY_TITLE = frozenset({"panel", "outlined", "shadowed", "rounded", "greyed"})
#: Pixels of the line around a thing, and of the ground between.
_OUTLINE = 8
#: What happens to words that stay.
_OF_SAME_WORDS = frozenset({"bold", "italic", "spaced", "resized"})
#: Facts of which the words are told already, or that have none.
_PASSED_BY = frozenset({"gap", "panel", "clock", "caret", "scroll_bar", "language"})
#: Likeness of two readings of the same words at least.
_SAME_WORDS = 0.9
#: Letters at the end of a line that is cut off, which may be read wrongly.
_CUT_OFF = 3
#: Texts that changed from which on the page may be in another language.
_PAGE = 3
#: Letters of words whose coming or going is told by reading alone.
_WORD = 3
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
_EDGE = 28  # pixels from the top or the bottom up to which a time of day is a clock
_BESIDE = 0.4  # of their height, by which the middles of lines beside each other differ
_CONSENT = re.compile(r"\bco{1,2}kies?\b|\bconsent\b|\bprivacy\b.*\bchoose\b")
_FAINTEST, _SEEN = (
    0.5,
    0.5,
)  # deviation in levels of what is written at all, and correlation of the same letters
_AIR = 3  # pixels of ground around a text
_CARD = 80  # pixels of a side of a card
_RIM = 2  # pixels of its edge
_LARGEST = 1_500_000  # pixels of a place in which lines are looked for, of which a few are read
_AROUND = 720  # pixels of the image around a place that are looked at


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


def with_texts(
    first: Picture, second: Picture, changes: Sequence[MeasuredChange]
) -> tuple[MeasuredChange, ...]:
    """The changes with their texts; as they are where the extra `[ocr]` is missing."""
    if not changes or not can_read():
        return tuple(changes)
    read = [_named(first, second, _with_text(first, second, change)) for change in changes[:_MOST]]
    texts = [
        [text for change in read if (text := getattr(change, side))] for side in ("before_text", "after_text")
    ]
    if min(map(len, texts)) >= _PAGE and (fact := language(*texts)) is not None:
        return (_of_page(first, second, (*read, *changes[_MOST:]), fact),)
    return (*read, *changes[_MOST:])


def _named(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A text that moved, or of which something else is known, with its words, where they were not read."""
    if change.name or not change.facts or change.before_text or change.after_text or change.thing != "text":
        return change
    if change.facts[0].kind in _PASSED_BY:
        return change
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    return replace(change, name=_name(picture, box, -_AIR))


def _of_page(
    first: Picture, second: Picture, changes: Sequence[MeasuredChange], fact: Fact
) -> MeasuredChange:
    """All that changed as one change of the page."""
    return MeasuredChange(
        (0, 0, *first.size),
        (0, 0, *second.size),
        (fact,),
        sentence((fact,)),
        max(change.strength for change in changes),
        sum(change.pixels for change in changes),
        float(np.mean([change.difference for change in changes])),
        "page",
    )


def _with_text(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    kinds = {fact.kind for fact in change.facts}
    seems_moved = kinds == {"moved"} and change.thing == "text"
    places = (change.before_box, change.after_box)
    if any(box and box[2] * box[3] > _LARGEST for box in places):
        return change
    if change.thing.endswith(_NO_TEXT) and not kinds & _NAMED_BY_TITLE:
        return change
    if kinds and not (kinds <= _CAME_OR_WENT or seems_moved):
        if kinds <= _OF_SAME_WORDS and change.before_box is not None and change.after_box is not None:
            change = _if_same_words(first, second, change)
            if not change.facts:
                return change
        return replace(change, name=_name_of_thing(first, second, change))
    if change.thing.endswith("shape") and any(
        box is not None and box[3] > _TALLEST_LETTER for box in (change.before_box, change.after_box)
    ):
        return _as_card(first, second, change)
    sure = _VERY_SURE if seems_moved else _SURE
    boxes = _boxes(first, second, change)
    one, other = (_read(picture, box, sure) for picture, box in zip((first, second), boxes, strict=True))
    if one is None or other is None:
        return change
    if len(one) != len(other):
        one, other = _rows(one), _rows(other)
    written = _told_apart(one, other)
    return _of_same_words(first, second, change, *written) or _of_other_words(first, second, change, *written)


def _of_same_words(
    first: Picture,
    second: Picture,
    change: MeasuredChange,
    written: Sequence[Written],
    rewritten: Sequence[Written],
) -> MeasuredChange | None:
    """What happened where the same words, but for a clock's, are read before and after; None where others are."""
    before, after = ([line.text for line in lines] for lines in (written, rewritten))
    if ran_on(before, after) and (
        with_seconds(after) or _is_at_edge(second, change.after_box or change.before_box)
    ):
        return replace(change, facts=(Fact("clock"),), sentence=sentence((Fact("clock"),)))
    if (fact := _no_longer_wraps(first, second, written, rewritten)) is not None:
        return replace(change, facts=(fact,), thing="text", sentence=sentence((fact,), "text"))
    if before and _letters_of(before) == _letters_of(after) and len(before) == len(after):
        return _drawn_otherwise(first, second, change, written, rewritten)
    if before and " ".join(before).casefold() == " ".join(after).casefold():
        return _in_capitals(change, " ".join(before), " ".join(after))
    return change if before == after else None


def _of_other_words(
    first: Picture,
    second: Picture,
    change: MeasuredChange,
    written: Sequence[Written],
    rewritten: Sequence[Written],
) -> MeasuredChange:
    """A change with the words that were there and are there now."""
    kinds = {fact.kind for fact in change.facts}
    seems_moved = bool(kinds) and not kinds <= _CAME_OR_WENT
    if (fact := _cookie_banner(written, rewritten)) is not None:
        return replace(change, facts=(fact,), thing="banner", sentence=sentence((fact,)))
    before, after = ([line.text for line in lines] for lines in (written, rewritten))
    if not (before and after) and not kinds & _CAME_OR_WENT:
        return _came_or_went(first, second, change, written, rewritten)
    one, other = changed_lines(before, after) if before and after else ("\n".join(before), "\n".join(after))
    lost, gained = missing_words(before, after), missing_words(after, before)
    kind = "disappeared" if lost else "appeared"
    if (lost or gained) and kinds <= {kind}:  # what was measured of the pixels stands against what was read
        one, other = lost, gained
        change = replace(change, facts=(Fact(kind),))
    if (kinds == {"appeared"} and not other) or (kinds == {"disappeared"} and not one):
        return change  # what is written beside it was read otherwise
    if seems_moved and (one in other or other in one):
        return change  # what is written beside it now was there before
    return replace(
        change,
        before_text=one or None,
        after_text=other or None,
        sentence=text_sentence(one, other, change.thing),
        facts=() if seems_moved else change.facts,  # a word changed, and those behind it moved
    )


def _as_card(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """What came or went, called a card by its title where one is read in it."""
    if not change.fact("appeared") and not change.fact("disappeared"):
        return change
    picture, box = (second, change.after_box) if change.fact("appeared") else (first, change.before_box)
    if box is None or min(box[2:]) < _CARD:
        return change
    name = _title(picture, box)
    if name is None:
        return change
    return replace(change, name=name, thing="card", sentence=sentence(change.facts, "card"))


def _if_same_words(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A change of letters as it is where the words are the same; with its texts, and no fact, where others are read."""
    written, rewritten = _read(first, change.before_box, _SURE), _read(second, change.after_box, _SURE)
    if not written or not rewritten:
        return change
    one, other = (_letters_of_lines(lines).casefold() for lines in (written, rewritten))
    likeness = SequenceMatcher(None, one, other, autojunk=False).ratio()
    if likeness >= _SAME_WORDS and abs(len(one) - len(other)) <= 1 + (1 - _SAME_WORDS) / 2 * len(one):
        return change
    return _with_text(first, second, replace(change, facts=()))


def _is_at_edge(picture: Picture, box: Box | None) -> bool:
    """Whether a place is where a page shows the time."""
    return box is not None and (box[1] < _EDGE or box[1] + box[3] > picture.height - _EDGE)


def _name_of_thing(first: Picture, second: Picture, change: MeasuredChange) -> str | None:
    """The words on what something happened to: in a box its title, of a line of text the line."""
    picture, box = second, change.after_box
    if change.fact("panel") and change.facts[0].values["in"] == "before":
        picture, box = first, change.before_box
    if change.fact("outlined"):
        box = _inner(box)
    if change.thing.endswith("text"):
        return _name(picture, box, -_AIR) or _title(picture, box)
    boxed = change.thing.endswith(("button", "box")) or bool(change.fact("panel"))
    ways = (_name, _title) if boxed else (_title, _name)
    return ways[0](picture, box) or ways[1](picture, box)


def _no_longer_wraps(
    first: Picture, second: Picture, before: Sequence[Written], after: Sequence[Written]
) -> Fact | None:
    """`overflow` where lines of one image are one line in the other, which the edge of the image cuts off."""
    for side, lines, others, picture in (("after", after, before, second), ("before", before, after, first)):
        if len(lines) != 1 or len(others) < 2 or lines[0].box[0] + lines[0].box[2] < picture.width - _RIM:
            continue
        one, other = _letters_of_lines(lines), _letters_of_lines(others)
        if len(one) > _CUT_OFF and other.startswith(one[:-_CUT_OFF]):
            return Fact("overflow", {"in": side})
    return None


def _drawn_otherwise(
    first: Picture,
    second: Picture,
    change: MeasuredChange,
    before: Sequence[Written],
    after: Sequence[Written],
) -> MeasuredChange:
    """A place in which the same words stand before and after: called by them, and what happened to them is told."""
    name = _as_name([line.text for line in after])
    if change.facts:
        return replace(change, name=name)
    lines = [
        (line_of(*_window(first, one.box)), line_of(*_window(second, other.box)))
        for one, other in zip(before, after, strict=True)
    ]
    fact = same_words(
        [
            (replace(one, box=b.box), replace(other, box=a.box))
            for (one, other), b, a in zip(lines, before, after, strict=True)
        ]
    )
    thing = change.thing or "text"
    if fact is None:
        return replace(change, name=name, thing=thing, sentence=sentence((), thing)) if name else change
    thing = "" if fact.kind == "gap" else "text"
    return replace(change, name=name, thing=thing, facts=(fact,), sentence=sentence((fact,), thing))


def _window(picture: Picture, box: Box) -> tuple[Pixels, Box]:
    """The surroundings of a line, and its box in them."""
    x, y, width, height = box
    left, top = max(0, x - _OUTLINE), max(0, y - _OUTLINE)
    return (
        picture.window((left, top, width + 2 * _OUTLINE, height + 2 * _OUTLINE)),
        (x - left, y - top, width, height),
    )


def _cookie_banner(written: Sequence[Written], rewritten: Sequence[Written]) -> Fact | None:
    """`panel` where a banner asks for consent on one side only."""
    asks = [any(_CONSENT.search(line.text.casefold()) for line in lines) for lines in (written, rewritten)]
    if asks[0] == asks[1]:
        return None
    return Fact("panel", {"in": "after" if asks[1] else "before", "as": "cookie banner"})


def _came_or_went(
    first: Picture,
    second: Picture,
    change: MeasuredChange,
    before: Sequence[Written],
    after: Sequence[Written],
) -> MeasuredChange:
    """A place where words stand on one side, and nothing is written on the other."""
    lines = before or after
    if not lines or min(line.sure for line in lines) < _VERY_SURE or len(_letters_of_lines(lines)) < _WORD:
        return change
    if change.before_box != change.after_box or any(
        _shows_through(first, second, line.box) for line in lines
    ):
        return replace(change, name=_as_name([line.text for line in lines]), thing="text")
    fact = Fact("disappeared" if before else "appeared")
    one, other = ("\n".join(line.text for line in lines) for lines in (before, after))
    return replace(
        change,
        facts=(fact,),
        thing="text",
        before_text=one or None,
        after_text=other or None,
        sentence=text_sentence(one, other, "text"),
    )


def _shows_through(first: Picture, second: Picture, box: Box) -> bool:
    """Whether the letters of a line are seen in both images, however faintly."""
    inks = [picture.window(box).astype(np.float32).mean(axis=2) for picture in (first, second)]
    if inks[0].shape != inks[1].shape or min(float(ink.std()) for ink in inks) < _FAINTEST:
        return False
    return abs(float(np.corrcoef(inks[0].ravel(), inks[1].ravel())[0, 1])) > _SEEN


def _letters_of(lines: Sequence[str]) -> str:
    """Letters and digits alone: spaces and dots are read now so, now so."""
    return "".join(letter for line in lines for letter in line if letter.isalnum())


def _letters_of_lines(lines: Sequence[Written]) -> str:
    return _letters_of([line.text for line in lines])


def _rows(lines: Sequence[Written]) -> list[Written]:
    """Lines, those beside each other as one: letters far apart are taken for several."""
    rows: list[Written] = []
    for line in lines:
        last = rows[-1] if rows else None
        if (
            last is not None
            and abs(last.box[1] + last.box[3] / 2 - line.box[1] - line.box[3] / 2) < _BESIDE * line.box[3]
        ):
            rows[-1] = Written(
                f"{last.text} {line.text}", min(last.sure, line.sure), union(last.box, line.box)
            )
        else:
            rows.append(line)
    return rows


def _told_apart(before: list[Written], after: list[Written]) -> tuple[list[Written], list[Written]]:
    """Two lists of lines that may be cut off at the end without the last ones that only one of them shows."""
    if max(len(before), len(after)) < MOST_LINES:
        return before, after
    steps = SequenceMatcher(
        None, [line.text for line in before], [line.text for line in after], autojunk=False
    ).get_opcodes()
    kind, a, _, c, _ = steps[-1]
    return (before[:a], after[:c]) if len(steps) > 1 and kind in ("insert", "delete") else (before, after)


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
    if box is None:
        return None
    x, y, width, height = box
    rim = min(_OUTLINE, min(width, height) // 6)
    return x + rim, y + rim, width - 2 * rim, height - 2 * rim


def _name(picture: Picture, box: Box | None, rim: int = _RIM) -> str | None:
    """The words on a thing, where they are few and sure.

    Args:
        picture: Where it is shown.
        box: The thing.
        rim: Pixels of its edge that are left out; below zero, pixels around it that are looked at.
    """
    if box is None or box[2] * box[3] > _NAMED[0] or min(box[2:]) <= 4 * _RIM:
        return None
    x, y, width, height = box
    left, top = max(0, x + rim), max(0, y + rim)
    thing = picture.window((left, top, x + width - rim - left, y + height - rim - top))
    lines = line_boxes(thing, (0, 0, thing.shape[1], thing.shape[0]))
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


def _read(picture: Picture, box: Box | None, sure: float) -> list[Written] | None:
    """The lines of a place; none where nothing is written; None where one is not sure.

    Of several lines the last may be cut off by the end of the image.
    """
    texts: list[Written] = []
    for crop, line in _lines(picture, box):
        text, certainty = read_line(crop)
        if not text or certainty < sure:
            if texts and line[1] + line[3] >= picture.height - _RIM:
                break
            if line[2] < line[3]:
                continue  # the round corner of a button
            return None
        texts.append(Written(text, certainty, line))
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
