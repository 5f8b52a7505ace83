"""How pictures are turned upright, and what damaged notes on them do."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.images.decoding.orientation import orientation_of


@pytest.mark.parametrize(
    ("exif", "turn"),
    [
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0", Image.Transpose.ROTATE_270),
        (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0", None),
        (b"Exif\0\0neither of both byte orders", None),
        (b"", None),
    ],
    ids=["turned", "upright", "damaged", "none"],
)  # fmt: skip
def test_a_picture_is_turned_by_its_notes_unless_these_are_damaged(
    exif: bytes, turn: Image.Transpose | None
) -> None:
    image = Image.fromarray(np.zeros((4, 6, 3), np.uint8))
    if exif:
        image.info["exif"] = exif
    assert orientation_of(image) == turn
