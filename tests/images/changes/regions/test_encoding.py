"""Whether one image is the other as JPEG: the quality and the resolution of colour are found again."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.regions.encoding import as_encoded

SIZE = (480, 320)


def page() -> Image.Image:
    """Small coloured letters and icons, which JPEG treats worst."""
    image = Image.new("RGB", SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12)
    for line in range(14):
        color = ("#d6336c", "#0d6efd", "#198754", "#fd7e14")[line % 4]
        draw.text((16, 10 + 22 * line), f"Order {line * 37 % 91} of {line * 53 % 97} pieces", color, font)
        draw.ellipse((300, 10 + 22 * line, 314, 24 + 22 * line), fill=color)
    return image


def encoded(image: Image.Image, quality: int, subsampling: int) -> np.ndarray:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [75, 82, 95])
def test_a_page_saved_as_jpeg_is_explained_to_the_pixel(quality: int, subsampling: int) -> None:
    after = encoded(page(), quality, subsampling)
    explained = as_encoded(np.asarray(page()), after)
    assert explained is not None
    assert np.array_equal(explained, after)


def test_other_differences_are_no_encoding() -> None:
    before = np.asarray(page())
    assert as_encoded(before, before) is None
    grain = np.random.default_rng(0).integers(-9, 10, before.shape)
    assert as_encoded(before, np.clip(before + grain, 0, 255).astype(np.uint8)) is None


def test_a_change_in_a_page_saved_as_jpeg_stays_one() -> None:
    image = page()
    ImageDraw.Draw(image).ellipse((300, 54, 314, 68), fill="#212529")
    (change,) = find_changes(page(), Image.fromarray(encoded(image, 80, 2))).changes
    assert change.after_box == pytest.approx((300, 54, 15, 15), abs=4)
