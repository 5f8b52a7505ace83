"""Displacements that may explain a difference, and whether one does.

In: the two images in one frame and regions in which they differ. Out: the steps (dx, dy) that are worth a try, and the
two boxes of the thing where a step explains nearly every pixel: each is either the thing in its old place, or the
thing in its new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import cv2
import numpy as np

from blip2idc.images.changes.facts.ground import plain_ground
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Box

Step = tuple[int, int]

_EXPLAINED = 0.9  # share of the pixels that a displacement has to explain
_SOFT_EXPLAINED = 0.85  # the same without the outline, which soft edges mix with the ground
_LEFT = 0.12  # share of the squared difference that may be left where only the outline is not explained
_REMAINS = 0.5  # of a pixel's difference, at most, where a displacement explains it
_OUTLINE = 5  # pixels, the side of the square that erodes the outline away
_FEW_POINTS = 300  # pixels on which a displacement is tried first
_ROUGHLY = 0.7  # of what is asked of all
_FLAT = 0.9  # share of the pixels that have one colour where all of them have
_BOTH = 0.25  # share of the pixels that have to be the old place, and the new one
_TRIED = 3  # displacements
_LEAST = 2  # pixels: smaller lags are the thing itself
_NEVER = 999.0  # levels: more than any two pixels differ
_AROUND = 6  # pixels around a region in which its ground is looked for
_GROUND = 10.0  # levels by which it may differ
_SAME = 2  # pixels by which the boxes of one thing may differ
_FINE = 3.0  # standard deviation in pixels beyond which nothing is fine


def steps_within(before: Pixels, after: Pixels, region: Region) -> Iterator[Step]:
    """Displacements of a thing whose old and new place are one region, the likeliest first.

    The difference of the images holds the thing and its displaced negative: an echo, which is a pit of the cepstrum
    (Bogert, Healy and Tukey, 1963). It is found on plain ground, too, where correlation is not.
    """
    details, other = _details(before, region), _details(after, region)
    found = _correlated(details, other)
    x, y, width, height = region.box
    window = slice(y, y + height), slice(x, x + width)
    gap = before[window].astype(np.float32) - after[window]
    gap[~region.mask] = 0
    shape = _shape(height, width)
    power = sum(np.square(np.abs(np.fft.rfft2(gap[:, :, channel], shape))) for channel in range(3))
    cepstrum = -np.fft.irfft2(np.log(power + 1), shape)
    echoes = np.full_like(cepstrum, -np.inf)
    echoes[:height, :width] = cepstrum[:height, :width]
    echoes[:height, 1 - width :] = cepstrum[:height, 1 - width :]  # one half: the other is its mirror image
    for (dx, dy), step in zip_longest(_highest(echoes), _highest(found), fillvalue=(0, 0)):
        yield from ((dx, dy), (-dx, -dy), step)


def steps_between(before: Pixels, after: Pixels, source: Region, target: Region) -> Iterator[Step]:
    """Displacements of a thing from one region to another, the likeliest first."""
    left, top = target.box[0] - source.box[0], target.box[1] - source.box[1]
    if abs(target.box[2] - source.box[2]) <= _SAME and abs(target.box[3] - source.box[3]) <= _SAME:
        yield left, top
    for dx, dy in _highest(_correlated(_details(before, source), _details(after, target)), least=0):
        yield left + dx, top + dy


def _details(image: Pixels, region: Region) -> np.ndarray:
    """What is fine in a region of an image, away from its outline, float32 [height, width]."""
    x, y, width, height = region.box
    luma = cv2.cvtColor(image[y : y + height, x : x + width], cv2.COLOR_RGB2GRAY).astype(np.float32)
    luma = np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), _FINE))
    luma[
        cv2.erode(region.mask.astype(np.uint8), np.ones((_OUTLINE, _OUTLINE), np.uint8), borderValue=0) == 0
    ] = 0
    return np.asarray(luma)


def _correlated(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Phase correlation (Kuglin and Hines, 1975): high where what is in one is in the other, displaced so."""
    shape = _shape(*((one.shape[axis] + other.shape[axis]) / 2 for axis in (0, 1)))
    product = np.conj(np.fft.rfft2(one, shape)) * np.fft.rfft2(other, shape)
    return np.asarray(np.fft.irfft2(product / np.maximum(np.abs(product), 1e-6), shape))


