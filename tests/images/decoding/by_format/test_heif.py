"""HEIC: read where pillow-heif is installed, refused by its name where it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.pair import open_image
from blip2idc.images.values.decode import open_values

pillow_heif = pytest.importorskip("pillow_heif")


def test_a_photograph(tmp_path: Path) -> None:
    picture = Image.new("RGB", (64, 48), (200, 30, 60))
    pillow_heif.from_pillow(picture).save(tmp_path / "x.heic", quality=-1, chroma=444)
    opened = np.asarray(open_image(tmp_path / "x.heic")).astype(int)
    assert np.abs(opened - np.asarray(picture)).max() <= 3
    (frame,) = open_values(tmp_path / "x.heic").frames()
    np.testing.assert_array_equal(frame.values, opened)


def test_ten_bits_stay(tmp_path: Path) -> None:
    values = np.tile(np.arange(0, 64 * 1024, 1024, dtype="<u2")[None, :, None], (48, 1, 3))
    pillow_heif.from_bytes("RGB;16", (64, 48), values.tobytes()).save(tmp_path / "x.heic", quality=-1)
    (frame,) = open_values(tmp_path / "x.heic").frames()
    assert frame.values.dtype == np.uint16
    assert len(np.unique(frame.values[:, :, 1])) > 55


def test_without_its_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pillow_heif.from_pillow(Image.new("RGB", (64, 48))).save(tmp_path / "x.heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(
        ImageError, match=r"x.heic: is a HEIC photograph, which needs pillow-heif; .*blip2idc\[heif\]"
    ):
        open_image(tmp_path / "x.heic")
