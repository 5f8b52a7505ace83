"""What is laid over or around a whole picture: frames, shadows, watermarks, grids, drawings, other pictures.

In: a picture `[H, W, 3]` uint8, a generator and a strength from 0 (just visible) to 1 (extreme); for collages another
picture too. Out: `Edited`; frames and shadows may enlarge the picture, as programs do.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from blip2idc.worlds.edits.filters.canvas import (
    PAINTS,
    clouds,
    covers,
    filled,
    grid,
    mixed,
    paint,
    ramp,
    resized,
    soft,
    unit,
)
from blip2idc.worlds.edits.operations import Edited, Operation, Picture, Plane, between
from blip2idc.worlds.edits.regions import RegionOperation

_WORDS = ("SAMPLE", "DRAFT", "PREVIEW", "PROOF", "CONFIDENTIAL", "COPY", "DEMO", "stock photo", "Do not copy",
          "my photos", "2024", "VOID", "Studio North", "example.org")  # fmt: skip


def _around(picture: Picture, thickness: int, color: tuple[int, int, int], grows: bool) -> Picture:
    """A frame of one colour, outside the picture or over its edges."""
    height, width = picture.shape[:2]
    if grows:
        result = filled(height + 2 * thickness, width + 2 * thickness, color)
        result[thickness : thickness + height, thickness : thickness + width] = picture
        return result
    thickness = min(thickness, (min(height, width) - 2) // 2)
    result = filled(height, width, color)
    inside = (slice(thickness, height - thickness), slice(thickness, width - thickness))
    result[inside] = picture[inside]
    return result


def border(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A frame of any colour and width: plain, double, shaded like wood, or with a mat."""
    name, color = paint(rng)
    thickness = max(2, round(ramp(2.0, 34, strength) * unit(picture)))
    grows = rng.random() < 0.55
    way = int(rng.integers(5))
    if way == 0 and thickness >= 6:
        inner = PAINTS["white" if sum(color) < 420 else "black"]
        framed = _around(picture, thickness // 2, inner, grows)
        return Edited(_around(framed, thickness // 2, color, True), {"color": name})
    framed = _around(picture, thickness, color, grows)
    if way == 1:
        height, width = framed.shape[:2]
        x, y = grid(height, width)
        depth = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
        bevel = np.where(depth < thickness, 1 + 0.25 * np.sin(np.pi * depth / thickness), 1.0)
        return Edited(np.clip(framed * bevel[..., None], 0, 255).astype(np.uint8), {"color": name})
    return Edited(framed, {"color": name})


def fuzzy_border(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Soft, torn or frayed edges that fade into white or black."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    depth = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) / unit(picture)
    reach = ramp(10, 45, strength)
    rough = clouds(rng, height, width, float(rng.uniform(3, 14)) * unit(picture))
    share = np.clip(1.5 - depth / reach - rough * float(rng.uniform(0.2, 0.9)), 0, 1).astype(np.float32)
    name = "white" if rng.random() < 0.65 else "black"
    return Edited(mixed(picture, filled(height, width, PAINTS[name]), share), {"color": name})


def letterbox(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Black bars above and below, or left and right."""
    height, width = picture.shape[:2]
    level = rng.random() < 0.7
    bar = max(2, round(between(0.05, 0.24, strength) * (height if level else width)))
    result = picture.copy()
    bars = ((slice(0, bar), slice(None)), (slice(-bar, None), slice(None)))
    for rows, columns in bars:
        result[(rows, columns) if level else (columns, rows)] = 0
    return Edited(result, {"ends": "at the top and bottom" if level else "on the left and right"})


def drop_shadow(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A shadow behind the picture, on a canvas somewhat larger."""
    height, width = picture.shape[:2]
    gap = ramp(4, 16, strength) * unit(picture)
    margin = round(3 * gap)
    ground = (255, 255, 255) if rng.random() < 0.75 else PAINTS["light gray"]
    canvas = filled(height + 2 * margin, width + 2 * margin, ground)
    shade = np.zeros(canvas.shape[:2], dtype=np.float32)
    down, right = round(gap), round(gap if rng.random() < 0.8 else -gap)
    shade[margin + down : margin + down + height, margin + right : margin + right + width] = 1
    shade = soft(shade, max(1.0, gap * float(rng.uniform(0.3, 0.9)))) * np.float32(
        between(0.5, 0.9, strength)
    )
    result = mixed(canvas, np.zeros_like(canvas), shade)
    result[margin : margin + height, margin : margin + width] = picture
    if rng.random() < 0.4:
        result = resized(result, height, width)
    return Edited(result)


def round_corners(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The corners are cut round."""
    height, width = picture.shape[:2]
    radius = ramp(0.08, 0.5, strength) * min(height, width)
    x, y = grid(height, width)
    inner_x = np.maximum(0, radius - np.minimum(x, width - 1 - x))
    inner_y = np.maximum(0, radius - np.minimum(y, height - 1 - y))
    outside = np.clip(np.hypot(inner_x, inner_y) - radius + 0.5, 0, 1)
    name = str(rng.choice(["white", "white", "black", "light gray"]))
    return Edited(
        mixed(picture, filled(height, width, PAINTS[name]), outside.astype(np.float32)), {"color": name}
    )


def oval(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Cut out as an oval or a circle."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    half = np.array([width, height]) / 2 * between(1.0, 0.75, strength)
    if rng.random() < 0.3:
        half[:] = half.min()
    radius = np.hypot((x - width / 2) / half[0], (y - height / 2) / half[1])
    name = str(rng.choice(["white", "white", "black"]))
    share = np.clip((radius - 1) * half.min() + 0.5, 0, 1).astype(np.float32)
    return Edited(mixed(picture, filled(height, width, PAINTS[name]), share), {"color": name})


def polaroid(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A white frame with a broad strip below, slightly turned on a ground."""
    height, width = picture.shape[:2]
    rim = round(ramp(7, 14, strength) * unit(picture))
    card = filled(height + 4 * rim, width + 2 * rim, (250, 250, 248))
    card[rim : rim + height, rim : rim + width] = picture
    margin = round(1.5 * rim)
    ground = PAINTS[str(rng.choice(["gray", "white", "brown", "black", "light gray"]))]
    high, wide = card.shape[0] + 2 * margin, card.shape[1] + 2 * margin
    matrix = cv2.getRotationMatrix2D((card.shape[1] / 2, card.shape[0] / 2), float(rng.uniform(-8, 8)), 0.94)
    matrix[:, 2] += margin
    turned = cv2.warpAffine(card, matrix, (wide, high))
    inside = cv2.warpAffine(np.ones(card.shape[:2], np.float32), matrix, (wide, high))
    shade = np.roll(soft(inside, 0.4 * rim), (rim // 3, rim // 3), axis=(0, 1)) * np.float32(0.5)
    canvas = mixed(filled(high, wide, ground), np.zeros((high, wide, 3), np.uint8), shade)
    return Edited(mixed(canvas, turned, inside))


def film_strip(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Between the perforated edges of a film."""
    height, width = picture.shape[:2]
    bar = round(between(0.1, 0.16, strength) * height)
    canvas = filled(height + 2 * bar, width, (12, 12, 12))
    canvas[bar : bar + height] = picture
    hole = round(0.5 * bar)
    for left in range(hole // 2, width - hole, 2 * hole):
        for top in (bar // 4, height + bar + bar // 4):
            canvas[top : top + hole, left : left + hole] = 240
    return Edited(canvas)


def grid_lines(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Lines across and down in equal steps."""
    height, width = picture.shape[:2]
    name, color = paint(rng)
    step = max(4, round(ramp(60, 11, float(rng.random())) * unit(picture)))
    thick = max(1, round(ramp(0.5, 2.5, strength) * unit(picture)))
    result = filled(height, width, color)
    share = np.zeros((height, width), dtype=np.float32)
    for start in range(step // 2, max(height, width), step):
        share[start : start + thick] = 1
        share[:, start : start + thick] = 1
    return Edited(mixed(picture, result, share * np.float32(between(0.6, 1.0, strength))), {"color": name})


def stripes(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Bands across or down, as blinds before a window."""
    height, width = picture.shape[:2]
    name, color = paint(rng) if rng.random() < 0.4 else ("black", PAINTS["black"])
    level = rng.random() < 0.5
    count = int(rng.integers(5, 18))
    span = height if level else width
    inside = (np.arange(span) * count / span) % 1 < between(0.25, 0.6, strength)
    share = np.repeat(
        inside[:, None] if level else inside[None, :], width if level else height, axis=1 if level else 0
    )
    return Edited(mixed(picture, filled(height, width, color), share.astype(np.float32)), {"color": name})


def _letters(text: str, size: int, rng: Generator) -> Plane:
    """A word as `[h, w]` float32 in 0..1."""
    font = ImageFont.load_default(max(6, size))
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (max(1, int(right - left) + 2), max(1, int(bottom - top) + 2)))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
    letters: Plane = np.asarray(image, dtype=np.float32) / np.float32(255)
    return letters


def watermark(picture: Picture, rng: Generator, strength: float) -> Edited:
    """A pale word across the whole picture, once or in rows, level or slanted."""
    height, width = picture.shape[:2]
    word = str(rng.choice(_WORDS))
    repeated = rng.random() < 0.55
    letters = _letters(
        word,
        round((ramp(9, 22, rng.random()) if repeated else ramp(26, 60, rng.random())) * unit(picture)),
        rng,
    )
    side = int(np.hypot(height, width)) + 2
    layer = np.zeros((side, side), dtype=np.float32)
    high, wide = letters.shape
    if repeated:
        for row, top in enumerate(range(0, side - high, int(high * rng.uniform(2.2, 4)))):
            for left in range((row % 2) * wide // 2, side - wide, int(wide * 1.35)):
                layer[top : top + high, left : left + wide] = letters
    else:
        scale = min(1.0, 0.85 * width / wide)
        letters = cv2.resize(letters, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        high, wide = letters.shape
        layer[
            (side - high) // 2 : (side - high) // 2 + high, (side - wide) // 2 : (side - wide) // 2 + wide
        ] = letters
    degrees = float(rng.choice([0, 30, 45, -30])) if rng.random() < 0.8 else float(rng.uniform(-45, 45))
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 1)
    layer = cv2.warpAffine(layer, matrix, (side, side))
    top, left = (side - height) // 2, (side - width) // 2
    share = layer[top : top + height, left : left + width] * np.float32(between(0.28, 0.85, strength))
    color = PAINTS["white"] if rng.random() < 0.65 else PAINTS[str(rng.choice(["black", "gray", "red"]))]
    return Edited(mixed(picture, filled(height, width, color), share), {"word": word})


def date_stamp(picture: Picture, rng: Generator, strength: float) -> Edited:
    """The date in the lower right corner, as cameras print it."""
    height, width = picture.shape[:2]
    date = f"{int(rng.integers(1, 29)):02d}.{int(rng.integers(1, 13)):02d}.{int(rng.integers(1990, 2026))}"
    letters = _letters(
        date if rng.random() < 0.6 else date.replace(".", "/"),
        round(ramp(11, 20, strength) * unit(picture)),
        rng,
    )
    high, wide = (min(side, limit) for side, limit in zip(letters.shape, (height, width), strict=True))
    margin = round(6 * unit(picture))
    top, left = max(0, height - high - margin), max(0, width - wide - margin)
    share = np.zeros((height, width), dtype=np.float32)
    share[top : top + high, left : left + wide] = letters[:high, :wide]
    color = PAINTS[str(rng.choice(["orange", "yellow", "white", "red"]))]
    mask = covers(height, width)
    mask[top : top + high, left : left + wide] = True
    return Edited(mixed(picture, filled(height, width, color), share), {}, mask, placed=True)


def coffee_stain(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Brown rings of a cup."""
    height, width = picture.shape[:2]
    x, y = grid(height, width)
    share = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.integers(1, 4))):
        radius = rng.uniform(0.14, 0.3) * min(height, width)
        distance = np.hypot(x - rng.uniform(0.15, 0.85) * width, y - rng.uniform(0.15, 0.85) * height)
        wobble = 1 + 0.08 * clouds(rng, height, width, 0.2 * width)
        ring = np.exp(-(((distance * wobble - radius) / (0.07 * radius)) ** 2))
        share = np.maximum(share, ring + 0.25 * (distance < radius))
    share = np.clip(share * between(0.5, 0.95, strength), 0, 1).astype(np.float32)
    return Edited(mixed(picture, filled(height, width, (88, 52, 22)), share))


def bubbles(picture: Picture, rng: Generator, strength: float) -> Edited:
    """Out-of-focus lights (bokeh) or hearts of light over the picture."""
    height, width = picture.shape[:2]
    layer = np.zeros((height, width, 3), dtype=np.float32)
    for _ in range(int(between(6, 26, strength))):
        disc = np.zeros((height, width), dtype=np.float32)
        at = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(disc, at, max(2, round(float(rng.uniform(5, 18)) * unit(picture))), 1.0, -1, cv2.LINE_AA)
        layer += (
            disc[..., None]
            * np.asarray(paint(rng, without=("black", "dark gray"))[1], dtype=np.float32)
            * 0.55
        )
    return Edited(np.clip(picture + layer, 0, 255).astype(np.uint8))


def collage(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Another photo beside or below, or small ones around; the picture itself may shrink."""
    height, width = picture.shape[:2]
    gap = round(float(rng.choice([0, 2, 5])) * unit(picture))
    space = (255, 255, 255) if rng.random() < 0.8 else (0, 0, 0)
    beside = rng.random() < 0.5
    second = other if rng.random() < 0.75 else picture[:, ::-1]
    line = filled(height, gap, space) if beside else filled(gap, width, space)
    joined = np.concatenate([picture, line, second], axis=1 if beside else 0)
    if rng.random() < 0.4:
        line = filled(gap, joined.shape[1], space) if beside else filled(joined.shape[0], gap, space)
        joined = np.concatenate([joined, line, joined[::-1, ::-1]], axis=0 if beside else 1)
    return Edited(resized(joined, height, width) if rng.random() < 0.5 else joined)


def double_exposure(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """Another photo shines through the whole picture."""
    return Edited(mixed(picture, other, between(0.22, 0.6, strength)))


def replaced(picture: Picture, rng: Generator, strength: float, other: Picture) -> Edited:
    """A wholly different photo."""
    return Edited(other)


OVERLAYS: Mapping[str, Operation] = {
    "border": border,
    "fuzzy_border": fuzzy_border,
    "letterbox": letterbox,
    "drop_shadow": drop_shadow,
    "round_corners": round_corners,
    "oval": oval,
    "polaroid": polaroid,
    "film_strip": film_strip,
    "grid_lines": grid_lines,
    "stripes": stripes,
    "watermark": watermark,
    "date_stamp": date_stamp,
    "coffee_stain": coffee_stain,
    "bubbles": bubbles,
}

#: Filters that need another picture of the same size.
MIXES: Mapping[str, RegionOperation] = {
    "collage": collage,
    "double_exposure": double_exposure,
    "another_photo": replaced,
}
