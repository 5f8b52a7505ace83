"""Whether an edit shows, measured on the copy that a small model sees.

In: the picture before and the edit. Out: yes or no. Both pictures are reduced to 128 x 64 pixels and compared there;
each kind has a floor on the mean absolute difference (0..255), and those kinds that could be taken for one another
have a test that keeps them apart, e.g. a desaturated picture must keep some colour.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blip2idc.worlds.edits.operations import SEEN_WIDTH, Edited, Picture, Plane, blurred, luma, seen_pixels
from blip2idc.worlds.edits.regions import box_of, fill_in

#: Width and height of the copy on which edits are measured.
SEEN_SIZE = (SEEN_WIDTH, SEEN_WIDTH // 2)

#: Least mean absolute difference of each kind: over the mask where the edit has one, else over the picture.
FLOORS: Mapping[str, float] = {
    "brighten": 15.0,
    "darken": 15.0,
    "contrast_up": 12.0,
    "contrast_down": 12.0,
    "saturate": 8.0,
    "desaturate": 7.0,
    "black_and_white": 9.0,
    "tint": 14.0,
    "invert": 40.0,
    "blur": 5.0,
    "sharpen": 7.0,
    "noise": 9.0,
    "pixelate": 6.0,
    "flip": 15.0,
    "rotate": 13.0,
    "crop": 13.0,
    "border": 35.0,
    "text": 45.0,
    "region_blur": 6.0,
    "region_cover": 32.0,
    "region_recolor": 24.0,
    "region_remove": 16.0,
    "region_duplicate": 24.0,
    "region_paste": 24.0,
}

#: Least difference after a reduction to 16 x 8 for kinds that fine, even texture would hide: what moves must be
#: larger than the grain of the picture.
COARSE_FLOORS: Mapping[str, float] = {
    "flip": 13.0,
    "crop": 8.0,
    "rotate": 8.0,
    "region_remove": 8.0,
    "region_duplicate": 13.0,
}
#: Side of the blocks that are averaged for it, in pixels of the seen copy.
COARSE_BLOCK = 8

#: Largest change of the mean luma that may come with a change of contrast.
CONTRAST_DRIFT = 8.0
#: Least mean distance of colours from grey that a desaturated picture keeps.
KEPT_CHROMA = 5.0
#: Least spread of the luma in a recoloured, duplicated or pasted region, so that it is not taken for a cover.
REGION_SPREAD = 10.0
#: Least difference between a region blurred and the same region filled in from around it.
BLUR_FROM_FILL = 12.0


def seen(picture: Picture) -> Plane:
    """The picture as a small model sees it: `[H, W, 3]` uint8 -> `[64, 128, 3]` float32."""
    if picture.shape[:2] == SEEN_SIZE[::-1]:
        return picture.astype(np.float32)
    return np.asarray(Image.fromarray(picture).resize(SEEN_SIZE, Image.Resampling.BOX)).astype(np.float32)


def _seen_weights(mask: NDArray[np.bool_]) -> Plane:
    image = Image.fromarray(mask.astype(np.uint8) * 255).resize(SEEN_SIZE, Image.Resampling.BOX)
    return np.asarray(image).astype(np.float32) / 255.0


def shows(kind: str, before: Picture, edited: Edited) -> bool:
    """Whether an edit can be seen, and be told from the other kinds."""
    old, new = seen(before), seen(edited.picture)
    height, width = old.shape[:2]
    whole = np.ones((height, width), dtype=np.float32)
    weights = whole if edited.mask is None else _seen_weights(edited.mask)
    if _level(new - old, weights) < FLOORS[kind]:
        return False
    if _level(_coarse(new - old), _coarse(weights)) < COARSE_FLOORS.get(kind, 0.0):
        return False
    if edited.mask is None:
        return _is_itself(kind, old, new)
    return _region_is_itself(kind, before, edited, new, weights)


def _level(difference: Plane, weights: Plane) -> float:
    """Mean absolute difference `[H, W, 3]`, weighted by `[H, W]`."""
    return float((np.abs(difference).mean(axis=-1) * weights).sum() / weights.sum())


def _coarse(plane: Plane) -> Plane:
    """Means over square blocks: `[H, W, ...]` -> `[H / 8, W / 8, ...]`."""
    height, width = (side // COARSE_BLOCK for side in plane.shape[:2])
    blocks = plane.reshape(height, COARSE_BLOCK, width, COARSE_BLOCK, *plane.shape[2:])
    means: Plane = blocks.mean(axis=(1, 3))
    return means


def _is_itself(kind: str, old: Plane, new: Plane) -> bool:
    """Tells an edit of the whole picture from its neighbours; all planes `[64, 128, 3]`."""
    if kind in ("brighten", "darken"):
        drift = float(luma(new).mean() - luma(old).mean())
        return drift >= FLOORS[kind] if kind == "brighten" else -drift >= FLOORS[kind]
    if kind in ("contrast_up", "contrast_down"):
        old_luma, new_luma = luma(old), luma(new)
        ratio = float(new_luma.std() / max(1e-6, old_luma.std()))
        drift = abs(float(new_luma.mean() - old_luma.mean()))
        return drift <= CONTRAST_DRIFT and (ratio >= 1.25 if kind == "contrast_up" else ratio <= 0.7)
    if kind in ("saturate", "desaturate"):
        old_chroma, new_chroma = _chroma(old), _chroma(new)
        return new_chroma >= 1.3 * old_chroma if kind == "saturate" else new_chroma >= KEPT_CHROMA
    return True


def _chroma(plane: Plane) -> float:
    return float(np.abs(plane - luma(plane)[..., None]).mean())


def _region_is_itself(kind: str, before: Picture, edited: Edited, new: Plane, weights: Plane) -> bool:
    """Tells an edit of a region from its neighbours; `new` `[64, 128, 3]`, `weights` `[64, 128]`."""
    if kind in ("region_recolor", "region_duplicate", "region_paste"):
        values, total = luma(new), weights.sum()
        mean = (values * weights).sum() / total
        spread = float(np.sqrt(((values - mean) ** 2 * weights).sum() / total))
        return spread >= REGION_SPREAD
    if kind in ("region_blur", "region_remove") and edited.mask is not None:
        left, top, width, height = box_of(edited.mask)
        window = (slice(top, top + height), slice(left, left + width))
        soft = blurred(before, 2.75 * seen_pixels(before))[window].astype(np.float32)
        filled = fill_in(before, (left, top, width, height))
        return float(np.abs(soft - filled).mean()) >= BLUR_FROM_FILL
    return True
