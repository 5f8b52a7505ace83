"""A thing that moved on a page is told, and not the ground that is beside it in both images."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes


def page(left: int, top: int) -> Image.Image:
    """A page with lines of text and a button at a place."""
    image = Image.new("RGB", (900, 600), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    for line in range(19):
        draw.text(
            (60, 30 + line * 28),
            f"Line {line} has words of its own, number {line * 37 % 91}",
            "#222222",
            font,
        )
    draw.rounded_rectangle((left, top, left + 140, top + 40), 8, fill="#0d6efd")
    draw.text((left + 30, top + 10), "Buy now", "white", font)
    return image


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(
    ("step", "said"),
    [
        ((0, 30), "30 pixels down"),  # its two places overlap
        ((0, 130), "130 pixels down"),  # further than it is high
        ((90, 0), "90 pixels right"),
        ((200, 0), "200 pixels right"),
        ((-40, 190), "40 pixels left and 190 pixels down"),
    ],
)
def test_a_button_is_told_with_how_far_it_moved(step: tuple[int, int], said: str, back: bool) -> None:
    places = [(520, 200), (520 + step[0], 200 + step[1])]
    if back:
        places.reverse()
        for one, other in (("down", "up"), ("right", "LEFT"), ("left", "right"), ("LEFT", "left")):
            said = said.replace(one, other)
    (change,) = find_changes(page(*places[0]), page(*places[1]), texts=False).changes
    assert change.sentence == f"the blue button moved {said}"
    assert (change.before_box, change.after_box) == ((*places[0], 141, 41), (*places[1], 141, 41))
    assert change.thing == "blue button"
    assert change.pixels > 0.5 * 141 * 41
