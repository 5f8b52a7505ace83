"""How many decoded values of a pair differ, and how that is told.

In: what the comparison of two files counted. Out: a `PixelDifference`: the cheap part of ``blip2idc compare``, for
which no model is needed; identical pairs never reach one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blip2idc.errors import ConfigError

#: (x, y, width, height) in whole pixels.
Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class PixelDifference:
    """How the decoded values of a pair differ, over all frames or pages.

    Attributes:
        before_size: (width, height) of the image before.
        after_size: (width, height) of the image after.
        changed_pixels: Pixels of which any value differs; pixels that only one image has are among them.
        box: Smallest region around them in the frame that is shown; None where nothing differs or the sizes do.
        total_pixels: Of how many; None for those of the larger image.
        largest: Largest difference of two values in the unit of the file; 0 where nothing differs or it is unknown.
    """

    before_size: tuple[int, int]
    after_size: tuple[int, int]
    changed_pixels: int
    box: Region | None = None
    total_pixels: int | None = None
    largest: float = 0.0

    @property
    def same_size(self) -> bool:
        """Whether both images have the same width and height."""
        return self.before_size == self.after_size

    @property
    def identical(self) -> bool:
        """Whether no pixel differs."""
        return self.changed_pixels == 0

    @property
    def pixels(self) -> int:
        """Of how many pixels `changed_pixels` is a part."""
        return self.total_pixels or max(_area(self.before_size), _area(self.after_size))

    @property
    def share(self) -> float:
        """Share of pixels that differ, 0 to 1."""
        return min(1.0, self.changed_pixels / self.pixels)


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


def bounding_box(mask: np.ndarray) -> Region | None:
    """The smallest region around what is true in a bool [H, W]; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1


def share_in_words(share: float) -> str:
    """A share as a percentage that never reads as nothing or as all where it is neither.

    Example:
        >>> share_in_words(0.25), share_in_words(0.02284), share_in_words(0.00004), share_in_words(0.99999)
        ('25 %', '2.28 %', '0.004 %', '99.99 %')
        >>> share_in_words(1e-9), share_in_words(1.0), share_in_words(0.0)
        ('less than 0.0001 %', '100 %', '0 %')
    """
    percent = 100 * share
    if percent in (0.0, 100.0):
        return f"{percent:.0f} %"
    if percent < 0.0001:
        return "less than 0.0001 %"
    if percent >= 1:
        return f"{min(percent, 99.99):.2f}".rstrip("0").rstrip(".") + " %"
    decimals = 1 - int(np.floor(np.log10(percent)))
    return f"{percent:.{decimals}f}".rstrip("0").rstrip(".") + " %"


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
