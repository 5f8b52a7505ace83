"""Two images in one frame, and boxes of the frame in each."""

from __future__ import annotations

import cv2
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


def smooth(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width] / 8
    plane = 128 + 60 * np.sin(rows) + 60 * np.cos(columns)
    return np.repeat(plane[:, :, None], 3, axis=2).astype(np.uint8)


def test_of_two_scales_the_frame_is_that_of_the_smaller_image() -> None:
    small = smooth(40, 60)
    large = cv2.resize(small, (120, 80), interpolation=cv2.INTER_CUBIC)
    overlay = lay(small, large, Alignment("scaled", matrix=((2, 0, 0.5), (0, 2, 0.5))))
    assert overlay.resampled
    assert np.array_equal(overlay.before, small)
    assert np.abs(overlay.after[4:-4, 4:-4].astype(int) - small[4:-4, 4:-4]).max() <= 4
    assert overlay.to_before((10, 12, 4, 5)) == (10, 12, 4, 5)
    assert overlay.to_after((10, 12, 4, 5)) == (20, 24, 8, 10)
    back = lay(large, small, Alignment("scaled", matrix=((0.5, 0, -0.25), (0, 0.5, -0.25))))
    assert np.array_equal(back.after, small)
    assert np.array_equal(back.before, overlay.after)
    assert back.to_before((10, 12, 4, 5)) == (20, 24, 8, 10)
    assert back.to_after((10, 12, 4, 5)) == (10, 12, 4, 5)


def test_what_only_one_image_shows_is_not_compared() -> None:
    image = smooth(40, 60)
    overlay = lay(image, image, Alignment("shifted", matrix=((1, 0, 20.5), (0, 1, 0))))
    assert overlay.valid is not None
    assert overlay.valid[:, :30].all(axis=1)[3:-3].all()
    assert not overlay.valid[:, 42:].any()


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


def test_parts_whose_heights_differ_by_rounding_lie_on_each_other_from_their_top() -> None:
    before, after = (np.arange(3 * 4 * height, dtype=np.uint8).reshape(height, 4, 3) for height in (40, 41))
    overlay = lay(before, after, Alignment("rows", rows=(RowRun(0, 0, 10), RowRun(18, 19, 22))))
    assert overlay.strips == ()
    assert len(overlay.before) == len(overlay.after) == 40
    assert np.array_equal(overlay.before[10:18], before[10:18])
    assert np.array_equal(overlay.after[10:18], after[10:18])
    assert np.array_equal(overlay.after[18:], after[19:])
    back = lay(after, before, Alignment("rows", rows=(RowRun(0, 0, 10), RowRun(19, 18, 22))))
    assert np.array_equal(back.before[10:18], after[10:18])
    assert back.to_before((0, 20, 2, 3)) == (0, 21, 2, 3)


def test_a_row_or_two_beside_many_are_rounding_and_the_many_came() -> None:
    before, after = (np.zeros((height, 4, 3), np.uint8) for height in (40, 70))
    overlay = lay(before, after, Alignment("rows", rows=(RowRun(0, 0, 10), RowRun(11, 41, 29))))
    assert overlay.strips == (((11, 11), (10, 41)),)
    back = lay(after, before, Alignment("rows", rows=(RowRun(0, 0, 10), RowRun(41, 11, 29))))
    assert back.strips == (((10, 41), (11, 11)),)


def test_traces_of_what_is_beside_rows_are_nothing_in_them() -> None:
    strip = np.full((12, 40, 3), 255, np.uint8)
    strip[:3, 4:9] = 225
    neighbours = np.full((2, 40, 3), 255, np.uint8)
    assert content_box(strip, neighbours) == (4, 0, 5, 3)
    assert content_box(strip, neighbours, encoded=True) is None
    strip[:3, 4:9] = 200
    assert content_box(strip, neighbours, encoded=True) == (4, 0, 5, 3)
