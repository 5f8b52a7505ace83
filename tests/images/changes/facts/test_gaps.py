"""What gave way in a part of a page, and one thing that moved."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact
from blip2idc.images.changes.facts.gaps import gave_way
from blip2idc.images.changes.facts.patch import Patch, patch_of
from blip2idc.images.changes.regions.grouping import Region

SMALL = ImageFont.truetype("DejaVuSans.ttf", 13)


def page(top: int) -> Image.Image:
    """A card with a button in it, which may lie over the edge of the card."""
    image = Image.new("RGB", (480, 300), "#f1f3f8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    draw.rounded_rectangle((20, 120, 460, 290), 6, "white", "#e4e7ec")
    draw.rounded_rectangle((340, top, 421, top + 28), 4, "white", "#d5d9de")
    draw.text((354, top + 6), "Sign out", "#5a6577", SMALL)
    return image


def patch(before: Image.Image, after: Image.Image) -> Patch:
    """All that differs, as one region."""
    images = [np.asarray(image) for image in (before, after)]
    mask = (images[0] != images[1]).any(axis=2)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    part = mask[box[1] : box[1] + box[3], box[0] : box[0] + box[2]]
    return patch_of(*images, Region(box, part, 2.0, 60.0), 0.0)


def test_a_button_that_went_up_alone_moved_although_it_covers_the_edge_of_a_card_now() -> None:
    assert gave_way(patch(page(140), page(112))) == Fact("moved", {"dx": 0, "dy": -28})


def test_lines_that_went_down_together_left_a_larger_gap() -> None:
    images = []
    for top in (60, 74):
        image = Image.new("RGB", (480, 300), "white")
        for line in range(4):
            ImageDraw.Draw(image).text(
                (30, top + 20 * line), f"All prices include taxes {line}", "#333333", SMALL
            )
        images.append(image)
    assert gave_way(patch(*images)) == Fact("gap", {"pixels": 14})


def test_a_thin_line_gave_no_way() -> None:
    images = []
    for line in (False, True):
        image = Image.new("RGB", (480, 300), "white")
        draw = ImageDraw.Draw(image)
        font = ImageFont.truetype("DejaVuSerif.ttf", 28)
        draw.text((62, 126), "bulbs until prices", "#222222", font)
        draw.text((62, 150), "prices until bulbs", "#222222", font)
        if line:
            draw.line((62, 161, 337, 161), "#222222")
        images.append(image)
    assert gave_way(patch(*images)) is None
