"""What differs between two photographs of a page that nobody changed: another encoding, antialiasing, a scroll bar.

In: a photograph `[H, W, 3]` uint8 and a generator. Out: a photograph of the same size. What has to happen in the page
itself (a clock that runs on, the caret, other smoothing of letters) is in `nuisances.js`.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]

#: Nuisances made in the page, by `nuisances.js`.
IN_PAGE = ("clock", "caret", "smoothing")

#: Nuisances made of a photograph with twice as many pixels each way.
FINE = ("half_pixel", "supersampled")

#: Qualities of JPEG at which people keep screenshots.
QUALITIES = (75, 96)


def encoded(pixels: Pixels, rng: Generator) -> Pixels:
    """Written as JPEG of a quality from 75 to 95, and read again."""
    handle = io.BytesIO()
    Image.fromarray(pixels).save(handle, "JPEG", quality=int(rng.integers(*QUALITIES)))
    with Image.open(handle) as image:
        return np.asarray(image.convert("RGB"))


def with_scroll_bar(pixels: Pixels, rng: Generator) -> Pixels:
    """With a scroll bar of 6 to 16 pixels at the right side, over the page."""
    made = pixels.copy()
    height, width = made.shape[:2]
    bar = int(rng.integers(6, 17))
    track, thumb = (int(value) for value in rng.choice([(241, 193), (250, 170), (60, 110), (255, 200)]))
    made[:, width - bar :] = track
    length = int(height * rng.uniform(0.15, 0.6))
    top = int(rng.integers(0, height - length + 1))
    made[top : top + length, width - bar + 2 : width - 2] = thumb
    return made


def with_other_edges(pixels: Pixels, rng: Generator) -> Pixels:
    """With edges antialiased otherwise: each pixel mixed with a neighbour by a random share of up to a quarter."""
    values = pixels.astype(np.float32)
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    dy, dx = ((1, 0), (1, 2), (0, 1), (2, 1))[int(rng.integers(4))]
    neighbour = padded[dy : dy + values.shape[0], dx : dx + values.shape[1]]
    share = rng.uniform(0, rng.choice([0.12, 0.25]), pixels.shape[:2]).astype(np.float32)[:, :, None]
    return np.rint(values + share * (neighbour - values)).astype(np.uint8)


def reduced(fine: Pixels, shift: int) -> Pixels:
    """A photograph of `[2H, 2W, 3]` at half the size, shifted by `shift` fine pixels to the right."""
    moved = np.roll(fine, shift, 1)
    moved[:, :shift] = fine[:, :1]
    height, width = fine.shape[0] // 2, fine.shape[1] // 2
    blocks = moved[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).astype(np.float32)
    made: Pixels = np.rint(blocks.mean((1, 3))).astype(np.uint8)
    return made


#: Nuisances made of the photograph alone.
IN_PICTURE: Mapping[str, Callable[[Pixels, Generator], Pixels]] = {
    "encoding": encoded,
    "edges": with_other_edges,
    "scroll_bar": with_scroll_bar,
}

#: Every nuisance; encoding twice as often as the others.
NUISANCES = (*IN_PAGE, *FINE, *IN_PICTURE, "encoding")


def drawn(rng: Generator, changed: bool) -> tuple[str, ...]:
    """The nuisances of a pair: one or two without a change, and at times none; with a change mostly none."""
    count = int(rng.choice([0, 1], p=[0.6, 0.4]) if changed else rng.choice([0, 1, 2], p=[0.1, 0.6, 0.3]))
    found = {str(rng.choice(NUISANCES)) for _ in range(count)}
    if changed:
        found -= {"smoothing"}  # it touches every letter, so that the change could not be looked for
    return tuple(name for name in dict.fromkeys(NUISANCES) if name in found)


def times(rng: Generator) -> tuple[str, str]:
    """Two times of a day as a clock shows them, some seconds to some hours apart."""
    start, later = int(rng.integers(86400)), int(rng.choice([7, 60, 1260, 9000]))
    seconds = later < 60 or rng.random() < 0.3
    return _clock(start, seconds), _clock((start + later) % 86400, seconds)


def _clock(value: int, seconds: bool) -> str:
    text = f"{value // 3600:02d}:{value // 60 % 60:02d}"
    return f"{text}:{value % 60:02d}" if seconds else text
