"""Rows that came or went, of a page or of one of its columns, as changes.

In: two images laid on each other, the regions in which they differ, or the rows that one of them has more. Out: the
changes (`appeared`, `disappeared`, `gap`), and the regions that they explain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blip2idc.images.changes.facts.displacement import shifted
from blip2idc.images.changes.facts.replacement import picture_alone
from blip2idc.images.changes.facts.scaling import resized_picture
from blip2idc.images.changes.facts.things import thing_of
from blip2idc.images.changes.geometry.columns import find_columns
from blip2idc.images.changes.geometry.overlay import Overlay, content_box, is_bare
from blip2idc.images.changes.pictures import Pixels, Plane
from blip2idc.images.changes.regions.grouping import Region, find_areas, find_regions
from blip2idc.images.changes.regions.noise import exact_excess
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence

_REST = 0.02  # share of the rows that came or went that may differ beside them


def strip_change(
    before: Pixels,
    after: Pixels,
    rows: tuple[tuple[int, int], tuple[int, int]],
    *,
    encoded: bool = False,
) -> MeasuredChange:
    """Rows that only one image has, or that others took the place of.

    Args:
        before: The image before.
        after: The image after.
        rows: Its rows, from and to, in each of them.
        encoded: Whether what is beside the rows may have left traces in them.
    """
    boxes: list[Box | None] = []
    blank = False
    for image, (start, stop) in zip((before, after), rows, strict=True):
        if start == stop:
            boxes.append(None)
            continue
        neighbours = image[[y for y in (start - 1, stop) if 0 <= y < len(image)] or [start]]
        box = content_box(image[start:stop], neighbours, encoded=encoded)
        blank = box is None or is_bare(image, start, stop)
        x, y, width, height = box or (0, 0, image.shape[1], stop - start)
        boxes.append((x, start + y, width, height))
    facts = (Fact("appeared"),) if boxes[0] is None else (Fact("disappeared"),) if boxes[1] is None else ()
    if facts and blank:
        facts = (Fact("gap", {"pixels": (rows[1][1] - rows[1][0]) - (rows[0][1] - rows[0][0])}),)
    pixels = max(box[2] * box[3] for box in boxes if box)
    image, side = (after, boxes[1]) if boxes[0] is None else (before, boxes[0])
    thing = thing_of(image, side) if side and None in boxes else ""
    sides = boxes[0], boxes[1]
    if not facts and (fact := resized_picture(before, after, sides) or picture_alone(before, after, sides)):
        facts, thing = (fact,), "picture"
    return MeasuredChange(boxes[0], boxes[1], facts, sentence(facts, thing), 2.0, pixels, 128.0, thing)


def column_changes(overlay: Overlay, regions: list[Region]) -> tuple[list[MeasuredChange], list[Region]]:
    """What came or went in a column, and the regions that this explains."""
    changes: list[MeasuredChange] = []
    gone: list[Region] = []
    boxes, pixels = [region.box for region in regions], [region.pixels for region in regions]
    for column in find_columns(overlay.before, overlay.after, boxes, pixels):
        x, y, width, height = column.box
        window = slice(y, y + height), slice(x, x + width)
        for strip in column.strips:
            change = strip_change(overlay.before[window], overlay.after[window], strip)
            one, other = (box and shifted(box, (x, y)) for box in (change.before_box, change.after_box))
            changes.append(replace(change, before_box=one, after_box=other))
        gone += [regions[index] for index in column.members]
    return changes, gone


def is_in_columns(before: Pixels, after: Pixels, plain: Plane) -> bool:
    """Whether rows that came or went in columns explain all that differs in place."""
    excess = exact_excess(plain)
    regions = find_regions(excess, find_areas(excess))
    columns = find_columns(before, after, [r.box for r in regions], [r.pixels for r in regions])
    return sum(len(column.members) for column in columns) == len(regions)


def is_of_strip(overlay: Overlay, region: Region) -> bool:
    """Whether a region is a rest at the seam of rows that came or went: some rows more or less are equal there."""
    assert overlay.before_rows is not None
    assert overlay.after_rows is not None
    top, bottom = region.box[1], region.box[1] + region.box[3]
    for before, after in overlay.strips:
        seam = (
            int(np.searchsorted(overlay.before_rows, before[0])),
            int(np.searchsorted(overlay.after_rows, after[0])),
        )
        height = max(before[1] - before[0], after[1] - after[0])
        if (
            top - 1 <= min(seam) <= bottom + 1
            and region.box[3] <= height
            and region.pixels < _REST * height * overlay.before.shape[1]
        ):
            return True
    return False


def is_among(region: Region, regions: list[Region]) -> bool:
    """Whether a region is one of some, not merely like one."""
    return any(region is other for other in regions)
