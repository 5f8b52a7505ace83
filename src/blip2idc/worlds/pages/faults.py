"""Why a change of a page cannot be seen where it was made.

In: two photographs, and what the page told of the change. Out: None, or a reason in a few words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blip2idc.images.color_names import color_name
from blip2idc.worlds.pages.captions import color_of
from blip2idc.worlds.pair import Box

#: Fewest pixels that must differ, and by how much in one channel, for a person to see it.
FEWEST_PIXELS = 12
LEAST_STEP = 16

#: More of them where each differs by little.
FAINT: Mapping[str, int] = {"shadow": 150, "opacity": 30, "spacing": 30, "rounded": 16}

#: How far what is seen of a new background may be from it, and the width of the bins in which colours are counted.
BACKGROUND_STEP, COLOR_BIN = 30, 16

#: Pixels around the elements' boxes in which differences belong to the change (shadows, focus rings, antialiasing).
MARGIN = 8

#: Kinds after which other parts of the page may lie elsewhere.
REFLOWING = frozenset({
    "added", "removed", "font_size", "font_weight", "spacing", "resized", "text", "number", "image_replaced",
    "image_missing", "swapped", "overflow", "gap",
})  # fmt: skip

#: Kinds that darken all of the page behind them.
COVERING = frozenset({"dialog"})

#: Largest share of pixels that may differ outside the boxes: of all that differ, and of the window where parts move.
ELSEWHERE, MOVED_ELSEWHERE = 0.5, 0.35

#: Least distance of two colours that a person calls different, in RGB steps, and from the colour behind.
COLOR_STEP, CONTRAST_STEP = 60, 70


def differing(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The pixels that visibly differ, `[H, W]` bool, of two photographs `[H, W, 3]` uint8."""
    step: NDArray[np.bool_] = np.abs(before.astype(np.int16) - after).max(axis=2) >= LEAST_STEP
    return step


def fault_of_colors(kind: str, told: Mapping[str, Any]) -> str | None:
    """Why a new colour would not be seen, or would be called the old one; None where it is told apart."""
    if kind not in ("text_color", "background", "border"):
        return None
    new = color_of(told["new"])
    if kind != "border" and told["old"]:
        old = color_of(told["old"])
        if math.dist(old, new) < COLOR_STEP or color_name(old) == color_name(new):
            return f"{kind}: the colour is nearly the old one"
    if told.get("behind") and math.dist(color_of(told["behind"]), new) < CONTRAST_STEP:
        return f"{kind}: the colour is nearly the one behind"
    return None


def color_seen(photograph: NDArray[np.uint8], box: Sequence[float]) -> tuple[int, int, int]:
    """The commonest colour in a box: what shows of a background, half transparent ones and gradients included."""
    rows, columns = _around(box, 0)
    pixels = photograph[rows, columns].reshape(-1, 3)
    if not len(pixels):
        return (0, 0, 0)
    steps = (pixels // COLOR_BIN).astype(np.int64) @ (1 << 16, 1 << 8, 1)
    values, counts = np.unique(steps, return_counts=True)
    red, green, blue = np.rint(pixels[steps == values[counts.argmax()]].mean(0)).astype(int).tolist()
    return red, green, blue


def fault_of_backgrounds(
    before: NDArray[np.uint8], after: NDArray[np.uint8], told: Sequence[dict[str, Any]]
) -> str | None:
    """Why new backgrounds are not seen, behind a picture or half transparent; None where each is.

    What the page told of the old colours is replaced by what is seen of them.
    """
    for one in told:
        one["old"] = "rgb({}, {}, {})".format(*color_seen(before, one["before"]))
        if math.dist(color_seen(after, one["after"]), color_of(one["new"])) > BACKGROUND_STEP:
            return "background: the new colour is not to be seen"
        if (reason := fault_of_colors("background", one)) is not None:
            return reason
    return None


def fault_of_pixels(kind: str, differs: NDArray[np.bool_], told: Sequence[Mapping[str, Any]]) -> str | None:
    """Why the pixels do not show these changes, made together; None where they show each."""
    near = np.zeros_like(differs)
    for one in told:
        here = np.zeros_like(differs)
        for box in (one["before"], one["after"]):
            if box is not None:
                here[_around(box)] = True
        if int((differs & here).sum()) < FAINT.get(kind, FEWEST_PIXELS):
            return f"{kind}: the pixels do not differ in its place"
        near |= here
    outside = int((differs & ~near).sum())
    if kind in REFLOWING:
        if outside > MOVED_ELSEWHERE * differs.size:
            return f"{kind}: most of the page moved"
    elif kind not in COVERING and outside > ELSEWHERE * int(differs.sum()):
        return f"{kind}: most pixels differ elsewhere"
    return None


def _around(box: Sequence[float], margin: int = MARGIN) -> tuple[slice, slice]:
    left, top, width, height = box
    rows = slice(max(0, int(top) - margin), max(0, math.ceil(top + height) + margin))
    return rows, slice(max(0, int(left) - margin), max(0, math.ceil(left + width) + margin))


def box_of_pixels(differs: NDArray[np.bool_]) -> Box | None:
    """The smallest box around the pixels that differ."""
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def whole(box: Sequence[float] | None, size: tuple[int, int]) -> Box | None:
    """A box of the page in whole pixels, cut to the window of `size` (width, height); None for none or nothing left."""
    if box is None:
        return None
    left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    right, bottom = min(size[0], math.ceil(box[0] + box[2])), min(size[1], math.ceil(box[1] + box[3]))
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None
