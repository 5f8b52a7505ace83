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


def test_a_field_that_moved_over_a_word_has_no_new_line_around_it() -> None:
    images = page(), page()
    for image, (left, top) in zip(images, ((1, 194), (-1, 198)), strict=True):
        draw = ImageDraw.Draw(image)
        draw.text((48, 181), "$38,735", "#222222", SMALL)
        draw.rectangle((left, top, left + 126, top + 13), fill="#555555")
        draw.text((left + 8, top + 1), "Settings", "#222222", SMALL)
    assert "outlined" not in kinds(*images)


@pytest.mark.parametrize("back", [False, True])
def test_a_line_around_something_round(back: bool) -> None:
    before, after = page(), page()
    for image, line in ((before, "#222222"), (after, "#4d9de0")):
        ImageDraw.Draw(image).ellipse((216, 27, 276, 136), "#222222", line)
    assert kinds(*((after, before) if back else (before, after))) == ["outlined"]


def test_words_of_which_the_first_became_soft_over_a_new_line_are_not_outlined() -> None:
    before = page()
    font = ImageFont.truetype("DejaVuSans.ttf", 28)
    ImageDraw.Draw(before).text((0, 224), "Overdue bulbs prices", "#222222", font)
    after = before.copy()
    left, _, right, bottom = ImageDraw.Draw(after).textbbox((0, 224), "Overdue bulbs prices", font)
    ImageDraw.Draw(after).line((left, bottom + 3, right, bottom + 3), "#222222")
    box = (0, 224, 13, 260)
    after.paste(after.crop(box).filter(ImageFilter.GaussianBlur(2)), box)
    assert "outlined" not in kinds(before, after)
