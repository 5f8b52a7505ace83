"""The geometry of the joint image: what is joined comes apart again, exactly, pixel by pixel and cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from blip2idc.config import build
from blip2idc.errors import ConfigError
from blip2idc.images.joint import DIRECTIONS, JointLayout

layouts = st.builds(
    lambda direction, height, width: JointLayout(direction, height * 2, width * 2),
    st.sampled_from(DIRECTIONS),
    st.integers(1, 20),
    st.integers(1, 20),
)


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


@given(layouts, st.integers(0, 2**32))
def test_split_undoes_join_exactly(layout: JointLayout, seed: int) -> None:
    before, after = noise(layout.part_size, seed), noise(layout.part_size, seed + 1)
    joint = layout.join(before, after)
    assert joint.mode == "RGB"
    assert (joint.height, joint.width) == layout.size
    for first, second in (layout.split(joint), map(Image.fromarray, layout.split(np.asarray(joint)))):
        assert same(first, before)
        assert same(second, after)


def test_the_round_trip_can_fail() -> None:
    """Not vacuous: another direction, or images exchanged, give other parts."""
    layout = JointLayout("vertical", 8, 8)
    before, after = noise(layout.part_size, 1), noise(layout.part_size, 2)
    joint = layout.join(before, after)
    assert not same(layout.split(joint)[0], after)
    assert layout.split(joint)[0].size != JointLayout("horizontal", 8, 8).split(joint)[0].size


@pytest.mark.parametrize(
    ("layout", "part"),
    [
        (JointLayout(), (112, 224)),
        (JointLayout(height=448), (224, 224)),
        (JointLayout("horizontal"), (224, 112)),
        (JointLayout("horizontal", 224, 448), (224, 224)),
        (JointLayout("vertical", 128, 128), (64, 128)),
        (JointLayout("vertical", 2, 1), (1, 1)),
    ],
)
def test_parts_of_known_layouts(layout: JointLayout, part: tuple[int, int]) -> None:
    assert layout.part_size == part


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_before_is_on_top_or_left(direction: str) -> None:
    layout = JointLayout(direction, 4, 4)  # type: ignore[arg-type]
    joint = np.asarray(layout.join(Image.new("RGB", (9, 9), "red"), Image.new("RGB", (5, 7), "blue")))
    assert joint[0, 0].tolist() == [255, 0, 0]
    assert joint[3, 3].tolist() == [0, 0, 255]
    other_corner = (0, 3) if direction == "vertical" else (3, 0)
    assert joint[other_corner].tolist() == [255, 0, 0]


def test_resizing_is_bicubic_with_antialias() -> None:
    layout = JointLayout("vertical", 16, 8)
    before, after = noise((31, 45), 3), noise((8, 8), 4)
    first, second = layout.split(layout.join(before, after))
    assert same(first, before.resize((8, 8), Image.Resampling.BICUBIC))
    assert same(second, after)
    # antialiased: a fine checkerboard becomes grey instead of aliasing to black or white
    board = Image.fromarray(np.tile(np.array([[0, 255], [255, 0]], np.uint8), (32, 32))).convert("RGB")
    grey = np.asarray(layout.split(layout.join(board, board))[0]).astype(int)
    assert np.abs(grey[2:-2, 2:-2] - 128).max() <= 2


def test_batches_of_arrays_split_as_views() -> None:
    layout = JointLayout("horizontal", 4, 6)
    batch = np.arange(5 * 2 * 4 * 6 * 3).reshape(5, 2, 4, 6, 3)
    before, after = layout.split(batch)
    assert before.shape == after.shape == (5, 2, 4, 3, 3)
    assert np.shares_memory(before, batch)
    assert np.array_equal(np.concatenate([before, after], axis=-2), batch)


@given(layouts.filter(lambda layout: layout.height <= 20 and layout.width <= 20), st.integers(1, 8))
def test_cells_agree_with_pixels(layout: JointLayout, patch: int) -> None:
    """A cell is of the image that most naively paints it: join black and white, look at each cell's pixels."""
    scaled = JointLayout(layout.direction, layout.height * patch, layout.width * patch)
    black, white = (Image.new("RGB", scaled.part_size[::-1], color) for color in ("black", "white"))
    joint = np.asarray(scaled.join(black, white))[..., 0] // 255
    rows, columns = scaled.grid(patch)
    by_pixels = joint.reshape(rows, patch, columns, patch)
    assert np.array_equal(by_pixels, np.broadcast_to(by_pixels[:, :1, :, :1], by_pixels.shape))
    before, after = scaled.split_grid(by_pixels[:, 0, :, 0])
    assert before.shape == after.shape
    assert before.max() == 0
    assert after.min() == 1


