"""What came and went on grounds of pages."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

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
