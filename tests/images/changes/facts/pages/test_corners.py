"""Corners that became round, and what only looks like it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.pages.corners import corner_fact
from blip2idc.images.changes.regions.grouping import Region

SMALL = ImageFont.truetype("DejaVuSans.ttf", 12)


def page() -> Image.Image:
    image = Image.new("RGB", (480, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    draw.text((300, 100), "All prices include taxes", "#555555", SMALL)
    return image


def kinds(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


@pytest.mark.parametrize("size", [(90, 90), (270, 180)])
@pytest.mark.parametrize("back", [False, True])
def test_a_picture_with_wide_round_corners(size: tuple[int, int], back: bool) -> None:
    rng = np.random.default_rng(3)
    picture = Image.fromarray(rng.integers(20, 200, (6, 8, 3), np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    picture.paste("white", (0, size[1] - size[1] // 4, size[0] // 4, size[1] - 4))  # as the page
    large = Image.new("L", (4 * size[0], 4 * size[1]))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, 4 * size[0] - 1, 4 * size[1] - 1), 4 * min(50, size[1] // 2), 255
    )
    square, round_ = page(), page()
    square.paste(picture, (20, 70))
    round_.paste(picture, (20, 70), large.resize(size, Image.Resampling.BOX))
    assert kinds(*((round_, square) if back else (square, round_))) == ["rounded"]


def test_a_square_that_grew_has_no_round_corners() -> None:
    before, after = np.full((60, 60, 3), 34, np.uint8), np.full((60, 60, 3), 34, np.uint8)
    before[22:34, 20:32] = after[20:37, 20:37] = 176, 69, 79
    mask = (before != after).any(axis=2)[20:37, 20:37]
    assert corner_fact(before, after, Region((20, 20, 17, 17), mask, 2.0, 60.0)) is None


@pytest.mark.parametrize("back", [False, True])
def test_a_line_around_a_small_box_with_round_corners(back: bool) -> None:
    before, after = page(), page()
    for image, line in ((before, "#e91e63"), (after, "#823cb4")):
        ImageDraw.Draw(image).rounded_rectangle((40, 100, 59, 119), 5, "#e91e63", line, 2)
    assert kinds(*((after, before) if back else (before, after))) == ["outlined"]


@pytest.mark.parametrize("back", [False, True])
def test_dashes_around_a_badge(back: bool) -> None:
    images = [page(), page()]
    for image in images:
        draw = ImageDraw.Draw(image)
        draw.rectangle((40, 97, 103, 122), fill="#efb73e")
        draw.text((50, 103), "Overdue", "white", SMALL)
    draw = ImageDraw.Draw(images[1])
    for left in range(40, 104, 12):
        draw.rectangle((left, 97, min(left + 7, 103), 99), fill="#d62828")
        draw.rectangle((left, 120, min(left + 7, 103), 122), fill="#d62828")
    for left in (40, 101):
        draw.rectangle((left, 103, left + 2, 116), fill="#d62828")
    assert kinds(*images[:: -1 if back else 1]) == ["outlined"]
