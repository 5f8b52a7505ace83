"""One thing that came, went, moved or grew on a drawn page explains what gave way to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.pictures import evenness
from blip2idc.images.changes.result import MeasuredChange

FONT = "DejaVuSans.ttf"
MENU = ("Calendar", "Charts", "Inbox", "Kanban", "Mailbox", "Pages")


def page(size: tuple[int, int] = (480, 400)) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", size, "#f5f7fb")
    draw = ImageDraw.Draw(image)
    draw.text((20, 12), "Reports of the river station", "#222222", ImageFont.truetype(FONT, 20))
    draw.line((0, 48, size[0], 48), "#c0c8d8")
    return image, draw


def menu(words: Sequence[str], step: int = 40) -> Image.Image:
    """A list down the page, in a box that is as high as it needs."""
    image, draw = page()
    draw.rectangle((20, 70, 220, 90 + step * len(words)), "#ffffff", "#8090a8")
    for index, word in enumerate(words):
        draw.text((40, 84 + step * index), word, "#222222", ImageFont.truetype(FONT, 15))
    return image


def line(words: Sequence[str], left: int = 30) -> Image.Image:
    """Links beside each other."""
    image, draw = page()
    font = ImageFont.truetype(FONT, 15)
    for word in words:
        draw.text((left, 120), word, "#0d6efd", font)
        left += round(font.getlength(word)) + 18
    return image


def told(before: Image.Image, after: Image.Image) -> MeasuredChange:
    (change,) = find_changes(before, after, texts=False).changes
    return change


def kind(change: MeasuredChange) -> str:
    (fact,) = change.facts
    return fact.kind


@pytest.mark.parametrize("index", [1, 3])
def test_an_entry_of_a_list_that_is_gone_is_the_only_change(index: int) -> None:
    left = [word for word in MENU if word != MENU[index]]
    change = told(menu(MENU), menu(left))
    assert (kind(change), change.after_box) == ("disappeared", None)
    assert (change.sentence, change.thing) == ("the text disappeared", "text")
    assert change.before_box is not None
    assert change.before_box[1] == pytest.approx(84 + 40 * index, abs=6)
    back = told(menu(left), menu(MENU))
    assert (kind(back), back.before_box) == ("appeared", None)


def test_a_link_that_is_new_in_a_line_is_the_only_change() -> None:
    change = told(line(("Home", "Blog", "Contact")), line(("Home", "Find a store", "Blog", "Contact")))
    assert (kind(change), change.before_box) == ("appeared", None)
    assert change.after_box is not None
    assert 85 <= change.after_box[0] <= 100
    assert 80 <= change.after_box[2] <= 100


def test_links_that_changed_places() -> None:
    change = told(line(("Home", "Blog", "Contact")), line(("Home", "Contact", "Blog")))
    assert kind(change) == "swapped"


def test_all_that_went_down_is_a_gap() -> None:
    def drawn(top: int) -> Image.Image:
        image, draw = page()
        for index, word in enumerate(MENU[:3]):
            draw.text((240, top + 34 * index), word, "#222222", ImageFont.truetype(FONT, 15))
        draw.text((30, 90), "Archive", "#222222", ImageFont.truetype(FONT, 15))
        draw.text((30, 300), "Settings", "#222222", ImageFont.truetype(FONT, 15))
        return image

    change = told(drawn(100), drawn(126))
    assert kind(change) == "gap"
    assert change.facts[0].values["pixels"] == 26


def test_a_heading_that_is_drawn_larger_with_what_follows_it() -> None:
    def drawn(size: int) -> Image.Image:
        image, draw = page()
        draw.text((30, 90), "Opening hours", "#222222", ImageFont.truetype(FONT, size))
        for index, word in enumerate(MENU[:3]):
            draw.text((30, 100 + 2 * size + 34 * index), word, "#222222", ImageFont.truetype(FONT, 15))
        return image

    change = told(drawn(18), drawn(27))
    assert kind(change) == "resized"
    assert float(change.facts[0].values["factor"]) == pytest.approx(1.5, abs=0.12)


def test_a_word_that_was_laid_over_another() -> None:
    def drawn(place: tuple[int, int]) -> Image.Image:
        image, draw = page()
        draw.text((40, 120), "Terms and conditions", "#222222", ImageFont.truetype(FONT, 16))
        draw.text(place, "Subscribe", "#b02020", ImageFont.truetype(FONT, 18))
        return image

    change = told(drawn((60, 220)), drawn((75, 126)))
    assert kind(change) == "moved"
    assert (change.facts[0].values["dx"], change.facts[0].values["dy"]) == (15, -94)


def test_another_word_in_its_place_is_no_coming_and_going() -> None:
    change = told(menu(MENU), menu(("Calendar", "Charts", "Orders", "Kanban", "Mailbox", "Pages")))
    assert not change.facts


def test_a_clock_that_ran_on_beside_stays_a_change_of_its_own() -> None:
    images = []
    for words, time in ((MENU, "12:04"), (MENU[1:], "12:05")):
        image = menu(words)
        ImageDraw.Draw(image).text((420, 14), time, "#222222", ImageFont.truetype(FONT, 14))
        images.append(image)
    changes = find_changes(*images, texts=False).changes
    assert [fact.kind for change in changes for fact in change.facts][:1] == ["disappeared"]
    assert len(changes) == 2


def test_the_ground_of_a_page_may_pass_from_colour_to_colour() -> None:
    ramp = np.zeros((300, 400, 3), np.uint8)
    ramp[:] = np.linspace(0, 255, 400).astype(np.uint8)[:, None]
    assert evenness(ramp) == 1.0
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    assert evenness(noise) < 0.01


@pytest.mark.parametrize(
    ("old", "new"), [("46", "25"), ("2024", "2039"), ("2", "5"), ("85 %", "05 %"), ("37 %", "57 %")]
)
@pytest.mark.parametrize("size", [9, 11, 13])
def test_small_digits_on_a_page_that_is_equal_to_the_pixel_are_another_number(
    old: str, new: str, size: int
) -> None:
    images = []
    for number in (old, new):
        image, draw = page()
        draw.text((40, 300), f"Invoices {number}", "#666666", ImageFont.truetype(FONT, size))
        images.append(image)
    found = find_changes(*images, texts=False)
    assert found.judgement == "compact"
    assert len(found.changes) == 1


@pytest.mark.parametrize("new", ["Weather north update", "Number worth update"])
def test_a_word_that_moves_the_rest_of_its_line_by_half_a_pixel_is_another_word(new: str) -> None:
    before, after = ("Number north update", new)
    images = []
    for text, offset in ((before, 0.0), (after, 0.5)):
        large = Image.new("RGB", (8 * 240, 8 * 40), "#ffffff")
        draw = ImageDraw.Draw(large)
        font = ImageFont.truetype(FONT, 8 * 12)
        first, rest = text.split(" ", 1)
        draw.text((8 * 10, 8 * 10), first, "#374151", font)
        draw.text((8 * (70 + offset), 8 * 10), rest, "#374151", font)
        image, _ = page()
        image.paste(large.resize((240, 40), Image.Resampling.BOX), (40, 200))
        images.append(image)
    assert find_changes(*images, texts=False).judgement == "compact"


def disc(diameter: float) -> Image.Image:
    """A page with a disc of which the pixels at its edge are covered in part."""
    image, _ = page()
    large = Image.new("RGB", (8 * 80, 8 * 80), "#f5f7fb")
    middle, radius = 8 * 40.0, 4 * diameter
    ImageDraw.Draw(large).ellipse(
        (middle - radius, middle - radius, middle + radius, middle + radius), "#14a046"
    )
    image.paste(large.resize((80, 80), Image.Resampling.BOX), (100, 200))
    return image


@pytest.mark.parametrize(("small", "large"), [(14.4, 24.0), (20.0, 25.0)])
def test_what_is_drawn_larger_is_measured_to_parts_of_a_pixel(small: float, large: float) -> None:
    for before, after in ((small, large), (large, small)):
        (fact,) = told(disc(before), disc(after)).facts
        assert fact.kind == "resized"
        assert float(fact.values["factor"]) == pytest.approx(after / before, rel=0.03)


def laid(left: float, top: float) -> Image.Image:
    """Two names, of which one is drawn at a part of a pixel, anywhere."""
    image, _ = page()
    large = Image.new("RGB", (8 * 300, 8 * 200), "#f5f7fb")
    draw = ImageDraw.Draw(large)
    font = ImageFont.truetype(FONT, 8 * 15)
    draw.text((8 * 20, 8 * 30), "Aiko Tanaka", "#222222", font)
    draw.text((8 * left, 8 * top), "Paul Weber", "#222222", font)
    image.paste(large.resize((300, 200), Image.Resampling.BOX), (80, 100))
    return image


def test_a_name_that_was_laid_over_another_moved_there() -> None:
    for before, after, sign in ((laid(20, 120), laid(41.3, 34), 1), (laid(41.3, 34), laid(20, 120), -1)):
        (fact,) = told(before, after).facts
        assert fact.kind == "moved"
        assert abs(float(fact.values["dx"]) - sign * 21.3) <= 1
        assert abs(float(fact.values["dy"]) + sign * 86) <= 1


@pytest.mark.parametrize("step", [30, -18])
def test_all_that_is_on_a_page_moved_is_one_change(step: int) -> None:
    def content(left: int) -> Image.Image:
        image, draw = page((640, 480))
        font = ImageFont.truetype(FONT, 15)
        for index, word in enumerate(MENU):
            draw.text((left, 80 + 28 * index), f"{word} of all the stations along the river", "#222222", font)
        for index in range(3):
            x = left + 180 * index
            draw.rectangle((x, 270, x + 150, 380), "#ffffff", "#8090a8")
            draw.text((x + 20, 290), MENU[index], "#222222", font)
        return image

    change = told(content(40), content(40 + step))
    assert (change.facts[0].kind, change.facts[0].values) == ("moved", {"dx": step, "dy": 0})
    assert change.thing == "content of the page"
    assert change.sentence.startswith("the content of the page moved ")
