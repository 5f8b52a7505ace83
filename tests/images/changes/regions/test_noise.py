"""What stands out of the noise of a pair."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from blip2idc.images.changes.geometry.overlay import lay
from blip2idc.images.changes.regions.noise import noisy_excess
from blip2idc.images.changes.result import Alignment
from blip2idc.worlds.edits.photographs import packaged_photographs


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    return np.asarray(Image.open(packaged_photographs("test")[1]).convert("RGB"))


def encoded(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("quality", [60, 95])
def test_encoding_anew_stays_below_the_threshold(photograph: np.ndarray, quality: int) -> None:
    excess = noisy_excess(lay(photograph, encoded(photograph, quality), Alignment("aligned")))
    assert excess.strength.max() < 1
    assert not excess.exact


def test_the_light_of_the_whole_is_taken_out(photograph: np.ndarray) -> None:
    lit = np.clip(photograph * 0.9 + 5, 0, 255).astype(np.uint8)
    excess = noisy_excess(lay(photograph, lit, Alignment("aligned")))
    assert excess.strength.max() < 1
    assert excess.noise.gain == pytest.approx(0.9, abs=0.02)
    assert "light" in excess.noise.sources


def test_a_patch_of_another_colour_stands_out_of_it(photograph: np.ndarray) -> None:
    edited = photograph.copy()
    edited[100:140, 150:200] = (200, 30, 90)
    excess = noisy_excess(lay(photograph, encoded(edited, 70), Alignment("aligned")))
    rows, columns = np.nonzero(excess.strength > 1)
    assert rows.min() >= 96
    assert rows.max() < 144
    assert columns.min() >= 146
    assert columns.max() < 204
