"""A decoded image in parts of bounded size.

In: an image. Out: its parts. For conversions: a whole copy of a large image would be the most of the memory it costs.
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image

#: Pixels of a part at most.
PART = 1_000_000


def parts_of(image: Image.Image) -> Iterator[tuple[tuple[int, int], Image.Image]]:
    """The image in parts of at most `PART` pixels, each with its left upper corner (x, y); a small one is itself."""
    width = min(image.width, PART)
    height = max(1, PART // width)
    for top in range(0, image.height, height):
        for left in range(0, image.width, width):
            right, bottom = min(left + width, image.width), min(top + height, image.height)
            whole = (right - left, bottom - top) == image.size
            yield (left, top), image if whole else image.crop((left, top, right, bottom))
