"""Images of every kind a user may hand over, and every way they can be broken."""

from __future__ import annotations

import io
import os
import re
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.pair import MAX_PIXELS, ImagePair, check_image, open_image


def png(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def pixels(image: Image.Image) -> list:
    return np.asarray(image).reshape(-1, 3).tolist()


@pytest.fixture
def picture(rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8))


# --- what is accepted ---


def test_same_pixels_from_path_text_bytes_pil_and_array(picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    picture.save(path)
    for source in (path, str(path), path.read_bytes(), picture, np.asarray(picture)):
        opened = open_image(source)
        assert opened.mode == "RGB"
        assert np.array_equal(np.asarray(opened), np.asarray(picture))


def test_result_is_a_copy_that_keeps_no_file(picture: Image.Image, tmp_path: Path) -> None:
    assert open_image(picture) is not picture
    earlier, kept = picture.getpixel((0, 0)), open_image(picture)
    picture.putpixel((0, 0), (1, 2, 3))
    assert kept.getpixel((0, 0)) == earlier != (1, 2, 3)
    path = tmp_path / "picture.png"
    picture.save(path)
    opened = open_image(path)
    path.unlink()
    assert opened.getpixel((0, 0)) == picture.getpixel((0, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.array(
        [[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[9, 9, 9], [99, 99, 99], [200, 0, 200]]], np.uint8
    )
    undo = {  # how a camera stores a scene under each orientation (EXIF 2.3, tag 0x0112)
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    content = png(stored, exif=exif)
    assert np.array_equal(np.asarray(open_image(content)), upright)
    with Image.open(io.BytesIO(content)) as pil:
        assert np.array_equal(np.asarray(open_image(pil)), upright)


def test_alpha_lies_on_white() -> None:
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    expected = [[10, 20, 30], [255, 255, 255], [204, 204, 204]]
    assert pixels(open_image(Image.fromarray(rgba))) == expected
    assert pixels(open_image(rgba)) == expected
    assert pixels(open_image(png(Image.fromarray(rgba)))) == expected


def test_a_colour_that_stands_for_nothing_lies_on_white() -> None:
    content = png(
        Image.fromarray(np.array([[[10, 20, 30], [10, 20, 31]]], np.uint8)), transparency=(10, 20, 30)
    )
    assert pixels(open_image(content)) == [[255, 255, 255], [10, 20, 31]]


def test_grey_with_alpha_lies_on_white() -> None:
    grey = Image.merge("LA", [Image.new("L", (2, 1), 40), Image.fromarray(np.array([[255, 0]], np.uint8))])
    assert pixels(open_image(png(grey))) == [[40, 40, 40], [255, 255, 255]]


def test_palette_with_transparency_lies_on_white() -> None:
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), mode=None)
    palette = palette.convert("P")
    palette.putpalette([200, 0, 0, 0, 200, 0])
    palette.putdata([0, 1])
    assert pixels(open_image(png(palette, transparency=1))) == [[200, 0, 0], [255, 255, 255]]
    assert pixels(open_image(png(palette, transparency=bytes([255, 0])))) == [[200, 0, 0], [255, 255, 255]]
    assert pixels(open_image(png(palette))) == [[200, 0, 0], [0, 200, 0]]


def test_grey_and_black_and_white() -> None:
    assert pixels(open_image(png(Image.new("L", (1, 1), 77)))) == [[77, 77, 77]]
    assert pixels(open_image(png(Image.new("1", (1, 1), 1)))) == [[255, 255, 255]]


def test_sixteen_bit_png_keeps_black_and_white_and_the_middle() -> None:
    deep = Image.fromarray(np.array([[0, 257 * 128, 65535]], np.uint16))
    assert pixels(open_image(png(deep))) == [[0] * 3, [128] * 3, [255] * 3]


def test_sixteen_bits_that_are_dark_stay_dark() -> None:
    deep = Image.fromarray(np.array([[0, 257 * 4, 257 * 10]], np.uint16))
    assert pixels(open_image(png(deep))) == [[0] * 3, [4] * 3, [10] * 3]
    assert pixels(open_image(deep.convert("I"))) == [[0] * 3, [4] * 3, [10] * 3]


def test_big_endian_sixteen_bit() -> None:
    deep = Image.frombytes("I;16B", (2, 1), struct.pack(">2H", 257 * 10, 65535))
    assert pixels(open_image(deep)) == [[10] * 3, [255] * 3]


def test_integer_mode_is_sixteen_bit_unless_it_goes_beyond() -> None:
    assert pixels(open_image(Image.fromarray(np.array([[0, 257 * 7, 65535]], np.int32)))) == [
        [0] * 3,
        [7] * 3,
        [255] * 3,
    ]
    assert pixels(open_image(Image.fromarray(np.array([[-400_000, 510_000, 1_020_000]], np.int32)))) == [
        [0] * 3,
        [128] * 3,
        [255] * 3,
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.2, 1.0], [0, 51, 255]),
        ([0.0, 51.0, 255.0], [0, 51, 255]),
        ([-300.0, 500.0, 1000.0], [0, 128, 255]),
        ([0.0, 1.5, 2.0], [0, 2, 2]),
        ([-100.0, 51.0, 100.0], [0, 51, 100]),
    ],
)
def test_float_mode_by_its_range(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], np.float32))
    assert pixels(open_image(image)) == [[value] * 3 for value in expected]


