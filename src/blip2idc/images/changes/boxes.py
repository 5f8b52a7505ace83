"""How boxes lie to each other.

In: boxes (x, y, width, height). Out: boxes and numbers of pixels.
"""

from __future__ import annotations

from collections.abc import Iterable

from blip2idc.images.changes.regions.grouping import union
from blip2idc.images.changes.result import Box


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around some."""
    first, *others = boxes
    for box in others:
        first = union(first, box)
    return first


def sides(box: Box) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box."""
    return box[0], box[1], box[0] + box[2], box[1] + box[3]


def overlap(one: Box, other: Box) -> int:
    """Pixels that two boxes have in common."""
    left, top, right, bottom = (
        pick(a, b) for pick, a, b in zip((max, max, min, min), sides(one), sides(other), strict=True)
    )
    return max(0, right - left) * max(0, bottom - top)


def apart(one: Box, other: Box) -> int:
    """Pixels between two boxes, along the axis on which they are farther apart; 0 where they meet."""
    ends = ((one, other), (other, one))
    return max(0, *(a[axis] - b[axis] - b[axis + 2] for a, b in ends for axis in (0, 1)))
