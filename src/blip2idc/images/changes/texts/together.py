"""Changes that are one thing: the parts of a row or a card that came, went or faded together, pieces of lines, words.

In: a pair and its changes, as they were read. Out: the changes, those of parts as one, with all their words, and words
that are gone here and new there as words that moved. Parts of one thing have nothing else between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from blip2idc.images.changes.boxes import around, sides
from blip2idc.images.changes.pictures import Picture, largest_channel
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence, text_sentence
from blip2idc.images.changes.texts.names import as_name, short_name
from blip2idc.images.changes.texts.written import letters_of

#: What happens to all parts of a thing alike, and the side on which these are seen.
_ALIKE = {"appeared": "after", "disappeared": "before", "faded": ""}
#: Per cent of what is left of a thing that fades, by which its parts differ at most.
_AS_FAINT = 12
#: Pixels between parts below each other at most, and of all of them together.
_BELOW, _TALLEST = 40, 320
#: Pixels around parts in which their own edges are, and levels by which anything else differs from the ground.
_AIR, _CONTRAST = 4, 16
#: Pixels between parts at least where they are read one after the other.
_CUT = 3
#: What parts without words may be: drawings beside them.
_MUTE = ("", "shape", "line")
#: Letters of words that moved at least.
_WORD = 3
#: Pixels of the height of a line through or below words, by which its pieces lie higher, and between them.
_RULE, _LEVEL, _BETWEEN = 5, 1, 40


def pieces_of_lines(changes: Sequence[MeasuredChange]) -> list[MeasuredChange]:
    """The changes, with the pieces of a line below words, which letters reach through, as one.

    Args:
        changes: As they were measured.
    """
    told: list[MeasuredChange] = []
    for change in changes:
        at = next((at for at, one in enumerate(told) if _is_one_line(one, change)), None)
        if at is None:
            told.append(change)
        else:
            told[at] = _with_box(told[at], (told[at], change))
    return told


def _is_one_line(one: MeasuredChange, other: MeasuredChange) -> bool:
    boxes = one.before_box, one.after_box, other.before_box, other.after_box
    if one.fact("underlined") is None or one.facts != other.facts or None in boxes:
        return False
    first, second = (change.after_box or (0, 0, 0, 0) for change in (one, other))
    if max(first[3], second[3]) > _RULE or abs(first[1] - second[1]) > _LEVEL:
        return False
    left, right = sorted((first, second))
    return right[0] - left[0] - left[2] <= _BETWEEN


def moved_words(changes: Sequence[MeasuredChange]) -> list[MeasuredChange]:
    """The changes, with words that are gone in one place and new in another as words that moved.

    Args:
        changes: As they were read.
    """
    told = list(changes)
    for gone in changes:
        if gone.fact("disappeared") is None or not gone.before_text:
            continue
        words = letters_of([gone.before_text])
        for new in told:
            if (
                new.fact("appeared") is None
                or letters_of([new.after_text or ""]) != words
                or len(words) < _WORD
            ):
                continue
            assert gone.before_box is not None
            assert new.after_box is not None
            dx, dy = (new.after_box[axis] - gone.before_box[axis] for axis in (0, 1))
            facts, name = (Fact("moved", {"dx": dx, "dy": dy}),), as_name([gone.before_text])
            both = replace(
                gone, after_box=new.after_box, facts=facts, thing="text", before_text=None, name=name
            )
            told[told.index(gone)] = replace(both, sentence=sentence(facts, "text"))
            told.remove(new)
            break
    return told


def together(first: Picture, second: Picture, changes: Sequence[MeasuredChange]) -> list[MeasuredChange]:
    """The changes, with the parts of one thing as one.

    Args:
        first: The image before.
        second: The image after.
        changes: As they were read and called.
    """
    groups: list[list[MeasuredChange]] = []
    for change in changes:
        parts = [_seen(one) for one in changes if _alike(one, change)]
        near = [group for group in groups if _belongs(first, second, group, change, parts)]
        joined = [part for group in near for part in group]
        groups = [group for group in groups if group not in near]
        groups.append([*joined, change])
    order = {id(change): at for at, change in enumerate(changes)}
    groups.sort(key=lambda group: min(order[id(change)] for change in group))
    return [_as_one(group) if len(group) > 1 else group[0] for group in groups]


def _belongs(
    first: Picture,
    second: Picture,
    group: Sequence[MeasuredChange],
    change: MeasuredChange,
    parts: Sequence[Box],
) -> bool:
    """Whether a change is of the same thing as others, all parts of which are known."""
    if not all(_alike(one, change) for one in group) or not any(_words(one) for one in (*group, change)):
        return False
    boxes = [_seen(one) for one in (*group, change)]
    if not any(_near(box, boxes[-1]) for box in boxes[:-1]) or around(boxes)[3] > _TALLEST:
        return False
    return _is_bare_between(second if _side(change) == "after" else first, around(boxes), parts)


def _alike(one: MeasuredChange, other: MeasuredChange) -> bool:
    """Whether the same happened to two texts, or to a drawing beside one."""
    if len(one.facts) != 1 or len(other.facts) != 1 or one.facts[0].kind != other.facts[0].kind:
        return False
    if one.facts[0].kind not in _ALIKE or _side(one) != _side(other):
        return False
    if any(
        not change.thing.endswith("text") and change.thing.split(" ")[-1] not in _MUTE
        for change in (one, other)
    ):
        return False
    here = [[change.before_box is None, change.after_box is None] for change in (one, other)]
    percents = [int(change.facts[0].values.get("percent", 0)) for change in (one, other)]
    return here[0] == here[1] and abs(percents[0] - percents[1]) <= _AS_FAINT


def _side(change: MeasuredChange) -> str:
    """The image in which a thing is seen, or seen best."""
    fact = change.facts[0]
    return _ALIKE[fact.kind] or ("before" if fact.values["in"] == "after" else "after")


def _seen(change: MeasuredChange) -> Box:
    box = change.after_box if _side(change) == "after" else change.before_box
    return box or change.before_box or change.after_box or (0, 0, 0, 0)


def _words(change: MeasuredChange) -> str:
    return change.after_text or change.before_text or change.name or ""


def _near(one: Box, other: Box) -> bool:
    """Whether two boxes are in one row, or below each other with little between."""
    (left, top, right, bottom), (start, above, stop, below) = sides(one), sides(other)
    apart = max(top, above) - min(bottom, below)
    return apart < 0 or (apart <= _BELOW and max(left, start) < min(right, stop))


def _is_bare_between(picture: Picture, whole: Box, parts: Sequence[Box]) -> bool:
    """Whether in a box around parts the ground alone is seen beside these."""
    window = picture.window(whole).astype(np.int16)
    rest = np.ones(window.shape[:2], bool)
    for x, y, width, height in parts:
        left, right = (max(0, at - whole[0]) for at in (x - _AIR, x + width + _AIR))
        top, bottom = (max(0, at - whole[1]) for at in (y - _AIR, y + height + _AIR))
        rest[top:bottom, left:right] = False
    if not rest.any():
        return True
    ground = np.median(window[rest], axis=0)
    return int(largest_channel(np.abs(window[rest] - ground)[:, None]).max()) <= _CONTRAST


def _as_one(group: Sequence[MeasuredChange]) -> MeasuredChange:
    """Parts of one thing as one change of a text, with their words as they are read."""
    parts = [part for part in in_order(group) if _words(part)]
    texts = [_words(part) for part in parts]
    whole = _with_box(max(parts, key=lambda part: part.strength), group)
    side = whole.before_text, whole.after_text
    if whole.is_read and None in side:
        one, other = ("" if text is None else "\n".join(texts) for text in side)
        return replace(
            whole, thing="text", before_text=one or None, after_text=other or None,
            sentence=text_sentence(one, other, "text"),
        )  # fmt: skip
    return replace(whole, thing="text", name=short_name(texts), sentence=sentence(whole.facts, "text"))


def _with_box(change: MeasuredChange, parts: Sequence[MeasuredChange]) -> MeasuredChange:
    """A change in the place of all parts."""
    before = [part.before_box for part in parts if part.before_box]
    after = [part.after_box for part in parts if part.after_box]
    pixels = sum(part.pixels for part in parts)
    difference = sum(part.difference * part.pixels for part in parts) / max(1, pixels)
    return replace(
        change, before_box=around(before) if before else None, after_box=around(after) if after else None,
        strength=max(part.strength for part in parts), pixels=pixels, difference=difference or change.difference,
    )  # fmt: skip


def in_order(parts: Sequence[MeasuredChange]) -> list[MeasuredChange]:
    """Parts as they are read: what stands beside each other from left to right, each of it from top to bottom."""
    if len(parts) < 2:
        return list(parts)
    for axis in (1, 0):
        ordered = sorted(parts, key=lambda part: _seen(part)[axis])
        for at in range(1, len(ordered)):
            ends = max(_seen(part)[axis] + _seen(part)[axis + 2] for part in ordered[:at])
            if _seen(ordered[at])[axis] - ends >= _CUT:
                return [*in_order(ordered[:at]), *in_order(ordered[at:])]
    return sorted(parts, key=lambda part: _seen(part)[:2])
