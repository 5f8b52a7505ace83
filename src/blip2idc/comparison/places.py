"""Two pictures of one size: the places in which they differ, none passed over.

In: both as they are shown, and where their values differ. Out: a `Comparison`. `find_changes` judges; what it calls
noise is held against what noise can do where most of the picture is equal to the bit: it makes no solid areas of
another colour, and measurements have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from blip2idc.images.changes import Alignment, Comparison, Fact, MeasuredChange, find_changes
from blip2idc.images.changes.sentences import sentence
from blip2idc.images.pixels import bounding_box

_MOSTLY_EQUAL = 0.5  # share of equal pixels from which on two pictures lie on each other and differ in places
_SOLID = 9  # pixels: over such a square JPEG and WebP of quality 60, or letters drawn anew, err by 22 levels
_STRONG = 32  # of 255
_LARGEST = 20_000_000  # pixels: of larger pictures the places are not told apart
_COVERED = 0.5  # share of a solid area that a known change has to hold


def compare_aligned(before: np.ndarray, after: np.ndarray, differs: np.ndarray, pictures: bool) -> Comparison:
    """Find the places.

    Args:
        before: uint8 [H, W, 3].
        after: The same, equal to it wherever differences do not count.
        differs: bool [H, W], where the values of the files differ.
        pictures: Whether these are 8-bit pictures, which get re-encoded; measurements do not.
    """
    found = find_changes(before, after)
    share = float(np.count_nonzero(differs) / differs.size)
    if found.judgement == "identical":
        return _compact(found, _places(differs, "values changed that 8 bits do not show"), share)
    if share > 1 - _MOSTLY_EQUAL:
        return found
    if found.judgement == "unaligned" or (found.judgement == "diffuse" and not pictures):
        return _compact(found, _places(differs, None, before, after), share)
    if found.alignment.kind == "aligned" and differs.size <= _LARGEST:
        places = _with_solid_places(before, after, differs, found.changes)
        if places:
            return _compact(found, places, share)
    return found


def _compact(found: Comparison, changes: tuple[MeasuredChange, ...], share: float) -> Comparison:
    """The comparison with these changes, pixel on pixel."""
    return replace(
        found,
        judgement="compact",
        alignment=Alignment("aligned"),
        changes=changes,
        share=share,
        compact_share=share,
    )


def _with_solid_places(
    before: np.ndarray, after: np.ndarray, differs: np.ndarray, known: Sequence[MeasuredChange]
) -> tuple[MeasuredChange, ...]:
    """All places anew, where a solid area of another colour belongs to no known change; else none."""
    import cv2

    from blip2idc.images.changes.pictures import difference

    gap = difference(before, after)
    seeds = cv2.erode((gap >= _STRONG).astype(np.uint8), np.ones((_SOLID, _SOLID), np.uint8)) > 0
    if not seeds.any():
        return ()
    count, labels = cv2.connectedComponents(differs.astype(np.uint8), connectivity=8)
    covered = np.zeros(seeds.shape, bool)
    for change in known:
        for box in (change.before_box, change.after_box):
            if box is not None:
                x, y, width, height = box
                covered[y : y + height, x : x + width] = True
    solid = np.bincount(labels[seeds], minlength=count)
    told = np.bincount(labels[seeds & covered], minlength=count)
    if (told >= _COVERED * solid).all():
        return ()
    kept = solid > 0
    kept[np.unique(labels[covered])] = True
    kept[0] = False
    return _places(kept[labels], None, before, after)


def _places(
    mask: np.ndarray, said: str | None, before: np.ndarray | None = None, after: np.ndarray | None = None
) -> tuple[MeasuredChange, ...]:
    """The places of a mask, joined to few; with what is said of them, or the facts of both pictures."""
    from blip2idc.images.changes.facts.measure import measure_facts
    from blip2idc.images.changes.facts.things import thing_of
    from blip2idc.images.changes.regions.grouping import find_areas, find_regions
    from blip2idc.images.changes.regions.noise import exact_excess

    if mask.size > _LARGEST:
        box = bounding_box(mask)
        return (MeasuredChange(box, box, sentence=said or sentence(()), pixels=int(np.count_nonzero(mask))),)
    excess = exact_excess(mask.astype(np.uint8) * 255)
    changes = []
    for region in find_regions(excess, find_areas(excess)):
        facts: tuple[Fact, ...] = ()
        told = said or ""
        if before is not None and after is not None:
            facts = measure_facts(before, after, region)
            appeared = bool(facts) and facts[0].kind == "appeared"
            told = sentence(facts, thing_of(after if appeared else before, region.box))
        changes.append(
            MeasuredChange(
                region.box, region.box, facts, told, pixels=region.pixels, difference=region.difference
            )
        )
    return tuple(changes)
