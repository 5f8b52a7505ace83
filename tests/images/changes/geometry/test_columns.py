"""A card put into one of several columns is one change; a thing that moved is no insertion."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes

SIZE = (900, 620)


def board(*columns: tuple[str, ...]) -> Image.Image:
    """Columns of cards, each 90 pixels high, below each other."""
    image = Image.new("RGB", SIZE, "#f1f5f9")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    for place, cards in enumerate(columns):
        for row, text in enumerate(cards):
            x, y = 20 + 220 * place, 20 + 100 * row
            draw.rounded_rectangle((x, y, x + 200, y + 90), 8, "white", "#94a3b8")
            draw.text((x + 14, y + 12), text, "#1f2933", font)
            draw.text((x + 14, y + 48), f"{len(text) * 37 % 91} points", "#64748b", font)
    return image


TODO = ("Write the report", "Call the harbour", "Paint the bridge")
OTHERS = ("Count the tickets", "Open the garden"), ("Read the letters",)


@pytest.mark.parametrize("row", [0, 1])
def test_a_card_put_into_a_column_is_one_change(row: int) -> None:
    before, after = board(TODO, *OTHERS), board((*TODO[:row], "Buy silver paper", *TODO[row:]), *OTHERS)
    comparison = find_changes(before, after)
    assert (comparison.alignment.kind, comparison.alignment.rows) == ("aligned", ())
    (change,) = comparison.changes
    assert change.before_box is None
    assert change.after_box == pytest.approx((20, 20 + 100 * row, 201, 95), abs=17)
    (change,) = find_changes(after, before).changes
    assert change.after_box is None


def test_a_card_that_moved_to_another_column_is_no_insertion() -> None:
    before, after = board(TODO, *OTHERS), board(TODO[:2], (*OTHERS[0], TODO[2]), *OTHERS[1:])
    (change,) = find_changes(before, after).changes
    moved = change.fact("moved")
    assert moved is not None
    assert moved.values == {"dx": 220, "dy": 0}


def test_a_disc_that_moved_by_a_pixel_between_other_changes_left_no_gap() -> None:
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(20, 200, (6, 8, 3), np.uint8))
    picture = coarse.resize((44, 11), Image.Resampling.BICUBIC)
    images = []
    for moved in (0, 1):
        image = Image.new("RGB", (480, 360), "#15181d")
        draw = ImageDraw.Draw(image)
        draw.ellipse((1 + moved, 161, 51 + moved, 242), fill="white")
        draw.text((0, 124), "Open il.", "#f4f4f4", ImageFont.truetype("DejaVuSans.ttf", 20))
        mask = Image.new("L", picture.size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, 43, 10), 5 * moved, 255)
        image.paste(picture, (1, 244), mask)
        if not moved:
            draw.text((0, 111), "Sold", "#222222", ImageFont.truetype("DejaVuSans.ttf", 10))
        images.append(image)
    facts = [fact.kind for change in find_changes(*images, texts=False).changes for fact in change.facts]
    assert "gap" not in facts
