"""Images as the comparison works on them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.changes import pictures
from blip2idc.images.changes.pictures import (
    Picture,
    codes,
    difference,
    differences,
    open_pictures,
    tile_ends,
)


def test_both_arrays_get_one_scale() -> None:
    before = np.array([[0, 100]], np.int32)
    after = np.array([[0, 400]], np.int32)
    first, second = open_pictures(before, after)
    assert first.rgb()[0, :, 0].tolist() == [0, 64]
    assert second.rgb()[0, :, 0].tolist() == [0, 255]


def test_the_least_difference_of_floats_is_not_lost() -> None:
    before = np.zeros((2, 2), np.float64)
    before[0, 0] = 1e6
    after = before.copy()
    after[1, 1] = 1e-3
    (_, strip), *_ = differences(*open_pictures(before, after))
    assert strip.tolist() == [[0, 0], [0, 1]]


def test_missing_values_equal_each_other_alone() -> None:
    nan = np.full((1, 2, 1), np.nan)
    assert difference(nan, nan).tolist() == [[0, 0]]
    assert difference(nan, np.zeros((1, 2, 1))).tolist() == [[255, 255]]


def test_colours_have_codes_of_their_own() -> None:
    image = np.array([[[1, 2, 3], [3, 2, 1], [1, 2, 3]]], np.uint8)
    first, second, third = codes(image)[0]
    assert first == third != second


def test_tiles_are_cut_to_whole_ones() -> None:
    low, high = tile_ends(np.arange(70, dtype=np.uint8).reshape(7, 10), 3)
    assert low.tolist() == [[0, 3, 6], [30, 33, 36]]
    assert high.tolist() == [[22, 25, 28], [52, 55, 58]]


def test_images_are_reduced_by_whole_factors() -> None:
    image = Image.fromarray(np.full((9, 14, 3), 40, np.uint8))
    first, _ = open_pictures(image, np.full((9, 14, 3), 40, np.uint8))
    assert first.rgb(4).shape == (3, 4, 3)


def test_arrays_are_reduced_strip_by_strip_as_images_are(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).integers(0, 256, (23, 14, 3)).astype(np.uint8)
    drawn, array = Picture(Image.fromarray(image)), Picture(image)
    for pixels in (pictures._STRIP_PIXELS, 120):
        monkeypatch.setattr(pictures, "_STRIP_PIXELS", pixels)
        assert np.array_equal(array.rgb(4), drawn.rgb(4))


def test_text_is_no_picture() -> None:
    with pytest.raises(ImageError, match="expected numbers"):
        open_pictures(np.array([["a"]]), np.array([["b"]]))


def test_what_is_seen_through_shows_on_white_and_bands_are_spread_over_colours() -> None:
    values = np.zeros((2, 3, 4), np.uint8)
    values[0, :, :3], values[0, :, 3] = 200, (0, 51, 255)
    laid = Image.new("RGBA", (3, 2), "white")
    laid.alpha_composite(Image.fromarray(values))
    first, grey = open_pictures(values, values[:, :, 2:])
    assert np.abs(first.rgb().astype(int) - np.asarray(laid.convert("RGB"))).max() <= 1
    assert first.rgb()[0, :, 0].tolist() == [255, 244, 200]
    assert np.array_equal(grey.rgb(), first.rgb())
    bands, switch = open_pictures(np.dstack([values] * 2)[:, :, :5], np.array([[True, False]]))
    assert np.array_equal(bands.rgb(), values[:, :, :3])
    assert switch.rgb().tolist() == [[[255] * 3, [0] * 3]]


def test_differences_are_told_on_the_scale_of_both() -> None:
    before, after = np.array([[[0], [100]]], np.int32), np.array([[[300], [400]]], np.int32)
    (_, strip), *_ = differences(*open_pictures(before, after))
    assert strip.tolist() == [[192, 192]]  # 300 of 400, rounded up


def test_parts_are_cut_at_the_edges_of_the_image() -> None:
    image = np.arange(7 * 9 * 3, dtype=np.uint8).reshape(7, 9, 3)
    for source in (image, Image.fromarray(image)):
        picture, _ = open_pictures(source, image)
        assert np.array_equal(picture.window((6, 4, 20, 20)), image[4:, 6:])
        assert np.array_equal(picture.window((1, 2, 3, 4)), image[2:6, 1:4])
        assert picture.size == (9, 7)
