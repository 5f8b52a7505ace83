"""Corners that became round, and what only looks like it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, find_changes
from blip2idc.images.changes.facts.pages.corners import corner_fact
from blip2idc.images.changes.regions.grouping import Region

SMALL = ImageFont.truetype("DejaVuSans.ttf", 12)


def page() -> Image.Image:
    image = Image.new("RGB", (480, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    draw.text((300, 100), "All prices include taxes", "#555555", SMALL)
    return image


def box(image: Image.Image, place: tuple[int, int, int, int], radius: int, color: str = "#3070c0") -> None:
    """A box with smooth round corners, as browsers draw it: left, top, width, height."""
    left, top, width, height = place
    large = Image.new("L", (4 * width, 4 * height))
    ImageDraw.Draw(large).rounded_rectangle((0, 0, 4 * width - 1, 4 * height - 1), 4 * radius, 255)
    image.paste(color, (left, top), large.resize((width, height), Image.Resampling.BOX))


def kinds(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


@pytest.mark.parametrize("size", [(90, 90), (270, 180)])
@pytest.mark.parametrize("back", [False, True])
def test_a_picture_with_wide_round_corners(size: tuple[int, int], back: bool) -> None:
    rng = np.random.default_rng(3)
    picture = Image.fromarray(rng.integers(20, 200, (6, 8, 3), np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    picture.paste("white", (0, size[1] - size[1] // 4, size[0] // 4, size[1] - 4))  # as the page
    large = Image.new("L", (4 * size[0], 4 * size[1]))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, 4 * size[0] - 1, 4 * size[1] - 1), 4 * min(50, size[1] // 2), 255
    )
    square, round_ = page(), page()
    square.paste(picture, (20, 70))
    round_.paste(picture, (20, 70), large.resize(size, Image.Resampling.BOX))
    assert kinds(*((round_, square) if back else (square, round_))) == ["rounded"]


def test_a_square_that_grew_has_no_round_corners() -> None:
    before, after = np.full((60, 60, 3), 34, np.uint8), np.full((60, 60, 3), 34, np.uint8)
    before[22:34, 20:32] = after[20:37, 20:37] = 176, 69, 79
    mask = (before != after).any(axis=2)[20:37, 20:37]
    assert corner_fact(before, after, Region((20, 20, 17, 17), mask, 2.0, 60.0)) is None


@pytest.mark.parametrize("back", [False, True])
def test_a_line_around_a_small_box_with_round_corners(back: bool) -> None:
    before, after = page(), page()
    for image, line in ((before, "#e91e63"), (after, "#823cb4")):
        ImageDraw.Draw(image).rounded_rectangle((40, 100, 59, 119), 5, "#e91e63", line, 2)
    assert kinds(*((after, before) if back else (before, after))) == ["outlined"]


@pytest.mark.parametrize("back", [False, True])
def test_dashes_around_a_badge(back: bool) -> None:
    images = [page(), page()]
    for image in images:
        draw = ImageDraw.Draw(image)
        draw.rectangle((40, 97, 103, 122), fill="#efb73e")
        draw.text((50, 103), "Overdue", "white", SMALL)
    draw = ImageDraw.Draw(images[1])
    for left in range(40, 104, 12):
        draw.rectangle((left, 97, min(left + 7, 103), 99), fill="#d62828")
        draw.rectangle((left, 120, min(left + 7, 103), 122), fill="#d62828")
    for left in (40, 101):
        draw.rectangle((left, 103, left + 2, 116), fill="#d62828")
    assert kinds(*images[:: -1 if back else 1]) == ["outlined"]


@pytest.mark.parametrize(("radius", "gap"), [(4, 8), (8, 16), (12, 24)])
@pytest.mark.parametrize("back", [False, True])
def test_each_of_several_cards_side_by_side_has_its_own_corners(radius: int, gap: int, back: bool) -> None:
    before, after = page(), page()
    places = [(30 + index * (90 + gap), top, 90, 60) for index in range(2) for top in (60, 120 + gap)]
    for place in places:
        box(before, place, 0)
        box(after, place, radius)
    changes = find_changes(*((after, before) if back else (before, after)), texts=False).changes
    assert sorted(change.after_box for change in changes if change.after_box) == sorted(places)
    assert [change.facts for change in changes] == [
        (Fact("rounded", {"in": "before" if back else "after"}),)
    ] * 4


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("radius", [8, 16])
@pytest.mark.parametrize("back", [False, True])
def test_corners_of_a_bar_at_the_edge_of_the_page(lower: bool, radius: int, back: bool) -> None:
    before, after = page(), page()
    place = (60, 200, 240, 140) if lower else (60, -60, 240, 150)
    box(before, place, 0)
    box(after, place, radius)
    (change,) = find_changes(*((after, before) if back else (before, after)), texts=False).changes
    assert change.facts == (Fact("rounded", {"in": "before" if back else "after"}),)


def test_corners_above_which_the_page_shows_nothing_are_not_taken_for_square_ones() -> None:
    images = [Image.new("RGB", (480, 300), "white") for _ in range(2)]
    for image, radius in zip(images, (0, 16), strict=True):
        box(image, (60, 1, 240, 340), radius)
    for pair in (images, images[::-1]):
        facts = [fact for change in find_changes(*pair, texts=False).changes for fact in change.facts]
        assert Fact("rounded", {"in": "before" if pair is images else "after"}) not in facts


@pytest.mark.parametrize("reach", [8, 14])
def test_corners_of_a_frame_that_have_another_colour_are_as_square_as_before(reach: int) -> None:
    images = [page(), page()]
    for image, color in zip(images, ("#d02020", "#2020d0"), strict=True):
        draw = ImageDraw.Draw(image)
        for x, inward in ((60, 1), (219, -1)):
            for y, down in ((60, 1), (179, -1)):
                draw.line((x, y, x + inward * reach, y), color, 2)
                draw.line((x, y, x, y + down * reach), color, 2)
    assert kinds(*images) == ["recoloured"] * 4


def test_corners_of_three_pixels_may_be_anything() -> None:
    images = [page(), page()]
    for image, radius in zip(images, (0, 5), strict=True):
        ImageDraw.Draw(image).rounded_rectangle((60, 220, 300, 420), radius, "#3070c0")
    assert kinds(*images) == []
