"""Whether one image is the other, encoded as JPEG: which quality and resolution of colour explain their difference.

In: two images pixel on pixel. Out: for every pixel, what of the difference no such encoding explains. An encoder is
deterministic: of a page that was saved as JPEG nothing is left but what changed, and what another encoder rounds
otherwise. Twice encoded pictures are explained in part.
"""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels

_TILE, _TILES = (
    48,
    12,
)  # pixels of a side of a tile, whole blocks of JPEG, and tiles on which qualities are tried
_QUALITIES = range(35, 99)
_TRIED = 2  # qualities that explain luma best, with every resolution of colour
_HARDLY = 0.95  # the same of luma alone, which is rounded otherwise beside its colours
_SAMPLINGS = (
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
)
_EXPLAINED = (
    0.7  # share of the difference of a tile that an encoding may leave, at the median, to be believed
)


def as_encoded(before: Pixels, after: Pixels) -> Pixels | None:
    """The image before, encoded like the image after.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].

    Returns:
        uint8 [H, W, 3], as like `after` as encoding makes it; None where no encoding explains much.
    """
    tiles = _telling_tiles(before, after)
    if not tiles:
        return None
    one, other = (
        np.concatenate([image[y : y + _TILE, x : x + _TILE] for y, x in tiles]) for image in (before, after)
    )
    luma = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (one, other)]
    found = {quality: _left(luma[0], luma[1], quality) for quality in _QUALITIES}
    likely = sorted(found, key=lambda quality: float(found[quality].mean()))[:_TRIED]
    if np.median(found[likely[0]]) > _HARDLY:
        return None
    ways = {way: _left(one, other, *way) for way in product(likely, _SAMPLINGS)}
    best = min(ways, key=lambda way: float(ways[way].mean()))
    return _encoded(before, *best) if np.median(ways[best]) <= _EXPLAINED else None


def _telling_tiles(before: Pixels, after: Pixels) -> list[tuple[int, int]]:
    """The corners (y, x), on the grid of JPEG, of tiles spread over the picture that differ a little."""
    height, width = before.shape[:2]
    found = []
    for y in range(0, height - _TILE + 1, _TILE):
        for x in range(0, width - _TILE + 1, _TILE):
            gap = float(
                cv2.norm(
                    before[y : y + _TILE, x : x + _TILE], after[y : y + _TILE, x : x + _TILE], cv2.NORM_L1
                )
            )
            if gap:
                found.append((gap, (y, x)))
    found.sort(reverse=True)
    step = max(1, len(found) // (2 * _TILES))  # of the half that differs more, evenly
    return [corner for _, corner in found[::step][:_TILES]]


def _left(one: Pixels, other: Pixels, quality: int, sampling: int = _SAMPLINGS[0]) -> np.ndarray:
    """Share of the difference of each of the tiles below each other that an encoding leaves."""
    laid = _encoded(one, quality, sampling)
    shares = []
    for top in range(0, len(one), _TILE):
        tile = slice(top, top + _TILE)
        before = cv2.norm(one[tile], other[tile], cv2.NORM_L1)
        shares.append(cv2.norm(laid[tile], other[tile], cv2.NORM_L1) / max(before, 1.0))
    return np.array(shares)


def _encoded(image: Pixels, quality: int, sampling: int) -> Pixels:
    """An RGB image, or a grey one, as JPEG and back."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    if image.ndim == 2:
        _, data = cv2.imencode(".jpg", image, settings[:2])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)
    return np.asarray(cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))
