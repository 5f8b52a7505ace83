"""Letters that are a little heavier all over a page were drawn anew; one heavier word is a change."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.regions.weight import more_ink

SIZE = (600, 400)
LINES = range(10)


def page(stroke: float, only: int | None = None, word: str = "evening") -> Image.Image:
    """Ten lines of text whose strokes, or those of one line, are wider by some pixels; drawn eight times as large."""
    large = Image.new("RGB", (8 * SIZE[0], 8 * SIZE[1]), "white")
    draw, font = ImageDraw.Draw(large), ImageFont.load_default(8 * 16)
    for line in LINES:
        width = round(8 * stroke) if only in (None, line) else 0
        text = f"Line {line} of the {word if line == 4 else 'evening'} report {line * 37}"
        draw.text((8 * 30, 8 * (12 + 38 * line)), text, "#222222", font, stroke_width=width)
    return large.resize(SIZE, Image.Resampling.BOX)


def test_all_letters_a_little_heavier_are_the_same_page() -> None:
    assert find_changes(page(0), page(0.13)).judgement == "diffuse"


def test_one_heavier_line_changed() -> None:
    (change,) = find_changes(page(0), page(0.13, only=4)).changes
    assert change.after_box is not None
    assert 150 < change.after_box[1] < 180


def test_another_word_among_heavier_letters_changed() -> None:
    changes = find_changes(page(0), page(0.13, word="morning")).changes
    assert changes
    assert all(change.after_box is not None and 150 < change.after_box[1] < 185 for change in changes)


def test_how_much_more_ink_there_is() -> None:
    one, other = np.asarray(page(0)), np.asarray(page(0.13))
    assert 0.02 < more_ink(one, other, (30, 10, 200, 20)) < 0.3
    assert math.isnan(more_ink(one, 255 - one, (30, 10, 200, 20)))
    assert math.isnan(more_ink(one, np.asarray(page(0, word="morning")), (30, 160, 200, 24)))
