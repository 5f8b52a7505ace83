"""Text whose lines are one line now, which runs on over the edge of its box: `overflow`.

In: two images and the changes found. Out: the changes, of which one is told as such a text. Lines are told to be the
same by their words: each is found in the one line where it follows the word before, drawn in one size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from blip2idc.images.changes.boxes import around, overlap
from blip2idc.images.changes.facts.pages.letters import Line, line_of, words_of
from blip2idc.images.changes.lines import line_boxes
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence

#: Changes that are looked at, the most telling, and lines of a text that are.
_READ, _LINES = 6, 3
#: Of its height, by which the first line went up or down at most, and by which lines are apart at most.
_SHIFT, _APART = 2.0, 2.5
#: Sizes of letters that are tried, as a share of those on several lines.
_SIZES = [round(0.96 + 0.02 * step, 2) for step in range(18)]
#: Words that are looked for first, and how well they are found at least; correlation of the ink of a word and the same.
_FIRST, _BEGUN, _SAME = 2, 0.75, 0.8
#: Widths, in heights of a line, of the words that are the same at least, and share of those that are looked for.
_FEWEST, _MOSTLY = 3, 0.85
#: Pixels of a word that is cut off, and from the edge of an image that cuts it off; the same with a gap of words.
_CUT_OFF, _RIM, _NEAR = 5, 2, 8
#: Of its height, the gap between two words where a line wrapped, and by how much it differs.
_SPACE, _ASTRAY = 0.4, 0.35
#: Heights of a line that the first letters of a word are wide, and ratio of the heights of the one line and the others.
_LETTERS, _TALLER = 1.3, 2.4
#: Pixels by which letters are blurred that keep to pixels, and by which the one line runs on farther than the others.
_SOFT, _FARTHER = 0.8, 3
#: Pixels above what changed in which its first line may stand, and below a text in which what changed gave way to it.
_ABOVE, _BELOW = 26, 8
#: Facts of what may be such a text, or gives way to one.
_OPEN = frozenset({"moved", "gap", "resized", "spaced", "overflow", "appeared", "disappeared"})


def with_unwrapped(
    before: Pixels, after: Pixels, changes: Sequence[MeasuredChange]
) -> list[MeasuredChange] | None:
    """The changes, of which one is a text that no longer wraps, or does so again; None where there is none.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
        changes: The most telling first.
    """
    looked = [change for change in changes[:_READ] if not change.facts or change.facts[0].kind in _OPEN]
    places = [
        (change.before_box or change.after_box, change.after_box or change.before_box) for change in looked
    ]
    lines = [_lines(image, [pair[side] for pair in places]) for side, image in enumerate((before, after))]
    for side, images, found in (
        ("after", (before, after), lines),
        ("before", (after, before), lines[::-1]),
    ):
        texts = _unwrapped(*images, *found)
        if texts is None:
            continue
        one, other = texts if side == "after" else texts[::-1]
        facts = (Fact("overflow", {"in": side}),)
        told = replace(
            looked[0],
            before_box=one,
            after_box=other,
            facts=facts,
            thing="text",
            sentence=sentence(facts, "text"),
        )
        return [told, *(change for change in changes if not _gave_way(change, one, other))]
    return None


def _lines(image: Pixels, places: Sequence[Box | None]) -> list[Box]:
    """The lines of text in some places of an image, from top to bottom, each once."""
    found = set()
    for x, y, width, height in filter(None, places):
        above = min(y, _ABOVE)  # the beginning of its first line may not differ
        found |= set(line_boxes(image, (x, y - above, width, height + above)))
    return sorted(found, key=lambda line: (line[1], line[0]))


def _gave_way(change: MeasuredChange, one: Box, other: Box) -> bool:
    """Whether a change is of the text, or of what follows it."""
    if change.facts and change.facts[0].kind not in _OPEN:
        return False
    return any(
        box is not None and (overlap(box, text) > 0 or box[1] + _BELOW > text[1] + text[3])
        for box, text in ((change.before_box, one), (change.after_box, other))
    )


def _unwrapped(
    wrapped: Pixels, running: Pixels, lines: Sequence[Box], others: Sequence[Box]
) -> tuple[Box, Box] | None:
    """The box of a text in an image in which it fits, and of its one line in the other, in which it does not."""
    for box in others:
        left = running.shape[1] - box[0] - box[2]
        for first in lines:
            if abs(box[1] + box[3] / 2 - first[1] - first[3] / 2) > _SHIFT * first[3]:
                continue
            block = _block(lines, first)
            is_cut = left <= (_RIM if len(block) < 2 else _NEAR)
            if box[3] > _TALLER * first[3] or (len(block) < 2 and not is_cut):
                continue
            if box[0] + box[2] < _end_of(block) + _FARTHER or not 0 <= first[0] + first[3] - box[0] < box[2]:
                continue
            if _is_same(line_of(running, box), [line_of(wrapped, one) for one in block[:2]], is_cut=is_cut):
                return around(block), box
    return None


def _end_of(block: Sequence[Box]) -> int:
    return max(line[0] + line[2] for line in block)


def _block(lines: Sequence[Box], first: Box) -> list[Box]:
    """A line and those below it that may go on with its text."""
    block = [first]
    for line in lines:
        last = block[-1]
        beside = min(line[0] + line[2], last[0] + last[2]) <= max(line[0], last[0])
        if beside or not last[1] + last[3] / 2 < line[1] <= last[1] + _APART * last[3]:
            continue
        block.append(line)
    return block[:_LINES]


def _is_same(running: Line, block: Sequence[Line], *, is_cut: bool) -> bool:
    """Whether the words of a line are those of the first of two lines, and on from the second.

    Args:
        running: The line.
        block: One line, or two.
        is_cut: Whether the line is cut off at the edge of the image, so that not all of the first may be seen.
    """
    if not running.is_written or not all(line.is_written for line in block):
        return False
    words = [words_of(line) for line in block]
    if not all(words):
        return False
    height = block[0].box[3]
    places = _placed([words[0], *([_beginning(line[0], height)] for line in words[1:])], height)
    first = len(words[0])
    begun = [sum(score for score, _ in _found(running, places[:_FIRST], height, size)) for size in _SIZES]
    if max(begun) < _BEGUN * min(_FIRST, len(places)):
        return False
    found = max(
        (_found(running, places[: first + 1], height, size) for size in _SIZES),
        key=lambda found: sum(score * width for score, width in found if score >= _SAME),
    )
    if len(found) <= first and not (is_cut and len(found) > 1):
        return False
    widths = [width if score >= _SAME else 0 for score, width in found]
    if len(found) > first and not widths[first]:
        return False
    return sum(widths) >= max(_FEWEST * height, _MOSTLY * sum(width for _, width in found))


def _beginning(word: Line, height: int) -> Line:
    """The first letters of a word: what follows them may be covered."""
    width = min(word.box[2], round(_LETTERS * height))
    return replace(word, box=(*word.box[:2], width, word.box[3]), ink=word.ink[:, :width])


def _placed(words: Sequence[Sequence[Line]], height: int) -> list[tuple[float, Line]]:
    """Where each word of a line, and the first of one below, begins, if they were one, in its heights; and the word."""
    start = words[0][0].box[0]
    places = [((word.box[0] - start) / height, word) for word in words[0]]
    last = words[0][-1].box
    end = (last[0] + last[2] - start) / height + _SPACE
    return places + [(end, line[0]) for line in words[1:]]


def _found(
    running: Line, places: Sequence[tuple[float, Line]], height: int, size: float
) -> list[tuple[float, int]]:
    """How well each word is found where it is expected in a line, and its width; up to where the line ends.

    Args:
        running: The line.
        places: Where each word begins, from the beginning of the first, in heights of its line, and the word.
        height: Of the line on which the first words stand, in pixels.
        size: Of the letters of the line as a share of theirs.
    """
    rim = round(_ASTRAY * height * size)
    ink = cv2.GaussianBlur(np.pad(running.ink, rim), (0, 0), _SOFT)
    found: list[tuple[float, int]] = []
    off = 0.0
    for place, word in places:
        width, tall = (max(1, round(side * size)) for side in word.box[2:])
        begin = round(place * height * size + off)
        seen = min(width, running.ink.shape[1] - begin)
        window = ink[:, max(0, begin) : begin + seen + 2 * rim]
        if seen < min(width, _CUT_OFF) or window.shape[0] < tall or window.shape[1] < seen:
            break
        drawn = cv2.resize(word.ink, (width, tall), interpolation=cv2.INTER_AREA)[:, :seen]
        drawn = cv2.GaussianBlur(drawn, (0, 0), _SOFT)
        if float(drawn.std()) < 1e-3:
            break
        scores = cv2.matchTemplate(np.ascontiguousarray(window), drawn, cv2.TM_CCOEFF_NORMED)
        _, score, _, (across, _) = cv2.minMaxLoc(scores)
        if score >= _SAME:
            off += across - rim + min(0, begin)
        found.append((float(score), seen))
    return found
