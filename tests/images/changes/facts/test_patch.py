"""A place with its surroundings."""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.facts.ground import plain_ground
from blip2idc.images.changes.facts.patch import contrast, patch_of
from blip2idc.images.changes.facts.scaling import factor_by_ink
from blip2idc.images.changes.regions.grouping import Region


def test_of_a_large_place_the_middle_is_looked_at() -> None:
    before = np.zeros((900, 1000, 3), np.uint8)
    before[..., 0], before[..., 1] = np.arange(1000) // 4, np.arange(900)[:, None] // 4
    after = 255 - before
    mask = np.ones((800, 900), bool)
    mask[400, 450] = False
    patch = patch_of(before, after, Region((60, 70, 900, 800), mask, 2.0, 100.0), 0.0)
    assert patch.mask.sum() == 700 * 700 - 1
    rows, columns = np.nonzero(patch.mask)
    assert np.ptp(rows) == np.ptp(columns) == 699
    (y,), (x,) = np.nonzero(~patch.mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    here = patch.before[rows[0] + y, columns[0] + x]
    assert here.tolist() == before[70 + 400, 60 + 450].tolist()


def test_what_fills_an_image_has_no_surroundings() -> None:
    image = np.full((40, 50, 3), 90, np.float32)
    everywhere = np.ones((40, 50), bool)
    assert contrast(image, everywhere) == 0
    assert plain_ground(image, ~everywhere, 5.0) is None


def test_a_thing_without_ink_tells_no_other_factor() -> None:
    assert factor_by_ink((0.0, 40.0), 1.5, (0, 0, 20, 20), (0, 0, 30, 30)) == 1.5
