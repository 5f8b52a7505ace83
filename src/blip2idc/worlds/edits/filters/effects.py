"""Rarer effects of an editor's menus: engraving, erosion, sparkles, paper tiles, a board, a bevel, a warp, plasma.

In: a picture `[H, W, 3]` uint8, a generator and a strength from 0 (just visible) to 1 (extreme). Out: `Edited`.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.random import Generator

from blip2idc.worlds.edits.filters.canvas import (
    clouds,
    filled,
    grid,
    mixed,
    paint,
    ramp,
    resample,
    soft,
    unit,
)
from blip2idc.worlds.edits.operations import Edited, Operation, Picture, between, luma, to_picture


def engrave(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Black lines whose width follows the darkness, as in an old print."""
    height, width = picture.shape[:2]
    period = max(3.0, ramp(3.0, 7.0, strength) * unit(picture))
    _, y = grid(height, width)
    wave = np.abs(((y / period) % 1) - 0.5) * 2
    shade = soft(luma(picture), period / 2) / 255
    ink = np.clip((shade * 1.05 - wave) * 8 + 0.5, 0, 1)
    return Edited(to_picture(np.repeat((255 * ink)[..., None], 3, axis=-1)))


def _grown(picture: Picture, strength: float, *, bright: bool) -> Picture:
    side = max(3, round(ramp(2.5, 9.0, strength) * unit(picture)) | 1)
    kernel = np.ones((side, side), dtype=np.uint8)
    grown: Picture = cv2.dilate(picture, kernel) if bright else cv2.erode(picture, kernel)
    return grown


def dilate(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Bright parts grow into the dark ones."""
    return Edited(_grown(picture, strength, bright=True))


def erode(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Dark parts grow into the bright ones."""
    return Edited(_grown(picture, strength, bright=False))


def sparkle(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Stars of light with rays on the brightest places, or one large one."""
    height, width = picture.shape[:2]
    light = np.zeros((height, width), dtype=np.float32)
    points = int(between(4, 28, strength)) if rng.random() < 0.7 else 1
    gray = luma(picture)
    for _ in range(points):
        tried = [(int(rng.integers(height)), int(rng.integers(width))) for _ in range(12)]
        row, column = max(tried, key=lambda at: float(gray[at]))
        reach = ramp(6, 16, float(rng.random())) * unit(picture) * (1 if points > 1 else 4)
        turn = float(rng.uniform(0, np.pi / 2))
        for ray in range(4):
            angle = turn + ray * np.pi / 2
            end = (round(column + reach * np.cos(angle)), round(row + reach * np.sin(angle)))
            cv2.line(light, (column, row), end, 1.0, max(1, round(0.6 * unit(picture))), cv2.LINE_AA)
        cv2.circle(light, (column, row), max(1, round(reach / 5)), 1.0, -1, cv2.LINE_AA)
    glow = np.clip(light + 1.6 * soft(light, 1.6 * unit(picture)), 0, 1)
    return Edited(mixed(picture, filled(height, width, (255, 252, 240)), glow))


def paper_tiles(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Cut into squares of paper that slid a little apart."""
    height, width = picture.shape[:2]
    side = max(8, round(ramp(50, 14, strength) * unit(picture)))
    ground = paint(rng)[1] if rng.random() < 0.4 else ((0, 0, 0), (255, 255, 255))[int(rng.integers(2))]
    result = filled(height, width, ground)
    reach = 0.22 * side
    for top in range(0, height, side):
        for left in range(0, width, side):
            part = picture[top : top + side, left : left + side]
            row, column = (round(float(rng.uniform(-reach, reach))) for _ in range(2))
            y, x = max(0, top + row), max(0, left + column)
            high, wide = min(part.shape[0], height - y), min(part.shape[1], width - x)
            if high > 0 and wide > 0:
                result[y : y + high, x : x + wide] = part[:high, :wide]
    return Edited(result)


def checkerboard(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A board of squares over the picture, every second one filled or see-through."""
    height, width = picture.shape[:2]
    name, color = paint(rng) if rng.random() < 0.4 else ("black", (10, 10, 10))
    side = max(4, round(ramp(48, 10, float(rng.random())) * unit(picture)))
    x, y = grid(height, width)
    squares = ((x // side + y // side) % 2).astype(np.float32) * np.float32(between(0.3, 1.0, strength))
    return Edited(mixed(picture, filled(height, width, color), squares), {"color": name})


def bevel(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A raised edge: bright above and left, dark below and right."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    thick = ramp(4, 20, strength) * unit(picture)
    from_left, from_top, from_right, from_bottom = x, y, width - 1 - x, height - 1 - y
    inner = np.minimum(np.minimum(from_left, from_top), np.minimum(from_right, from_bottom))
    lit = np.minimum(from_left, from_top) <= np.minimum(from_right, from_bottom)
    edge = (inner < thick).astype(np.float32) * np.float32(between(0.35, 0.6, strength))
    tone = np.where(lit, 255, 0)[..., None]
    return Edited(mixed(picture, np.broadcast_to(tone, picture.shape), edge))


def warp(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Bent without a pattern, as if molten."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    cell, reach = float(rng.uniform(0.12, 0.35)) * max(height, width), ramp(8, 60, strength) * unit(picture)
    across, down = (clouds(rng, height, width, cell) - 0.5 for _ in range(2))
    return Edited(resample(picture, x + reach * across, y + reach * down))


def plasma(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Clouds of all colours over the picture."""
    height, width = picture.shape[:2]
    layer = np.stack([clouds(rng, height, width, 0.5 * width) for _ in range(3)], axis=-1) * 255
    return Edited(mixed(picture, layer, between(0.35, 0.85, strength)))


EFFECTS: Mapping[str, Operation] = {
    "engrave": engrave,
    "dilate": dilate,
    "erode": erode,
    "sparkle": sparkle,
    "paper_tiles": paper_tiles,
    "checkerboard": checkerboard,
    "bevel": bevel,
    "warp": warp,
    "plasma": plasma,
}
