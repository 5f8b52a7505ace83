"""The ground of a thing in another colour, with words that hardly stand out on it, round corners and noise."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

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
