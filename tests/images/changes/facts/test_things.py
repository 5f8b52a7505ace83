"""What a change happened to."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.facts.things import thing_of
from blip2idc.worlds.edits.photographs import packaged_photographs


@pytest.fixture(scope="module")
def page() -> np.ndarray:
    image = Image.new("RGB", (600, 400), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(18)
    draw.text((40, 40), "Words of a line", "#222222", font)
    draw.rectangle((40, 100, 179, 139), fill="#0d6efd")
    draw.text((70, 108), "Buy now", "white", font)
    draw.rectangle((40, 200, 239, 349), fill="#d64545")
    draw.line((300, 50, 500, 50), "black", 2)
    draw.ellipse((300, 100, 340, 140), outline="#14a046", width=6)
    with Image.open(packaged_photographs("test")[0]) as photograph:
        image.paste(photograph.convert("RGB").resize((180, 120)), (300, 200))
    return np.asarray(image)


@pytest.mark.parametrize(
    ("box", "thing"),
    [
        ((40, 44, 124, 18), "text"),
        ((40, 100, 140, 40), "blue button"),
        ((40, 200, 200, 150), "red box"),
        ((300, 50, 201, 2), "black line"),
        ((300, 100, 41, 41), "green shape"),
        ((300, 200, 180, 120), "picture"),
        ((330, 220, 60, 50), "part of the picture"),
        ((500, 350, 40, 40), ""),
    ],
)
def test_things_are_named_by_their_pixels(
    page: np.ndarray, box: tuple[int, int, int, int], thing: str
) -> None:
    assert thing_of(page, box) == thing
