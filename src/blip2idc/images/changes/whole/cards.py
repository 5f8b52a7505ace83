"""The picture as a thing on a ground: with a shadow behind it, or printed on a card.

In: two pictures. Out: a fact, where one holds well. Where the picture before lies within the one after is found by
points that both show; then what is around it is looked at side by side, from its edge outwards.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.geometry import matched
from blip2idc.images.changes.whole.views import Floats, Views, correlation, luma

_AROUND = 0.16  # of the longer side of the picture: how far around it is looked at
_SIDE = 320  # longest side of the picture when it is laid straight
_LEAST = 0.008  # of the longer side: width of a frame or a shadow


def carded(views: Views) -> Fact | None:
    """A drop shadow or a polaroid's frame."""
    found = matched(views)
    if found is None:
        return None
    one, other, size, after = found
    linear, inliers = cv2.estimateAffine2D(one, other, method=cv2.RANSAC, ransacReprojThreshold=4.0)
    if linear is None or inliers.sum() < 14 or inliers.sum() < 0.4 * len(one):
        return None
    wide, high = (float(np.hypot(*linear[:, axis])) for axis in (0, 1))
    angle = float(np.degrees(np.arctan2(linear[1, 0], linear[0, 0])))
    if not 0.5 < wide < 1.05 or abs(np.log(wide / high)) > 0.12 or abs(angle) > 25:
        return None
    height, width = size
    scale = _SIDE / max(size)
    margin = round(_AROUND * _SIDE)
    # the picture after, turned and scaled so that the picture before lies straight in the middle
    place = np.array([[scale, 0, margin], [0, scale, margin], [0, 0, 1]]) @ np.linalg.inv(
        np.vstack([linear, [0, 0, 1]])
    )
    sides = round(width * scale), round(height * scale)
    whole = sides[0] + 2 * margin, sides[1] + 2 * margin
    straight = np.asarray(cv2.warpAffine(after.astype(np.float32), place[:2], whole), np.float32)
    shown = np.asarray(cv2.warpAffine(np.ones(after.shape[:2], np.float32), place[:2], whole)) > 0.999
    picture = cv2.resize(luma(views.medium[0]), sides, interpolation=cv2.INTER_AREA)
    inner = (slice(margin, margin + sides[1]), slice(margin, margin + sides[0]))
    if (
        shown[inner].mean() < 0.97
        or correlation(np.asarray(picture, np.float32), luma(straight)[inner]) < 0.85
    ):
        return None
    profiles = [_outwards(straight, shown, margin, side) for side in range(4)]
    return _printed(profiles, abs(angle)) or _shaded(profiles)


def _outwards(image: Floats, shown: np.ndarray, margin: int, side: int) -> tuple[Floats, Floats]:
    """Colours and their spread along one side of the picture (left, top, right, bottom), by distance from it.

    Returns:
        float32 [D, 3] and [D], as far as the picture reaches there.
    """
    turned, seen = np.rot90(image, side), np.rot90(shown, side)
    height = len(seen)
    top, bottom = margin + height // 8, height - margin - height // 8
    band, there = turned[top:bottom, :margin][:, ::-1], seen[top:bottom, :margin][:, ::-1]
    reach = int(np.argmin(there.mean(axis=0) > 0.9)) if not (there.mean(axis=0) > 0.9).all() else margin
    colors = np.median(band[:, :reach], axis=0) if reach else np.zeros((0, 3))
    spread = np.abs(band[:, :reach] - colors[None]).max(axis=2).mean(axis=0) if reach else np.zeros(0)
    return np.asarray(colors, np.float32), np.asarray(spread, np.float32)


def _printed(profiles: list[tuple[Floats, Floats]], angle: float) -> Fact | None:
    """A white frame on all sides, turned, or wider below, or with something behind it."""
    least = max(2, round(_LEAST * _SIDE))
    widths = []
    behind = False
    for colors, spread in profiles:
        light = (colors.min(axis=1) > 195) & (spread < 30) if len(colors) else np.zeros(0, bool)
        start = int(np.argmax(light)) if light.any() else len(light)
        run = light[start:]
        width = (int(np.argmin(run)) if not run.all() else len(run)) if start <= 3 else 0
        widths.append(width)
        behind = behind or 0 < width < len(colors) - 2
    if min(widths) < least:
        return None
    left, top, right, bottom = widths
    if angle > 0.8 and behind:
        return Fact("polaroid")
    if bottom > 1.5 * max(left, top, right):
        return Fact("polaroid")
    return None


def _shaded(profiles: list[tuple[Floats, Floats]]) -> Fact | None:
    """Dark beside two sides that meet, or beside all, and fading outwards into one plain ground."""
    grounds = [colors[-1] for colors, _ in profiles if len(colors) >= 4]
    if len(grounds) < 2:
        return None
    depth = []
    for colors, spread in profiles:
        if len(colors) < 4 or float(np.median(spread)) > 16:
            depth.append(0.0)
            continue
        light = luma(colors)
        near, far = float(light[1 : max(2, len(light) // 4) + 1].mean()), float(light[-1])
        rising = (np.diff(light[1:]) > -4).mean()
        depth.append(far - near if rising > 0.85 else 0.0)
    order = sorted(range(4), key=lambda side: -depth[side])
    first, second = order[:2]
    if depth[second] < 18 or (first - second) % 2 == 0:
        return None
    plain = max(float(np.abs(ground - grounds[0]).max()) for ground in grounds)
    soft = all(_is_soft(luma(profiles[side][0])) for side in (first, second))
    if plain < 90 and soft and depth[order[2]] < 0.8 * depth[second]:
        return Fact("drop_shadow")
    return None


def _is_soft(light: Floats) -> bool:
    """Whether a shadow fades over several steps."""
    steps = np.abs(np.diff(light[1:]))
    return bool(steps.max() < 0.75 * (light.max() - light.min()))
