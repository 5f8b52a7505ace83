"""What comes and goes on a page by itself: a scroll bar at its edge, and the caret of a field.

In: the two images in one frame and a region. Out: `scroll_bar` or `caret` with the side that has it. Nobody changed the
page where only these differ.
"""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Box, Fact

#: Facts of what comes and goes by itself.
PASSING = frozenset({"scroll_bar", "caret", "clock"})

_BAR, _LONG = (
    (4, 24),
    0.2,
)  # pixels of width of a scroll bar, and share of the edge along which it lies at least
#: Pixels of the sides of a page that may have a scroll bar, and of the width of one.
_LARGE_ENOUGH, _BAR_WIDTHS = 120, (6, 18)
#: Levels by which one colour differs in noise, by which a thumb differs from its track, and its share of the edge.
_UNEVEN, _APART, _THUMB = 20, 24, (0.06, 0.95)
#: Share of a thumb of which the other image shows nothing.
_SHOWN = 0.7
_AT_EDGE = 4  # pixels: half a pixel more or less moves a bar away from the edge
_COLORS, _OF_BAR = 4, 0.93  # colours that a scroll bar has, and the share of its pixels that have them
_EVEN = 0.35  # share of a row of it that has the colour of its middle: a thumb may be narrower
_NEAR = 8  # levels by which equal colours may differ
_CARET, _TALL = 2, (9, 40)  # pixels of its width at most, and of its height
_AROUND, _BARE = 3, 0.9  # pixels beside a caret, and the share of it that has its colour
_CROSSED = 0.7  # share of it that differs: letters of its colour may stand where it is
_SEEN = 40  # levels between a caret and its ground


def find_scroll_bar(before: Pixels, after: Pixels) -> tuple[Box, str] | None:
    """A scroll bar along the right edge that only one image has, in noise too, and which one: `before` or `after`.

    Args:
        before: uint8 [H, W, 3].
        after: Of the same size.
    """
    height, width = before.shape[:2]
    if min(height, width) < _LARGE_ENOUGH:
        return None
    for across in range(_BAR_WIDTHS[1], _BAR_WIDTHS[0] - 1, -1):
        strips = [image[:, width - across :] for image in (before, after)]
        thumbs = [_thumb(strip) for strip in strips]
        for side, rows, others in (("before", thumbs[0], thumbs[1]), ("after", thumbs[1], thumbs[0])):
            if rows is None or others is not None:
                continue
            one, other = (strip[rows, 2:-2].astype(np.int16) for strip in strips)
            if (largest_channel(np.abs(one - other)) > _APART).mean() >= _SHOWN:
                return (width - across, 0, across, height), side
    return None


def _thumb(strip: Pixels) -> np.ndarray | None:
    """The rows of the thumb in a track of one colour; None where a strip is none, or has several."""
    inner = strip[:, 2:-2].astype(np.int16)
    rows = inner.mean(axis=1)
    even = largest_channel(np.abs(inner - rows[:, None].astype(np.int16))) <= _UNEVEN
    if even.mean() < _OF_BAR:
        return None
    edges = strip[:, [0, -1]].astype(np.int16)
    track = np.median(edges, axis=(0, 1))
    if (largest_channel(np.abs(edges - track.astype(np.int16))) <= _UNEVEN).mean() < _OF_BAR:
        return None
    thumb = np.flatnonzero(np.abs(rows - track).max(axis=1) > _APART)
    if not _THUMB[0] * len(rows) <= thumb.size <= _THUMB[1] * len(rows):
        return None
    other = np.median(rows[thumb], axis=0)
    alike = np.abs(rows[thumb] - other).max(axis=1) <= _UNEVEN
    together = np.ptp(thumb) < thumb.size * 1.03 + 2
    return thumb if together and alike.mean() >= _OF_BAR else None


def passing(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`scroll_bar` or `caret` where nothing else differs.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        region: Where the two differ.
    """
    x, y, width, height = region.box
    tall, wide = before.shape[:2]
    upright = x + width >= wide - _AT_EDGE and width <= _BAR[1] and height >= _LONG * tall
    lying = y + height >= tall - _AT_EDGE and height <= _BAR[1] and width >= _LONG * wide
    if (upright or lying) and max(width, height) >= 4 * min(width, height):
        return _scroll_bar(before, after, region, upright=upright)
    if width <= _CARET and _TALL[0] <= height <= _TALL[1]:
        return _caret(before, after, region)
    return None


def _scroll_bar(before: Pixels, after: Pixels, region: Region, *, upright: bool) -> Fact | None:
    """A bar of few colours along an edge: every row of it has one colour from side to side."""
    x, y, width, height = region.box
    tall, wide = before.shape[:2]
    band = slice(y, y + height), slice(x, wide)
    if not upright:
        band = slice(y, tall), slice(x, x + width)
    has = []
    for image in (before, after):
        strip = image[band] if upright else image[band].transpose(1, 0, 2)
        beside = (
            image[y : y + height, max(0, x - _AT_EDGE) : x]
            if upright
            else image[max(0, y - _AT_EDGE) : y, x : x + width]
        )
        has.append(strip.shape[1] >= _BAR[0] and not _is_ground(strip, beside) and _is_bar(strip))
    return Fact("scroll_bar", {"in": "after" if has[1] else "before"}) if any(has) else None


def _is_ground(strip: Pixels, beside: Pixels) -> bool:
    """Whether a strip is nothing but the one colour of what is beside it."""
    if not beside.size:
        return False
    ground = np.median(beside.reshape(-1, 3), axis=0)
    return bool((np.abs(strip.reshape(-1, 3) - ground).max(axis=1) <= _NEAR).mean() >= _OF_BAR)


def _is_bar(strip: Pixels) -> bool:
    coarse = (strip.astype(np.int64) >> 4).reshape(-1, 3) @ np.array([256, 16, 1])
    counts = np.sort(np.bincount(coarse))[::-1]
    if counts[:_COLORS].sum() < _OF_BAR * coarse.size:
        return False
    inner = (strip[:, 1:-1] if strip.shape[1] > _BAR[0] + 1 else strip).astype(np.int16)
    middle = inner[:, inner.shape[1] // 2][:, None]
    even = (largest_channel(np.abs(inner - middle)) <= 2 * _NEAR).mean(axis=1)
    return bool((even > _EVEN).mean() >= _OF_BAR)


def _caret(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """An upright line of one colour from top to bottom, whatever the other image has there."""
    x, y, width, height = region.box
    if region.mask.mean() < _CROSSED:
        return None
    left, right = max(0, x - _AROUND), min(before.shape[1], x + width + _AROUND)
    place, rows = (slice(y, y + height), slice(x, x + width)), slice(y, y + height)
    for side, image, other in (("after", after, before), ("before", before, after)):
        line = np.median(image[place].reshape(-1, 3), axis=0)
        beside = np.concatenate([image[rows, left:x], image[rows, x + width : right]], axis=1).reshape(-1, 3)
        if not len(beside):
            return None
        even = [(largest_channel(np.abs(one[place] - line)) <= _NEAR).mean() for one in (image, other)]
        if even[0] >= _BARE and even[1] < 1 - _CROSSED and _far(line, np.median(beside, axis=0)):
            return Fact("caret", {"in": side})
    return None


def _far(one: np.ndarray, other: np.ndarray) -> bool:
    return float(np.abs(one - other).max()) >= _SEEN
