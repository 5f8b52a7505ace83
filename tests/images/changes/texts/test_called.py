"""What is called by the words above it or beside it, and what keeps the name that it has."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, MeasuredChange
from blip2idc.images.changes.pictures import open_pictures
from blip2idc.images.changes.result import Box
from blip2idc.images.changes.texts.called import called
from blip2idc.images.changes.texts.finding import find_lines
from blip2idc.images.changes.texts.found import called_by_found

pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")

FONT = ImageFont.truetype("DejaVuSans.ttf", 16)
BOX = (60, 124, 301, 37)
CHECKED = Fact("checked", {"in": "after"})
RECOLOURED = Fact("recoloured", {"from": "blue", "from_hex": "#0000ff", "to": "red", "to_hex": "#ff0000"})


def form(shadow: bool = False) -> Image.Image:
    """A field with a label above it, and an option with words beside it."""
    image = Image.new("RGB", (640, 400), "white")
    draw = ImageDraw.Draw(image)
    for width in range(12, 0, -1) if shadow else ():
        draw.rectangle((60 - width, 124 - width, 360 + width, 160 + width), (255 - 8 * (12 - width),) * 3)
    draw.rectangle((60, 124, 360, 160), "white", "#888888")
    draw.text((60, 98), "Opening day", "#222222", FONT)
    draw.rectangle((60, 220, 76, 236), "white", "#666666")
    draw.text((86, 218), "By train", "#222222", FONT)
    return image


def change(box: Box, *facts: Fact, thing: str = "white box", name: str | None = None) -> MeasuredChange:
    return MeasuredChange(box, box, facts, thing=thing, name=name)


@pytest.mark.parametrize(
    ("one", "thing", "name"),
    [
        (change((60, 220, 17, 17), CHECKED), "white box", "By train"),
        (change((60, 220, 17, 17), CHECKED, name="By post"), "white box", "By post"),
        (change(BOX, RECOLOURED), "white box below 'Opening day'", None),
        (change((60, 124, 100, 37), RECOLOURED, name="OK"), "white box", "OK"),
        (change(BOX, thing="white button"), "white button", None),
        (change(BOX, Fact("replaced"), thing="part of a picture"), "part of a picture", None),
    ],
    ids=["option", "named option", "field", "narrow with a name", "button", "part of a picture"],
)
def test_what_stands_above_or_beside_is_a_name_of_fields_and_options(
    one: MeasuredChange, thing: str, name: str | None
) -> None:
    found = called(*open_pictures(form(), form()), one)
    assert (found.thing, found.name) == (thing, name)


def test_the_label_of_a_field_stands_above_it_within_its_shadow() -> None:
    pair = open_pictures(form(), form(shadow=True))
    found = called(*pair, change((48, 112, 325, 61), Fact("shadowed", {"in": "after"})))
    assert found.thing == "white box below 'Opening day'"


@pytest.mark.parametrize("facts", [(), (Fact("swapped"),)])
def test_what_only_one_image_shows_is_called_by_no_words_of_both(facts: tuple[Fact, ...]) -> None:
    pair = open_pictures(form(), form())
    for before, after in ((None, BOX), (BOX, None)):
        one = MeasuredChange(before, after, facts, thing="text")
        assert called_by_found(*pair, one) == one


def test_bars_of_which_one_has_an_entry_more_changed_no_entry() -> None:
    bars = []
    for entries in (
        ("Prices", "Contact", "Search", "Visit"),
        ("Home", "Prices", "Contact", "Search", "Visit"),
    ):
        image = Image.new("RGB", (640, 400), "white")
        for place, words in enumerate(entries):
            ImageDraw.Draw(image).text((40 + 110 * place, 120), words, "#222222", FONT)
        bars.append(image)
    one = change((36, 116, 560, 28), thing="text")
    found = called_by_found(*open_pictures(*bars), one)
    assert (found.before_text, found.after_text, found.name) == (None, None, None)


def test_a_clock_that_ran_on_is_not_told_as_other_words() -> None:
    pages = []
    for time in ("12:04", "12:09"):
        image = Image.new("RGB", (640, 400), "white")
        ImageDraw.Draw(image).text((60, 120), time, "#222222", FONT)
        pages.append(image)
    one = change((54, 114, 70, 30), thing="text")
    assert not called_by_found(*open_pictures(*pages), one).is_read


def test_beyond_the_image_no_lines_are_found() -> None:
    picture, _ = open_pictures(form(), form())
    assert find_lines(picture, (660, 100, 40, 30)) == []
    assert find_lines(picture, (60, 420, 40, 30)) == []
