"""What came or went on a page, where the rest of it gave way.

In: the pieces that changed, each with where it is found again. Out: a `Reflow`: the thing that only one image has, the
two that changed places, the one that moved, or the gap that opened; what moved because of it is no change of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blip2idc.images.changes.boxes import apart, around, overlap, sides
from blip2idc.images.changes.flow.became import became
from blip2idc.images.changes.flow.pieces import Found, Piece, Pieces, is_bare
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box, Fact

#: Pixels by which the sides of a box differ that is taken for the same.
_OFF = 3
#: Pixels of the shorter side of a box that holds things and is drawn larger or smaller where these need room.
_HOLDER = 24
#: Sides of a box that stay where they are where only one of them went.
_STAY = 3
#: Pixels of the shorter side of a thing that comes or goes.
_SMALLEST = 7
#: Of its side, how far others go to make room for a thing.
_ROOM = 0.8
#: Levels by which neighbouring pixels differ at most, in noise too, where a thing is gone and not only faint.
_FAINT = 28
#: Pixels by which what goes across also goes up or down.
_STRAIGHT = 1
#: Pixels by which what goes askew goes across and down at least, and within which it covers what it is laid over.
_ASKEW, _NEAR = 3, 24
#: Share of what went elsewhere that may have gone another way.
_ASTRAY = 0.1
#: Pixels by which a thing moves, or a gap opens or closes, at least.
_LEAST_WAY = 4
#: Pixels from a thing from which on what changed there has nothing to do with it.
_FAR = 40
#: Share of a thing that lies within what came or went up to which it is beside it.
_BESIDE = 0.3

#: Boxes in the image before, and in the image after.
Boxes = tuple[tuple[Box, ...], tuple[Box, ...]]


@dataclass(frozen=True)
class Reflow:
    """One thing that explains what is elsewhere now.

    Attributes:
        fact: `appeared`, `disappeared`, `swapped`, `moved` or `gap`.
        before: Where it was; None where it was not there.
        after: Where it is; None where it is gone.
        touched: Boxes of all that this explains.
        alone: Whether nothing else is elsewhere.
    """

    fact: Fact
    before: Box | None
    after: Box | None
    touched: Boxes
    alone: bool = False


def explain(pieces: Pieces, before: Pixels, after: Pixels, floor: int) -> Reflow | None:
    """What came, went or changed places, where one thing explains all pieces; None where none does.

    Args:
        pieces: Of a pair of images.
        before: uint8 [H, W, 3].
        after: Of the same size.
        floor: Levels up to which neighbouring pixels differ where nothing is drawn.
    """
    size = before.shape[1], before.shape[0]
    lost, new, held = _without_holders(pieces)
    ways = {pair.by for pair in pieces.found}
    lost = [piece for piece in lost if not _leaves(piece.box, ways, size)]
    new = [piece for piece in new if not _leaves(piece.box, {(-dx, -dy) for dx, dy in ways}, size)]
    if not lost and not new:
        return _went(pieces, held) if pieces.found and _is_most(pieces) else None
    if _went_askew(pieces.found, lost, new):
        dx, dy = _main(pieces.found)
        fact = Fact("moved", {"dx": dx, "dy": dy})
        boxes = [around(getattr(pair, side).box for pair in pieces.found) for side in ("before", "after")]
        return Reflow(fact, boxes[0], boxes[1], _touched(pieces.found, lost, new, held))
    if lost and new and (told := became(pieces.found, lost, new, before, after)) is not None:
        return Reflow(*told, _touched(pieces.found, lost, new, held))
    lost, new = _things(lost), _things(new)
    replaced: list[Piece] = []
    if pieces.found:  # beside what gave way something else may have changed
        there = [pair.after.box for pair in pieces.found], [pair.before.box for pair in pieces.found]
        replaced = [piece for piece in lost if _is_replaced(piece, after, there[0], floor)]
        replaced += [piece for piece in new if _is_replaced(piece, before, there[1], floor)]
        lost, new = ([piece for piece in mine if piece not in replaced] for mine in (lost, new))
    if bool(lost) == bool(new):
        return None
    box = around(piece.box for piece in lost or new)
    others = [pair.before.box if lost else pair.after.box for pair in pieces.found]
    if min(box[2:]) < _SMALLEST or any(apart(piece.box, box) < _FAR for piece in replaced):
        return None
    if any(overlap(other, box) > _BESIDE * other[2] * other[3] for other in (*others, *pieces.still)):
        return None
    bare = min(floor, _FAINT)
    room = _made_room(pieces.found, box) if pieces.found else is_bare(after if lost else before, box, bare)
    if not room:
        return None
    fact = Fact("disappeared" if lost else "appeared")
    touched = _touched(pieces.found, lost, new, held)
    return Reflow(fact, box if lost else None, box if new else None, touched, alone=not pieces.found)


def _without_holders(pieces: Pieces) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """What is lost and what is new without boxes that were only drawn larger or smaller, and these boxes."""
    ways = {(0, 0), *(pair.by for pair in pieces.found)}
    held: list[Piece] = []
    for piece in pieces.lost:
        match = next((p for p in pieces.new if p not in held and _is_stretched(piece, p, ways)), None)
        if match is not None:
            held += [piece, match]
    return [p for p in pieces.lost if p not in held], [p for p in pieces.new if p not in held], held


def _is_stretched(one: Piece, other: Piece, ways: Iterable[tuple[int, int]]) -> bool:
    """Whether two pieces are one box, of which a side lies elsewhere."""
    if min(*one.box[2:], *other.box[2:]) < _HOLDER:
        return False
    these, others = sides(one.box), sides(other.box)
    return any(
        sum(abs(a + d - b) <= _OFF for a, b, d in zip(these, others, (*way, *way), strict=True)) >= _STAY
        for way in ways
    )


def _leaves(box: Box, ways: Iterable[tuple[int, int]], size: tuple[int, int]) -> bool:
    """Whether something is cut off by the edge of the image, or would be below or beyond it in the other image."""
    left, top, right, bottom = sides(box)
    if left <= 1 or top <= 1:
        return True
    return any(right + dx >= size[0] - 1 or bottom + dy >= size[1] - 1 for dx, dy in {(0, 0), *ways})


def _things(pieces: list[Piece]) -> list[Piece]:
    """Pieces without the outlines around them, where there is more than these."""
    return [piece for piece in pieces if not piece.is_frame] or pieces


def _is_replaced(piece: Piece, other: Pixels, elsewhere: Sequence[Box], floor: int) -> bool:
    """Whether the other image has something else in the place of a piece, which did not come there from elsewhere."""
    return not is_bare(other, piece.box, floor) and not any(overlap(piece.box, box) for box in elsewhere)


def _is_most(pieces: Pieces) -> bool:
    """Whether what is found elsewhere is more than what is not found and may only be cut off."""
    cut = sum(piece.pixels for piece in (*pieces.lost, *pieces.new) if not piece.is_frame)
    return bool(cut <= sum(pair.before.pixels for pair in pieces.found))


def _made_room(found: Sequence[Found], box: Box) -> bool:
    """Whether what is elsewhere made room for a thing, or took the room of one."""
    if min(map(abs, _main(found))) > _STRAIGHT:
        return False  # askew: it was laid over something
    # in a line that is centred what is on the left goes left, and what is on the right goes right
    room = [max(0, *by) - min(0, *by) for by in zip((0, 0), *(pair.by for pair in found), strict=True)]
    return bool(room[0] >= _ROOM * box[2] or room[1] >= _ROOM * box[3])


def _went_askew(found: Sequence[Found], lost: Sequence[Piece], new: Sequence[Piece]) -> bool:
    """Whether one thing went across and down, and what differs beside it lies where it was or is."""
    if not found or min(map(abs, _main(found))) < _ASKEW or not _is_together(found):
        return False
    places = [box for pair in found for box in (pair.before.box, pair.after.box)]
    return all(any(apart(piece.box, box) <= _NEAR for box in places) for piece in (*lost, *new))


def _main(found: Sequence[Found]) -> tuple[int, int]:
    """How the largest of what is elsewhere went."""
    return max(found, key=lambda pair: pair.before.pixels).by


def _touched(
    found: Sequence[Found], lost: Sequence[Piece], new: Sequence[Piece], held: Sequence[Piece]
) -> Boxes:
    """Boxes of all that is explained."""
    return (
        (*(pair.before.box for pair in found), *(piece.box for piece in (*lost, *held))),
        (*(pair.after.box for pair in found), *(piece.box for piece in (*new, *held))),
    )


def _went(pieces: Pieces, held: Sequence[Piece]) -> Reflow | None:
    """What happened where nothing came or went: two things changed places, one moved, or a gap opened or closed."""
    touched = _touched(pieces.found, (), (), held)
    groups = [
        [pair for pair in pieces.found if (max(pair.by) > _STRAIGHT) is forth] for forth in (True, False)
    ]
    groups = [group for group in groups if group]
    if not all(_is_together(group) for group in groups):
        return None
    before, after = (
        [around(getattr(pair, side).box for pair in group) for group in groups]
        for side in ("before", "after")
    )
    if len(groups) == 2:
        crossed = any(
            _is_first(before[0], before[1], axis) and _is_first(after[1], after[0], axis) for axis in (0, 1)
        )
        return Reflow(Fact("swapped"), around(before), around(after), touched) if crossed else None
    dx, dy = _main(pieces.found)
    if max(abs(dx), abs(dy)) < _LEAST_WAY:
        return None
    if abs(dx) > _STRAIGHT or (not held and _rows(pieces.found) == 1):
        return Reflow(Fact("moved", {"dx": dx, "dy": dy}), before[0], after[0], touched)
    return _gap(pieces.still, before[0], after[0], dy, touched)


def _is_together(group: Sequence[Found]) -> bool:
    """Whether all of a group, or nearly, went the same way."""
    dx, dy = _main(group)
    ways = [(pair.before.pixels, pair.by[0] - dx, pair.by[1] - dy) for pair in group]
    off = sum(pixels for pixels, across, down in ways if max(abs(across), abs(down)) > _STRAIGHT)
    return bool(off <= _ASTRAY * sum(pair.before.pixels for pair in group))


def _rows(found: Sequence[Found]) -> int:
    """In how many lines below each other things stand."""
    rows, end = 0, -1
    for _, top, _, height in sorted((pair.before.box for pair in found), key=lambda box: box[1]):
        rows += top >= end
        end = max(end, top + height)
    return rows


def _gap(still: Sequence[Box], before: Box, after: Box, dy: int, touched: Boxes) -> Reflow:
    """The bare ground above things that all went down or up."""
    x, top, width, _ = before
    highest = min(top, after[1])
    above = [
        box[1] + box[3] for box in still if box[1] + box[3] <= highest and x - box[2] < box[0] < x + width
    ]
    start = max(above, default=max(0, highest - abs(dy)))
    boxes = [(x, start, width, end - start) if end > start else None for end in (top, after[1])]
    return Reflow(Fact("gap", {"pixels": dy}), boxes[0], boxes[1], touched)


def _is_first(one: Box, other: Box, axis: int) -> bool:
    """Whether a box ends, or nearly, where another begins."""
    return one[axis] + one[axis + 2] <= other[axis] + _OFF
