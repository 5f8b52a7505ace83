"""One letter of a line that changed is read with its whole line."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.texts.reading import can_read


def page(price: str) -> Image.Image:
    image = Image.new("RGB", (420, 160), "white")
    draw = ImageDraw.Draw(image)
    draw.text((40, 30), "Tea kettle", "black", ImageFont.load_default(20))
    draw.text((40, 80), price, "black", ImageFont.load_default(28))
    return image


@pytest.mark.skipif(not can_read(), reason="the extra [ocr] is not installed")
def test_one_letter_of_a_price() -> None:
    (change,) = find_changes(page("49.00 EUR"), page("99.00 EUR")).changes
    assert (change.before_text, change.after_text) == ("49.00 EUR", "99.00 EUR")
    assert change.sentence == "the text '49.00 EUR' changed to '99.00 EUR'"


def test_a_faint_card_that_went_did_not_move() -> None:
    before = Image.new("RGB", (500, 400), "#f6f7f9")
    after = before.copy()
    draw = ImageDraw.Draw(before)
    draw.rectangle((120, 60, 420, 300), "white")
    draw.text((150, 90), "Lamp", "black", ImageFont.load_default(24))
    draw.text((150, 150), "Warm light, 40 cm tall", "black", ImageFont.load_default(16))
    draw.rectangle((150, 220, 250, 260), "#0d6efd")
    (change,) = find_changes(before, after).changes
    assert [fact.kind for fact in change.facts] == ["disappeared"]
