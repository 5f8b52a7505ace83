"""Lays objects on photographs so that scale, light and shadow fit, and takes them away, well or badly.

In: a picture `[H, W, 3]` uint8, a cut-out with transparency, a place. Out: the picture with the object and the exact
mask of its pixels; or a picture with a masked place filled in from around it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.worlds.edits.filters.canvas import mixed, soft
from blip2idc.worlds.edits.objects.cutouts import Cutout
from blip2idc.worlds.edits.operations import Picture, Plane, luma, to_picture
from blip2idc.worlds.edits.regions import box_of, place_of

Mask = NDArray[np.bool_]

#: Height or width of an object in shares of the shorter side of the picture: least and greatest.
SMALLEST, LARGEST = 0.14, 0.6


@dataclass(frozen=True, eq=False)
class Placed:
    """An object at a place in a picture.

    Attributes:
        pixels: `[h, w, 4]` uint8, at the size at which it is shown.
        left: First column.
        top: First row.
        shadow: Opacity of its shadow, 0 for none.
        light: How far its brightness follows that of its place, 0 to 1.
    """

    pixels: NDArray[np.uint8]
    left: int
    top: int
    shadow: float
    light: float

    def moved(self, left: int, top: int) -> Placed:
        """The same object elsewhere."""
        return replace(self, left=left, top=top)

    def with_pixels(self, pixels: NDArray[np.uint8]) -> Placed:
        """Another look at the same middle."""
        old, new = self.pixels.shape, pixels.shape
        left, top = self.left + (old[1] - new[1]) // 2, self.top + (old[0] - new[0]) // 2
        return replace(self, pixels=pixels, left=left, top=top)


def scaled(pixels: NDArray[np.uint8], longest: float) -> NDArray[np.uint8]:
    """A cut-out whose longer side has a given length in pixels."""
    share = longest / max(pixels.shape[:2])
    size = (max(3, round(pixels.shape[1] * share)), max(3, round(pixels.shape[0] * share)))
    opacity = pixels[..., 3:].astype(np.float32) / 255
    # Colours are weighted by opacity, or the invisible ones would bleed into the edge.
    weighted = np.concatenate([pixels[..., :3] * opacity, opacity * 255], axis=-1)
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    small = cv2.resize(weighted.astype(np.float32), size, interpolation=how)
    small[..., :3] = small[..., :3] / np.maximum(1e-3, small[..., 3:] / 255)
    return to_picture(small)


def place(cutout: Cutout, rng: Generator, height: int, width: int) -> Placed:
    """Draws size, mirroring and place, mostly inside the picture."""
    pixels = cutout.pixels[:, ::-1] if rng.random() < 0.5 else cutout.pixels
    share = SMALLEST * (LARGEST / SMALLEST) ** float(rng.random())
    pixels = scaled(pixels, share * min(height, width))
    if rng.random() < 0.25:
        pixels = _turned(pixels, float(rng.normal(0, 14)))
    high, wide = pixels.shape[:2]
    left = int(rng.integers(0, max(1, width - wide)))
    top = int(rng.integers(0, max(1, height - high)))
    shadow = float(rng.uniform(0.2, 0.6)) if rng.random() < 0.5 else 0.0
    return Placed(pixels, left, top, shadow, float(rng.uniform(0, 0.5)))


def _turned(pixels: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    high, wide = pixels.shape[:2]
    side = int(np.hypot(high, wide)) + 2
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1)
    matrix[:, 2] += ((side - wide) / 2, (side - high) / 2)
    turned: NDArray[np.uint8] = cv2.warpAffine(pixels, matrix, (side, side))
    left, top, wide, high = box_of(turned[..., 3] > 0)
    return turned[top : top + high, left : left + wide]


def laid(picture: Picture, thing: Placed) -> tuple[Picture, Mask]:
    """The picture with the object, and the pixels that show the object (without its shadow)."""
    height, width = picture.shape[:2]
    layer = np.zeros((height, width, 4), dtype=np.uint8)
    high, wide = thing.pixels.shape[:2]
    rows = slice(max(0, thing.top), max(0, min(height, thing.top + high)))
    columns = slice(max(0, thing.left), max(0, min(width, thing.left + wide)))
    layer[rows, columns] = thing.pixels[
        rows.start - thing.top : rows.stop - thing.top, columns.start - thing.left : columns.stop - thing.left
    ]
    opacity = layer[..., 3].astype(np.float32) / 255
    result = picture
    if thing.shadow:
        reach = max(1.0, 0.08 * max(high, wide))
        cast = np.roll(soft(opacity, reach), (round(reach), round(0.6 * reach)), axis=(0, 1))
        result = mixed(picture, np.zeros_like(picture), cast * np.float32(thing.shadow))
    colors = _lit(layer[..., :3], picture, opacity, thing.light)
    return mixed(result, colors, opacity), opacity > 0.3


def _lit(colors: NDArray[np.uint8], picture: Picture, opacity: NDArray[Any], share: float) -> Plane:
    """The object's colours, some way towards the brightness of the place."""
    values = colors.astype(np.float32)
    weight = float(opacity.sum())
    if not share or weight < 1:
        return values
    there = float((luma(picture) * opacity).sum()) / weight
    own = float((luma(colors) * opacity).sum()) / weight
    gain = np.float32(np.clip((own + share * (there - own)) / max(20.0, own), 0.55, 1.6))
    lit: Plane = np.clip(values * gain, 0, 255)
    return lit


