"""What came and went on grounds of pages."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.measure import measure_facts
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.worlds.edits.photographs import packaged_photographs


def test_a_picture_in_a_bare_frame_with_a_shadow_appears() -> None:
    """What is around a card with a shadow has no colour of its own, but the card is bare."""
    x, y, width, height = box = (80, 60, 240, 160)
    shadow = np.zeros((280, 400), np.float32)
    shadow[y : y + height, x : x + width] = 60
    before = np.repeat((255 - cv2.GaussianBlur(shadow, (0, 0), 9))[:, :, None], 3, axis=2).astype(np.uint8)
    before[y : y + height, x : x + width] = 255
    after = before.copy()
    photograph = Image.open(packaged_photographs("test")[0]).convert("RGB").resize((width, height))
    after[y : y + height, x : x + width] = np.asarray(photograph)
    region = Region(box, np.ones((height, width), bool), 5.0, 100.0)
    assert [fact.kind for fact in measure_facts(before, after, region, 1.0)] == ["appeared"]
    assert [fact.kind for fact in measure_facts(after, before, region, 1.0)] != ["appeared"]


def gradient() -> Image.Image:
    """A photograph of a wall, light at one side."""
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(60, 200, (9, 12, 3), np.uint8))
    return coarse.resize((480, 320), Image.Resampling.BICUBIC)


def test_a_bright_place_that_is_clipped_now_is_not_covered() -> None:
    before = gradient()
    after = before.copy()
    ImageDraw.Draw(after).ellipse((310, 210, 359, 234), fill="white")
    before = Image.blend(before, after, 0.7)
    kinds = [
        fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts
    ]
    assert "covered" not in kinds


def test_an_empty_page_of_another_colour_shows_no_thing() -> None:
    images = Image.new("RGB", (240, 180), "white"), Image.new("RGB", (240, 180), "#868686")
    (change,) = find_changes(*images, texts=False).changes
    assert change.facts == ()
