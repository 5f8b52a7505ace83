"""What is sure of a change, measured on its pixels.

In: the two images in one frame and a `Region`. Out: `Fact`s. Each is stated only where its own measure is well beyond
the border, so that what is stated is right; nothing is stated where none holds.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.colors import color_name, hex_code
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions import Region
from blip2idc.images.changes.result import Fact

_MARGIN = 6  # pixels of surroundings that are looked at


def measure_facts(before: Pixels, after: Pixels, region: Region) -> tuple[Fact, ...]:
    """Measure what is sure of a region.

    Args:
        before: uint8 [H, W, 3] in the frame of the overlay.
        after: The same of the image after.
        region: Where the two differ.
    """
    one, other, mask = window(before, after, region)
    plain = _plain_surroundings(one, other, mask)
    if plain is not None:
        background, other_background = plain
        empty = _share_of(one, mask, background), _share_of(other, mask, other_background)
        if np.abs(background - other_background).max() <= 3:
            if empty[0] > 0.97 and empty[1] < 0.2:
                return (Fact("appeared"),)
            if empty[1] > 0.97 and empty[0] < 0.2:
                return (Fact("disappeared"),)
    recoloured = _recoloured(one, other, mask)
    return (recoloured,) if recoloured else ()


def window(
    before: Pixels, after: Pixels, region: Region, margin: int = _MARGIN
) -> tuple[Pixels, Pixels, np.ndarray]:
    """Both images around a region, and its mask there, bool."""
    x, y, width, height = region.box
    top, left = max(0, y - margin), max(0, x - margin)
    bottom, right = min(before.shape[0], y + height + margin), min(before.shape[1], x + width + margin)
    mask = np.zeros((bottom - top, right - left), bool)
    mask[y - top : y - top + height, x - left : x - left + width] = region.mask
    return before[top:bottom, left:right], after[top:bottom, left:right], mask


def _plain_surroundings(one: Pixels, other: Pixels, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The one colour around a region in both images, where there is one."""
    near = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
    ring = near & ~cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    if ring.sum() < 12:
        return None
    colors = []
    for image in (one, other):
        values = image[ring].astype(np.int16)
        middle = np.median(values, axis=0)
        if (np.abs(values - middle).max(axis=1) <= 6).mean() < 0.8:
            return None
        colors.append(middle)
    return colors[0], colors[1]


def _share_of(image: Pixels, mask: np.ndarray, color: np.ndarray) -> float:
    return float((np.abs(image[mask].astype(np.int16) - color).max(axis=1) <= 6).mean())


def _recoloured(one: Pixels, other: Pixels, mask: np.ndarray) -> Fact | None:
    """Flat areas of one colour that have another colour now."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    use = inner if inner.sum() >= 20 else mask
    first, second = (np.median(image[use], axis=0) for image in (one, other))
    if np.abs(first - second).max() < 8:
        return None
    near = [
        (np.abs(image[use].astype(np.int16) - color).max(axis=1) <= 10).mean()
        for image, color in ((one, first), (other, second))
    ]
    if min(near) < 0.7:
        return None
    return Fact(
        "recoloured",
        {
            "from": color_name(first),
            "from_hex": hex_code(first),
            "to": color_name(second),
            "to_hex": hex_code(second),
        },
    )
