"""Texts that no longer wrap."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, find_changes

LINES = ("The meeting starts at ten", "at the town hall and", "ends by the river")


def page(lines: tuple[str, ...], size: int = 15, *, left: int = 30, width: int = 360) -> Image.Image:
    """A page with a text and a button below it, which gives way."""
    image = Image.new("RGB", (width, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 40), fill="#1d2b45")
    top = 70
    for line in lines:
        draw.text((left, top), line, "#333333", ImageFont.truetype("DejaVuSans.ttf", size))
        top += 24
    draw.rectangle((left, top + 16, left + 120, top + 50), fill="#0d6efd")
    draw.text((left + 20, top + 24), "Continue", "white", ImageFont.truetype("DejaVuSans.ttf", 14))
    return image


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(("size", "width"), [(15, 360), (17, 360), (15, 640)])
def test_lines_that_are_one_line_now(size: int, width: int, back: bool) -> None:
    before, after = page(LINES, width=width), page((" ".join(LINES),), size, width=width)
    changes = find_changes(*((after, before) if back else (before, after)), texts=False).changes
    assert changes[0].facts == (Fact("overflow", {"in": "before" if back else "after"}),)
    boxes = changes[0].before_box, changes[0].after_box
    many, one = boxes[::-1] if back else boxes
    assert many is not None
    assert one is not None
    assert many[3] > 2 * one[3]
    assert one[2] > many[2]
    assert len(changes) == 1


@pytest.mark.parametrize("back", [False, True])
def test_a_line_that_the_edge_of_the_page_cuts_off(back: bool) -> None:
    words = " ".join(LINES[:2])
    before, after = page((words,), 14), page((words,), 18)
    changes = find_changes(*((after, before) if back else (before, after)), texts=False).changes
    assert [fact.kind for fact in changes[0].facts] == ["overflow"]


def test_a_line_with_a_word_more_still_wraps() -> None:
    before = page(LINES)
    after = page((LINES[0] + " today", *LINES[1:]))
    changes = find_changes(before, after, texts=False).changes
    assert "overflow" not in [fact.kind for change in changes for fact in change.facts]


def test_other_words_are_no_text_that_runs_over() -> None:
    before, after = page(LINES), page(("Every product is checked by hand before it leaves us",))
    changes = find_changes(before, after, texts=False).changes
    assert "overflow" not in [fact.kind for change in changes for fact in change.facts]


def test_a_cell_that_wraps_in_a_narrow_column_and_not_in_a_wide_one_changed_its_place() -> None:
    images = [page(()), page(())]
    small = ImageFont.truetype("DejaVuSans.ttf", 15)
    for image, left, lines in (
        (images[0], 30, ("Every product", "is checked")),
        (images[1], 150, ("Every product is checked",)),
    ):
        for index, line in enumerate(lines):
            ImageDraw.Draw(image).text((left, 180 + 24 * index), line, "#333333", small)
    changes = find_changes(*images, texts=False).changes
    assert "overflow" not in [fact.kind for change in changes for fact in change.facts]


def test_large_letters_that_are_further_apart_at_the_edge_of_the_page_do_not_wrap() -> None:
    images = []
    font = ImageFont.truetype("DejaVuSans-Bold.ttf", 28)
    for space in (0, 3):
        image = Image.new("RGB", (300, 360), "white")
        for row, words in enumerate(("Sold from", "morf dloS", "Sold")):
            left = 178.0
            for letter in words:
                ImageDraw.Draw(image).text((left, 62 + 24 * row), letter, "#222222", font)
                left += font.getlength(letter) + space
        images.append(image)
    facts = [fact.kind for change in find_changes(*images, texts=False).changes for fact in change.facts]
    assert "overflow" not in facts
