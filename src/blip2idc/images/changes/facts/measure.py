"""What is sure of a change, measured on its pixels.

In: the two images in one frame and a `Region`. Out: `Fact`s. Each is stated only where its own measure is well beyond
the border, so that what is stated is right; nothing is stated where none holds. The order matters: what has the same
shapes in both images was lit, recoloured, blurred or made noisy; only of what has not it is asked whether one side
continues its surroundings.
"""

from __future__ import annotations

from blip2idc.images.changes.facts.fading import faded, fainter
from blip2idc.images.changes.facts.focus import focus, grain
from blip2idc.images.changes.facts.gaps import gave_way
from blip2idc.images.changes.facts.ground import (
    cover,
    on_busy_ground,
    on_plain_ground,
    picture_on_bare_place,
)
from blip2idc.images.changes.facts.light import light_or_color, repainted, rewritten
from blip2idc.images.changes.facts.panels import panel
from blip2idc.images.changes.facts.patch import FEW, Patch, patch_of
from blip2idc.images.changes.facts.replacement import replaced
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

#: What another ground under the same words looks like.
_OF_GROUND = frozenset({"appeared", "disappeared", "covered", "panel"})


def measure_facts(
    before: Pixels, after: Pixels, region: Region, noise: float = 0.0, *, drawn: bool = True
) -> tuple[Fact, ...]:
    """Measure what is sure of a region.

    Args:
        before: uint8 [H, W, 3] in the frame of the overlay.
        after: The same of the image after.
        region: Where the two differ.
        noise: Typical difference by noise, 0..255.
        drawn: Whether it may be a page: what only happens to pages is asked.
    """
    if region.pixels < FEW:
        return ()
    patch = patch_of(before, after, region, noise)
    facts = _measured(before, after, region, patch, drawn=drawn)
    if drawn and facts and facts[0].kind in _OF_GROUND and (fact := repainted(patch)) is not None:
        return (fact,)  # what is written there stayed
    return facts


def _measured(
    before: Pixels, after: Pixels, region: Region, patch: Patch, *, drawn: bool
) -> tuple[Fact, ...]:
    for measure in (faded, on_plain_ground):
        if (fact := measure(patch)) is not None:
            pale = fainter(patch, fact) if drawn and fact.kind == "recoloured" else None
            return (fact,) if pale is None else (fact, pale)
    if drawn and (fact := panel(before, after, region)) is not None:
        return (fact,)
    for measure in (
        light_or_color,
        grain,
        cover,
        focus,
        on_busy_ground,
        *((picture_on_bare_place, replaced, repainted, rewritten, gave_way) if drawn else ()),
    ):
        if (fact := measure(patch)) is not None:
            return (fact,)
    return ()
