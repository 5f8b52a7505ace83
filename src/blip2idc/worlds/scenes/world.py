"""The `scenes` world: pairs of rendered 3D scenes with one change, or none, in the manner of CLEVR-Change.

In: a seed, an image size and a few shares. Out: `WorldPair`s with images, sentences, exact visible boxes and masks.
Camera and light differ between the two images of *every* pair, so that finding a change needs more than comparing
pixels (Park, Darrell, Rohrbach, ICCV 2019, arXiv 1901.02527).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from blip2idc.errors import ConfigError
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, NO_CHANGE_KIND, Box, WorldPair
from blip2idc.worlds.scenes.captions import attributes, describe, references
from blip2idc.worlds.scenes.renderer import (
    COLORS,
    MATERIALS,
    SHAPES,
    SIZES,
    Camera,
    SceneObject,
    View,
    render,
    visible_mask,
)

KINDS = ("color", "material", "add", "drop", "move")

_ARENA_X, _ARENA_Y = (-3.1, 3.1), (-1.55, 1.75)  # where objects stand, in world units
_GAP = 0.18  # between two objects on the ground, in world units
_MOVE = (1.3, 3.5)  # shortest and longest way of a moved object, in world units
_HIDDEN = 0.4  # largest share of an object's outline that one nearer object may cover
_VISIBLE = 0.004  # smallest share of the image that the changed object must show
_TRIES = 400  # scenes drawn before a world gives up; in practice below 20


@dataclass(frozen=True)
class SceneChange:
    """A scene before and after its change.

    `before_index` and `after_index` are the changed object's places in `before` and `after`, None where it is absent;
    both are None when nothing changed.
    """

    kind: str
    before: tuple[SceneObject, ...]
    after: tuple[SceneObject, ...]
    before_index: int | None = None
    after_index: int | None = None

    @property
    def new_value(self) -> str | None:
        """The new colour or material, for those two kinds of change."""
        if self.after_index is None or self.kind not in ("color", "material"):
            return None
        return str(getattr(self.after[self.after_index], self.kind))

    def names(self) -> list[str]:
        """Unambiguous names of the changed object, in the image that shows what the sentence speaks of."""
        if self.before_index is not None:
            return references(self.before, self.before_index)
        return references(self.after, self.after_index) if self.after_index is not None else []

    def captions(self, rng: np.random.Generator) -> tuple[str, ...]:
        """Every sentence that describes this change."""
        if self.kind == NO_CHANGE_KIND:
            return NO_CHANGE_CAPTIONS
        return describe(self.kind, self.names(), self.new_value, rng)


class ScenesWorld:
    """Rendered scenes; each pair is a pure function of the settings and its index.

    >>> pair = ScenesWorld(seed=1, height=32, width=64, supersample=1).pair(0)
    >>> pair.before.shape, pair.kind in ScenesWorld(1).kinds or pair.kind == "none"
    ((32, 64, 3), True)

    Args:
        seed: Chooses the world.
        height: Image height in pixels, at least 32.
        width: Image width in pixels, at least 32.
        no_change_share: Share of pairs in which nothing but camera and light changes, 0..1 (CLEVR-Change: half).
        objects: Fewest and most objects in a scene before its change.
        kinds: Kinds of change, drawn evenly.
        supersample: Samples a pixel in each direction; 1 is fast and jagged.

    Raises:
        ConfigError: A setting is out of range.
    """

    name = "scenes"

    def __init__(
        self,
        seed: int = 0,
        height: int = 160,
        width: int = 320,
        no_change_share: float = 0.5,
        objects: tuple[int, int] = (2, 8),
        kinds: Sequence[str] = KINDS,
        supersample: int = 2,
    ) -> None:
        if height < 32 or width < 32:
            raise ConfigError(f"a scene must be at least 32x32 pixels, not {width}x{height}")
        if not 0.0 <= no_change_share <= 1.0:
            raise ConfigError(f"no_change_share is {no_change_share}, expected a number from 0 to 1")
        if not 1 <= objects[0] <= objects[1] <= 8:
            raise ConfigError(f"objects is {objects}, expected two numbers between 1 and 8 in rising order")
        unknown = sorted(set(kinds) - set(KINDS))
        if unknown or not kinds:
            raise ConfigError(f"kinds of change {unknown or 'missing'}, expected some of {', '.join(KINDS)}")
        self.seed, self.height, self.width = seed, height, width
        self.no_change_share, self.objects, self.kinds = no_change_share, objects, tuple(kinds)
        self.supersample = supersample

    def pair(self, index: int) -> WorldPair:
        """Makes pair `index`: images uint8 (height, width, 3), boxes (x, y, w, h) in pixels."""
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, index)))
        kind = NO_CHANGE_KIND if rng.random() < self.no_change_share else str(rng.choice(self.kinds))
        for _ in range(_TRIES):
            change = draw_change(rng, kind, self.objects)
            view = draw_view(rng)
            made = self._render(change, jitter(view, rng), jitter(view, rng), rng)
            if made is not None:
                return made
        raise RuntimeError(f"no drawable scene for seed {self.seed}, pair {index}")

    def _render(
        self, change: SceneChange, first: View, second: View, rng: np.random.Generator
    ) -> WorldPair | None:
        before, before_seen = render(change.before, first, self.height, self.width, self.supersample)
        after, after_seen = render(change.after, second, self.height, self.width, self.supersample)
        before_mask = self._mask(before_seen, change.before_index)
        after_mask = self._mask(after_seen, change.after_index)
        smallest = _VISIBLE * self.height * self.width
        if any(mask is not None and mask.sum() < smallest for mask in (before_mask, after_mask)):
            return None
        return WorldPair(
            before=before,
            after=after,
            captions=change.captions(rng),
            change=change_facts(change),
            before_box=box_of(before_mask),
            after_box=box_of(after_mask),
            before_mask=before_mask,
            after_mask=after_mask,
        )

    def _mask(self, seen: npt.NDArray[np.int8], index: int | None) -> npt.NDArray[np.bool_] | None:
        return None if index is None else visible_mask(seen, index, self.supersample)


def draw_change(rng: np.random.Generator, kind: str, objects: tuple[int, int] = (2, 8)) -> SceneChange:
    """A scene of so many objects (fewest and most, before the change) with a change that can be put in words."""
    while True:
        scene = draw_objects(rng, int(rng.integers(objects[0], objects[1] + 1)))
        if scene is None:
            continue
        if kind == NO_CHANGE_KIND:
            return SceneChange(kind, scene, scene)
        change = _change(rng, kind, scene)
        if change is not None and change.names():
            return change


def draw_objects(rng: np.random.Generator, count: int) -> tuple[SceneObject, ...] | None:
    """`count` objects that neither touch nor hide each other; None if they found no room."""
    scene: tuple[SceneObject, ...] = ()
    for _ in range(12 * count):
        item = SceneObject(
            shape=SHAPES[rng.integers(len(SHAPES))],
            size=tuple(SIZES)[rng.integers(len(SIZES))],
            color=tuple(COLORS)[rng.integers(len(COLORS))],
            material=MATERIALS[rng.integers(len(MATERIALS))],
            x=float(rng.uniform(*_ARENA_X)),
            y=float(rng.uniform(*_ARENA_Y)),
            yaw=float(rng.uniform(0, math.pi / 2)),
        )
        if fits(scene, item):
            scene = (*scene, item)
            if len(scene) == count:
                return scene
    return None


def fits(scene: Sequence[SceneObject], item: SceneObject) -> bool:
    """Whether `item` stands free of the others, hides none of them much and is not hidden much by any."""
    if any(math.hypot(item.x - o.x, item.y - o.y) < item.reach + o.reach + _GAP for o in scene):
        return False
    left, top, right, bottom = _outline(item)
    if left < 0 or right > 1 or top < 0 or bottom > 1:
        return False
    for other in scene:
        a, b, c, d = _outline(other)
        shared = max(0.0, min(right, c) - max(left, a)) * max(0.0, min(bottom, d) - max(top, b))
        hidden = item if item.y > other.y else other
        area = (right - left) * (bottom - top) if hidden is item else (c - a) * (d - b)
        if shared > _HIDDEN * area:
            return False
    return True


_FRAMING = Camera(View(), 100, 200)  # outlines are judged in the nominal view at 2:1, the narrowest in height


def _outline(item: SceneObject) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of an object in the nominal view, as shares of the image."""
    reach = item.radius * (1.2 if item.shape == "cube" else 1.0)
    middle, _ = _FRAMING.project(item.x, item.y, item.radius)
    edge, _ = _FRAMING.project(item.x + reach, item.y, item.radius)
    _, top = _FRAMING.project(item.x, item.y + 0.6 * reach, 2 * item.radius)
    _, bottom = _FRAMING.project(item.x, item.y - 0.8 * reach, 0.0)
    half = edge - middle
    return (middle - half) / 200, top / 100, (middle + half) / 200, bottom / 100


