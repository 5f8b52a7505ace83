"""What the filters share: strengths, units of length, fields of coordinates, smooth noise, layers.

Lengths are given in units of 1/256 of the longer side, so that a filter looks the same at every size of image.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.worlds.edits.operations import Picture, Plane, to_picture

#: Longer side of the picture in which lengths are given.
UNIT_SIDE = 256

#: Names and RGB values of colours that frames, drawings and backgrounds may have.
PAINTS: dict[str, tuple[int, int, int]] = {
    "red": (205, 32, 38),
    "green": (40, 150, 62),
    "blue": (38, 70, 205),
    "yellow": (242, 214, 38),
    "purple": (135, 48, 165),
    "orange": (238, 130, 26),
    "pink": (242, 140, 178),
    "cyan": (45, 195, 210),
    "brown": (122, 78, 44),
    "gray": (128, 128, 128),
    "black": (10, 10, 10),
    "white": (248, 248, 248),
    "gold": (205, 165, 60),
    "beige": (226, 210, 178),
    "dark blue": (18, 28, 95),
    "dark green": (18, 72, 34),
    "dark red": (112, 16, 24),
    "light blue": (150, 195, 240),
    "light gray": (205, 205, 205),
    "dark gray": (62, 62, 62),
}


def ramp(low: float, high: float, strength: float) -> float:
    """The value at `strength` (0..1) on the way from `low` to `high`, both above 0, in equal ratios."""
    return low * math.pow(high / low, strength)


def unit(picture: Picture) -> float:
    """How many pixels of this picture make one unit of length."""
    longer: int = max(picture.shape[:2])
    return longer / UNIT_SIDE


def paint(rng: Generator, *, without: tuple[str, ...] = ()) -> tuple[str, tuple[int, int, int]]:
    """A colour's name and a shade of it, a little off its usual values."""
    name = str(rng.choice([name for name in PAINTS if name not in without]))
    shade = np.clip(np.asarray(PAINTS[name]) + rng.integers(-12, 13, 3), 0, 255)
    return name, (int(shade[0]), int(shade[1]), int(shade[2]))


def soft(picture: NDArray[Any], sigma: float) -> Plane:
    """Gaussian blur in float32; `sigma` in pixels."""
    values: Plane = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), max(0.1, sigma))
    return values


def mixed(below: NDArray[Any], above: NDArray[Any], share: NDArray[Any] | float) -> Picture:
    """`above` over `below`, both `[H, W, 3]`; `share` is a number or `[H, W]` in 0..1."""
    weight = share[..., None] if isinstance(share, np.ndarray) else np.float32(share)
    low = below.astype(np.float32)
    return to_picture(low + weight * (above.astype(np.float32) - low))


def grid(height: int, width: int) -> tuple[Plane, Plane]:
    """Coordinates of every pixel: x and y, `[H, W]` float32."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y


def resample(
    picture: Picture, x: NDArray[Any], y: NDArray[Any], border: int = cv2.BORDER_REFLECT_101
) -> Picture:
    """The picture with each pixel taken from (x, y) of the one before; `border` is OpenCV's."""
    result: Picture = cv2.remap(
        picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=border
    )
    return result


def clouds(rng: Generator, height: int, width: int, cell: float) -> Plane:
    """Smooth noise with features `cell` pixels wide: `[H, W]` float32 in 0..1."""
    total = np.zeros((height, width), dtype=np.float32)
    for octave in range(3):
        size = max(2.0, cell / 2**octave)
        rows, columns = max(2, round(height / size)), max(2, round(width / size))
        layer = rng.random((rows, columns)).astype(np.float32)
        total += cv2.resize(layer, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    low, high = float(total.min()), float(total.max())
    scaled: Plane = (total - low) / max(1e-6, high - low)
    return scaled


def resized(picture: Picture, height: int, width: int) -> Picture:
    """The picture at another size, smaller by areas and larger by cubic interpolation."""
    shrinks = height * width < picture.shape[0] * picture.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    result: Picture = cv2.resize(picture, (max(1, width), max(1, height)), interpolation=how)
    return result


def filled(height: int, width: int, color: tuple[int, int, int]) -> Picture:
    """A picture of one colour."""
    result = np.empty((height, width, 3), dtype=np.uint8)
    result[:] = np.asarray(color, dtype=np.uint8)
    return result


def covers(height: int, width: int) -> NDArray[np.bool_]:
    """A mask without any pixel."""
    return np.zeros((height, width), dtype=np.bool_)
