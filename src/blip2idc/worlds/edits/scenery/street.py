"""A street before a fixed camera: people and cars come, go and move.

In: a photograph, a generator. Out: `Change`. People and cars are drawn, small and low in the picture, with clothes and
paint of any colour; several may be there already and stay. The sentences are those of Spot-the-Diff (Jhamtani and
Berg-Kirkpatrick, EMNLP 2018): what is in one picture and not in the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.worlds.edits.filters.canvas import paint
from blip2idc.worlds.edits.objects.changes import Change, Changer
from blip2idc.worlds.edits.objects.compose import Placed, laid, scaled, where
from blip2idc.worlds.edits.objects.cutouts import ObjectSupply
from blip2idc.worlds.edits.operations import Picture

Pixels = NDArray[np.uint8]

#: Height of a person in shares of the height of the picture, far away and near.
FAR, NEAR = 0.09, 0.3

SKINS = ((236, 196, 166), (205, 152, 112), (142, 96, 66), (92, 62, 44))
_SIDE = 240


def person(rng: Generator) -> Pixels:
    """Somebody upright, walking or standing: `[240, 100, 4]` uint8."""
    shape = np.zeros((_SIDE, 100, 4), dtype=np.uint8)
    skin = (*SKINS[int(rng.integers(len(SKINS)))], 255)
    coat, legs = ((*paint(rng)[1], 255) for _ in range(2))
    step = int(rng.integers(2, 22))
    for sign in (-1, 1):
        cv2.line(shape, (50, 135), (50 + sign * step, 228), legs, 17, cv2.LINE_AA)
        cv2.line(shape, (50 + sign * 16, 66), (50 + sign * (20 + step // 2), 128), coat, 11, cv2.LINE_AA)
        cv2.circle(shape, (50 + sign * (20 + step // 2), 132), 6, skin, -1, cv2.LINE_AA)
    cv2.ellipse(shape, (50, 97), (23, 48), 0, 0, 360, coat, -1, cv2.LINE_AA)
    cv2.circle(shape, (50, 30), 17, skin, -1, cv2.LINE_AA)
    hair = (*((30, 22, 18), (92, 62, 30), (165, 130, 70), (120, 120, 120))[int(rng.integers(4))], 255)
    cv2.ellipse(shape, (50, 25), (17, 14), 0, 180, 360, hair, -1, cv2.LINE_AA)
    return _shaded(shape)


def car(rng: Generator) -> Pixels:
    """A car or van from the side: `[110, 240, 4]` uint8."""
    shape = np.zeros((110, _SIDE, 4), dtype=np.uint8)
    color = (*paint(rng)[1], 255)
    glass = (*((70, 84, 98), (150, 175, 195))[int(rng.integers(2))], 255)
    top = int(rng.integers(12, 34))
    front, back = int(rng.integers(50, 85)), int(rng.integers(165, 228))
    roof = [(front, top), (back - 12, top), (back, 56), (front - 28, 56)]
    cv2.fillPoly(shape, [np.array(roof, np.int32)], color, cv2.LINE_AA)
    cv2.rectangle(shape, (6, 52), (234, 90), color, -1)
    window = [(front + 4, top + 6), (back - 16, top + 6), (back - 8, 52), (front - 16, 52)]
    cv2.fillPoly(shape, [np.array(window, np.int32)], glass, cv2.LINE_AA)
    cv2.line(shape, ((front + back) // 2, top), ((front + back) // 2, 56), color, 5)
    for at in (54, 188):
        cv2.circle(shape, (at, 90), 18, (22, 22, 24, 255), -1, cv2.LINE_AA)
        cv2.circle(shape, (at, 90), 8, (150, 150, 155, 255), -1, cv2.LINE_AA)
    cv2.rectangle(shape, (6, 62), (14, 72), (250, 230, 150, 255), -1)
    return _shaded(shape)


def _shaded(shape: Pixels) -> Pixels:
    """Darker towards the bottom, softened."""
    fall = np.linspace(1.08, 0.72, shape.shape[0], dtype=np.float32)[:, None, None]
    shape[..., :3] = np.clip(shape[..., :3] * fall, 0, 255).astype(np.uint8)
    return shape


_MAKERS = {"person": person, "car": car}


def _place(thing: str, rng: Generator, height: int, width: int) -> Placed:
    """Low in the picture, the larger the lower, as perspective has it."""
    depth = float(rng.random())
    tall = height * (FAR + (NEAR - FAR) * depth) * (1.0 if thing == "person" else 0.62)
    pixels = _MAKERS[thing](rng)
    if rng.random() < 0.5:
        pixels = np.ascontiguousarray(pixels[:, ::-1])
    pixels = scaled(pixels, tall * max(pixels.shape[:2]) / pixels.shape[0])
    foot = height * (0.5 + 0.46 * depth)
    left = int(rng.integers(0, max(1, width - pixels.shape[1])))
    return Placed(pixels, left, round(foot - pixels.shape[0]), 0.25, float(rng.uniform(0.1, 0.5)))


def _peopled(picture: Picture, rng: Generator) -> Picture:
    """The street with those who stay."""
    for _ in range(int(rng.integers(0, 4))):
        thing = str(rng.choice(list(_MAKERS)))
        picture, _ = laid(picture, _place(thing, rng, *picture.shape[:2]))
    return picture


def _came(thing: str, *, backwards: bool) -> Changer:
    def make(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
        street = _peopled(picture, rng)
        shown, mask = laid(street, _place(thing, rng, *picture.shape[:2]))
        if not mask.any():
            return None
        details = {"noun": f"a {thing}", "place": where(mask)}
        if backwards:
            return Change(shown, street, details, mask, None)
        return Change(street, shown, details, None, mask)

    return make


def _walked(thing: str) -> Changer:
    def make(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
        street = _peopled(picture, rng)
        placed = _place(thing, rng, *picture.shape[:2])
        width = picture.shape[1]
        left = int(rng.integers(0, max(1, width - placed.pixels.shape[1])))
        if abs(left - placed.left) < 0.1 * width:
            return None
        before, first = laid(street, placed)
        after, second = laid(street, placed.moved(left, placed.top))
        if not first.any() or not second.any():
            return None
        side = "to the right" if left > placed.left else "to the left"
        return Change(
            before, after, {"noun": f"a {thing}", "place": where(first), "direction": side}, first, second
        )

    return make


def crowd(picture: Picture, objects: ObjectSupply, rng: Generator, strength: float) -> Change | None:
    """More people than before, or fewer."""
    street = _peopled(picture, rng)
    full, mask = street, np.zeros(picture.shape[:2], dtype=np.bool_)
    for _ in range(int(rng.integers(3, 7))):
        full, one = laid(full, _place("person", rng, *picture.shape[:2]))
        mask |= one
    if rng.random() < 0.5:
        return Change(street, full, {"amount": "more"}, None, mask)
    return Change(full, street, {"amount": "fewer"}, mask, None)


#: Changes of a street, by the name in `change.kind`.
STREET: Mapping[str, Changer] = {
    "person_came": _came("person", backwards=False),
    "person_left": _came("person", backwards=True),
    "person_moved": _walked("person"),
    "car_came": _came("car", backwards=False),
    "car_left": _came("car", backwards=True),
    "car_moved": _walked("car"),
    "crowd": crowd,
}
