"""The world `edits`: any photograph, before and after one edit, with a sentence that names the edit.

In: a seed, photographs, and an index. Out: a pair with every right wording, and for edits of a part of the picture
the exact box and mask. Half of the pairs (a setting) hold no edit but distractors: re-encoding, resizing, a slight
change of brightness, a shift by one pixel; changed pairs carry them too, so that they are no cue.

Each pair is a pure function of the settings and the index. Photographs are cropped at random to the wanted aspect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.random import Generator

from blip2idc.errors import ConfigError, InputError
from blip2idc.images.decoding.limits import MAX_PIXELS
from blip2idc.worlds.edits.captions import captions_of
from blip2idc.worlds.edits.distractors import distract
from blip2idc.worlds.edits.operations import OPERATIONS, Edited, Picture
from blip2idc.worlds.edits.photographs import Photographs, packaged_photographs, photographs_in
from blip2idc.worlds.edits.regions import REGION_OPERATIONS, box_of
from blip2idc.worlds.edits.textures import texture
from blip2idc.worlds.edits.visibility import shows
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, NO_CHANGE_KIND, WorldPair

#: Every kind of edit.
KINDS: tuple[str, ...] = (*OPERATIONS, *REGION_OPERATIONS)

#: Share of pairs without a change that carry a distractor, and of pairs with one.
DISTRACTED_SAME = 0.85
DISTRACTED_CHANGED = 0.5

#: Pictures tried for one kind before another kind is taken, and rounds over all kinds before giving up.
PICTURES_A_KIND = 6
ROUNDS = 2

#: Pictures drawn for a pasted piece until one is not the picture itself; textures and made pictures share a name.
OTHER_PICTURES = 8

#: Smallest picture in which every edit can be told from the others.
SMALLEST_SIDE = 32

PictureMaker: TypeAlias = Callable[[Generator, int, int], Picture]
ImagesSetting: TypeAlias = str | Path | Sequence[str | Path | Picture] | PictureMaker | None


class Supply(Protocol):
    """Draws pictures of one size."""

    def draw(self, rng: Generator, height: int, width: int) -> tuple[Picture, str]:
        """A picture `[height, width, 3]` uint8 and the name of its source."""
        ...


class _Made:
    """A supply of pictures that a function makes."""

    def __init__(self, make: PictureMaker, name: str) -> None:
        self._make = make
        self._name = name

    def draw(self, rng: Generator, height: int, width: int) -> tuple[Picture, str]:
        return self._make(rng, height, width), self._name


class EditsWorld:
    """Pairs of photographs that differ by one edit, or by none.

    >>> pair = EditsWorld(seed=1, height=64, width=96, no_change_share=0.0).pair(0)
    >>> pair.before.shape, pair.kind in KINDS
    ((64, 96, 3), True)

    Args:
        seed: Two worlds with equal settings and seeds make equal pairs.
        images: A folder of photographs; or a list of files and arrays `[H, W, 3]` uint8; or a function of
            (generator, height, width) that makes a picture; or None for the photographs of the package.
        height: Height of the pairs in pixels.
        width: Width of the pairs in pixels.
        no_change_share: Share of the pairs without an edit.
        kinds: The kinds of edit to draw from, all of `KINDS` by default.
        textures_share: Share of the pairs that show procedural textures instead of `images`.
        split: Which photographs of the package: `train`, or `test`, which no model of the package has seen.
        max_pixels: Larger photographs are skipped.

    Raises:
        ConfigError: A setting is out of range.
        InputError: There is no picture to take.
    """

    name = "edits"

    def __init__(
        self,
        seed: int,
        images: ImagesSetting = None,
        height: int = 160,
        width: int = 320,
        no_change_share: float = 0.5,
        kinds: Sequence[str] | None = None,
        textures_share: float = 0.0,
        split: str = "train",
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        _check(seed, height, width, no_change_share, kinds, textures_share)
        self.seed = seed
        self.height = height
        self.width = width
        self.no_change_share = no_change_share
        self.kinds = KINDS if kinds is None else tuple(kinds)
        self.textures_share = textures_share
        self.pictures = supply_of(images, split, max_pixels)
        self._textures = _Made(texture, "texture")

    def settings(self) -> dict[str, Any]:
        """What makes this world what it is, in plain JSON values."""
        pictures = self.pictures
        return {
            "seed": self.seed,
            "height": self.height,
            "width": self.width,
            "no_change_share": self.no_change_share,
            "kinds": list(self.kinds),
            "textures_share": self.textures_share,
            "photographs": pictures.fingerprint() if isinstance(pictures, Photographs) else "made",
        }

    def pair(self, index: int) -> WorldPair:
        """Makes pair `index` (0 or more)."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((self.seed, index))))
        supply: Supply = self._textures if rng.random() < self.textures_share else self.pictures
        if rng.random() < self.no_change_share:
            return self._unchanged(rng, supply)
        return self._changed(rng, supply)

    def _unchanged(self, rng: Generator, supply: Supply) -> WorldPair:
        before, source = supply.draw(rng, self.height, self.width)
        after, distractors = distract(before, rng, DISTRACTED_SAME)
        if rng.random() < 0.5:
            before, after = after, before
        change = {"kind": NO_CHANGE_KIND, "distractors": list(distractors), "picture": source}
        return WorldPair(before, after, NO_CHANGE_CAPTIONS, change)

    def _changed(self, rng: Generator, supply: Supply) -> WorldPair:
        """Draws kinds, pictures and strengths until an edit shows."""
        for _ in range(ROUNDS):
            for kind in rng.permutation(self.kinds):
                for attempt in range(PICTURES_A_KIND):
                    before, source = supply.draw(rng, self.height, self.width)
                    base, distractors = distract(before, rng, DISTRACTED_CHANGED)
                    strength = max(float(rng.random()), attempt / PICTURES_A_KIND)
                    edited = self._edit(str(kind), base, rng, strength, (supply, source))
                    if shows(str(kind), base, edited):
                        common = {"distractors": list(distractors), "picture": source}
                        return _pair(str(kind), before, edited, common)
        raise InputError(
            f"None of the edits {', '.join(self.kinds)} shows on these pictures (the last one was {source!r}); "
            "give pictures with more detail and colour, or more kinds of edit"
        )

    def _edit(
        self, kind: str, base: Picture, rng: Generator, strength: float, origin: tuple[Supply, str]
    ) -> Edited:
        if kind in OPERATIONS:
            return OPERATIONS[kind](base, rng, strength)
        other = base
        if kind == "region_paste":
            supply, source = origin
            for _ in range(OTHER_PICTURES):
                other, other_source = supply.draw(rng, self.height, self.width)
                if other_source != source:
                    break
        return REGION_OPERATIONS[kind](base, rng, strength, other)


