"""The two images laid on each other: one frame in which pixel meets pixel.

In: two images and their `Alignment`. Out: an `Overlay`: two arrays of one shape, where both are there, how its boxes
lie in each image, and the strips of rows that only one of the images has. The frame is that of the image with fewer
pixels, so that a larger one is reduced and no detail is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.geometry import registration
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Alignment, Box, RowRun

#: Rows (start, stop) of before and rows of after that took their place; either may be empty.
Strip = tuple[tuple[int, int], tuple[int, int]]

_NOT_BARE = 0.015  # share of some rows that something may take where nothing is
_FEW_LAST = 8  # rows at the bottom that were not matched though both images have them
_ROUNDED = 2  # rows by which the height of a part of a page differs by rounding


@dataclass(frozen=True, eq=False)
class Overlay:
    """Two images in one frame.

    Attributes:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        valid: Where both are there, bool [H, W]; None for everywhere.
        before_map: float64 [2, 3] from pixels of the frame to those of before (rows: see next).
        after_map: The same for after.
        before_rows: For matched rows, the row of before of each row of the frame, int [H]; else None.
        after_rows: The same for after.
        strips: Rows that only one of the two images has.
        resampled: Whether one of them was interpolated, so that equal pixels cannot be expected.
    """

    before: Pixels
    after: Pixels
    valid: np.ndarray | None
    before_map: np.ndarray
    after_map: np.ndarray
    before_rows: np.ndarray | None = None
    after_rows: np.ndarray | None = None
    strips: tuple[Strip, ...] = ()
    resampled: bool = False

    def to_before(self, box: Box) -> Box:
        """A box of the frame in pixels of the image before."""
        return _mapped(box, self.before_map, self.before_rows)

    def to_after(self, box: Box) -> Box:
        """A box of the frame in pixels of the image after."""
        return _mapped(box, self.after_map, self.after_rows)


def lay(before: Pixels, after: Pixels, alignment: Alignment) -> Overlay:
    """Lay two images on each other.

    Args:
        before: uint8 [H1, W1, 3].
        after: uint8 [H2, W2, 3].
        alignment: Any but ``none``.
    """
    identity = registration.IDENTITY
    if alignment.kind == "rows":
        return _by_rows(before, after, alignment.rows)
    matrix = np.array(alignment.matrix)
    if alignment.kind == "aligned":
        return Overlay(before, after, None, identity, identity)
    if alignment.kind == "shifted" and np.array_equal(matrix[:, 2], np.rint(matrix[:, 2])):
        return _by_whole_shift(before, after, int(matrix[0, 2]), int(matrix[1, 2]))
    if alignment.scale >= 1:
        laid, valid = _warped(after, before.shape, matrix)
        return Overlay(before, laid, valid, identity, matrix, resampled=True)
    inverse = cv2.invertAffineTransform(matrix)
    laid, valid = _warped(before, after.shape, inverse)
    return Overlay(laid, after, valid, inverse, identity, resampled=True)


def _by_whole_shift(before: Pixels, after: Pixels, dx: int, dy: int) -> Overlay:
    left, top = max(0, -dx), max(0, -dy)
    width = min(before.shape[1] - left, after.shape[1] - left - dx)
    height = min(before.shape[0] - top, after.shape[0] - top - dy)
    one = before[top : top + height, left : left + width]
    other = after[top + dy : top + dy + height, left + dx : left + dx + width]
    return Overlay(one, other, None, _shift(left, top), _shift(left + dx, top + dy))


def _shift(dx: float, dy: float) -> np.ndarray:
    return np.array([[1.0, 0, dx], [0, 1.0, dy]])


def _warped(image: Pixels, shape: tuple[int, ...], matrix: np.ndarray) -> tuple[Pixels, np.ndarray]:
    """An image seen through a map from the frame to it, averaged first where the map reduces it."""
    factor = abs(np.linalg.det(matrix[:, :2])) ** 0.5
    valid = registration.overlap(matrix, shape, image.shape)
    if factor > 1.15:  # the image is larger: reduce by areas to about the frame's scale, then place it
        size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
        factors = (image.shape[1] / size[0], image.shape[0] / size[1])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        matrix = registration.scaled(matrix, (1.0, 1.0), factors)
    laid = cv2.warpAffine(
        image,
        matrix,
        (shape[1], shape[0]),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return laid, cv2.erode(valid.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1).astype(bool)


def _by_rows(before: Pixels, after: Pixels, runs: tuple[RowRun, ...]) -> Overlay:
    """Matched rows under each other; gaps of equal height on both sides count as matched in place."""
    before_rows, after_rows = [], []
    strips: list[Strip] = []
    last = (0, 0)
    ends = (before.shape[0], after.shape[0])
    for run in (*runs, RowRun(*ends, 0)):
        gap = (last[0], run.before), (last[1], run.after)
        heights = gap[0][1] - gap[0][0], gap[1][1] - gap[1][0]
        if heights[0] == heights[1]:
            before_rows.append(np.arange(*gap[0]))
            after_rows.append(np.arange(*gap[1]))
        elif abs(heights[0] - heights[1]) <= _ROUNDED < min(heights):
            before_rows.append(np.arange(gap[0][0], gap[0][0] + min(heights)))
            after_rows.append(np.arange(gap[1][0], gap[1][0] + min(heights)))
        elif run.length == 0 and ends[0] == ends[1] and min(heights) <= min(_FEW_LAST, 0.25 * max(heights)):
            continue  # in images of one height, what left or entered the view at the bottom is no change by itself
        elif min(heights) <= _ROUNDED and max(heights) > 3 * _ROUNDED and min(heights) > 0:
            # a row or two beside many are rounding of heights to whole pixels: the many came or went
            gap = (
                (gap[0], (gap[1][1], gap[1][1]))
                if heights[0] > heights[1]
                else ((gap[0][1], gap[0][1]), gap[1])
            )
            strips.append(gap)
        elif not (ends[0] == ends[1] and 0 in heights and _is_below_blank(before, last[0], max(heights))):
            strips.append(gap)
        before_rows.append(np.arange(run.before, run.before + run.length))
        after_rows.append(np.arange(run.after, run.after + run.length))
        last = (run.before + run.length, run.after + run.length)
    one, other = np.concatenate(before_rows), np.concatenate(after_rows)
    tallest = max((max(stop - start for start, stop in strip) for strip in strips), default=0)
    if tallest > _ROUNDED:
        strips = [strip for strip in strips if max(stop - start for start, stop in strip) > _ROUNDED]
    identity = registration.IDENTITY
    return Overlay(before[one], after[other], None, identity, identity, one, other, strips=tuple(strips))


def _is_below_blank(before: Pixels, top: int, height: int) -> bool:
    """Whether rows from `top` on are so few, below nothing but blank ones, that all of a page may lie a pixel lower."""
    return height <= _ROUNDED and bool((before[:top] == before[:1, :1]).all())


def _mapped(box: Box, matrix: np.ndarray, rows: np.ndarray | None) -> Box:
    x, y, width, height = box
    if rows is not None:
        top, bottom = int(rows[y]), int(rows[y + height - 1]) + 1
        return x, top, width, bottom - top
    corners = np.array([(x, y), (x + width, y), (x, y + height), (x + width, y + height)], float) - 0.5
    placed = corners @ matrix[:, :2].T + matrix[:, 2] + 0.5
    left, top = np.floor(placed.min(axis=0) + 0.01).astype(int)
    right, bottom = np.ceil(placed.max(axis=0) - 0.01).astype(int)
    return int(left), int(top), int(right - left), int(bottom - top)


#: Rows of a block of JPEG, and levels up to which something drawn in it leaves traces around itself.
_BLOCK, _TRACES = 8, 40


def is_bare(image: Pixels, start: int, stop: int) -> bool:
    """Whether rows [start, stop) of an image [H, W, 3] only continue the row above or below: nothing is in them."""
    strip = image[start:stop].astype(np.int16)
    for row in (start - 1, stop):
        if 0 <= row < len(image):
            apart = np.abs(strip - image[row].astype(np.int16)).max(axis=2)
            if (apart > 8).mean() <= _NOT_BARE:
                return True
    return False


def content_box(strip: Pixels, neighbours: Pixels, *, encoded: bool = False) -> Box | None:
    """The part of a strip [H, W, 3] that is not of the commonest colour of the rows above and below [2, W, 3].

    Args:
        strip: Rows of an image.
        neighbours: The rows beside it.
        encoded: Whether it may hold traces of what is drawn beside it, as JPEG leaves them within its blocks.

    Returns:
        Relative to the strip; None where all of it has that colour.
    """
    edge = neighbours.reshape(-1, 3)
    values, counts = np.unique(
        edge.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32), return_counts=True
    )
    common = int(values[counts.argmax()])
    color = np.array([common >> 16, common >> 8 & 255, common & 255], np.uint8)
    apart = np.abs(strip.astype(np.int16) - color.astype(np.int16)).max(axis=2)
    differs = apart > 8
    if encoded:
        for end in (slice(None, _BLOCK), slice(-_BLOCK, None)):
            differs[end] &= apart[end] > _TRACES
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return None
    return (
        int(columns[0]),
        int(rows[0]),
        int(columns[-1] - columns[0] + 1),
        int(rows[-1] - rows[0] + 1),
    )
