"""The pictures of the study: single ones to describe, pairs of rendered scenes, and pairs made by editing single ones.

In: a seed and an index. Out: `Single`s (the neutral backbone sees nothing else) and `WorldPair`s. All images are
64x64, so that neither a vertical nor a horizontal joint image is favoured by the shape of its halves.

`RenderedPairs` stand for real data: camera and light differ between the images of a pair, as in CLEVR-Change (Park et
al., ICCV 2019). `EditedPairs` stand for synthetic data: one rendered image is edited in two dimensions as an image
editor would, by recolouring pixels, pasting a cut-out without its shadow, painting ground over an object; the camera
stays where it is. Both say the same sentences, as after paraphrasing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from blip2idc.worlds.edits.photographs import packaged_photographs
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, NO_CHANGE_KIND, WorldPair
from blip2idc.worlds.scenes.captions import attributes
from blip2idc.worlds.scenes.renderer import COLORS, SceneObject, View, render, visible_mask
from blip2idc.worlds.scenes.world import (
    SceneChange,
    box_of,
    change_facts,
    draw_change,
    draw_objects,
    draw_view,
    jitter,
)

SIDE = 64
KINDS = ("color", "add", "drop", "move")
#: Compositions of colour and shape that `compositions="seen"` never changes and `"unseen"` always does.
HELD_OUT = frozenset(
    {("red", "cube"), ("blue", "sphere"), ("green", "cylinder"), ("yellow", "cube"), ("cyan", "sphere"),
     ("purple", "cylinder")}
)  # fmt: skip
REFERENCES = 5

Image8 = npt.NDArray[np.uint8]

_NARROW = 1.5  # objects stand at most so far from the middle, in world units: the square of the middle shows them all
_OBJECTS = (2, 4)
_NO_CHANGE_SHARE = 0.3
_VISIBLE = 24  # pixels that the changed object must show in each image, of 4096
_WIDE = (96, 192)  # height and width at which single pictures are rendered, before a crop is taken
_CROP = (56, 97)  # shortest and longest side of a crop (the longest is the height), in pixels of these
_WHOLE = 0.7  # share of an object's pixels that a crop must show for the object to be named
_PALETTE = {"white": (235, 235, 235), "black": (20, 20, 20), **COLORS}


@dataclass(frozen=True, eq=False)
class Single:
    """One picture to describe.

    Attributes:
        image: uint8 [64, 64, 3].
        caption: Its description.
        objects: Index into `named` of the object that covers most of each 8x8 cell, -1 for none, int8 [8, 8].
        named: All objects of the scene; none for a photograph.
    """

    image: Image8
    caption: str
    objects: npt.NDArray[np.int8]
    named: tuple[SceneObject, ...] = ()


class Singles:
    """Crops of rendered scenes and of the package's photographs, described one by one.

    Args:
        seed: Chooses the pictures.
        photographs: Share of photographs.
    """

    def __init__(self, seed: int, photographs: float = 0.15) -> None:
        self._seed, self._share = seed, photographs
        self._photographs = [np.asarray(Image.open(path).convert("RGB")) for path in packaged_photographs()]

    def draw(self, index: int, crops: int = 4) -> list[Single]:
        """Some crops of picture `index`."""
        rng = np.random.default_rng(np.random.SeedSequence((self._seed, index, 11)))
        if rng.random() < self._share:
            picture = self._photographs[rng.integers(len(self._photographs))]
            return [_described_photograph(picture, rng) for _ in range(crops)]
        scene = None
        while scene is None:
            scene = draw_objects(rng, int(rng.integers(1, 7)))
        picture, seen = render(scene, jitter(draw_view(rng), rng), *_WIDE, 1)
        found = [_described_crop(scene, picture, seen, rng) for _ in range(crops)]
        return [one for one in found if one is not None]


def _described_photograph(picture: Image8, rng: np.random.Generator) -> Single:
    side = int(rng.integers(min(picture.shape[:2]) // 2, min(picture.shape[:2]) + 1))
    top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape[:2])
    image = _squeezed(picture[top : top + side, left : left + side])
    above, below = (_color_name(half.reshape(-1, 3).mean(axis=0)) for half in np.split(image, 2))
    caption = f"a photograph, {above} at the top and {below} at the bottom"
    if above == below:
        caption = f"a photograph, mostly {above}"
    return Single(image, caption, np.full((8, 8), -1, np.int8))


def _color_name(color: npt.NDArray[np.float64]) -> str:
    return min(_PALETTE, key=lambda name: float(((np.array(_PALETTE[name]) - color) ** 2).sum()))


def _described_crop(
    scene: tuple[SceneObject, ...], picture: Image8, seen: npt.NDArray[np.int8], rng: np.random.Generator
) -> Single | None:
    """A random resized crop, mirrored or not, and the objects that it shows."""
    high, wide = int(rng.integers(_CROP[0], _CROP[1])), int(rng.integers(_CROP[0], _CROP[1]))
    top, left = int(rng.integers(0, _WIDE[0] - high + 1)), int(rng.integers(0, _WIDE[1] - wide + 1))
    window = slice(top, top + high), slice(left, left + wide)
    shown, mirrored = seen[window], bool(rng.random() < 0.5)
    told = []
    for index, item in enumerate(scene):
        whole = int((seen == index).sum())
        mask = shown == index
        if whole and mask.sum() >= _WHOLE * whole:
            across = float(np.nonzero(mask)[1].mean()) / wide
            told.append((item, 1 - across if mirrored else across))
    if not told:
        return None
    image, cells = _squeezed(picture[window]), _cells(shown)
    if mirrored:
        image, cells = np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(cells[:, ::-1])
    return Single(image, _list_objects(told, rng), cells, scene)


def _list_objects(told: Sequence[tuple[SceneObject, float]], rng: np.random.Generator) -> str:
    """Up to three objects with their places, in any order."""
    words = []
    for k in rng.permutation(len(told))[:3]:
        item, across = told[k]
        place = "on the left" if across < 0.36 else "on the right" if across > 0.64 else "in the middle"
        words.append(f"a {attributes(item)} {place}" if rng.random() < 0.7 else f"a {attributes(item)}")
    return " and ".join(words)


def _squeezed(picture: Image8) -> Image8:
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _cells(seen: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The object that covers most of each of 8x8 cells, -1 where objects cover less than a sixth."""
    rows, columns = (np.arange(length) * 8 // length for length in seen.shape)
    tally = np.zeros((int(seen.max()) + 2, 8, 8))  # the last is the ground, whose index is -1
    np.add.at(tally, (seen, rows[:, None], columns[None]), 1)
    shares = tally[:-1] / tally.sum(axis=0)
    if not len(shares):
        return np.full((8, 8), -1, np.int8)
    return np.where(shares.max(axis=0) >= 1 / 6, shares.argmax(axis=0), -1).astype(np.int8)


@dataclass(frozen=True, eq=False)
class _Shot:
    """One image of a pair, and the object seen at each of its pixels."""

    image: Image8
    seen: npt.NDArray[np.int8]

    def mask(self, index: int | None) -> npt.NDArray[np.bool_] | None:
        return None if index is None else self.seen == index


class RenderedPairs:
    """Pairs of rendered scenes: what stands for real data.

    Args:
        seed: Chooses the pairs.
        compositions: `all`; `seen` without changes of the held-out compositions; `unseen` of these alone.
    """

    name = "study-rendered"

    def __init__(self, seed: int, compositions: str = "all") -> None:
        self.seed, self.compositions = seed, compositions

    def pair(self, index: int) -> WorldPair:
        """Pair `index`."""
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, index, 7)))
        while True:
            change = self._change(rng)
            made = self._made(change, draw_view(rng), rng)
            if made is not None:
                return made

    def _change(self, rng: np.random.Generator) -> SceneChange:
        kind = NO_CHANGE_KIND if rng.random() < _NO_CHANGE_SHARE else str(rng.choice(KINDS))
        if self.compositions == "unseen":
            kind = str(rng.choice(KINDS))
        while True:
            change = draw_change(rng, kind, _OBJECTS)
            if any(abs(item.x) > _NARROW for item in (*change.before, *change.after)):
                continue
            if self.compositions == "all" or _is_held_out(change) == (self.compositions == "unseen"):
                return change

    def _made(self, change: SceneChange, view: View, rng: np.random.Generator) -> WorldPair | None:
        shots = [_shot(scene, jitter(view, rng)) for scene in (change.before, change.after)]
        return _as_pair(change, shots[0], shots[1], rng)


