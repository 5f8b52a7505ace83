"""What happened to a whole picture, before any model speaks.

In: two pictures. Out: one fact, or None where none holds well. Light, crops and turns as small as a camera or another
encoder makes them are no facts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.cards import carded
from blip2idc.images.changes.whole.detail import detail, drawn, smeared
from blip2idc.images.changes.whole.geometry import framed, mapped, turned
from blip2idc.images.changes.whole.overlays import blended, laid_over
from blip2idc.images.changes.whole.prints import pencilled, reprinted
from blip2idc.images.changes.whole.tone import aged, tone, vignetted
from blip2idc.images.changes.whole.views import Views, correlation, structure
from blip2idc.images.changes.whole.warps import warped

_LEAST_SIDE = 48  # pixels of a picture of which anything is told
_MUCH = 0.2  # share of a photograph that differs, from which on it is asked everything
_IN_PLACE = 0.55  # correlation of the edges of pictures that lie on each other

_Step = Callable[[Views], Fact | None]
#: What is asked in turn of pictures that lie on each other.
_LYING: tuple[_Step, ...] = (
    aged, framed, laid_over, drawn, smeared, reprinted, tone, detail, pencilled, warped, blended, carded,
)  # fmt: skip
#: Likewise of pictures whose edges are elsewhere, or gone.
_ELSEWHERE: tuple[_Step, ...] = (
    aged, framed, laid_over, turned, smeared, detail, reprinted, pencilled, warped, blended, carded, mapped, tone,
)  # fmt: skip

#: What is not asked of pages and drawings, which change in ways of their own.
_OF_PHOTOGRAPHS = (aged, reprinted, pencilled, warped, blended, carded)

#: What is told of no page: text and pictures that changed look like it.
_NOT_OF_PAGES = frozenset({
    "posterize", "solarize", "threshold", "noise", "denoise", "salt_and_pepper", "warmer", "cooler", "hue", "sharpen",
    "saturate", "contrast_up", "emboss", "sketch", "cartoon", "halftone", "engrave", "scatter",
})  # fmt: skip
_LEVELS = 24  # by which a flipped page may differ
_FLIPPED = 0.75  # share of what is drawn on it that keeps to it

#: Every kind of fact that is stated of a whole picture, as the world `edits` calls it.
WHOLE_KINDS = (
    "brighten", "darken", "contrast_up", "contrast_down", "saturate", "desaturate", "black_and_white", "sepia", "tint",
    "warmer", "cooler", "hue", "invert", "solarize", "posterize", "threshold", "vignette", "old_photo",
    "blur", "motion_blur", "circular_blur", "zoom_blur", "sharpen", "noise", "denoise", "salt_and_pepper", "pixelate",
    "emboss", "edges", "outlines", "sketch", "cartoon", "oil_paint", "halftone", "engrave", "mosaic", "glass_tiles",
    "scatter",
    "flip", "half_turn", "quarter_turn", "rotate", "crop", "stretch", "perspective", "swirl", "waves", "ripple",
    "lens_distortion", "bulge", "pinch", "page_curl", "border", "polaroid", "letterbox", "round_corners", "drop_shadow",
    "grid_lines", "jigsaw", "text", "watermark", "double_exposure",
)  # fmt: skip


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
    lies = aspect < 0.03 and correlation(first, second) > _IN_PLACE
    for step in _LYING if lies else _ELSEWHERE:
        if views.is_drawn and step in _OF_PHOTOGRAPHS:
            continue
        found = step(views)
        if found is not None:
            return None if views.is_drawn and not _happens_to_pages(found, views) else found
    return None


def _happens_to_pages(fact: Fact, views: Views) -> bool:
    """Whether a fact may be one of a page: not what an image editor does to photographs, nor a layout like a flip."""
    if fact.kind in ("flip", "half_turn"):
        turned = views.before[::-1] if fact.values.get("axis") == "vertical" else views.before[:, ::-1]
        if fact.kind == "half_turn":
            turned = views.before[::-1, ::-1]
        return views.same_size and _is_drawn_alike(turned, views.after)
    return fact.kind not in _NOT_OF_PAGES


def _is_drawn_alike(one: Pixels, other: Pixels) -> bool:
    """Whether letters and lines of a page, not its bare ground alone, are those of another."""
    levels = one.astype(np.int16)
    drawn = np.abs(np.diff(levels, axis=1)).max(axis=2) > _LEVELS
    near = np.abs(levels - other).max(axis=2)[:, 1:] <= _LEVELS
    return bool(drawn.any() and near[drawn].mean() >= _FLIPPED)


def measure_cover(before: Pixels, after: Pixels, *, around: bool = True) -> Fact | None:
    """What covers parts of a picture of which the rest is equal to the pixel: a frame, words, a grid, a curled corner.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
        around: Whether something changed at all four edges, as a frame and a vignette do.
    """
    if min(*before.shape[:2], *after.shape[:2]) < _LEAST_SIDE:
        return None
    views = Views(before, after)
    steps = (framed, laid_over, carded, vignetted) if around else (laid_over,)
    found = next((found for step in steps if (found := step(views)) is not None), None)
    if found is not None or not views.same_size or views.is_drawn:
        return found
    changed = (before[::2, ::2] != after[::2, ::2]).any(axis=2).mean()
    return (
        measure_whole(before, after) if changed > _MUCH else None
    )  # solarised, or cut off where it was brightened