def test_float_mode_with_nan_is_black_there() -> None:
    image = Image.fromarray(np.array([[np.nan, np.inf, -np.inf, 1.0]], np.float32))
    assert pixels(open_image(image)) == [[0] * 3, [0] * 3, [0] * 3, [255] * 3]


def test_cmyk_jpeg() -> None:
    buffer = io.BytesIO()
    Image.new("CMYK", (8, 8), (0, 0, 0, 0)).save(buffer, "JPEG", quality=100)
    opened = open_image(buffer.getvalue())
    assert opened.mode == "RGB"
    assert min(pixels(opened)[0]) > 250


def test_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "lime", "blue")]
    for form in ("GIF", "PNG", "WEBP"):
        buffer = io.BytesIO()
        options = {"lossless": True} if form == "WEBP" else {}
        frames[0].save(buffer, form, save_all=True, append_images=frames[1:], **options)
        assert pixels(open_image(buffer.getvalue()))[0] == [255, 0, 0], form


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([[7]], np.uint8), [7, 7, 7]),
        (np.array([[[7]]], np.uint8), [7, 7, 7]),
        (np.array([[[1, 2, 3]]], np.uint8), [1, 2, 3]),
        (np.array([[[1, 2, 3]]], np.int64), [1, 2, 3]),
        (np.array([[True]]), [255, 255, 255]),
        (np.array([[False]]), [0, 0, 0]),
        (np.array([[257 * 9]], np.uint16), [9, 9, 9]),
        (np.array([[[1000, 2000, 65535]]], np.uint16), [4, 8, 255]),
        (np.array([[[True, False, True]]]), [255, 0, 255]),
        (np.array([[0.2]], np.float64), [51, 51, 51]),
        (np.array([[[0.0, 0.2, 1.0]]], np.float32), [0, 51, 255]),
        (np.array([[[0.0, 0.2, 1.0, 0.0]]], np.float16), [255, 255, 255]),
    ],
)
def test_arrays(array: np.ndarray, expected: list[int]) -> None:
    assert pixels(open_image(array)) == [expected]


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 8), st.just(3))))
def test_png_round_trip_is_exact(array: np.ndarray) -> None:
    assert np.array_equal(np.asarray(open_image(png(Image.fromarray(array)))), array)


def test_strided_array_is_read_as_it_looks(picture: Image.Image) -> None:
    array = np.asarray(picture)[::-1, ::2]
    assert np.array_equal(np.asarray(open_image(array)), array)


def test_sizes_may_differ(picture: Image.Image) -> None:
    pair = ImagePair.open(picture, picture.resize((20, 3)))
    assert (pair.before.size, pair.after.size) == ((9, 6), (20, 3))


def test_damaged_exif_does_not_hide_the_picture(picture: Image.Image) -> None:
    content = png(picture, exif=b"Exif\0\0MM\0*\xff\xff\xff\xffgarbage")
    assert np.array_equal(np.asarray(open_image(content)), np.asarray(picture))


# --- what is refused, in one sentence that names the image ---


