"""Soft shadows of boxes: with round corners, strong ones, ones that the next thing covers; and lines that are none."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blip2idc.images.changes import Fact, find_changes

BOX = (60, 110, 400, 164)


def page(*, shadow: int = 0, blur: float = 5.0, border: str | None = None, cut: bool = False) -> Image.Image:
    """A list of white boxes with round corners on white; the second casts a shadow, which the third may cover."""
    image = Image.new("RGB", (480, 320), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 30), fill="#1d2b45")
    if shadow:
        shade = Image.new("L", image.size)
        left, top, right, bottom = BOX
        ImageDraw.Draw(shade).rounded_rectangle((left, top + 4, right, bottom + 4), 14, fill=shadow)
        image.paste("black", (0, 0), shade.filter(ImageFilter.GaussianBlur(blur)))
        draw.rounded_rectangle(BOX, 14, "white", border)
    elif border:
        draw.rounded_rectangle(BOX, 14, "white", border)
    if cut:
        draw.rectangle((30, 168, 430, 230), fill="white")
    for line, words in enumerate(("Orders of today", "Orders of this week", "Orders of last month")):
        draw.text((90, 66 + 66 * line), words, "#333333", ImageFont.truetype("DejaVuSans.ttf", 15))
    return image


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(("shadow", "blur"), [(120, 5.0), (140, 5.0), (80, 8.0), (60, 3.0)])
@pytest.mark.parametrize("border", [None, "#d1d5e0"])
@pytest.mark.parametrize("cut", [False, True])
def test_a_shadow_of_a_box_with_round_corners(
    shadow: int, blur: float, border: str | None, cut: bool, back: bool
) -> None:
    pages = [page(border=border, cut=cut), page(shadow=shadow, blur=blur, border=border, cut=cut)]
    (change,) = find_changes(*pages[:: -1 if back else 1], texts=False).changes
    assert change.facts == (Fact("shadowed", {"in": "before" if back else "after"}),)


@pytest.mark.parametrize("width", [1, 3, 5])
@pytest.mark.parametrize("color", ["#444444", "#bbbbbb", "#86b7fe"])
def test_a_line_around_a_box_is_no_shadow(width: int, color: str) -> None:
    after = page()
    ImageDraw.Draw(after).rounded_rectangle(BOX, 14, outline=color, width=width)
    (change,) = find_changes(page(), after, texts=False).changes
    assert change.fact("outlined")


def test_faint_words_over_a_bar_that_moved_are_no_shadow() -> None:
    images = []
    font = ImageFont.truetype("DejaVuSans-Oblique.ttf", 28)
    for top in (76, 23):
        image = Image.new("RGB", (480, 360), "white")
        draw = ImageDraw.Draw(image)
        draw.rectangle((54, top, 193, top + 6), fill="#f4f4f4")
        draw.text((62, top + 1), "il. All t", "#e8e8e8", font)
        draw.text((0, 184), "Overdue bulbs prices", "#222222", ImageFont.truetype("DejaVuSans.ttf", 28))
        images.append(image)
    changes = find_changes(*images, texts=False).changes
    assert [fact.kind for change in changes for fact in change.facts] == ["moved"]
