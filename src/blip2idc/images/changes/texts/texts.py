"""The texts of changes: what was written in a place before and after.

In: a pair and its measured changes. Out: the changes with `before_text`, `after_text` and a sentence that names both,
where something could be read surely; and with their `name` where the same words stand on a thing before and after.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np

from blip2idc.images.changes.facts.pages.letters import line_of
from blip2idc.images.changes.pictures import Picture
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence, swap_sentence, text_sentence
from blip2idc.images.changes.texts.bars import MENU_BUTTON, as_menu_button
from blip2idc.images.changes.texts.called import called
from blip2idc.images.changes.texts.finding import is_bare
from blip2idc.images.changes.texts.found import called_by_found
from blip2idc.images.changes.texts.language import language
from blip2idc.images.changes.texts.names import (
    VERY_SURE,
    as_name,
    name_at_line,
    name_of_thing,
    name_on,
    name_where_free,
)
from blip2idc.images.changes.texts.pushed import pushed_words
from blip2idc.images.changes.texts.reading import can_read, each_line_once
from blip2idc.images.changes.texts.same_words import same_words, swapped_words
from blip2idc.images.changes.texts.together import moved_words, pieces_of_lines, together
from blip2idc.images.changes.texts.words import changed_lines, missing_words, ran_on, with_seconds
from blip2idc.images.changes.texts.written import (
    RIM,
    Written,
    letters_of,
    letters_of_lines,
    lines_of_place,
    read_places,
    read_within,
    rows,
    shows_through,
    told_apart,
    window_of,
)

#: Changes of a pair that are read, the most telling.
_MOST = 10
#: Of these, for whose names words are looked for on any ground.
_FOUND = 3
#: How sure the reader has to be of every line.
_SURE = 0.7
#: What happens to boxes, which are called by the first of their lines.
_NAMED_BY_TITLE = frozenset({"panel", "outlined", "shadowed", "rounded", "greyed", "broken"})
#: What happens to words that stay.
_OF_SAME_WORDS = frozenset({"bold", "italic", "spaced", "resized"})
#: Likeness of two readings of the same words at least.
_SAME_WORDS = 0.9
#: The same of words without digits that are larger or smaller now.
_LIKE_WORDS = 0.75
#: Letters at the end of a line that is cut off, which may be read wrongly.
_CUT_OFF = 3
#: Texts that changed from which on the page may be in another language.
_PAGE = 3
#: Letters of words whose coming or going is told by reading alone.
_WORD = 3
#: Letters of a line from which on it tells where in it each stands.
_PLACED = 12
#: Of its height, by which a letter may stand off the place in a line that its number tells.
_OFF_PLACE = 2.0
_CAME_OR_WENT = frozenset({"appeared", "disappeared"})
#: What a thing is not, if it is to be read.
_NO_TEXT = ("picture", "line")
#: Pixels: a shape up to there may be one letter that changed.
_TALLEST_LETTER = 90
#: Pixels from the top or the bottom up to which a time of day is a clock.
_EDGE = 28
_CONSENT = re.compile(r"\bco{1,2}kies?\b|\bconsent\b|\bprivacy\b.*\bchoose\b")
#: Pixels of a side of a card.
_CARD = 80
#: Pixels of a place in which lines are looked for, of which a few are read.
_LARGEST = 1_500_000


def with_texts(
    first: Picture, second: Picture, changes: Sequence[MeasuredChange]
) -> tuple[MeasuredChange, ...]:
    """The changes with their texts; but for menu buttons as they are where the extra `[ocr]` is missing."""
    changes = [as_menu_button(first, second, change) for change in pieces_of_lines(changes)]
    if not changes or not can_read():
        return tuple(changes)
    with each_line_once():
        read = [called(first, second, _with_text(first, second, change)) for change in changes[:_MOST]]
        read = pushed_words(first, second, together(first, second, moved_words(read)))
    read = [*(called_by_found(first, second, change) for change in read[:_FOUND]), *read[_FOUND:]]
    texts = [
        [text for change in read if (text := getattr(change, side))] for side in ("before_text", "after_text")
    ]
    if min(map(len, texts)) >= _PAGE and (fact := language(*texts)) is not None:
        return (_of_page(first, second, (*read, *changes[_MOST:]), fact),)
    return (*read, *changes[_MOST:])


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
    if change.thing == MENU_BUTTON or any(box and box[2] * box[3] > _LARGEST for box in places):
        return change
    if change.fact("underlined"):
        return _as_underlined(first, second, change)
    if change.thing.endswith(_NO_TEXT) and not kinds & _NAMED_BY_TITLE:
        return change
    if kinds and not (kinds <= _CAME_OR_WENT or seems_moved):
        if kinds <= _OF_SAME_WORDS and change.before_box is not None and change.after_box is not None:
            change = _if_same_words(first, second, change)
            if not change.facts:
                return change
        return replace(change, name=name_of_thing(first, second, change))
    if change.thing.endswith("shape") and any(
        box is not None and box[3] > _TALLEST_LETTER for box in (change.before_box, change.after_box)
    ):
        return _as_card(first, second, change)
    if seems_moved and (name := name_where_free(first, second, change)) is not None:
        return replace(change, name=name)
    sure = VERY_SURE if seems_moved else _SURE
    boxes = _boxes(first, second, change)
    whole = not kinds or (change.before_box is not None and change.after_box is not None)
    if kinds & _CAME_OR_WENT and _is_blank(first, second, change):
        return change
    read = read_places((first, second), boxes, sure, whole=whole)
    if read is None:
        return change
    one, other = read
    if len(one) != len(other):
        one, other = rows(one), rows(other)
    written = told_apart(one, other)
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
    if before and letters_of(before) == letters_of(after) and len(before) == len(after):
        return _drawn_otherwise(first, second, change, written, rewritten)
    if before and " ".join(before).casefold() == " ".join(after).casefold():
        return _in_capitals(change, " ".join(before), " ".join(after))
    if (two := swapped_words(" ".join(before), " ".join(after))) is not None:
        return replace(change, facts=(Fact("swapped"),), thing="text", sentence=swap_sentence(*two))
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
    if any(text and not letters_of([text]) for text in (one, other)):
        return change  # a dot or a rule was read
    lost, gained = missing_words(before, after), missing_words(after, before)
    kind = "disappeared" if lost else "appeared"
    if (lost or gained) and kinds <= {kind}:  # what was measured of the pixels stands against what was read
        one, other = lost, gained
        change = replace(change, facts=(Fact(kind),))
    if (kinds == {"appeared"} and not other) or (kinds == {"disappeared"} and not one):
        return change  # what is written beside it was read otherwise
    if seems_moved and (one in other or other in one):
        return change  # what is written beside it now was there before
    if not _differs_there(change, written, rewritten):
        return change  # what is written beside it was read otherwise
    return replace(
        change,
        before_text=one or None,
        after_text=other or None,
        sentence=text_sentence(one, other, change.thing),
        facts=() if seems_moved else change.facts,  # a word changed, and those behind it moved
    )


def _differs_there(change: MeasuredChange, before: Sequence[Written], after: Sequence[Written]) -> bool:
    """Whether letters of a line differ where its pixels do, as far as where they stand tells; True of several lines."""
    if len(before) != 1 or len(after) != 1 or change.before_box is None or change.after_box is None:
        return True
    (one,), (other,) = before, after
    if min(len(one.text), len(other.text)) < _PLACED:
        return True
    steps = SequenceMatcher(None, one.text, other.text, autojunk=False).get_opcodes()
    spans = [
        (
            line.box[0] + start / len(line.text) * line.box[2],
            line.box[0] + stop / len(line.text) * line.box[2],
        )
        for kind, a, b, c, d in steps
        if kind != "equal"
        for line, start, stop in ((one, a, b), (other, c, d))
    ]
    air = _OFF_PLACE * one.box[3]
    boxes = change.before_box, change.after_box
    first, last = min(box[0] for box in boxes) - air, max(box[0] + box[2] for box in boxes) + air
    return any(start < last and stop > first for start, stop in spans)


def _as_underlined(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A line below words, or through them, as these words."""
    name = name_at_line(first, second, change)
    if name is None:
        return replace(
            change, name=None if change.thing.endswith("line") else name_of_thing(first, second, change)
        )
    return replace(change, name=name, thing="text", sentence=sentence(change.facts, "text"))


