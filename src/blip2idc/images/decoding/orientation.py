"""How a picture lies: the EXIF tag, for pictures and for arrays."""

from __future__ import annotations

import numpy as np
from PIL import Image

from blip2idc.images.decoding.opening import quiet_pillow

_TAG = 0x0112
_TRANSPOSE = {  # EXIF 2.3, tag 0x0112; 1 is upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image) -> Image.Transpose | None:
    """How to turn a decoded image upright; None where it is, or where its EXIF block is damaged."""
    try:
        with quiet_pillow():
            return _TRANSPOSE.get(image.getexif().get(_TAG, 1))
    except Exception:  # a damaged EXIF block must not hide a good picture
        return None


def upright(values: np.ndarray, orientation: int) -> np.ndarray:
    """An array [H, W, ...] turned by the value of its EXIF tag; unknown values leave it as it is."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values


def tag_of(transpose: Image.Transpose | None) -> int:
    """The value of the tag that asks for this."""
    return next((tag for tag, known in _TRANSPOSE.items() if known == transpose), 1)
