"""The changes of a page, of which those that one thing explains are told as that thing.

In: two images, where they differ, and the changes found. Out: the changes, or fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from blip2idc.images.changes.boxes import around, overlap
from blip2idc.images.changes.facts.things import thing_of
from blip2idc.images.changes.flow.pieces import is_bare, pair_pieces
from blip2idc.images.changes.flow.reflow import Reflow, explain
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box, MeasuredChange
from blip2idc.images.changes.sentences import sentence

#: Facts that may be of what only gave way, or that pieces tell more of.
_OPEN = frozenset({"moved", "gap", "swapped", "overflow"})
#: Share of a change that a thing takes up at least, if it is what changed.
_MOSTLY = 0.4
#: What much of a page is called, and share of its height and of its width from which on it is that.
_CONTENT, _MOST_OF_PAGE = "content of the page", 0.5
#: Pixels around all that is explained, in which changes belong to it.
_AROUND = 8


def with_reflow(
    before: Pixels, after: Pixels, touched: np.ndarray, changes: Sequence[MeasuredChange], floor: int
) -> list[MeasuredChange]:
    """The changes, with one thing that came, went or changed places instead of all that gave way to it.

    Args:
        before: uint8 [H, W, 3].
        after: Of the same size.
        touched: bool [H, W], where they differ.
        changes: Found.
        floor: Levels up to which neighbouring pixels differ where nothing is drawn.
    """
    if not changes or (len(changes) == 1 and changes[0].facts and changes[0].facts[0].kind not in _OPEN):
        return list(changes)
    pieces = pair_pieces(before, after, touched, floor)
    found = explain(pieces, before, after, floor) if pieces is not None else None
    if found is None:
        return list(changes)
    belong = [change for change in changes if _belongs(change, found)]
    if not belong:
        return list(changes)
    rest = [change for change in changes if change not in belong]
    if found.alone:  # nothing gave way, so that only what nothing else was measured of has more to tell
        if len(belong) > 1 or belong[0].facts or not _is_most_of(found, belong[0]):
            return list(changes)
        return [_told(before, after, _as_large(before, after, belong[0], found, floor)), *rest]
    known = next((change for change in belong if change.fact(found.fact.kind)), None)
    content = _is_content(found, before)
    if known is not None and known.before_box != known.after_box and not content:
        return [known, *rest]  # measured to the edge of its ground
    if content:
        return [
            replace(
                _told(before, after, _trimmed(found)),
                thing=_CONTENT,
                sentence=sentence((found.fact,), _CONTENT),
            ),
            *rest,
        ]
    return [_told(before, after, _trimmed(found)), *rest]


def _is_most_of(found: Reflow, change: MeasuredChange) -> bool:
    """Whether a thing that came or went takes up most of a change, rather than a detail of it."""
    areas = [
        max(box[2] * box[3] for box in boxes if box is not None)
        for boxes in ((found.before, found.after), (change.before_box, change.after_box))
    ]
    return areas[0] >= _MOSTLY * areas[1]


def _is_content(found: Reflow, image: Pixels) -> bool:
    """Whether what moved is not one thing of a page but most of what is on it."""
    if found.fact.kind != "moved" or found.before is None:
        return False
    _, _, width, height = found.before
    return bool(height >= _MOST_OF_PAGE * image.shape[0] and width >= _MOST_OF_PAGE * image.shape[1])


def _as_large(before: Pixels, after: Pixels, change: MeasuredChange, found: Reflow, floor: int) -> Reflow:
    """A thing that came or went with the ground on which it stands, where that differs too."""
    appeared = found.after is not None
    box = change.after_box if appeared else change.before_box
    if box is None or not is_bare(before if appeared else after, box, floor):
        return _trimmed(found)
    return replace(found, after=box) if appeared else replace(found, before=box)


def _trimmed(found: Reflow) -> Reflow:
    """The boxes without the pixel around a piece that differs from it."""
    if found.fact.kind == "gap":
        return found
    boxes = [box and _inner(box) for box in (found.before, found.after)]
    return replace(found, before=boxes[0], after=boxes[1])


def _inner(box: Box) -> Box:
    x, y, width, height = box
    return x + 1, y + 1, max(1, width - 2), max(1, height - 2)


def _told(before: Pixels, after: Pixels, found: Reflow) -> MeasuredChange:
    """What explains the others, as a change."""
    image, box = (after, found.after) if found.after else (before, found.before)
    assert box is not None
    things = [thing_of(image, box)]
    if found.before and found.after:  # where it lies over something, it is seen better where it does not
        things.append(thing_of(before, found.before))
    thing = "text" if "text" in things else things[0]
    thing = "" if found.fact.kind == "gap" else thing
    facts = (found.fact,)
    return MeasuredChange(
        found.before, found.after, facts, sentence(facts, thing), 2.0, box[2] * box[3], 128.0, thing
    )


def _belongs(change: MeasuredChange, found: Reflow) -> bool:
    """Whether a change is of something that is explained, or lies among it."""
    sides = list(zip((change.before_box, change.after_box), found.touched, strict=True))
    return any(
        box is not None and any(overlap(box, other) for other in boxes) for box, boxes in sides
    ) or all(box is None or _is_among(box, boxes) for box, boxes in sides)


def _is_among(box: Box, boxes: Sequence[Box]) -> bool:
    """Whether a box lies within the one around others."""
    if not boxes:
        return True
    x, y, width, height = around(boxes)
    left, top = box[0] - x, box[1] - y
    return (
        min(left, top) >= -_AROUND and left + box[2] <= width + _AROUND and top + box[3] <= height + _AROUND
    )
