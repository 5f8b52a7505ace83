"""Pixels that differ, gathered to things."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.images.changes.regions.grouping import belong, find_areas, find_regions
from blip2idc.images.changes.regions.noise import Excess, exact_excess
from blip2idc.images.changes.result import Box, Noise


def boxes(*places: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    plane = np.zeros((400, 600), np.uint8)
    for x, y, width, height in places:
        plane[y : y + height, x : x + width] = 90
    excess = exact_excess(plane)
    return sorted(region.box for region in find_regions(excess, find_areas(excess)))


def test_letters_of_a_line_are_one_region() -> None:
    letters = [(50 + 12 * number, 100, 8, 12) for number in range(6)]
    assert boxes(*letters) == [(50, 100, 68, 12)]


def test_things_far_apart_stay_apart() -> None:
    assert boxes((50, 100, 40, 40), (400, 250, 60, 30)) == [(50, 100, 40, 40), (400, 250, 60, 30)]


def test_hundreds_of_specks_are_joined_in_reasonable_time() -> None:
    specks = [(x, y, 2, 2) for x in range(10, 590, 12) for y in range(10, 390, 12)]
    assert len(boxes(*specks)) == 1


def test_two_crowds_of_specks_are_two_regions() -> None:
    crowd = [(x, y, 2, 2) for x in range(10, 250, 8) for y in range(10, 382, 8)]
    assert boxes(*crowd, *((x + 336, y + 3, width, 2) for x, y, width, _ in crowd)) == [
        (10, 10, 234, 370),
        (346, 13, 234, 370),
    ]


def test_nothing_makes_no_region() -> None:
    assert boxes() == []


def test_lines_of_a_paragraph_belong_together_and_columns_do_not() -> None:
    line = np.array([10, 10, 200, 12])
    others = np.array([[10, 28, 180, 12], [400, 28, 180, 12]])
    assert belong(line, others, gap=4).tolist() == [True, False]


@pytest.mark.parametrize(("exact", "box"), [(False, (40, 30, 60, 20)), (True, (37, 27, 66, 26))])
def test_what_a_strong_difference_spills_beside_it_in_noise_is_no_part_of_it(
    *, exact: bool, box: Box
) -> None:
    difference = np.full((100, 200), 2, np.uint8)
    difference[30:50, 40:100] = 180
    difference[38:42, 60:80] = 2  # what is written on it is what it was
    strength = np.zeros((100, 200), np.float32)
    strength[27:53, 37:103] = 3.0
    excess = Excess(strength, difference, Noise(), exact)
    (region,) = find_regions(excess, find_areas(excess))
    assert region.box == box
    assert region.mask[region.mask.shape[0] // 2, region.mask.shape[1] // 2]
