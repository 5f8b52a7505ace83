"""Directions and amounts of the edits of a whole picture."""

from __future__ import annotations

import numpy as np

from blip2idc.worlds.edits.operations import (
    OPERATIONS,
    black_and_white,
    blur,
    border,
    crop,
    flip,
    luma,
    noise,
    pixelate,
    rotate,
)
from blip2idc.worlds.edits.regions import fill_in


def bar(height: int = 64, width: int = 128) -> np.ndarray:
    """A white upright bar in the middle of a black picture."""
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[:, width // 2 - 2 : width // 2 + 2] = 255
    return picture


def test_rotating_to_the_right_is_clockwise(rng: np.random.Generator) -> None:
    seen_sides = set()
    for _ in range(12):
        edited = rotate(bar(), rng, 1.0)
        light = luma(edited.picture)
        columns = np.arange(128)
        top = float((light[4:12].sum(axis=0) * columns).sum() / light[4:12].sum())
        bottom = float((light[-12:-4].sum(axis=0) * columns).sum() / light[-12:-4].sum())
        # Turned clockwise, the upper end of the bar leans to the right.
        assert (top > bottom) == (edited.details["side"] == "right")
        seen_sides.add(edited.details["side"])
    assert seen_sides == {"left", "right"}


def test_an_enlarged_rotation_shows_no_corner(rng: np.random.Generator) -> None:
    white = np.full((64, 128, 3), 255, dtype=np.uint8)
    results = [rotate(white, rng, 1.0) for _ in range(30)]
    enlarged = [edited for edited in results if edited.details["enlarged"]]
    assert enlarged
    assert all(edited.picture.min() > 200 for edited in enlarged)
    assert all(edited.picture.min() == 0 for edited in results if not edited.details["enlarged"])


def test_a_flip_is_its_own_inverse_and_names_its_axis(rng: np.random.Generator) -> None:
    picture = rng.integers(0, 256, (40, 80, 3), dtype=np.uint8)
    for _ in range(6):
        edited = flip(picture, rng, 0.5)
        horizontal = edited.details["axis"] == "horizontal"
        assert np.array_equal(edited.picture, picture[:, ::-1] if horizontal else picture[::-1])


def test_black_and_white_has_no_colour(rng: np.random.Generator) -> None:
    picture = rng.integers(0, 256, (40, 80, 3), dtype=np.uint8)
    assert np.ptp(black_and_white(picture, rng, 0.5).picture, axis=-1).max() == 0


def test_a_crop_of_a_ramp_has_a_narrower_range(rng: np.random.Generator) -> None:
    ramp = np.repeat(np.linspace(0, 255, 128).astype(np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=-1)
    edited = crop(ramp, rng, 1.0)
    assert np.ptp(edited.picture) < 0.6 * np.ptp(ramp)


def test_blur_noise_and_blocks_scale_with_the_picture(rng: np.random.Generator) -> None:
    for scale in (1, 3):
        picture = np.kron(bar(), np.ones((scale, scale, 1), dtype=np.uint8))
        soft = luma(blur(picture, rng, 0.5).picture)[32 * scale]
        assert abs((soft > 0.5 * soft.max()).sum() / scale - 6.2) < 1.5
        blocks = pixelate(picture, rng, 0.0).picture
        assert np.array_equal(blocks[0, 0], blocks[4 * scale, 4 * scale])
    gray = np.full((192, 384, 3), 128, dtype=np.uint8)
    grains = noise(gray, rng, 0.5).picture.astype(float)
    assert np.corrcoef(grains[:, :-1, 0].ravel(), grains[:, 1:, 0].ravel())[0, 1] > 0.5


def test_a_border_frames_the_picture_all_round(rng: np.random.Generator) -> None:
    edited = border(bar(), rng, 0.5)
    assert edited.mask is not None
    assert not edited.placed
    edge = np.concatenate(
        [edited.picture[0], edited.picture[-1], edited.picture[:, 0], edited.picture[:, -1]]
    )
    assert np.ptp(edge, axis=0).max() == 0


def test_no_operation_writes_into_its_input(rng: np.random.Generator) -> None:
    picture = rng.integers(0, 256, (40, 80, 3), dtype=np.uint8)
    picture.setflags(write=False)
    for operation in OPERATIONS.values():
        operation(picture, rng, 0.5)


def test_filling_in_continues_a_smooth_surrounding(rng: np.random.Generator) -> None:
    ramp = np.repeat(np.linspace(0, 255, 128)[None, :, None], 64, axis=0).repeat(3, axis=-1).astype(np.uint8)
    damaged = ramp.copy()
    damaged[20:40, 50:80] = (255, 0, 0)
    filled = fill_in(damaged, (50, 20, 30, 20))
    difference = np.abs(filled.astype(float) - ramp[20:40, 50:80]).mean()
    assert difference < 25
    assert difference < 0.3 * np.abs(damaged[20:40, 50:80].astype(float) - ramp[20:40, 50:80]).mean()
