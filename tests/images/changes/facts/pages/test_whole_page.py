"""A whole page that was dimmed, and what only looks like a dialog over it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.facts.pages.whole_page import measure_page


def kind(before: Image.Image, after: Image.Image) -> str:
    found = measure_page(np.asarray(before), np.asarray(after))
    return found[0].kind if found else ""


def dimmed(image: Image.Image, share: float) -> Image.Image:
    return image.point(lambda value: int(value * share))


@pytest.mark.parametrize("back", [False, True])
def test_a_page_that_was_dimmed_shows_no_dialog(back: bool) -> None:
    before = Image.new("RGB", (480, 360), "white")
    ImageDraw.Draw(before).rectangle((129, 54, 149, 132), fill="#101418")
    after = dimmed(before, 0.68)
    assert kind(*((after, before) if back else (before, after))) != "panel"


def test_a_dimmed_page_in_noise_of_which_much_is_coloured_shows_no_dialog() -> None:
    before = Image.new("RGB", (300, 200), "#f6f7f9")
    draw = ImageDraw.Draw(before)
    font = ImageFont.truetype("DejaVuSans.ttf", 16)
    draw.line((99, 144, 333, 144), "#1d6fd8", 3)
    draw.rectangle((0, 151, 166, 263), fill="#1d6fd8")
    draw.text((8, 199), "Sold Reply", "#222222", font)
    draw.rectangle((0, 48, 127, 86), fill="#14a046")
    draw.text((8, 59), "Science Scie", "#222222", font)
    stream = io.BytesIO()
    dimmed(before, 0.57).save(stream, "JPEG", quality=90)
    assert kind(before, Image.open(stream).convert("RGB")) != "panel"


def test_the_negative_of_a_picture_is_no_dark_theme() -> None:
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(30, 250, (9, 12, 3), np.uint8))
    picture = np.asarray(coarse.resize((320, 240), Image.Resampling.BICUBIC)).copy()
    picture[:52] = 240
    assert measure_page(picture, 255 - picture) is None
    assert measure_page(255 - picture, picture) is None


def test_a_page_of_which_another_part_is_dark_has_no_dark_theme() -> None:
    before, after = (np.full((240, 320, 3), 250, np.uint8) for _ in range(2))
    before[140:] = np.linspace(120, 200, 100, dtype=np.uint8)[:, None, None]
    after[:140] = np.linspace(120, 200, 140, dtype=np.uint8)[:, None, None]
    after[140:] = 20
    for image in (before, after):
        for top in range(8, 236, 12):
            for left in range(10 + top % 7, 300, 9):
                image[top : top + 6, left : left + 4] += np.uint8(128)
    assert measure_page(before, after) is None
    assert measure_page(after, before) is None