def where(mask: Mask) -> str:
    """The place of a mask in words."""
    left, top, width, height = box_of(mask)
    return place_of(left + width / 2, top + height / 2, *mask.shape)


def filled_in(picture: Picture, mask: Mask, rng: Generator, *, well: bool) -> Picture:
    """The picture with a place filled in from around it.

    Args:
        picture: `[H, W, 3]` uint8.
        mask: `[H, W]` bool, what to fill.
        rng: Where the way is drawn from.
        well: By inpainting with the grain of the surroundings; else smeared, copied from beside, or in one colour.
    """
    side = max(3, round(0.012 * max(mask.shape)) | 1)
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8))
    if well or rng.random() < 0.3:
        return _inpainted(picture, wide, rng if well else None)
    way = int(rng.integers(3))
    share = soft(wide.astype(np.float32), 1.0)
    if way == 0:
        ring = cv2.dilate(wide, np.ones((2 * side + 1, 2 * side + 1), np.uint8)).astype(bool) & ~wide.astype(
            bool
        )
        color = picture[ring].mean(axis=0) if ring.any() else picture.mean(axis=(0, 1))
        return mixed(picture, np.broadcast_to(color.astype(np.float32), picture.shape), share)
    if way == 1:
        _, _, width, height = box_of(mask)
        step = (width if rng.random() < 0.5 else -width, height if rng.random() < 0.3 else 0)
        return mixed(picture, np.roll(picture, step[::-1], axis=(0, 1)), share)
    outside = (1 - wide.astype(np.float32))[..., None]
    sigma = 0.06 * max(mask.shape)
    smear = soft(picture * outside, sigma) / np.maximum(1e-3, soft(outside[..., 0], sigma))[..., None]
    return mixed(picture, smear, share)


def _inpainted(picture: Picture, mask: NDArray[np.uint8], rng: Generator | None) -> Picture:
    """OpenCV's inpainting at a quarter of a megapixel at most, with grain where a generator is given."""
    scale = min(1.0, 256 / max(mask.shape))
    size = (max(8, round(mask.shape[1] * scale)), max(8, round(mask.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    hole = (cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0).astype(np.uint8)
    patch = cv2.inpaint(small, hole, 4, cv2.INPAINT_TELEA)
    values: Plane = cv2.resize(patch, mask.shape[::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)
    if rng is not None:
        detail = picture.astype(np.float32) - soft(picture, 1.5)
        grain = float(np.median(np.abs(detail))) * 1.4
        values += rng.normal(0, max(0.3, grain), (*mask.shape, 1)).astype(np.float32)
    return mixed(picture, values, np.clip(soft(mask.astype(np.float32), 0.8), 0, 1))
