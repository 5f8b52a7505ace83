"""Geometry of a whole picture: mirrored, turned, cropped, stretched and bent.

In: a picture `[H, W, 3]` uint8, a generator and a strength from 0 (just visible) to 1 (extreme). Out: `Edited`; some
change the size of the picture, as programs do.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.random import Generator

from blip2idc.worlds.edits.filters.canvas import filled, grid, mixed, paint, ramp, resample, resized, unit
from blip2idc.worlds.edits.operations import Edited, Operation, Picture, between


def flip(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Mirrors left to right or top to bottom."""
    if rng.random() < 0.5:
        return Edited(np.ascontiguousarray(picture[:, ::-1]), {"axis": "horizontal"})
    return Edited(np.ascontiguousarray(picture[::-1]), {"axis": "vertical"})


def quarter_turn(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Turns by 90 degrees; width and height change places."""
    left = rng.random() < 0.5
    return Edited(
        np.ascontiguousarray(np.rot90(picture, 1 if left else 3)), {"side": "left" if left else "right"}
    )


def half_turn(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Turns by 180 degrees."""
    return Edited(np.ascontiguousarray(picture[::-1, ::-1]))


def rotate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Turns by some degrees: corners filled with a colour or mirrored, enlarged to hide them, or the canvas grown."""
    height, width = picture.shape[:2]
    side = "left" if rng.random() < 0.5 else "right"
    degrees = ramp(3.0, 40, strength) * (1 if side == "left" else -1)
    way = int(rng.integers(4))
    scale, size = 1.0, (width, height)
    turn = np.radians(abs(degrees))
    if way == 0:
        long, short = max(width, height), min(width, height)
        scale = float(np.cos(turn) + long / short * np.sin(turn))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, scale)
    if way == 1:
        size = (
            int(width * np.cos(turn) + height * np.sin(turn)),
            int(height * np.cos(turn) + width * np.sin(turn)),
        )
        matrix[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
    color = (0, 0, 0) if rng.random() < 0.5 else (255, 255, 255)
    mode = cv2.BORDER_REFLECT_101 if way == 2 else cv2.BORDER_CONSTANT
    result = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=mode, borderValue=color)
    return Edited(result, {"side": side, "degrees": round(abs(degrees), 1)})


def crop(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A part of the picture, enlarged to the whole frame or left at its size."""
    height, width = picture.shape[:2]
    share = between(0.88, 0.3, strength)
    kept_x, kept_y = share, share
    if rng.random() < 0.4:
        kept_x, kept_y = (share, min(1.0, share * rng.uniform(1, 1.6)))
        if rng.random() < 0.5:
            kept_x, kept_y = kept_y, kept_x
    wide, high = max(8, round(kept_x * width)), max(8, round(kept_y * height))
    left = int(rng.integers(0, width - wide + 1))
    top = int(rng.integers(0, height - high + 1))
    part = np.ascontiguousarray(picture[top : top + high, left : left + wide])
    if kept_x == kept_y and rng.random() < 0.6:
        part = resized(part, height, width)
    return Edited(part, {"share": round(kept_x * kept_y, 3)})


def zoom_out(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The picture smaller, in the middle of an empty canvas."""
    height, width = picture.shape[:2]
    share = between(0.85, 0.35, strength)
    name, color = paint(rng) if rng.random() < 0.4 else ("black", (0, 0, 0))
    if rng.random() < 0.3:
        name, color = "white", (255, 255, 255)
    result = filled(height, width, color)
    high, wide = round(share * height), round(share * width)
    top, left = (height - high) // 2, (width - wide) // 2
    result[top : top + high, left : left + wide] = resized(picture, high, wide)
    return Edited(result, {"color": name})


def stretch(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Wider, narrower, taller or flatter: the size changes, or the canvas stays and is cropped or filled."""
    height, width = picture.shape[:2]
    factor = ramp(1.15, 2.2, strength)
    way = str(rng.choice(["wider", "taller"]))
    if rng.random() < 0.5:
        high, wide = (height, round(width * factor)) if way == "wider" else (round(height * factor), width)
        if rng.random() < 0.5:
            high, wide = round(high / factor), round(wide / factor)
        return Edited(resized(picture, high, wide), {"way": way})
    if way == "wider":
        part = round(height / factor)
        top = (height - part) // 2
        return Edited(resized(picture[top : top + part], height, width), {"way": way})
    part = round(width / factor)
    left = (width - part) // 2
    return Edited(resized(np.ascontiguousarray(picture[:, left : left + part]), height, width), {"way": way})


def swirl(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Turns the picture the more the nearer it is to the middle."""
    turn = ramp(0.6, 5.0, strength) * (1 if rng.random() < 0.5 else -1)
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    cx, cy = width / 2, height / 2
    radius = np.hypot(x - cx, y - cy) / (
        0.5 * (min(height, width) if rng.random() < 0.5 else max(height, width))
    )
    angle = turn * np.clip(1 - radius, 0, 1) ** 2
    u = cx + (x - cx) * np.cos(angle) - (y - cy) * np.sin(angle)
    v = cy + (x - cx) * np.sin(angle) + (y - cy) * np.cos(angle)
    return Edited(resample(picture, u, v))


def waves(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Shifts rows or columns (or both) along a sine: wavy lines."""
    x, y = grid(*picture.shape[:2])
    size = ramp(2.5, 14, strength) * unit(picture)
    length = rng.uniform(28, 90) * unit(picture)
    way = int(rng.integers(3))
    u = x + size * np.sin(2 * np.pi * y / length) if way != 1 else x
    v = y + size * np.sin(2 * np.pi * x / length) if way != 0 else y
    return Edited(resample(picture, u, v))


def ripple(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Rings that run outwards, as a stone makes in a pond."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    cx, cy = rng.uniform(0.4, 0.6) * width, rng.uniform(0.4, 0.6) * height
    radius = np.hypot(x - cx, y - cy) + 1e-3
    shift = (
        ramp(2.5, 12, strength)
        * unit(picture)
        * np.sin(2 * np.pi * radius / (rng.uniform(16, 44) * unit(picture)))
    )
    return Edited(resample(picture, x + shift * (x - cx) / radius, y + shift * (y - cy) / radius))


def _radial(picture: Picture, rng: Generator, power: float, border: int) -> Picture:
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    half = max(height, width) / 2 if rng.random() < 0.7 else min(height, width) / 2
    u, v = (x - width / 2) / half, (y - height / 2) / half
    radius = np.hypot(u, v)
    scale = 1 + power * radius**2 if power > 0 else 1 + power * np.clip(1.3 - radius, 0, 1)
    return resample(picture, width / 2 + u * scale * half, height / 2 + v * scale * half, border)


def lens_distortion(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The bent lines of a wide-angle or fisheye lens (barrel distortion)."""
    border = cv2.BORDER_CONSTANT if rng.random() < 0.6 else cv2.BORDER_REFLECT_101
    return Edited(_radial(picture, rng, ramp(0.12, 1.2, strength), border))


def bulge(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The middle swells towards the viewer."""
    return Edited(_radial(picture, rng, -between(0.25, 0.75, strength), cv2.BORDER_REFLECT_101))


def pinch(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The middle shrinks away from the viewer."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    half = min(height, width) / 2
    u, v = (x - width / 2) / half, (y - height / 2) / half
    radius = np.hypot(u, v)
    scale = np.where(radius < 1, np.maximum(radius, 0.02) ** -between(0.35, 0.8, strength), 1.0)
    return Edited(resample(picture, width / 2 + u * scale * half, height / 2 + v * scale * half))


def page_curl(picture: Picture, rng: Generator, strength: float) -> Edited:
    """One corner is rolled up like a sheet of paper."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    corner = str(rng.choice(["top left", "top right", "bottom left", "bottom right"]))
    from_right, from_bottom = "right" in corner, "bottom" in corner
    u = (width - 1 - x if from_right else x) / width
    v = (height - 1 - y if from_bottom else y) / height
    along = u + v
    reach = between(0.35, 1.0, strength)
    roll = 0.42 * reach
    _, color = paint(rng) if rng.random() < 0.3 else ("white", (250, 250, 250))
    result = mixed(picture, filled(height, width, color), (along < reach - roll).astype(np.float32))
    inside = (along >= reach - roll) & (along < reach)
    share = np.clip((along - (reach - roll)) / roll, 0, 1)
    paper = (150 + 100 * np.sin(np.pi * np.clip(share, 0, 1))).astype(np.float32)
    back = np.repeat(paper[..., None], 3, axis=-1) * 0.8 + 0.2 * picture[::-1, ::-1].astype(np.float32)
    result = mixed(result, back, inside.astype(np.float32))
    shadow = np.clip(1 - (along - reach) / 0.06, 0, 1) * (along >= reach) * 0.5
    return Edited(mixed(result, np.zeros_like(picture), shadow.astype(np.float32)), {"corner": corner})


def polar(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Bent round into a circle, as a little planet."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    cx, cy = width / 2, height / 2
    radius = np.hypot((x - cx) / cx, (y - cy) / cy)
    angle = (np.arctan2(x - cx, cy - y) / (2 * np.pi)) % 1.0
    down = np.clip(radius, 0, 1) if rng.random() < 0.5 else np.clip(1 - radius, 0, 1)
    bent = resample(picture, (angle * (width - 1)).astype(np.float32), down * (height - 1))
    outside = (radius > 1).astype(np.float32)
    return Edited(mixed(bent, np.full_like(picture, 255 if rng.random() < 0.5 else 0), outside))


def perspective(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Tilted away, so that one side is smaller."""
    height, width = picture.shape[:2]
    depth = between(0.06, 0.32, strength)
    side = int(rng.integers(4))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    target = corners.copy()
    for corner, sign in ((side, 1), ((side + 1) % 4, -1)):
        axis = 0 if side % 2 == 0 else 1
        span = width if axis == 0 else height
        direction = sign if side in (0, 1) else -sign
        target[corner, axis] += direction * depth * span
    color = (0, 0, 0) if rng.random() < 0.5 else (255, 255, 255)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return Edited(cv2.warpPerspective(picture, matrix, (width, height), borderValue=color))


def shear(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Slanted to one side."""
    height, width = picture.shape[:2]
    slope = between(0.08, 0.5, strength) * (1 if rng.random() < 0.5 else -1)
    color = (0, 0, 0) if rng.random() < 0.5 else (255, 255, 255)
    matrix = np.array([[1, slope, -slope * height / 2], [0, 1, 0]], dtype=np.float32)
    if rng.random() < 0.3:
        matrix = np.array([[1, 0, 0], [slope, 1, -slope * width / 2]], dtype=np.float32)
    return Edited(cv2.warpAffine(picture, matrix, (width, height), borderValue=color))


def offset(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Shifted; what leaves on one side comes in on the other, or the free side is one colour."""
    height, width = picture.shape[:2]
    side = str(rng.choice(["left", "right", "up", "down"]))
    axis = 1 if side in ("left", "right") else 0
    sign = 1 if side in ("right", "down") else -1
    steps = max(2, round(between(0.06, 0.5, strength) * (width if axis else height)))
    result = np.roll(picture, sign * steps, axis=axis)
    if rng.random() < 0.5:
        free = [slice(None), slice(None)]
        free[axis] = slice(0, steps) if sign > 0 else slice(-steps, None)
        result[tuple(free)] = 0 if rng.random() < 0.6 else 255
    return Edited(np.ascontiguousarray(result), {"side": side})


def mirror_half(picture: Picture, rng: Generator, strength: float) -> Edited:
    """One half is the mirror image of the other; or four quarters, as in a kaleidoscope."""
    result = picture.copy()
    height, width = picture.shape[:2]
    way = int(rng.integers(3))
    if way != 1:
        result[:, width - width // 2 :] = result[:, : width // 2][:, ::-1]
    if way != 0:
        result[height - height // 2 :] = result[: height // 2][::-1]
    return Edited(result)


def slices(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Strips shifted against one another, as a disturbed video."""
    height = picture.shape[0]
    result = picture.copy()
    reach = ramp(6, 45, strength) * unit(picture)
    top = 0
    while top < height:
        high = max(2, round(float(rng.uniform(4, 36)) * unit(picture)))
        result[top : top + high] = np.roll(
            picture[top : top + high], round(float(rng.normal(0, reach))), axis=1
        )
        top += high
    return Edited(result)


WARPS: Mapping[str, Operation] = {
    "flip": flip,
    "quarter_turn": quarter_turn,
    "half_turn": half_turn,
    "rotate": rotate,
    "crop": crop,
    "zoom_out": zoom_out,
    "stretch": stretch,
    "swirl": swirl,
    "waves": waves,
    "ripple": ripple,
    "lens_distortion": lens_distortion,
    "bulge": bulge,
    "pinch": pinch,
    "page_curl": page_curl,
    "polar": polar,
    "perspective": perspective,
    "shear": shear,
    "offset": offset,
    "mirror_half": mirror_half,
    "slices": slices,
}
