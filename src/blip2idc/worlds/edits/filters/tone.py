"""Light, contrast and colour of a whole picture, each done in the several ways in which programs do it.

In: a picture `[H, W, 3]` uint8, a generator and a strength from 0 (just visible) to 1 (extreme). Out: `Edited`.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.random import Generator

from blip2idc.worlds.edits.filters.canvas import PAINTS, clouds, grid, mixed, ramp, soft, unit
from blip2idc.worlds.edits.operations import (
    Edited,
    Operation,
    Picture,
    Plane,
    between,
    colorized,
    luma,
    through,
    to_picture,
)

_LEVELS = np.arange(256, dtype=np.float32)


def brighten(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Adds a constant, multiplies, bends by a gamma, or screens."""
    way = int(rng.integers(4))
    if way == 0:
        curve = _LEVELS + ramp(12, 120, strength)
    elif way == 1:
        curve = _LEVELS * ramp(1.12, 2.8, strength)
    elif way == 2:
        curve = 255 * (_LEVELS / 255) ** ramp(0.87, 0.28, strength)
    else:
        share = between(0.1, 0.75, strength)
        curve = _LEVELS + share * (255 - _LEVELS) * (_LEVELS / 255) ** 0.5
    return Edited(through(curve, picture))


def darken(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Takes a constant away, multiplies, or bends by a gamma."""
    way = int(rng.integers(3))
    if way == 0:
        curve = _LEVELS - ramp(12, 120, strength)
    elif way == 1:
        curve = _LEVELS * ramp(0.88, 0.15, strength)
    else:
        curve = 255 * (_LEVELS / 255) ** ramp(1.18, 4.0, strength)
    return Edited(through(curve, picture))


def contrast_up(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Stretches values about their mean or about mid grey, by a sigmoid, or over the whole range."""
    way = int(rng.integers(4))
    middle = float(luma(picture).mean()) if rng.random() < 0.6 else 128.0
    if way == 0:
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)
        flat = cv2.createCLAHE(ramp(2.0, 8.0, strength), (4, 4)).apply(hsv[..., 0])
        hsv[..., 0] = flat if rng.random() < 0.5 else cv2.equalizeHist(hsv[..., 0])
        return Edited(cv2.cvtColor(hsv, cv2.COLOR_YCrCb2RGB))
    if way == 1:
        steep = ramp(3.0, 14.0, strength)
        curve = 1 / (1 + np.exp(-steep * (_LEVELS - middle) / 255))
        curve = 255 * (curve - curve[0]) / max(1e-6, float(curve[-1] - curve[0]))
        return Edited(through(curve, picture))
    return Edited(through(middle + (_LEVELS - middle) * ramp(1.2, 3.5, strength), picture))


