"""Letters that were only drawn anew, and letters that are others."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.pictures import difference
from blip2idc.images.changes.regions.grouping import find_areas
from blip2idc.images.changes.regions.noise import exact_excess
from blip2idc.images.changes.regions.rendering import drawn_anew, without_lines
from blip2idc.images.changes.regions.shifts import best_shift, left_by_shift


def line(text: str, shift: float = 0.0) -> np.ndarray:
    """A line of text, drawn eight times as large and reduced, so that it lies between pixels."""
    image = Image.new("RGB", (8 * 300, 8 * 30), "white")
    ImageDraw.Draw(image).text((8 * 10 + 8 * shift, 8 * 6), text, "black", ImageFont.load_default(8 * 16))
    return np.asarray(image.resize((300, 30), Image.Resampling.BOX))


def explained(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return drawn_anew(before, after, find_areas(exact_excess(difference(before, after))))


@pytest.mark.parametrize("shift", [0.25, 0.5, 0.75])
def test_a_line_that_begins_a_fraction_further_right_is_the_same_line(shift: float) -> None:
    before, after = line("Quarterly results"), line("Quarterly results", shift)
    assert explained(before, after).all()
    assert best_shift(before, after, (0, 0, 300, 30))[0] == pytest.approx(shift, abs=0.15)


@pytest.mark.parametrize("text", ["Quarterly resumes", "Quarterly result", "Yearly results"])
def test_other_words_are_not_drawn_anew(text: str) -> None:
    assert not explained(line("Quarterly results"), line(text)).all()


def test_two_equal_images_have_no_shift() -> None:
    assert best_shift(line("a"), line("a"), (0, 0, 300, 30)) == (0.0, 0.0, 1.0)


def test_what_one_shift_leaves_is_no_less_than_what_the_best_leaves() -> None:
    before, after = line("a"), line("a", 0.5)
    box = (0, 0, 300, 30)
    dx, dy, left = best_shift(before, after, box)
    assert left_by_shift(before, after, box, dx, dy) == pytest.approx(left)
    assert left_by_shift(before, after, box, -dx, dy) > left
    assert left_by_shift(before, before, box, dx, dy) == 1.0


def test_a_banner_is_not_drawn_anew_where_jpeg_joins_it_to_all_of_a_page() -> None:
    """Of what is larger than 400 pixels only a part is looked at closely; the rest must not have another colour."""
    image = Image.new("RGB", (560, 560), "#d8dce4")
    draw = ImageDraw.Draw(image)
    for top in range(8, 540, 12):
        draw.text(
            (8, top),
            "the quick brown fox jumps over the lazy dog " * 2,
            "#333333",
            ImageFont.load_default(16),
        )
    page, covered = np.asarray(image).copy(), np.asarray(image).copy()
    covered[480:] = 255
    ok, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 75])
    assert ok
    again = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    for other, same in ((page, True), (covered, False)):
        areas = find_areas(exact_excess(difference(again, other)))
        largest = int(np.argmax(areas.boxes[:, 2] * areas.boxes[:, 3]))
        assert areas.boxes[largest, 3] > 400
        assert drawn_anew(again, other, areas)[largest] == same


@pytest.mark.parametrize("tangent", [0.0, 0.2, -0.2])
def test_a_line_that_leans_among_lines_drawn_anew_is_another(tangent: float) -> None:
    """Of stems that are few, as those of digits, no slant can be told; what leans is found by a shear."""
    before = np.concatenate([line(f"${number},735 of {number + 7}", 0.0) for number in range(30, 46)])
    after = np.concatenate([line(f"${number},735 of {number + 7}", 0.5) for number in range(30, 46)])
    place = np.s_[120:150]
    shear = np.array([[1, -tangent, tangent * 15], [0, 1, 0]])
    after[place] = cv2.warpAffine(
        after[place], shear, (300, 30), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    areas = find_areas(exact_excess(difference(before, after)))
    others = areas.boxes[~drawn_anew(before, after, areas)]
    assert bool(len(others)) == bool(tangent)
    assert ((others[:, 1] >= 120) & (others[:, 1] < 150)).all()


def test_a_menu_is_told_without_the_lines_of_a_page_drawn_anew_that_it_touches() -> None:
    image = Image.new("RGB", (640, 480), "white")
    draw = ImageDraw.Draw(image)
    for top in range(10, 470, 30):
        draw.text((30, top + 6), f"Entry {top}", "#333333", ImageFont.load_default(14))
        draw.line((10, top, 630, top), "#999999")
    draw.line((10, 0, 10, 480), "#999999")
    before = np.asarray(image)
    half = np.array([[1, 0, 0.5], [0, 1, 0.5]])
    after = cv2.warpAffine(before, half, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    after[105:260, 300:460] = 40
    areas = find_areas(exact_excess(difference(before, after)))
    anew = drawn_anew(before, after, areas)
    (index,) = np.flatnonzero(~anew)
    assert areas.boxes[index, 2:].min() > 400
    x, y, width, height = without_lines(before, after, areas, anew).box(int(index))
    assert abs(x - 300) <= 5 and abs(y - 105) <= 5  # noqa: PT018
    assert abs(width - 160) <= 10 and abs(height - 155) <= 10  # noqa: PT018


def test_strokes_of_another_colour_without_any_course_have_no_shift() -> None:
    before, after = (np.full((40, 60, 3), 85, np.uint8) for _ in range(2))
    before[20:22, :], after[20:22, :] = 34, 136
    assert best_shift(before, after, (9, 20, 18, 2))[2] > 0.5