def _change(rng: np.random.Generator, kind: str, scene: tuple[SceneObject, ...]) -> SceneChange | None:
    index = int(rng.integers(len(scene)))
    item = scene[index]
    rest = scene[:index] + scene[index + 1 :]
    if kind == "add":  # an addition is a removal told backwards: the scene before lacks the object
        extra = _newcomer(rng, scene)
        return None if extra is None else SceneChange(kind, scene, (*scene, extra), None, len(scene))
    if kind == "drop":
        return SceneChange(kind, scene, rest, index, None)
    if kind == "move":
        moved = _moved(rng, item, rest)
    else:
        choices: Sequence[str] = tuple(COLORS) if kind == "color" else MATERIALS
        others = [value for value in choices if value != getattr(item, kind)]
        value = others[rng.integers(len(others))]
        moved = replace(item, color=value) if kind == "color" else replace(item, material=value)
    if moved is None:
        return None
    return SceneChange(kind, scene, (*scene[:index], moved, *scene[index + 1 :]), index, index)


def _newcomer(rng: np.random.Generator, scene: tuple[SceneObject, ...]) -> SceneObject | None:
    for _ in range(12):
        drawn = draw_objects(rng, 1)
        if drawn is not None and fits(scene, drawn[0]):
            return drawn[0]
    return None


