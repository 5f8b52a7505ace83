"""The picture of a difference: the scene in pale gray, and on it, in one strong colour, what differs.

In: a pair and how its images lie on each other. Out: an RGB picture in the frame that both have in common.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from blip2idc.images.changes import Alignment
from blip2idc.images.pair import ImagePair

_INK = (214, 20, 70)
_PALE = 0.25  # of the scene's own contrast
_MOST_PIXELS = 20_000_000  # of larger pairs, the difference is shown smaller


def difference_picture(pair: ImagePair, alignment: Alignment | None = None) -> Image.Image:
    """Show where two images differ.

    Args:
        pair: 8-bit RGB.
        alignment: How they lie on each other; None, or one without a geometry, for corner on corner.

    Returns:
        Pale where they are equal; the more they differ, the stronger the ink.
    """
    before, after = _frame(pair, alignment)
    gap = np.abs(before.astype(np.int16) - after.astype(np.int16)).max(axis=2)
    pale = 255 - ((255 - after.mean(axis=2)) * _PALE)
    # every difference shows: the least one has a third of the ink
    ink = np.where(gap > 0, 0.35 + 0.65 * np.minimum(1.0, gap / 96.0), 0.0)[:, :, None]
    mixed = pale[:, :, None] * (1 - ink) + np.array(_INK) * ink
    return Image.fromarray(np.rint(mixed).astype(np.uint8))


def _frame(pair: ImagePair, alignment: Alignment | None) -> tuple[np.ndarray, np.ndarray]:
    """Both images as arrays of one shape."""
    factor = int(
        np.ceil(
            (max(image.width * image.height for image in (pair.before, pair.after)) / _MOST_PIXELS) ** 0.5
        )
    )
    laid = alignment is not None and alignment.kind not in ("aligned", "none") and factor == 1
    if laid:
        from blip2idc.images.changes.geometry.overlay import lay

        assert alignment is not None
        overlay = lay(np.asarray(pair.before), np.asarray(pair.after), alignment)
        before, after = overlay.before, overlay.after
        if overlay.valid is not None:
            before = np.where(overlay.valid[:, :, None], before, after)
        return before, after
    one, other = (
        np.asarray(image.reduce(factor) if factor > 1 else image) for image in (pair.before, pair.after)
    )
    if one.shape == other.shape:
        return one, other
    height, width = (max(one.shape[axis], other.shape[axis]) for axis in (0, 1))
    canvases = [np.full((height, width, 3), 255, np.uint8) for _ in range(2)]
    there = [np.zeros((height, width), bool) for _ in range(2)]
    for canvas, mask, image in zip(canvases, there, (one, other), strict=True):
        canvas[: image.shape[0], : image.shape[1]] = image
        mask[: image.shape[0], : image.shape[1]] = True
    alone = there[0] != there[1]
    canvases[0][alone] = 255 - canvases[1][alone]  # what only one of them has differs
    canvases[0][alone & (there[0] | (canvases[0] == canvases[1]).all(axis=2))] = 0
    return canvases[0], canvases[1]
