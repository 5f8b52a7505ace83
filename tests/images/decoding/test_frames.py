"""Frames hold the values of the file: every one of them, in its own number type."""

from __future__ import annotations

import contextlib
import io
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.fixtures import hostile_images as hostile

from blip2idc.errors import ImageError, MissingExtraError
from blip2idc.images.decoding.frames import read_frames, read_size

tifffile = pytest.importorskip("tifffile", reason="the extra [raster] is not installed")


def frames(content: bytes | Path) -> list[np.ndarray]:
    return [frame.values for frame in read_frames(content)]


def tiff_of(values: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF", "MPO"])
def test_every_frame_is_read(form: str) -> None:
    pictures = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if form == "WEBP" else {"duration": 100} if form in ("GIF", "PNG") else {}
    content = hostile.saved(pictures[0], form, save_all=True, append_images=pictures[1:], **options)
    found = frames(content)
    assert [int(values[8, 8, :3].argmax()) for values in found] == [0, 1, 2]


def test_every_size_of_an_icon_is_read() -> None:
    content = hostile.saved(Image.new("RGBA", (48, 48), "red"), "ICO", sizes=[(16, 16), (48, 48)])
    assert [values.shape for values in frames(content)] == [(48, 48, 4), (16, 16, 4)]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"byteorder": ">"}])
def test_sixteen_bits_a_channel_of_a_tiff(channels: int, options: dict, rng: np.random.Generator) -> None:
    values = rng.integers(0, 65536, (5, 7, channels), dtype=np.uint16)
    extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    assert np.array_equal(frames(tiff_of(values, photometric="rgb", **extra, **options))[0], values)