class EditedPairs(RenderedPairs):
    """Pairs made from single rendered images by editing them: what stands for synthetic data."""

    name = "study-edited"

    def _made(self, change: SceneChange, view: View, rng: np.random.Generator) -> WorldPair | None:
        view = jitter(view, rng)
        before = _shot(change.before, view)
        image, seen = before.image.astype(np.float64), before.seen.copy()
        old = before.mask(change.before_index)
        if change.kind == "color" and old is not None:
            told = change.before[change.before_index or 0], change.after[change.after_index or 0]
            source, target = (np.array(COLORS[item.color], np.float64) for item in told)
            image[old] = image[old].mean(axis=1, keepdims=True) / source.mean() * target
        if change.kind in ("drop", "move") and old is not None:
            image = _painted_over(image, old, seen)
            seen[old] = -1
        if change.kind in ("add", "move") and change.after_index is not None:
            rendered = _shot(change.after, view)
            cut = rendered.mask(change.after_index)
            assert cut is not None
            image[cut] = rendered.image[cut]
            seen[cut] = change.after_index
        elif change.kind == "drop" and change.before_index is not None:
            seen = np.where(seen > change.before_index, seen - 1, seen).astype(np.int8)
        noisy = image + rng.normal(0, 2.0, image.shape)  # an editor writes every pixel anew
        after = _Shot(np.clip(noisy + 0.5, 0, 255).astype(np.uint8), seen)
        return _as_pair(change, before, after, rng)


