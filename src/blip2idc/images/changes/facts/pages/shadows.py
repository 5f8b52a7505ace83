"""A soft shadow beside a thing that is unchanged: `shadowed`.

In: the two images in one frame and a region. Out: the fact with the side that has the shadow. All that differs is
darker in one image, by amounts that change little from pixel to pixel and fade out at the border of the region; where
they are largest something unchanged begins, which casts it.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

_FEW = 100  # pixels
_DEEPEST = 6.0  # levels that the darkest part of it is darker, at least
_DARKEST, _SOFT = 140.0, 0.62  # levels that it is darker at most, and of these what it is on average
_ONE_WAY = 0.97  # share of the pixels that are darker
_SMOOTH, _SMOOTHLY = (
    0.2,
    0.9,
)  # of the deepest: the step to a neighbour, and the share of the pixels that keep to it
_FADES = 0.35  # of the deepest: the mean depth along the outline of the box
_FADED = 0.3  # share of its outer edge along which a shadow has faded; the rest is beside what casts it
_CAST = 0.4  # of the deepest: the mean depth of the pixels beside what casts it
_HARDLY = 0.1  # of the deepest: where there is no shadow yet
_RIM = 7  # pixels across what was drawn anew beside what casts it
_LEVELS = 5  # different depths at least
_FILLED = 0.92  # share of its box that a shadow fills at most
_GREY = 0.35  # by how much the share that is taken from the channels may differ


def shadow(before: Pixels, after: Pixels, region: Region, tolerance: float) -> Fact | None:
    """`shadowed` where a shadow came or went."""
    x, y, width, height = region.box
    if region.pixels < _FEW or min(width, height) < 5:
        return None
    window = slice(y, y + height), slice(x, x + width)
    one, other = (image[window].astype(np.float32) for image in (before, after))
    depth = (one - other).mean(axis=2)
    sign = 1.0 if float(depth[region.mask].mean()) > 0 else -1.0
    depth *= sign
    values = depth[region.mask]
    deepest = float(np.quantile(values, 0.98))
    if not max(_DEEPEST, tolerance) <= deepest <= _DARKEST or values.mean() > _SOFT * deepest:
        return None
    if (values > -0.5 * tolerance / 5).mean() < _ONE_WAY:
        return None
    if len(np.unique(np.rint(values))) < _LEVELS:
        return None
    shaded = region.mask & (depth > _HARDLY * deepest)
    inner = cv2.erode(shaded.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    steps = np.maximum(np.abs(np.gradient(depth, axis=0)), np.abs(np.gradient(depth, axis=1)))
    if inner.sum() < 0.4 * _FEW or (steps[inner] <= _SMOOTH * deepest).mean() < _SMOOTHLY:
        return None
    page = before.shape[:2]
    sides = [
        float(np.abs(line).mean()) / deepest
        for line, inside in zip(
            (depth[0], depth[-1], depth[:, 0], depth[:, -1]),
            (y > 0, y + height < page[0], x > 0, x + width < page[1]),
            strict=True,
        )
        if inside
    ]
    faded = sum(side <= _FADES for side in sides)
    filled = region.pixels > _FILLED * width * height
    if faded < max(1, len(sides) - 1) or (filled and (len(sides) > 3 or max(sides) < _CAST)):
        return None
    outline = _outline(region.mask)
    if (depth[outline] <= _FADES * deepest).mean() < _FADED:
        return None
    deep = cv2.dilate(np.where(region.mask, depth, 0), np.ones((_RIM, _RIM), np.uint8))[_beside(region.mask)]
    if deep.size < 8 or float(np.quantile(deep, 0.95)) < _CAST * deepest:
        return None
    lighter = (one if sign > 0 else other)[region.mask]
    taken = (np.abs(one - other)[region.mask].sum(axis=0)) / np.maximum(lighter.sum(axis=0), 1.0)
    if float(np.ptp(taken)) > _GREY * float(taken.max()):
        return None
    return Fact("shadowed", {"in": "after" if sign > 0 else "before"})


def _beside(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask beside what it surrounds, or where it surrounds nothing, beside all else."""
    _, labels = cv2.connectedComponents((~np.pad(mask, 1)).astype(np.uint8), connectivity=4)
    without = labels != 0
    within = without & (labels != labels[0, 0])
    holes = (within if within.any() else without).astype(np.uint8)
    return np.asarray(mask & (cv2.dilate(holes, np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0))


def _outline(mask: np.ndarray) -> np.ndarray:
    """The pixels of a mask along its outer edge, whatever is left out within."""
    shapes, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    edge = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(edge, shapes, -1, 1)
    return np.asarray(edge > 0)
