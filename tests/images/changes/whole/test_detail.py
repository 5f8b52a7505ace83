"""What happened to the detail of pictures, of pictures that hardly have any."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole import detail
from blip2idc.images.changes.whole.views import Views


def test_a_picture_that_is_bare_but_for_its_edge_is_not_smeared_along_a_line() -> None:
    first = np.zeros((96, 96), np.float32)
    first[:4] = 200
    second = np.random.default_rng(1).random((96, 96), np.float32)
    left, length = detail._along_line(first, second)
    assert length == 0
    assert left > 0


@pytest.mark.parametrize("side", [5, 8, 16])
def test_blocks_are_told_though_some_have_no_edge_between_them(side: int, pictures: list[Pixels]) -> None:
    for picture in pictures:
        height, width = (length // side * side for length in picture.shape[:2])
        before = picture[:height, :width].copy()
        before[:, side * 4 : side * 9] = before[side * 2 : side * 5] = 120  # a plain cross
        blocks = before.reshape(height // side, side, width // side, side, 3).mean(axis=(1, 3))
        after = np.kron(blocks, np.ones((side, side, 1))).astype(np.uint8)
        assert detail.drawn(Views(before, after)) == Fact("pixelate")


def test_noise_that_came_and_noise_that_is_gone(pictures: list[Pixels]) -> None:
    for picture in pictures[:2]:
        grain = np.random.default_rng(0).normal(0, 1, picture.shape)
        noisy = np.clip(picture + 24 * grain, 0, 255).astype(np.uint8)
        assert detail.detail(Views(picture, noisy)) == Fact("noise")
        assert detail.detail(Views(noisy, picture)) == Fact("denoise")
