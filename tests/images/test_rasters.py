"""Rasters become pictures by named bands and one range of values for both images."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.pair import ImagePair, check_image, open_image
from blip2idc.images.rasters import RasterView, is_raster, open_rasters, parse_view

tifffile = pytest.importorskip("tifffile", reason="the extra [raster] is not installed")


@pytest.fixture
def bands(tmp_path: Path) -> tuple[Path, Path]:
    """Two images of 13 bands, band n around 100 n, a bright square in band 4 of the second."""
    values = np.stack([np.full((40, 50), 100 * band, np.uint16) for band in range(1, 14)], axis=2)
    values += np.arange(50, dtype=np.uint16)[None, :, None]
    after = values.copy()
    after[10:20, 10:20, 3] = 3000
    paths = tmp_path / "a.tif", tmp_path / "b.tif"
    for path, content in zip(paths, (values, after), strict=True):
        tifffile.imwrite(path, content, photometric="minisblack", planarconfig="contig")
    return paths


def test_bands_are_chosen_and_stretched_alike(bands: tuple[Path, Path]) -> None:
    pair, told = open_rasters(*bands, parse_view("4,3,2", "0,3000"))
    before, after = np.asarray(pair.before), np.asarray(pair.after)
    assert before[0, 0].tolist() == [34, 26, 17]  # 400, 300 and 200 of 3000
    assert after[15, 15].tolist() == [255, 27, 18]
    assert np.array_equal(before[25:], after[25:])
    assert told == "bands 4,3,2 of 13, values 0 to 3000 (as asked for) shown as 0 to 255"


def test_nothing_asked_for_shows_three_bands_by_percentiles_of_both(bands: tuple[Path, Path]) -> None:
    pair, told = open_rasters(*bands)
    assert told.startswith("bands 1,2,3 of 13, values ")
    assert "2nd to 98th percentile of both" in told
    assert np.asarray(pair.before).max() - np.asarray(pair.before).min() > 200
    assert np.array_equal(np.asarray(pair.before), np.asarray(pair.after))  # the change is in band 4


def test_minmax_and_values_that_are_no_numbers(tmp_path: Path) -> None:
    values = np.array([[0.5, np.nan, 2.5], [np.inf, 1.5, 0.5]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values)
    tifffile.imwrite(tmp_path / "b.tif", np.full((2, 3), 4.5, np.float32))
    pair, told = open_rasters(tmp_path / "a.tif", tmp_path / "b.tif", RasterView(stretch="minmax"))
    assert "values 0.5 to 4.5" in told
    assert np.asarray(pair.before)[:, :, 0].tolist() == [[0, 0, 128], [255, 64, 0]]
    assert np.asarray(pair.after).min() == 255


def test_eight_bits_are_left_as_they_are(tmp_path: Path) -> None:
    picture = Image.radial_gradient("L").convert("RGB")
    picture.save(tmp_path / "a.png")
    pair, told = open_rasters(tmp_path / "a.png", tmp_path / "a.png")
    assert np.array_equal(np.asarray(pair.before), np.asarray(picture))
    assert "8 bits as they are" in told


def test_what_is_a_raster(bands: tuple[Path, Path], tmp_path: Path) -> None:
    assert is_raster(bands[0])
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "TIFF")
    (tmp_path / "plain.tif").write_bytes(buffer.getvalue())
    assert not is_raster(tmp_path / "plain.tif")
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    assert not is_raster(tmp_path / "plain.png")


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.jp2", "x.pgm"])
def test_dark_grey_of_sixteen_bits_is_a_measurement(name: str, tmp_path: Path) -> None:
    values = np.linspace(0, 3000, 40 * 50).reshape(40, 50).astype(np.uint16)
    changed = values.copy()
    changed[:10, :10] += 1500
    paths = tmp_path / name, tmp_path / f"2{name}"
    for path, content in zip(paths, (values, changed), strict=True):
        Image.fromarray(content).save(path)
    assert is_raster(paths[0])
    shown = [np.asarray(image) for image in vars(ImagePair.open(*paths)).values()]
    assert int(shown[0].max()) - int(shown[0].min()) > 240  # by the type of its numbers it would be 12 of 255
    assert np.array_equal(shown[0][20:], shown[1][20:])  # both alike
    assert shown[1][0, 0, 0] > 100
    check_image(paths[0])


def test_grey_of_sixteen_bits_that_is_bright_is_a_picture(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 40 * 50).reshape(40, 50).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "x.png")
    assert not is_raster(tmp_path / "x.png")
    pair = ImagePair.open(tmp_path / "x.png", tmp_path / "x.png")
    assert np.array_equal(np.asarray(pair.before), np.asarray(open_image(tmp_path / "x.png")))


def test_bands_that_are_no_picture_are_read_like_one(bands: tuple[Path, Path]) -> None:
    with pytest.raises(ImageError):
        open_image(bands[0])
    check_image(bands[0])
    pair = ImagePair.open(*bands)
    assert np.array_equal(np.asarray(pair.before), np.asarray(open_rasters(*bands)[0].before))


def test_negative_values_of_eight_bits_are_a_raster(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.arange(-100, 100, dtype=np.int8).reshape(10, 20))
    assert is_raster(tmp_path / "a.tif")
    row = np.asarray(ImagePair.open(tmp_path / "a.tif", tmp_path / "a.tif").before)[:, :, 0].ravel()
    assert (np.diff(row.astype(int)) >= 0).all()


@pytest.mark.parametrize(
    ("kind", "nothing", "text"),
    [
        ("int16", -32768, "-32768"),
        ("float32", -3.4028234663852886e38, "-3.40282e+38"),
        ("uint16", 65535, "65535 "),
    ],
)
@pytest.mark.parametrize("stretch", ["auto", "minmax"])
def test_what_stands_for_nothing_takes_no_part(
    kind: str, nothing: float, text: str, stretch: Any, tmp_path: Path
) -> None:
    """As geographic programs mark it (tag 42113): a tenth of such pixels would be the whole range of greys."""
    values = np.linspace(100, 900, 40 * 50).reshape(40, 50).astype(kind)
    values[:6] = np.float32(text) if kind == "float32" else nothing
    tags = [(42113, 2, len(text) + 1, text + "\0", True)]
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=tags)
    pair, told = open_rasters(tmp_path / "a.tif", tmp_path / "a.tif", RasterView(stretch=stretch))
    shown = np.asarray(pair.before)[:, :, 0]
    assert "values 2" in told  # from 220 on
    assert not shown[:6].any()
    assert np.ptp(shown[6:].astype(int)) > 240


def test_a_word_about_nothing_that_is_no_number(tmp_path: Path) -> None:
    values = np.arange(200, dtype=np.int16).reshape(10, 20)
    tifffile.imwrite(tmp_path / "a.tif", values, extratags=[(42113, 2, 5, "none\0", True)])
    assert "values 3.98 to 195" in open_rasters(tmp_path / "a.tif", tmp_path / "a.tif")[1]


def test_a_band_that_is_not_there(bands: tuple[Path, Path]) -> None:
    with pytest.raises(ImageError, match="has 13 bands, and --bands asks for 14"):
        open_rasters(*bands, RasterView(bands=(14,)))


@pytest.mark.parametrize("text", ["", "0", "1,2", "a", "4,3,2,1", "-1", "1.5"])
def test_bands_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--bands is"):
        parse_view(text, None)


@pytest.mark.parametrize("text", ["best", "1", "5,1", "nan,1", "0,inf", "1,2,3"])
def test_stretches_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--stretch is"):
        parse_view(None, text)


@pytest.mark.parametrize("stretch", ["auto", "minmax", "percentile", (-1.7e308, 1.7e308)])
@pytest.mark.parametrize(
    "values",
    [
        np.full((9, 8), 1e20, np.float32),
        np.full((9, 8), 1e300),
        np.array([[-1.7e308, 1.7e308]] * 4),
        np.array([[np.nan, np.inf], [-np.inf, np.nan]], np.float32),
        np.full((9, 8), 2**63, np.uint64),
        np.full((9, 8), -(2**62), np.int64),
        np.full((9, 8), 60_000, np.float16),
    ],
)
def test_values_of_any_size_become_a_picture(stretch: Any, values: np.ndarray, tmp_path: Path) -> None:
    """Warnings are errors here."""
    tifffile.imwrite(tmp_path / "a.tif", values)
    pair, _ = open_rasters(tmp_path / "a.tif", tmp_path / "a.tif", RasterView(stretch=stretch))
    assert pair.before.size == values.shape[::-1]
    if float(values.min()) < -1e308 and stretch == "minmax":
        assert np.asarray(pair.before)[0, :, 0].tolist() == [0, 255]


def test_complex_numbers_are_refused_with_a_sentence(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((4, 4), np.complex64))
    with pytest.raises(ImageError, match=r"a\.tif: holds values of type complex64; expected real numbers"):
        open_rasters(tmp_path / "a.tif", tmp_path / "a.tif")
