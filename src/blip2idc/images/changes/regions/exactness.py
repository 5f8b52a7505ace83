"""Whether two images are equal to the pixel where nothing changed, and which differences stand out accordingly.

In: two images in one frame. Out: an `Excess`, exact or beyond noise.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.geometry import alignment as aligning
from blip2idc.images.changes.geometry.overlay import Overlay
from blip2idc.images.changes.pictures import Pixels, Plane, difference, tile_ends
from blip2idc.images.changes.regions.noise import Excess, exact_excess, noisy_excess
from blip2idc.images.changes.regions.rendering import without_drawn_anew

#: Pixels of the side of a tile.
_CELL = 16
#: Levels, and the share of differences up to there that drawing leaves at most.
_SMALL, _FEW_SMALL = 12, 0.1
#: Share of an image that is not its ground, and of that what is nearly its colour, at most: letters have 0.05 to 0.11
#: of the latter, in JPEG up to quality 98 0.3 and more.
_HALF, _FEW_NEAR = 0.5, 0.11
#: Pixels that are not ground in an image that holds little, at most.
_LITTLE = 20_000
#: Share of equal tiles from which on every difference counts.
_MOSTLY_EQUAL = 0.7
#: Places over which differences are spread, and tiles that JPEG changes, at least.
_SPREAD_PLACES, _MANY_TILES = 12, 40
#: Levels by which pixels of one colour may become different ones, and the share of pixels that keep to it.
_SAME, _NEARLY_ALL = 2, 0.95
#: Pixels of one colour that tell something, at least, and the share of what differs that has to tell.
_OFTEN, _TELLING = 2, 0.5
#: Levels of luma from which on a tile has structure.
_STRUCTURE = 12


def excess_of(overlay: Overlay, gap: Plane | None, plain: Plane | None) -> Excess:
    """Which differences stand out.

    Args:
        overlay: The two images.
        gap: The difference of the values as they are, where the images lie on each other and it is known.
        plain: The difference of the overlay, where it is known.
    """
    if overlay.resampled:
        return noisy_excess(overlay)
    if plain is None:
        plain = difference(overlay.before, overlay.after)
    if not _is_exact(overlay, plain):
        return without_drawn_anew(noisy_excess(overlay), overlay.before, overlay.after)
    return exact_excess(plain if gap is None else gap)


def _is_exact(overlay: Overlay, plain: Plane) -> bool:
    """Whether much of a pair is equal to the pixel, and what differs is not spread all over it."""
    equal = aligning.equal_share(overlay.before, overlay.after, plain)
    if equal < aligning.EXACT:
        gap = plain[plain > 0]  # with little on a page, all of it may have changed
        few = 0 < gap.size < 0.5 * plain.size
        bare = few and (gap <= _SMALL).mean() < _FEW_SMALL and not _is_spread(plain)
        bare = bare or (few and holds_little(overlay.before, overlay.after, plain))
        recoloured = few and float(np.median(gap)) > _SMALL and _is_recoloured(overlay, plain)
        return bool(bare) or recoloured or aligning.came_or_went(overlay.before, overlay.after)
    if equal >= _MOSTLY_EQUAL:
        return True
    return not _is_spread(plain) and not _is_encoded_anew(overlay.before, overlay.after)


def holds_little(before: Pixels, after: Pixels, plain: Plane) -> bool:
    """Whether two pictures of one size hold so little, drawn cleanly, that all of it may have changed in its place.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        plain: Their difference.
    """
    differing = plain[plain > 0]
    large = differing.size > 0 and float(np.median(differing)) > _SMALL
    return large and not _is_spread(plain) and _is_clean(before, after)


def _is_clean(before: Pixels, after: Pixels) -> bool:
    """Whether both are drawn in few pixels on a ground that no encoding touched: little is nearly of its colour."""
    ground = _ground(before)
    if not np.array_equal(ground, _ground(after)):
        return False
    for image in (before, after):
        off = np.abs(image.astype(np.int16) - ground).max(axis=2)
        inked = np.count_nonzero(off)
        if (
            inked > min(_LITTLE, _HALF * off.size)
            or np.count_nonzero(off <= _SMALL) - (off.size - inked) > _FEW_NEAR * inked
        ):
            return False
    return True


def _ground(image: Pixels) -> np.ndarray:
    """The commonest colour, int16 [3]."""
    colours, counts = np.unique(
        image.reshape(-1, 3).astype(np.int32) @ (1, 1 << 8, 1 << 16), return_counts=True
    )
    packed = int(colours[counts.argmax()])
    return np.array([packed & 255, packed >> 8 & 255, packed >> 16], np.int16)


def _is_recoloured(overlay: Overlay, plain: Plane) -> bool:
    """Whether each colour stayed as it is or became another one wherever it is, as encoding never leaves it.

    So the ink of all letters of a page may change, with every shade of their borders.
    """
    differs = plain.ravel() > 0
    colours = overlay.before.reshape(-1, 3).astype(np.int64) @ (1, 1 << 8, 1 << 16)
    _, which, counts = np.unique(colours, return_inverse=True, return_counts=True)
    went = np.bincount(which[differs], minlength=len(counts)) >= _NEARLY_ALL * counts
    telling = differs & (counts >= _OFTEN)[which]
    if telling.sum() < _TELLING * differs.sum():
        return False
    order = np.argsort(which, kind="stable")
    middles = order[np.cumsum(counts) - counts + counts // 2]  # a pixel of each colour
    became = overlay.after.reshape(-1, 3).astype(np.int16)
    keeps = np.abs(became - became[middles][which]).max(axis=1) <= _SAME
    return bool((keeps & went[which])[telling].mean() >= _NEARLY_ALL)


def _is_encoded_anew(before: Pixels, after: Pixels) -> bool:
    """Whether most tiles that differ do so both ways and by less than their own contrast, as JPEG makes them."""
    one, other = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (before, after))
    darkest, brightest = tile_ends(one, _CELL)
    lighter, darker = (
        tile_ends(plane, _CELL)[1] for plane in (cv2.subtract(other, one), cv2.subtract(one, other))
    )
    contrast = brightest - darkest
    differs = (contrast > _STRUCTURE) & (np.maximum(lighter, darker) > 0)
    noisy = differs & (np.minimum(lighter, darker) > 0) & (np.maximum(lighter, darker) < 0.5 * contrast)
    return bool(noisy.sum() >= _MANY_TILES and noisy.sum() >= 0.5 * differs.sum())


def _is_spread(plain: Plane) -> bool:
    """Whether differences lie in many places, none of which holds most of them."""
    height, width = (side // _CELL * _CELL for side in plain.shape)
    if not height or not width:
        return False
    cells = plain[:height, :width].reshape(height // _CELL, _CELL, width // _CELL, _CELL).any(axis=(1, 3))
    _, _, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    return len(areas) >= _SPREAD_PLACES and areas.max() < 0.5 * areas.sum()
