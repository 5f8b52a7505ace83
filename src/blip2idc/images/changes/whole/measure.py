"""What happened to a whole picture, before any model speaks.

In: two pictures. Out: one fact, or None where none holds well. Light, crops and turns as small as a camera or another
encoder makes them are no facts.
"""

from __future__ import annotations

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.detail import detail
from blip2idc.images.changes.whole.geometry import framed, mapped, turned
from blip2idc.images.changes.whole.tone import tone
from blip2idc.images.changes.whole.views import Views, correlation, structure

_LEAST_SIDE = 48  # pixels of a picture of which anything is told
_IN_PLACE = 0.55  # correlation of the edges of pictures that lie on each other

WHOLE_KINDS = (
    "brighten", "darken", "contrast_up", "contrast_down", "saturate", "desaturate", "black_and_white", "sepia", "tint",
    "warmer", "cooler", "hue", "invert", "solarize", "posterize", "threshold", "vignette", "blur", "motion_blur",
    "circular_blur", "zoom_blur", "sharpen", "noise", "denoise", "salt_and_pepper", "pixelate", "emboss", "edges",
    "outlines",
    "flip", "half_turn", "quarter_turn", "rotate", "crop", "stretch", "perspective", "swirl", "waves", "ripple",
    "lens_distortion", "border", "polaroid", "letterbox", "round_corners",
)  # fmt: skip
"""Every kind of fact that is stated of a whole picture, as the world `edits` calls it."""


def measure_whole(before: Pixels, after: Pixels) -> Fact | None:
    """One fact about the whole of two pictures.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
    """
    if min(*before.shape[:2], *after.shape[:2]) < _LEAST_SIDE:
        return None
    views = Views(before, after)
    first, second = (structure(plane) for plane in views.lumas)
    aspect = abs(before.shape[1] / before.shape[0] / (after.shape[1] / after.shape[0]) - 1)
    in_place = correlation(first, second) > _IN_PLACE and aspect < 0.03
    if in_place:
        return framed(views) or tone(views) or detail(views)
    return framed(views) or turned(views) or detail(views) or mapped(views) or tone(views)


def measure_frame(before: Pixels, after: Pixels) -> Fact | None:
    """A frame around the picture after, or its corners cut round; cheap.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
    """
    if min(*before.shape[:2], *after.shape[:2]) < _LEAST_SIDE:
        return None
    return framed(Views(before, after))
