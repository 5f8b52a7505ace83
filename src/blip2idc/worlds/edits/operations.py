"""Edits of a whole picture: light, colour, detail, geometry and frame.

In: a picture `[H, W, 3]` uint8, a generator and a strength from 0 (weak) to 1 (strong). Out: the edited picture and
what was drawn. Sizes that must be seen (blur, grain, pixel blocks, frames) are fractions of the picture's width, so
that an edit looks the same at every resolution and survives a reduction to 128 pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from blip2idc.worlds.edits.captions import COLORS

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

#: Width at which edits must still be seen; lengths below are given in pixels of a picture of this width.
SEEN_WIDTH = 128

#: Luma weights of ITU-R BT.601, as Pillow and JPEG use them.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)

TINT_COLORS = ("red", "green", "blue", "yellow", "purple")


@dataclass(frozen=True, eq=False)
class Edited:
    """A picture after an edit.

    Attributes:
        picture: `[H, W, 3]` uint8, of the size of the picture before.
        details: What the edit drew, in plain JSON values.
        mask: `[H, W]` bool, the pixels that the edit may touch; None where it touches the whole picture.
        placed: Whether the mask is the place of the edit, named in its captions (a frame has no place).
    """

    picture: Picture
    details: Mapping[str, Any] = field(default_factory=dict)
    mask: NDArray[np.bool_] | None = None
    placed: bool = False


Operation = Callable[[Picture, Generator, float], Edited]


def between(low: float, high: float, strength: float) -> float:
    """The value at `strength` (0..1) on the way from `low` to `high`."""
    return low + (high - low) * strength


def to_picture(values: NDArray[Any]) -> Picture:
    """Rounds and clips `[H, W, 3]` floats on the 0..255 scale to a picture."""
    picture: Picture = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return picture


def through(curve: NDArray[np.floating[Any]], picture: Picture) -> Picture:
    """Replaces each value by its place on a curve of 256 values, rounded and clipped."""
    table: Picture = np.clip(np.rint(curve), 0, 255).astype(np.uint8)
    return table[picture]


def luma(picture: Picture | Plane) -> Plane:
    """Luma of a picture: `[H, W, 3]` -> `[H, W]` float32, 0..255."""
    plane: Plane = picture.astype(np.float32) @ LUMA
    return plane


def blurred(picture: Picture, sigma: float) -> Picture:
    """Gaussian blur with a standard deviation of `sigma` pixels."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(sigma)))


def colorized(picture: Picture, color: tuple[int, int, int]) -> Plane:
    """The picture in shades of one colour, from black over the colour to white: `[H, W, 3]` float32."""
    gray = luma(picture)[..., None] / 255.0
    target = np.asarray(color, dtype=np.float32)
    shades: Plane = np.where(gray < 0.5, target * 2 * gray, target + (255 - target) * (2 * gray - 1))
    return shades


def seen_pixels(picture: Picture) -> float:
    """How many pixels of this picture make one pixel of a picture that is `SEEN_WIDTH` wide."""
    width: int = picture.shape[1]
    return width / SEEN_WIDTH


def _brightness(picture: Picture, rng: Generator, gamma: float, shift: float) -> Picture:
    values = np.arange(256)
    bent = rng.random() < 0.5
    return through(255.0 * (values / 255.0) ** gamma if bent else values + shift, picture)


