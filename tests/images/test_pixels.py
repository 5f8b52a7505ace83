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
