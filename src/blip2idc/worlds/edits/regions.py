"""Edits of a part of a picture: text, and a region blurred, covered, recoloured, removed, duplicated or pasted.

In: a picture `[H, W, 3]` uint8, a generator, a strength, and (for pasting) another picture of the same size.
Out: the edited picture with the exact mask of the pixels that were touched. Regions are 12-35 % of the width and
lie well inside one cell of a 3 x 3 grid, so that the place named in the captions is never in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from blip2idc.worlds.edits.captions import COLORS, PLACES
from blip2idc.worlds.edits.operations import (
    TINT_COLORS,
    Edited,
    Picture,
    between,
    blurred,
    colorized,
    seen_pixels,
    to_picture,
)
from blip2idc.worlds.pair import Box

Mask = NDArray[np.bool_]

#: Share of a cell of the 3 x 3 grid, about its middle, in which the middle of a region may lie.
CELL_CORE = 0.6

#: Draws of a source clear of its copy; a region is at most a third of the width, so one in two draws is clear.
SOURCE_TRIES = 24

WORDS = (
    "hello", "sale", "open", "stop", "music", "coffee", "today", "party", "news", "winter", "summer",
    "love", "exit", "hotel", "garden", "taxi", "market", "bread", "radio", "bonjour", "photo", "city",
)  # fmt: skip

TEXT_COLORS = ("white", "black", "yellow", "red", "blue")


@dataclass(frozen=True, eq=False)
class Region:
    """A part of a picture: its box (left, top, width, height), its shape inside the box, its place in words."""

    box: Box
    shape: Mask
    place: str

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the box."""
        left, top, width, height = self.box
        return slice(top, top + height), slice(left, left + width)

    def mask(self, height: int, width: int) -> Mask:
        """The region in a picture of this size: `[H, W]` bool."""
        mask = np.zeros((height, width), dtype=np.bool_)
        mask[self.window] = self.shape
        return mask


