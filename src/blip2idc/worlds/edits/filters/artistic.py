"""Pictures turned into drawings, paintings, prints and mosaics.

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
    ramp,
    resample,
    resized,
    soft,
    unit,
)
from blip2idc.worlds.edits.operations import Edited, Operation, Picture, Plane, between, luma, to_picture


def _gray(plane: Plane) -> Picture:
    return to_picture(np.repeat(plane[..., None], 3, axis=-1).astype(np.float32))


def emboss(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A relief lit from one corner: grey, or with some of the picture's colours (a bump map)."""
    base = luma(picture)
    gap = max(1.0, ramp(0.8, 2.5, strength) * unit(picture))
    angle = rng.uniform(0, 2 * np.pi)
    x, y = grid(*base.shape)
    dx, dy = gap * np.cos(angle), gap * np.sin(angle)
    slope = cv2.remap(
        base, x + np.float32(dx), y + np.float32(dy), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    relief = (base - slope) * ramp(1.5, 4.0, strength)
    if rng.random() < 0.3:
        return Edited(to_picture(picture + relief[..., None].astype(np.float32) * 1.3))
    return Edited(_gray(128 + relief))


def edges(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Only the outlines are left, bright on dark or dark on bright, coloured or not."""
    width = 0.6 * unit(picture)
    smoothed = soft(picture, max(0.6, width))
    way = int(rng.integers(4))
    if way == 0:
        lines = cv2.Canny(to_picture(smoothed), 40, 120).astype(np.float32)
        lines = cv2.dilate(lines, np.ones((max(1, round(unit(picture))),) * 2, np.uint8))
        shown = np.repeat(lines[..., None], 3, axis=-1)
    elif way == 1:
        shown = np.abs(smoothed - soft(picture, 2.2 * max(0.6, width))) * ramp(4, 10, strength)
    else:
        across = cv2.Sobel(smoothed, cv2.CV_32F, 1, 0)
        down = cv2.Sobel(smoothed, cv2.CV_32F, 0, 1)
        shown = np.hypot(across, down) * ramp(0.7, 2.0, strength)
        if way == 3:
            shown = np.repeat(shown.max(axis=-1)[..., None], 3, axis=-1)
    if rng.random() < 0.3:
        shown = 255 - shown
    return Edited(to_picture(shown.astype(np.float32)))


def sketch(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A pencil or crayon drawing on white paper."""
    gray = luma(picture)
    blurred = soft(255 - gray, ramp(2.0, 8.0, strength) * unit(picture))
    drawing = np.clip(gray * 255 / np.maximum(1, 255 - blurred), 0, 255)
    drawing = 255 * (drawing / 255) ** between(1.2, 2.4, strength)
    if rng.random() < 0.3:
        colored = picture.astype(np.float32) * (drawing / 255)[..., None]
        return Edited(to_picture((0.35 * colored + 0.65 * drawing[..., None]).astype(np.float32)))
    if rng.random() < 0.3:
        drawing = drawing - 18 * rng.random(gray.shape) * (drawing < 245)
    return Edited(_gray(drawing.astype(np.float32)))


def oil_paint(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Strokes of the commonest brightness around each pixel."""
    size = max(3, round(ramp(4, 14, strength) * unit(picture)) | 1)
    bins = 10
    level = np.minimum(bins - 1, (luma(picture) * bins / 256).astype(np.int32))
    best = np.full(level.shape, -1.0, dtype=np.float32)
    result = np.zeros(picture.shape, dtype=np.float32)
    values = picture.astype(np.float32)
    for index in range(bins):
        here = (level == index).astype(np.float32)
        count = cv2.blur(here, (size, size))
        mean = cv2.blur(values * here[..., None], (size, size)) / np.maximum(1e-4, count)[..., None]
        wins = count > best
        best[wins] = count[wins]
        result[wins] = mean[wins]
    return Edited(to_picture(result))


def watercolor(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Soft washes of pale colour with darker rims."""
    wash = cv2.stylization(picture, sigma_s=float(ramp(12, 50, strength)), sigma_r=0.45)
    height, width = picture.shape[:2]
    paper = 1 + 0.12 * (clouds(rng, height, width, 6 * unit(picture)) - 0.5)
    pale = 255 - (255 - wash.astype(np.float32)) * np.float32(0.85)
    return Edited(to_picture((pale * paper[..., None]).astype(np.float32)))


def cartoon(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Flat colours with black outlines."""
    flat = picture
    for _ in range(3):
        flat = cv2.bilateralFilter(flat, 7, 60, 5)
    levels = round(between(9, 5, strength))
    flat = to_picture(np.rint(flat.astype(np.float32) / 255 * levels) * np.float32(255 / levels))
    side = max(5, round(6 * unit(picture)) | 1)
    gray = cv2.medianBlur(luma(picture).astype(np.uint8), 5)
    lines = cv2.adaptiveThreshold(
        gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, side, between(6, 3, strength)
    )
    return Edited(np.where(lines[..., None] > 0, flat, 0).astype(np.uint8))


def halftone(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Dots of a newspaper print, black or in colour."""
    height, width = picture.shape[:2]
    cell = max(3.0, ramp(3.0, 9.0, strength) * unit(picture))
    x, y = grid(height, width)

    def dots(plane: Plane, degrees: float) -> Plane:
        turn = np.radians(degrees)
        u = (x * np.cos(turn) + y * np.sin(turn)) * np.pi / cell
        v = (-x * np.sin(turn) + y * np.cos(turn)) * np.pi / cell
        screen = (np.cos(2 * u) + np.cos(2 * v)) * 64 + 128
        printed: Plane = np.clip((soft(plane, cell / 3) - screen) * 6 + 128, 0, 255).astype(np.float32)
        return printed

    if rng.random() < 0.5:
        return Edited(_gray(dots(luma(picture), 45)))
    layers = [dots(picture[..., k].astype(np.float32), turn) for k, turn in enumerate((15, 75, 45))]
    return Edited(to_picture(np.stack(layers, axis=-1)))


def pointillism(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Painted in round dots of colour."""
    height, width = picture.shape[:2]
    radius = max(2, round(ramp(2.2, 7.0, strength) * unit(picture)))
    result = filled(height, width, (245, 242, 232))
    count = int(1.4 * height * width / radius**2)
    colors = to_picture(soft(picture, radius))
    for cx, cy in zip(rng.integers(0, width, count), rng.integers(0, height, count), strict=True):
        color = tuple(int(value) for value in colors[cy, cx])
        cv2.circle(result, (int(cx), int(cy)), radius, color, -1, cv2.LINE_AA)
    return Edited(result)


def mosaic(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Tiles of one colour each with joints between: irregular, square or six-sided."""
    height, width = picture.shape[:2]
    cell = ramp(7, 28, strength) * unit(picture)
    rows, columns = max(3, round(height / cell)), max(3, round(width / cell))
    jitter = float(rng.choice([0.0, 0.35, 0.8]))
    cy, cx = np.meshgrid(np.arange(rows) + 0.5, np.arange(columns) + 0.5, indexing="ij")
    cx = cx + 0.5 * (np.arange(rows) % 2)[:, None] * (rng.random() < 0.5)
    cx = (cx + rng.uniform(-0.5, 0.5, cx.shape) * jitter) * width / columns
    cy = (cy + rng.uniform(-0.5, 0.5, cy.shape) * jitter) * height / rows
    seeds = np.full((height, width), 255, dtype=np.uint8)
    seeds[np.clip(cy.astype(int), 0, height - 1), np.clip(cx.astype(int), 0, width - 1)] = 0
    distance, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    count = int(labels.max()) + 1
    sizes = np.maximum(1, np.bincount(labels.ravel(), minlength=count))
    means = [np.bincount(labels.ravel(), picture[..., k].ravel(), count) / sizes for k in range(3)]
    result = np.stack(means, axis=-1)[labels].astype(np.float32)
    shade = 1 + 0.18 * (0.5 - np.clip(distance / cell, 0, 1))
    result = result * shade[..., None]
    if rng.random() < 0.75:
        joint = cv2.morphologyEx(labels.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0
        wide = max(1, round(0.7 * unit(picture)))
        joint = cv2.dilate(joint.astype(np.uint8), np.ones((wide, wide), np.uint8)) > 0
        result[joint] = float(rng.choice([20, 60, 235]))
    return Edited(to_picture(result.astype(np.float32)))


def cubism(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Painted in turned squares of colour."""
    height, width = picture.shape[:2]
    side = ramp(10, 34, strength) * unit(picture)
    colors = to_picture(soft(picture, side / 3))
    result = colors.copy()
    for _ in range(int(2.2 * height * width / side**2)):
        x, y = float(rng.uniform(0, width - 1)), float(rng.uniform(0, height - 1))
        box = cv2.boxPoints(
            ((x, y), (side * rng.uniform(0.6, 1.2), side * rng.uniform(0.6, 1.2)), float(rng.uniform(0, 90)))
        )
        shade = np.clip(colors[int(y), int(x)].astype(int) + rng.integers(-14, 15), 0, 255)
        cv2.fillPoly(result, [box.astype(np.int32)], tuple(int(value) for value in shade), cv2.LINE_AA)
    return Edited(result)


def glass_tiles(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Seen through a wall of glass blocks, each of which shows its part smaller."""
    height, width = picture.shape[:2]
    side = max(6, round(ramp(10, 40, strength) * unit(picture)))
    x, y = grid(height, width)
    zoom = float(rng.uniform(1.5, 2.3))
    u = (np.floor(x / side) + 0.5) * side
    v = (np.floor(y / side) + 0.5) * side
    return Edited(resample(picture, u + (x - u) * zoom, v + (y - v) * zoom))


def canvas_texture(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The weave of a cloth or of a painter's canvas over the picture."""
    height, width = picture.shape[:2]
    period = max(3.0, ramp(2.5, 9.0, float(rng.random())) * unit(picture))
    x, y = grid(height, width)
    u, v = np.sin(np.pi * x / period), np.sin(np.pi * y / period)
    weave = np.where((np.floor(x / period) + np.floor(y / period)) % 2 > 0, np.abs(u), np.abs(v))
    gain = 1 + between(0.25, 0.8, strength) * (weave - 0.6)
    return Edited(to_picture((picture * gain[..., None]).astype(np.float32)))


def jigsaw(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Cut into the pieces of a puzzle."""
    height, width = picture.shape[:2]
    columns = int(rng.integers(4, 9))
    rows = max(2, round(columns * height / width))
    lines = np.zeros((height, width), dtype=np.uint8)
    thick = max(1, round(between(0.8, 1.8, strength) * unit(picture)))
    cell_x, cell_y = width / columns, height / rows
    knob = 0.17 * min(cell_x, cell_y)
    for index in range(1, columns):
        cv2.line(lines, (round(index * cell_x), 0), (round(index * cell_x), height), 255, thick)
    for index in range(1, rows):
        cv2.line(lines, (0, round(index * cell_y)), (width, round(index * cell_y)), 255, thick)
    for row in range(rows):
        for column in range(columns):
            side = 1 if rng.random() < 0.5 else -1
            if column:
                at = (round(column * cell_x + side * 0.8 * knob), round((row + 0.5) * cell_y))
                cv2.circle(lines, at, round(knob), 255, thick, cv2.LINE_AA)
            if row:
                at = (round((column + 0.5) * cell_x), round(row * cell_y + side * 0.8 * knob))
                cv2.circle(lines, at, round(knob), 255, thick, cv2.LINE_AA)
    shade = lines.astype(np.float32) / 255
    lit = mixed(picture, filled(height, width, (255, 255, 255)), np.roll(shade, -thick, axis=(0, 1)) * 0.4)
    return Edited(mixed(lit, np.zeros_like(picture), shade * np.float32(between(0.6, 0.9, strength))))


def photocopy(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Black toner on white paper: dark where the picture is darker than its surroundings."""
    gray = luma(picture)
    near = soft(gray, 6 * unit(picture))
    ratio = gray / np.maximum(1, near)
    return Edited(_gray(np.clip((ratio - between(0.75, 0.88, strength)) * 900, 0, 255).astype(np.float32)))


def small_copies(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The picture repeated as a pattern of small copies."""
    height, width = picture.shape[:2]
    count = int(rng.integers(2, 3 + round(3 * strength)))
    small = resized(picture, -(-height // count), -(-width // count))
    return Edited(np.tile(small, (count, count, 1))[:height, :width])


ARTISTIC: Mapping[str, Operation] = {
    "emboss": emboss,
    "edges": edges,
    "sketch": sketch,
    "photocopy": photocopy,
    "oil_paint": oil_paint,
    "watercolor": watercolor,
    "cartoon": cartoon,
    "halftone": halftone,
    "pointillism": pointillism,
    "mosaic": mosaic,
    "cubism": cubism,
    "glass_tiles": glass_tiles,
    "canvas_texture": canvas_texture,
    "jigsaw": jigsaw,
    "small_copies": small_copies,
}
