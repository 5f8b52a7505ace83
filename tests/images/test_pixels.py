"""Counts of differing pixels, in numbers and in words."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.errors import ConfigError
from blip2idc.images.pixels import PixelDifference, bounding_box, parse_region, share_in_words


def test_regions() -> None:
    assert parse_region("1, 2,30,40") == (1, 2, 30, 40)
    for text in ("1,2,3", "a,b,c,d", "0,0,0,5", "-1,0,5,5"):
        with pytest.raises(ConfigError, match="region is"):
            parse_region(text)


def test_bounding_box() -> None:
    mask = np.zeros((20, 30), bool)
    assert bounding_box(mask) is None
    mask[5, 7] = mask[9, 20] = True
    assert bounding_box(mask) == (7, 5, 14, 5)


def test_shares() -> None:
    assert PixelDifference((30, 20), (30, 20), 2).share == pytest.approx(2 / 600)
    assert PixelDifference((30, 20), (20, 20), 200).share == pytest.approx(1 / 3)
    assert PixelDifference((30, 20), (30, 20), 2, total_pixels=1800).share == pytest.approx(2 / 1800)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (1e-9, "less than 0.0001 %"),
        (0.00012, "0.012 %"),
        (0.00999, "1 %"),
        (0.01, "1 %"),
        (0.1234, "12.34 %"),
        (0.99999, "99.99 %"),
        (1.0, "100 %"),
    ],
)
def test_shares_are_never_rounded_to_nothing_or_all(share: float, words: str) -> None:
    assert share_in_words(share) == words


def test_the_smallest_regions() -> None:
    assert parse_region("0,0,1,1") == (0, 0, 1, 1)
    assert parse_region("1,0,1,2") == (1, 0, 1, 2)
    for text in ("-1,0,1,1", "0,-1,1,1", "0,0,0,1", "0,0,1,0"):
        with pytest.raises(
            ConfigError, match="expected x and y of at least 0, width and height of at least 1"
        ):
            parse_region(text)


def test_the_box_reaches_to_the_last_of_several() -> None:
    mask = np.zeros((9, 12), bool)
    mask[1, 2] = mask[4, 5] = mask[7, 10] = True
    assert bounding_box(mask) == (2, 1, 9, 7)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.1, "10 %"), (0.01, "1 %"), (0.015, "1.5 %"), (0.0101, "1.01 %"), (0.001, "0.1 %"), (1.01e-6, "0.0001 %"),
     (0.00999, "1 %"), (0.0199, "1.99 %")],
)  # fmt: skip
def test_a_share_is_told_without_noughts_at_its_end(share: float, words: str) -> None:
    assert share_in_words(share) == words


def test_sizes_and_pixels_that_are_equal() -> None:
    assert PixelDifference((30, 20), (30, 20), 0).identical
    assert not PixelDifference((30, 20), (30, 20), 1).identical
    assert PixelDifference((30, 20), (30, 20), 1).same_size
    assert not PixelDifference((30, 20), (20, 30), 0).same_size
