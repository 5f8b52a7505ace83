"""What happens to a file between two visits and is no change: saved again, resized, a trace of light or noise.

In: a picture `[H, W, 3]` uint8 and a generator. Out: the picture and the names of what was done to it; the size may be
another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image

from blip2idc.worlds.edits.filters.canvas import resized
from blip2idc.worlds.edits.operations import Picture, through, to_picture

Nuisance = Callable[[Picture, Generator], Picture]


def jpeg(picture: Picture, rng: Generator) -> Picture:
    """Through JPEG at a quality of 60 to 95."""
    return _saved(picture, "JPEG", int(rng.integers(60, 96)))


def webp(picture: Picture, rng: Generator) -> Picture:
    """Through WebP at a quality of 60 to 95."""
    return _saved(picture, "WEBP", int(rng.integers(60, 96)))


def _saved(picture: Picture, form: str, quality: int) -> Picture:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, form, quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def rescale(picture: Picture, rng: Generator) -> Picture:
    """To 70-135 % of the size, both sides alike."""
    share = float(rng.uniform(0.7, 1.35))
    return resized(picture, round(picture.shape[0] * share), round(picture.shape[1] * share))


def there_and_back(picture: Picture, rng: Generator) -> Picture:
    """To 70-95 % of the size and back."""
    share = float(rng.uniform(0.7, 0.95))
    less = resized(picture, round(picture.shape[0] * share), round(picture.shape[1] * share))
    return resized(less, *picture.shape[:2])


def light(picture: Picture, rng: Generator) -> Picture:
    """Values times 0.97 to 1.03, or bent by a gamma as small."""
    factor = float(rng.uniform(0.97, 1.03))
    levels = np.arange(256, dtype=np.float32)
    return through(levels * factor if rng.random() < 0.5 else 255 * (levels / 255) ** factor, picture)


def sensor(picture: Picture, rng: Generator) -> Picture:
    """The noise of a sensor, 1 to 3 levels."""
    grains = rng.normal(0, float(rng.uniform(1, 3)), picture.shape).astype(np.float32)
    return to_picture(picture + grains)


def nudge(picture: Picture, rng: Generator) -> Picture:
    """Moved by up to a pixel."""
    shift = rng.uniform(-1, 1, 2)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], dtype=np.float32)
    moved: Picture = cv2.warpAffine(
        picture, matrix, picture.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return moved


#: Every nuisance, by the name that it has in `change.distractors`.
NUISANCES: Mapping[str, Nuisance] = {
    "jpeg": jpeg,
    "webp": webp,
    "rescale": rescale,
    "there_and_back": there_and_back,
    "light": light,
    "sensor": sensor,
    "nudge": nudge,
}

#: Nuisances that keep every pixel in its place, so that masks and boxes stay exact.
IN_PLACE = ("jpeg", "webp", "light", "sensor")


def disturb(
    picture: Picture, rng: Generator, share: float, *, in_place: bool = False
) -> tuple[Picture, tuple[str, ...]]:
    """Applies one nuisance, or up to three, in `share` of all calls.

    Args:
        picture: `[H, W, 3]` uint8.
        rng: Where they are drawn from.
        share: How often anything is done, 0 to 1.
        in_place: Only those that keep size and place.
    """
    if rng.random() >= share:
        return picture, ()
    names = IN_PLACE if in_place else tuple(NUISANCES)
    count = int(rng.choice([1, 1, 2, 3]))
    chosen = tuple(names[int(index)] for index in rng.permutation(len(names))[:count])
    for name in chosen:
        picture = NUISANCES[name](picture, rng)
    return picture, chosen
