"""The world `edits` in its wide variety: every kind of edit that an editor has, at every strength and size of image.

In: a seed, photographs, and an index. Out: a pair with every right wording. Strengths go from just visible to extreme,
sizes and aspects vary from pair to pair, and the picture after may have another size than the one before, as programs
leave it. Pairs without a change carry nuisances: saved again, resized, a trace of light or noise.

The small variety, of which this is the grown form, is `blip2idc.worlds.edits.world`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from blip2idc.errors import ConfigError, InputError
from blip2idc.images.decoding.limits import MAX_PIXELS
from blip2idc.worlds.edits.filters.captions import kind_of_sentence, sentences_of
from blip2idc.worlds.edits.filters.catalogue import COMMON, FILTER_KINDS, FILTERS, UNDOING, shows
from blip2idc.worlds.edits.filters.lettering import lettering
from blip2idc.worlds.edits.filters.nuisances import disturb
from blip2idc.worlds.edits.filters.overlays import MIXES
from blip2idc.worlds.edits.objects import changes as things
from blip2idc.worlds.edits.objects.captions import kind_of_object_sentence, object_captions
from blip2idc.worlds.edits.objects.cutouts import Cutouts, ObjectSupply, Shapes
from blip2idc.worlds.edits.operations import Edited, Picture
from blip2idc.worlds.edits.photographs import Photographs
from blip2idc.worlds.edits.regions import REGION_OPERATIONS, box_of
from blip2idc.worlds.edits.scenery.captions import WORDINGS as SCENERY
from blip2idc.worlds.edits.scenery.captions import kind_of_scenery_sentence, scenery_captions
from blip2idc.worlds.edits.scenery.satellite import SATELLITE, same_land
from blip2idc.worlds.edits.scenery.street import STREET
from blip2idc.worlds.edits.scenery.weather import WEATHER
from blip2idc.worlds.edits.world import ImagesSetting, Supply, supply_of
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, NO_CHANGE_KIND, WorldPair

#: Every change that makes both sides of its pair.
CHANGES: Mapping[str, things.Changer] = {**things.CHANGES, **STREET, **SATELLITE}

#: Every kind of this variety.
EDITOR_KINDS: tuple[str, ...] = (*FILTER_KINDS, *REGION_OPERATIONS, *UNDOING, *CHANGES, *WEATHER)

#: Names that stand for several kinds.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "filters": (*FILTER_KINDS, *UNDOING),
    "regions": tuple(REGION_OPERATIONS),
    "objects": tuple(things.CHANGES),
    "weather": tuple(WEATHER),
    "street": tuple(STREET),
    "satellite": tuple(SATELLITE),
}

#: Width to height of the pictures, upright ones included.
ASPECTS = (4 / 3, 3 / 2, 16 / 9, 1.0, 3 / 4, 2 / 3, 2.0)

#: Share of pairs without a change that carry nuisances, and of pairs with one.
DISTURBED_SAME = 0.85
DISTURBED_CHANGED = 0.4

#: Pictures tried for one kind before another is taken; kinds tried before giving up.
PICTURES_A_KIND = 6
KINDS_TRIED = 60

#: Pictures drawn for a mixture until one is not the picture itself.
OTHER_PICTURES = 8


class EditorWorld:
    """Pairs of photographs that differ by one edit of any kind and strength, or by none.

    Args:
        seed: Two worlds with equal settings and seeds make equal pairs.
        images: Photographs, as `EditsWorld` takes them.
        sizes: Least and greatest length of the longer side in pixels, from 32.
        no_change_share: Share of the pairs without an edit.
        kinds: The kinds of edit to draw from, or names of `GROUPS`; all of `EDITOR_KINDS` by default.
        split: Which photographs of the package, and which objects: `train` or `test`.
        objects: Folder of cut-out objects with their nouns (`recipes/edit_sources.py` makes one); shapes by default.
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
        sizes: tuple[int, int] = (256, 640),
        no_change_share: float = 1 / 3,
        kinds: Sequence[str] | None = None,
        split: str = "train",
        objects: str | Path | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.kinds = EDITOR_KINDS if kinds is None else expanded(kinds)
        _check(seed, sizes, no_change_share, self.kinds)
        self.seed = seed
        self.sizes = sizes
        self.no_change_share = no_change_share
        self.pictures = supply_of(images, split, max_pixels)
        self.objects: ObjectSupply = Shapes() if objects is None else Cutouts(objects, split)
        weights = np.array([COMMON.get(kind, 1) for kind in self.kinds], dtype=np.float64)
        self._weights = weights / weights.sum()

    def settings(self) -> dict[str, Any]:
        """What makes this world what it is, in plain JSON values."""
        pictures = self.pictures
        return {
            "variety": "wide",
            "seed": self.seed,
            "sizes": list(self.sizes),
            "no_change_share": self.no_change_share,
            "kinds": list(self.kinds),
            "objects": self.objects.fingerprint(),
            "photographs": pictures.fingerprint() if isinstance(pictures, Photographs) else "made",
        }

    def pair(self, index: int) -> WorldPair:
        """Makes pair `index` (0 or more)."""
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((self.seed, index, 2))))
        if rng.random() < self.no_change_share:
            return self._unchanged(rng)
        for _ in range(KINDS_TRIED):
            kind = str(rng.choice(self.kinds, p=self._weights))
            for _ in range(PICTURES_A_KIND):
                made = self._changed(kind, rng)
                if made is not None:
                    return made
        raise InputError(
            f"None of the edits {', '.join(self.kinds)} shows on these pictures; give pictures with more detail "
            "and colour, or more kinds of edit"
        )

    def _unchanged(self, rng: Generator) -> WorldPair:
        picture, source = self._draw(rng)
        land = sum(kind in SATELLITE for kind in self.kinds) / len(self.kinds)
        before, later = same_land(picture, rng) if rng.random() < land else (picture, picture)
        after, names = disturb(later, rng, DISTURBED_SAME)
        if rng.random() < 0.5:
            before, after = after, before
        change = {"kind": NO_CHANGE_KIND, "distractors": list(names), "picture": source}
        return WorldPair(before, after, NO_CHANGE_CAPTIONS, change)

    def _changed(self, kind: str, rng: Generator) -> WorldPair | None:
        """A pair of one kind; None where the edit does not show on this picture."""
        before, source = self._draw(rng)
        strength = float(rng.random())
        if kind in CHANGES:
            return self._thing(kind, before, rng, strength, source)
        done = UNDOING.get(kind, kind)
        edited = self._edit(done, before, rng, strength, source)
        if not shows(done, before, edited):
            return None
        placed = edited.placed and edited.mask is not None
        after, names = disturb(edited.picture, rng, DISTURBED_CHANGED, in_place=placed)
        change = {
            "kind": kind, **edited.details, "strength": round(strength, 3), "distractors": list(names),
            "picture": source,
        }  # fmt: skip
        captions = (
            scenery_captions(kind, edited.details)
            if kind in SCENERY
            else sentences_of(kind, edited.details, strength)
        )
        if done != kind:
            before, after = after, before
        if not placed or edited.mask is None:
            return WorldPair(before, after, captions, change)
        box = box_of(edited.mask)
        return WorldPair(before, after, captions, change, box, box, edited.mask, edited.mask)

    def _thing(
        self, kind: str, picture: Picture, rng: Generator, strength: float, source: str
    ) -> WorldPair | None:
        """A pair in which a thing changes; None where it does not show."""
        made = CHANGES[kind](picture, self.objects, rng, strength)
        if made is None or not things.shows(made):
            return None
        after, names = disturb(made.after, rng, DISTURBED_CHANGED, in_place=True)
        first, second = made.before_mask, made.after_mask
        before_box = None if first is None else box_of(first)
        after_box = None if second is None else box_of(second)
        change = {
            "kind": kind, **made.details, "strength": round(strength, 3), "distractors": list(names),
            "picture": source,
        }  # fmt: skip
        return WorldPair(
            made.before,
            after,
            (scenery_captions if kind in SCENERY else object_captions)(kind, made.details),
            change,
            before_box,
            after_box,
            first,
            second,
        )

    def _draw(self, rng: Generator) -> tuple[Picture, str]:
        low, high = self.sizes
        longer = round(low * (high / low) ** float(rng.random()))
        aspect = float(rng.choice(ASPECTS))
        width, height = (longer, longer / aspect) if aspect >= 1 else (longer * aspect, longer)
        return self.pictures.draw(rng, max(32, round(height)), max(32, round(width)))

    def _edit(self, kind: str, before: Picture, rng: Generator, strength: float, source: str) -> Edited:
        if kind == "text" and rng.random() < 0.8:
            return lettering(before, rng, strength, before)
        if kind in WEATHER:
            return WEATHER[kind](before, rng, strength)
        if kind in FILTERS:
            return FILTERS[kind](before, rng, strength)
        other = before
        if kind in MIXES or kind == "region_paste":
            other = another(self.pictures, rng, before, source)
        operations = MIXES if kind in MIXES else REGION_OPERATIONS
        return operations[kind](before, rng, strength, other)