def _moved(rng: np.random.Generator, item: SceneObject, rest: tuple[SceneObject, ...]) -> SceneObject | None:
    for _ in range(20):
        way, angle = rng.uniform(*_MOVE), rng.uniform(0, 2 * math.pi)
        moved = replace(
            item, x=item.x + float(way * math.cos(angle)), y=item.y + float(way * math.sin(angle))
        )
        inside = _ARENA_X[0] <= moved.x <= _ARENA_X[1] and _ARENA_Y[0] <= moved.y <= _ARENA_Y[1]
        if inside and fits(rest, moved):
            return moved
    return None


def draw_view(rng: np.random.Generator) -> View:
    """The camera and light that both images of a pair have in common, before `jitter`."""
    return View(
        elevation=float(rng.uniform(0.55, 0.62)),
        light_azimuth=float(rng.uniform(-2.7, -1.9)),
        light_elevation=float(rng.uniform(0.85, 1.05)),
        light_power=float(rng.uniform(0.92, 1.05)),
    )


def jitter(view: View, rng: np.random.Generator) -> View:
    """The same view a little off, as between two shots by hand: a few degrees, a few percent."""
    return replace(
        view,
        azimuth=view.azimuth + float(rng.uniform(-0.045, 0.045)),
        elevation=view.elevation + float(rng.uniform(-0.02, 0.02)),
        distance=view.distance * float(rng.uniform(0.98, 1.03)),
        target_x=view.target_x + float(rng.uniform(-0.12, 0.12)),
        target_y=view.target_y + float(rng.uniform(-0.08, 0.08)),
        roll=view.roll + float(rng.uniform(-0.012, 0.012)),
        light_azimuth=view.light_azimuth + float(rng.uniform(-0.25, 0.25)),
        light_elevation=view.light_elevation + float(rng.uniform(-0.08, 0.08)),
        light_power=view.light_power * float(rng.uniform(0.93, 1.07)),
    )


def change_facts(change: SceneChange) -> dict[str, Any]:
    """What the record says of the change: kind, the object's name, old and new value, number of objects."""
    facts: dict[str, Any] = {"kind": change.kind, "objects": [len(change.before), len(change.after)]}
    index, scene = (
        (change.before_index, change.before)
        if change.before_index is not None
        else (change.after_index, change.after)
    )
    if index is not None:
        facts["object"] = attributes(scene[index])
    if change.new_value is not None and index is not None:
        facts["from"], facts["to"] = getattr(scene[index], change.kind), change.new_value
    return facts


def box_of(mask: npt.NDArray[np.bool_] | None) -> Box | None:
    """Smallest box (x, y, w, h) around the true pixels of a mask (H, W), None without a mask."""
    if mask is None:
        return None
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1
