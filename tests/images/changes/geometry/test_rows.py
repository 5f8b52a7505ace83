"""Rows of two images matched as `diff` matches lines."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.images.changes.geometry.rows import match_rows
from blip2idc.images.changes.result import RowRun


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    """Lines of blocks, no two alike, on white, 400 x 300 x 3."""
    rng = np.random.default_rng(4)
    image = np.full((400, 300, 3), 255, np.uint8)
    for top in range(6, 390, 20):
        marks = np.kron(rng.integers(0, 2, (3, 60)), np.ones((4, 4), int))[:, :240] * 200
        image[top : top + 12, 20:260] = 255 - marks[:, :, None].astype(np.uint8)
    return image


@pytest.mark.parametrize("exact", [True, False])
def test_inserted_rows_part_the_image_in_two_runs(page: np.ndarray, exact: bool) -> None:
    strip = np.full((30, 300, 3), 120, np.uint8)
    runs = match_rows(page, np.concatenate([page[:200], strip, page[200:]]), exact=exact)
    assert runs == [RowRun(0, 0, 200), RowRun(200, 230, 200)]


def test_removed_rows_are_left_out_of_the_runs(page: np.ndarray) -> None:
    runs = match_rows(page, np.concatenate([page[:100], page[160:]]), exact=True)
    assert runs is not None
    assert sum(run.length for run in runs) == 340
    assert [run.after - run.before for run in runs] == [0, -60]


def test_a_change_in_place_is_one_run(page: np.ndarray) -> None:
    changed = page.copy()
    changed[100:112, 40:80] = 0
    assert match_rows(page, changed, exact=True) in (None, [RowRun(0, 0, 400)])