def png16(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, which Pillow cannot write."""
    import struct
    import zlib

    height, width, channels = values.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(hostile.png_chunk(*part) for part in parts)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_a_channel_of_a_png(channels: int, rng: np.random.Generator) -> None:
    values = rng.integers(0, 65536, (5, 7, channels), dtype=np.uint16)
    (frame,) = read_frames(png16(values))
    assert np.array_equal(frame.values, values)
    assert frame.channels == {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]


@pytest.mark.parametrize(
    "kind", ["uint16", "int16", "uint32", "int32", "float16", "float32", "float64", "int8"]
)
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 6)])
def test_rasters_keep_their_numbers(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    values = (rng.random(shape) * 100).astype(kind)
    options = {"planarconfig": "contig"} if len(shape) == 3 else {}
    (found,) = frames(tiff_of(values, photometric="minisblack", **options))
    assert np.array_equal(found.reshape(shape), values)


def test_bands_in_planes_and_pages(rng: np.random.Generator) -> None:
    values = rng.integers(0, 9999, (13, 5, 7), dtype=np.uint16)
    planes = tiff_of(values, photometric="minisblack", planarconfig="separate")
    assert np.array_equal(frames(planes)[0], np.moveaxis(values, 0, -1))
    pages = tiff_of(values, photometric="minisblack")
    assert np.array_equal(np.concatenate(frames(pages), axis=2), np.moveaxis(values, 0, -1))


def test_without_tifffile_a_raster_is_refused_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    content = tiff_of(np.zeros((5, 7, 6), np.uint16), photometric="minisblack", planarconfig="contig")
    with pytest.raises(MissingExtraError, match=r"pip install 'blip2idc\[raster\]'"):
        frames(content)


def test_transparency_is_a_channel() -> None:
    key = hostile.saved(Image.new("RGB", (2, 1), "red"), "PNG", transparency=(255, 0, 0))
    assert frames(key)[0].tolist() == [[[255, 0, 0, 0]] * 2]
    palette = Image.new("P", (2, 1))
    palette.putpalette([200, 0, 0, 0, 200, 0])
    assert frames(hostile.saved(palette, "PNG", transparency=0))[0].tolist() == [[[200, 0, 0, 0]] * 2]
    assert frames(hostile.saved(palette, "PNG"))[0].tolist() == [[[200, 0, 0]] * 2]


def test_frames_lie_as_the_picture_does() -> None:
    values = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for form in ("PNG", "TIFF"):
            content = hostile.saved(Image.fromarray(values), form, exif=exif)
            from blip2idc.images.pair import open_image

            assert np.array_equal(frames(content)[0], np.asarray(open_image(content)))
            assert read_size(content) == open_image(content).size


def test_frames_are_bounded_together() -> None:
    content = hostile.gif_of_frames((100, 100), 9)
    with pytest.raises(
        ImageError, match=r"its frames are 90,000 pixels or more together; expected at most 80,000"
    ):
        list(read_frames(content, max_pixels=10_000))
    assert len(list(read_frames(content, max_pixels=11_250))) == 9


def test_many_pages_are_refused_unread() -> None:
    with pytest.raises(ImageError, match="more than 10,000 pages"):
        list(read_frames(hostile.tiff(hostile.tiff_tags(8, 8), pages=10_001)))


def test_a_gif_that_ends_in_its_second_frame_raises_nothing_else() -> None:
    whole = hostile.gif_of_frames((16, 16), 2)
    start = whole.rindex(b",")
    for length in range(1, 12):
        with contextlib.suppress(ImageError):
            assert len(list(read_frames(whole[: start + length]))) == 1


def test_pages_of_a_raster_that_lead_back_to_the_first() -> None:
    """The library would read the same page for ever."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.zeros((8, 6, 5), np.uint16), photometric="minisblack", planarconfig="contig")
    content = bytearray(buffer.getvalue())
    (first,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, first)
    struct.pack_into("<I", content, first + 2 + 12 * entries, first)
    assert len(list(read_frames(bytes(content)))) == 1


@pytest.mark.parametrize("size", [(1, 1_000_001), (1, 64_000_000), (1_000_001, 1), (64_000_000, 1)])
def test_rows_that_no_picture_has(size: tuple[int, int]) -> None:
    """Pillow keeps a pointer for every row: a picture of one column took 1.3 GB."""
    with pytest.raises(ImageError, match=r"expected sides of at most 1,000,000 pixels"):
        read_size(hostile.header_only_png(*size), name="x.png")


@pytest.mark.parametrize("transparency", [None, 7, bytes(range(0, 200, 2))])
@pytest.mark.parametrize("mode", ["P", "1", "RGB", "L"])
def test_a_large_picture_in_parts_as_at_once(
    mode: str, transparency: int | bytes | None, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Image.fromarray(rng.integers(0, 8, (30, 50, 3), dtype=np.uint8))
    picture = picture.quantize(100) if mode == "P" else picture.convert(mode)
    if mode == "RGB" and transparency == 7:
        options: dict[str, object] = {"transparency": (7, 7, 7)}
    else:
        named = transparency is not None and (mode == "P" or (mode == "L" and transparency == 7))
        options = {"transparency": transparency} if named else {}
    content = hostile.saved(picture, "PNG", **options)
    (whole,) = read_frames(content)
    monkeypatch.setattr("blip2idc.images.decoding.parts.PART", 120)
    monkeypatch.setattr("blip2idc.images.decoding.frames.PART", 120)
    monkeypatch.setattr("blip2idc.images.aside.STRIP_VALUES", 100)
    (parts,) = read_frames(content)
    assert (
        parts.channels == whole.channels == (mode.replace("P", "RGB").replace("1", "L") + "A" * bool(options))
    )
    assert np.array_equal(parts.values, whole.values)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize(
    ("kind", "photometric", "channels", "extra", "told"),
    [
        (np.uint8, "rgb", 4, "unspecified", "bands"),
        (np.uint16, "rgb", 4, "unspecified", "bands"),
        (np.uint8, "minisblack", 2, "unspecified", "bands"),
        (np.uint8, "minisblack", 3, "unspecified", "bands"),
        (np.uint16, "minisblack", 4, "unspecified", "bands"),
        (np.uint8, "rgb", 4, "unassalpha", "RGBA"),
        (np.uint16, "rgb", 4, "unassalpha", "RGBA"),
        (np.uint16, "rgb", 4, "assocalpha", "RGBA"),
        (np.int16, "minisblack", 1, None, "L"),
        (np.float32, "minisblack", 1, None, "L"),
        (np.int8, "minisblack", 1, None, "L"),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_every_band_of_a_tiff_in_either_order_of_bytes(
    kind: type, photometric: str, channels: int, extra: str | None, told: str, planar: str, compression: str | None,
    order: str, rng: np.random.Generator,
) -> None:  # fmt: skip
    """Pillow drops a band that is neither colour nor alpha, and turns some numbers round that libtiff has turned."""
    values = rng.integers(0, 100, (9, 8, channels)).astype(kind) * kind(0.5 if kind is np.float32 else 1)
    laid = values[:, :, 0] if channels == 1 else values if planar == "contig" else np.moveaxis(values, 2, 0)
    beyond = channels - (3 if photometric == "rgb" else 1)
    extras = {"extrasamples": [extra] + ["unspecified"] * (beyond - 1)} if extra else {}
    content = tiff_of(
        laid, photometric=photometric, planarconfig=planar if channels > 1 else None, compression=compression,
        byteorder=order, **extras,
    )  # fmt: skip
    (found,) = read_frames(content)
    assert found.channels == told
    assert np.array_equal(found.values, values)


def test_what_is_too_large_is_called_by_its_path_or_name(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("L", (20, 10)).save(path)
    for source, name, called in (
        (path, None, str(path)),
        (path, "it", "it"),
        (path.read_bytes(), None, "image bytes"),
    ):
        with pytest.raises(ImageError, match=f"^{re.escape(called)}: has 20x10 ="):
            read_size(source, max_pixels=199, name=name)
    assert read_size(path, max_pixels=200) == (20, 10)
