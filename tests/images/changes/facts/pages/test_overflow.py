"""Texts that run over the edge of their box."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact
from blip2idc.images.changes.facts.pages.overflow import overflow, where_text_runs_over
from blip2idc.images.changes.result import MeasuredChange


def box_with(words: str, width: int = 200) -> np.ndarray:
    """A dark box with pale words on a white page."""
    image = Image.new("RGB", (width, 100), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 10, 119, 89), fill="#20202c")
    draw.text((48, 40), words, "#9090a0", ImageFont.truetype("DejaVuSans.ttf", 14))
    return np.asarray(image)


@pytest.mark.parametrize("back", [False, True])
def test_words_that_go_on_over_the_edge_of_their_box(back: bool) -> None:
    images = [box_with("Continue"), box_with("Continue shopping")]
    step = -1 if back else 1
    box = (48, 40, 130, 18)
    assert overflow(*images[::step], (box, box)) == Fact("overflow", {"in": "before" if back else "after"})


@pytest.mark.parametrize("box", [(118, 40, 3, 18), (60, 40, 57, 18)])
def test_a_place_that_hardly_reaches_the_edge_of_the_box_tells_nothing(
    box: tuple[int, int, int, int],
) -> None:
    assert overflow(box_with("Continue"), box_with("Continue shopping"), (box, box)) is None


def test_words_that_go_on_over_a_thin_line_are_on_one_ground() -> None:
    images = []
    for words in ("Continue", "Continue shopping"):
        image = Image.new("RGB", (200, 100), "white")
        ImageDraw.Draw(image).line((119, 0, 119, 99), "#d8d8d8")
        ImageDraw.Draw(image).text((48, 40), words, "#222222", ImageFont.truetype("DejaVuSans.ttf", 14))
        images.append(np.asarray(image))
    box = (48, 40, 130, 18)
    assert overflow(images[0], images[1], (box, box)) is None


def test_a_text_that_has_another_colour_where_it_came_does_not_run_over() -> None:
    images = box_with("Continue"), box_with("Continue shopping")
    recoloured = Fact("recoloured", {"from": "blue", "from_hex": "#0000ff", "to": "red", "to_hex": "#ff0000"})
    change = MeasuredChange(
        None, (48, 40, 60, 18), (recoloured,), "the text turned red", 2.0, 100, 50.0, "text"
    )
    assert where_text_runs_over(*images, change) == change
