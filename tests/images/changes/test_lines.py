"""Lines of text about a changed place."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.lines import line_boxes


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    image = Image.new("RGB", (700, 300), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(18)
    draw.text((40, 40), "Total due: 49.00 today", "#222222", font)
    draw.text((400, 40), "Another column", "#222222", font)
    draw.text((40, 70), "A second line", "#222222", font)
    draw.rectangle((40, 150, 199, 199), fill="#0d6efd")
    draw.text((80, 164), "Sign in", "white", font)
    return np.asarray(image)


def text_box(text: str, x: int, y: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = ImageFont.load_default(18).getbbox(text)
    return round(x + left), round(y + top), round(right - left), round(bottom - top)


def test_one_digit_grows_to_its_line_and_not_to_the_next_column(page: np.ndarray) -> None:
    x, y, width, height = text_box("Total due: 49.00 today", 40, 40)
    (line,) = line_boxes(page, (x + width // 2, y + 2, 8, 10))
    assert line == pytest.approx((x, y, width, height), abs=2)


def test_two_lines_are_two_boxes(page: np.ndarray) -> None:
    assert len(line_boxes(page, (42, 44, 60, 44))) == 2


def test_the_cells_of_a_row_are_read_one_by_one(page: np.ndarray) -> None:
    assert len(line_boxes(page, (30, 42, 540, 24))) == 2


def test_the_text_of_a_button_ends_with_the_button(page: np.ndarray) -> None:
    x, y, width, height = text_box("Sign in", 80, 164)
    (line,) = line_boxes(page, (x, y, width // 3, height))
    assert line == pytest.approx((x, y, width, height), abs=2)


def test_plain_ground_and_noise_have_no_lines(page: np.ndarray) -> None:
    assert line_boxes(page, (300, 220, 60, 20)) == []
    noise = np.random.default_rng(0).integers(0, 255, (80, 200, 3), np.uint8)
    assert line_boxes(noise, (60, 30, 60, 20)) == []


@pytest.mark.parametrize("box", [(-5, -5, 4, 4), (50, 5, 20, 10), (-3, 4, 60, 10), (5, 5, 0, 4)])
def test_a_place_that_lies_outside(box: tuple[int, int, int, int]) -> None:
    assert line_boxes(np.full((30, 40, 3), 255, np.uint8), box) == []
