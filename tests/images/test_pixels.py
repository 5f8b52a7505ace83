"""Pairing of folders and the exact comparison of pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.compare.folders import image_names, pair_folders
from blip2idc.errors import ConfigError, ImageError, InputError
from blip2idc.images.pixels import open_masked, parse_region, pixel_difference


def save(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 200, (20, 30, 3), dtype=np.uint8)


class TestPairing:
    def test_names_are_relative_and_sorted(self, tmp_path: Path, picture: np.ndarray) -> None:
        for name in ("b.png", "deep/er/a.png", "only_a.jpg", ".hidden.png", ".git/x.png"):
            save(tmp_path / "a" / name, picture)
        for name in ("b.png", "deep/er/a.png", "new.PNG"):
            save(tmp_path / "b" / name, picture)
        (tmp_path / "a" / "notes.txt").write_text("not looked at")
        folders = pair_folders(tmp_path / "a", tmp_path / "b")
        assert folders.common == ("b.png", "deep/er/a.png")
        assert folders.added == ("new.PNG",)
        assert folders.removed == ("only_a.jpg",)
        assert folders.paths("deep/er/a.png")[1] == tmp_path / "b" / "deep" / "er" / "a.png"

    def test_refuses_what_is_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no such folder"):
            image_names(tmp_path / "none")

    def test_refuses_two_folders_without_images(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="neither folder holds an image"):
            pair_folders(tmp_path, tmp_path)


class TestPixels:
    def test_same_pixels_in_other_bytes(self, tmp_path: Path, picture: np.ndarray) -> None:
        before, after = save(tmp_path / "a.png", picture), save(tmp_path / "b.bmp", picture)
        assert before.read_bytes() != after.read_bytes()
        found = pixel_difference(before, after)
        assert found.identical
        assert found.share == 0
        assert found.box is None

    def test_counts_and_box(self, tmp_path: Path, picture: np.ndarray) -> None:
        other = picture.copy()
        other[5, 7, 1] += 3
        other[9, 20] = 255
        found = pixel_difference(save(tmp_path / "a.png", picture), save(tmp_path / "b.png", other))
        assert (found.changed_pixels, found.box) == (2, (7, 5, 14, 5))
        assert found.share == pytest.approx(2 / 600)
        tolerant = pixel_difference(tmp_path / "a.png", tmp_path / "b.png", tolerance=3)
        assert (tolerant.changed_pixels, tolerant.box) == (1, (20, 9, 1, 1))

    def test_ignored_regions_do_not_count(self, tmp_path: Path, picture: np.ndarray) -> None:
        other = picture.copy()
        other[5:8, 7:10] = 255
        paths = save(tmp_path / "a.png", picture), save(tmp_path / "b.png", other)
        assert pixel_difference(*paths, [(7, 5, 3, 3)]).identical
        assert pixel_difference(*paths, [(7, 5, 3, 2)]).changed_pixels == 3
        pair = open_masked(*paths, [(7, 5, 3, 3), (25, 15, 100, 100)])  # the second reaches beyond the image
        assert np.array_equal(np.asarray(pair.after), picture)

    def test_other_size(self, tmp_path: Path, picture: np.ndarray) -> None:
        found = pixel_difference(save(tmp_path / "a.png", picture), save(tmp_path / "b.png", picture[:, :20]))
        assert not found.same_size
        assert (found.before_size, found.after_size, found.share) == ((30, 20), (20, 20), 1.0)

    def test_equal_bytes_that_are_no_image(self, tmp_path: Path) -> None:
        for name in ("a.png", "b.png"):
            (tmp_path / name).write_text("text")
        with pytest.raises(ImageError, match="is not an image"):
            pixel_difference(tmp_path / "a.png", tmp_path / "b.png")


def test_regions() -> None:
    assert parse_region("1, 2,30,40") == (1, 2, 30, 40)
    for text in ("1,2,3", "a,b,c,d", "0,0,0,5", "-1,0,5,5"):
        with pytest.raises(ConfigError, match="region is"):
            parse_region(text)