def test_the_paper_s_grid() -> None:
    assert JointLayout().grid(14) == (16, 16)
    assert JointLayout(height=448).grid(14) == (32, 16)
    before, after = JointLayout().split_grid(np.arange(256).reshape(16, 16))
    assert (before[0, 0], before[-1, -1], after[0, 0], after[-1, -1]) == (0, 127, 128, 255)


@given(layouts)
def test_settings_round_trip(layout: JointLayout) -> None:
    assert build(JointLayout, layout.to_dict(), "a.json") == layout


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"height": 225},
            "layout height is 225, which does not halve; a vertical joint image needs an even height",
        ),
        ({"direction": "horizontal", "width": 3}, "layout width is 3, which does not halve"),
        ({"height": 0}, "height is 0; expected a whole number from 1 to 8,192"),
        ({"width": -2}, "width is -2"),
        ({"height": 224.0}, "height is 224.0"),
        ({"height": True}, "height is True"),
        ({"direction": "diagonal"}, "direction is 'diagonal'; expected vertical or horizontal"),
        ({"hight": 4}, "key hight is not known; did you mean height?"),
    ],
)
def test_impossible_layouts_are_refused(settings: dict, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(JointLayout, settings, "a.json")
    assert str(caught.value).startswith(f"a.json: {sentence}")


def test_the_other_side_may_be_odd() -> None:
    assert JointLayout("vertical", 4, 7).part_size == (2, 7)
    assert JointLayout("horizontal", 7, 4).part_size == (7, 2)


@pytest.mark.parametrize("patch", [16, 32, 9])
def test_patches_that_straddle_the_images_are_refused(patch: int) -> None:
    layout = JointLayout(height=224, width=224) if patch != 16 else JointLayout(height=224 + 16, width=224)
    with pytest.raises(ConfigError, match=f"patches of {patch} pixels do not tile"):
        layout.grid(patch)


def test_patch_size_must_be_positive() -> None:
    with pytest.raises(ConfigError, match="patch size is 0"):
        JointLayout().grid(0)


def test_a_joint_image_of_another_size_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"joint image is 4x6 .* this layout makes 6x4"):
        JointLayout("vertical", 6, 4).split(Image.new("RGB", (6, 4)))
    with pytest.raises(ConfigError, match="joint image is 4x6"):
        JointLayout("vertical", 6, 4).split(np.zeros((4, 6, 3)))
    with pytest.raises(ConfigError, match="joint array has 2 axes"):
        JointLayout("vertical", 6, 4).split(np.zeros((6, 4)))


def test_a_grid_that_does_not_halve_is_refused() -> None:
    with pytest.raises(ConfigError, match="a vertical layout cannot halve it"):
        JointLayout().split_grid(np.zeros((3, 4)))
    with pytest.raises(ConfigError, match="a horizontal layout cannot halve it"):
        JointLayout("horizontal").split_grid(np.zeros((4, 3)))
    with pytest.raises(ConfigError, match="cannot halve it"):
        JointLayout().split_grid(np.zeros(4))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"direction": "diagonal"}, "layout direction is 'diagonal'; expected vertical or horizontal"),
        ({"height": True}, "layout height is True; expected a whole number of pixels"),
        ({"width": 2.0}, r"layout width is 2\.0; expected a whole number of pixels"),
        ({"height": 0}, "layout height is 0"),
        ({"width": -4}, "layout width is -4"),
        ({"direction": "horizontal", "width": 225}, "layout width is 225, which does not halve"),
    ],
)
def test_a_layout_that_is_none_is_told(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=f"^{sentence}"):
        JointLayout(**settings)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "RGBA"])
def test_images_of_other_modes_become_rgb(mode: str) -> None:
    grey = Image.new("L", (224, 112), 100)
    before = grey.convert(mode) if mode in ("L", "P") else grey.convert("RGB").convert(mode)
    after = Image.new("RGB", (30, 20), (100, 100, 100))
    joint = JointLayout().join(before, after)
    assert (joint.mode, joint.size) == ("RGB", (224, 224))
    assert np.abs(np.asarray(joint, dtype=int) - 100).max() <= 1


def test_an_image_with_a_palette_is_resized_in_colours(rng: np.random.Generator) -> None:
    """A palette's numbers lie nowhere between one another."""
    few = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).quantize(16)
    joint, expected = (JointLayout().join(image, image) for image in (few, few.convert("RGB")))
    assert np.array_equal(np.asarray(joint), np.asarray(expected))
