"""Changes of things: what is done to a photograph with objects in it, or to a part of the photograph itself.

In: a picture, a supply of objects, a generator, a strength. Out: both pictures, the boxes, what was drawn. The picture
before may get objects too (what is removed must be there first), so a change makes both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator

from blip2idc.worlds.edits.filters.canvas import PAINTS, mixed, ramp, soft
from blip2idc.worlds.edits.objects.compose import Mask, Placed, filled_in, laid, place, scaled, where
from blip2idc.worlds.edits.objects.cutouts import Cutout, ObjectSupply
from blip2idc.worlds.edits.objects.segments import segment
from blip2idc.worlds.edits.operations import Picture, between, colorized, luma, to_picture

#: Colours that a thing may be given.
THING_COLORS = ("red", "green", "blue", "yellow", "purple", "orange", "pink", "black", "white")

#: Draws of a second place until it is clear of the first.
PLACES_TRIED = 12


@dataclass(frozen=True, eq=False)
class Change:
    """A pair made by a change of a thing.

    Attributes:
        before: `[H, W, 3]` uint8.
        after: `[H, W, 3]` uint8, of the same size.
        details: What was drawn, for captions and `change`.
        before_mask: `[H, W]` bool, where the thing is in `before`; None where it is not there.
        after_mask: `[H, W]` bool, likewise in `after`.
    """

    before: Picture
    after: Picture
    details: Mapping[str, Any]
    before_mask: Mask | None
    after_mask: Mask | None


Changer = Callable[[Picture, ObjectSupply, Generator, float], Change | None]


def _shown(picture: Picture, objects: ObjectSupply, rng: Generator) -> tuple[Cutout, Placed, Picture, Mask]:
    cutout = objects.draw(rng)
    thing = place(cutout, rng, *picture.shape[:2])
    shown, mask = laid(picture, thing)
    return cutout, thing, shown, mask


def added(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """An object appears."""
    cutout, _, shown, mask = _shown(picture, objects, rng)
    if not mask.any():
        return None
    return Change(picture, shown, {"noun": cutout.noun, "place": where(mask)}, None, mask)


def removed(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """An object goes: what was behind it comes out, or its place is filled in well or badly."""
    cutout, _, shown, mask = _shown(picture, objects, rng)
    if not mask.any():
        return None
    way = rng.random()
    after = picture if way < 0.5 else filled_in(shown, mask, rng, well=way < 0.8)
    return Change(shown, after, {"noun": cutout.noun, "place": where(mask)}, mask, None)


def replaced(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """Another object in the place of one."""
    cutout, thing, shown, mask = _shown(picture, objects, rng)
    other = objects.draw(rng)
    if other.noun == cutout.noun or not mask.any():
        return None
    size = max(thing.pixels.shape[:2]) * float(rng.uniform(0.8, 1.25))
    second, second_mask = laid(picture, thing.with_pixels(scaled(other.pixels, size)))
    if not second_mask.any():
        return None
    return Change(
        shown, second, {"noun": cutout.noun, "second": other.noun, "place": where(mask)}, mask, second_mask
    )


def moved(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """An object in another place, clearly to one side."""
    cutout, thing, shown, mask = _shown(picture, objects, rng)
    height, width = picture.shape[:2]
    high, wide = thing.pixels.shape[:2]
    for _ in range(PLACES_TRIED):
        across, down = int(rng.integers(-width, width)), int(rng.integers(-height, height))
        if abs(across) < 2 * abs(down):
            across //= 4
        else:
            down //= 4
        left, top = thing.left + across, thing.top + down
        fits = 0 <= left <= width - wide and 0 <= top <= height - high
        if fits and max(abs(across) / width, abs(down) / height) > 0.08:
            after, second = laid(picture, thing.moved(left, top))
            details = {"noun": cutout.noun, "place": where(mask), "direction": _direction(across, down)}
            return Change(shown, after, details, mask, second)
    return None


def _direction(across: int, down: int) -> str:
    if abs(across) >= abs(down):
        return "to the right" if across > 0 else "to the left"
    return "down" if down > 0 else "up"


def recolored(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """An object in shades of another colour."""
    cutout, thing, shown, mask = _shown(picture, objects, rng)
    name = str(rng.choice(THING_COLORS))
    if not mask.any() or name in cutout.noun:
        return None
    colors = _shades(thing.pixels[..., :3], name)
    pixels = np.dstack(
        [mixed(thing.pixels[..., :3], colors, between(0.75, 1.0, strength)), thing.pixels[..., 3]]
    )
    after, _ = laid(picture, thing.with_pixels(pixels))
    return Change(shown, after, {"noun": cutout.noun, "place": where(mask), "color": name}, mask, mask)


def _shades(picture: Picture, name: str) -> Picture:
    """A picture in shades of a colour; black and white keep a trace of relief."""
    if name in ("black", "white"):
        relief = luma(picture)[..., None] / 255
        values = 12 + 55 * relief if name == "black" else 175 + 78 * relief
        return to_picture(np.repeat(values, 3, axis=-1).astype(np.float32))
    gray = luma(picture)
    middle = to_picture(np.repeat(np.clip(gray * 0.6 + 55, 0, 255)[..., None], 3, axis=-1).astype(np.float32))
    return to_picture(colorized(middle, PAINTS[name]))


def doubled(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """A second copy of an object beside the first."""
    cutout, thing, shown, _ = _shown(picture, objects, rng)
    height, width = picture.shape[:2]
    high, wide = thing.pixels.shape[:2]
    for _ in range(PLACES_TRIED):
        left, top = int(rng.integers(0, max(1, width - wide))), int(rng.integers(0, max(1, height - high)))
        if abs(left - thing.left) >= wide or abs(top - thing.top) >= high:
            after, second = laid(shown, thing.moved(left, top))
            if second.any():
                return Change(shown, after, {"noun": cutout.noun, "place": where(second)}, None, second)
    return None


def resized(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """An object larger or smaller about its middle."""
    cutout, thing, shown, mask = _shown(picture, objects, rng)
    larger = rng.random() < 0.5
    factor = ramp(1.25, 2.2, strength) if larger else ramp(0.8, 0.45, strength)
    pixels = scaled(thing.pixels, max(thing.pixels.shape[:2]) * factor)
    after, second = laid(picture, thing.with_pixels(pixels))
    if not mask.any() or not second.any():
        return None
    details = {"noun": cutout.noun, "place": where(mask), "size": "larger" if larger else "smaller"}
    return Change(shown, after, details, mask, second)


def mirrored(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """An object turned to the other side."""
    cutout, thing, shown, mask = _shown(picture, objects, rng)
    after, second = laid(picture, thing.with_pixels(np.ascontiguousarray(thing.pixels[:, ::-1])))
    if not mask.any() or np.abs(after[mask].astype(int) - shown[mask]).mean() < 25:
        return None
    return Change(shown, after, {"noun": cutout.noun, "place": where(mask)}, mask, second)


def background_changed(
    picture: Picture, objects: ObjectSupply, rng: Generator, strength: float
) -> Change | None:
    """The same object before another ground: one colour, a gradient, or the photograph mirrored and blurred."""
    cutout = objects.draw(rng)
    height, width = picture.shape[:2]
    pixels = scaled(cutout.pixels, float(rng.uniform(0.5, 0.8)) * min(height, width))
    thing = Placed(pixels, (width - pixels.shape[1]) // 2, (height - pixels.shape[0]) // 2, 0.0, 0.0)
    shown, mask = laid(picture, thing)
    first, second = (np.asarray(PAINTS[str(rng.choice(list(PAINTS)))], dtype=np.float32) for _ in range(2))
    down = np.linspace(0, 1 if rng.random() < 0.5 else 0, height, dtype=np.float32)[:, None, None]
    ground = to_picture(np.broadcast_to(first + down * (second - first), picture.shape).astype(np.float32))
    after, _ = laid(ground, thing)
    return Change(shown, after, {"noun": cutout.noun}, ~mask, ~mask)


def part_recolored(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """A part of the photograph in another colour."""
    mask = segment(picture, rng)
    if mask is None:
        return None
    name = str(rng.choice(THING_COLORS))
    share = soft(mask.astype(np.float32), 1.0) * np.float32(between(0.65, 1.0, strength))
    after = mixed(picture, _shades(picture, name), share)
    return Change(picture, after, {"place": where(mask), "color": name}, mask, mask)


def part_removed(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """A part of the photograph filled in from around it, well or badly."""
    mask = segment(picture, rng)
    if mask is None:
        return None
    after = filled_in(picture, mask, rng, well=bool(rng.random() < 0.6))
    return Change(picture, after, {"place": where(mask)}, mask, mask)


def part_moved(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """A part of the photograph elsewhere, its old place filled in."""
    mask = segment(picture, rng)
    if mask is None:
        return None
    level = rng.random() < 0.5
    reach = round(between(0.1, 0.4, strength) * (picture.shape[1] if level else picture.shape[0]))
    sign = 1 if rng.random() < 0.5 else -1
    across, down = (sign * reach, 0) if level else (0, sign * reach)
    matrix = np.array([[1, 0, across], [0, 1, down]], dtype=np.float32)
    size = picture.shape[1::-1]
    share = cv2.warpAffine(soft(mask.astype(np.float32), 0.8), matrix, size)
    second = share > 0.5
    if second.sum() < 0.6 * mask.sum():
        return None
    ground = filled_in(picture, mask, rng, well=bool(rng.random() < 0.6))
    after = mixed(ground, cv2.warpAffine(picture, matrix, size), share)
    return Change(picture, after, {"place": where(mask), "direction": _direction(across, down)}, mask, second)


def part_lit(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """A part of the photograph brighter or darker."""
    mask = segment(picture, rng)
    if mask is None:
        return None
    brighter = rng.random() < 0.5
    factor = ramp(1.3, 2.6, strength) if brighter else ramp(0.75, 0.2, strength)
    lit = np.clip(picture * np.float32(factor) + (12 if brighter else 0), 0, 255)
    after = mixed(picture, lit.astype(np.float32), soft(mask.astype(np.float32), 1.0))
    return Change(
        picture, after, {"place": where(mask), "tone": "brighter" if brighter else "darker"}, mask, mask
    )


#: Every change of a thing, by the name that it has in `change.kind`.
CHANGES: Mapping[str, Changer] = {
    "object_added": added,
    "object_removed": removed,
    "object_replaced": replaced,
    "object_moved": moved,
    "object_recolored": recolored,
    "object_doubled": doubled,
    "object_resized": resized,
    "object_mirrored": mirrored,
    "background_changed": background_changed,
    "part_recolored": part_recolored,
    "part_removed": part_removed,
    "part_moved": part_moved,
    "part_lit": part_lit,
}

#: Least mean absolute difference over the masks of both sides.
FLOOR = 12.0


def shows(change: Change) -> bool:
    """Whether a change can be seen where it is."""
    place_of_it = np.zeros(change.before.shape[:2], dtype=np.bool_)
    for mask in (change.before_mask, change.after_mask):
        if mask is not None:
            place_of_it |= mask
    if place_of_it.sum() < 0.0012 * place_of_it.size:
        return False
    return float(cv2.absdiff(change.before, change.after)[place_of_it].mean()) >= FLOOR
