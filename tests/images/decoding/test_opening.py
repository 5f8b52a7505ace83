"""Files that ask for more memory or time than their pixels are worth are refused before anything is decoded."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile
from tests.fixtures import hostile_images as hostile

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.decoding import limits
from blip2idc.images.decoding.formats import FORMATS, VARIABLE
from blip2idc.images.decoding.limits import max_bytes
from blip2idc.images.pair import open_image


@pytest.fixture
def nothing_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where a decoder starts."""

    def decode(self: ImageFile.ImageFile) -> None:
        raise RuntimeError(f"{self.format} is decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    return


def refused(source: object, **options: object) -> str:
    with pytest.raises(ImageError) as caught:
        open_image(source, name="it", **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_run_lengths_that_fill_the_picture_need_no_end() -> None:
    whole = open_image(hostile.bmp(4, 2, b"\x04\x01\x00\x00\x04\x01\x00\x01"), name="it")
    without = open_image(hostile.bmp(4, 2, b"\x04\x01\x00\x00\x04\x01"), name="it")
    assert np.array_equal(np.asarray(without), np.asarray(whole))


JUMP = b"\x00\x02\xff\xff"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (hostile.bmp(8000, 8000, JUMP * 150_000), "a jump leads out of the picture"),
        (hostile.bmp(1_000_000, 64, JUMP), "bytes of run lengths for 1000000x64 pixels"),
        (hostile.bmp(1_000_000, 64, b"\x01\x01\x00\x00\x00\x01"), "bytes of run lengths for 1000000x64 pixels"),
        (hostile.bmp(8000, 8000, b"\x00\x00" * 300_000), "more rows than the picture has"),
        (hostile.bmp(300, 2, b"\xff\x01" * 40), "the run lengths end early"),
        (hostile.bmp(8, 2, b"\x00\x00" * 2 + b"\x01\x01"), "a run leads out of the picture"),
        (hostile.bmp(8, 2, b"\x04\x01"), "the run lengths end early"),
        (hostile.ico(hostile.header_only_png(10, 10), 257), "257 pictures in one icon"),
        (hostile.ico(hostile.header_only_png(20_000, 20_000)), "has 20000x20000 = 400,000,000 pixels"),
        (hostile.ico(hostile.header_only_png(8000, 8001)), "more than the limit of 64,000,000"),
        (hostile.ico(hostile.header_only_png(7000, 7000)), "is an icon of 7000x7000 pixels, which takes 637 MB"),
        (hostile.ico(hostile.header_only_png(6000, 6000), 200), "its frames are 540,000,000 pixels or more together"),
        (hostile.ico(hostile.bmp(9000, 18_000, b"")[14:]), "run lengths in an icon"),
        (hostile.header_only_png(64_000_000, 1), "has 64000000x1 pixels; expected sides of at most 1,000,000 pixels"),
        (hostile.bmp(1_000_001, 1, b"\0\1"), "has 1000001x1 pixels; expected sides of at most 1,000,000 pixels"),
        (hostile.header_only_png(1, 1_000_001), "has 1x1000001 pixels; expected sides of at most 1,000,000 pixels"),
        (hostile.png_of_chunks(100_001), "more than 100,000 chunks"),
        (hostile.jpeg_of_segments(10_001), "more than 10,000 segments"),
        (hostile.jpeg_of_scans(16, 16, 100), "101 scans or more of 16x16 pixels"),
        (hostile.jpeg_of_scans(2000, 2000, 80), None),
        (b"GIF89a\x08\0\x08\0\0\0\0" + b"\x01" * 500_000, "500,000 bytes that belong to nothing"),
        (b"GIF89a\x08\0\x08\0\0\0\0!\xf9" + b"\x01\x01" * 450_000, "more than 400,000 blocks"),
        (b"GIF89a\x08\0\x08\0\0\0\0,\xff\xff\xff\xff\x08\0\x08\0\0", "has 65543x65543"),
        (hostile.tiff(hostile.tiff_tags(9000, 9000)), "has 9000x9000"),
        (hostile.tiff(hostile.tiff_tags(9000, 9000))[:-9], "has 9000x9000"),  # its last tag is cut off
        (b"II*\0\x08\0\0\0\xff\xff" + bytes(9000), "more than 4,096 tags"),
        (hostile.tiff(hostile.tiff_tags(64, 64, t273=(4, 4_000_000, 8))), "4,000,000 strips or tiles"),
        (
            hostile.tiff(hostile.tiff_tags(64, 64, t322=(4, 1, 65536), t323=(4, 1, 65536))),
            "in pieces of 65536x65536, which takes 4,295 MB",
        ),
    ],
)  # fmt: skip
def test_bombs_are_refused_unread(content: bytes, reason: str | None, nothing_is_decoded: None) -> None:
    assert len(content) < 2_000_000
    if reason is None:  # the fixture can tell: this one is allowed, and reaches the decoder
        assert "is decoded" in refused(content)
        return
    tracemalloc.start()
    try:
        assert reason in refused(content)
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("form", "options", "what"),
    [
        ("WEBP", {"lossless": True}, "a WEBP image of 1600x1600 pixels, which takes 40 MB"),
        ("JPEG2000", {"num_resolutions": 1}, "a JPEG2000 image of 1600x1600 pixels"),
        ("JPEG", {"progressive": True, "subsampling": 0}, "a progressive JPEG of 1600x1600 pixels"),
    ],
)
def test_formats_that_decode_with_several_copies_have_a_lower_limit(
    form: str, options: dict[str, object], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_LEAST_MEMORY", 0)
    content = hostile.saved(Image.new("RGB", (1600, 1600)), form, **options)
    sentence = refused(content, max_pixels=2_560_000)
    assert what in sentence
    assert "expected at most 23 MB; make it smaller or raise --max-pixels" in sentence
    assert open_image(content, max_pixels=64_000_000).size == (1600, 1600)


def test_peak_memory_of_large_pictures_is_nine_bytes_a_pixel() -> None:
    """In a process of its own, because the peak of a process never falls."""
    program = """
import io, resource, sys
from PIL import Image
from blip2idc.images.pair import open_image
side, mode, form = 4000, sys.argv[1], sys.argv[2]
buffer = io.BytesIO()
Image.new(mode, (side, side // 4)).save(buffer, form)
open_image(buffer.getvalue())
buffer = io.BytesIO()
options = {"compression": "tiff_adobe_deflate"} if form == "TIFF" else {}
part = Image.new(mode, (side, side))
part.save(buffer, form, **options)
del part
content = buffer.getvalue()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
open_image(content)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / side**2)
"""
    for mode, form in (("RGBA", "PNG"), ("F", "TIFF"), ("P", "GIF")):
        run = subprocess.run(
            [sys.executable, "-c", program, mode, form], capture_output=True, text=True, check=True
        )
        assert float(run.stdout) < 10, (
            mode,
            form,
        )  # the image of 4 bytes that is saved counts as already there


# --- what Pillow decodes value by value, we decode at once, and alike ---


@pytest.mark.parametrize(
    ("width", "runs", "four_bits"),
    [
        (6, b"\x06\x01\0\0\0\x04\x01\x02\x03\x04\x02\x09\0\0\x03\x05\x03\x06\0\x01", False),
        (6, b"\x06\x12\0\0\0\x04\x12\x34\x02\x98\0\0\x03\x54\x03\x67\0\x01", True),
        (6, b"\x06\x01\0\0\0\x02\x01\x01\x02\x09\x03\x05\0\0\0\x01", False),
        (5, b"\x09\x07\0\0\0\x03\x01\x02\x03\0\0\0\x05\x04\0\x01", False),
    ],
)
def test_run_lengths_as_pillow_reads_them(width: int, runs: bytes, four_bits: bool) -> None:
    content = hostile.bmp(width, 3, runs, four_bits=four_bits)
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(np.asarray(open_image(content)), expected)


@pytest.mark.parametrize(
    "content",
    [
        b"P6\n2 2\n200\n" + bytes(range(0, 120, 10)),
        b"P3\n2 2\n# a comment\n255\n1 2 3 4 5 6 # and one\n7 8 9 10 11 12\n",
        b"P5\n2 2\n1000\n" + bytes((0, 0, 1, 0, 3, 0, 3, 232)),
        b"P2\n2 2\n65535\n0 1 1000 65535\n",
        b"P1\n3 2\n1 0 1\n0 0 1\n",
        b"P1\n3 2\n101001",
    ],
)
def test_plain_ppm_as_pillow_reads_it(content: bytes) -> None:
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(open_image(image))
    assert np.array_equal(np.asarray(open_image(content)), expected)


@pytest.mark.parametrize(
    "content",
    [
        b"P3\n2 2\n255\n1 2 3",
        b"P3\n1 1\n255\n1 2 900",
        b"P3\n1 1\n255\n1 x 3",
        b"P6\n2 2\n200\n\1",
    ],
)
def test_ppm_with_values_missing_or_wrong(content: bytes) -> None:
    assert "the image is damaged" in refused(content)


# --- which formats, and which files ---


def test_postscript_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program is started"))
    path = tmp_path / "drawing.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    sentence = refused(path)
    assert sentence == "it: is of format EPS, which is not opened; convert it (docs/security.md)"
    monkeypatch.setenv(VARIABLE, "EPS")
    with pytest.raises(ConfigError, match="EPS, which is drawn by ghostscript"):
        open_image(path)


def test_a_format_is_added_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    content = hostile.saved(Image.new("RGB", (4, 4), "red"), "PCX")
    assert f"is of format PCX, which is not opened; convert it, or set {VARIABLE}=PCX" in refused(content)
    monkeypatch.setenv(VARIABLE, "pcx, fits")
    assert open_image(content).size == (4, 4)
    monkeypatch.setenv(VARIABLE, "PXC")
    with pytest.raises(ConfigError, match="'PXC'; expected formats of Pillow"):
        open_image(content)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_of_the_list_is_opened(form: str) -> None:
    content = hostile.saved(Image.new("RGB", (16, 16), "red"), form)
    red = open_image(content).getpixel((8, 8))
    assert isinstance(red, tuple)
    assert red[0] > 240
    assert max(red[1:]) < 15


def test_pipes_devices_and_sockets_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert refused(tmp_path / "pipe.png") == "it: is a named pipe; expected a regular file with an image"
    assert "is a device" in refused("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert "cannot be read" in refused(tmp_path / "s")


def test_a_file_of_holes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "holes.png"
    with path.open("wb") as file:
        file.truncate(30_000_000_000)
    assert "has 30,000,000,000 bytes, more than the limit of 512,000,000" in refused(path)
    assert max_bytes(100) == 64 << 20


def test_large_images_are_converted_in_parts_without_a_seam() -> None:
    for image in (hostile.float_grid(1500), hostile.float_grid(1500).convert("I")):
        expected = open_image(image)
        parts = [open_image(image.crop((0, top, 1500, top + 300))) for top in range(1200, 1500, 300)]
        assert np.array_equal(np.asarray(expected)[1200:], np.asarray(parts[0]))
    grey = Image.linear_gradient("L").resize((1500, 1500))
    alpha = Image.merge("LA", [grey, grey.rotate(90)])
    whole = Image.alpha_composite(Image.new("RGBA", alpha.size, "white"), alpha.convert("RGBA")).convert(
        "RGB"
    )
    assert np.array_equal(np.asarray(open_image(alpha)), np.asarray(whole))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_turned_once(orientation: int) -> None:
    upright = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = [
        np.asarray(open_image(hostile.saved(Image.fromarray(upright), form, exif=exif)))
        for form in ("PNG", "TIFF")
    ]
    assert np.array_equal(*opened)


def test_what_libtiff_says_is_the_error(capfd: pytest.CaptureFixture[str], rng: np.random.Generator) -> None:
    picture = Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    content = bytearray(hostile.saved(picture, "TIFF", compression="tiff_adobe_deflate"))
    content[400:440] = bytes(40)
    sentence = refused(bytes(content))
    assert "ZIPDecode" in sentence
    assert capfd.readouterr().err == ""
