"""A region cut out of both images with its surroundings, and the measures that several facts share."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region

#: Pixels below which nothing is measured.
FEW = 24
_MARGIN = 14  # pixels of surroundings that are looked at
_LARGEST = 700  # pixels of a side of a square: larger regions are looked at in their middle
_RING = (3, 9)  # pixels from a region between which its surroundings lie


@dataclass(frozen=True, eq=False)
class Patch:
    """A region with its surroundings.

    Attributes:
        before: float32 [H, W, 3].
        after: float32 [H, W, 3].
        mask: bool [H, W], the pixels that differ.
        tolerance: Levels by which equal colours may differ by the noise of the pair.
        clean: Whether the pair has no noise, so that what is faint is there.
    """

    before: np.ndarray
    after: np.ndarray
    mask: np.ndarray
    tolerance: float
    clean: bool = False

    def ring(self) -> np.ndarray:
        """The surroundings, bool [H, W]."""
        inner, outer = (
            cv2.dilate(self.mask.astype(np.uint8), np.ones((2 * r + 1, 2 * r + 1), np.uint8)) for r in _RING
        )
        return np.asarray((outer > 0) & (inner == 0))

    def density(self) -> float:
        """Share of its box that the mask fills."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return float(self.mask.sum() / ((np.ptp(rows) + 1) * (np.ptp(columns) + 1)))


def patch_of(before: Pixels, after: Pixels, region: Region, noise: float) -> Patch:
    """A region cut out of both images; of a large one its middle."""
    x, y, width, height = region.box
    mask = region.mask
    if width * height > _LARGEST**2:
        left, top = max(0, (width - _LARGEST) // 2), max(0, (height - _LARGEST) // 2)
        mask = mask[top : top + _LARGEST, left : left + _LARGEST]
        x, y, (height, width) = x + left, y + top, mask.shape
    top, left = max(0, y - _MARGIN), max(0, x - _MARGIN)
    bottom, right = min(before.shape[0], y + height + _MARGIN), min(before.shape[1], x + width + _MARGIN)
    whole = np.zeros((bottom - top, right - left), bool)
    whole[y - top : y - top + height, x - left : x - left + width] = mask
    one, other = (image[top:bottom, left:right].astype(np.float32) for image in (before, after))
    return Patch(one, other, whole, 5.0 + 2.0 * noise, clean=noise == 0)


def contrast(image: np.ndarray, mask: np.ndarray) -> float:
    """Step between the pixels just inside and just outside of a mask, levels."""
    small = mask.astype(np.uint8)
    inside = mask & (cv2.erode(small, np.ones((5, 5), np.uint8), borderValue=0) == 0)
    outside = (cv2.dilate(small, np.ones((7, 7), np.uint8)) > 0) & (
        cv2.dilate(small, np.ones((3, 3), np.uint8)) == 0
    )
    if not inside.any() or not outside.any():
        return 0.0
    return float(np.abs(np.median(image[inside], axis=0) - np.median(image[outside], axis=0)).max())


def closed(mask: np.ndarray) -> np.ndarray:
    """A mask with its small gaps closed, uint8."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)))


def filled(mask: np.ndarray) -> np.ndarray:
    """A mask with its gaps closed and all that it surrounds, bool."""
    shapes, _ = cv2.findContours(closed(mask), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(whole, shapes, -1, 1, cv2.FILLED)
    return np.asarray(whole > 0)


def inner_of(mask: np.ndarray) -> np.ndarray | None:
    """A mask, its gaps closed, without its border; None where nothing is left."""
    inner = cv2.erode(closed(mask), np.ones((5, 5), np.uint8), borderValue=0) > 0
    return inner if inner.sum() >= FEW else None


def luma_of(image: np.ndarray) -> np.ndarray:
    """Luma of RGB values [..., 3]."""
    return np.asarray(image @ np.array([0.299, 0.587, 0.114], np.float32))  # ITU-R BT.601
