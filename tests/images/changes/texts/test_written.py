"""Lines that were read in a place, and two lists of them beside each other."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.pictures import Picture
from blip2idc.images.changes.texts import written
from blip2idc.images.changes.texts.words import changed_words
from blip2idc.images.changes.texts.written import Written, read_lines, read_within, shows_through, told_apart


def lines(*words: str) -> list[Written]:
    return [Written(text, 0.99, (0, 20 * row, 80, 16)) for row, text in enumerate(words)]


@pytest.mark.parametrize(("top", "texts"), [(84, ["Open today"]), (60, None)])
def test_a_last_line_that_the_end_of_the_image_cuts_off_is_left_out(
    monkeypatch: pytest.MonkeyPatch, top: int, texts: list[str] | None
) -> None:
    answers = iter([("Open today", 0.99), ("at nccn", 0.3)])
    monkeypatch.setattr(written, "read_line", lambda crop: next(answers))
    crop, picture = np.full((16, 80, 3), 255, np.uint8), Picture(np.full((100, 200, 3), 255, np.uint8))
    found = read_lines(picture, [(crop, (10, 20, 80, 16)), (crop, (10, top, 80, 16))], 0.7)
    assert (found and [line.text for line in found]) == texts


def test_where_there_is_no_place_nothing_is_written() -> None:
    assert read_within(Picture(np.full((100, 200, 3), 255, np.uint8)), None, 0.7) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("abcdefgh", "abcXefg", ("abcdefg", "abcXefg")),
        ("abcXefg", "abcdefgh", ("abcXefg", "abcdefg")),
        ("abcdefgh", "abcdefgh", ("abcdefgh", "abcdefgh")),
        ("abcdefgh", "abcdefgX", ("abcdefgh", "abcdefgX")),
        ("abcd", "abXde", ("abcd", "abXde")),
    ],
)
def test_of_many_lines_the_last_that_only_one_side_shows_are_left_out(
    before: str, after: str, told: tuple[str, str]
) -> None:
    found = told_apart(lines(*before), lines(*after))
    assert tuple("".join(line.text for line in side) for side in found) == told


def test_letters_show_through_where_they_are_in_both_images() -> None:
    page = Image.new("RGB", (200, 60), "white")
    ImageDraw.Draw(page).text((10, 10), "Sign in", "#222222", ImageFont.truetype("DejaVuSans.ttf", 18))
    shown, bare = Picture(page), Picture(Image.new("RGB", (200, 60), "white"))
    faint = Picture(Image.blend(page, Image.new("RGB", (200, 60), "white"), 0.9))
    assert shows_through(shown, faint, (10, 10, 70, 24))
    assert not shows_through(shown, bare, (10, 10, 70, 24))
    assert not shows_through(shown, Picture(page.crop((0, 0, 60, 60))), (10, 10, 70, 24))


def test_words_that_changed_near_each_other_are_told_with_what_is_between() -> None:
    line = "the garden by the river opens {} on {} for all who like to come"
    assert changed_words(line.format("early", "Monday"), line.format("late", "Friday")) == (
        "early on Monday",
        "late on Friday",
    )
