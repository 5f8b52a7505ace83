"""What some filters must do to a picture, whatever their strength."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.worlds.edits.filters.catalogue import FILTERS, colorfulness, difference, shows
from blip2idc.worlds.edits.filters.nuisances import NUISANCES, disturb
from blip2idc.worlds.edits.operations import Edited, luma
from blip2idc.worlds.edits.textures import texture

STRENGTHS = (0.0, 0.5, 1.0)


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    return texture(rng, 96, 128)


@pytest.mark.parametrize("kind", ["brighten", "darken", "warmer", "cooler", "desaturate", "saturate"])
def test_tone_moves_the_way_it_says(kind: str, picture: np.ndarray, rng: np.random.Generator) -> None:
    for strength in STRENGTHS:
        after = FILTERS[kind](picture, rng, strength).picture
        red, _, blue = after.mean(axis=(0, 1)) - picture.mean(axis=(0, 1))
        moved = {
            "brighten": luma(after).mean() - luma(picture).mean(),
            "darken": luma(picture).mean() - luma(after).mean(),
            "warmer": red - blue,
            "cooler": blue - red,
            "desaturate": colorfulness(picture) - colorfulness(after),
            "saturate": colorfulness(after) - colorfulness(picture),
        }[kind]
        assert moved > 0


def test_black_and_white_threshold_and_sketch_have_no_colour(
    picture: np.ndarray, rng: np.random.Generator
) -> None:
    for kind in ("black_and_white", "threshold", "photocopy", "engrave"):
        assert np.ptp(FILTERS[kind](picture, rng, 0.5).picture, axis=-1).max() == 0
    assert set(np.unique(FILTERS["threshold"](picture, rng, 0.5).picture)) <= {0, 255}


def test_a_swirl_turns_the_middle_and_leaves_the_corners(rng: np.random.Generator) -> None:
    picture = texture(rng, 128, 128)
    after = FILTERS["swirl"](picture, rng, 0.6).picture
    assert np.array_equal(after[:6, :6], picture[:6, :6])
    assert np.abs(after[50:78, 50:78].astype(int) - picture[50:78, 50:78]).mean() > 5


def test_sizes_follow_the_edit(picture: np.ndarray, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    assert FILTERS["quarter_turn"](picture, rng, 0.5).picture.shape[:2] == (width, height)
    assert FILTERS["film_strip"](picture, rng, 0.5).picture.shape[0] > height
    for _ in range(6):
        stretched = FILTERS["stretch"](picture, rng, 0.7)
        high, wide = stretched.picture.shape[:2]
        if (high, wide) != (height, width):
            assert (stretched.details["way"] == "wider") == (wide / high > width / height)


def test_a_half_turn_twice_is_the_picture(picture: np.ndarray, rng: np.random.Generator) -> None:
    once = FILTERS["half_turn"](picture, rng, 0.5).picture
    assert np.array_equal(FILTERS["half_turn"](once, rng, 0.5).picture, picture)


def test_the_same_edit_is_as_strong_at_every_size(rng: np.random.Generator) -> None:
    small = texture(np.random.default_rng(3), 96, 128)
    large = np.kron(small, np.ones((3, 3, 1), dtype=np.uint8))
    for kind in ("motion_blur", "pixelate", "glass_tiles"):
        levels = [
            difference(picture, FILTERS[kind](picture, np.random.default_rng(5), 0.6).picture)
            for picture in (small, large)
        ]
        assert 0.5 < levels[0] / levels[1] < 2


def test_nuisances_stay_below_what_an_edit_must_reach(rng: np.random.Generator) -> None:
    picture = texture(rng, 200, 256)
    for name, nuisance in NUISANCES.items():
        result = nuisance(picture, rng)
        assert difference(picture, result) < 8, name
        assert not shows("brighten", picture, Edited(result)) or result.shape != picture.shape
    same, names = disturb(picture, rng, 0.0)
    assert same is picture
    assert names == ()


def test_a_colourless_picture_cannot_lose_its_colour(rng: np.random.Generator) -> None:
    gray = np.repeat(rng.integers(0, 256, (80, 100, 1), dtype=np.uint8), 3, axis=-1)
    for kind in ("black_and_white", "desaturate", "saturate", "hue"):
        assert not shows(kind, gray, FILTERS[kind](gray, rng, 0.9))
