"""Land seen from above: fields, woods, roads and houses are drawn; houses and roads are built, woods cleared.

In: a picture (used as the grain of the ground), a generator. Out: `Change`. The sentences are those of LEVIR-CC (Liu et
al., IEEE TGRS 2022): "some houses are built beside the road", "the trees are removed".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.worlds.edits.filters.canvas import clouds, grid, mixed, soft
from blip2idc.worlds.edits.objects.changes import Change, Changer
from blip2idc.worlds.edits.objects.compose import where
from blip2idc.worlds.edits.objects.cutouts import ObjectSupply
from blip2idc.worlds.edits.operations import Picture, luma, to_picture

Mask = NDArray[np.bool_]

GROUNDS = {
    "bare land": (168, 142, 112),
    "grass": (112, 128, 78),
    "field": (150, 148, 96),
    "sand": (196, 180, 146),
}
ROOFS = ((158, 84, 66), (128, 128, 132), (196, 192, 186), (96, 98, 108), (178, 150, 124), (88, 112, 150))


@dataclass(frozen=True)
class Road:
    """A road: a point on it, its direction in radians, its width in pixels."""

    x: float
    y: float
    turn: float
    width: float


def ground(picture: Picture, rng: Generator) -> tuple[Picture, str]:
    """Bare land, grass, fields or sand with the grain of a photograph, and its name."""
    height, width = picture.shape[:2]
    name = str(rng.choice(list(GROUNDS)))
    color = np.asarray(GROUNDS[name], dtype=np.float32) + rng.normal(0, 10, 3).astype(np.float32)
    spots = clouds(rng, height, width, float(rng.uniform(0.08, 0.4)) * width)[..., None] - 0.5
    detail = (luma(picture) - soft(luma(picture), 3))[..., None]
    values = color + 46 * spots + 0.5 * detail + rng.normal(0, 3.5, (height, width, 1))
    if name == "field":
        x, y = grid(height, width)
        turn = rng.uniform(0, np.pi)
        furrows = np.sin((x * np.cos(turn) + y * np.sin(turn)) * 2 * np.pi / rng.uniform(5, 14))
        values += 7 * furrows[..., None]
    return to_picture(values), name


def draw_road(rng: Generator, height: int, width: int) -> Road:
    """A road somewhere across the middle."""
    x, y = float(rng.uniform(0.25, 0.75)) * width, float(rng.uniform(0.25, 0.75)) * height
    return Road(x, y, float(rng.uniform(0, np.pi)), max(3.0, float(rng.uniform(0.025, 0.05)) * width))


def with_road(land: Picture, road: Road) -> tuple[Picture, Mask]:
    """The land with a road, and the road's pixels."""
    height, width = land.shape[:2]
    x, y = grid(height, width)
    across = np.abs((x - road.x) * np.sin(road.turn) - (y - road.y) * np.cos(road.turn))
    share = np.clip(road.width / 2 - across + 0.5, 0, 1)
    line = np.clip(1.2 - across, 0, 1) * (road.width > 8)
    asphalt = np.full(land.shape, 128, dtype=np.float32) + 90 * line[..., None]
    return mixed(land, asphalt, share), share > 0.5


def with_house(land: Picture, rng: Generator, near: Road | None, taken: Mask) -> tuple[Picture, Mask] | None:
    """The land with one more house with a shadow, clear of what is taken; None where no place is free."""
    height, width = land.shape[:2]
    for _ in range(20):
        long, short = (float(rng.uniform(*reach)) * width for reach in ((0.07, 0.16), (0.05, 0.09)))
        turn = near.turn if near is not None else float(rng.uniform(0, np.pi))
        if near is not None:
            along = float(rng.uniform(-0.6, 0.6)) * width
            beside = (near.width / 2 + short * 0.85) * (1 if rng.random() < 0.5 else -1)
            middle = (
                near.x + along * np.cos(turn) - beside * np.sin(turn),
                near.y + along * np.sin(turn) + beside * np.cos(turn),
            )
        else:
            middle = (float(rng.uniform(0.1, 0.9)) * width, float(rng.uniform(0.1, 0.9)) * height)
        corners = cv2.boxPoints(
            ((float(middle[0]), float(middle[1])), (long, short), float(np.degrees(turn)))
        )
        inside = np.zeros((height, width), dtype=np.uint8)
        cv2.fillPoly(inside, [np.round(corners).astype(np.int32)], 1)
        mask = inside.astype(np.bool_)
        if mask.sum() < 0.8 * long * short or (taken & mask).any():
            continue
        shade = np.roll(inside.astype(np.float32), (round(short * 0.14), round(short * 0.14)), axis=(0, 1))
        dark = mixed(land, np.zeros_like(land), shade * np.float32(0.55))
        roof = np.asarray(ROOFS[int(rng.integers(len(ROOFS)))], dtype=np.float32)
        half = mask & _one_side(mask.shape, middle, turn)
        values = np.broadcast_to(roof, land.shape) * np.where(half, 1.1, 0.88)[..., None]
        return mixed(dark, values, soft(inside.astype(np.float32), 0.5)), mask
    return None