def _shape(height: float, width: float) -> tuple[int, int]:
    """A size that is transformed fast and twice as large, so that nothing meets itself round the edge."""
    return cv2.getOptimalDFTSize(round(2 * height)), cv2.getOptimalDFTSize(round(2 * width))


def _highest(plane: np.ndarray, least: int = _LEAST) -> Iterator[Step]:
    """The lags (dx, dy) of the highest peaks of a correlation, wrapped round as the transform does."""
    height, width = plane.shape
    plane = plane.copy()
    if least:
        plane[:least, :least] = plane[:least, 1 - least :] = -np.inf
        plane[1 - least :, :least] = plane[1 - least :, 1 - least :] = -np.inf
    for _ in range(_TRIED):
        y, x = np.unravel_index(int(plane.argmax()), plane.shape)
        yield int(x - width * (x > width // 2)), int(y - height * (y > height // 2))
        plane[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2] = -np.inf


@dataclass(frozen=True, eq=False)
class Place:
    """A region, and what of it is needed again and again.

    Attributes:
        region: The region.
        points: int [2, N], the rows and columns of the pixels that differ, in the frame.
        deep: bool [N], those away from the outline.
        gap: float32 [N], by how much they differ.
        ground: bool [2, N], which have the colour of the ground around, before and after.
        colors: float32 [2, 3], their mean colour before and after.
        flat: Whether they have one colour before, or one after: what moved would be there, and its ground beside it.
    """

    region: Region
    points: np.ndarray
    deep: np.ndarray
    gap: np.ndarray
    ground: np.ndarray
    colors: np.ndarray
    flat: bool

    def only(self, step: int) -> Place:
        """Every so many of the points."""
        picked = slice(None, None, step)
        return Place(
            self.region,
            self.points[:, picked],
            self.deep[picked],
            self.gap[picked],
            self.ground[:, picked],
            self.colors,
            self.flat,
        )


def place_of(before: Pixels, after: Pixels, region: Region, tolerance: float) -> Place:
    """What is known of a region, whatever displacement is tried."""
    rows, columns = np.nonzero(region.mask)
    deep = cv2.erode(region.mask.astype(np.uint8), np.ones((_OUTLINE, _OUTLINE), np.uint8), borderValue=0)
    deep = deep[rows, columns] > 0
    rows, columns = rows + region.box[1], columns + region.box[0]
    images = before, after
    return Place(
        region,
        np.stack([rows, columns]),
        deep,
        _gap_there(before, after, rows, columns, 0, 0),
        np.stack([_is_ground(image, region.box, rows, columns, tolerance) for image in images]),
        np.stack([image[rows, columns].mean(axis=0) for image in images]),
        any(_is_flat(image[rows, columns], tolerance) for image in images),
    )


def _is_flat(values: np.ndarray, tolerance: float) -> bool:
    """Whether nearly all of some pixels [N, 3] have one colour."""
    middle = np.median(values, axis=0)
    return bool((np.abs(values - middle).max(axis=1) <= tolerance).mean() > _FLAT)


def explained(
    before: Pixels, after: Pixels, places: tuple[Place, ...], step: Step, tolerance: float
) -> tuple[Box, Box] | None:
    """The boxes of the thing in its old and its new place, where a displacement explains the places; else None."""
    dx, dy = step
    many = sum(place.points.shape[1] for place in places) // _FEW_POINTS
    if many > 1 and not _explains(
        before, after, tuple(place.only(many) for place in places), step, tolerance, _ROUGHLY
    ):
        return None
    old_points = _explains(before, after, places, step, tolerance)
    if old_points is None:
        return None
    if len(places) > 1:
        box = _around(np.concatenate(old_points))
        return box, shifted(box, step)
    x, y, full_width, full_height = places[0].region.box  # it and its displaced self fill the region together
    width, height = max(0, full_width - abs(dx)), max(0, full_height - abs(dy))
    if 2 * width * height < places[0].points.shape[1]:
        return None  # twice the thing cannot be all that differs
    box = x + max(0, -dx), y + max(0, -dy), width, height
    return box, shifted(box, step)


def _explains(
    before: Pixels, after: Pixels, places: tuple[Place, ...], step: Step, tolerance: float, least: float = 1.0
) -> list[np.ndarray] | None:
    """The points (column, row) of the old place, where a displacement explains enough of the points; else None.

    Args:
        before: uint8 [H, W, 3].
        after: Likewise.
        places: Of which the points are asked.
        step: The displacement.
        tolerance: Levels.
        least: Of what is enough, the share that is asked.
    """
    dx, dy = step
    counts = np.zeros(4)  # pixels, explained ones, those in the old place, those in the new one
    inner = np.zeros(2)  # pixels away from the outline, explained ones
    squares = np.zeros(2)  # of the difference, and of what is left of it
    old_points: list[np.ndarray] = []
    for place in places:
        rows, columns = place.points
        old = _gap_there(before, after, rows, columns, dx, dy)
        new = _gap_there(after, before, rows, columns, -dx, -dy)
        # the ground is everywhere: it proves nothing to find it again
        new[place.ground[1]] = _NEVER
        old[place.ground[0]] = _NEVER
        near = np.minimum(tolerance, _REMAINS * place.gap)  # what is faint is near everything that is faint
        is_old, is_new = old <= near, new <= near
        counts += len(rows), (is_old | is_new).sum(), is_old.sum(), is_new.sum()
        inner += place.deep.sum(), ((is_old | is_new) & place.deep).sum()
        squares += np.square(place.gap).sum(), np.square(np.minimum(place.gap, np.minimum(old, new))).sum()
        old_points.append(np.stack([columns[is_old], rows[is_old]], axis=1))
    total, right, carried = counts[0], counts[1], min(counts[2:])
    softly = (
        inner[0] > 0.5 * total
        and inner[1] >= least * _SOFT_EXPLAINED * inner[0]
        and least * squares[1] < _LEFT * squares[0]
    )
    if (right < least * _EXPLAINED * total and not softly) or carried < least * _BOTH * total:
        return None
    return old_points


def _is_ground(
    image: Pixels, box: Box, rows: np.ndarray, columns: np.ndarray, tolerance: float
) -> np.ndarray:
    """Which points in a box, bool [N], have the one colour that is around it; none where there is no such colour."""
    x, y, width, height = box
    top, left = max(0, y - _AROUND), max(0, x - _AROUND)
    window = image[top : y + height + _AROUND, left : x + width + _AROUND].astype(np.float32)
    ring = np.ones(window.shape[:2], bool)
    ring[y - top : y - top + height, x - left : x - left + width] = False
    ground = plain_ground(window, ring, _GROUND)
    if ground is None:
        return np.zeros(len(rows), bool)
    return np.asarray(np.abs(image[rows, columns] - ground).max(axis=1) <= tolerance)


def shifted(box: Box, step: Step) -> Box:
    """A box somewhere else."""
    return box[0] + step[0], box[1] + step[1], box[2], box[3]


def _gap_there(
    one: Pixels, other: Pixels, rows: np.ndarray, columns: np.ndarray, dx: int, dy: int
) -> np.ndarray:
    """By how much points of one image differ from those of the other, displaced; more than anything outside of it."""
    there_rows, there_columns = rows + dy, columns + dx
    inside = (
        (there_rows >= 0)
        & (there_rows < other.shape[0])
        & (there_columns >= 0)
        & (there_columns < other.shape[1])
    )
    result = np.full(len(rows), _NEVER, np.float32)
    here = one[rows[inside], columns[inside]].astype(np.int16)
    there = other[there_rows[inside], there_columns[inside]].astype(np.int16)
    red, green, blue = np.abs(here - there).T  # far faster than the maximum over a short last axis
    result[inside] = np.maximum(np.maximum(red, green), blue)
    return result


def _around(points: np.ndarray) -> Box:
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return int(left), int(top), int(right - left + 1), int(bottom - top + 1)
