"""Another ground under words that stayed: `recoloured`, where nothing came and nothing was covered.

In: the two images in one frame and a region. Out: the fact, from ground to ground.
"""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.facts.colors import recoloured
from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

#: Share of the region that differs, and share of it that has the colour of its ground.
_DENSE, _GROUND = 0.6, 0.5
#: Levels by which grounds differ at least, by which they vary, and by which what is written stands out.
_OTHER, _EVEN, _INK = 10, 6, 30
#: Pixels of what is written at least, and share of what is written in either image that is in both.
_WRITTEN, _SAME = 20, 0.6
#: Pixels along the edge of a region that are left out: its outline may change with its ground.
_RIM = 2


def highlight(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`recoloured` where words on one ground stand on another.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        region: Where the two differ.
    """
    x, y, width, height = region.box
    if min(width, height) < 4 * _RIM or region.pixels < _DENSE * width * height:
        return None
    window = slice(y + _RIM, y + height - _RIM), slice(x + _RIM, x + width - _RIM)
    grounds, inks = [], []
    for image in (before, after):
        part = image[window].astype(np.int16)
        ground = np.median(part.reshape(-1, 3), axis=0)
        apart = largest_channel(np.abs(part - ground.astype(np.int16)))
        if (apart <= _EVEN).mean() < _GROUND:
            return None
        grounds.append(ground)
        inks.append(apart > _INK)
    if np.abs(grounds[0] - grounds[1]).max() < _OTHER or min(ink.sum() for ink in inks) < _WRITTEN:
        return None
    if (inks[0] & inks[1]).sum() < _SAME * (inks[0] | inks[1]).sum():
        return None
    return recoloured(grounds[0], grounds[1])
