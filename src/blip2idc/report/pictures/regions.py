"""Boxes around what a heatmap points at.

In: a `PairHeatmap` and the sizes of its images. Out: a few boxes an image, the strongest first: the connected areas in
which the map reaches a share of its peak in that image.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pixels import Region

THRESHOLD = 0.5  # share of an image's own peak from which on a place counts
_WORTH_A_BOX = 0.25  # share of the peak over both images that the peak of one has to reach
MOST = 4  # boxes an image; more would say nothing
_SMALLEST = 0.001  # share of the image below which an area is noise
_FINENESS = 6  # points a cell side at which the map is interpolated before it is cut

Mask = npt.NDArray[np.bool_]


def heatmap_regions(
    heatmap: PairHeatmap,
    before_size: tuple[int, int],
    after_size: tuple[int, int],
    threshold: float = THRESHOLD,
) -> tuple[list[Region], list[Region]]:
    """Find the boxes of both images.

    Args:
        heatmap: Of the sentence, or of one word; an empty one has no boxes.
        before_size: (width, height) of the image before, in whose pixels its boxes are.
        after_size: (width, height) of the image after.
        threshold: Share of the peak of each image, 0 to 1. An image whose peak is far below that of the other, as
            that before where something was added, has no boxes.

    Returns:
        Boxes on the image before, boxes on the image after.
    """
    if heatmap.empty:
        return [], []
    grids = [tuple(_FINENESS * side for side in cells.shape) for cells in (heatmap.before, heatmap.after)]
    maps = heatmap.resized((grids[0][0], grids[0][1]), (grids[1][0], grids[1][1]))
    before, after = (
        _boxes(strength, size, threshold)
        for strength, size in zip(maps, (before_size, after_size), strict=True)
    )
    return before, after


def _boxes(strength: npt.NDArray[np.float32], size: tuple[int, int], threshold: float) -> list[Region]:
    """Boxes of one image, in pixels of a (width, height), by the strength that they enclose."""
    peak = float(strength.max())
    if peak < _WORTH_A_BOX:
        return []
    found = []
    for area in components(strength >= threshold * peak):
        if area.mean() >= _SMALLEST:
            found.append((float(strength[area].sum()), _to_pixels(area, size)))
    found.sort(key=lambda item: -item[0])
    return [region for _, region in found[:MOST]]


def components(mask: Mask) -> Iterator[Mask]:
    """Connected areas of a small mask [H, W], neighbours sharing a side, each as a mask of the same shape."""
    left = mask.copy()
    while left.any():
        row, column = divmod(int(left.argmax()), left.shape[1])
        area = np.zeros_like(left)
        border = [(row, column)]
        left[row, column] = False
        while border:
            row, column = border.pop()
            area[row, column] = True
            for y, x in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if 0 <= y < left.shape[0] and 0 <= x < left.shape[1] and left[y, x]:
                    left[y, x] = False
                    border.append((y, x))
        yield area


def _to_pixels(area: Mask, size: tuple[int, int]) -> Region:
    """The box of an area of the grid in pixels of the image."""
    rows, columns = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    across, down = size[0] / area.shape[1], size[1] / area.shape[0]
    x, y = int(columns[0] * across), int(rows[0] * down)
    right, bottom = round((columns[-1] + 1) * across), round((rows[-1] + 1) * down)
    return x, y, max(1, right - x), max(1, bottom - y)
