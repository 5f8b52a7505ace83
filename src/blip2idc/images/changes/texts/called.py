"""What a changed thing of a page is called where no words on it were read: by what stands above or below it.

In: a pair and one change. Out: the change with its `name`, or with its thing in other words: a menu by the entry that
opened it, a gap by what stands above it, a picture by the words below it, a field by its label, a text by its words.
"""

from __future__ import annotations

from dataclasses import replace

from blip2idc.images.changes.pictures import Picture
from blip2idc.images.changes.result import Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence
from blip2idc.images.changes.texts.names import AIR, name_above, name_below, name_of, name_of_menu

#: Facts of which the words are told already, or that have none.
_PASSED_BY = frozenset({"gap", "panel", "clock", "caret", "scroll_bar", "language"})
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
    if change.fact("panel"):
        return _as_menu(first, second, change)
    if change.fact("replaced") or (change.facts and change.thing == "picture"):
        return _as_picture(first, second, change)
    if change.name or not change.facts or change.is_read or change.facts[0].kind in _PASSED_BY:
        return change
    if change.thing.endswith("box") or (not change.thing and change.fact("recoloured")):
        return _as_field(first, second, change)
    if change.thing != "text":
        return change
    if change.fact("moved") and change.before_box is not None:  # it may be read better where it was
        named = name_of(first, change.before_box, -AIR), name_of(second, change.after_box, -AIR)
        return replace(change, name=min(filter(None, named), key=len, default=None))
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    return replace(change, name=name_of(picture, box, -AIR))


def _as_picture(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A picture as the one above the words that stand below it: its title, or the name of whom it shows."""
    if change.name or change.is_read or change.thing.startswith("part of"):
        return change
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    title_below = name_below(picture, box) if box is not None else None
    thing = "picture" if title_below is None else f"picture above '{title_below}'"
    return replace(change, thing=thing, sentence=sentence(change.facts, thing))


def _as_field(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A box without words as the one below the label that begins where it does, as the fields of forms."""
    picture, box = (second, change.after_box) if change.after_box else (first, change.before_box)
    label = name_above(picture, box, _LABEL)
    if label is None:
        return change
    thing = f"{change.thing or 'box'} below '{label}'"
    return replace(change, thing=thing, sentence=sentence(change.facts, thing))


def _as_menu(first: Picture, second: Picture, change: MeasuredChange) -> MeasuredChange:
    """A panel as the menu of what stands above it."""
    side = str(change.facts[0].values["in"])
    picture, box = (second, change.after_box) if side == "after" else (first, change.before_box)
    if box is None or change.facts[0].values["as"] != "panel":
        return change
    name = name_of_menu(picture, box)
    if name is None:
        return change
    facts = (Fact("panel", {"in": side, "as": "menu"}),)
    return replace(change, facts=facts, name=name, sentence=sentence(facts, change.thing))