def kind_of(caption: str) -> str | None:
    """Reads the kind back from a sentence of this variety; None where it is none of its sentences."""
    return kind_of_sentence(caption) or kind_of_scenery_sentence(caption) or kind_of_object_sentence(caption)


def expanded(kinds: Sequence[str]) -> tuple[str, ...]:
    """Kinds by name, with the names of groups written out."""
    return tuple(kind for name in kinds for kind in GROUPS.get(name, (name,)))


def another(supply: Supply, rng: Generator, picture: Picture, source: str) -> Picture:
    """A picture of the same size from another source, where there is one."""
    other = picture
    for _ in range(OTHER_PICTURES):
        other, name = supply.draw(rng, *picture.shape[:2])
        if name != source:
            break
    return other


def _check(seed: int, sizes: tuple[int, int], no_change_share: float, kinds: Sequence[str]) -> None:
    """Refuses settings that are out of range, each with one sentence."""
    if seed < 0:
        raise ConfigError(f"The seed is {seed}, expected a whole number of at least 0")
    if not 32 <= sizes[0] <= sizes[1]:
        raise ConfigError(
            f"The sizes are {sizes[0]} to {sizes[1]}, expected two rising numbers of at least 32"
        )
    if not 0.0 <= no_change_share <= 1.0:
        raise ConfigError(f"The setting no_change_share is {no_change_share}, expected a number from 0 to 1")
    unknown = [kind for kind in kinds if kind not in EDITOR_KINDS]
    if unknown:
        near = get_close_matches(unknown[0], EDITOR_KINDS, n=3, cutoff=0.5)
        raise ConfigError(
            f"The kind of edit {unknown[0]!r} is unknown, expected a group ({', '.join(GROUPS)}) or one of the "
            f"{len(EDITOR_KINDS)} kinds of docs/edits.md{', like ' + ', '.join(near) if near else ''}"
        )
    if not kinds:
        raise ConfigError("The list of kinds of edit is empty, expected at least one")
