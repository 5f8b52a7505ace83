"""Whether the decoded pixels of a pair are the same, and where they differ.

In: the two files of a pair. Out: a `PixelDifference`. This is the cheap part of ``blip2idc compare``: nothing here
needs a model, and identical pairs never reach one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blip2idc.errors import ConfigError
from blip2idc.images.pair import MAX_PIXELS, ImagePair, open_image

Region = tuple[int, int, int, int]
"""(x, y, width, height) in whole pixels."""


@dataclass(frozen=True)
class PixelDifference:
    """How the decoded pixels of a pair differ.

    Attributes:
        before_size: (width, height) of the image before.
        after_size: (width, height) of the image after.
        changed_pixels: Pixels that differ; all of the larger image where the sizes differ.
        box: Smallest region around them; None where nothing differs or the sizes do.
    """

    before_size: tuple[int, int]
    after_size: tuple[int, int]
    changed_pixels: int
    box: Region | None = None

    @property
    def same_size(self) -> bool:
        """Whether both images have the same width and height."""
        return self.before_size == self.after_size

    @property
    def identical(self) -> bool:
        """Whether no pixel differs."""
        return self.changed_pixels == 0

    @property
    def share(self) -> float:
        """Share of pixels that differ, 0 to 1."""
        return self.changed_pixels / max(_area(self.before_size), _area(self.after_size))


def open_masked(
    before: Path, after: Path, ignore: Sequence[Region] = (), *, max_pixels: int = MAX_PIXELS
) -> ImagePair:
    """Open a pair with the ignored regions made equal: those of the image after are replaced by those of before."""
    pair = ImagePair.open(before, after, max_pixels=max_pixels)
    for x, y, width, height in ignore:
        pair.after.paste(pair.before.crop((x, y, x + width, y + height)), (x, y))
    return pair


def pixel_difference(
    before: Path,
    after: Path,
    ignore: Sequence[Region] = (),
    *,
    tolerance: int = 0,
    max_pixels: int = MAX_PIXELS,
) -> PixelDifference:
    """Compare the decoded pixels of two files.

    Args:
        before: The earlier file; of two files with equal bytes, only this one is decoded.
        after: The later file.
        ignore: Regions in which differences do not count.
        tolerance: Largest difference of a colour channel (0 to 255) that does not count.
        max_pixels: Limit for each image.

    Raises:
        ImageError: One of the two cannot be used.
    """
    if _same_bytes(before, after):
        size = open_image(before, max_pixels=max_pixels).size
        return PixelDifference(size, size, 0)
    pair = open_masked(before, after, ignore, max_pixels=max_pixels)
    if pair.before.size != pair.after.size:
        count = max(_area(pair.before.size), _area(pair.after.size))
        return PixelDifference(pair.before.size, pair.after.size, count)
    differs = _differs(np.asarray(pair.before), np.asarray(pair.after), tolerance)
    return PixelDifference(
        pair.before.size, pair.after.size, int(np.count_nonzero(differs)), _bounding_box(differs)
    )


def parse_region(text: str) -> Region:
    """Read ``x,y,width,height``.

    Raises:
        ConfigError: It is something else.
    """
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"region is {text!r}; expected x,y,width,height in whole pixels") from None
    if min(x, y) < 0 or min(width, height) < 1:
        raise ConfigError(
            f"region is {text!r}; expected x and y of at least 0, width and height of at least 1"
        )
    return x, y, width, height


def _differs(before: np.ndarray, after: np.ndarray, tolerance: int) -> np.ndarray:
    """Where, as bool [H, W], a channel of uint8 [H, W, 3] differs by more than the tolerance."""
    if tolerance == 0:
        differs: np.ndarray = np.any(before != after, axis=2)
    else:
        low, high = np.minimum(before, after), np.maximum(before, after)
        differs = np.any(high - low > tolerance, axis=2)
    return differs


def _bounding_box(mask: np.ndarray) -> Region | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1


def _same_bytes(before: Path, after: Path) -> bool:
    """Whether both files hold the same bytes; False where one cannot be read, which opening it will explain."""
    try:
        if not (before.is_file() and after.is_file()):  # a pipe or a device would be read for ever
            return False
        return before.stat().st_size == after.stat().st_size and before.read_bytes() == after.read_bytes()
    except OSError:
        return False


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
