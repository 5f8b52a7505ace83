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


def test_a_row_of_a_table_whose_heights_are_no_whole_pixels_came_where_it_is() -> None:
    """What follows lies one row off by turns: the row below the new one may be equal under another shift."""
    rng = np.random.default_rng(4)
    lines = [np.kron(rng.integers(0, 2, (3, 60)), np.ones((4, 4), int)) * 200 for _ in range(13)]

    def table(numbers: list[int]) -> np.ndarray:
        image = np.full((480, 300, 3), 255, np.uint8)
        for place, number in enumerate(numbers):
            for columns, more in ((slice(0, 180), 0.0), (slice(180, 240), 0.5)):  # words, a badge
                top = int(8 + more + 31.25 * place)
                image[top : top + 12, 20:260][:, columns] = 255 - lines[number][:, columns, None].astype(
                    np.uint8
                )
        return image

    for new in range(2, 9):
        rest = [number for number in range(13) if number != new]
        runs = match_rows(table(rest), table(list(range(13))), exact=True)
        assert runs is not None
        matched = np.zeros(480, bool)
        for run in runs:
            matched[run.after : run.after + run.length] = True
        top = int(8 + 31.25 * new)
        assert not matched[top : top + 12].any(), new


def test_a_change_in_place_is_one_run(page: np.ndarray) -> None:
    changed = page.copy()
    changed[100:112, 40:80] = 0
    assert match_rows(page, changed, exact=True) in (None, [RowRun(0, 0, 400)])


def test_one_column_of_pixels_has_rows_that_came() -> None:
    rng = np.random.default_rng(4)
    column = rng.integers(0, 256, (80, 1, 3)).astype(np.uint8)
    runs = match_rows(column, np.concatenate([column[:40], 255 - column[:10], column[40:]]), exact=True)
    assert runs is None or sum(run.length for run in runs) == 80


@pytest.mark.parametrize("dark", [False, True])
def test_blank_rows_of_a_noisy_page_tell_no_displacement(page: np.ndarray, dark: bool) -> None:
    page = np.concatenate([page[:200], np.full((220, 300, 3), 255, np.uint8), page[200:]])
    page = 255 - page if dark else page
    rng = np.random.default_rng(5)
    noise = rng.integers(-1, 2, (len(page) - 60, 300, 3))
    noisy = np.clip(page[60:].astype(int) + noise, 0, 255).astype(np.uint8)
    runs = match_rows(page, noisy, exact=False)
    assert runs is not None
    assert {run.after - run.before for run in runs} == {-60}


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("back", [False, True])
def test_one_row_that_is_the_last_of_another_image(page: np.ndarray, exact: bool, back: bool) -> None:
    images = page[7:8], page[:8]
    runs = match_rows(*images[:: -1 if back else 1], exact=exact)
    assert runs is None or [run.length for run in runs] == [1]
