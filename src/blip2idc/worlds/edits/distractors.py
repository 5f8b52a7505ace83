"""Small differences that are no change: what happens to a file between two visits.

In: a picture `[H, W, 3]` uint8 and a generator. Out: the picture re-encoded as JPEG, made smaller and larger again,
up to 3 % brighter or darker, or moved by one pixel, and the name of what was done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
from numpy.random import Generator
from PIL import Image

from blip2idc.worlds.edits.operations import SEEN_WIDTH, Picture, to_picture

Distractor = Callable[[Picture, Generator], Picture]


def reencode(picture: Picture, rng: Generator) -> Picture:
    """Through JPEG at a quality of 60 to 90."""
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=int(rng.integers(60, 91)))
    return np.asarray(Image.open(buffer).convert("RGB"))


def resize(picture: Picture, rng: Generator) -> Picture:
    """To 60-92 % of the size and back, never so small that a copy `SEEN_WIDTH` wide would look blurred."""
    height, width = picture.shape[:2]
    smallest = max(0.6, min(0.85, 0.9 * SEEN_WIDTH / width))
    share = float(rng.uniform(smallest, 0.92))
    size = (max(1, round(share * width)), max(1, round(share * height)))
    image = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def brightness(picture: Picture, rng: Generator) -> Picture:
    """Values times 0.97 to 1.03."""
    return to_picture(picture * np.float32(rng.uniform(0.97, 1.03)))


def shift(picture: Picture, rng: Generator) -> Picture:
    """Moves the picture by one pixel along one axis or both; the edge is repeated."""
    moves = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
    down, right = moves[int(rng.integers(len(moves)))]
    height, width = picture.shape[:2]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return picture[rows[:, None], columns[None, :]]


#: Every distractor, by the name that it has in `change.distractors`.
DISTRACTORS: Mapping[str, Distractor] = {
    "reencode": reencode,
    "resize": resize,
    "brightness": brightness,
    "shift": shift,
}


def distract(picture: Picture, rng: Generator, share: float) -> tuple[Picture, tuple[str, ...]]:
    """Applies one distractor, or two in a third of the cases, in `share` of all calls.

    Returns:
        The picture and the names of the distractors, in the order in which they were applied.
    """
    if rng.random() >= share:
        return picture, ()
    count = 2 if rng.random() < 1 / 3 else 1
    chosen = rng.permutation(len(DISTRACTORS))[:count]
    names = tuple(list(DISTRACTORS)[int(i)] for i in chosen)
    for name in names:
        picture = DISTRACTORS[name](picture, rng)
    return picture, names