def _as_card(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """What came or went, called a card by its title where one is read in it."""
    if not change.fact("appeared") and not change.fact("disappeared"):
        return change
    picture, box = (second, change.after_box) if change.fact("appeared") else (first, change.before_box)
    if box is None or min(box[2:]) < _CARD:
        return change
    name = name_on(picture, box)
    if name is None:
        return change
    return replace(change, name=name, thing="card", sentence=sentence(change.facts, "card"))


def _is_blank(first: Picture, second: Picture, change: MeasuredChange) -> bool:
    """Whether what came or went is of one colour, but for its edge."""
    picture, box = (second, change.after_box) if change.fact("appeared") else (first, change.before_box)
    assert box is not None
    x, y, width, height = box
    rim = min(width, height) // 4
    return is_bare(picture.window((x + rim, y + rim, width - 2 * rim, height - 2 * rim)))


def _if_same_words(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A change of letters as it is where the words are the same; with its texts, and no fact, where others are read."""
    written, rewritten = (
        read_within(picture, box, _SURE)
        for picture, box in ((first, change.before_box), (second, change.after_box))
    )
    if not written or not rewritten:
        return change
    one, other = (letters_of_lines(lines).casefold() for lines in (written, rewritten))
    likeness = SequenceMatcher(None, one, other, autojunk=False).ratio()
    if change.fact("resized") and likeness >= _LIKE_WORDS and _digits(one) == _digits(other):
        return change  # small letters are read now so, now so
    if likeness >= _SAME_WORDS and abs(len(one) - len(other)) <= 1 + (1 - _SAME_WORDS) / 2 * len(one):
        return change
    return _with_text(first, second, replace(change, facts=()))


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _is_at_edge(picture: Picture, box: Box | None) -> bool:
    """Whether a place is where a page shows the time."""
    return box is not None and (box[1] < _EDGE or box[1] + box[3] > picture.height - _EDGE)


def _no_longer_wraps(
    first: Picture, second: Picture, before: Sequence[Written], after: Sequence[Written]
) -> Fact | None:
    """`overflow` where lines of one image are one line in the other, which the edge of the image cuts off."""
    for side, lines, others, picture in (("after", after, before, second), ("before", before, after, first)):
        if len(lines) != 1 or len(others) < 2 or lines[0].box[0] + lines[0].box[2] < picture.width - RIM:
            continue
        one, other = letters_of_lines(lines), letters_of_lines(others)
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
    name = as_name([line.text for line in after])
    if change.facts:
        return replace(change, name=name)
    lines = [
        (line_of(*window_of(first, one.box)), line_of(*window_of(second, other.box)))
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
    if not lines or min(line.sure for line in lines) < VERY_SURE or len(letters_of_lines(lines)) < _WORD:
        return change
    if change.before_box != change.after_box or any(shows_through(first, second, line.box) for line in lines):
        return replace(change, name=as_name([line.text for line in lines]), thing="text")
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


def _in_capitals(change: MeasuredChange, before: str, after: str) -> MeasuredChange:
    """A text of which only the case of letters changed."""
    facts = change.facts
    words = [(one, other) for one, other in zip(before.split(), after.split(), strict=False) if one != other]
    one, other = (" ".join(side) for side in zip(*words, strict=True)) if words else (before, after)
    if other.isupper() != one.isupper():
        facts = (Fact("capitals", {"in": "after" if other.isupper() else "before"}),)
    thing = change.thing or "text"
    whole = next((as_name([text]) for text in (after, before) if after.isupper() or before.isupper()), None)
    return replace(
        change, facts=facts, thing=thing, sentence=sentence(facts, thing), name=whole or as_name([other])
    )


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
    lines = [line for _, line in lines_of_place(picture, box)]
    if box is None or len(lines) != 1 or lines[0][2] < box[2] + lines[0][3]:
        return None
    return lines[0]
