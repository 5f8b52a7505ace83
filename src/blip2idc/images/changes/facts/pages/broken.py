"""A picture of a page that does not load: `broken`, where the icon that browsers built on Chromium draw for it stands.

In: the two images in one frame and a region. Out: the fact with the side that has the icon. What is written beside it
is the text that the page keeps for that picture, so that it is the name of the picture and no text that changed.
"""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

#: The torn sheet with a hill: its outline (#), sky (b), clouds (w), fold (c) and grass (g); what shines through (.).
_ICON = (
    "###########.....",
    "#wwwwwwwww##....",
    "#bbbbbbbbb#c#...",
    "#bbbbwwbbb#cww#.",
    "#bbwwwwwbb######",
    "#bwwwwwwbbbwwwb#",
    "#bbbbbbbbbbbbbb#",
    "#bbbbbbbbbbbbbb#",
    "#bbbbbbbbbbbbbb.",
    "#bbbbbbbbbbbbb..",
    "#bbbb.gggg.b....",
    "#bb..gggggg....#",
    "#b..gggggg....b#",
    "#b.gggggg......#",
    "#.gggggg.....gg.",
    "######......####",
)
_COLORS = {
    "#": (152, 152, 152),
    "b": (205, 220, 246),
    "w": (250, 251, 254),
    "c": (202, 202, 202),
    "g": (88, 174, 57),
}
_SCALES = (1, 2)  # pixels of a screen for one of the page
_GRASS = (12, 6)  # row and column amid the grass
_NEAR_GRASS, _FEW = 30, 16  # levels, and pixels of grass at least
_NEAR, _SEEN = 36, 0.6  # levels, and share of the icon that is seen: round corners hide some of it
_CANDIDATES = 60  # places that are tried


def broken(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`broken` where a picture stood, and now the icon of one that does not load, or the other way round."""
    there = [_has_icon(image, region) for image in (before, after)]
    return Fact("broken", {"in": "after" if there[1] else "before"}) if there[0] != there[1] else None


def _has_icon(image: Pixels, region: Region) -> bool:
    x, y, width, height = region.box
    if min(width, height) < 8:
        return False
    window = image[y : y + height, x : x + width].astype(np.int16)
    grass = largest_channel(np.abs(window - np.array(_COLORS["g"]))) <= _NEAR_GRASS
    if grass.sum() < _FEW:
        return False
    rows, columns = np.nonzero(grass)
    step = max(1, len(rows) // _CANDIDATES)
    return any(
        _is_icon_at(image, y + int(row) - scale * _GRASS[0], x + int(column) - scale * _GRASS[1], scale)
        for scale in _SCALES
        for row, column in zip(rows[::step], columns[::step], strict=True)
    )


def _is_icon_at(image: Pixels, top: int, left: int, scale: int) -> bool:
    side = len(_ICON)
    if top < 0 or left < 0 or top + scale * side > image.shape[0] or left + scale * side > image.shape[1]:
        return False
    part = image[top : top + scale * side : scale, left : left + scale * side : scale].astype(np.int16)
    seen = [
        int(np.abs(part[row, column] - _COLORS[sign]).max()) <= _NEAR
        for row, line in enumerate(_ICON)
        for column, sign in enumerate(line)
        if sign != "."
    ]
    return float(np.mean(seen)) >= _SEEN
