"""Another ground under words that stayed is another colour, and nothing that came or covers them."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes


def page(ground: str | None, words: str = "Settings of the page") -> Image.Image:
    image = Image.new("RGB", (480, 300), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("DejaVuSans.ttf", 16)
    for index in range(5):
        draw.text((40, 30 + 50 * index), "Results of the last quarter", "#333333", font)
    draw.rectangle((240, 120, 460, 160), "white")
    draw.rectangle((40, 170, 330, 206), ground or "white")
    draw.text((52, 178), words, "#222222", font)
    return image


@pytest.mark.parametrize("ground", ["#ffe680", "#28a046", "#cfe2ff"])
def test_words_that_stayed_stand_on_another_ground(ground: str) -> None:
    for before, after in ((None, ground), (ground, None)):
        (change,) = find_changes(page(before), page(after), texts=False).changes
        assert [fact.kind for fact in change.facts] == ["recoloured"]
        assert {change.facts[0].values["from_hex"], change.facts[0].values["to_hex"]} == {"#ffffff", ground}


def test_a_box_with_other_words_is_no_highlight() -> None:
    (change,) = find_changes(page(None), page("#ffe680", "Orders and payments"), texts=False).changes
    assert not change.fact("recoloured")
