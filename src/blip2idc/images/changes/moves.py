"""Things that moved: the piece that is gone in one place is found again in another.

In: the two images in one frame and the regions in which they differ. Out: regions of which some pairs became one
`Moved` thing with a place before and a place after.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions import Region
from blip2idc.images.changes.result import Box

_ALIKE = 0.93  # correlation from which on two pieces are the same
_SAME_SIZE = 6  # pixels by which the boxes of one thing may differ


@dataclass(frozen=True, eq=False)
class Moved:
    """One thing in two places.

    Attributes:
        source: Where it was, in the frame.
        target: Where it is.
        regions: What of the difference it explains.
    """

    source: Box
    target: Box
    regions: tuple[Region, ...]


def find_moves(before: Pixels, after: Pixels, regions: list[Region]) -> tuple[list[Moved], list[Region]]:
    """Pair regions that are one thing moved.

    Returns:
        What moved, and the regions that are left.
    """
    left = list(regions)
    moved: list[Moved] = []
    for region in regions:
        if region not in left:
            continue
        for other in left:
            if other is region or not _similar_size(region.box, other.box):
                continue
            found = _same_thing(before, after, region, other)
            if found is not None:
                moved.append(found)
                left = [item for item in left if item is not region and item is not other]
                break
    return moved, left


def _similar_size(one: Box, other: Box) -> bool:
    return abs(one[2] - other[2]) <= _SAME_SIZE and abs(one[3] - other[3]) <= _SAME_SIZE


def _same_thing(before: Pixels, after: Pixels, one: Region, other: Region) -> Moved | None:
    for source, target in ((one, other), (other, one)):
        place = _found_at(before, after, source.box, target.box)
        if place is not None:
            return Moved(source.box, place, (source, target))
    return None


def _found_at(before: Pixels, after: Pixels, source: Box, target: Box) -> Box | None:
    """Where a piece of before is in after, close to a box; None where it is not."""
    x, y, width, height = source
    piece = before[y : y + height, x : x + width]
    if piece.std() < 3 or min(width, height) < 3:
        return None
    room = _SAME_SIZE + 2
    left, top = max(0, target[0] - room), max(0, target[1] - room)
    place = after[top : target[1] + target[3] + room, left : target[0] + target[2] + room]
    if place.shape[0] < height or place.shape[1] < width:
        return None
    match = cv2.matchTemplate(place, piece, cv2.TM_CCOEFF_NORMED)
    _, best, _, (dx, dy) = cv2.minMaxLoc(match)
    if best < _ALIKE:
        return None
    return left + dx, top + dy, width, height
