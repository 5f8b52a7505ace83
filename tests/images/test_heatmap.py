"""Heatmaps of pairs: cutting, scaling, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import InputError
from blip2idc.images.heatmap import PairHeatmap, heatmap_path, side_by_side
from blip2idc.images.joint import JointLayout


def random_heatmap(seed: int = 0) -> PairHeatmap:
    rng = np.random.default_rng(seed)
    return PairHeatmap(rng.random((3, 5)), 2 * rng.random((3, 5)))


@pytest.mark.parametrize("direction", ["vertical", "horizontal"])
def test_is_cut_as_the_images_are(direction: str) -> None:
    layout = JointLayout(direction, 64, 96)  # type: ignore[arg-type]
    cells = np.arange(48, dtype=np.float64).reshape(6, 8)
    heatmap = PairHeatmap.from_joint(cells, layout)
    joint = np.repeat(np.repeat(cells, 1, 0), 1, 1)
    halves = np.split(joint, 2, axis=0 if direction == "vertical" else 1)
    assert np.array_equal(heatmap.before, halves[0])
    assert np.array_equal(heatmap.after, halves[1])
    assert heatmap.before.dtype == np.float32


def test_both_images_share_one_scale() -> None:
    before, after = PairHeatmap(np.full((2, 2), 1.0), np.full((2, 2), 4.0)).resized((8, 6), (4, 10))
    assert before.shape == (8, 6)
    assert after.shape == (4, 10)
    assert np.allclose(before, 0.25)
    assert np.allclose(after, 1.0)


def test_the_peak_lies_in_the_middle_of_its_cell() -> None:
    cells = np.zeros((4, 4))
    cells[1, 2] = 3.0
    enlarged = PairHeatmap(cells, np.zeros((4, 4))).resized((40, 80))[0]
    y, x = np.unravel_index(enlarged.argmax(), enlarged.shape)
    assert 10 <= y < 20
    assert 40 <= x < 60
    assert abs(y + 0.5 - 15) <= 1
    assert abs(x + 0.5 - 50) <= 1
    assert enlarged.min() >= 0
    assert enlarged.max() <= 1


def test_empty_stays_empty() -> None:
    heatmap = PairHeatmap.empty_like(random_heatmap())
    assert heatmap.empty
    assert heatmap.normalised().empty
    assert not heatmap.resized((9, 9))[1].any()
    assert not random_heatmap().empty


def test_normalised_has_a_peak_of_one() -> None:
    assert random_heatmap().normalised().peak == pytest.approx(1.0)


@pytest.mark.parametrize(
    "cells", [np.zeros(3), np.zeros((0, 2)), np.full((2, 2), -1.0), np.full((2, 2), np.nan)]
)
def test_refuses_what_is_no_map(cells: np.ndarray) -> None:
    with pytest.raises(InputError, match="heatmap after"):
        PairHeatmap(np.ones((2, 2)), cells)


def test_file_round_trip(tmp_path: Path) -> None:
    heatmap = random_heatmap()
    path = heatmap_path(tmp_path, "test/000 017.png")
    heatmap.save(path)
    assert path.parent == tmp_path
    loaded = PairHeatmap.load(path)
    assert np.array_equal(loaded.before, heatmap.before)
    assert np.array_equal(loaded.after, heatmap.after)


def test_ids_keep_apart_and_stay_in_the_folder(tmp_path: Path) -> None:
    ids = ["a/b", "a%2Fb", "a_b", "..", "../x", "a b", "ü"]
    paths = {heatmap_path(tmp_path, one) for one in ids}
    assert len(paths) == len(ids)
    assert {path.resolve().parent for path in paths} == {tmp_path.resolve()}


def test_load_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such heatmap"):
        PairHeatmap.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(InputError, match="not a heatmap file"):
        PairHeatmap.load(tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(InputError, match="not a heatmap file"):
        PairHeatmap.load(tmp_path / "other.npz")


def test_side_by_side_of_unequal_sizes() -> None:
    sheet = side_by_side(Image.new("RGB", (100, 50), "red"), Image.new("RGB", (60, 100), "blue"))
    red, white, blue = (255, 0, 0), (255, 255, 255), (0, 0, 255)
    across = np.asarray(sheet)[[0, 50, 99]]
    gap = sheet.width - 200 - 60
    assert sheet.height == 100
    assert gap >= 4
    for row in across:  # the left one at twice its size, a gap, the right one, all at full height
        assert row.tolist() == [list(red)] * 200 + [list(white)] * gap + [list(blue)] * 60


def test_cells_are_float32_whatever_they_come_as() -> None:
    found = PairHeatmap(np.ones((2, 2)), np.ones((2, 2), np.int64))
    assert (found.before.dtype, found.after.dtype) == (np.float32, np.float32)
    joint = PairHeatmap.from_joint(np.ones((4, 2)), JointLayout())
    assert joint.before.dtype == np.float32


def test_values_between_the_middles_of_cells_lie_on_a_line() -> None:
    (found, _) = PairHeatmap(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])).resized((1, 8))
    assert found.tolist() == [pytest.approx([0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1], abs=1e-6)]
    assert found.dtype == np.float32


def test_the_gap_between_two_pictures_is_white_and_grows_with_them() -> None:
    for height, gap in ((40, 4), (200, 4), (255, 5), (1000, 20)):
        sheet = side_by_side(Image.new("RGB", (3, height), "red"), Image.new("RGB", (2, height), "blue"))
        row = [sheet.getpixel((x, 0)) for x in range(sheet.width)]
        assert row == [(255, 0, 0)] * 3 + [(255, 255, 255)] * gap + [(0, 0, 255)] * 2
    narrow = side_by_side(Image.new("RGB", (1, 100)), Image.new("RGB", (50, 400)))
    assert narrow.size == (4 + 8 + 50, 400)
    assert side_by_side(Image.new("RGB", (1, 400)), Image.new("RGB", (1, 10))).size == (1 + 8 + 40, 400)
    assert side_by_side(Image.new("RGB", (1, 400)), Image.new("RGB", (1, 4000))).size == (10 + 80 + 1, 4000)
