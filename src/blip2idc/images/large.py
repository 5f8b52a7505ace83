"""RGB pictures whose pixels lie in a temporary file where they are large, so that a pair of them costs hardly memory.

In: a size and the parts of a picture. Out: a Pillow image like any other. A small one is an ordinary one; a large one
reads its pixels from the file, and lets go of them after every operation, as `images.aside` does for arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from PIL import Image

from blip2idc.images import aside
from blip2idc.images.aside import empty_aside, let_go, strips

_STORED = 4  # bytes of an RGB pixel as Pillow lays it out


class LargeImage(Image.Image):
    """An RGB image in a temporary file.

    Arrays made of it are views of another one, written when the first is asked for: without Pillow's fourth byte, which
    OpenCV would copy an array for. Who changes it gets a copy in memory, as of any image that is read-only.
    """

    _stored: np.ndarray | None = None
    _packed: np.ndarray | None = None
    _mapped: Any = None

    @classmethod
    def of(cls, stored: np.ndarray) -> LargeImage:
        """An image of pixels that are laid out as Pillow does, uint8 [H, W, 4] in C order."""
        image = cls()
        height, width = stored.shape[:2]
        image._mode, image._size = "RGB", (width, height)
        core: Any = Image.core  # type: ignore[attr-defined]
        image.im = core.map_buffer(stored.reshape(-1).data, (width, height), "raw", 0, ("RGB", 0, 1))
        image.readonly = 1
        image._stored, image._mapped = stored, image.im
        return image

    @property
    def stored(self) -> np.ndarray | None:
        """The pixels in their file; None where the image has changed since, and is one in memory."""
        return self._stored if self._stored is not None and self.im is self._mapped else None

    @property
    def packed(self) -> np.ndarray | None:
        """The pixels as [H, W, 3] in a file of their own; None as `stored`."""
        stored = self.stored
        if stored is None:
            return None
        if self._packed is None:
            made = empty_aside((*stored.shape[:2], 3), np.uint8)
            for strip in strips(stored, made):
                made[strip] = stored[strip, :, :3]
            self._packed = made
        return self._packed

    @property
    def __array_interface__(self) -> dict[str, Any]:
        packed = self.packed
        if packed is None:
            return super().__array_interface__
        view = packed.view()
        view.flags.writeable = False
        return dict(view.__array_interface__)

    def crop(self, *args: Any, **options: Any) -> Image.Image:
        """As Pillow does it; the pages of the files are let go of before and after."""
        return self._between(super().crop, *args, **options)

    def resize(self, *args: Any, **options: Any) -> Image.Image:
        """Likewise."""
        return self._between(super().resize, *args, **options)

    def reduce(self, *args: Any, **options: Any) -> Image.Image:
        """Likewise."""
        return self._between(super().reduce, *args, **options)

    def _between(self, work: Callable[..., Image.Image], *args: Any, **options: Any) -> Image.Image:
        self._let_go()
        try:
            return work(*args, **options)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        let_go(*(file for file in (self._stored, self._packed) if file is not None))


def rgb_of_parts(
    size: tuple[int, int], parts: Iterable[tuple[tuple[int, int], Image.Image]], orientation: int = 1
) -> Image.Image:
    """An RGB image put together, upright; in a temporary file where the disk has room.

    Args:
        size: (width, height) in which the parts lie.
        parts: Left upper corner (x, y) and RGB pixels of each.
        orientation: Value of the EXIF tag by which the whole is then turned.
    """
    width, height = size
    swapped = orientation in (5, 6, 7, 8)
    stored = empty_aside((width, height, _STORED) if swapped else (height, width, _STORED), np.uint8)
    lying = _lying(stored, orientation)
    for (x, y), part in parts:
        lying[y : y + part.height, x : x + part.width, :3] = np.asarray(part)
        let_go(stored)
    return LargeImage.of(stored)


def is_large(size: tuple[int, int]) -> bool:
    """Whether an RGB picture of this width and height is worth a file."""
    return size[0] * size[1] * _STORED >= aside.LARGE


def _lying(values: np.ndarray, orientation: int) -> np.ndarray:
    """A view of an upright picture in which it lies as it was before it was turned; the way back of `upright`."""
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    return values.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else values
