"""Where pictures come from: folders, the package, textures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import InputError
from blip2idc.images.pair import open_image
from blip2idc.worlds.edits.photographs import (
    PACKAGED,
    Photographs,
    crop_window,
    packaged_photographs,
    photographs_in,
)
from blip2idc.worlds.edits.textures import texture


def save(path: Path, color: tuple[int, int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (50, 40), color).save(path)


def test_the_package_holds_licensed_photographs_to_train_and_to_test_on() -> None:
    train, test = packaged_photographs("train"), packaged_photographs("test")
    assert len(train) >= 12
    assert len(test) >= 5
    licenses = (PACKAGED / "LICENSES.md").read_text(encoding="utf-8")
    listed = {line.split("|")[1].strip() for line in licenses.splitlines() if line.startswith("| t")}
    assert listed == {f"{path.parent.name}/{path.name}" for path in [*train, *test]}
    assert sum(path.stat().st_size for path in [*train, *test]) < 1_500_000
    for path in test:
        pixels = np.asarray(open_image(path)).astype(float)
        assert np.ptp(pixels, axis=-1).mean() > 10
        assert max(pixels.shape) <= 512
    with pytest.raises(InputError, match="'train' or 'test'"):
        packaged_photographs("dev")


def test_a_folder_is_listed_with_subfolders_in_one_order(tmp_path: Path) -> None:
    save(tmp_path / "b.png", (255, 0, 0))
    save(tmp_path / "a" / "z.JPG", (0, 255, 0))
    (tmp_path / "notes.txt").write_text("no image")
    assert [path.name for path in photographs_in(tmp_path)] == ["z.JPG", "b.png"]


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        photographs_in(tmp_path / "none")
    with pytest.raises(InputError, match="holds no image"):
        photographs_in(tmp_path)


def test_an_unreadable_image_is_skipped_and_named(tmp_path: Path, rng: np.random.Generator) -> None:
    save(tmp_path / "good.png", (10, 200, 30))
    (tmp_path / "bad.png").write_bytes(b"no image at all")
    pictures = Photographs(photographs_in(tmp_path))
    pictures.check()
    assert [Path(name).name for name in pictures.skipped] == ["bad.png"]
    assert {pictures.draw(rng, 32, 64)[1] for _ in range(8)} == {"good.png"}


def test_a_folder_of_unreadable_images_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    (tmp_path / "bad.png").write_bytes(b"no image at all")
    with pytest.raises(InputError, match="None of the 1 photographs"):
        Photographs(photographs_in(tmp_path)).check()
    with pytest.raises(InputError, match="None of the 1 photographs"):
        Photographs(photographs_in(tmp_path)).draw(rng, 32, 64)


def test_crops_have_the_aspect_of_the_target_and_stay_inside(rng: np.random.Generator) -> None:
    for source in ((40, 300), (300, 40), (100, 100)):
        for _ in range(20):
            left, top, right, bottom = crop_window(rng, source, (64, 128))
            assert 0 <= left < right <= source[1]
            assert 0 <= top < bottom <= source[0]
            assert (right - left) / (bottom - top) == pytest.approx(2.0)


def test_the_fingerprint_notices_another_file(tmp_path: Path) -> None:
    save(tmp_path / "a.png", (1, 2, 3))
    first = Photographs(photographs_in(tmp_path)).fingerprint()
    assert Photographs(photographs_in(tmp_path)).fingerprint() == first
    save(tmp_path / "b.png", (1, 2, 3))
    assert Photographs(photographs_in(tmp_path)).fingerprint() != first


@pytest.mark.parametrize("size", [(64, 128), (33, 47)])
def test_textures_have_the_size_asked_for_and_differ(size: tuple[int, int]) -> None:
    pictures = [texture(np.random.default_rng(seed), *size) for seed in range(24)]
    assert all(picture.shape == (*size, 3) and picture.dtype == np.uint8 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 24
    assert np.mean([picture.std() for picture in pictures]) > 25
    assert np.array_equal(texture(np.random.default_rng(3), *size), pictures[3])
