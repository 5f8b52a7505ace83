"""Another picture in the place of a picture: `replaced`; or a plain place where it was."""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.facts.ground import is_drawn, plain_ground
from blip2idc.images.changes.facts.light import shape_correlations
from blip2idc.images.changes.facts.patch import Patch, contrast, inner_of
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box, Fact

_FEWEST = 400  # pixels of a picture
_DENSE = 0.45  # share of its box that differs where another picture is there
_COLORS = 24  # of 512, that a picture has
_FULL, _LEAST_SIDE, _FEW_COLORS, _DRAWN = 0.85, 24, 6, 12.0  # of drawings: share, pixels, colours and levels
#: Share of a box in which what differs is the ellipse in it.
_ROUND = 0.9
#: Colours of a photograph in grey at least, and of a drawing whose place it takes.
_MANY_COLORS, _VERY_FEW = 12, 3
#: Pixels of a side of such a place.
_LARGER_SIDE = 48
_SAME_SHAPES = 0.3  # correlation of details from which on both show the same
_PLAIN_SMALL, _PANEL = (
    0.62,
    0.75,
)  # the same of small ones, which a sign fills that it is missing; of panels with words
_EVEN = 0.6  # share of the pixels of a photograph that are like those beside them at most
#: Levels by which the same colour differs, pixels around a place that are looked at, and share that has its colour.
_NEAR, _RIM, _MOSTLY = 6.0, 10, 0.6
_PLAIN = 0.85  # share of a place that has the colour around it where a picture is missing


def replaced(patch: Patch) -> Fact | None:
    """`replaced` where both sides are pictures in one frame, of other things; came or went where one side is bare."""
    inner = inner_of(patch.mask)
    if inner is None or inner.sum() < _FEWEST or patch.density() < _DENSE:
        return None
    pictured = [_colors(image[inner]) >= _COLORS for image in (patch.before, patch.after)]
    if (fact := _another_picture(patch, inner)) is not None:
        return fact
    ring = patch.ring()
    grounds = [plain_ground(image, ring, patch.tolerance) for image in (patch.before, patch.after)]
    for index, image in enumerate((patch.before, patch.after)):
        ground = grounds[index]
        if ground is None or not pictured[1 - index]:
            continue
        if (np.abs(image[inner] - ground).max(axis=1) <= patch.tolerance).mean() >= _PLAIN:
            return Fact("appeared" if index == 0 else "disappeared")
    many = max(_colors(image[inner]) for image in (patch.before, patch.after)) >= _MANY_COLORS and is_drawn(
        patch
    )
    if min(_steps_at_edges(patch)) <= patch.tolerance and not (many and _fills_ellipse(patch.mask)):
        return None
    if not all(pictured) and not _is_filled(patch, inner, few=many):
        return None
    if max(abs(value) for value in shape_correlations(patch, inner)) > _SAME_SHAPES:
        return None
    if min(contrast(image, patch.mask) for image in (patch.before, patch.after)) <= patch.tolerance:
        return None
    return Fact("replaced")


def _another_picture(patch: Patch, inner: np.ndarray) -> Fact | None:
    """The fact where a photograph fills a frame on one side: the other one is bare there, or has other shapes."""
    rows, columns = np.flatnonzero(patch.mask.any(axis=1)), np.flatnonzero(patch.mask.any(axis=0))
    if min(rows.size, columns.size) < _LEAST_SIDE:
        return None
    if patch.density() < _FULL and not _fills_ellipse(patch.mask):
        return None
    images = patch.before, patch.after
    taken = [_is_taken(image, inner) for image in images]
    if not any(taken) or max(abs(value) for value in shape_correlations(patch, inner)) > _SAME_SHAPES:
        return None
    if max(contrast(image, patch.mask) for image in images) <= patch.tolerance:
        return None
    for index, image in enumerate(images):
        share, color = _commonest(image, inner)
        plain = _PLAIN if min(rows.size, columns.size) >= _LARGER_SIDE else _PLAIN_SMALL
        if share >= plain and taken[1 - index] and _goes_on(patch, image, color):
            return Fact("appeared" if index == 0 else "disappeared")
        if share >= _PANEL or _colors(image[inner]) < _VERY_FEW or image[inner].std(axis=0).max() <= _DRAWN:
            return None
    return Fact("replaced") if is_drawn(patch) else None  # amid a photograph something was put on it


def picture_alone(before: Pixels, after: Pixels, boxes: tuple[Box | None, Box | None]) -> Fact | None:
    """`appeared` or `disappeared` where a photograph stands in one image, and a sign that it is missing in the other.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
        boxes: What is seen in rows of both that are not the same.
    """
    one, other = boxes
    if one is None or other is None:
        return None
    side = int(other[2] * other[3] > one[2] * one[3])
    width, height = (one, other)[side][2:]
    windows = [
        image[y : y + height, x : x + width].astype(np.float32)
        for image, (x, y, _, _) in zip((before, after), (one, other), strict=True)
    ]
    full, bare = windows[side], windows[1 - side]
    if min(width, height) < _LARGER_SIDE or full.shape != bare.shape:
        return None
    inner = np.ones(full.shape[:2], bool)
    if not _is_taken(full, inner) or _commonest(bare, inner)[0] < _PLAIN:
        return None
    return Fact(("disappeared", "appeared")[side])


