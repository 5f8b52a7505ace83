"""Weather, season and time of day by simple grading and drawn drops and flakes.

In: a picture `[H, W, 3]` uint8, a generator and a strength from 0 (just visible) to 1 (extreme). Out: `Edited`.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.random import Generator

from blip2idc.worlds.edits.filters.canvas import clouds, filled, grid, mixed, ramp, soft, unit
from blip2idc.worlds.edits.operations import Edited, Operation, Picture, between, luma, to_picture


def fog(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A pale veil, thicker towards the top, in drifts."""
    height, width = picture.shape[:2]
    _, y = grid(height, width)
    drift = clouds(rng, height, width, 0.4 * width)
    share = np.clip(between(0.35, 0.95, strength) * (0.6 + 0.35 * drift + 0.35 * (0.5 - y / height)), 0, 0.97)
    return Edited(mixed(picture, filled(height, width, (208, 212, 216)), share))


def rain(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Slanted streaks before a darker, paler scene."""
    height, width = picture.shape[:2]
    gray = luma(picture)[..., None]
    dull = to_picture((0.55 * picture + 0.45 * gray) * between(0.92, 0.6, strength))
    drops = (rng.random((height, width)) < ramp(0.004, 0.02, strength) / unit(picture)).astype(np.float32)
    length = max(5, round(ramp(9, 20, strength) * unit(picture)))
    kernel = np.zeros((length, length), dtype=np.float32)
    lean = int(length * rng.uniform(-0.35, 0.35))
    cv2.line(kernel, (length // 2 - lean // 2, 0), (length // 2 + lean // 2, length - 1), 1.0, 1)
    streaks = np.clip(cv2.filter2D(drops, -1, kernel), 0, 1) * between(0.35, 0.6, strength)
    return Edited(mixed(dull, filled(height, width, (225, 230, 238)), streaks))


def snow(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Falling flakes, and at times a white cover on what lies level and bright."""
    height, width = picture.shape[:2]
    result = picture
    if rng.random() < 0.6:
        result = winter(picture, rng, 0.6 * strength).picture
    flakes = np.zeros((height, width), dtype=np.float32)
    for _ in range(round(between(90, 420, strength))):
        at = (int(rng.integers(width)), int(rng.integers(height)))
        size = max(1, round(float(rng.uniform(0.5, 2.2)) * unit(picture)))
        cv2.circle(flakes, at, size, float(rng.uniform(0.6, 1.0)), -1, cv2.LINE_AA)
    return Edited(mixed(result, filled(height, width, (250, 250, 252)), soft(flakes, 0.4 * unit(picture))))


def winter(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Greens and browns turn white: the scene lies under snow."""
    height, width = picture.shape[:2]
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32)
    growing = np.exp(-(((hsv[..., 0] - 42) / 26) ** 2)) * np.clip(hsv[..., 1] / 90, 0, 1)
    _, y = grid(height, width)
    ground = np.clip((y / height - 0.35) * 2.5, 0, 1) * 0.55
    share = np.clip(np.maximum(growing, ground) * between(0.6, 1.0, strength), 0, 0.95)
    white = to_picture(np.repeat((170 + 0.33 * luma(picture))[..., None], 3, axis=-1))
    cold = to_picture(picture * np.array([0.93, 0.98, 1.06], dtype=np.float32))
    return Edited(mixed(cold, white, soft(share.astype(np.float32), 1.5 * unit(picture))))


def autumn(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Greens turn to orange, red and yellow."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32)
    green = np.exp(-(((hsv[..., 0] - 45) / 20) ** 2)) * np.clip(hsv[..., 1] / 60, 0, 1)
    height, width = picture.shape[:2]
    target = 8 + 16 * clouds(rng, height, width, 0.08 * width)
    turned = hsv.copy()
    turned[..., 0] = target
    turned[..., 1] = np.clip(hsv[..., 1] * 1.25 + 20, 0, 255)
    colored = cv2.cvtColor(turned.astype(np.uint8), cv2.COLOR_HSV2RGB)
    return Edited(mixed(picture, colored, np.clip(green * between(0.6, 1.0, strength), 0, 1)))


def night(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Dark and blue; what was brightest may glow as lamps."""
    dark = picture.astype(np.float32) * between(0.42, 0.16, strength)
    dark *= np.array([0.72, 0.85, 1.25], dtype=np.float32)
    if rng.random() < 0.5:
        bright = np.clip((luma(picture) - 225) / 25, 0, 1)
        lamps = soft(bright, 2 * unit(picture))[..., None] * np.array([200, 170, 90], dtype=np.float32)
        dark = dark + 0.8 * lamps
    return Edited(to_picture(dark))


def sunset(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Low orange light, strongest at the top, with dark ground."""
    height, width = picture.shape[:2]
    _, y = grid(height, width)
    sky = np.clip(1 - y / (0.75 * height), 0, 1) * between(0.35, 0.7, strength)
    warm = picture.astype(np.float32) * np.array([1.12, 0.82, 0.62], dtype=np.float32)
    warm *= (1 - 0.35 * strength * (y / height))[..., None]
    return Edited(mixed(to_picture(warm), filled(height, width, (250, 120, 45)), sky))


#: Weather, season and time of day, by the name in `change.kind`.
WEATHER: Mapping[str, Operation] = {
    "fog": fog,
    "rain": rain,
    "snow": snow,
    "winter": winter,
    "autumn": autumn,
    "night": night,
    "sunset": sunset,
}
