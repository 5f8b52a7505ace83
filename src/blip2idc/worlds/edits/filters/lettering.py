"""Text of any length, face, size and colour written on a picture, plain, outlined or on a plate.

In: a picture `[H, W, 3]` uint8, a generator and a strength. Out: `Edited` with the pixels of the writing. The faces are
those that Matplotlib brings, and Pillow's own.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from blip2idc.worlds.edits.filters.canvas import PAINTS, paint, ramp
from blip2idc.worlds.edits.operations import Edited, Picture
from blip2idc.worlds.edits.regions import WORDS, box_of, place_of

#: Faces with Latin letters among those that Matplotlib brings.
FACES = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "DejaVuSansMono",
    "cmr10",
    "STIXGeneral",
)

#: What is written besides single words.
PHRASES = (
    "happy birthday", "for sale", "greetings from Rome", "Anna & Tom", "summer 2019", "no entry", "thank you",
    "see you soon", "50% off", "breaking news", "chapter one", "happy new year", "call 555 0199", "www.example.org",
    "the end", "best friends", "new", "wow", "photo by Mia", "made with love", "12:30", "Lisbon", "Section A",
)  # fmt: skip


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    found = find_spec("matplotlib")
    if face and found is not None and found.submodule_search_locations:
        file = Path(found.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf" / f"{face}.ttf"
        if file.is_file():
            return ImageFont.truetype(str(file), size)
    return ImageFont.load_default(size)


def lettering(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Writes a word or a phrase anywhere; small where the strength is low."""
    height, width = picture.shape[:2]
    words = str(rng.choice(WORDS if rng.random() < 0.5 else PHRASES))
    words = (words.upper(), words, words.capitalize())[int(rng.integers(3))]
    face = str(rng.choice(["", *FACES]))
    size = max(8, round(ramp(0.055, 0.3, strength) * min(height, width)))
    outline = max(1, size // 18) if rng.random() < 0.35 else 0
    box = _font(face, size).getbbox(words, stroke_width=outline)
    if box[2] - box[0] > 0.94 * width:
        size = max(6, int(size * 0.94 * width / (box[2] - box[0])))
        box = _font(face, size).getbbox(words, stroke_width=outline)
    wide, high = int(box[2] - box[0]), int(box[3] - box[1])
    left = int(rng.integers(0, max(1, width - wide)))
    top = int(rng.integers(0, max(1, height - high)))
    _, color = paint(rng)
    edge = PAINTS["black" if sum(color) > 380 else "white"]
    image, drawn = Image.fromarray(picture), Image.new("L", (width, height))
    at = (left - box[0], top - box[1])
    if rng.random() < 0.2:
        margin = max(2, size // 5)
        plate = (left - margin, top - margin, left + wide + margin, top + high + margin)
        ImageDraw.Draw(image).rectangle(plate, fill=edge)
        ImageDraw.Draw(drawn).rectangle(plate, fill=255)
    font = _font(face, size)
    ImageDraw.Draw(image).text(at, words, fill=color, font=font, stroke_width=outline, stroke_fill=edge)
    ImageDraw.Draw(drawn).text(at, words, fill=255, font=font, stroke_width=outline)
    mask = np.asarray(drawn) > 0
    if not mask.any():
        return Edited(picture)
    x, y, wide, high = box_of(mask)
    return Edited(
        np.asarray(image),
        {"place": place_of(x + wide / 2, y + high / 2, height, width), "word": words},
        mask,
        placed=True,
    )