def _pair(kind: str, before: Picture, edited: Edited, common: dict[str, Any]) -> WorldPair:
    change = {"kind": kind, **edited.details, **common}
    captions = captions_of(kind, edited.details)
    if not edited.placed or edited.mask is None:
        return WorldPair(before, edited.picture, captions, change)
    box = box_of(edited.mask)
    return WorldPair(before, edited.picture, captions, change, box, box, edited.mask, edited.mask)


def supply_of(images: ImagesSetting, split: str, max_pixels: int = MAX_PIXELS) -> Supply:
    """The pictures that a setting names: a folder, a list, a function, or None for those of the package."""
    if images is None:
        return Photographs(packaged_photographs(split))
    if isinstance(images, str | Path):
        return Photographs(photographs_in(images), max_pixels)
    if callable(images):
        return _Made(images, getattr(images, "__name__", "made"))
    return Photographs(images, max_pixels)


def _check(
    seed: int,
    height: int,
    width: int,
    no_change_share: float,
    kinds: Sequence[str] | None,
    textures_share: float,
) -> None:
    """Refuses settings that are out of range, each with one sentence."""
    if seed < 0:
        raise ConfigError(f"The seed is {seed}, expected a whole number of at least 0")
    if min(height, width) < SMALLEST_SIDE:
        raise ConfigError(
            f"The size of the pairs is {width}x{height}, expected at least {SMALLEST_SIDE}x{SMALLEST_SIDE}"
        )
    for name, share in (("no_change_share", no_change_share), ("textures_share", textures_share)):
        if not 0.0 <= share <= 1.0:
            raise ConfigError(f"The setting {name} is {share}, expected a number from 0 to 1")
    unknown = [kind for kind in kinds or () if kind not in KINDS]
    if unknown:
        raise ConfigError(f"The kind of edit {unknown[0]!r} is unknown, expected some of {', '.join(KINDS)}")
    if kinds is not None and not kinds:
        raise ConfigError("The list of kinds of edit is empty, expected at least one")