def brighten(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Lifts all values, by a curve or by a constant."""
    return Edited(_brightness(picture, rng, between(0.65, 0.35, strength), between(30, 85, strength)))


def darken(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Lowers all values, by a curve or by a constant."""
    return Edited(_brightness(picture, rng, between(1.6, 3.0, strength), between(-30, -85, strength)))


def _contrast(picture: Picture, factor: float) -> Edited:
    middle = float(luma(picture).mean())
    return Edited(through(middle + (np.arange(256) - middle) * factor, picture))


def contrast_up(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Stretches values away from their mean."""
    return _contrast(picture, between(1.5, 2.6, strength))


def contrast_down(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Draws values towards their mean."""
    return _contrast(picture, between(0.62, 0.25, strength))


def _saturation(picture: Picture, factor: float) -> Edited:
    gray = luma(picture)[..., None]
    return Edited(to_picture(gray + (picture - gray) * np.float32(factor)))


def saturate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Moves colours away from grey."""
    return _saturation(picture, between(1.7, 3.0, strength))


def desaturate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Moves colours towards grey, but leaves some."""
    return _saturation(picture, between(0.5, 0.25, strength))


def black_and_white(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Leaves only the luma."""
    return _saturation(picture, 0.0)


def tint(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Mixes in one colour, flat or shaded."""
    name = str(rng.choice(TINT_COLORS))
    shaded = rng.random() < 0.5
    share = between(0.5, 0.8, strength) if shaded else between(0.25, 0.45, strength)
    layer = colorized(picture, COLORS[name]) if shaded else np.asarray(COLORS[name], dtype=np.float32)
    return Edited(to_picture((1 - share) * picture.astype(np.float32) + share * layer), {"color": name})


def invert(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The negative."""
    return Edited(255 - picture)


def blur(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Gaussian blur of the whole picture."""
    return Edited(blurred(picture, between(1.3, 3.2, strength) * seen_pixels(picture)))


def sharpen(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Unsharp mask with a radius wide enough to be seen in a small copy."""
    soft = blurred(picture, between(0.9, 1.4, strength) * seen_pixels(picture)).astype(np.float32)
    detail = picture - soft
    return Edited(to_picture(picture + np.float32(between(1.5, 3.5, strength)) * detail))


def noise(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Gaussian noise, grey or coloured, with grains one to two pixels wide in a picture `SEEN_WIDTH` wide."""
    height, width = picture.shape[:2]
    grain = float(rng.uniform(1.0, 2.0)) * seen_pixels(picture)
    rows, columns = max(2, round(height / grain)), max(2, round(width / grain))
    planes = 1 if rng.random() < 0.5 else 3
    grains = rng.normal(0.0, between(22, 48, strength), (planes, rows, columns)).astype(np.float32)
    layers = [
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.NEAREST))
        for plane in grains
    ]
    return Edited(to_picture(picture + np.stack(layers, axis=-1)))


def pixelate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Square blocks of one colour each."""
    height, width = picture.shape[:2]
    block = between(5.0, 11.0, strength) * seen_pixels(picture)
    grid = (max(2, round(width / block)), max(2, round(height / block)))
    image = Image.fromarray(picture).resize(grid, Image.Resampling.BOX)
    return Edited(np.asarray(image.resize((width, height), Image.Resampling.NEAREST)))


def flip(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Mirrors left to right or top to bottom."""
    if rng.random() < 0.5:
        return Edited(np.ascontiguousarray(picture[:, ::-1]), {"axis": "horizontal"})
    return Edited(np.ascontiguousarray(picture[::-1]), {"axis": "vertical"})


def rotate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Turns about the middle, with black corners or enlarged until no corner shows."""
    height, width = picture.shape[:2]
    side = "left" if rng.random() < 0.5 else "right"
    enlarged = rng.random() < 0.3
    degrees = between(7, 14, strength) if enlarged else between(8, 25, strength)
    signed = degrees if side == "left" else -degrees
    turn = radians(signed)
    scale = 1.0
    if enlarged:
        long, short = max(width, height), min(width, height)
        scale = 1.0 / (cos(abs(turn)) + long / short * sin(abs(turn)))
    a, b = scale * cos(turn), -scale * sin(turn)
    middle_x, middle_y = width / 2, height / 2
    # Rows of the matrix map a pixel after to its place before; y points down.
    matrix = (a, b, middle_x - a * middle_x - b * middle_y, -b, a, middle_y + b * middle_x - a * middle_y)
    image = Image.fromarray(picture).transform(
        (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC
    )
    return Edited(np.asarray(image), {"side": side, "degrees": round(degrees, 2), "enlarged": bool(enlarged)})


def crop(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Enlarges a part of the picture to the whole frame."""
    height, width = picture.shape[:2]
    share = between(0.78, 0.45, strength)
    left = float(rng.uniform(0, (1 - share) * width))
    top = float(rng.uniform(0, (1 - share) * height))
    window = (left, top, left + share * width, top + share * height)
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC, box=window)
    return Edited(np.asarray(image), {"share": round(share, 3)})


def border(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A frame of one colour, over the picture's edges or around the picture made smaller."""
    height, width = picture.shape[:2]
    name = str(rng.choice(tuple(COLORS)))
    thickness = max(1, round(between(3.0, 8.0, strength) * seen_pixels(picture)))
    thickness = min(thickness, (min(height, width) - 1) // 2)
    inside = (slice(thickness, height - thickness), slice(thickness, width - thickness))
    framed = np.empty_like(picture)
    framed[:] = np.asarray(COLORS[name], dtype=np.uint8)
    shrunk = rng.random() < 0.4
    if shrunk:
        size = (width - 2 * thickness, height - 2 * thickness)
        framed[inside] = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))
    else:
        framed[inside] = picture[inside]
    mask = np.ones((height, width), dtype=np.bool_)
    mask[inside] = False
    return Edited(framed, {"color": name, "shrunk": bool(shrunk)}, mask)


#: Every edit of a whole picture, by the name that it has in `change.kind`.
OPERATIONS: Mapping[str, Operation] = {
    "brighten": brighten,
    "darken": darken,
    "contrast_up": contrast_up,
    "contrast_down": contrast_down,
    "saturate": saturate,
    "desaturate": desaturate,
    "black_and_white": black_and_white,
    "tint": tint,
    "invert": invert,
    "blur": blur,
    "sharpen": sharpen,
    "noise": noise,
    "pixelate": pixelate,
    "flip": flip,
    "rotate": rotate,
    "crop": crop,
    "border": border,
}