def _painted_over(
    image: npt.NDArray[np.float64], mask: npt.NDArray[np.bool_], seen: npt.NDArray[np.int8]
) -> npt.NDArray[np.float64]:
    """The masked pixels in the colour of the ground of their rows; the shadow stays where it was."""
    wider = mask.copy()
    for axis in (0, 1):
        for way in (-1, 1):
            wider |= np.roll(mask, way, axis) & (seen == -1)
    painted = image.copy()
    for row in np.flatnonzero(wider.any(axis=1)):
        ground = (seen[row] == -1) & ~wider[row]
        if ground.any():
            painted[row, wider[row]] = np.median(image[row, ground], axis=0)
    return painted


def _is_held_out(change: SceneChange) -> bool:
    """Whether the changed object, as it was or as it is, has a held-out composition."""
    shown = [
        scene[index]
        for scene, index in ((change.before, change.before_index), (change.after, change.after_index))
        if index is not None
    ]
    return any((item.color, item.shape) in HELD_OUT for item in shown)


def _shot(scene: tuple[SceneObject, ...], view: View) -> _Shot:
    """The square in the middle of a 2:1 rendering."""
    image, samples = render(scene, view, SIDE, 2 * SIDE, 2)
    seen = np.full((SIDE, 2 * SIDE), -1, np.int8)
    for index in range(len(scene)):
        seen[visible_mask(samples, index, 2)] = index
    middle = slice(SIDE // 2, SIDE // 2 + SIDE)
    return _Shot(np.ascontiguousarray(image[:, middle]), np.ascontiguousarray(seen[:, middle]))


def _as_pair(change: SceneChange, before: _Shot, after: _Shot, rng: np.random.Generator) -> WorldPair | None:
    """The pair with its facts; None where the changed object hardly shows."""
    masks = before.mask(change.before_index), after.mask(change.after_index)
    if any(mask is not None and mask.sum() < _VISIBLE for mask in masks):
        return None
    captions = NO_CHANGE_CAPTIONS if change.kind == NO_CHANGE_KIND else change.captions(rng)
    return WorldPair(
        before=before.image,
        after=after.image,
        captions=captions[:REFERENCES],
        change=change_facts(change),
        before_box=box_of(masks[0]),
        after_box=box_of(masks[1]),
        before_mask=masks[0],
        after_mask=masks[1],
    )