def refused(source: object, **options: object) -> str:
    with pytest.raises(ImageError) as caught:
        open_image(source, **options)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_missing(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.png") == f"{tmp_path / 'none.png'}: no such file; expected an image"


def test_folder(tmp_path: Path) -> None:
    assert refused(tmp_path) == f"{tmp_path}: is a folder; expected an image file"


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")

    def deny(*_: object) -> int:  # chmod does not stop root, so the refusal is simulated
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    assert "secret.png: cannot be read (Permission denied)" in refused(path)


def test_name_with_a_null_byte() -> None:
    assert "cannot be read" in refused("a\0b.png")


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.touch()
    assert refused(path) == f"{path}: the file is empty (0 bytes); expected an image"


def test_not_an_image(tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("these are notes")
    assert (
        refused(path) == f"{path}: is not an image, or of a format that is not opened (see docs/security.md)"
    )


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_truncated(form: str, tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / f"half.{form.lower()}"
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(path, form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refused(path).startswith(f"{path}: ")


def test_every_truncation_of_a_png_is_refused_or_whole(picture: Image.Image) -> None:
    content = png(picture)
    outcomes = set()
    for length in range(1, len(content)):
        try:
            opened = open_image(content[:length])
        except ImageError:
            outcomes.add("refused")
        else:  # all pixels are there, only checksums or the end mark are cut
            outcomes.add("whole")
            assert np.array_equal(np.asarray(opened), np.asarray(picture))
    assert outcomes == {"refused", "whole"}


@given(st.binary(min_size=1, max_size=200))
def test_random_bytes_raise_nothing_but_image_errors(content: bytes) -> None:
    for source in (content, b"\x89PNG\r\n\x1a\n" + content, b"GIF89a" + content, b"\xff\xd8\xff" + content):
        try:
            open_image(source)
        except ImageError:
            continue


def header_only_png(width: int, height: int, *, depth: int = 8, kind: int = 2) -> bytes:
    """A PNG that promises a size and holds no pixels: decoding it can only fail."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "side", [8_001, 9_600, 20_000]
)  # beyond 9,459 and 13,377 Pillow would warn and raise
def test_too_large_is_told_from_the_header_without_warnings(side: int) -> None:
    sentence = refused(header_only_png(side, side), name="huge.png")
    assert sentence == (
        f"huge.png: has {side}x{side} = {side * side:,} pixels, more than the limit of 64,000,000; "
        "make it smaller or raise --max-pixels (max_pixels)"
    )


@pytest.mark.parametrize("side", [9_600, 20_000])
def test_a_raised_limit_replaces_the_one_of_pillow(side: int) -> None:
    assert "truncated or damaged" in refused(header_only_png(side, side), max_pixels=10**9)


def test_limit_holds_for_arrays_and_pil_images(picture: Image.Image) -> None:
    for source in (picture, np.asarray(picture), png(picture)):
        assert "9x6 = 54 pixels, more than the limit of 53" in refused(source, max_pixels=53)
        assert open_image(source, max_pixels=54).size == (9, 6)
    assert refused(np.asarray(picture), max_pixels=53).startswith("array: has 9x6 ")


def test_limit_holds_for_both_of_a_pair(picture: Image.Image) -> None:
    small = picture.crop((0, 0, 5, 5))
    for pair, which in (((picture, small), "before"), ((small, picture), "after")):
        with pytest.raises(
            ImageError, match=f"^the image {which}: has 9x6 = 54 pixels, more than the limit of 53"
        ):
            ImagePair.open(*pair, max_pixels=53)


@pytest.mark.parametrize("form", ["png", "tif"])
def test_a_raised_limit_holds_for_rasters_too(form: str, tmp_path: Path) -> None:
    """Grey of 16 bits, 9600 x 9600, without its pixels."""
    path = tmp_path / f"huge.{form}"
    if form == "png":
        path.write_bytes(header_only_png(9600, 9600, depth=16, kind=0))
    else:
        tags = (
            (256, 9600),
            (257, 9600),
            (258, 16),
            (259, 1),
            (262, 1),
            (273, 8),
            (277, 1),
            (278, 9600),
            (279, 99),
        )
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        path.write_bytes(b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4))
    works = (
        lambda **options: ImagePair.open(path, path, **options),
        lambda **options: check_image(path, **options),
    )
    for work in works:
        for options, reason in (
            ({}, "more than the limit of 64,000,000"),
            ({"max_pixels": 10**8}, "truncated"),
        ):
            with pytest.raises(ImageError, match=f"^{re.escape(str(path))}: .*{reason}"):
                work(**options)


def test_pillow_is_left_as_it_was(picture: Image.Image) -> None:
    limit, filters = Image.MAX_IMAGE_PIXELS, list(warnings.filters)
    open_image(png(picture))
    refused(b"nothing")
    refused(header_only_png(20_000, 20_000))
    assert limit == Image.MAX_IMAGE_PIXELS
    assert warnings.filters == filters


def test_threads_do_not_disturb_each_other(picture: Image.Image) -> None:
    limit, content, opened = Image.MAX_IMAGE_PIXELS, png(picture), []
    threads = [
        threading.Thread(target=lambda: [opened.append(open_image(content).size) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [(9, 6)] * 200
    assert limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("shape", [(0, 5), (5, 0, 3), (0, 0)])
def test_zero_size(shape: tuple[int, ...]) -> None:
    assert re.search("^array: is .* expected at least one pixel", refused(np.zeros(shape, np.uint8)))


def test_zero_size_pil() -> None:
    assert "is 0x3 pixels; expected at least one pixel" in refused(Image.new("RGB", (0, 3)))


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2), (2, 2, 5), (1, 2, 2, 3)])
def test_array_of_a_wrong_shape(shape: tuple[int, ...]) -> None:
    assert refused(np.zeros(shape, np.uint8)).startswith(f"array: array has shape {shape}; ")


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf])
def test_float_array_out_of_range(value: float) -> None:
    assert "expected 0 to 1" in refused(np.array([[value, 0.5]]))


def test_integer_array_out_of_range() -> None:
    assert "int64 array has values from 0 to 256; expected 0 to 255" in refused(np.array([[0, 256]]))


@pytest.mark.parametrize("array", [np.array([["a"]]), np.array([[1j]]), np.array([[None]])])
def test_array_of_a_wrong_type(array: np.ndarray) -> None:
    assert refused(array).startswith(f"array: array of {array.dtype}; ")


def test_bytes_are_called_so() -> None:
    assert refused(b"notes").startswith("image bytes: is not an image")


def test_a_mode_that_has_no_way_to_rgb() -> None:
    sentence = "it: cannot turn mode La into RGB (conversion from La to L not supported)"
    assert refused(Image.new("La", (2, 2)), name="it") == sentence


def test_an_image_that_was_opened_and_is_cut_off(picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    path.write_bytes(png(picture)[:-60])
    with Image.open(path) as opened:
        assert refused(opened).startswith(f"{path}: the image is truncated or damaged")


def test_something_else_altogether() -> None:
    assert refused(42) == "image: got int; expected path, bytes, PIL image or array"


def test_a_pair_names_the_image_that_fails(picture: Image.Image, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="^the image before: is not an image"):
        ImagePair.open(b"x", picture)
    with pytest.raises(ImageError, match="^the image after: array has shape"):
        ImagePair.open(picture, np.zeros(3))
    for pair in ((picture, tmp_path / "gone.png"), (tmp_path / "gone.png", picture)):
        with pytest.raises(ImageError, match=r"gone\.png: no such file"):
            ImagePair.open(*pair)


def test_default_limit_is_64_million() -> None:
    assert MAX_PIXELS == 64_000_000


def test_an_image_in_memory_is_called_by_its_file_where_it_has_one(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (20, 10)).save(path)
    with Image.open(path) as opened:
        for source, called in ((opened, str(path)), (Image.new("RGB", (20, 10)), "image")):
            with pytest.raises(ImageError, match=f"^{re.escape(called)}: has 20x10 ="):
                open_image(source, max_pixels=199)


def test_a_check_reads_to_the_end_and_names_what_fails(picture: Image.Image, tmp_path: Path) -> None:
    content = png(picture)
    check_image(content)
    path = tmp_path / "a.png"
    path.write_bytes(content)
    check_image(path)
    with pytest.raises(ImageError, match="^it: has 9x6 = 54 pixels, more than the limit of 53"):
        check_image(path, max_pixels=53, name="it")
    deep = png(Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)))
    for broken in (content[:-60], deep[:-60]):
        path.write_bytes(broken)
        with pytest.raises(ImageError, match=f"^{re.escape(str(path))}: the image is truncated"):
            check_image(path)
        with pytest.raises(ImageError, match="^image bytes: the image is truncated"):
            check_image(broken)
    buffer = io.BytesIO()
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)).save(buffer, "TIFF")
    (tmp_path / "a.tif").write_bytes(buffer.getvalue())
    check_image(tmp_path / "a.tif")
    (tmp_path / "a.tif").write_bytes(buffer.getvalue()[:-60])
    with pytest.raises(ImageError, match="^it: the image is "):
        check_image(tmp_path / "a.tif", name="it")
