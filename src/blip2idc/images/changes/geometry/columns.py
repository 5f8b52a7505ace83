"""Rows that came or went in one column of a page, while the columns beside it stayed.

In: the two images in one frame and the places in which they differ. Out: for each column whose differences are
explained by rows that came or went there, these rows. A card that was put into a column is one change then, and those
below it, which moved down by its height, are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blip2idc.images.changes.geometry.overlay import Strip, content_box, lay
from blip2idc.images.changes.geometry.rows import match_rows
from blip2idc.images.changes.pictures import Pixels, difference
from blip2idc.images.changes.result import Alignment, Box, RowRun

_HEIGHT, _WIDTH = 64, 24  # pixels of a column at least
_ALL = 0.95  # share of the width from which on it is no column
_LEFT = 0.02  # share of the differing pixels that may differ where rows lie on each other


@dataclass(frozen=True)
class Column:
    """A column in which rows came or went.

    Attributes:
        box: Of all that differs in it.
        strips: The rows that only one image has, counted from the top of the box.
        members: Which of the places lie in it.
    """

    box: Box
    strips: tuple[Strip, ...]
    members: tuple[int, ...]


def find_columns(before: Pixels, after: Pixels, boxes: Sequence[Box], pixels: Sequence[int]) -> list[Column]:
    """Find columns in which rows came or went.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3], equal to it to the pixel outside of the boxes.
        boxes: Of the places in which they differ.
        pixels: How many differ in each.
    """
    found = []
    for members in _beside_each_other(boxes):
        left, right = min(boxes[i][0] for i in members), max(boxes[i][0] + boxes[i][2] for i in members)
        top, bottom = min(boxes[i][1] for i in members), max(boxes[i][1] + boxes[i][3] for i in members)
        if bottom - top < _HEIGHT or not _WIDTH <= right - left < _ALL * before.shape[1]:
            continue
        one, other = (np.ascontiguousarray(image[top:bottom, left:right]) for image in (before, after))
        strips = _strips(one, other, _LEFT * sum(pixels[i] for i in members))
        if strips:
            found.append(Column((left, top, right - left, bottom - top), strips, members))
    return found


def _strips(one: Pixels, other: Pixels, most: float) -> tuple[Strip, ...]:
    """The rows that only one of two parts has, where they explain all but `most` pixels; else none."""
    runs = match_rows(one, other, exact=True)
    if not runs:  # much of a column of cards is alike in every row: what went tells less than what came
        runs = [RowRun(run.after, run.before, run.length) for run in match_rows(other, one, exact=True) or ()]
    if not runs:
        return ()
    overlay = lay(one, other, Alignment("rows", rows=tuple(runs)))
    if np.count_nonzero(difference(overlay.before, overlay.after)) > most:
        return ()
    for before, after in overlay.strips:
        image, (start, stop) = (other, after) if before[0] == before[1] else (one, before)
        neighbours = image[[y for y in (start - 1, stop) if 0 <= y < len(image)] or [start]]
        if content_box(image[start:stop], neighbours) is None:
            return ()  # something moved, and blank rows with it
    return overlay.strips


def _beside_each_other(boxes: Sequence[Box]) -> list[tuple[int, ...]]:
    """Boxes whose columns overlap, together."""
    groups: list[tuple[int, ...]] = []
    end = -1
    for index in sorted(range(len(boxes)), key=lambda index: boxes[index][0]):
        if groups and boxes[index][0] < end:
            groups[-1] = (*groups[-1], index)
        else:
            groups.append((index,))
        end = max(end, boxes[index][0] + boxes[index][2])
    return groups