def _is_taken(image: np.ndarray, inner: np.ndarray) -> bool:
    """Whether a place shows a photograph: very many colours, or several, and few pixels like those beside them."""
    beside = inner[:, 1:] & inner[:, :-1]
    steps = np.abs(np.diff(image, axis=1)).max(axis=2)[beside]
    colors = _colors(image[inner])
    return bool(colors >= _COLORS or (colors >= _FEW_COLORS - 1 and (steps <= 1).mean() <= _EVEN))


def _commonest(image: np.ndarray, inner: np.ndarray) -> tuple[float, np.ndarray]:
    """The share of a place that has its commonest colour, and the colour."""
    values = image[inner]
    coarse = (values.astype(np.int64) >> 3) @ np.array([1024, 32, 1])
    color = np.median(values[coarse == np.bincount(coarse).argmax()], axis=0)
    return float((np.abs(values - color).max(axis=1) <= _NEAR).mean()), color


def _goes_on(patch: Patch, image: np.ndarray, color: np.ndarray) -> bool:
    """Whether a colour goes on around a place, on two of its sides at least, or beyond a line around it."""
    rows, columns = np.flatnonzero(patch.mask.any(axis=1)), np.flatnonzero(patch.mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    sides = [
        image[max(0, top - _RIM) : max(0, top - 2), left : right + 1],
        image[bottom + 3 : bottom + 1 + _RIM, left : right + 1],
        image[top : bottom + 1, max(0, left - _RIM) : max(0, left - 2)],
        image[top : bottom + 1, right + 3 : right + 1 + _RIM],
    ]
    near = [np.abs(side - color).max(axis=-1) <= _NEAR for side in sides if side.size]
    return sum(float(side.mean()) >= _MOSTLY for side in near) >= min(2, len(near))


def _steps_at_edges(patch: Patch) -> list[float]:
    """The mean step over each edge of the box of what differs, before and after, levels."""
    rows, columns = np.flatnonzero(patch.mask.any(axis=1)), np.flatnonzero(patch.mask.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    across = slice(left + (right - left) // 8, right - (right - left) // 8 + 1)
    down = slice(top + (bottom - top) // 8, bottom - (bottom - top) // 8 + 1)
    height, width = patch.mask.shape
    lines: list[tuple[tuple[int | slice, int | slice], tuple[int | slice, int | slice]]] = []
    if top >= 3:
        lines.append(((int(top) + 1, across), (int(top) - 3, across)))
    if bottom + 3 < height:
        lines.append(((int(bottom) - 1, across), (int(bottom) + 3, across)))
    if left >= 3:
        lines.append(((down, int(left) + 1), (down, int(left) - 3)))
    if right + 3 < width:
        lines.append(((down, int(right) - 1), (down, int(right) + 3)))
    return [
        float(np.abs(image[inner] - image[outer]).max(axis=-1).mean())
        for image in (patch.before, patch.after)
        for inner, outer in lines
    ] or [0.0]


def _fills_ellipse(mask: np.ndarray) -> bool:
    """Whether what differs is round."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return _is_round(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _is_filled(patch: Patch, inner: np.ndarray, *, few: bool) -> bool:
    """Whether drawings of few colours fill a place before and after, of very few where the other is a photograph."""
    rows, columns = np.flatnonzero(inner.any(axis=1)), np.flatnonzero(inner.any(axis=0))
    if min(rows.size, columns.size) < (_LARGER_SIDE if few else _LEAST_SIDE):
        return False
    if patch.density() < _FULL and not _is_round(inner[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]):
        return False
    return all(
        _colors(image[inner]) >= (_VERY_FEW if few else _FEW_COLORS)
        and image[inner].std(axis=0).max() > _DRAWN
        for image in (patch.before, patch.after)
    )


def _is_round(mask: np.ndarray) -> bool:
    """Whether a mask bool [h, w] fills the ellipse in its box and no more, as portraits do."""
    height, width = mask.shape
    down, across = (np.arange(side) + 0.5 - side / 2 for side in (height, width))
    ellipse = (down[:, None] / (height / 2)) ** 2 + (across / (width / 2)) ** 2 <= 1.0
    return bool((mask == ellipse).mean() >= _ROUND)


def _colors(values: np.ndarray) -> int:
    """How many of 512 colours some pixels [N, 3] have, those of hardly any pixel left out."""
    counts = np.bincount((values.astype(np.int64) >> 5) @ np.array([64, 8, 1]), minlength=512)
    return int((counts > 0.001 * len(values)).sum())
