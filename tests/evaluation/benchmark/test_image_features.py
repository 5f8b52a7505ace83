"""Features and prints of images: what they tell apart, and what they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.evaluation.benchmark.image_features import image_fingerprints, nearest_pairs, pair_features


def picture(path: Path, box: tuple[int, int] | None = None, colour: str = "red") -> Path:
    """A grey slope with a coloured square at a place."""
    image = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    if box is not None:
        image.paste(colour, (*box, box[0] + 20, box[1] + 20))
    image.save(path)
    return path


def test_the_nearest_pair_has_the_change_in_the_same_place(tmp_path: Path) -> None:
    plain = picture(tmp_path / "plain.png")
    left, right = picture(tmp_path / "l.png", (4, 10)), picture(tmp_path / "r.png", (70, 40))
    near_left = picture(tmp_path / "n.png", (7, 12))
    train = pair_features([(plain, right), (plain, left), (plain, plain)])
    test = pair_features([(plain, near_left), (plain, right), (plain, plain)])
    assert nearest_pairs(train, test).tolist() == [1, 0, 2]


def test_the_colour_of_a_change_counts(tmp_path: Path) -> None:
    plain = picture(tmp_path / "plain.png")
    red, blue = picture(tmp_path / "red.png", (40, 20)), picture(tmp_path / "blue.png", (40, 20), "blue")
    other_red = picture(tmp_path / "other.png", (42, 22))
    train = pair_features([(plain, blue), (plain, red)])
    assert nearest_pairs(train, pair_features([(plain, other_red)])).tolist() == [1]


def test_features_of_unchanged_pairs_are_finite(tmp_path: Path) -> None:
    black = tmp_path / "black.png"
    Image.new("RGB", (5, 300)).save(black)
    features = pair_features([(black, black)])
    assert np.isfinite(features).all()
    assert features.dtype == np.float32


def test_nothing_to_compare() -> None:
    assert pair_features([]).shape == (0, 0)
    assert nearest_pairs(np.zeros((3, 4), np.float32), np.zeros((0, 4), np.float32)).tolist() == []


def test_prints_see_through_the_file_format(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png", (10, 10))
    image = Image.open(path)
    image.save(tmp_path / "a.bmp")
    image.save(tmp_path / "a.jpg", quality=80)
    prints = image_fingerprints([("png", path), ("bmp", tmp_path / "a.bmp"), ("jpg", tmp_path / "a.jpg")])
    assert prints.digests[0] == prints.digests[1] != prints.digests[2]
    assert int(np.bitwise_count(prints.hashes[0] ^ prints.hashes[2])) <= 4


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"not an image")
    with pytest.raises(ImageError, match=r"bad\.png"):
        image_fingerprints([("bad", tmp_path / "bad.png")])
