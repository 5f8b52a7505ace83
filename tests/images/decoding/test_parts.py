"""Parts of an image cover it once, in order, and a small one is itself."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.images.decoding import parts
from blip2idc.images.decoding.parts import parts_of


@pytest.mark.parametrize(("width", "height"), [(5, 7), (12, 3), (1, 30), (30, 1), (25, 9), (10, 1), (11, 2)])
def test_parts_cover_an_image_once(width: int, height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 10)
    values = np.arange(width * height, dtype=np.uint8).reshape(height, width)
    put = np.zeros_like(values)
    seen = np.zeros_like(values)
    corners = []
    for (x, y), part in parts_of(Image.fromarray(values)):
        assert part.width * part.height <= 10
        place = slice(y, y + part.height), slice(x, x + part.width)
        put[place] = np.asarray(part)
        seen[place] += 1
        corners.append((y, x))
    assert (seen == 1).all()
    assert np.array_equal(put, values)
    assert corners == sorted(corners)
    assert len(corners) == -(-height // max(1, 10 // min(width, 10))) * -(-width // 10)


def test_a_small_image_is_its_own_part() -> None:
    image = Image.new("L", (1000, 1000))
    assert [(corner, part is image) for corner, part in parts_of(image)] == [((0, 0), True)]
    wide = Image.new("L", (1001, 1000))
    assert not any(part is wide for _, part in parts_of(wide))
