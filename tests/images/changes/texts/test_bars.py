"""Three bars, which are called the menu button."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from blip2idc.images.changes import Fact, MeasuredChange, find_changes
from blip2idc.images.changes.pictures import open_pictures
from blip2idc.images.changes.texts.bars import as_menu_button, length_of_bars
from blip2idc.images.changes.texts.written import Written, rows

PLACE = (300, 10, 40, 40)
EQUAL = ((0, 0, 22), (0, 6, 22), (0, 12, 22))


def page(
    fill: str | None = None, bars: tuple[tuple[int, int, int], ...] = EQUAL, high: int = 2
) -> Image.Image:
    """A page with bars (x, y, length) in a button."""
    image = Image.new("RGB", (400, 240), "#f4f3ef")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 100, 200, 200), fill="#c8d4e0")
    if fill is not None:
        draw.rounded_rectangle((300, 10, 339, 49), 3, fill)
    for x, y, length in bars:
        draw.rectangle((309 + x, 23 + y, 308 + x + length, 22 + y + high), fill="#66615b")
    return image


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (page(), page("#235adc"), "the white menu button turned blue (#f4f3ef to #235adc)"),
        (page("#235adc"), page("#28a046"), "the blue menu button turned green (#235adc to #28a046)"),
        (page(), page(bars=()), "the menu button disappeared"),
        (page(bars=()), page(), "a menu button appeared"),
    ],
)
def test_three_bars_are_a_menu_button(before: Image.Image, after: Image.Image, told: str) -> None:
    (change,) = find_changes(before, after).changes
    assert change.sentence == told


@pytest.mark.parametrize(
    "bars",
    [EQUAL[:2], (*EQUAL, (0, 18, 22)), ((0, 0, 22), (0, 6, 14), (0, 12, 22)), ((0, 0, 22), (0, 4, 22), (0, 12, 22)),
     ((0, 0, 5), (0, 6, 5), (0, 12, 5)), ((0, 0, 9), (11, 0, 9), (0, 6, 22))],
)  # fmt: skip
def test_other_bars_are_none(bars: tuple[tuple[int, int, int], ...]) -> None:
    picture, _ = open_pictures(page("#dddddd", bars), page())
    assert not length_of_bars(picture, PLACE)


def test_bars_are_seen_as_they_are_encoded_and_where_they_lie() -> None:
    noise = np.random.default_rng(0).integers(-6, 7, (240, 400, 3))
    noisy = Image.fromarray((np.asarray(page("#dddddd"), np.int16) + noise).clip(0, 255).astype(np.uint8))
    picture, thick = open_pictures(noisy, page(high=4))
    assert length_of_bars(picture, PLACE)
    assert length_of_bars(picture, (309, 23, 22, 14))
    assert length_of_bars(thick, (309, 23, 22, 16))
    assert not length_of_bars(picture, (20, 100, 100, 100))
    assert not length_of_bars(picture, None)


def test_bars_on_another_ground_are_no_larger() -> None:
    pictures = open_pictures(page(), page("#dcdfe3"))
    grown = MeasuredChange((309, 23, 22, 14), PLACE, (Fact("resized", {"factor": 2.2}),))
    assert as_menu_button(*pictures, grown).sentence == "the menu button changed"
    longer = open_pictures(page(), page(bars=((0, 0, 28), (0, 6, 28), (0, 12, 28))))
    grown = MeasuredChange((309, 23, 22, 14), (309, 23, 28, 14), (Fact("resized", {"factor": 1.27}),))
    assert as_menu_button(*longer, grown).sentence == "the menu button grew to 1.27 times its size"


def test_bars_beside_words_are_no_words() -> None:
    (line,) = rows([Written("Template", 0.99, (10, 10, 80, 20)), Written("三", 0.95, (300, 10, 20, 18))])
    assert line.text == "Template"
