"""Things that moved or changed their size: what is gone in one place is found again in another.

In: the two images in one frame and the regions in which they differ. Out: `Moved` and `Resized` things, each with its
place before and after, and the regions that are left. A displacement is only believed where it explains nearly every
pixel of the regions: each is either the thing in its old place, or the thing in its new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from blip2idc.images.changes.facts.displacement import (
    Place,
    explained,
    place_of,
    shifted,
    steps_between,
    steps_within,
)
from blip2idc.images.changes.facts.ground import plain_ground
from blip2idc.images.changes.facts.patch import FEW
from blip2idc.images.changes.facts.scaling import factor_by_ink
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Box

_MOST = 24  # regions that are looked at, the largest
_TOO_LARGE = 2_000_000  # pixels of a region that is no thing: each takes a hundred bytes here
_LARGEST = 900  # pixels of a side beyond which nothing is sought
_ALIKE = 0.8  # correlation from which on a piece may have been found
_COLOR = 24.0  # levels by which the mean colour of a thing may seem to differ in its two places
_MIDDLE = 0.45  # share of a region's sides that its middle takes
_SCALES = np.exp(np.linspace(np.log(0.5), np.log(2.0), 29))
_AROUND = 8  # pixels around a region that are looked at
_FINER = (-0.015, -0.0075, 0.0075, 0.015)  # steps between two of the scales
_STAYS = 0.99  # correlation of the middle in its place from which on it is no larger nor smaller
_ROUGH_SIDE, _MOST_REDUCED = (
    24,
    4,
)  # pixels of a side of a piece that is sought roughly, and by what it is reduced at most
_MOST_FACTORS = 8  # that are tried on every pixel
_NEAR_ONE = 0.06  # by which a factor has to differ from 1
_DRAWN_LARGER = 0.1  # by which the factor of two boxes has to differ from 1: blurred edges reach further, too
_SLIGHT = 0.2  # of the tolerance: what is no ink
_STAYS_AT = 2.5  # pixels by which the middle or the edge of what is drawn larger may be elsewhere
_REDRAWN, _OF_CONTRAST = (
    48,
    0.5,
)  # levels by which a thing drawn anew in another size may differ from a resized one, and share of its contrast
_LEFT = 0.2  # share of the squared difference that resizing may leave
_FEW = 40  # pixels that differ, at least
_BESIDE = 3  # pixels beside two places that tell what the ground is
_LEAST_CONTRAST = 6.0  # standard deviation of a piece below which it may be found anywhere


@dataclass(frozen=True, eq=False)
class Moved:
    """One thing in two places.

    Attributes:
        source: Where it was, in the frame.
        target: Where it is.
        factor: How many times as large it is; 1 for what only moved.
        regions: What of the difference it explains.
    """

    source: Box
    target: Box
    factor: float
    regions: tuple[Region, ...]


def find_moves(
    before: Pixels, after: Pixels, regions: list[Region], noise: float = 0.0
) -> tuple[list[Moved], list[Region]]:
    """Find what moved or was resized.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        regions: Where the two differ, the largest first.
        noise: Typical difference by noise, 0..255.

    Returns:
        What was found, and the regions that are left.
    """
    tolerance = 10.0 + 3.0 * noise
    moved: list[Moved] = []
    sought = [region for region in regions[:_MOST] if region.pixels <= _TOO_LARGE]
    left = [place_of(before, after, region, tolerance) for region in sought]
    for place in tuple(left):
        if not any(place is other for other in left):
            continue
        found = _within(before, after, place, tolerance)
        for other in left if found is None else ():
            if other is not place:
                found = _between(before, after, place, other, tolerance)
            if found is not None:
                break
        if found is not None:
            moved.append(found)
            left = [other for other in left if not any(other.region is region for region in found.regions)]
    gone = [region for item in moved for region in item.regions]
    return moved, [region for region in regions if not any(region is other for other in gone)]


# ---- one region: the old and the new place overlap


def _within(before: Pixels, after: Pixels, place: Place, tolerance: float) -> Moved | None:
    region = place.region
    width, height = region.box[2:]
    if max(width, height) > _LARGEST or min(width, height) < 4 or place.points.shape[1] < FEW:
        return None
    found = _by_ground(before, after, place, tolerance)
    if found is not None:
        return found
    for step in () if place.flat else steps_within(before, after, region):
        boxes = explained(before, after, (place,), step, tolerance)
        if boxes:
            return Moved(boxes[0], boxes[1], 1.0, (region,))
    return _scaled_middle(before, after, region)


def _by_ground(before: Pixels, after: Pixels, place: Place, tolerance: float) -> Moved | None:
    """On plain ground the thing is what is not ground; its boxes tell displacement and factor."""
    region = place.region
    x, y, width, height = region.box
    margin = 6
    top, left = max(0, y - margin), max(0, x - margin)
    window = (slice(top, y + height + margin), slice(left, x + width + margin))
    ring = np.ones(before[window].shape[:2], bool)
    ring[margin : -margin or None, margin : -margin or None] = False
    boxes: list[Box] = []
    inks: list[float] = []
    contrast = 0.0
    for image in (before, after):
        part = image[window].astype(np.float32)
        ground = plain_ground(part, ring, tolerance)
        if ground is None:
            return None
        apart = np.abs(part - ground).max(axis=2)
        thing = (apart > tolerance) & ~ring
        inks.append(float(np.maximum(apart - _SLIGHT * tolerance, 0)[~ring].sum()))
        rows, columns = np.flatnonzero(thing.any(axis=1)), np.flatnonzero(thing.any(axis=0))
        if not rows.size:
            return None
        contrast = max(contrast, float(np.quantile(apart[thing], 0.9)))
        boxes.append(
            (left + int(columns[0]), top + int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
        )
    one, other = boxes
    if abs(one[2] - other[2]) <= 1 and abs(one[3] - other[3]) <= 1:
        step = (other[0] - one[0], other[1] - one[1])
        return (
            Moved(one, other, 1.0, (region,))
            if any(step) and explained(before, after, (place,), step, tolerance)
            else None
        )
    across, down = other[2] / one[2], other[3] / one[3]
    factor = (across * down) ** 0.5
    if abs(across / down - 1) > 0.04 + 1.5 / min(*one[2:], *other[2:]) or abs(factor - 1) < _DRAWN_LARGER:
        return None
    pieces = [image[b[1] : b[1] + b[3], b[0] : b[0] + b[2]] for image, b in ((before, one), (after, other))]
    if min(min(piece.shape[:2]) for piece in pieces) < 6:
        return None
    flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(pieces[0], pieces[1].shape[1::-1], interpolation=flags)
    gap = np.abs(resized.astype(np.float32) - pieces[1]).max(axis=2)
    if float((gap <= min(_REDRAWN, _OF_CONTRAST * contrast)).mean()) <= 0.75:
        return None
    plain = min(float(piece.std(axis=(0, 1)).max()) for piece in pieces) < _LEAST_CONTRAST
    if plain and not _has_one_middle_or_edge(one, other):
        return None  # what is of one colour looks like a part of itself
    return Moved(one, other, factor_by_ink((inks[0], inks[1]), factor, one, other), (region,))


def _has_one_middle_or_edge(one: Box, other: Box) -> bool:
    """Whether a thing grew or shrank around its middle, or from an edge or a corner."""
    for axis in (0, 1):
        start, end = other[axis] - one[axis], other[axis] + other[axis + 2] - one[axis] - one[axis + 2]
        if min(abs(start), abs(end), abs(start + end) / 2) > _STAYS_AT:
            return False
    return True


def _scaled_middle(before: Pixels, after: Pixels, region: Region) -> Moved | None:
    """The factor under which the thing in a region is found again, where it is not 1."""
    left, top = (max(0, side - _AROUND) for side in region.box[:2])
    x, y, width, height = region.box
    window = slice(top, y + height + _AROUND), slice(left, x + width + _AROUND)
    part = replace(region, box=shifted(region.box, (-left, -top)))
    found = _scaled_part(before[window], after[window], part)
    if found is None:
        return None
    factor, *boxes = found
    source, target = (shifted(box, (left, top)) for box in boxes)
    return Moved(source, target, factor, (region,))


def _scaled_part(before: Pixels, after: Pixels, region: Region) -> tuple[float, Box, Box] | None:
    """The same in a part of the images: the factor and the boxes before and after."""
    x, y, width, height = region.box
    w, h = int(_MIDDLE * width), int(_MIDDLE * height)
    if min(w, h) < 12:
        return None
    left, top = x + (width - w) // 2, y + (height - h) // 2
    piece = cv2.GaussianBlur(before[top : top + h, left : left + w], (0, 0), 1.0)
    if piece.std(axis=(0, 1)).max() < _LEAST_CONTRAST:
        return None
    margin_left, margin_top = min(x, 4), min(y, 4)
    place = after[y - margin_top : y + height + 4, x - margin_left : x + width + 4]
    place = cv2.GaussianBlur(place, (0, 0), 1.0)
    stays = after[top : top + h, left : left + w]
    if _correlation(piece, cv2.GaussianBlur(stays, (0, 0), 1.0)) > _STAYS:
        return None
    rough = _rough_factor(piece, place)
    if rough is None:
        return None
    factors = [rough * (1 + step) for step in (0.0, *_FINER)]
    found = {factor: _match(piece, place, factor) for factor in factors}
    if max(found.values())[0] < _ALIKE:
        return None
    corner = x - margin_left, y - margin_top
    tried = []
    for factor in sorted(found, key=lambda factor: -found[factor][0])[:_MOST_FACTORS]:
        # x' = factor * x + offset, pixel centres at whole numbers
        offset = tuple(
            at + to + 0.5 - factor * (start + 0.5) + 0.5 * factor - 0.5
            for at, to, start in zip(corner, found[factor][1:], (left, top), strict=True)
        )
        boxes = _scaled_boxes(region.box, factor, (offset[0], offset[1]))
        matrix = np.array([[factor, 0, offset[0]], [0, factor, offset[1]]])
        tried.append((_left_by_scaling(before, after, region, boxes[1], matrix), factor, boxes))
    left_over, factor, boxes = min(tried)
    if left_over > _LEFT or abs(factor - 1) < _NEAR_ONE:
        return None
    return factor, *boxes


def _correlation(one: Pixels, other: Pixels) -> float:
    """How two pieces of one size agree, -1..1."""
    return float(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0])


def _rough_factor(piece: Pixels, place: Pixels) -> float | None:
    """The factor, of some, under which a piece is found best in a place, sought on reduced images; None at the ends."""
    step = max(1, min(min(piece.shape[:2]) // _ROUGH_SIDE, _MOST_REDUCED))
    if step > 1:
        piece, place = (
            cv2.resize(image, (image.shape[1] // step, image.shape[0] // step), interpolation=cv2.INTER_AREA)
            for image in (piece, place)
        )
    found = {float(factor): _match(piece, place, float(factor)) for factor in _SCALES}
    rough = max(found, key=lambda factor: found[factor][0])
    if found[rough][0] < _ALIKE or rough in (_SCALES[0], _SCALES[-1]):
        return None
    return rough


def _scaled_boxes(box: Box, factor: float, offset: tuple[float, float]) -> tuple[Box, Box]:
    """The box before and after of a thing that fills a region in the image in which it is larger."""
    x, y, width, height = box
    if factor < 1:
        left, top = (factor * value + shift for value, shift in zip((x, y), offset, strict=True))
        small = round(left), round(top), max(1, round(width * factor)), max(1, round(height * factor))
        return box, small
    left, top = ((value - shift) / factor for value, shift in zip((x, y), offset, strict=True))
    return (round(left), round(top), max(1, round(width / factor)), max(1, round(height / factor))), box


def _left_by_scaling(before: Pixels, after: Pixels, region: Region, target: Box, matrix: np.ndarray) -> float:
    """Share of the squared difference left where the image before is resized, inside of where the thing is now."""
    x, y, width, height = target
    rim = max(2, min(width, height) // 12)
    x, y, width, height = x + rim, y + rim, width - 2 * rim, height - 2 * rim
    if min(width, height) < 8 or x < 0 or y < 0 or y + height > len(after) or x + width > after.shape[1]:
        return 1.0
    inner = slice(y, y + height), slice(x, x + width)
    shift = np.array([[1.0, 0, -x], [0, 1.0, -y]])
    whole = np.vstack([matrix, (0, 0, 1)])
    resized = cv2.warpAffine(
        cv2.GaussianBlur(before, (0, 0), 0.5 / matrix[0, 0]) if matrix[0, 0] < 1 else before,
        shift @ whole,
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    here = after[inner].astype(np.float32)
    inside = np.zeros(before.shape[:2], bool)
    inside[region.box[1] : region.box[1] + region.box[3], region.box[0] : region.box[0] + region.box[2]] = (
        region.mask
    )
    inside = inside[inner]
    if inside.sum() < _FEW:
        return 1.0
    gap = float(np.square(here - before[inner])[inside].sum())
    return float(np.square(here - resized)[inside].sum()) / gap if gap else 1.0


def _match(piece: Pixels, place: Pixels, factor: float) -> tuple[float, int, int]:
    """How well a piece, resized, is found in a place, and where: correlation, 0 where it does not fit, x, y."""
    size = (round(piece.shape[1] * factor), round(piece.shape[0] * factor))
    if min(size) < 8 or size[0] > place.shape[1] or size[1] > place.shape[0]:
        return 0.0, 0, 0
    flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    matches = cv2.matchTemplate(place, cv2.resize(piece, size, interpolation=flags), cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(matches)
    return best, x, y


# ---- two regions: one is the old place, the other the new one


def _between(before: Pixels, after: Pixels, one: Place, other: Place, tolerance: float) -> Moved | None:
    if min(place.points.shape[1] for place in (one, other)) < FEW:
        return None
    for source, target in ((one, other), (other, one)):
        ends = _ends_of_one(before, after, source, target, tolerance)
        if ends is not None:
            return Moved(*ends, 1.0, (one.region, other.region))
    for source, target in ((one, other), (other, one)):
        boxes = source.region.box, target.region.box
        if max(boxes[0][2:]) > _LARGEST or min(boxes[0][2:]) < 4 or not _near_size(*boxes):
            continue
        if np.abs(source.colors[0] - target.colors[1]).max() > _COLOR + tolerance:
            continue  # the thing has one colour in both places
        for step in steps_between(before, after, source.region, target.region):
            if explained(before, after, (source, target), step, tolerance):
                ends = _ends_of_one(before, after, source, target, tolerance) or (
                    boxes[0],
                    shifted(boxes[0], step),
                )
                return Moved(*ends, 1.0, (one.region, other.region))
    return None


def _ends_of_one(
    before: Pixels, after: Pixels, source: Place, target: Place, tolerance: float
) -> tuple[Box, Box] | None:
    """The boxes of a thing of one colour that moved by less than its length: only its two ends differ; else None."""
    old, new = source.region.box, target.region.box
    if not (source.flat and target.flat) or old[2:] != new[2:]:
        return None
    if np.abs(source.colors[0] - target.colors[1]).max() > tolerance:
        return None
    if np.abs(source.colors[0] - source.colors[1]).max() <= _COLOR:
        return None  # what is left behind is nearly of its colour: it may be the ground that lies between
    for axis, across in ((0, 1), (1, 0)):
        low, high = sorted((old[axis], new[axis]))
        length = old[2 + axis]
        if old[across] != new[across] or high - low <= length:
            continue
        middle = list(old)
        middle[axis], middle[2 + axis] = low + length, high - low - length
        x, y, width, height = middle
        window = slice(y, y + height), slice(x, x + width)
        if any(
            np.abs(image[window] - source.colors[0]).max(axis=2).mean() > tolerance
            for image in (before, after)
        ):
            continue
        whole = list(middle)
        whole[axis], whole[2 + axis] = low, high - low + length
        if _is_around(before, (whole[0], whole[1], whole[2], whole[3]), source.colors[0], tolerance):
            continue  # it is the ground, and what lies at the ends is the thing
        first = list(old)
        first[axis], first[2 + axis] = low if old[axis] == low else low + length, high - low
        second = list(first)
        second[axis] += length if new[axis] == high else -length
        return (first[0], first[1], first[2], first[3]), (second[0], second[1], second[2], second[3])
    return None


def _is_around(image: Pixels, box: Box, color: np.ndarray, tolerance: float) -> bool:
    """Whether most of what surrounds a box has a colour, which then is that of the ground."""
    x, y, width, height = box
    left, top = max(0, x - _BESIDE), max(0, y - _BESIDE)
    has = (
        np.abs(image[top : y + height + _BESIDE, left : x + width + _BESIDE] - color).max(axis=2) <= tolerance
    )
    inside = has[y - top : y - top + height, x - left : x - left + width]
    return bool(2 * (has.sum() - inside.sum()) > has.size - inside.size)


def _near_size(one: Box, other: Box) -> bool:
    return all(0.5 < one[side] / other[side] < 2 for side in (2, 3))
