"""The picture of a difference: ink where the two differ, nowhere else."""

from __future__ import annotations

import numpy as np
from PIL import Image

from blip2idc.images.changes import find_changes
from blip2idc.images.pair import ImagePair
from blip2idc.report.pictures.differing import difference_picture


def inked(picture: Image.Image) -> np.ndarray:
    values = np.asarray(picture).astype(int)
    return np.asarray(values[:, :, 0] - values[:, :, 1] > 40)


def page(rng: np.random.Generator) -> np.ndarray:
    values = np.full((150, 200, 3), 255, np.uint8)
    for _ in range(30):
        x, y = rng.integers(0, 180), rng.integers(0, 140)
        values[y : y + 10, x : x + 20] = rng.integers(0, 200, 3)
    return values


def test_one_level_shows(rng: np.random.Generator) -> None:
    before = page(rng)
    after = before.copy()
    after[70, 80] ^= 1
    picture = difference_picture(ImagePair(Image.fromarray(before), Image.fromarray(after)))
    assert list(zip(*np.nonzero(inked(picture)), strict=True)) == [(70, 80)]


def test_what_only_moved_is_not_inked(rng: np.random.Generator) -> None:
    before = page(rng)
    after = np.vstack([np.full((40, 200, 3), 30, np.uint8), before])
    pair = ImagePair(Image.fromarray(before), Image.fromarray(after))
    aligned = difference_picture(pair, find_changes(before, after).alignment)
    assert not inked(aligned).any()
    assert inked(difference_picture(pair)).mean() > 0.2


def test_other_sizes_meet_in_the_corner() -> None:
    pair = ImagePair(Image.new("RGB", (30, 20), "white"), Image.new("RGB", (30, 25), "white"))
    marks = inked(difference_picture(pair))
    assert marks.shape == (25, 30)
    assert marks[20:].all()
    assert not marks[:20].any()
