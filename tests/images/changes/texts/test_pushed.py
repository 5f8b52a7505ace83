"""Words that were pushed by others that came or went: these are told."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.pictures import Picture, open_pictures
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.texts.pushed import pushed_words

pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")


def page(*lines: str, right: str = "Opening hours") -> Image.Image:
    """A column of lines, and a column beside it."""
    image = Image.new("RGB", (600, 260), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSans.ttf", 16)
    for row, words in enumerate(lines):
        draw.text((40, 40 + 28 * row), words, "#222222", font)
    draw.text((400, 40), right, "#222222", font)
    return image


def place(row: int, left: int = 38, width: int = 140) -> Box:
    return left, 38 + 28 * row, width, 24


def came(words: str | None, box: Box) -> MeasuredChange:
    return MeasuredChange(None, box, (Fact("appeared"),), after_text=words, thing="text")


def went(words: str | None, box: Box) -> MeasuredChange:
    return MeasuredChange(box, None, (Fact("disappeared"),), before_text=words, thing="text")


def pair(before: Image.Image, after: Image.Image) -> tuple[Picture, Picture]:
    return open_pictures(before, after)


def test_words_that_push_others_down_are_those_that_appeared() -> None:
    pictures = pair(page("Anna Miller", "Download"), page("Anna Miller", "Latest news", "Download"))
    (change,) = pushed_words(*pictures, [came("Download", place(2))])
    assert change.sentence == "the text 'Latest news' appeared"
    assert change.before_box is None
    assert change.after_box is not None
    assert abs(change.after_box[1] - 68) < 6


def test_words_that_were_pushed_up_are_not_gone() -> None:
    pictures = pair(page("Anna Miller", "Latest news", "Download"), page("Anna Miller", "Download"))
    (change,) = pushed_words(*pictures, [went("Download", place(2))])
    assert change.sentence == "the text 'Latest news' disappeared"
    assert change.after_box is None


def test_words_that_are_there_once_more_appeared() -> None:
    pictures = pair(page("Anna Miller", "Download"), page("Anna Miller", "Download", "Download"))
    change = came("Download", place(2))
    assert pushed_words(*pictures, [change]) == [change]


def test_words_that_are_new_appeared() -> None:
    pictures = pair(page("Anna Miller", "Download"), page("Anna Miller", "Download", "Latest news"))
    change = came("Latest news", place(2))
    assert pushed_words(*pictures, [change]) == [change]


def test_empty_places_beside_a_column_that_grew_are_told_as_what_it_grew_by() -> None:
    pictures = pair(page("Anna Miller", "Download"), page("Anna Miller", "Latest news", "Download"))
    empty = [came(None, (300, 110, 80, 24)), came(None, (400, 110, 140, 24))]
    (change,) = pushed_words(*pictures, empty)
    assert change.after_text == "Latest news"
    nothing = pair(page("Anna Miller"), page("Anna Miller"))
    assert pushed_words(*nothing, empty) == empty


def test_what_another_change_tells_is_not_told_again() -> None:
    pictures = pair(page("Anna Miller", "Download"), page("Anna Miller", "Latest news", "Download"))
    empty, other = came(None, (300, 110, 80, 24)), MeasuredChange(place(1), place(1))
    assert pushed_words(*pictures, [empty, other]) == [empty, other]
