"""What happened to a whole page: `theme`, `unstyled`, and a dialog over a page that was dimmed (`panel`).

In: two pictures of one size of which little is equal. Out: the fact and the box it is told of; None for anything else.
A theme keeps the layout and exchanges light and dark; a page without its style sheet is drawn as browsers draw plain
HTML (white, a margin of 8 pixels, links of pure blue: the HTML standard's rendering section); a dimmed page is the page
mixed with one dark colour everywhere but in one box.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.result import Box, Fact

_LIGHT, _DARK = 150.0, 110.0  # luma of the ground of a light page at least, of a dark one at most
_GROUND = 0.25  # share of a page that has the colour of its ground
_STAYS = 0.75  # share of the ground that is ground after
_LAYOUT, _OTHER_LAYOUT = 0.6, 0.5  # correlation of the steepness of both in one layout, and in others
_BIN = 16  # levels: the width of the bins in which colours are counted
_WHITE, _PAPER, _MARGIN = 252, 0.35, 8  # levels, share of an unstyled page, and pixels of its margin
_FEW_ROWS, _AT_MARGIN = (
    40,
    0.25,
)  # rows that hold anything at least, and share of them that begin at the margin
_BLANK = 0.94  # share of the margin
_LINK, _PURE, _STRONG = 40, 90, 150  # levels: the pure blue of links, whose letters mix it with white
_FEW_LINKS = 100  # pixels
_DIMMED, _LEFT = 0.9, 3.0  # share of the page outside the box, and levels that dimming leaves
_UNEVEN = 8.0  # levels that dimming leaves of most pixels that tell, at most
_BRIGHT = 40  # levels from which on a pixel tells by how much it was dimmed
_SHADES = (0.2, 0.75)  # what dimming leaves of the light
_DIALOG = (0.01, 0.6)  # share of the page that a dialog takes


def measure_page(before: Pixels, after: Pixels) -> tuple[Fact, Box | None, Box | None] | None:
    """What happened to all of a page.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].

    Returns:
        The fact and its boxes before and after.
    """
    if before.shape != after.shape:
        return None
    height, width = before.shape[:2]
    whole: Box = (0, 0, width, height)
    plain = [_is_unstyled(image) for image in (before, after)]
    layout = _same_layout(before, after)
    if plain[0] != plain[1] and layout < _OTHER_LAYOUT:
        return Fact("unstyled", {"in": "after" if plain[1] else "before"}), whole, whole
    now = _theme(before, after)
    if now and layout > _LAYOUT:
        return Fact("theme", {"to": now}), whole, whole
    for one, other, side in ((before, after, "after"), (after, before, "before")):
        box = _undimmed(one, other)
        if box is not None:
            boxes = (None, box) if side == "after" else (box, None)
            return Fact("panel", {"in": side, "as": "dialog"}), *boxes
    return None


def _is_unstyled(image: Pixels) -> bool:
    """Whether a page is white, begins at the margin that browsers leave, and has lines there or links of pure blue."""
    white = image.min(axis=2) >= _WHITE
    if white[:, :_MARGIN].mean() < _BLANK:
        return False
    inked = ~white[(~white).any(axis=1)]
    first = inked.argmax(axis=1)
    if len(first) >= _FEW_ROWS and (first >= _MARGIN).all() and (first <= _MARGIN + 2).mean() >= _AT_MARGIN:
        return True
    red, green, blue = (image[:, :, channel].astype(np.int16) for channel in range(3))
    links = (np.abs(red - green) <= _LINK) & (blue - np.maximum(red, green) >= _PURE) & (blue >= _STRONG)
    return bool(white.mean() >= _PAPER and links.sum() >= _FEW_LINKS)


def _theme(before: Pixels, after: Pixels) -> str:
    """``dark`` or ``light``: what the theme is now; empty where it is no other one."""
    lumas = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (before, after)]
    masks, levels = [], []
    for luma in lumas:
        counts = np.bincount((luma // _BIN).ravel(), minlength=256 // _BIN)
        best = int(counts.argmax())
        mask = luma // _BIN == best
        masks.append(mask)
        levels.append(float(np.median(luma[mask])))
    if min(mask.mean() for mask in masks) < _GROUND:
        return ""
    dark = levels[0] > _LIGHT and levels[1] < _DARK
    if not dark and not (levels[0] < _DARK and levels[1] > _LIGHT):
        return ""
    if (masks[0] & masks[1]).sum() < _STAYS * min(mask.sum() for mask in masks):
        return ""
    return "dark" if dark else "light"


def _same_layout(before: Pixels, after: Pixels) -> float:
    """How the steepness of both agrees, -1..1."""
    lumas = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (before, after))
    steep = [
        cv2.blur(cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)), (3, 3)).ravel()
        for luma in lumas
    ]
    if min(float(plane.std()) for plane in steep) < 1e-6:
        return 0.0
    return float(np.corrcoef(*steep)[0, 1])


def _undimmed(before: Pixels, after: Pixels) -> Box | None:
    """The box of the one thing that is not dimmed in a page that is; None where no dimming explains the rest."""
    one, other = before.astype(np.float32), after.astype(np.float32)
    telling = one.min(axis=2) > _BRIGHT
    if telling.mean() < 0.1:
        return None
    factor = float(np.median(other[telling].mean(axis=1) / one[telling].mean(axis=1)))
    if not _SHADES[0] < factor < _SHADES[1]:
        return None
    rest = largest_channel(np.abs(other - factor * one))
    left = float(np.median(rest[telling]))
    if left > _UNEVEN:  # dark pages whose letters went elsewhere
        return None
    level = max(_LEFT, 3 * left)
    differs = (rest > level).astype(np.uint8)
    differs = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    joined = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    x, y, width, height = (int(value) for value in stats[largest, :4])
    share = width * height / rest.size
    if not _DIALOG[0] < share < _DIALOG[1]:
        return None
    outside = np.ones(rest.shape, bool)
    outside[max(0, y - 48) : y + height + 48, max(0, x - 48) : x + width + 48] = False  # its shadow
    if outside.mean() < 0.1 or (rest[outside] <= level).mean() < _DIMMED:
        return None
    return _without_shadow(rest, (x, y, width, height))


def _without_shadow(rest: np.ndarray, box: Box) -> Box:
    """The part of a box that differs by much, rows and columns of its soft border left out."""
    x, y, width, height = box
    window = rest[y : y + height, x : x + width]
    strong = window > 0.4 * float(np.median(window[height // 4 : -height // 4, width // 4 : -width // 4]))
    rows, columns = (np.flatnonzero(strong.mean(axis=axis) > 0.5) for axis in (1, 0))
    if not rows.size or not columns.size:
        return box
    return x + int(columns[0]), y + int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
