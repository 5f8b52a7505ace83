"""How boxes lie to each other."""

from __future__ import annotations

import pytest

from blip2idc.images.changes.boxes import apart, around, overlap, sides
from blip2idc.images.changes.result import Box

ONE = (10, 20, 30, 5)


@pytest.mark.parametrize(
    ("other", "common", "between"),
    [
        (ONE, 150, 0),
        ((30, 22, 30, 9), 30, 0),
        ((40, 20, 8, 5), 0, 0),  # they meet
        ((47, 20, 8, 5), 0, 7),
        ((2, 20, 5, 5), 0, 3),
        ((10, 31, 30, 5), 0, 6),
        ((12, 4, 30, 5), 0, 11),
        ((47, 31, 8, 5), 0, 7),  # the farther of both ways
        ((45, 31, 8, 5), 0, 6),
    ],
)
def test_what_two_boxes_have_in_common_and_between_them(other: Box, common: int, between: int) -> None:
    assert overlap(ONE, other) == overlap(other, ONE) == common
    assert apart(ONE, other) == apart(other, ONE) == between


def test_the_box_around_some() -> None:
    assert sides(ONE) == (10, 20, 40, 25)
    assert around([ONE]) == ONE
    assert around([ONE, (47, 31, 8, 5), (2, 22, 5, 1)]) == (2, 20, 53, 16)
