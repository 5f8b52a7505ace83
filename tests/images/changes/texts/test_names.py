"""What things are called by the words on them, above them and below them, and where they are called nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, MeasuredChange
from blip2idc.images.changes.pictures import Picture, open_pictures
from blip2idc.images.changes.result import Box
from blip2idc.images.changes.texts.names import (
    name_at_line,
    name_below,
    name_of,
    name_of_menu,
    name_of_thing,
    within_shadow,
)

pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")

UNDERLINED = Fact("underlined", {"in": "after", "as": "underlined"})


def page(*drawn: tuple[int, int, str], height: int = 16) -> Image.Image:
    image = Image.new("RGB", (640, 400), "white")
    for x, y, words in drawn:
        ImageDraw.Draw(image).text(
            (x, y), words, "#222222", ImageFont.truetype("DejaVuSans.ttf", height), spacing=8
        )
    return image


def picture(*drawn: tuple[int, int, str], height: int = 16) -> Picture:
    return Picture(page(*drawn, height=height))


def test_words_in_the_shadow_of_a_thing_are_none_of_its_name() -> None:
    images = [page() for _ in range(2)]
    for width in range(24, 0, -1):
        grey = 255 - 3 * (24 - width)
        ImageDraw.Draw(images[1]).rectangle((100 - width, 140 - width, 400 + width, 180 + width), (grey,) * 3)
    for image in images:
        draw = ImageDraw.Draw(image)
        draw.rectangle((100, 140, 400, 180), "#ffffff", "#888888")
        draw.text((114, 150), "Tuesday", "#222222", ImageFont.truetype("DejaVuSans.ttf", 16))
        draw.text((110, 120), "Opening day", "#222222", ImageFont.truetype("DejaVuSans.ttf", 13))
    box = (77, 117, 347, 87)
    change = MeasuredChange(box, box, (Fact("shadowed", {"in": "after"}),), thing="white box")
    assert name_of_thing(*open_pictures(*images), change) == "Tuesday"


def test_a_thing_that_differs_all_over_is_taken_without_the_width_of_a_shadow() -> None:
    covered = page()
    ImageDraw.Draw(covered).rectangle((100, 100, 299, 199), "#3060a0")
    assert within_shadow(*open_pictures(page(), covered), (100, 100, 200, 100)) == (116, 116, 168, 68)


def test_what_has_no_place_has_no_name() -> None:
    change = MeasuredChange(None, None, (Fact("outlined", {"in": "after"}),), thing="white box")
    assert name_of_thing(*open_pictures(page(), page()), change) is None


@pytest.mark.parametrize("ruled", [(60, 140), (60, 400), ()], ids=["words", "no words", "no line"])
def test_the_words_at_a_line_may_be_read_in_one_image_alone(ruled: tuple[int, ...]) -> None:
    """They are seen in the second image alone, which is not the one that is looked at first."""
    after = page((60, 120, "Our team"))
    box = (60, 138, 70, 8)
    if ruled:
        top = 140 if ruled[1] == 140 else 300
        ImageDraw.Draw(after).line((60, top, 130, top), "#222222", 2)
        box = (60, top - 2, 70, 8)
    name = name_at_line(*open_pictures(page(), after), MeasuredChange(box, box, (UNDERLINED,)))
    assert name == ("Our team" if ruled[-1:] == (140,) else None)


def test_a_line_in_places_of_unlike_sizes_is_at_no_words() -> None:
    pair = open_pictures(page((60, 120, "Our team")), page((60, 120, "Our team")))
    change = MeasuredChange((60, 138, 70, 8), (60, 138, 90, 8), (UNDERLINED,))
    assert name_at_line(*pair, change) is None


@pytest.mark.parametrize(
    ("box", "name"),
    [
        ((50, 52, 200, 24), "Opening hours"),
        ((50, 52, 200, 160), "Opening hours"),
        ((50, 52, 2000, 160), None),
        ((50, 60, 200, 8), None),
        (None, None),
    ],
)
def test_the_words_on_a_thing_where_they_are_few(box: Box | None, name: str | None) -> None:
    rows = ("Opening hours", "from nine to five", "on all days", "but for Sunday", "and Monday")
    shown = picture(*((60, 56 + 32 * row, words) for row, words in enumerate(rows)))
    assert name_of(shown, box) == name


@pytest.mark.parametrize(
    ("box", "lines", "name"),
    [
        ((100, 100, 200, 120), ((110, 228, "The river"),), "The river"),
        ((100, 100, 200, 120), ((40, 222, "Wide words of the page, no title"), (110, 246, "The river")), "The river"),
        ((100, 100, 200, 120), ((40, 222, "Wide words of the page, no title"),), None),
        ((100, 100, 40, 120), ((100, 228, "On"),), None),
        ((100, 280, 200, 114), ((110, 383, "The river"),), None),
    ],
    ids=["title", "below a line", "none", "narrow", "at the end"],
)  # fmt: skip
def test_a_picture_is_called_by_what_stands_below_it(
    box: Box, lines: tuple[tuple[int, int, str], ...], name: str | None
) -> None:
    assert name_below(picture(*lines), box) == name


def test_a_menu_is_opened_by_the_words_beside_a_sign_that_cannot_be_read() -> None:
    image = page((64, 76, "Pricing"))
    noise = np.random.default_rng(2).integers(0, 2, (10, 11)).astype(np.uint8) * 255
    image.paste(Image.fromarray(noise).convert("RGB"), (40, 80))
    assert name_of_menu(Picture(image), (44, 108, 170, 112)) == "Pricing"
