"""Parts of a photograph that hang together: a patch of sky, a petal, a wall.

In: a picture and a generator. Out: a mask that follows the picture's own edges.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.worlds.edits.operations import Picture

Mask = NDArray[np.bool_]

#: Longer side of the copy in which a part is grown.
GROWN_AT = 160

#: Least and greatest share of the picture that a part takes.
SMALLEST, LARGEST = 0.008, 0.22

#: Seeds tried, and tolerances of colour (0..255) tried at each, from strict to loose.
SEEDS = 6
TOLERANCES = (6, 10, 15, 22, 30)


def segment(picture: Picture, rng: Generator) -> Mask | None:
    """A part of the picture grown from a random pixel: `[H, W]` bool; None where no part of a fit size is found."""
    height, width = picture.shape[:2]
    scale = GROWN_AT / max(height, width)
    size = (max(16, round(width * scale)), max(16, round(height * scale)))
    calm = cv2.bilateralFilter(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 7, 40, 5)
    lab = cv2.cvtColor(calm, cv2.COLOR_RGB2LAB)
    for _ in range(SEEDS):
        at = (int(rng.integers(4, size[0] - 4)), int(rng.integers(4, size[1] - 4)))
        wanted = SMALLEST * (LARGEST / SMALLEST) ** float(rng.random())
        best = None
        for tolerance in TOLERANCES:
            grown = np.zeros((size[1] + 2, size[0] + 2), dtype=np.uint8)
            flags = 8 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY | (255 << 8)
            cv2.floodFill(
                lab,
                grown,
                at,
                0,
                (tolerance * 2, tolerance, tolerance),
                (tolerance * 2, tolerance, tolerance),
                flags,
            )
            part = grown[1:-1, 1:-1]
            share = float((part > 0).mean())
            if share > LARGEST:
                break
            if share >= SMALLEST:
                best = part
            if share >= wanted:
                break
        if best is not None:
            return _tidied(best, height, width)
    return None


def _tidied(part: NDArray[np.uint8], height: int, width: int) -> Mask:
    """Without holes and fringes, at the size of the picture."""
    closed = cv2.morphologyEx(part, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(closed)
    cv2.drawContours(whole, [max(outlines, key=cv2.contourArea)], -1, 255, -1)
    large = cv2.resize(whole, (width, height), interpolation=cv2.INTER_LINEAR)
    smooth: Mask = cv2.GaussianBlur(large, (0, 0), max(0.8, 0.004 * max(height, width))) > 127
    return smooth if smooth.any() else large > 0
