"""Blur, sharpness, grain and blocks over a whole picture.

In: a picture `[H, W, 3]` uint8, a generator and a strength from 0 (just visible) to 1 (extreme). Out: `Edited`.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image

from blip2idc.worlds.edits.filters.canvas import grid, mixed, ramp, resample, resized, soft, unit
from blip2idc.worlds.edits.operations import Edited, Operation, Picture, Plane, between, to_picture


def blur(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Gaussian or box blur, or a disc as a lens out of focus makes it."""
    radius = ramp(1.3, 9.0, strength) * unit(picture)
    way = int(rng.integers(3))
    if way == 0:
        return Edited(to_picture(soft(picture, radius)))
    side = max(3, round(2.8 * radius) | 1)
    if way == 1:
        return Edited(cv2.blur(picture, (side, side)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)).astype(np.float32)
    return Edited(cv2.filter2D(picture, -1, disc / disc.sum()))


def motion_blur(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Smears the picture along one direction."""
    length = max(5, round(ramp(7, 48, strength) * unit(picture)))
    way = int(rng.integers(3))
    degrees = (0.0, 90.0, float(rng.uniform(10, 170)))[way]
    kernel = np.zeros((length, length), dtype=np.float32)
    middle = (length - 1) / 2
    step = np.array([np.cos(np.radians(degrees)), -np.sin(np.radians(degrees))]) * middle
    ends = [(round(middle + sign * step[0]), round(middle + sign * step[1])) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    direction = ("sideways", "up and down", "diagonally")[way]
    return Edited(cv2.filter2D(picture, -1, kernel / kernel.sum()), {"direction": direction})


def zoom_blur(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Smears the picture away from a point in the middle."""
    return Edited(_smeared(picture, rng, zoom=ramp(0.06, 0.4, strength), turn=0.0))


def circular_blur(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Smears the picture in circles about a point in the middle."""
    return Edited(_smeared(picture, rng, zoom=0.0, turn=np.radians(ramp(4, 32, strength))))


def _smeared(picture: Picture, rng: Generator, zoom: float, turn: float, steps: int = 15) -> Picture:
    height, width = picture.shape[:2]
    middle = (rng.uniform(0.4, 0.6) * width, rng.uniform(0.4, 0.6) * height)
    total = np.zeros(picture.shape, dtype=np.float32)
    for share in np.linspace(-0.5, 0.5, steps):
        matrix = cv2.getRotationMatrix2D(middle, float(np.degrees(turn * share)), 1 + zoom * (share + 0.5))
        total += cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return to_picture(total / steps)


def tilt_shift(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Leaves one level band sharp and blurs above and below it, like a picture of a toy town."""
    height, width = picture.shape[:2]
    middle, half = rng.uniform(0.35, 0.65) * height, rng.uniform(0.08, 0.16) * height
    _, y = grid(height, width)
    share = np.clip((np.abs(y - middle) - half) / (0.22 * height), 0, 1)
    return Edited(mixed(picture, soft(picture, ramp(2.0, 7.0, strength) * unit(picture)), share))


def smooth(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Takes fine detail away and keeps the edges: a median or a surface blur."""
    if rng.random() < 0.5:
        side = max(3, round(ramp(4, 14, strength) * unit(picture)) | 1)
        return Edited(cv2.medianBlur(picture, side))
    result = picture
    for _ in range(1 + round(2 * strength)):
        result = cv2.bilateralFilter(result, 0, ramp(35, 90, strength), ramp(2, 4, strength) * unit(picture))
    return Edited(result)


def sharpen(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Unsharp mask, from fine to coarse."""
    wide = soft(picture, float(rng.uniform(0.6, 2.2)) * unit(picture))
    return Edited(to_picture(picture + np.float32(ramp(0.9, 6.0, strength)) * (picture - wide)))


def noise(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Coloured noise, normal or uniform, a grain being one pixel or a few."""
    height, width = picture.shape[:2]
    grain = max(1.0, float(rng.choice([0.0, 1.0, 1.6])) * unit(picture))
    shape = (max(2, round(height / grain)), max(2, round(width / grain)), 3)
    level = ramp(14, 80, strength)
    values = rng.normal(0, level, shape) if rng.random() < 0.6 else rng.uniform(-1.7, 1.7, shape) * level
    layer = cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    return Edited(to_picture(picture + layer))


def film_grain(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Soft grey grain, strongest in the middle tones."""
    height, width = picture.shape[:2]
    layer: Plane = soft(rng.normal(0, 1, (height, width)).astype(np.float32), max(0.5, 0.5 * unit(picture)))
    layer *= ramp(11, 50, strength) / max(1e-6, float(layer.std()))
    middle = 1 - np.abs(picture.astype(np.float32) / 255 - 0.5)
    return Edited(to_picture(picture + layer[..., None] * middle * np.float32(1.3)))


def salt_and_pepper(picture: Picture, rng: Generator, strength: float) -> Edited:
    """White and black dots."""
    height, width = picture.shape[:2]
    size = max(1, round(float(rng.choice([0.3, 1.0])) * unit(picture)))
    coarse = rng.random((-(-height // size), -(-width // size)))
    drawn = np.repeat(np.repeat(coarse, size, axis=0), size, axis=1)[:height, :width]
    share = ramp(0.012, 0.25, strength)
    result = picture.copy()
    result[drawn < share / 2] = 0
    result[drawn > 1 - share / 2] = 255
    return Edited(result)


def scatter(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Swaps each pixel with one nearby, as through frosted glass."""
    height, width = picture.shape[:2]
    reach = ramp(2.5, 12, strength) * unit(picture)
    x, y = grid(height, width)
    x = x + rng.uniform(-reach, reach, (height, width)).astype(np.float32)
    y = y + rng.uniform(-reach, reach, (height, width)).astype(np.float32)
    result: Picture = cv2.remap(picture, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
    return Edited(result)


def pixelate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Square blocks of one colour each."""
    height, width = picture.shape[:2]
    block = ramp(4, 26, strength) * unit(picture)
    small = resized(picture, max(2, round(height / block)), max(2, round(width / block)))
    return Edited(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))


def jpeg(picture: Picture, rng: Generator, strength: float) -> Edited:
    """So strong a compression that its blocks show."""
    height, width = picture.shape[:2]
    buffer = BytesIO()
    small = resized(
        picture,
        max(16, round(height / between(1, 2.5, strength))),
        max(16, round(width / between(1, 2.5, strength))),
    )
    Image.fromarray(small).save(buffer, "JPEG", quality=round(between(11, 2, strength)))
    return Edited(resized(np.asarray(Image.open(buffer).convert("RGB")), height, width))


def scan_lines(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Dark lines across, as on an old television."""
    height, width = picture.shape[:2]
    period = max(2, round(float(rng.uniform(2.5, 6)) * unit(picture)))
    dark = (np.arange(height) % period < max(1, period // 2)).astype(np.float32) * between(0.3, 0.9, strength)
    share = np.repeat(dark[:, None], width, axis=1).astype(np.float32)
    return Edited(mixed(picture, np.zeros_like(picture), share))


def wind(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Streaks from the bright edges to one side, as if blown by the wind."""
    length = max(4, round(ramp(8, 40, strength) * unit(picture)))
    values = picture.astype(np.float32)
    step = 1 if rng.random() < 0.5 else -1
    result = values.copy()
    gusts = rng.random((picture.shape[0], 1, 1)).astype(np.float32)
    for reach in range(1, length):
        weight = np.clip(gusts * 1.4 - reach / length, 0, 1)
        result = np.maximum(result, np.roll(values, step * reach, axis=1) * weight)
    side = "right" if step > 0 else "left"
    return Edited(to_picture(result), {"side": side})


def ghosting(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Red and blue lie apart, as in a misprint or an old 3D picture."""
    gap = ramp(2, 12, strength) * unit(picture)
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    result = picture.copy()
    result[..., 0] = resample(picture, x - gap, y)[..., 0]
    result[..., 2] = resample(picture, x + gap, y)[..., 2]
    return Edited(result)


DETAIL: Mapping[str, Operation] = {
    "blur": blur,
    "motion_blur": motion_blur,
    "zoom_blur": zoom_blur,
    "circular_blur": circular_blur,
    "tilt_shift": tilt_shift,
    "smooth": smooth,
    "sharpen": sharpen,
    "noise": noise,
    "film_grain": film_grain,
    "salt_and_pepper": salt_and_pepper,
    "scatter": scatter,
    "pixelate": pixelate,
    "jpeg": jpeg,
    "scan_lines": scan_lines,
    "wind": wind,
    "ghosting": ghosting,
}