def contrast_down(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Draws values towards their mean or towards mid grey."""
    middle = float(luma(picture).mean()) if rng.random() < 0.6 else 128.0
    return Edited(through(middle + (_LEVELS - middle) * between(0.82, 0.15, strength), picture))


def fade(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Lifts the blacks and weakens the colours, like a print left in the sun."""
    gray = luma(picture)[..., None]
    pale = gray + (picture - gray) * np.float32(between(0.8, 0.45, strength))
    floor = between(35, 120, strength)
    return Edited(to_picture(floor + pale * np.float32((250 - floor) / 255)))


def shadows(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Makes the dark parts brighter and leaves the bright ones."""
    lift = ramp(30, 110, strength) * (1 - _LEVELS / 255) ** 3 * np.minimum(1, (_LEVELS + 12) / 60)
    return Edited(through(_LEVELS + lift, picture))


def highlights(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Makes the bright parts darker and leaves the dark ones."""
    return Edited(through(_LEVELS - ramp(35, 130, strength) * (_LEVELS / 255) ** 3, picture))


def saturate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Moves colours away from grey, in RGB or in HSV."""
    factor = ramp(1.3, 4.0, strength)
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32)
        hsv[..., 1] = np.clip(hsv[..., 1] * factor, 0, 255)
        return Edited(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB))
    gray = luma(picture)[..., None]
    return Edited(to_picture(gray + (picture - gray) * np.float32(factor)))


def desaturate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Moves colours towards grey, but leaves some."""
    gray = luma(picture)[..., None]
    return Edited(to_picture(gray + (picture - gray) * np.float32(between(0.7, 0.2, strength))))


def black_and_white(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Leaves luma, mean, lightness or one channel."""
    way = int(rng.integers(4))
    values = picture.astype(np.float32)
    if way == 0:
        gray = values.mean(axis=-1)
    elif way == 1:
        gray = (values.max(axis=-1) + values.min(axis=-1)) / 2
    elif way == 2:
        gray = values[..., int(rng.integers(3))]
    else:
        gray = luma(picture)
    if rng.random() < 0.2:
        gray = (gray - 128) * between(1.0, 1.6, strength) + 128
    return Edited(to_picture(np.repeat(gray[..., None], 3, axis=-1)))


def warmer(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Moves the white balance towards orange."""
    return Edited(_balanced(picture, between(0.06, 0.42, strength), rng))


def cooler(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Moves the white balance towards blue."""
    return Edited(_balanced(picture, -between(0.06, 0.42, strength), rng))


def _balanced(picture: Picture, warmth: float, rng: Generator) -> Picture:
    if rng.random() < 0.5:
        gains = np.array([1 + warmth, 1 + 0.15 * warmth, 1 - warmth], dtype=np.float32)
        return to_picture(picture * gains)
    shift = np.array([1.0, 0.1, -1.0], dtype=np.float32) * np.float32(warmth * 140)
    return to_picture(picture + shift)


def hue(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Turns the colour wheel, or swaps two channels."""
    if rng.random() < 0.15:
        order = [(1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0), (2, 0, 1)][int(rng.integers(5))]
        return Edited(np.ascontiguousarray(picture[..., list(order)]))
    turn = ramp(12, 90, strength) * (1 if rng.random() < 0.5 else -1)
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + round(turn)) % 180
    return Edited(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def tint(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Mixes in one colour: flat, shaded, multiplied, or through a gain of its channels."""
    name = str(rng.choice(["red", "green", "blue", "yellow", "purple", "orange", "pink", "cyan"]))
    color = np.asarray(PAINTS[name], dtype=np.float32)
    way = int(rng.integers(4))
    values = picture.astype(np.float32)
    if way == 0:
        result = values + between(0.12, 0.6, strength) * (color - values)
    elif way == 1:
        result = values + between(0.3, 1.0, strength) * (colorized(picture, PAINTS[name]) - values)
    elif way == 2:
        result = values * (1 + between(0.25, 1.0, strength) * (color / 255 - 1))
    else:
        result = values + between(0.12, 0.5, strength) * (color - color.mean())
    return Edited(to_picture(result.astype(np.float32)), {"color": name})


def sepia(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The brown tone of old prints, by the usual matrix or by a dark and a light brown."""
    if rng.random() < 0.5:
        matrix = np.array(
            [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], dtype=np.float32
        )
        toned = picture.astype(np.float32) @ matrix.T
    else:
        gray = luma(picture)[..., None] / 255
        dark = np.array([40, 22, 8], dtype=np.float32)
        light = np.array([255, 238, 205], dtype=np.float32)
        warm = np.array([150, 105, 60], dtype=np.float32)
        toned = np.where(gray < 0.5, dark + (warm - dark) * 2 * gray, warm + (light - warm) * (2 * gray - 1))
    return Edited(mixed(picture, toned, between(0.7, 1.0, strength)))


def invert(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The negative."""
    return Edited(255 - picture)


def posterize(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Few levels a channel, or few colours in all."""
    if rng.random() < 0.3:
        from PIL import Image

        count = round(between(14, 3, strength))
        return Edited(np.asarray(Image.fromarray(picture).quantize(count).convert("RGB")))
    levels = round(between(6, 2, strength))
    step = 255 / (levels - 1)
    return Edited(through(np.rint(_LEVELS / 255 * (levels - 1)) * step, picture))


def solarize(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Inverts what is brighter than a threshold."""
    threshold = between(190, 70, strength)
    return Edited(through(np.where(threshold > _LEVELS, _LEVELS, 255 - _LEVELS), picture))


def threshold(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Pure black and pure white, nothing between."""
    gray = luma(picture)
    at = float(np.quantile(gray, rng.uniform(0.35, 0.65)))
    return Edited(np.repeat(np.where(gray > at, 255, 0).astype(np.uint8)[..., None], 3, axis=-1))


def false_color(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Brightness as the colours of a map."""
    maps = (cv2.COLORMAP_JET, cv2.COLORMAP_HOT, cv2.COLORMAP_RAINBOW, cv2.COLORMAP_VIRIDIS,
            cv2.COLORMAP_PLASMA, cv2.COLORMAP_OCEAN, cv2.COLORMAP_TWILIGHT)  # fmt: skip
    gray = luma(picture).astype(np.uint8)
    colored = cv2.applyColorMap(gray, maps[int(rng.integers(len(maps)))])[..., ::-1]
    return Edited(mixed(picture, colored, between(0.75, 1.0, strength)))


def cross_process(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Other curves for red, green and blue, as film developed in the wrong chemistry."""
    bend = between(0.35, 1.0, strength)
    wave = np.sin(2 * np.pi * _LEVELS / 255) * 38 * bend
    result = np.empty_like(picture)
    result[..., 0] = through(_LEVELS - wave, picture[..., 0])
    result[..., 1] = through(_LEVELS - 0.7 * wave, picture[..., 1])
    result[..., 2] = through(60 * bend + _LEVELS * (1 - 0.45 * bend), picture[..., 2])
    return Edited(result)


def vignette(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Darkens (or, a quarter of the time, whitens) towards the corners."""
    fall = _fall(picture, rng.uniform(0.25, 0.65), rng.uniform(1.0, 2.0))
    share = fall * between(0.4, 1.0, strength)
    light = rng.random() < 0.25
    edge = np.full_like(picture, 255 if light else 0)
    return Edited(mixed(picture, edge, share), {"tone": "bright" if light else "dark"})


def _fall(picture: Picture, inner: float, outer: float) -> Plane:
    """0 in the middle, 1 at the corners: `[H, W]`; `inner` and `outer` in shares of the half diagonal."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    radius = np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2)) / np.sqrt(2)
    step = np.clip((radius - inner) / max(0.1, outer - inner), 0, 1)
    smooth: Plane = np.clip(1.4 * step * step * (3 - 2 * step), 0, 1).astype(np.float32)
    return smooth


def spotlight(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Lights one place and leaves the rest in the dark."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    at_x, at_y = rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.7) * height
    radius = rng.uniform(0.22, 0.45) * min(height, width)
    light = np.exp(-(((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * radius**2)))
    gain = between(0.5, 0.12, strength) + between(0.7, 1.2, strength) * light
    return Edited(to_picture(picture * gain[..., None].astype(np.float32)))


def soft_glow(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Lets the bright parts glow into their surroundings."""
    glow = soft(picture, ramp(3, 9, strength) * unit(picture)) * np.float32(between(0.45, 0.95, strength))
    values = picture.astype(np.float32)
    return Edited(to_picture(255 - (255 - values) * (255 - glow) / 255))


def lens_flare(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The reflections of a bright light in a lens."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    at = np.array([rng.uniform(0.15, 0.85) * width, rng.uniform(0.1, 0.5) * height])
    to = np.array([width / 2, height / 2]) - at
    size = min(height, width) * between(0.07, 0.2, strength)
    layer = np.zeros((height, width, 3), dtype=np.float32)
    distance = np.hypot(x - at[0], y - at[1])
    angle = np.arctan2(y - at[1], x - at[0])
    rays = 1 + 0.35 * np.cos(angle * int(rng.integers(6, 13)))
    layer += (260 * np.exp(-distance / (size * rays)))[..., None] * np.array([1.0, 0.95, 0.8])
    for along, share, color in (
        (0.6, 0.35, (90, 70, 20)),
        (1.2, 0.6, (20, 70, 40)),
        (1.7, 0.9, (70, 25, 60)),
    ):
        ring = np.hypot(x - at[0] - along * to[0], y - at[1] - along * to[1])
        layer += np.clip(1.5 - ring / (share * size), 0, 1)[..., None] * np.asarray(color, dtype=np.float32)
    return Edited(to_picture(picture + layer.astype(np.float32)))


def old_photo(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A brownish, faded print with stains, scratches and pale corners."""
    height, width = picture.shape[:2]
    toned = sepia(fade(picture, rng, 0.3 + 0.5 * strength).picture, rng, 0.9).picture
    stains = clouds(rng, height, width, 60 * unit(picture))
    toned = mixed(toned, np.full_like(toned, 210), (0.35 * stains**2).astype(np.float32))
    marks = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.integers(3, 6 + round(12 * strength)))):
        start = (int(rng.integers(width)), int(rng.integers(height)))
        reach = rng.normal(0, 0.1, 2) * (width, 3 * height)
        end = (int(start[0] + reach[0]), int(start[1] + reach[1]))
        cv2.line(
            marks, start, end, float(rng.uniform(0.4, 0.9)), max(1, round(0.5 * unit(picture))), cv2.LINE_AA
        )
    specks = (rng.random((height, width)) < 0.0006 * (1 + 2 * strength)).astype(np.uint8)
    marks = np.maximum(marks, cv2.dilate(specks, np.ones((2, 2), np.uint8)).astype(np.float32))
    edge = _fall(picture, 0.5, 1.2) * np.float32(between(0.4, 0.9, strength))
    pale = mixed(toned, np.full_like(toned, 235), np.clip(marks, 0, 1).astype(np.float32))
    return Edited(mixed(pale, np.full_like(pale, 245 if rng.random() < 0.5 else 60), edge))


TONE: Mapping[str, Operation] = {
    "brighten": brighten,
    "darken": darken,
    "contrast_up": contrast_up,
    "contrast_down": contrast_down,
    "fade": fade,
    "shadows": shadows,
    "highlights": highlights,
    "saturate": saturate,
    "desaturate": desaturate,
    "black_and_white": black_and_white,
    "warmer": warmer,
    "cooler": cooler,
    "hue": hue,
    "tint": tint,
    "sepia": sepia,
    "invert": invert,
    "posterize": posterize,
    "solarize": solarize,
    "threshold": threshold,
    "false_color": false_color,
    "cross_process": cross_process,
    "vignette": vignette,
    "spotlight": spotlight,
    "soft_glow": soft_glow,
    "lens_flare": lens_flare,
    "old_photo": old_photo,
}
