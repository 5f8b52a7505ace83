"""Procedural pictures: a large supply of varied training pictures that needs no file.

In: a generator and a size. Out: a picture `[H, W, 3]` uint8: coloured noise of several octaves, gradients, Voronoi
cells, stripes and checks, collages of shapes, landscapes of layered hills, or two of them side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, cos, pi, sin

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]


def texture(rng: Generator, height: int, width: int) -> Picture:
    """A picture of a random family, sometimes with shapes on it or with a fine grain.

    Args:
        rng: Where everything is drawn from.
        height: Height in pixels.
        width: Width in pixels.

    Returns:
        `[height, width, 3]` uint8.
    """
    make = FAMILIES[int(rng.integers(len(FAMILIES)))]
    values = make(rng, height, width)
    if rng.random() < 0.3:
        other = FAMILIES[int(rng.integers(len(FAMILIES)))](rng, height, width)
        share = (octaves(rng, height, width, 1.0) > rng.uniform(0.35, 0.65))[..., None]
        values = np.where(share, values, other)
    if rng.random() < 0.5:
        values = values * (0.75 + 0.5 * octaves(rng, height, width, 1.5)[..., None])
    if rng.random() < 0.5:
        values = _with_shapes(rng, values, int(rng.integers(1, 6)))
    if rng.random() < 0.15:
        gray = values @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
        values = np.repeat(gray[..., None], 3, axis=-1)
    picture: Picture = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return picture


def octaves(rng: Generator, height: int, width: int, decay: float) -> Plane:
    """Noise of several octaves, each weaker by `2 ** -decay`: `[height, width]` float32 in 0..1."""
    total = np.zeros((height, width), dtype=np.float32)
    amplitude, cells = 1.0, int(rng.integers(2, 5))
    while cells < width / 2 and amplitude > 0.04:
        grid = rng.random((max(2, round(cells * height / width) + 1), cells + 1)).astype(np.float32)
        layer = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        total += np.float32(amplitude) * np.asarray(layer)
        amplitude *= 2.0**-decay
        cells *= 2
    low, high = float(total.min()), float(total.max())
    scaled: Plane = (total - np.float32(low)) / np.float32(max(1e-6, high - low))
    return scaled


def palette(rng: Generator, count: int) -> Plane:
    """`[count, 3]` colours with related hues, from dull to vivid, dark to light: float32, 0..255."""
    hue = (rng.random() + rng.normal(0, 0.5 if rng.random() < 0.4 else 0.08, count)) % 1.0
    saturation = rng.uniform(0.1, 1.0) * rng.uniform(0.5, 1.0, count)
    value = rng.uniform(0.15, 1.0, count)
    phases = hue[:, None] * 6 + np.array([0.0, 4.0, 2.0])
    pure = np.clip(np.abs(phases % 6 - 3) - 1, 0, 1)
    colors: Plane = (255 * value[:, None] * (1 - saturation[:, None] * (1 - pure))).astype(np.float32)
    return colors


def _colored(rng: Generator, field: Plane) -> Plane:
    """Maps a field in 0..1 through a ramp of 3 to 6 colours: `[H, W]` -> `[H, W, 3]`."""
    colors = palette(rng, int(rng.integers(3, 7)))
    stops = np.linspace(0.0, 1.0, len(colors))
    ramp = np.stack([np.interp(np.linspace(0, 1, 256), stops, colors[:, c]) for c in range(3)], axis=-1)
    mapped: Plane = ramp.astype(np.float32)[(field * 255).astype(np.uint8)]
    return mapped


def _axis(rng: Generator, height: int, width: int, angle: float | None = None) -> Plane:
    """Position along a random direction in units of the width: `[height, width]`."""
    turn = rng.uniform(0, pi) if angle is None else angle
    x = np.arange(width, dtype=np.float32)[None, :] / width
    y = np.arange(height, dtype=np.float32)[:, None] / width
    return (cos(turn) * x + sin(turn) * y).astype(np.float32)


def _clouds(rng: Generator, height: int, width: int) -> Plane:
    return _colored(rng, octaves(rng, height, width, float(rng.uniform(0.4, 1.6))))


def _gradient(rng: Generator, height: int, width: int) -> Plane:
    field = _axis(rng, height, width) + 0.4 * octaves(rng, height, width, 1.5) * np.float32(rng.random())
    if rng.random() < 0.4:
        x, y = _axis(rng, height, width, 0.0), _axis(rng, height, width, pi / 2)
        field = np.hypot(x - np.float32(rng.random()), y - np.float32(rng.random() * height / width))
    low, high = float(field.min()), float(field.max())
    return _colored(rng, (field - np.float32(low)) / np.float32(max(1e-6, high - low)))


def _voronoi(rng: Generator, height: int, width: int) -> Plane:
    count = int(rng.integers(6, 40))
    points = rng.random((count, 2)) * (height, width)
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)[None, :]
    nearest = np.zeros((height, width), dtype=np.int64)
    least = np.full((height, width), np.inf, dtype=np.float32)
    for cell, (row, column) in enumerate(points):
        distance = (y - np.float32(row)) ** 2 + (x - np.float32(column)) ** 2
        closer = distance < least
        nearest[closer] = cell
        least[closer] = distance[closer]
    shade = 1.0 - np.float32(rng.uniform(0, 0.6)) * np.sqrt(least / least.max())
    cells: Plane = palette(rng, count)[nearest] * shade[..., None]
    return cells


def _stripes(rng: Generator, height: int, width: int) -> Plane:
    frequency = float(rng.uniform(3, 14))
    angle = float(rng.uniform(0, pi))
    bend = np.float32(rng.uniform(0, 0.08)) * octaves(rng, height, width, 1.5)
    first = (frequency * (_axis(rng, height, width, angle) + bend)) % 1.0
    field = (first > rng.uniform(0.3, 0.7)).astype(np.float32)
    if rng.random() < 0.5:
        second = (frequency * (_axis(rng, height, width, angle + pi / 2) + bend)) % 1.0
        field = np.abs(field - (second > rng.uniform(0.3, 0.7)).astype(np.float32))
    colors = palette(rng, 2)
    stripes: Plane = colors[0] + (colors[1] - colors[0]) * field[..., None]
    return stripes


def _collage(rng: Generator, height: int, width: int) -> Plane:
    ground = _gradient(rng, height, width) if rng.random() < 0.5 else _clouds(rng, height, width)
    return _with_shapes(rng, ground, int(rng.integers(5, 25)))


def _with_shapes(rng: Generator, values: Plane, count: int) -> Plane:
    """Draws ellipses, rectangles and polygons of random colours over `[H, W, 3]`."""
    height, width = values.shape[:2]
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for color in palette(rng, count):
        fill = (int(color[0]), int(color[1]), int(color[2]))
        x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
        rx, ry = rng.uniform(0.03, 0.16, 2) * width
        shape = int(rng.integers(3))
        if shape == 0:
            draw.ellipse((x - rx, y - ry, x + rx, y + ry), fill=fill)
        elif shape == 1:
            draw.rectangle((x - rx, y - ry, x + rx, y + ry), fill=fill)
        else:
            corners = int(rng.integers(3, 7))
            turns = np.sort(rng.uniform(0, 2 * pi, corners))
            draw.polygon([(x + rx * cos(turn), y + ry * sin(turn)) for turn in turns], fill=fill)
    return np.asarray(image).astype(np.float32)


def _landscape(rng: Generator, height: int, width: int) -> Plane:
    """A sky, some layers of hills that get darker towards the viewer, sometimes a sun."""
    sky = palette(rng, 2)
    down = (np.arange(height, dtype=np.float32) / height)[:, None, None]
    values = np.broadcast_to(sky[0] + (sky[1] - sky[0]) * down, (height, width, 3)).copy()
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    if rng.random() < 0.5:
        radius = rng.uniform(0.03, 0.09) * width
        sun = np.hypot(x - rng.uniform(0, width), y - rng.uniform(0, height / 2)) < radius
        values[sun] = (255, 240, 200)
    layers = int(rng.integers(2, 6))
    ground = palette(rng, layers)
    for layer in range(layers):
        ridge = octaves(rng, 2, width, float(rng.uniform(0.7, 1.6)))[0]
        top = height * (0.25 + 0.6 * (layer + 1) / (layers + 1) - 0.25 * ridge)
        below = y > top[None, :]
        detail = 0.7 + 0.5 * octaves(rng, ceil(height), width, 0.6)
        values = np.where(below[..., None], ground[layer] * detail[..., None], values)
    return values.astype(np.float32)


Family = Callable[[Generator, int, int], Plane]

FAMILIES: tuple[Family, ...] = (_clouds, _gradient, _voronoi, _stripes, _collage, _landscape, _landscape)