def box_of(mask: Mask) -> Box:
    """The smallest box (left, top, width, height) that holds every pixel of a mask that is not empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1


def place_of(center_x: float, center_y: float, height: int, width: int) -> str:
    """The name of the cell of the 3 x 3 grid that holds a point."""
    column = min(2, int(3 * center_x / width))
    row = min(2, int(3 * center_y / height))
    return PLACES[3 * row + column]


def draw_box(rng: Generator, height: int, width: int, box_height: int, box_width: int) -> tuple[Box, str]:
    """A box of the given size, wholly inside the picture and well inside one cell; its name."""
    cell = int(rng.integers(9))
    row, column = divmod(cell, 3)
    middle_x = (column + 0.5 + CELL_CORE * (rng.random() - 0.5)) * width / 3
    middle_y = (row + 0.5 + CELL_CORE * (rng.random() - 0.5)) * height / 3
    left = min(max(round(middle_x - box_width / 2), 0), width - box_width)
    top = min(max(round(middle_y - box_height / 2), 0), height - box_height)
    box = (int(left), int(top), box_width, box_height)
    return box, place_of(left + box_width / 2, top + box_height / 2, height, width)


def draw_region(rng: Generator, height: int, width: int, *, ellipses: bool = True) -> Region:
    """A rectangle or an ellipse, 12-35 % of the width wide and 24-55 % of the height high."""
    box_width = max(2, round(width * rng.uniform(0.14, 0.33)))
    box_height = max(2, round(height * rng.uniform(0.26, 0.52)))
    box, place = draw_box(rng, height, width, box_height, box_width)
    shape = np.ones((box_height, box_width), dtype=np.bool_)
    if ellipses and rng.random() < 0.4:
        y = (np.arange(box_height) + 0.5) / box_height * 2 - 1
        x = (np.arange(box_width) + 0.5) / box_width * 2 - 1
        shape = y[:, None] ** 2 + x[None, :] ** 2 <= 1.0
    return Region(box, shape, place)


def _put(picture: Picture, region: Region, content: Picture, **details: object) -> Edited:
    """The picture with `content` (of the size of the region's box) in the region."""
    edited = picture.copy()
    edited[region.window][region.shape] = content[region.shape]
    mask = region.mask(*picture.shape[:2])
    return Edited(edited, {"place": region.place, **details}, mask, placed=True)


def region_blur(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Blurs the region."""
    region = draw_region(rng, *picture.shape[:2])
    sigma = between(2.0, 3.5, strength) * seen_pixels(picture)
    return _put(picture, region, blurred(picture, sigma)[region.window])


def region_cover(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Covers the region with one colour."""
    region = draw_region(rng, *picture.shape[:2])
    name = str(rng.choice(tuple(COLORS)))
    content = np.empty((*region.shape.shape, 3), dtype=np.uint8)
    content[:] = np.asarray(COLORS[name], dtype=np.uint8)
    return _put(picture, region, content, color=name)


def region_recolor(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Gives the region shades of one colour; light, dark and detail stay."""
    region = draw_region(rng, *picture.shape[:2])
    name = str(rng.choice(TINT_COLORS))
    share = between(0.75, 1.0, strength)
    part = picture[region.window]
    content = to_picture((1 - share) * part.astype(np.float32) + share * colorized(part, COLORS[name]))
    return _put(picture, region, content, color=name)


def fill_in(picture: Picture, box: Box) -> Picture:
    """Smooth filling of a box from the pixels just around it: `[h, w, 3]`.

    Each pixel is the mean of the four nearest border pixels (left, right, above, below), weighted by the inverse
    square of their distances; the borders are smoothed along themselves so that single pixels leave no streaks.
    """
    left, top, width, height = box
    rows, columns = slice(top, top + height), slice(left, left + width)
    sigma = 0.8 * seen_pixels(picture)
    x = np.arange(1, width + 1, dtype=np.float32)[None, :, None]
    y = np.arange(1, height + 1, dtype=np.float32)[:, None, None]
    sides = []
    if left > 0:
        sides.append((picture[rows, left - 1 : left], x))
    if left + width < picture.shape[1]:
        sides.append((picture[rows, left + width : left + width + 1], width + 1 - x))
    if top > 0:
        sides.append((picture[top - 1 : top, columns], y))
    if top + height < picture.shape[0]:
        sides.append((picture[top + height : top + height + 1, columns], height + 1 - y))
    total = np.zeros((height, width, 3), dtype=np.float32)
    weights = np.zeros((height, width, 1), dtype=np.float32)
    for line, distance in sides:
        weight = 1.0 / distance**2
        total += weight * blurred(line, sigma).astype(np.float32)
        weights += weight
    return blurred(to_picture(total / weights), sigma)


def region_remove(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Fills the region in from its surroundings."""
    region = draw_region(rng, *picture.shape[:2], ellipses=False)
    return _put(picture, region, fill_in(picture, region.box))


def region_duplicate(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Copies a part of the same picture, from at least a region's size away, into the region."""
    height, width = picture.shape[:2]
    region = draw_region(rng, height, width)
    left, top, box_width, box_height = region.box
    for _ in range(SOURCE_TRIES):
        source_left = int(rng.integers(0, width - box_width + 1))
        source_top = int(rng.integers(0, height - box_height + 1))
        if abs(source_left - left) >= box_width or abs(source_top - top) >= box_height:
            break
    content = picture[source_top : source_top + box_height, source_left : source_left + box_width]
    source = [source_left, source_top, box_width, box_height]
    return _put(picture, region, content, source_box=source)


def region_paste(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Puts a part of another picture into the region, at its own size or smaller."""
    height, width = picture.shape[:2]
    region = draw_region(rng, height, width)
    box_height, box_width = region.shape.shape
    zoom = float(rng.uniform(1.0, min(height / box_height, width / box_width)))
    window_width, window_height = zoom * box_width, zoom * box_height
    left = float(rng.uniform(0, width - window_width))
    top = float(rng.uniform(0, height - window_height))
    content = Image.fromarray(other).resize(
        (box_width, box_height),
        Image.Resampling.BICUBIC,
        box=(left, top, left + window_width, top + window_height),
    )
    return _put(picture, region, np.asarray(content))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def text(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Writes a word; half of the words have an outline."""
    height, width = picture.shape[:2]
    word = str(rng.choice(WORDS))
    word = word.upper() if rng.random() < 0.6 else word
    name = str(rng.choice(TEXT_COLORS))
    outline = max(1, round(0.5 * seen_pixels(picture))) if rng.random() < 0.5 else 0
    size = max(6, round(between(0.16, 0.27, strength) * height))
    left, top, right, bottom = _font(size).getbbox(word, stroke_width=outline)
    if right - left > 0.42 * width:
        size = max(6, int(size * 0.42 * width / (right - left)))
        left, top, right, bottom = _font(size).getbbox(word, stroke_width=outline)
    text_width, text_height = min(width, int(right - left)), min(height, int(bottom - top))
    box, place = draw_box(rng, height, width, text_height, text_width)
    image = Image.fromarray(picture)
    drawn = Image.new("L", (width, height))
    stroke = COLORS["white" if name in ("black", "red", "blue") else "black"]
    at = (box[0] - left, box[1] - top)
    ImageDraw.Draw(image).text(
        at, word, fill=COLORS[name], font=_font(size), stroke_width=outline, stroke_fill=stroke
    )
    ImageDraw.Draw(drawn).text(at, word, fill=255, font=_font(size), stroke_width=outline)
    details = {"place": place, "word": word, "color": name}
    return Edited(np.asarray(image), details, np.asarray(drawn) > 0, placed=True)


RegionOperation = Callable[[Picture, Generator, float, Picture], Edited]

#: Every edit that has a place, by the name that it has in `change.kind`.
REGION_OPERATIONS: Mapping[str, RegionOperation] = {
    "text": text,
    "region_blur": region_blur,
    "region_cover": region_cover,
    "region_recolor": region_recolor,
    "region_remove": region_remove,
    "region_duplicate": region_duplicate,
    "region_paste": region_paste,
}
