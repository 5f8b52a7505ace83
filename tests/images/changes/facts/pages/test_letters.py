"""The same words drawn otherwise: lines aligned and spaced, letters slanted, crossed out, larger, moved, coloured."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, find_changes

LINES = ("Open daily", "from nine", "until half past five")
WORDS = "All prices include taxes"


def font(size: int, face: str = "DejaVuSans.ttf") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face, size)


def page() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (480, 360), "#f6f7f9")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    draw.text((12, 10), "Garden shop", "white", font(18))
    draw.text((280, 300), "Seeds and bulbs", "#333333", font(15))
    return image, draw


def lines(to: str = "left", step: int = 20) -> Image.Image:
    image, draw = page()
    for place, words in enumerate(LINES):
        free = 160 - font(13).getlength(words)
        left = 40 + round({"left": 0, "centre": free / 2, "right": free}[to])
        draw.text((left, 70 + step * place), words, "#222222", font(13))
    return image


def words(size: int = 14, left: int = 30, color: str = "#555555") -> Image.Image:
    image, draw = page()
    draw.text((left, 220), WORDS, color, font(size))
    return image


def crossed_out() -> Image.Image:
    image = words()
    left, top, right, bottom = ImageDraw.Draw(image).textbbox((30, 220), WORDS, font(14))
    middle = (top + bottom) // 2 + 1
    ImageDraw.Draw(image).line((left, middle, right, middle), "#555555")
    return image


def slanted() -> Image.Image:
    """The words on letters that lean by a fifth of their height."""
    image, _ = page()
    layer = Image.new("L", (4 * 240, 4 * 30))
    ImageDraw.Draw(layer).text((4 * 20, 4 * 4), WORDS, 255, font(4 * 14))
    leaning = layer.transform(layer.size, Image.Transform.AFFINE, (1, 0.2, -0.2 * 4 * 20, 0, 1, 0))
    image.paste("#555555", (10, 216), leaning.resize((240, 30), Image.Resampling.BOX))
    return image


def only(before: Image.Image, after: Image.Image) -> Fact:
    (change,) = find_changes(before, after, texts=False).changes
    (fact,) = change.facts
    return fact


@pytest.mark.parametrize(("old", "new"), list(permutations(("left", "centre", "right"), 2)))
def test_lines_are_aligned_otherwise(old: str, new: str) -> None:
    assert only(lines(old), lines(new)) == Fact("aligned", {"to": new})


@pytest.mark.parametrize(("old", "new", "side"), [(20, 26, "after"), (26, 20, "before"), (20, 23, "after")])
def test_lines_are_further_apart(old: int, new: int, side: str) -> None:
    assert only(lines(step=old), lines(step=new)) == Fact("spaced", {"in": side, "mode": "lines"})


@pytest.mark.parametrize(
    ("after", "kind", "values"),
    [
        (crossed_out(), "underlined", {"as": "crossed out"}),
        (slanted(), "italic", {}),
    ],
)
def test_words_are_drawn_otherwise(after: Image.Image, kind: str, values: dict[str, Any]) -> None:
    assert only(words(), after) == Fact(kind, {"in": "after", **values})
    assert only(after, words()) == Fact(kind, {"in": "before", **values})


@pytest.mark.parametrize("size", [11, 17, 20])
def test_words_are_larger_or_smaller(size: int) -> None:
    for before, after, factor in ((words(), words(size), size / 14), (words(size), words(), 14 / size)):
        fact = only(before, after)
        assert fact.kind == "resized"
        assert float(fact.values["factor"]) == pytest.approx(factor, rel=0.05)


def test_words_have_another_colour_or_place() -> None:
    assert only(words(), words(left=37)) == Fact("moved", {"dx": 7, "dy": 0})
    fact = only(words(), words(color="#c01010"))
    assert (fact.kind, fact.values["from_hex"], fact.values["to_hex"]) == ("recoloured", "#555555", "#c01010")


def test_one_digit_that_became_another_is_not_upright_instead_of_italic() -> None:
    images = [Image.new("RGB", (400, 200), "white") for _ in range(2)]
    for image, number in zip(images, ("72 %", "22 %"), strict=True):
        for top, text in ((40, "A garden by the river"), (120, number)):
            ImageDraw.Draw(image).text((40, top), text, "#222222", ImageFont.truetype("DejaVuSerif.ttf", 14))
    (change,) = find_changes(*images, texts=False).changes
    assert change.fact("italic") is None


@pytest.mark.parametrize("text", ["DASHBOARD", "REPLY NOW", "$38,735", "Settings"])
@pytest.mark.parametrize("size", [12, 14, 20])
@pytest.mark.parametrize("back", [False, True])
def test_capitals_digits_and_small_letters_are_italic(text: str, size: int, back: bool) -> None:
    images = []
    for face in ("DejaVuSans.ttf", "DejaVuSans-Oblique.ttf"):
        image, draw = page()
        draw.text((200, 130), text, "#eb5e28", font(size, face))
        images.append(image)
    assert only(*images[:: -1 if back else 1]) == Fact("italic", {"in": "before" if back else "after"})


def test_an_entry_of_a_menu_that_has_another_colour_is_not_bold() -> None:
    images = []
    for color in ("#823cb4", "#ffffff"):
        image, draw = page()
        draw.rectangle((0, 100, 479, 140), fill="#2c2b3b")
        for index, word in enumerate(("Sold out", "Science", "Research", "Events")):
            draw.text((20 + 100 * index, 110), word, color if index == 1 else "#ffffff", font(15))
        images.append(image)
    assert only(*images).kind == "recoloured"
