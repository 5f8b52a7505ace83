"""A whole page that was dimmed, and what only looks like a dialog over it."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes


def kinds(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


def dimmed(image: Image.Image, share: float) -> Image.Image:
    return image.point(lambda value: int(value * share))


@pytest.mark.parametrize("back", [False, True])
def test_a_page_that_was_dimmed_shows_no_dialog(back: bool) -> None:
    before = Image.new("RGB", (480, 360), "white")
    ImageDraw.Draw(before).rectangle((129, 54, 149, 132), fill="#101418")
    after = dimmed(before, 0.68)
    assert "panel" not in kinds(*((after, before) if back else (before, after)))


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
    assert "panel" not in kinds(before, Image.open(stream).convert("RGB"))
