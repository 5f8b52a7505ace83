"""Whether a thing of a page was only drawn otherwise: its outline, corners, shadow, letters, or order changed.

In: the two images in one frame and the regions in which they differ. Out: the regions of which that is sure, with their
facts, and those that are left. What is only found on pages is asked first: a ring of pixels around an unchanged button
would else be taken for something that grew.
"""

from __future__ import annotations

from collections.abc import Sequence

from blip2idc.images.changes.facts.fading import faded, greyed, is_fainter
from blip2idc.images.changes.facts.moves import Moved
from blip2idc.images.changes.facts.pages.broken import broken
from blip2idc.images.changes.facts.pages.corners import find_rounded, merged_regions
from blip2idc.images.changes.facts.pages.frames import outline
from blip2idc.images.changes.facts.pages.letters import letters
from blip2idc.images.changes.facts.pages.passing import passing
from blip2idc.images.changes.facts.pages.shadows import shadow
from blip2idc.images.changes.facts.pages.swaps import find_displaced, find_exchanged, swap
from blip2idc.images.changes.facts.pages.toggles import toggle
from blip2idc.images.changes.facts.patch import patch_of
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

#: Regions that are looked at, the largest.
_MOST = 40
_TOLERANCE, _BY_NOISE = 5.0, 2.0  # levels, and times the noise


def find_restyled(
    before: Pixels, after: Pixels, regions: Sequence[Region], noise: float = 0.0
) -> tuple[list[tuple[Region, tuple[Fact, ...]]], list[Moved], list[Region]]:
    """Regions in which something was only drawn otherwise, what moved over other things, and what is left.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        regions: Where the two differ, the largest first.
        noise: Typical difference by noise, 0..255.
    """
    rounded, rest = find_rounded(before, after, regions)
    found: list[tuple[Region, tuple[Fact, ...]]] = [(region, (fact,)) for region, fact in rounded]
    toggled = {
        index: fact for index, region in enumerate(rest[:_MOST]) if (fact := toggle(before, after, region))
    }
    found += [(rest[index], (fact,)) for index, fact in toggled.items()]
    rest = [region for index, region in enumerate(rest) if index not in toggled]
    exchanged, rest = find_exchanged(before, after, rest)
    found += [(merged_regions(pair), (Fact("swapped"),)) for pair in exchanged]
    displaced, rest = find_displaced(before, after, rest)
    left = []
    for index, region in enumerate(rest):
        fact = restyled(before, after, region, noise) if index < _MOST else None
        if fact is None:
            left.append(region)
        else:
            found.append((region, (fact,)))
    return found, displaced, left


def restyled(before: Pixels, after: Pixels, region: Region, noise: float = 0.0) -> Fact | None:
    """What of that happened in one region."""
    return (
        passing(before, after, region)
        or broken(before, after, region)
        or _shadow(before, after, region, noise)
        or outline(before, after, region)
        or swap(before, after, region)
        or greyed(patch_of(before, after, region, noise))
        or _letters(before, after, region, noise)
    )


def _letters(before: Pixels, after: Pixels, region: Region, noise: float) -> Fact | None:
    """What happened to letters, but for those that have another colour: what stands beside them is no part of them."""
    fact = letters(before, after, region)
    return None if fact is not None and is_fainter(patch_of(before, after, region, noise)) else fact


def _shadow(before: Pixels, after: Pixels, region: Region, noise: float) -> Fact | None:
    """`shadowed`; `faded` where a thing on a dark ground is fainter, which is as soft."""
    fact = shadow(before, after, region, _TOLERANCE + _BY_NOISE * noise)
    return fact and (faded(patch_of(before, after, region, noise)) or fact)
