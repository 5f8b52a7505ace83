"""Every frame, page, band and bit of a file comes out as it went in."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.values import decode
from blip2idc.images.values.decode import open_values
from blip2idc.images.values.frame import Frame, differing, matched
from blip2idc.images.values.show import shown_values

BANDS = {"photometric": "minisblack", "planarconfig": "contig"}


def write(path: Path, values: np.ndarray, **options: object) -> Path:
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(path, values, **options)
    return path


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (np.int8, -100, 100), (np.int16, -3000, -100), (np.int32, -70000, 70000), (np.uint16, 0, 65536),
        (np.uint32, 0, 2**32), (np.float16, 0, 1), (np.float32, -1, 1), (np.float64, 0, 1e-9),
    ],
)  # fmt: skip
def test_rasters_of_every_type(
    tmp_path: Path, rng: np.random.Generator, dtype: type, low: float, high: float
) -> None:
    values = (rng.uniform(low, high, (12, 17)) if np.issubdtype(dtype, np.floating) else rng.integers(
        int(low), int(high), (12, 17)
    )).astype(dtype)  # fmt: skip
    file = open_values(write(tmp_path / "x.tif", values))
    (frame,) = file.frames()
    assert np.can_cast(dtype, frame.values.dtype)
    np.testing.assert_array_equal(frame.values[:, :, 0], values)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("bands", [2, 3, 4, 5, 13])
def test_many_bands(
    tmp_path: Path, rng: np.random.Generator, bands: int, planar: str, compression: str | None
) -> None:
    values = rng.integers(0, 4000, (12, 17, bands)).astype(np.uint16)
    stored = np.moveaxis(values, 2, 0) if planar == "separate" else values
    path = write(
        tmp_path / "x.tif", stored, photometric="minisblack", planarconfig=planar, compression=compression
    )
    (frame,) = open_values(path).frames()
    np.testing.assert_array_equal(frame.values, values)


@pytest.mark.parametrize(
    ("suffix", "channels"),
    [*((suffix, count) for suffix in (".png", ".tif", ".jp2") for count in (1, 3, 4)), (".ppm", 3)],
)
def test_16_bits(tmp_path: Path, rng: np.random.Generator, suffix: str, channels: int) -> None:
    values = rng.integers(0, 4000, (40, 50, channels)).astype(np.uint16)
    order = [2, 1, 0, 3][:channels] if channels > 1 else [0]
    options = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if suffix == ".jp2" else []
    assert cv2.imwrite(str(tmp_path / f"x{suffix}"), values[:, :, order], options)
    (frame,) = open_values(tmp_path / f"x{suffix}").frames()
    assert frame.alpha == (channels == 4)
    np.testing.assert_array_equal(frame.values, values)


def test_orientation_turns_values_once(tmp_path: Path, rng: np.random.Generator) -> None:
    picture = Image.fromarray(rng.integers(0, 255, (10, 16, 3), dtype=np.uint8))
    upright = np.asarray(picture.transpose(Image.Transpose.ROTATE_270))
    exif = Image.Exif()
    exif[0x0112] = 6
    for suffix in (".png", ".tif", ".webp"):
        path = tmp_path / f"x{suffix}"
        picture.save(path, exif=exif, **({"lossless": True} if suffix == ".webp" else {}))
        (frame,) = open_values(path).frames()
        np.testing.assert_array_equal(frame.values, upright)


def test_icons_hold_several_sizes(tmp_path: Path) -> None:
    Image.new("RGBA", (64, 64), "red").save(tmp_path / "x.ico", sizes=[(64, 64), (16, 16)])
    file = open_values(tmp_path / "x.ico")
    assert [frame.size for frame in file.frames()] == [(64, 64), (16, 16)]
    assert file.part_name(1) == "size 2 of 2"


def test_a_frame_that_is_cut_off(tmp_path: Path, rng: np.random.Generator) -> None:
    frames = [Image.fromarray(rng.integers(0, 255, (40, 40), dtype=np.uint8)) for _ in range(3)]
    path = tmp_path / "x.tif"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    (tmp_path / "y.tif").write_bytes(path.read_bytes()[:-1500])
    with pytest.raises(ImageError, match="damaged"):
        list(open_values(tmp_path / "y.tif").frames())


class TestMatching:
    def gray(self, value: int, dtype: type = np.uint8) -> Frame:
        return Frame(np.full((4, 5, 1), value, dtype), "gray")

    def test_8_and_16_bits_meet(self) -> None:
        pair = matched(self.gray(100), self.gray(25700, np.uint16))
        assert pair is not None
        assert not differing(*pair)[0].any()

    def test_gray_and_opaque_colour_meet(self) -> None:
        color = np.full((4, 5, 4), 100, np.uint8)
        color[..., 3] = 255
        pair = matched(self.gray(100), Frame(color, "rgb", alpha=True))
        assert pair is not None
        assert not differing(*pair)[0].any()

    def test_other_numbers_of_bands_do_not(self) -> None:
        bands = [Frame(np.zeros((4, 5, count), np.float32), "bands") for count in (3, 5)]
        assert matched(*bands) is None

    def test_nan_equals_nan_and_nothing_else(self) -> None:
        values = np.zeros((4, 5, 1), np.float32)
        values[0, 0] = np.nan
        other = values.copy()
        assert not differing(Frame(values, "gray"), Frame(other, "gray"))[0].any()
        other[0, 0] = 0
        mask, largest = differing(Frame(values, "gray"), Frame(other, "gray"))
        assert (int(mask.sum()), largest) == (1, np.inf)

    def test_nothing_of_a_wide_number_is_lost(self) -> None:
        """The imaginary part, and the last digit of 64 bits."""
        for one, other in (
            (np.full((4, 5, 1), 1 + 2j, np.complex128), np.full((4, 5, 1), 1, np.complex64)),
            (np.full((4, 5, 1), 1 + 2j, np.complex64), np.full((4, 5, 1), 1, np.float16)),
            (np.full((4, 5, 1), 2**53 + 1, np.uint64), np.full((4, 5, 1), 2**53, np.int64)),
        ):
            pair = matched(Frame(one, "bands"), Frame(other, "bands"))
            assert pair is not None
            mask, largest = differing(*pair)
            assert mask.all()
            assert largest in (1, 2)


@pytest.mark.parametrize("values", [[1 + 2j, 5], [-1.7e308, 1.7e308], [np.nan, 1e300], [np.inf, -np.inf]])
def test_values_of_any_kind_are_shown_without_a_warning(values: list[complex]) -> None:
    one = Frame(np.array([[values, values[::-1]]]).reshape(2, 2, 1), "gray")
    other = Frame(one.values[::-1], "gray")
    for picture in shown_values(one, other):
        assert picture.shape == (2, 2, 3)
        assert len(np.unique(picture)) == (2 if np.isfinite(one.values).all() else 1)


def test_opencv_is_asked_for_deep_avif_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes 25 bytes a pixel: 1.2 GB for a file of 2 KB, whose 8 bits Pillow reads as well."""
    path = tmp_path / "a.avif"
    Image.new("RGB", (64, 48), (200, 30, 10)).save(path, "AVIF")
    asked: list[bytes] = []
    monkeypatch.setattr(decode, "_with_opencv", asked.append)
    assert len(list(open_values(path).frames())) == 1
    assert asked == []
    content = path.read_bytes()
    place = content.index(b"av1C") + 6
    assert not decode._is_deep_avif(content)
    assert decode._is_deep_avif(content[:place] + bytes([content[place] | 0x40]) + content[place + 1 :])
    monkeypatch.setattr(decode, "_is_deep_avif", lambda _: True)
    next(iter(open_values(path).frames()))
    assert len(asked) == 1
    monkeypatch.setattr(decode, "_DEEP_AVIF", 10**9)
    with pytest.raises(
        ImageError, match="is an AVIF image of more than 8 bits and 64x48 pixels, which takes"
    ):
        list(open_values(path).frames())


