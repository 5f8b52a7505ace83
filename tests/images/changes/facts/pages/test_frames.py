"""Lines around things, and what is no more than a line around nothing."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blip2idc.images.changes import find_changes

SMALL = ImageFont.truetype("DejaVuSans.ttf", 13)


def page() -> Image.Image:
    image = Image.new("RGB", (480, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.text((30, 90), "Name", "#444444", SMALL)
    draw.text((60, 200), "All prices include taxes", "#444444", SMALL)
    return image


def kinds(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


@pytest.mark.parametrize("back", [False, True])
def test_a_field_on_a_ground_of_its_colour_that_is_gone(back: bool) -> None:
    before, after = page(), page()
    ImageDraw.Draw(before).rounded_rectangle((30, 110, 330, 146), 5, "white", "#d2d6da")
    assert kinds(*((after, before) if back else (before, after))) == ["appeared" if back else "disappeared"]


@pytest.mark.parametrize("back", [False, True])
def test_a_line_around_words_is_an_outline(back: bool) -> None:
    before, after = page(), page()
    ImageDraw.Draw(after).rectangle((40, 190, 260, 226), outline="#235adc", width=2)
    assert kinds(*((after, before) if back else (before, after))) == ["outlined"]


@pytest.mark.parametrize("back", [False, True])
def test_a_line_of_which_the_edge_is_seen_through_frosted_glass(back: bool) -> None:
    images = [page(), page()]
    ImageDraw.Draw(images[1]).rectangle((40, 60, 300, 236), outline="#235adc", width=5)
    for image in images:
        glass = image.crop((0, 0, 480, 76)).filter(ImageFilter.GaussianBlur(14))
        image.paste(Image.blend(glass, Image.new("RGB", glass.size, "white"), 0.5), (0, 0))
    assert kinds(*images[:: -1 if back else 1]) == ["outlined"]
