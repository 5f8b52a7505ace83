"""What became of a thing of which pieces are found within others."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes.flow.became import became
from blip2idc.images.changes.flow.pieces import pair_pieces

WORDS = ImageFont.truetype("DejaVuSans.ttf", 13)


def test_dark_words_are_not_seen_on_black() -> None:
    before, after = (Image.new("RGB", (360, 300), "#f6f6f6") for _ in range(2))
    ImageDraw.Draw(before).text((40, 30), "jacket", "#151515", WORDS)
    draw = ImageDraw.Draw(after)
    for step in range(40):
        draw.line((100 + 5 * step, 120, 299 - 4 * step, 250), f"#{40 + 4 * step:02x}5030", width=3)
    draw.rectangle((150, 170, 260, 240), fill="#101010")
    images = np.asarray(before), np.asarray(after)
    pieces = pair_pieces(*images, (images[0] != images[1]).any(axis=2), 4)
    assert pieces is not None
    assert became(pieces.found, pieces.lost, pieces.new, *images) is None
