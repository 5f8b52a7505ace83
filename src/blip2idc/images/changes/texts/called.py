"""What a changed thing of a page is called where no words on it were read: by what stands above or below it.

In: a pair and one change. Out: the change with its `name`, or with its thing in other words: a gap by what stands above
it, a picture by the words below it, a field by its label, an option by the words beside it, a text by its words.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blip2idc.images.changes.pictures import Picture, largest_channel
from blip2idc.images.changes.result import Box, MeasuredChange
from blip2idc.images.changes.sentences import sentence
from blip2idc.images.changes.texts.bars import MENU_BUTTON
from blip2idc.images.changes.texts.found import label_above, name_beside
from blip2idc.images.changes.texts.names import (
    AIR,
    name_above,
    name_below,
    name_of,
    read_as_name,
    within_shadow,
)
from blip2idc.images.changes.texts.written import lines_of_place

#: Facts of which the words are told already, or that have none.
_PASSED_BY = frozenset({"gap", "panel", "clock", "caret", "scroll_bar", "language"})
#: What happens to boxes, whatever is in them.
_OF_BOXES = frozenset({"outlined", "shadowed", "rounded", "greyed"})
#: Width of a field with something in it, in heights.
_WIDE = 3
#: Of the contrast of letters, by which they differ from what is there when they left, and share of them that did.
_LEFT, _MOST_OF_IT = 0.3, 0.85
#: Pixels of a side of a box that is ticked.
_TICKED = 48
#: Pixels from the outer edge of an outline to the box in it, at which a label above it begins.
_RING = 4
#: Words of a label at most.
_LABELLED = 5
#: Pixels by which a label may begin beside the field below it.
_LABEL = 4


def called(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A change with the words by which its thing is called, where they are not told yet.

    Args:
        first: The image before.
        second: The image after.
        change: As it was measured and read.
    """
    if change.fact("gap") and change.name is None:
        picture, box = (first, change.before_box) if change.before_box else (second, change.after_box)
        return replace(change, name=name_above(picture, box))
    if change.fact("panel") or change.thing == MENU_BUTTON:
        return change
    if change.fact("replaced") or (change.facts and change.thing == "picture"):
        return _as_picture(first, second, change)
    if not change.facts and change.thing.endswith(("box", "button")) and not change.is_read:
        return _as_field(first, second, change)
    if not change.facts or change.is_read or change.facts[0].kind in _PASSED_BY:
        return change
    if change.fact("checked"):
        return change if change.name else _as_option(first, second, change)
    boxed = change.thing.endswith("box") or (not change.thing and change.fact("recoloured"))
    if boxed or change.facts[0].kind in _OF_BOXES:
        return _as_field(first, second, change)
    if change.fact("moved") and change.thing in ("", "text"):  # what it lies over hides a part of it
        places = (first, second, change.before_box), (second, first, change.after_box)
        whole = next(filter(None, (_line_that_left(*place) for place in places)), None)
        if whole is not None:
            return replace(change, name=whole)
    if change.name or change.thing != "text":
        return change
    if change.fact("moved") and change.before_box is not None:  # it may be read better where it was
        named = name_of(first, change.before_box, -AIR), name_of(second, change.after_box, -AIR)
        return replace(change, name=min(filter(None, named), key=len, default=None))
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    return replace(change, name=name_of(picture, box, -AIR))


def _line_that_left(first: Picture, second: Picture, box: Box | None) -> str | None:
    """The line that a text that moved was part of, where all of it left: what lies over the rest hides it now."""
    lines = lines_of_place(first, box)
    if box is None or len(lines) != 1 or first.size != second.size:
        return None
    crop, line = lines[0]
    if line[2] < box[2] + line[3]:
        return None
    one, other = (picture.window(line).astype(np.int16) for picture in (first, second))
    ink = largest_channel(np.abs(one - np.median(one.reshape(-1, 3), axis=0)))
    written = ink > 0.5 * ink.max()
    left = largest_channel(np.abs(one - other))[written] > _LEFT * ink.max()
    return read_as_name(crop) if left.mean() >= _MOST_OF_IT else None


def _as_picture(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A picture as the one above the words that stand below it: its title, or the name of whom it shows."""
    if change.name or change.is_read or change.thing.startswith("part of"):
        return change
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    title_below = name_below(picture, box) if box is not None else None
    thing = "picture" if title_below is None else f"picture above '{title_below}'"
    return replace(change, thing=thing, sentence=sentence(change.facts, thing))


def _as_field(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A box as the one below the label that begins where it does, as the fields of forms; with what is in it."""
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    if box is None or (change.name and box[2] < _WIDE * box[3]):
        return change
    if change.fact("shadowed"):
        box = within_shadow(first, second, box) or box
    if change.name is None and max(box[2:]) <= _TICKED:
        beside = name_beside(picture, box)
        thing = f"{change.thing or 'box'} beside '{beside}'"
        return replace(change, thing=thing, sentence=sentence(change.facts, thing)) if beside else change
    if not change.facts and change.thing.endswith("button"):
        return change
    if change.fact("outlined"):
        box = box[0] + _RING, box[1] + _RING, box[2] - 2 * _RING, box[3] - 2 * _RING
    label = name_above(picture, box, _LABEL) or label_above(picture, box)
    if label is None or label == change.name or not _is_label(label):
        return change
    named = f" '{change.name}'" if change.name else ""
    thing = f"{change.thing or 'box'}{named} below '{label}'"
    return replace(change, thing=thing, sentence=sentence(change.facts, thing))


def _is_label(words: str) -> bool:
    """Whether words may be the label of a field, and are no sentence that ends above it."""
    return not words.endswith((".", "!", ",")) and len(words.split()) <= _LABELLED


def _as_option(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A box that is ticked, a switch or a radio button, called by the words right of it, else left of it."""
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    return replace(change, name=name_beside(picture, box) if box is not None else None)
