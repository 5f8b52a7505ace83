"""Caption two large images tile by tile: what changed where, one map, one summary.

In: an opened pair of one size, a captioner, and the side of a tile. Out: a `TileCaption` for each tile in which pixels
differ, and the captioner's verdict on it. A joint image shows each image at a few hundred pixels, so that a large
raster as a whole hides what is small in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.pair import ImagePair
from blip2idc.model.pair_captioner import PairCaptioner

_SMALLEST = 32  # pixels; below, a tile has fewer than its patches
_MAP_SIDE = 1024  # longest side of the map
_MARK = (230, 40, 20)


@dataclass(frozen=True)
class TileCaption:
    """What is said of one tile.

    Attributes:
        box: (x, y, width, height) in pixels of both images.
        caption: Of the captioner.
        change_probability: 0 to 1.
        changed: Whether the captioner calls it changed.
        pixels: How many pixels differ.
    """

    box: tuple[int, int, int, int]
    caption: str
    change_probability: float
    changed: bool
    pixels: int

    def line(self) -> str:
        """One line: where, what, how sure."""
        x, y, width, height = self.box
        return f"{x},{y} {width}x{height}: {self.caption} ({self.change_probability:.0%})"

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "box": list(self.box),
            "caption": self.caption,
            "change_probability": self.change_probability,
            "changed": self.changed,
            "changed_pixels": self.pixels,
        }


def tile_boxes(size: tuple[int, int], side: int) -> list[tuple[int, int, int, int]]:
    """The tiles of an image, row by row; those at the right and lower edge are smaller.

    >>> tile_boxes((100, 64), 64)
    [(0, 0, 64, 64), (64, 0, 36, 64)]

    Raises:
        ConfigError: The side is too small.
    """
    if side < _SMALLEST:
        raise ConfigError(f"--tiles is {side}; expected at least {_SMALLEST} pixels")
    width, height = size
    return [
        (x, y, min(side, width - x), min(side, height - y))
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]


def caption_tiles(
    captioner: PairCaptioner, pair: ImagePair, side: int, **decoding: Any
) -> Iterator[TileCaption]:
    """Caption the tiles in which at least one pixel differs, row by row.

    Args:
        captioner: Of one tile as of any pair.
        pair: Of one size.
        side: Of a tile in pixels.
        **decoding: Fields of `Decoding`.

    Raises:
        ImageError: The sizes differ.
    """
    if pair.before.size != pair.after.size:
        sizes = " and ".join("x".join(map(str, image.size)) for image in (pair.before, pair.after))
        raise ImageError(
            f"--tiles: the images are {sizes} pixels; expected one size, so that tiles belong together"
        )
    boxes = tile_boxes(pair.before.size, side)
    differing = [(box, count) for box in boxes if (count := _differing(pair, box))]
    tiles = (_cut(pair, box) for box, _ in differing)
    for (box, count), said in zip(differing, captioner.stream(tiles, **decoding), strict=True):
        yield TileCaption(box, said.caption, said.change_probability, said.changed, count)


def map_of_tiles(pair: ImagePair, tiles: list[TileCaption]) -> Image.Image:
    """The image after, small, with a frame around every tile that changed."""
    scale = min(1.0, _MAP_SIDE / max(pair.after.size))
    small = pair.after.resize([max(1, round(side * scale)) for side in pair.after.size], Image.Resampling.BOX)
    draw = ImageDraw.Draw(small)
    for tile in tiles:
        if tile.changed:
            x, y, width, height = tile.box
            corners = [x * scale, y * scale, (x + width) * scale - 1, (y + height) * scale - 1]
            draw.rectangle(
                [*corners[:2], max(corners[0], corners[2]), max(corners[1], corners[3])],
                outline=_MARK,
                width=2,
            )
    return small


def summary(pair: ImagePair, side: int, tiles: list[TileCaption]) -> str:
    """How many tiles changed, in one line."""
    count = len(tile_boxes(pair.after.size, side))
    changed = sum(tile.changed for tile in tiles)
    return f"{changed} of {count} tiles changed ({len(tiles)} differ in pixels)"


def _cut(pair: ImagePair, box: tuple[int, int, int, int]) -> ImagePair:
    x, y, width, height = box
    corners = (x, y, x + width, y + height)
    return ImagePair(pair.before.crop(corners), pair.after.crop(corners))


def _differing(pair: ImagePair, box: tuple[int, int, int, int]) -> int:
    tile = _cut(pair, box)
    return int(np.count_nonzero((np.asarray(tile.before) != np.asarray(tile.after)).any(axis=2)))