def _one_side(shape: tuple[int, ...], middle: tuple[float, float], turn: float) -> Mask:
    x, y = grid(shape[0], shape[1])
    side: Mask = (-(x - middle[0]) * np.sin(turn) + (y - middle[1]) * np.cos(turn)) > 0
    return side


def with_trees(land: Picture, rng: Generator, taken: Mask) -> tuple[Picture, Mask]:
    """The land with a wood, and the pixels of its trees."""
    height, width = land.shape[:2]
    wood = (clouds(rng, height, width, 0.45 * width) > float(rng.uniform(0.5, 0.68))) & ~taken
    trees = np.zeros((height, width), dtype=np.uint8)
    result = land.copy()
    for y, x in zip(*(rng.integers(0, side, 1400) for side in (height, width)), strict=True):
        if wood[y, x]:
            size = max(2, round(float(rng.uniform(0.008, 0.018)) * width))
            green = (int(rng.integers(28, 62)), int(rng.integers(62, 98)), int(rng.integers(28, 52)))
            cv2.circle(result, (int(x) + 1, int(y) + 1), size, (22, 34, 20), -1, cv2.LINE_AA)
            cv2.circle(result, (int(x), int(y)), size, green, -1, cv2.LINE_AA)
            cv2.circle(trees, (int(x), int(y)), size, 1, -1)
    return result, trees.astype(np.bool_)


def _land(picture: Picture, rng: Generator) -> tuple[Picture, str, Road | None, Mask]:
    """Ground with perhaps a road and houses, that stay."""
    land, name = ground(picture, rng)
    taken = np.zeros(land.shape[:2], dtype=np.bool_)
    road = draw_road(rng, *land.shape[:2]) if rng.random() < 0.6 else None
    if road is not None:
        land, taken = with_road(land, road)
    for _ in range(int(rng.integers(0, 4))):
        made = with_house(land, rng, road if rng.random() < 0.7 else None, taken)
        if made is not None:
            land, taken = (
                made[0],
                taken | cv2.dilate(made[1].astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool),
            )
    return land, name, road, taken


def _changed_light(picture: Picture, rng: Generator) -> Picture:
    """Another day: slightly other light and colour."""
    return to_picture(
        picture * (1 + rng.normal(0, 0.025, 3)).astype(np.float32) + np.float32(rng.normal(0, 2.5))
    )


def houses(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """One house or several are built, or taken down."""
    land, name, road, taken = _land(picture, rng)
    built, mask, count = land, np.zeros(land.shape[:2], dtype=np.bool_), 0
    for _ in range(1 if rng.random() < 0.5 else int(rng.integers(2, 7))):
        made = with_house(built, rng, road, taken | mask)
        if made is not None:
            built, mask, count = made[0], mask | made[1], count + 1
    if not count:
        return None
    details = {
        "count": "a house" if count == 1 else "some houses", "place": where(mask), "ground": name,
        "verb": "is" if count == 1 else "are", "beside": "beside the road" if road else f"on the {name}",
    }  # fmt: skip
    if rng.random() < 0.75:
        return Change(land, _changed_light(built, rng), {**details, "way": "built"}, None, mask)
    return Change(built, _changed_light(land, rng), {**details, "way": "removed"}, mask, None)


def new_road(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """A road is built."""
    land, name = ground(picture, rng)
    if rng.random() < 0.5:
        land, _ = with_trees(land, rng, np.zeros(land.shape[:2], dtype=np.bool_))
    built, mask = with_road(land, draw_road(rng, *land.shape[:2]))
    return Change(land, _changed_light(built, rng), {"ground": name}, None, mask)


def cleared(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """Trees are cut down, and at times houses stand there then."""
    land, name, road, taken = _land(picture, rng)
    wooded, trees = with_trees(land, rng, taken)
    if trees.mean() < 0.03:
        return None
    after, houses_there = land, 0
    for _ in range(int(rng.integers(0, 5))):
        made = with_house(after, rng, road, taken)
        if made is not None and (made[1] & trees).any():
            after, taken, houses_there = made[0], taken | made[1], houses_there + 1
    details = {"place": where(trees), "ground": name, "then": "houses" if houses_there else name}
    return Change(wooded, _changed_light(after, rng), details, trees, trees)


#: Changes of land seen from above, by the name in `change.kind`.
SATELLITE: Mapping[str, Changer] = {
    "land_houses": houses,
    "land_road": new_road,
    "land_cleared": cleared,
}


def same_land(picture: Picture, rng: Generator) -> tuple[Picture, Picture]:
    """The same land on two days."""
    land, _, _, taken = _land(picture, rng)
    if rng.random() < 0.5:
        land, _ = with_trees(land, rng, taken)
    return land, _changed_light(land, rng)
