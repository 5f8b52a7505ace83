"""Boxes that opened over a page."""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.facts.panels import plain_box


def test_a_place_of_three_colours_by_turns_has_no_ground() -> None:
    colors = np.array([(7, 0, 0), (0, 7, 0), (0, 0, 7)], np.uint8)
    image = colors[np.add.outer(np.arange(90), np.arange(120)) % 3]
    assert plain_box(image, (0, 0, 120, 90)) is None
