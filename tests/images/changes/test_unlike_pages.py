"""Pages that gave false alarms or were passed over once: coloured lines, large holes, soft icons."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.worlds.edits.photographs import packaged_photographs

SIZE = (900, 600)


def page(*, picture: bool = True) -> Image.Image:
    """Blue links and outlined buttons, a dark column with grey lines, and a large drawing."""
    image = Image.new("RGB", SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(15)
    draw.rectangle((0, 0, 180, 600), fill="#212529")
    for line in range(12):
        draw.line((10, 30 + 40 * line, 170, 30 + 40 * line), "#6c757d")
        draw.text((20, 38 + 40 * line), f"Item {line * 37 % 91}", "#adb5bd", font)
        draw.text((210, 30 + 40 * line), f"Link {line} to page {line * 53 % 97}", "#0d6efd", font)
        draw.line((210, 48 + 40 * line, 330, 48 + 40 * line), "#0d6efd")
        draw.rounded_rectangle((380, 26 + 40 * line, 500, 52 + 40 * line), 5, outline="#0d6efd")
    if picture:
        with Image.open(packaged_photographs("test")[0]) as photograph:
            image.paste(photograph.convert("RGB").resize((330, 330)), (540, 60))
    return image


def encoded(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize("quality", [75, 85, 95])
def test_coloured_lines_lose_their_colour_to_jpeg_and_do_not_change(quality: int) -> None:
    assert find_changes(page(), encoded(page(), quality)).judgement == "diffuse"
    assert find_changes(page(picture=False), encoded(page(picture=False), quality)).judgement == "diffuse"


def test_a_page_that_lost_most_of_its_structure_still_lies_on_itself() -> None:
    comparison = find_changes(page(), encoded(page(picture=False), 80))
    assert comparison.alignment.kind == "aligned"
    (change,) = comparison.changes
    assert change.before_box == pytest.approx((540, 60, 330, 330), abs=6)
    assert [fact.kind for fact in change.facts] == ["disappeared"]


def test_an_icon_that_became_soft_is_not_drawn_anew() -> None:
    before = page()
    draw = ImageDraw.Draw(before)
    draw.ellipse((600, 450, 637, 487), fill="#14a046")
    draw.line((610, 469, 618, 477, 630, 459), "white", 4)
    pixels = np.asarray(before).copy()
    pixels[445:493, 595:643] = cv2.GaussianBlur(pixels[445:493, 595:643], (0, 0), 1.5)
    (change,) = find_changes(before, Image.fromarray(pixels)).changes
    assert change.before_box == pytest.approx((596, 446, 46, 46), abs=4)
