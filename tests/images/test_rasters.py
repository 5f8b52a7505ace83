"""Rasters become pictures by named bands and one range of values for both images."""

from __future__ import annotations

import io
import re
import struct
import zlib
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
    assert told.endswith(" (2nd to 98th percentile of both) shown as 0 to 255")
    assert np.asarray(pair.before).max() - np.asarray(pair.before).min() > 200
    assert np.array_equal(np.asarray(pair.before), np.asarray(pair.after))  # the change is in band 4


def test_minmax_and_values_that_are_no_numbers(tmp_path: Path) -> None:
    values = np.array([[0.5, np.nan, 2.5], [np.inf, 1.5, 0.5]], np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values)
    tifffile.imwrite(tmp_path / "b.tif", np.full((2, 3), 4.5, np.float32))
    pair, told = open_rasters(tmp_path / "a.tif", tmp_path / "b.tif", RasterView(stretch="minmax"))
    assert "values 0.5 to 4.5 (the least and the largest of both) shown" in told
    assert np.asarray(pair.before)[:, :, 0].tolist() == [[0, 0, 128], [255, 64, 0]]
    assert np.asarray(pair.after).min() == 255


def test_eight_bits_are_left_as_they_are(tmp_path: Path) -> None:
    picture = Image.radial_gradient("L").convert("RGB")
    picture.save(tmp_path / "a.png")
    pair, told = open_rasters(tmp_path / "a.png", tmp_path / "a.png")
    assert np.array_equal(np.asarray(pair.before), np.asarray(picture))
    assert told == "bands 1,2,3 of 3, values 0 to 255 (8 bits as they are) shown as 0 to 255"


@pytest.mark.parametrize(
    ("mode", "colour", "shown", "bands"),
    [
        ("L", 40, (40, 40, 40), "1 of 1"),
        ("LA", (40, 90), (40, 40, 40), "1 of 2"),
        ("RGB", (10, 20, 30), (10, 20, 30), "1,2,3 of 3"),
        ("RGBA", (10, 20, 30, 90), (10, 20, 30), "1,2,3 of 4"),
    ],
)
def test_of_a_picture_its_colours_are_shown(
    mode: str, colour: Any, shown: tuple[int, ...], bands: str, tmp_path: Path
) -> None:
    Image.new(mode, (3, 2), colour).save(tmp_path / "a.png")
    Image.new("RGB", (3, 2)).save(tmp_path / "b.png")
    pair, told = open_rasters(tmp_path / "a.png", tmp_path / "b.png")
    assert pair.before.getpixel((2, 1)) == shown
    assert told.startswith(f"bands {bands}, ")


def test_one_value_alone_is_black_and_what_is_above_it_not(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((5, 6), 7, np.int16))
    for stretch, how in (
        ("percentile", "2nd to 98th percentile of both"),
        ("minmax", "the least and the largest of both"),
    ):
        view = parse_view(None, stretch)
        pair, told = open_rasters(tmp_path / "a.tif", tmp_path / "a.tif", view)
        assert told == f"bands 1 of 1, values 7 to 8 ({how}) shown as 0 to 255"
        assert not np.asarray(pair.before).any()


def test_no_finite_value_at_all(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((5, 6), np.nan, np.float32))
    pair, told = open_rasters(tmp_path / "a.tif", tmp_path / "a.tif")
    assert told == "bands 1 of 1, values 0 to 1 (no finite values) shown as 0 to 255"
    assert not np.asarray(pair.before).any()


@pytest.mark.parametrize("shape", [(13, 4), (4, 13), (13, 4, 3)])
def test_rows_are_stretched_some_at_a_time(
    shape: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.arange(np.prod(shape), dtype=np.uint16).reshape(shape)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack", planarconfig="contig")
    view = parse_view(None, "minmax")
    whole = open_rasters(tmp_path / "a.tif", tmp_path / "a.tif", view)
    monkeypatch.setattr("blip2idc.images.rasters._ROWS", 30)
    parts = open_rasters(tmp_path / "a.tif", tmp_path / "a.tif", view)
    assert np.array_equal(np.asarray(parts[0].before), np.asarray(whole[0].before))
    assert parts[1] == whole[1]


def test_what_is_a_raster(bands: tuple[Path, Path], tmp_path: Path) -> None:
    assert is_raster(bands[0])
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "TIFF")
    (tmp_path / "plain.tif").write_bytes(buffer.getvalue())
    assert not is_raster(tmp_path / "plain.tif")
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    assert not is_raster(tmp_path / "plain.png")
    Image.new("L", (4, 4), 9).save(tmp_path / "plain.pgm")
    assert not is_raster(tmp_path / "plain.pgm")


def test_dark_colours_of_sixteen_bits_are_a_picture(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" + struct.pack(">3H", 257 * 4, 257 * 5, 257 * 6)))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b""))
    assert not is_raster(tmp_path / "a.png")


def test_a_tiff_without_a_page(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + bytes(4) + bytes(40))
    assert not is_raster(path)
    for work in (lambda: ImagePair.open(path, path), lambda: open_rasters(path, path)):
        with pytest.raises(ImageError, match=f"^{re.escape(str(path))}: "):
            work()


def test_a_tiff_of_absurdly_many_tags(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, 5000) + bytes(40))
    with pytest.raises(ImageError, match=rf"^{re.escape(str(path))}: .*more than 4,096 tags"):
        is_raster(path)


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
        ("float64", -1.7976931348623157e308, "-1.7976931348623157e+308"),
        ("int32", -2147483647, "-2147483647"),
        ("uint16", 65535, "65535 "),
    ],
)
@pytest.mark.parametrize(("stretch", "large"), [("auto", False), ("minmax", False), ("auto", True)])
def test_what_stands_for_nothing_takes_no_part(
    kind: str,
    nothing: float,
    text: str,
    stretch: Any,
    large: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As geographic programs mark it (tag 42113): a tenth of such pixels would be the whole range of greys."""
    if large:
        monkeypatch.setattr("blip2idc.images.aside.LARGE", 1)  # the picture goes into a temporary file
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
    expected = f"^{re.escape(str(bands[0]))}: has 13 bands, and --bands asks for 14"
    with pytest.raises(ImageError, match=expected):
        open_rasters(*bands, RasterView(bands=(14,)))


def test_what_is_asked_for() -> None:
    assert parse_view(None, None) == RasterView()
    assert parse_view("1", "auto").bands == (1,)
    assert parse_view("65535", "-2,-1") == RasterView((65535,), (-2, -1))
    assert [parse_view(None, name).stretch for name in ("auto", "minmax", "percentile")] == [
        "auto",
        "minmax",
        "percentile",
    ]


@pytest.mark.parametrize("text", ["", "0", "1,2", "a", "4,3,2,1", "-1", "1.5", "65536"])
def test_bands_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--bands is"):
        parse_view(text, None)


@pytest.mark.parametrize("text", ["best", "1", "5,1", "5,5", "nan,1", "0,inf", "1,2,3"])
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