@pytest.mark.parametrize(
    ("form", "channels", "space", "alpha"),
    [
        ("png", 1, "gray", False),
        ("png", 3, "rgb", False),
        ("png", 4, "rgb", True),
        ("pgm", 1, "gray", False),
        ("ppm", 3, "rgb", False),
        ("jp2", 1, "gray", False),
        ("jp2", 3, "rgb", False),
    ],
)
def test_channels_of_sixteen_bits_mean_what_those_of_eight_mean(
    tmp_path: Path, rng: np.random.Generator, form: str, channels: int, space: str, alpha: bool
) -> None:
    values = rng.integers(0, 65536, (40, 50, channels)).astype(np.uint16)
    order = [2, 1, 0, 3][:channels] if channels > 1 else [0]
    path = tmp_path / f"x.{form}"
    lossless = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if form == "jp2" else []
    cv2.imwrite(str(path), values[:, :, order], lossless)
    (frame,) = open_values(path).frames()
    assert (frame.space, frame.alpha) == (space, alpha)
    np.testing.assert_array_equal(frame.values, values)


def test_one_frame_of_many_is_asked_for_by_its_number(tmp_path: Path) -> None:
    shades = [Image.new("RGB", (20, 10), (value,) * 3) for value in (10, 90, 170)]
    shades[0].save(tmp_path / "x.png", save_all=True, append_images=shades[1:])
    file = open_values(tmp_path / "x.png")
    assert [int(file.frame(index).values[0, 0, 0]) for index in (2, 0)] == [170, 10]
    with pytest.raises(ImageError, match="has 3 frames; number 4 was asked for"):
        file.frame(3)
