"""Two images in one frame, and boxes of the frame in each."""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.geometry.overlay import content_box, lay
from blip2idc.images.changes.result import Alignment, RowRun


def test_a_whole_shift_copies_nothing_anew() -> None:
    before = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    after = np.roll(before, (3, -2), axis=(0, 1))
    overlay = lay(before, after, Alignment("shifted", matrix=((1, 0, -2), (0, 1, 3))))
    assert np.array_equal(overlay.before, overlay.after)
    assert not overlay.resampled
    assert overlay.to_before((0, 0, 5, 5)) == (2, 0, 5, 5)
    assert overlay.to_after((0, 0, 5, 5)) == (0, 3, 5, 5)


def test_boxes_below_inserted_rows_lie_lower_in_the_image_after() -> None:
    before = np.zeros((20, 8, 3), np.uint8)
    after = np.zeros((26, 8, 3), np.uint8)
    overlay = lay(before, after, Alignment("rows", rows=(RowRun(0, 0, 10), RowRun(10, 16, 10))))
    assert overlay.strips == (((10, 10), (10, 16)),)
    assert overlay.to_before((1, 12, 4, 3)) == (1, 12, 4, 3)
    assert overlay.to_after((1, 12, 4, 3)) == (1, 18, 4, 3)


def test_the_content_of_a_strip_is_what_is_not_ground() -> None:
    strip = np.full((30, 40, 3), 255, np.uint8)
    strip[5:9, 10:20] = 0
    assert content_box(strip, np.full((2, 40, 3), 255, np.uint8)) == (10, 5, 10, 4)
    assert content_box(np.full((30, 40, 3), 255, np.uint8), strip[:2]) is None
