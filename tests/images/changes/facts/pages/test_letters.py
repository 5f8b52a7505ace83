"""The same words drawn otherwise: lines aligned and spaced, letters slanted, crossed out, larger, moved, coloured."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blip2idc.images.changes import Fact, find_changes
from blip2idc.images.changes.facts.pages.letters import (
    Line,
    aligned_of,
    line_of,
    line_spacing,
    parts_of,
    shapes,
    words_of,
)
from blip2idc.images.changes.result import Box

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


def kinds(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


@pytest.mark.parametrize("place", [(0, 100), (1, 100), (0, -2), (30, -3)])
@pytest.mark.parametrize(
    ("kind", "face"), [("bold", "DejaVuSans-Bold.ttf"), ("italic", "DejaVuSans-Oblique.ttf")]
)
def test_letters_at_the_edge_of_the_page(place: tuple[int, int], kind: str, face: str) -> None:
    images = [Image.new("RGB", (300, 160), "white") for _ in range(2)]
    for image, name in zip(images, ("DejaVuSans.ttf", face), strict=True):
        ImageDraw.Draw(image).text(place, WORDS, "#222222", font(14, name))
        ImageDraw.Draw(image).text((150, 130), "Seeds and bulbs", "#333333", font(15))
    assert only(*images) == Fact(kind, {"in": "after"})


@pytest.mark.parametrize(
    ("faces", "lefts"),
    [
        (("DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"), (30, 30)),
        (("DejaVuSans.ttf", "DejaVuSans.ttf"), (34, 41)),
        (("DejaVuSans.ttf", "DejaVuSans.ttf"), (33, 38)),
    ],
)
def test_nothing_is_told_of_two_lines_to_which_different_things_happened(
    faces: tuple[str, str], lefts: tuple[int, int]
) -> None:
    images = []
    for names, places in ((("DejaVuSans.ttf",) * 2, (30, 30)), (faces, lefts)):
        image, draw = page()
        for row, (name, left) in enumerate(zip(names, places, strict=True)):
            draw.text(
                (left, 100 + 20 * row), (WORDS, "Seeds and bulbs for us")[row], "#222222", font(14, name)
            )
        images.append(image)
    assert kinds(*images) == []


def test_a_letter_that_became_soft_is_not_bold() -> None:
    before, draw = page()
    draw.text((200, 130), "d", "#222222", font(20))
    after = before.copy()
    after.paste(before.crop((190, 120, 230, 160)).filter(ImageFilter.GaussianBlur(1.7)), (190, 120))
    assert kinds(before, after) == ["blurred"]


def test_faint_words_and_a_line_without_words_are_neither_underlined_nor_crossed_out() -> None:
    images = [words(color="#f0f1f3"), words(color="#f0f1f3")]
    left, top, right, bottom = ImageDraw.Draw(images[1]).textbbox((30, 220), WORDS, font(14))
    ImageDraw.Draw(images[1]).line((left, (top + bottom) // 2, right, (top + bottom) // 2), "#f0f1f3")
    assert "underlined" not in kinds(*images)
    before, after = page()[0], page()[0]
    ImageDraw.Draw(after).line((20, 150, 185, 150), "#888888", 3)
    assert kinds(before, after) == ["appeared"]


@pytest.mark.parametrize("space", [1, 2])
def test_letters_of_a_link_that_are_further_apart_with_their_line(space: int) -> None:
    images = []
    for gap in (0, space):
        image, draw = page()
        left = 30.0
        for letter in WORDS:
            draw.text((left, 100), letter, "#222222", font(14))
            left += font(14).getlength(letter) + gap
        draw.line((30, 116, left, 116), "#222222")
        images.append(image)
    (change,) = find_changes(*images, texts=False).changes
    assert all(fact == Fact("spaced", {"in": "after", "mode": "letters"}) for fact in change.facts)


def line(image: Image.Image, box: tuple[int, int, int, int]) -> Line:
    return line_of(np.asarray(image), box)


def test_a_pale_word_of_a_line_has_its_own_colour() -> None:
    image, draw = page()
    draw.text((30, 100), "Prices", "#222222", font(14))
    draw.text((90, 100), "taxes", "#c0c0c0", font(14))
    dark, pale = words_of(line(image, (30, 100, 110, 18)))
    assert dark.color.max() < 70
    assert pale.color.min() > 180
    assert pale.ink.max() == 1


def test_a_plain_place_has_no_words() -> None:
    plain = line(page()[0], (30, 100, 110, 18))
    assert not plain.is_written
    assert words_of(plain) == parts_of(plain) == []


@pytest.mark.parametrize(("other", "width"), [("Seeds", 45), ("Riverside", 70)])
def test_other_lines_further_down_are_not_the_same_further_apart(other: str, width: int) -> None:
    boxes = [(30, 100, 45, 14), (30, 120, 45, 14)], [(30, 100, width, 14), (30, 130, width, 14)]
    images = [page()[0] for _ in range(2)]
    for image, places, text in zip(images, boxes, ("River", other), strict=True):
        for left, top, _, _ in places:
            ImageDraw.Draw(image).text((left, top - 3), text, "#222222", font(14))
    lines = [[line(image, box) for box in places] for image, places in zip(images, boxes, strict=True)]
    assert line_spacing(list(zip(lines[0], lines[0], strict=True))) is None
    assert line_spacing(list(zip(*lines, strict=True))) is None


@pytest.mark.parametrize("size", [20, 24])
def test_another_digit_with_thicker_strokes_is_not_bold(size: int) -> None:
    images = []
    for text in ("1", "/"):
        image, draw = page()
        draw.text((200, 130), text, "#222222", font(size))
        images.append(image)
    assert "bold" not in kinds(*images) + kinds(*images[::-1])


@pytest.mark.parametrize("space", [1, 2])
def test_letters_as_thin_as_a_pixel_that_are_further_apart(space: int) -> None:
    images = []
    for gap in (0, space):
        image, draw = page()
        left = 30.0
        for letter in "illicit rules, little bill":
            draw.text((left, 100), letter, "#222222", font(10))
            left += font(10).getlength(letter) + gap
        images.append(image)
    assert set(kinds(*images)) <= {"spaced"}


@pytest.mark.parametrize(
    "boxes",
    [
        ([(30, 100, 60, 14), (30, 120, 62, 14)], [(36, 100, 60, 14), (34, 120, 62, 14)]),
        ([(30, 100, 60, 14), (30, 120, 90, 14)], [(56, 100, 60, 14), (36, 120, 90, 14)]),
    ],
    ids=["lines of one width that moved", "no edge in common"],
)
def test_lines_that_are_not_aligned_otherwise(boxes: tuple[list[Box], list[Box]]) -> None:
    images = [page()[0] for _ in range(2)]
    for image, places in zip(images, boxes, strict=True):
        for left, top, width, height in places:
            ImageDraw.Draw(image).rectangle((left, top, left + width - 1, top + height - 1), fill="#222222")
    lines = [[line(image, box) for box in places] for image, places in zip(images, boxes, strict=True)]
    assert aligned_of(list(zip(*lines, strict=True))) is None


def test_a_block_has_the_shapes_of_no_letters() -> None:
    block, empty = np.ones((14, 60), np.float32), np.zeros((14, 60), np.float32)
    assert shapes(block, block) == shapes(empty, empty) == 0


def test_a_bar_of_a_chart_that_became_smaller_is_not_bold() -> None:
    def chart(smaller: int) -> Image.Image:
        image = Image.new("RGB", (340, 240), "#f4f6f9")
        draw = ImageDraw.Draw(image)
        for number, height in enumerate((60, 84, 42, 26)):
            off, left = (smaller if number == 2 else 0), 30 + 52 * number
            draw.rectangle((left + off, 200 - height + off, left + 33 - off, 199 - off), "#6f42c1")
        return image

    (change,) = find_changes(chart(0), chart(5)).changes
    assert [fact.kind for fact in change.facts] == ["resized"]
