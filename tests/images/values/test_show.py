"""Frames as 8-bit RGB: which bands, which scale, which ground under what is seen through."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.images.values.frame import Frame, rgb_of
from blip2idc.images.values.show import shown, shown_values


def bands(count: int, changed: int | None = None, dtype: type = np.uint8) -> Frame:
    values = np.tile(np.arange(count, dtype=dtype) * 10, (4, 5, 1))
    if changed is not None:
        values[1, 2, changed] = 255
    return Frame(values, "bands")


@pytest.mark.parametrize(
    ("count", "changed", "seen"),
    [(5, None, [0, 1, 2]), (5, 1, [0, 1, 2]), (5, 4, [4, 4, 4]), (3, 2, [0, 1, 2]), (2, 1, [0, 0, 0])],
)
def test_a_band_that_differs_is_looked_at(count: int, changed: int | None, seen: list[int]) -> None:
    one, other = shown_values(bands(count), bands(count, changed))
    assert one.shape == other.shape == (4, 5, 3)
    assert one[0, 0].tolist() == [10 * band for band in seen]
    assert (one != other).any() == (changed in seen)


def test_sixteen_bits_are_told_from_measurements() -> None:
    full = Frame(np.array([[[0], [32896], [65535]]], np.uint16), "gray")
    one, _ = shown_values(full, full)
    assert one[0, :, 0].tolist() == [0, 128, 255]
    small = Frame(np.array([[[100], [200], [300]]], np.uint16), "gray")
    one, other = shown_values(small, Frame(small.values + 100, "gray"))
    assert one[0, :, 0].tolist() == [0, 85, 170]
    assert other[0, :, 0].tolist() == [85, 170, 255]


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1.0)])
def test_alpha_of_every_type_is_laid_on_white(dtype: type, top: float) -> None:
    values = np.zeros((1, 3, 4), dtype)
    values[0, :, 3] = (0, round(0.2 * top, 5), top)
    frame = Frame(values, "rgb", alpha=True)
    opaque = Frame(np.full((1, 3, 3), top, dtype), "rgb")
    one, other = shown_values(frame, opaque)
    assert one[0, :, 0].tolist() == [255, 204, 0]
    assert other[0, :, 0].tolist() == [255] * 3


def test_what_would_not_show_on_white_is_laid_on_black() -> None:
    clear = np.full((4, 4, 4), 255, np.uint8)
    clear[:, :, 3] = 0
    solid = np.full((4, 4, 4), 255, np.uint8)
    pair = shown(Frame(clear, "rgb", alpha=True), Frame(solid, "rgb", alpha=True))
    assert (pair.before.getpixel((1, 1)), pair.after.getpixel((1, 1))) == ((0, 0, 0), (255, 255, 255))
    dark = solid.copy()
    dark[:, :, :3] = 0
    pair = shown(Frame(clear, "rgb", alpha=True), Frame(dark, "rgb", alpha=True))
    assert (pair.before.getpixel((1, 1)), pair.after.getpixel((1, 1))) == ((255, 255, 255), (0, 0, 0))


def test_plain_colours_are_shown_as_they_lie_in_memory_and_inks_as_they_look() -> None:
    values = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    inks = np.arange(80, dtype=np.uint8).reshape(4, 5, 4)
    plain, light = Frame(values, "rgb"), Frame(rgb_of(inks, "cmyk"), "rgb")
    one, other = shown_values(plain, light)
    assert np.shares_memory(one, values)
    assert np.array_equal(other, light.values)
    first, second = shown_values(Frame(inks, "cmyk"), Frame(inks, "cmyk"))
    assert np.array_equal(first, light.values)
    assert np.array_equal(second, light.values)
