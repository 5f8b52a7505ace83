"""Geometry of a whole picture: flipped, turned, cropped, stretched, tilted; and frames around it.

In: two pictures. Out: a fact, where one holds well. Turns by quarters are found by comparing edges on a small grid,
everything else by points that both pictures show (SIFT, Lowe 2004) and the map that most of them follow.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels, over_channels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.views import Floats, Views, correlation, luma, structure
from blip2idc.images.color_names import color_name

_GRID = 64
_SIDE = 480  # longest side of the pictures in which points are looked for
_POINTS = 900
_RATIO = 0.75
_EXPLAINED = 0.98  # correlation of a picture with the other one, laid on it
_TURNS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "flip horizontal": lambda image: image[:, ::-1],
    "flip vertical": lambda image: image[::-1],
    "half_turn": lambda image: image[::-1, ::-1],
    "quarter_turn right": lambda image: np.rot90(image, -1),
    "quarter_turn left": lambda image: np.rot90(image),
}


def turned(views: Views) -> Fact | None:
    """A flip or a turn by quarters."""
    first, second = (
        np.asarray(cv2.resize(luma(image), (_GRID, _GRID), interpolation=cv2.INTER_AREA), np.float32)
        for image in views.medium
    )
    plain = _alike(first, second)
    found = {name: _alike(np.ascontiguousarray(turn(first)), second) for name, turn in _TURNS.items()}
    name = max(found, key=lambda key: found[key])
    second_best = max([plain, *(value for key, value in found.items() if key != name)])
    if found[name] < 0.8 or second_best > 0.75 * found[name]:
        return None
    kind, _, way = name.partition(" ")
    return Fact(kind, {"axis": way} if kind == "flip" else {"side": way} if way else {})


def _alike(first: Floats, second: Floats) -> float:
    return correlation(structure(first), structure(second))


def framed(views: Views) -> Fact | None:
    """A border, bars or rounded corners that only the picture after has."""
    before, after = views.medium
    margins, color = _margins(after)
    height, width = after.shape[:2]
    least = 0.012 * max(height, width)
    old = _margins(before)[0]
    new = [
        margin if margin >= least and usual < 0.5 * margin else 0
        for margin, usual in zip(margins, old, strict=True)
    ]
    top, bottom, left, right = new
    if all(new) and max(new) < 0.3 * max(height, width):
        inner = after[top : height - bottom, left : width - right]
        if _shows(before, inner, (top, left)):
            if bottom > 1.9 * max(top, left, right) and min(color) > 190:
                return Fact("polaroid")
            return Fact("border", {"color": color_name(color).split()[-1]})
    for pair in ((top, bottom), (left, right)):
        if all(pair) and sum(bool(margin) for margin in new) == 2 and max(color) < 60:
            inner = after[top : height - bottom, left : width - right]
            if _shows(before, inner, (top, left)):
                return Fact(
                    "letterbox",
                    {"ends": "at the top and bottom" if pair == (top, bottom) else "on the left and right"},
                )
    return _rounded(views)


def _margins(image: Pixels) -> tuple[list[int], np.ndarray]:
    """Rows and columns of one colour at the top, bottom, left and right, and that colour."""
    color = np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]]), axis=0)
    near = over_channels(np.logical_and, np.abs(image.astype(np.float32) - color.astype(np.float32)) <= 14)
    rows, columns = near.mean(axis=1) > 0.97, near.mean(axis=0) > 0.97
    found = [
        int(np.argmin(line)) if not line.all() else len(line)
        for line in (rows, rows[::-1], columns, columns[::-1])
    ]
    return found, color


def _shows(before: Pixels, inner: Pixels, corner: tuple[int, int]) -> bool:
    """Whether what is within a frame is the picture before: resized, or with its edges covered."""
    if min(inner.shape[:2]) < 16:
        return False
    grid = (_GRID, _GRID)
    second = np.asarray(cv2.resize(luma(inner), grid, interpolation=cv2.INTER_AREA), np.float32)
    height, width = inner.shape[:2]
    parts = [before]
    if before.shape[0] >= corner[0] + height and before.shape[1] >= corner[1] + width:
        parts.append(before[corner[0] : corner[0] + height, corner[1] : corner[1] + width])
    small = [
        np.asarray(cv2.resize(luma(part), grid, interpolation=cv2.INTER_AREA), np.float32) for part in parts
    ]
    return any(_alike(part, second) > 0.7 and correlation(part, second) > 0.8 for part in small)


def _rounded(views: Views) -> Fact | None:
    """Corners of one colour, while the middles of the edges are as they were."""
    if not views.same_size:
        return None
    before, after = (image.astype(np.int16) for image in views.medium)
    height, width = after.shape[:2]
    reach = max(3, round(0.02 * min(height, width)))
    color = np.median([after[0, 0], after[0, -1], after[-1, 0], after[-1, -1]], axis=0)
    corners = [after[:reach, :reach], after[:reach, -reach:], after[-reach:, :reach], after[-reach:, -reach:]]
    wedge = np.add.outer(np.arange(reach), np.arange(reach)) < reach
    masks = [wedge, wedge[:, ::-1], wedge[::-1], wedge[::-1, ::-1]]
    if not all((np.abs(part[mask] - color) <= 12).all() for part, mask in zip(corners, masks, strict=True)):
        return None
    changed = [np.abs(after[y, x] - before[y, x]).max() > 24 for y in (0, -1) for x in (0, -1)]
    gap = over_channels(np.maximum, np.abs(after - before))
    third_y, third_x = slice(height // 3, 2 * height // 3), slice(width // 3, 2 * width // 3)
    edges = [gap[:3, third_x], gap[-3:, third_x], gap[third_y, :3], gap[third_y, -3:]]
    if sum(changed) >= 3 and all(np.quantile(edge, 0.8) <= 12 for edge in edges):
        return Fact("round_corners")
    return None


def mapped(views: Views) -> Fact | None:
    """Rotated, cropped, stretched or tilted."""
    points = matched(views)
    if points is None:
        return None
    one, other, (height, width), _ = points
    matrix, inliers = cv2.findHomography(one, other, cv2.RANSAC, 3.0)
    follow = 0 if inliers is None else int(inliers.sum())
    if matrix is None or follow < 18 or follow < 0.45 * len(one):
        return None
    matrix = matrix / matrix[2, 2]
    tilt = abs(matrix[2, 0]) * width + abs(matrix[2, 1]) * height
    if tilt > 0.16:
        before, after = views.medium
        if follow > 0.8 * len(one) and _explains(matrix, before, after):
            return Fact("perspective")
        return None
    linear, _ = cv2.estimateAffine2D(one, other, method=cv2.RANSAC, ransacReprojThreshold=3.0)
    if linear is None:
        return None
    (a, b, _), (c, d, _) = linear
    before, after = views.medium
    size = after.shape[:2]
    if any(margin > 0.03 * max(size) for margin in _margins(after)[0]):
        return None
    scale = max(size) / _scaled_side(after)
    back = max(before.shape[:2]) / _scaled_side(before)
    wide, high = float(np.hypot(a, c)) * scale / back, float(np.hypot(b, d)) * scale / back
    angle = float(np.degrees(np.arctan2(c - b, a + d)))
    shear = float(np.degrees(np.arctan2(c, a) - np.arctan2(-b, d)))
    if abs(shear) > 4:
        return None
    if not _explains(linear, before, after):
        return None  # the camera moved
    if abs(angle) > 2.5:
        return Fact("rotate", {"side": "right" if angle > 0 else "left"}) if abs(angle) < 60 else None
    shown = size[0] * size[1] / (wide * high * before.shape[0] * before.shape[1])
    if shown < 0.8:
        return Fact("crop")
    if abs(np.log(wide / high)) > np.log(1.06):
        return Fact("stretch", {"way": "wider" if wide > high else "taller"})
    return None


def _explains(matrix: np.ndarray, before: Pixels, after: Pixels) -> bool:
    """Whether the picture after is the one before under a map, and nothing else.

    Args:
        matrix: 2 x 3 or 3 x 3, between the pictures reduced to `_SIDE`.
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
    """
    first, second = (luma(_reduced(image)) for image in (before, after))
    size = second.shape[1], second.shape[0]
    warp = cv2.warpPerspective if matrix.shape[0] == 3 else cv2.warpAffine
    laid = np.asarray(warp(first, matrix, size), np.float32)
    shown = np.asarray(warp(np.ones_like(first), matrix, size)) > 0.999
    shown = cv2.erode(shown.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return shown.mean() > 0.2 and correlation(laid[shown], second[shown]) > _EXPLAINED


def _reduced(image: Pixels) -> Pixels:
    factor = _scaled_side(image) / max(image.shape[:2])
    size = max(16, round(image.shape[1] * factor)), max(16, round(image.shape[0] * factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _scaled_side(image: Pixels) -> float:
    return float(min(_SIDE, max(image.shape[:2])))


def matched(views: Views) -> tuple[np.ndarray, np.ndarray, tuple[int, int], Pixels] | None:
    """Points that both show.

    Returns:
        float32 [N, 2] of each, in pictures reduced to `_SIDE`; the size of the first of these, and the second; None
        where there are few.
    """
    if "matched" not in views.known:
        views.known["matched"] = _match(views)
    found: tuple[np.ndarray, np.ndarray, tuple[int, int], Pixels] | None = views.known["matched"]
    return found


def _match(views: Views) -> tuple[np.ndarray, np.ndarray, tuple[int, int], Pixels] | None:
    reduced = [_reduced(image) for image in views.medium]
    planes = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in reduced]
    finder = cv2.SIFT_create(_POINTS)
    (one, first), (other, second) = (finder.detectAndCompute(plane, None) for plane in planes)
    if first is None or second is None or len(one) < 12 or len(other) < 12:
        return None
    pairs = cv2.BFMatcher().knnMatch(first, second, k=2)
    chosen = [near[0] for near in pairs if len(near) == 2 and near[0].distance < _RATIO * near[1].distance]
    if len(chosen) < 24:
        return None
    return (
        np.array([one[match.queryIdx].pt for match in chosen], np.float32),
        np.array([other[match.trainIdx].pt for match in chosen], np.float32),
        (planes[0].shape[0], planes[0].shape[1]),
        reduced[1],
    )
