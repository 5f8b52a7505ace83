"""Letters that are a little heavier all over a page were drawn anew; one heavier word is a change."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.regions.weight import half_tones, more_ink

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


WORDS = ("Maps of the town", "Google Maps", "Opening hours")


def card(
    *curves: float, ink: float = 30, ground: float = 255, photograph: bool = False, word: str = "Google Maps"
) -> Image.Image:
    """A page of few words, each with a curve of its half tones (1 for none), as other smoothing of fonts has."""
    mask = Image.new("L", (360, 300))
    draw, font = ImageDraw.Draw(mask), ImageFont.load_default(18)
    rows = [(16, 20 + 60 * number) for number in range(len(curves))]
    for place, text in zip(rows, WORDS, strict=False):
        draw.text(place, word if text == "Google Maps" else text, 255, font)
    covered = np.asarray(mask, np.float64) / 255
    for (_, y), curve in zip(rows, curves, strict=True):
        covered[y : y + 40] **= curve
    grey = np.rint(ground + (ink - ground) * covered).astype(np.uint8)
    if photograph:
        speckled = np.random.default_rng(3).integers(0, 255, (10, 34), np.uint8)
        grey[200:290, 20:340] = np.asarray(
            Image.fromarray(speckled).resize((320, 90), Image.Resampling.BICUBIC)
        )
    return Image.fromarray(grey).convert("RGB")


def test_a_few_words_smoothed_otherwise_are_the_same_page() -> None:
    for ink, ground in ((30, 255), (240, 20)):
        for curve in (0.8, 1.25):
            one, other = (card(*curves, ink=ink, ground=ground) for curves in ((1, 1), (curve, curve)))
            assert not find_changes(one, other).changes
    assert not find_changes(card(1, 1, photograph=True), card(0.8, 0.8, photograph=True)).changes


def test_one_of_a_few_words_smoothed_otherwise_changed() -> None:
    assert len(find_changes(card(1, 1), card(1, 0.7)).changes) == 1


def test_another_word_or_colour_among_words_smoothed_otherwise_changed() -> None:
    changes = find_changes(card(1, 1, 1), card(0.8, 0.8, 0.8, word="Goodie Maps")).changes
    assert changes
    assert all(change.after_box is not None and 70 < change.after_box[1] < 110 for change in changes)
    assert find_changes(card(1, 1), card(0.8, 0.8, ink=110)).changes


def test_half_tones_are_told_from_all_else() -> None:
    box = (16, 20, 150, 24)
    plain = np.asarray(card(1))
    assert half_tones(plain, np.asarray(card(0.8)), box) is True
    assert half_tones(plain, np.asarray(card(1.25, ink=60)), box) is None, "the full colour may have moved"
    for other in (card(1), card(1, ink=120), card(0.8, ground=240), card(0.1)):
        assert half_tones(plain, np.asarray(other), box) is False
    assert half_tones(plain, np.roll(plain, 1, axis=1), box) is False
    assert half_tones(plain, np.asarray(page(0)), box) is False
    assert half_tones(np.full_like(plain, 255), np.full_like(plain, 250), box) is False
