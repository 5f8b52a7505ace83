"""Every filter by name, and whether one shows.

In: a kind. Out: the operation that performs it, how often it is drawn, and the least difference at which it is an
edit and no nuisance.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from blip2idc.worlds.edits.filters.artistic import ARTISTIC
from blip2idc.worlds.edits.filters.canvas import UNIT_SIDE, resized
from blip2idc.worlds.edits.filters.captions import UNDONE
from blip2idc.worlds.edits.filters.detail import DETAIL
from blip2idc.worlds.edits.filters.effects import EFFECTS
from blip2idc.worlds.edits.filters.overlays import MIXES, OVERLAYS
from blip2idc.worlds.edits.filters.tone import TONE
from blip2idc.worlds.edits.filters.warps import WARPS
from blip2idc.worlds.edits.operations import Edited, Operation, Picture, luma

#: Every filter of one picture, by the name that it has in `change.kind`.
FILTERS: Mapping[str, Operation] = {**TONE, **DETAIL, **ARTISTIC, **WARPS, **OVERLAYS, **EFFECTS}

#: Every kind of edit of a whole picture.
FILTER_KINDS: tuple[str, ...] = (*FILTERS, *MIXES)

#: The kinds that are another kind undone: the name of what is undone.
UNDOING: Mapping[str, str] = {name: kind for kind, (name, _) in UNDONE.items()}

#: Kinds that people meet most often; they are drawn this many times as often as the others.
COMMON: Mapping[str, int] = dict.fromkeys(
    ("brighten", "darken", "contrast_up", "contrast_down", "saturate", "desaturate", "black_and_white", "blur",
     "sharpen", "noise", "crop", "rotate", "flip", "border", "sepia", "invert", "pixelate", "tint", "warmer", "cooler"),
    2,
)  # fmt: skip

#: Least mean absolute difference (0..255) in a copy whose longer side has 256 pixels.
FLOOR = 4.5
FLOORS: Mapping[str, float] = {
    "brighten": 8.0,
    "darken": 8.0,
    "contrast_up": 6.0,
    "contrast_down": 6.0,
    "shadows": 6.0,
    "highlights": 6.0,
    "sharpen": 3.0,
    "blur": 3.0,
    "smooth": 2.5,
    "tilt_shift": 2.5,
    "film_grain": 3.0,
    "salt_and_pepper": 1.0,
    "watermark": 0.8,
    "date_stamp": 0.3,
    "grid_lines": 1.5,
    "round_corners": 0.3,
    "jigsaw": 2.0,
    "coffee_stain": 2.0,
    "lens_flare": 3.0,
    "ghosting": 3.0,
    "wind": 3.0,
    "pinch": 3.0,
    "sparkle": 1.0,
    "bevel": 2.5,
    "ripple": 3.0,
    "bubbles": 2.0,
    "jpeg": 3.0,
    "vignette": 3.5,
    "page_curl": 3.0,
    "swirl": 3.0,
    "border": 1.0,
}
#: Least difference over the mask of an edit that has a place.
PLACED_FLOOR = 9.0
#: Least mean distance of colours from grey in the picture before, for kinds that would not show on a grey one.
COLORFUL: Mapping[str, float] = {"saturate": 6.0, "desaturate": 12.0, "black_and_white": 7.0, "hue": 8.0}
#: Least mean distance that is left in the picture after.
KEPT_COLORFUL: Mapping[str, float] = {"desaturate": 3.0, "hue": 6.0}


def shows(kind: str, before: Picture, edited: Edited) -> bool:
    """Whether a filter of this catalogue changed the picture beyond what a nuisance may."""
    if colorfulness(before) < COLORFUL.get(kind, 0.0) or colorfulness(edited.picture) < KEPT_COLORFUL.get(
        kind, 0.0
    ):
        return False
    if kind in ("flip", "mirror_half", "half_turn", "small_copies", "offset", "another_photo", "collage"):
        return difference(before, edited.picture) >= 10.0
    if before.shape != edited.picture.shape:
        return True
    if edited.placed and edited.mask is not None:
        return float(cv2.absdiff(before, edited.picture)[edited.mask].mean()) >= PLACED_FLOOR
    return difference(before, edited.picture) >= FLOORS.get(kind, FLOOR)


def small(picture: Picture) -> Picture:
    """A copy whose longer side has at most 256 pixels."""
    scale = UNIT_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return resized(picture, round(picture.shape[0] * scale), round(picture.shape[1] * scale))


def difference(before: Picture, after: Picture) -> float:
    """Mean absolute difference of two pictures, the second brought to the size of the first."""
    first = small(before)
    second = small(after)
    if first.shape != second.shape:
        second = resized(after, *first.shape[:2])
    return float(cv2.absdiff(first, second).mean())


def colorfulness(picture: Picture) -> float:
    """Mean distance of colours from grey."""
    copy = small(picture).astype(np.float32)
    return float(np.abs(copy - luma(copy)[..., None]).mean())
