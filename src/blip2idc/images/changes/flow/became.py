"""What became of a thing of which the one image has what the other has not: drawn larger, or laid over something else.

In: the pieces that only one image has. Out: a fact with the box before and after; None where none holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from blip2idc.images.changes.boxes import around, overlap
from blip2idc.images.changes.facts.scaling import factor_by_ink
from blip2idc.images.changes.flow.pieces import Found, Piece
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box, Fact

#: Share by which the sides of a thing that is drawn larger or smaller change at least, and by which the two may differ.
_LARGER, _UNLIKE = 0.07, 0.12
#: Likeness of a thing and the same, drawn as large, and pixels over which both are blurred: letters keep to pixels.
_SAME, _SOFT = 0.84, 0.9
#: Pieces that are looked for within others, the largest, and pixels around these.
_TRIED, _RIM = 3, 3
#: Pixels of ink, of the shorter side, and levels from the ground of a thing that is looked for.
_INK, _SMALLEST, _CONTRAST = 40, 7, 60
#: Values of the place in which it is looked for at most.
_LARGEST = 600_000
#: Pixels that it went across and down at least, levels by which its pixels may differ, and share of them that do not.
_ASKEW, _LIKE, _SEEN = 3, 24, 0.86
#: The same where it is drawn at another part of a pixel, and by how much less of it its own image has there.
_NEARLY, _SEEN_NEARLY, _NEW_THERE = 80, 0.83, 0.2
#: Share of what lies around its ink that has nearly its colour, from which on it is not seen there.
_LOST = 0.6


def became(
    found: Sequence[Found], lost: Sequence[Piece], new: Sequence[Piece], before: Pixels, after: Pixels
) -> tuple[Fact, Box, Box] | None:
    """What happened to one thing.

    Args:
        found: What is elsewhere.
        lost: What only the image before has; at least one piece, as below.
        new: What only the image after has.
        before: uint8 [H, W, 3].
        after: Of the same size.
    """
    one, other = around(piece.box for piece in lost), around(piece.box for piece in new)
    if not overlap(one, other):
        return _laid_over(lost, new, before, after)
    factor = _factor(found, lost, new, one, other)
    if factor is None and not all(piece.is_frame for piece in (*lost, *new)):
        factor = _drawn_larger(before, after, one, other)
    if factor is not None:
        return Fact("resized", {"factor": factor}), one, other
    return _laid_over(lost, new, before, after)


def _factor(
    found: Sequence[Found], lost: Sequence[Piece], new: Sequence[Piece], one: Box, other: Box
) -> float | None:
    """By how much a box became larger that holds the same as before."""
    if len(lost) != 1 or len(new) != 1 or not (lost[0].is_frame and new[0].is_frame) or not found:
        return None
    inside = [pair for pair in found if overlap(pair.before.box, one) and overlap(pair.after.box, other)]
    if len(inside) < len(found):
        return None
    return _ratio(one, other)


def _ratio(one: Box, other: Box) -> float | None:
    across, down = other[2] / one[2], other[3] / one[3]
    factor = round(float(np.sqrt(across * down)), 2)
    return factor if abs(np.log(factor)) > _LARGER else None


def _drawn_larger(before: Pixels, after: Pixels, one: Box, other: Box) -> float | None:
    """By how much a thing is drawn larger, if it is the same."""
    across, down = other[2] / one[2], other[3] / one[3]
    if abs(np.log(across / down)) > _UNLIKE or min(*one[2:], *other[2:]) < 6:
        return None
    factor = _ratio(one, other)
    if factor is None:
        return None
    small, large = ((before, one), (after, other)) if factor > 1 else ((after, other), (before, one))
    patches = []
    for image, (x, y, width, height) in (small, large):
        patch = image[y : y + height, x : x + width].astype(np.float32)
        patches.append(patch - np.median(np.concatenate([patch[0], patch[-1]]), axis=0))
    inks = [float(np.abs(patch).max(axis=2).sum()) for patch in patches]
    before_ink, after_ink = inks if factor > 1 else inks[::-1]
    factor = round(factor_by_ink((before_ink, after_ink), factor, one, other), 2)
    patches[1] = cv2.resize(patches[1], patches[0].shape[1::-1], interpolation=cv2.INTER_AREA)
    first, second = (cv2.GaussianBlur(patch, (0, 0), _SOFT) for patch in patches)
    power = float((first**2).sum() + (second**2).sum())
    return factor if power and 2 * float((first * second).sum()) / power >= _SAME else None


def _laid_over(
    lost: Sequence[Piece], new: Sequence[Piece], before: Pixels, after: Pixels
) -> tuple[Fact, Box, Box] | None:
    """Where a thing went that now lies over another, or that lay over one before."""
    for pieces, others, own, image, forth in (
        (lost, new, before, after, True),
        (new, lost, after, before, False),
    ):
        for piece in sorted(pieces, key=lambda piece: -piece.pixels)[:_TRIED]:
            way = _seen_in(piece, others, own, image)
            if way is None:
                continue
            x, y, width, height = piece.box
            there = x + way[0], y + way[1], width, height
            dx, dy = way if forth else (-way[0], -way[1])
            one, other = (piece.box, there) if forth else (there, piece.box)
            return Fact("moved", {"dx": dx, "dy": dy}), one, other
    return None


def _seen_in(piece: Piece, others: Sequence[Piece], own: Pixels, image: Pixels) -> tuple[int, int] | None:
    """By how much a piece went that is seen within another, whatever else is drawn there."""
    ink = piece.inked
    if piece.is_frame or ink.sum() < _INK or min(piece.box[2:]) < _SMALLEST or piece.contrast < _CONTRAST:
        return None
    height, width = ink.shape
    mask = np.repeat(ink[:, :, None].astype(np.float32), 3, axis=2)
    template = piece.colors.astype(np.float32) * mask
    for other in others:
        left, top = max(0, other.box[0] - _RIM), max(0, other.box[1] - _RIM)
        field = image[top : other.box[1] + other.box[3] + _RIM, left : other.box[0] + other.box[2] + _RIM]
        if field.shape[0] < height or field.shape[1] < width or field.size > _LARGEST:
            continue
        apart = cv2.matchTemplate(field.astype(np.float32), template, cv2.TM_SQDIFF, mask=mask)
        _, _, (across, down), _ = cv2.minMaxLoc(apart)
        there = left + across, top + down
        way = there[0] - piece.box[0], there[1] - piece.box[1]
        if min(map(abs, way)) < _ASKEW or other.pixels <= piece.pixels:
            continue
        gap = _gap_of_ink(piece, image, there)
        if _is_lost_in(piece, image, there):
            continue
        if float((gap <= _LIKE).mean()) >= _SEEN:
            return way
        nearly = float((gap <= _NEARLY).mean())  # drawn at another part of a pixel
        if nearly >= _SEEN_NEARLY and nearly - _share_there(piece, own, there) >= _NEW_THERE:
            return way
    return None


def _is_lost_in(piece: Piece, image: Pixels, there: tuple[int, int]) -> bool:
    """Whether what lies around the ink of a piece has its colour at a place, so that no shapes are seen there."""
    height, width = piece.inked.shape
    window = image[there[1] : there[1] + height, there[0] : there[0] + width].astype(np.int16)
    around = window[~cv2.dilate(piece.inked.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)]
    if not len(around):
        return False
    color = np.median(piece.colors[piece.inked].astype(np.int16), axis=0)
    return bool((np.abs(around - color).max(axis=1) <= _NEARLY).mean() > _LOST)


def _gap_of_ink(piece: Piece, image: Pixels, there: tuple[int, int]) -> np.ndarray:
    """By how much the ink of a piece differs from what is seen at a place."""
    height, width = piece.inked.shape
    window = image[there[1] : there[1] + height, there[0] : there[0] + width].astype(np.int16)
    gap: np.ndarray = np.abs(window - piece.colors).max(axis=2)[piece.inked]
    return gap


def _share_there(piece: Piece, own: Pixels, there: tuple[int, int]) -> float:
    """Share of the ink of a piece that its own image has at a place, too: 1 where that would be outside."""
    height, width = piece.inked.shape
    if there[1] + height > own.shape[0] or there[0] + width > own.shape[1]:
        return 1.0
    return float((_gap_of_ink(piece, own, there) <= _NEARLY).mean())
