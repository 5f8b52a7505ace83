"""The ground of a thing in another colour, with words that hardly stand out on it, round corners and noise."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blip2idc.images.changes import Fact, find_changes


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("DejaVuSans.ttf", size)


def card(ground: str, radius: int, words: str = "Authors of the table", ink: str = "#252f40") -> Image.Image:
    """A page with a card whose title has a ground of its own."""
    image = Image.new("RGB", (480, 320), "#f8f9fa")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 30), fill="#344767")
    draw.rounded_rectangle((40, 60, 440, 280), radius, "white", "#dddddd")
    draw.rounded_rectangle((40, 60, 440, 120), radius, ground, corners=(True, True, False, False))
    draw.text((70, 80), words, ink, font(17))
    for line in range(4):
        draw.text((70, 140 + 34 * line), f"Row {line} of the table", "#555555", font(14))
    return image


def encoded(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return Image.open(stream).convert("RGB")


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("radius", [0, 16])
@pytest.mark.parametrize("ground", ["#084b23", "#69050f", "#dcdfe3"])
@pytest.mark.parametrize("back", [False, True])
def test_a_ground_of_another_colour(ground: str, radius: int, noisy: bool, back: bool) -> None:
    images = [card("#ffffff", radius), card(ground, radius)]
    if noisy:
        images = [encoded(image) for image in images]
    change = find_changes(*images[:: -1 if back else 1], texts=False).changes[0]
    fact = change.fact("recoloured")
    assert fact is not None
    codes = fact.values["from_hex"], fact.values["to_hex"]
    assert {str(code)[:2] for code in codes} == {"#f", ground[:2]}
    assert change.sentence.startswith("the ")
    assert "text" not in change.sentence


def test_another_card_in_its_place_is_no_other_ground() -> None:
    images = card("#ffffff", 0), card("#084b23", 0, "      Sale    of today", "#ffffff")
    assert not any(change.fact("recoloured") for change in find_changes(*images, texts=False).changes)


def field(*, greyed: bool) -> Image.Image:
    image = Image.new("RGB", (560, 220), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 559, 20), fill="#344767")
    draw.text((60, 60), "Password", "#252f40", font(13))
    draw.rounded_rectangle((60, 84, 500, 124), 8, "#dcdfe3" if greyed else "white", "#d2d6da")
    draw.text((74, 97), "Password", "#a0a7ae", font(13))
    return image


@pytest.mark.parametrize("back", [False, True])
def test_a_wide_field_with_a_short_hint_was_greyed_out(back: bool) -> None:
    images = [field(greyed=False), field(greyed=True)]
    (change,) = find_changes(*images[:: -1 if back else 1], texts=False).changes
    assert change.facts == (Fact("greyed", {"in": "before" if back else "after"}),)


def icon(*, greyed: bool) -> Image.Image:
    """A bar with an icon that is a button."""
    image = Image.new("RGB", (400, 240), "white")
    draw = ImageDraw.Draw(image)
    draw.line((0, 60, 399, 60), "#dddddd")
    draw.text((40, 20), "Documentation", "#1bae96", font(16))
    if greyed:
        draw.rounded_rectangle((300, 12, 334, 46), 6, "#dcdfe3")
    for line in range(3):
        draw.rectangle((310, 22 + 6 * line, 323, 23 + 6 * line), fill="#8d949c" if greyed else "#5a6474")
    return image


@pytest.mark.parametrize("back", [False, True])
def test_an_icon_that_was_greyed_out_did_not_grow(back: bool) -> None:
    images = [icon(greyed=False), icon(greyed=True)]
    (change,) = find_changes(*images[:: -1 if back else 1], texts=False).changes
    assert change.facts == (Fact("greyed", {"in": "before" if back else "after"}),)


def list_page(ground: str | None, words: str = "Settings of the page") -> Image.Image:
    image = Image.new("RGB", (480, 300), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("DejaVuSans.ttf", 16)
    for index in range(5):
        draw.text((40, 30 + 50 * index), "Results of the last quarter", "#333333", font)
    draw.rectangle((240, 120, 460, 160), "white")
    draw.rectangle((40, 170, 330, 206), ground or "white")
    draw.text((52, 178), words, "#222222", font)
    return image


@pytest.mark.parametrize("ground", ["#ffe680", "#28a046", "#cfe2ff"])
def test_words_that_stayed_stand_on_another_ground(ground: str) -> None:
    for before, after in ((None, ground), (ground, None)):
        (change,) = find_changes(list_page(before), list_page(after), texts=False).changes
        assert [fact.kind for fact in change.facts] == ["recoloured"]
        assert {change.facts[0].values["from_hex"], change.facts[0].values["to_hex"]} == {"#ffffff", ground}


def test_a_box_with_other_words_is_no_highlight() -> None:
    (change,) = find_changes(
        list_page(None), list_page("#ffe680", "Orders and payments"), texts=False
    ).changes
    assert not change.fact("recoloured")


def hero(color: str | None) -> Image.Image:
    """A page with lines of text on a picture of many shades."""
    image = Image.new("RGB", (480, 360), "#f8f9fa")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 30), fill="#344767")
    noise = np.random.default_rng(5).integers(0, 130, (16, 24, 3)).astype(np.uint8)
    image.paste(Image.fromarray(noise).resize((400, 260), Image.Resampling.BICUBIC), (40, 60))
    for line in range(3):
        words = ("Wealth creation is an", "evolutionarily recent game", "for all who take part")[line]
        if color is not None:
            draw.text((80, 140 + 28 * line), words, color, font(18))
    return image


@pytest.mark.parametrize("back", [False, True])
def test_letters_on_a_picture_have_another_colour(back: bool) -> None:
    images = [hero("#8a8a8a"), hero("#ffffff")]
    changes = find_changes(*images[:: -1 if back else 1], texts=False).changes
    assert changes
    for change in changes:
        fact = change.fact("recoloured")
        assert fact is not None
        assert {fact.values["from"], fact.values["to"]} == {"grey", "white"}


@pytest.mark.parametrize("back", [False, True])
def test_letters_that_came_onto_a_picture_have_no_other_colour(back: bool) -> None:
    images = [hero(None), hero("#ffffff")]
    changes = find_changes(*images[:: -1 if back else 1], texts=False).changes
    assert not any(change.fact("recoloured") for change in changes)


def kinds(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


def plain(ground: str = "white") -> Image.Image:
    image = Image.new("RGB", (480, 320), ground)
    ImageDraw.Draw(image).text((300, 280), "Rows of the table", "#555555", font(14))
    return image


def shaded(image: Image.Image, box: tuple[int, int, int, int], blur: float) -> Image.Image:
    """An image with a soft shadow behind what will be drawn on it."""
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).rectangle(box, fill=110)
    return Image.composite(Image.new("RGB", image.size), image, mask.filter(ImageFilter.GaussianBlur(blur)))


def test_a_photograph_in_the_shadow_is_darker() -> None:
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(60, 200, (9, 12, 3), np.uint8))
    before = coarse.resize((480, 320), Image.Resampling.BICUBIC)
    after = shaded(before, (60, 60, 110, 120), 8)
    assert kinds(before, after) == ["darker"]
    assert kinds(after, before) == ["brighter"]


def test_a_dark_ground_under_words_that_got_darker_has_no_other_colour() -> None:
    images = []
    for soft in (0, 8):
        image = Image.new("RGB", (480, 200), "#15181d")
        ImageDraw.Draw(image).text((130, 77), "12.50", "#e8e8e8", font(13))
        image = shaded(image, (0, 166, 125, 230), soft) if soft else image
        ImageDraw.Draw(image).text((0, 162), "past Reply", "white", font(13))
        images.append(image)
    assert kinds(*images) == ["darker"]


def test_a_shadow_that_is_darker_here_and_lighter_there_is_no_other_light() -> None:
    images = []
    for soft in (0, 2):
        image = shaded(plain("#15181d"), (159, 135, 319, 175), soft) if soft else plain("#15181d")
        bold = ImageFont.truetype("DejaVuSans-Bold.ttf", 16)
        ImageDraw.Draw(image).text((159, 134), ": Settings Events", "#222222", bold)
        images.append(image)
    assert kinds(*images) == []


def test_a_box_that_moved_over_half_of_itself_has_no_other_colour() -> None:
    images = plain(), plain()
    ImageDraw.Draw(images[0]).rounded_rectangle((1, 58, 39, 108), 14, "#222222")
    ImageDraw.Draw(images[1]).rounded_rectangle((-27, 8, 12, 58), 10, "#222222")
    for before, after in (images, images[::-1]):
        assert "recoloured" not in kinds(before, after)


def test_a_field_that_is_a_little_paler_with_its_words_has_another_colour() -> None:
    images = []
    for share in (0.0, 0.1):
        image = plain("#f6f7f9")
        field = image.copy()
        ImageDraw.Draw(field).rectangle((109, 130, 158, 168), fill="#222222")
        ImageDraw.Draw(field).text((117, 144), "past", "#888888", font(10))
        images.append(Image.blend(field, image, share))
    for before, after in (images, images[::-1]):
        assert kinds(before, after) == ["recoloured"]


def test_a_bar_that_differs_by_a_level_or_two_has_its_colour() -> None:
    images = plain(), plain()
    for image, color in zip(images, ("#14a046", "#139f45"), strict=True):
        ImageDraw.Draw(image).rectangle((0, 150, 47, 156), fill=color)
    assert kinds(*images) == []


def test_a_dark_button_with_words_that_got_lighter() -> None:
    images = plain(), plain()
    for image, words in zip(images, ("", "il daily"), strict=True):
        color = "#888888" if words else "#222222"
        ImageDraw.Draw(image).rectangle((1, 36, 37, 84), fill=color)
        ImageDraw.Draw(image).text((9, 55), words[:5], "#222222", font(10))
    assert kinds(*images) == ["brighter"]


def test_a_picture_with_a_tint_has_another_colour() -> None:
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(60, 200, (9, 12, 3), np.uint8))
    picture = np.asarray(coarse.resize((80, 60), Image.Resampling.BICUBIC))
    images = plain(), plain()
    images[0].paste(Image.fromarray(picture), (60, 60))
    images[1].paste(Image.fromarray((picture * (1, 0.8, 0.5)).astype(np.uint8)), (60, 60))
    assert kinds(*images) == ["recoloured"]
