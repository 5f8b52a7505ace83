"""Large pairs tile by tile: each tile that differs is captioned, in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from PIL import Image

from blip2idc.difference import Difference
from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.pair import ImagePair
from blip2idc.prediction.tiles import caption_tiles, map_of_tiles, summary, tile_boxes


class Sizes:
    """Stands for a captioner: says the size of what it sees; tiles of 64 pixels are changed."""

    def stream(self, pairs: Iterable[ImagePair], **_: Any) -> Iterator[Difference]:
        for pair in pairs:
            wide = pair.before.width == 64
            yield Difference(f"size {pair.before.width}", 0.9 if wide else 0.1, wide)


@pytest.fixture
def pair() -> ImagePair:
    before = Image.new("RGB", (200, 130))
    after = before.copy()
    for x, y in ((5, 5), (150, 70), (151, 70), (199, 129)):
        after.putpixel((x, y), (255, 0, 0))
    return ImagePair(before, after)


def test_tiles_that_differ_are_captioned_in_their_places(pair: ImagePair) -> None:
    tiles = list(caption_tiles(Sizes(), pair, 64))  # type: ignore[arg-type]
    assert [(tile.box, tile.pixels) for tile in tiles] == [
        ((0, 0, 64, 64), 1),
        ((128, 64, 64, 64), 2),
        ((192, 128, 8, 2), 1),
    ]
    assert tiles[1].line() == "128,64 64x64: size 64 (90%)"
    assert summary(pair, 64, tiles) == "2 of 12 tiles changed (3 differ in pixels)"
    drawn = map_of_tiles(pair, tiles)
    assert drawn.getpixel((128, 64)) == (230, 40, 20)
    assert drawn.getpixel((199, 129)) == (255, 0, 0)  # not changed: no frame


def test_equal_images_have_no_tiles(pair: ImagePair) -> None:
    assert list(caption_tiles(Sizes(), ImagePair(pair.before, pair.before), 64)) == []  # type: ignore[arg-type]


def test_a_map_of_a_large_image_is_small() -> None:
    large = Image.new("RGB", (4000, 1000))
    assert map_of_tiles(ImagePair(large, large), []).size == (1024, 256)


def test_refusals(pair: ImagePair) -> None:
    with pytest.raises(ConfigError, match="--tiles is 8; expected at least 32"):
        tile_boxes((100, 100), 8)
    with pytest.raises(ImageError, match="the images are 200x130 and 9x9 pixels"):
        list(caption_tiles(Sizes(), ImagePair(pair.before, Image.new("RGB", (9, 9))), 64))  # type: ignore[arg-type]
