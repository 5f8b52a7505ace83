"""Things that moved onto others, or off them, and what only looks like it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.pages.swaps import find_displaced
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.texts.same_words import swapped_words


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("DejaVuSans.ttf", size)


def page(
    at: tuple[int, int] | None, words: str = "Impressum", title: str = "Board games for the winter"
) -> Image.Image:
    """A page with a photograph of stripes, on which one text stands somewhere."""
    image = Image.new("RGB", (520, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 519, 36), fill="#1d2b45")
    draw.text((220, 150), title, "#222222", font(18))
    draw.rectangle((300, 220, 480, 320), "#e8521d")
    for line in range(300, 480, 7):
        draw.line((line, 220, line, 320), "#2850d0", 3)
    if at is not None:
        draw.text(at, words, "#777777", font(16))
    return image


@pytest.mark.parametrize("place", [(240, 154), (330, 260)])
@pytest.mark.parametrize("back", [False, True])
def test_a_text_that_moved_onto_other_things_moved(place: tuple[int, int], back: bool) -> None:
    pages = [page((30, 80)), page(place)]
    (change,) = find_changes(*pages[:: -1 if back else 1], texts=False).changes
    fact = change.fact("moved")
    assert fact is not None
    sign = -1 if back else 1
    assert (sign * int(fact.values["dx"]), sign * int(fact.values["dy"])) == (place[0] - 30, place[1] - 80)
    assert change.before_box is not None
    assert change.before_box[2] < 120


def test_a_text_that_went_where_another_one_changed_did_not_move() -> None:
    changes = find_changes(
        page((30, 80)), page(None, title="Board gowns for the winter"), texts=False
    ).changes
    assert not any(change.fact("moved") for change in changes)


def test_what_hardly_stands_out_lies_over_nothing() -> None:
    before = np.full((60, 120, 3), 250, np.uint8)
    after = before.copy()
    before[10:20, 10:40] = 245
    after[30:40, 60:90:2] = 0
    regions = [Region((x, y, 30, 10), np.ones((10, 30), bool), 2.0, 20.0) for x, y in ((10, 10), (60, 30))]
    before[30:40, 60:90:3] = 90
    assert find_displaced(before, after, regions) == ([], regions)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("Sign in Back", "Back Sign in", ("Sign in", "Back")),
        ("My account • Close • Portfolio", "My account • Portfolio • Close", ("Close", "Portfolio")),
        ("Home About Help", "Help About Home", ("Home", "Help")),
        ("Home About Help", "Home About Help", None),
        ("Home About Help", "Home About Us", None),
        ("one two three four", "two four one three", None),
    ],
)
def test_words_in_another_order(before: str, after: str, told: tuple[str, str] | None) -> None:
    assert swapped_words(before, after) == told


def test_a_disc_that_moved_beside_pictures_at_the_edge_of_the_page() -> None:
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(20, 200, (6, 8, 3), np.uint8))
    picture = coarse.resize((46, 130), Image.Resampling.BICUBIC)
    images = []
    for left, top, radius in ((171, 85, 14), (222, 110, 3)):
        image = Image.new("RGB", (480, 360), "white")
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, 45, 129), radius, 255)
        image.paste(picture, (0, 232), mask)
        ImageDraw.Draw(image).ellipse((left, top, left + 16, top + 32), fill="#888888")
        images.append(image)
    moved = [change.fact("moved") for change in find_changes(*images, texts=False).changes]
    assert [(fact.values["dx"], fact.values["dy"]) for fact in moved if fact] == [(51, 25)]


def test_a_bar_that_moved_onto_words_moved_by_whole_pixels() -> None:
    images = []
    for left in (70, 127):
        image = page(None)
        draw = ImageDraw.Draw(image)
        for line in range(3):
            draw.text((132, 209 + 16 * line), "$38,735", "#222222", font(14))
        draw.rounded_rectangle((left, 212, left + 8, 324), 4, "#888888")
        images.append(image)
    (change,) = find_changes(*images, texts=False).changes
    fact = change.fact("moved")
    assert fact is not None
    assert (fact.values["dx"], fact.values["dy"]) == (57, 0)


@pytest.mark.parametrize("back", [False, True])
def test_a_knob_that_moved_along_its_line_did_not_change_places_with_it(back: bool) -> None:
    def slider(x: int) -> Image.Image:
        image = page((30, 80))
        draw = ImageDraw.Draw(image)
        draw.rectangle((60, 340, 360, 343), "#ccccdd")
        draw.ellipse((x - 8, 333, x + 8, 349), "#2266cc")
        return image

    pages = [slider(150), slider(240)]
    (change,) = find_changes(*pages[:: -1 if back else 1], texts=False).changes
    assert change.fact("moved") is not None


def test_fields_that_say_something_else_did_not_change_places() -> None:
    def numbers(chosen: int) -> Image.Image:
        image = Image.new("RGB", (400, 160), "white")
        draw = ImageDraw.Draw(image)
        draw.text((20, 16), "Results", "#222222", font(18))
        for index in range(1, 6):
            x = 20 + 40 * index
            draw.rectangle((x, 90, x + 32, 118), "#2266cc" if index == chosen else "white", "#aaaabb")
            draw.text((x + 11, 96), str(index), "white" if index == chosen else "#2266cc", font(14))
        return image

    found = find_changes(numbers(1), numbers(3), texts=False).changes
    assert found
    assert not any(change.fact("swapped") for change in found)
