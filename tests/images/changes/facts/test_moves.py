"""A thing that moved on a page is told, and not the ground that is beside it in both images."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.displacement import explained, place_of
from blip2idc.images.changes.regions.grouping import Region


def page(left: int, top: int) -> Image.Image:
    """A page with lines of text and a button at a place."""
    image = Image.new("RGB", (900, 600), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    for line in range(19):
        draw.text(
            (60, 30 + line * 28),
            f"Line {line} has words of its own, number {line * 37 % 91}",
            "#222222",
            font,
        )
    draw.rounded_rectangle((left, top, left + 140, top + 40), 8, fill="#0d6efd")
    draw.text((left + 30, top + 10), "Buy now", "white", font)
    return image


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(
    ("step", "said"),
    [
        ((0, 30), "30 pixels down"),  # its two places overlap
        ((0, 130), "130 pixels down"),  # further than it is high
        ((90, 0), "90 pixels right"),
        ((200, 0), "200 pixels right"),
        ((-40, 190), "40 pixels left and 190 pixels down"),
    ],
)
def test_a_button_is_told_with_how_far_it_moved(step: tuple[int, int], said: str, back: bool) -> None:
    places = [(520, 200), (520 + step[0], 200 + step[1])]
    if back:
        places.reverse()
        for one, other in (("down", "up"), ("right", "LEFT"), ("left", "right"), ("LEFT", "left")):
            said = said.replace(one, other)
    (change,) = find_changes(page(*places[0]), page(*places[1]), texts=False).changes
    assert change.sentence == f"the blue button moved {said}"
    assert (change.before_box, change.after_box) == ((*places[0], 141, 41), (*places[1], 141, 41))
    assert change.thing == "blue button"
    assert change.pixels > 0.5 * 141 * 41


def plain(ground: str = "white") -> Image.Image:
    image = Image.new("RGB", (480, 320), ground)
    ImageDraw.Draw(image).text((300, 280), "Rows of the table", "#555555", ImageFont.load_default(14))
    return image


def kinds(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


def test_a_pale_field_that_shrank_away_from_all_its_edges_is_not_the_same_one() -> None:
    images = plain(), plain()
    for image, box in zip(images, ((61, 98, 314, 201), (61, 95, 288, 187)), strict=True):
        ImageDraw.Draw(image).rectangle(box, fill="#f4f4f4")
    assert "resized" not in kinds(*images)


@pytest.mark.parametrize("from_edge", [False, True])
def test_a_plain_box_that_shrank_around_its_middle_or_from_a_corner(from_edge: bool) -> None:
    images = plain(), plain()
    target = (60, 90, 219, 189) if from_edge else (80, 102, 240, 202)
    for image, box in zip(images, ((60, 90, 260, 214), target), strict=True):
        ImageDraw.Draw(image).rectangle(box, fill="#f4b860")
    assert kinds(*images) == ["resized"]


@pytest.mark.parametrize("ink", ["#222222", "#30343c"])
def test_faint_words_under_a_faint_box_did_not_grow(ink: str) -> None:
    images = plain("#15181d"), plain("#15181d")
    ImageDraw.Draw(images[0]).text(
        (44, 183), "Settings taxes", ink, ImageFont.truetype("DejaVuSans-Bold.ttf", 14)
    )
    ImageDraw.Draw(images[1]).rectangle((44, 183, 222, 202), fill=ink)
    assert "resized" not in kinds(*images)


def test_a_thing_that_stays_is_explained_by_no_displacement() -> None:
    images = plain(), plain()
    ImageDraw.Draw(images[1]).rectangle((60, 90, 99, 119), fill="#0d6efd")
    before, after = (np.asarray(image) for image in images)
    region = Region((60, 90, 40, 30), np.ones((30, 40), bool), 2.0, 100.0)
    place = place_of(before, after, region, 10.0)
    assert explained(before, after, (place,), (0, 0), 10.0) is None
    assert explained(before, after, (place,), (45, 0), 10.0) is None


def test_two_parts_of_a_line_moved_and_not_the_letters_that_a_field_hides() -> None:
    images = plain(), plain()
    for image, left in zip(images, (338, 328), strict=True):
        draw = ImageDraw.Draw(image)
        draw.rectangle((342, 106, 388, 246), fill="#c01010")
        draw.text((left, 122), "out DASHBOARD Seeds", "#c01010", ImageFont.truetype("DejaVuSans.ttf", 12))
    moved = [change for change in find_changes(*images, texts=False).changes if change.facts]
    assert [change.facts[0].values for change in moved] == [{"dx": -10, "dy": 0}]
    assert moved[0].after_box is not None
    assert moved[0].after_box[2] > 60
