"""Large pictures lie in a file: the same pixels, whatever is done with them, and less memory."""

from __future__ import annotations

import errno
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.fixtures.memory import resident

from blip2idc.images import aside
from blip2idc.images.large import LargeImage, is_large, rgb_of_parts
from blip2idc.images.pair import open_image
from blip2idc.images.rasters import open_rasters
from blip2idc.images.values.frame import Frame
from blip2idc.images.values.show import shown

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="laid aside where the system can")
SIZE = (1100, 1000)


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "LARGE", 1_000_000)


@pytest.fixture
def noise(rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (*SIZE[::-1], 4), dtype=np.uint8), "RGBA")


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.mode == other.mode == "RGB" and np.array_equal(np.asarray(one), np.asarray(other))


@linux
def test_everything_that_is_done_with_it_as_with_any_image(
    noise: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = open_image(saved(noise.convert("RGB")))
    assert not isinstance(plain, LargeImage)
    monkeypatch.setattr(aside, "LARGE", 1_000_000)
    large = open_image(saved(noise.convert("RGB")))
    assert isinstance(large, LargeImage)
    assert same(large, plain)
    for one, other in (
        (image.crop((5, 7, 900, 80)), image.resize((224, 112), Image.Resampling.BICUBIC))
        for image in (large, plain)
    ):
        assert one.size == (895, 73)
        assert other.size == (224, 112)
    assert same(large.crop((5, 7, 900, 80)), plain.crop((5, 7, 900, 80)))
    assert same(large.crop(), plain)
    assert same(large.resize((224, 112)), plain.resize((224, 112)))
    assert same(large.reduce(3), plain.reduce(3))
    box = (5, 7, 900, 80)
    assert same(large.crop(box=box), plain.crop(box))
    nearest = Image.Resampling.NEAREST
    assert same(large.resize((224, 112), resample=nearest, box=box), plain.resize((224, 112), nearest, box))
    assert same(large.reduce(3, box=box), plain.reduce(3, box))
    assert same(large.copy(), plain)
    assert same(large.transpose(Image.Transpose.ROTATE_90), plain.transpose(Image.Transpose.ROTATE_90))
    assert same(pickle.loads(pickle.dumps(large)), plain)
    assert large.tobytes() == plain.tobytes()
    assert large.getpixel((3, 900)) == plain.getpixel((3, 900))
    assert saved(large) == saved(plain)


@linux
def test_an_array_of_it_is_a_view_that_cannot_be_written(noise: Image.Image, small_is_large: None) -> None:
    large = open_image(saved(noise.convert("RGB")))
    assert isinstance(large, LargeImage)
    view = np.asarray(large)
    assert np.shares_memory(view, large.packed)
    assert aside.laid_aside(view) is view
    assert open_image(large) is large
    assert view.flags.c_contiguous
    assert view.dtype == np.uint8
    assert not view.flags.writeable
    expected = np.array(view)
    aside.let_go(view)
    del large
    np.testing.assert_array_equal(view, expected)  # it keeps the file


@linux
def test_who_changes_it_gets_a_copy(noise: Image.Image, small_is_large: None) -> None:
    large = open_image(saved(noise.convert("RGB")))
    view, again = np.asarray(large), open_image(large)
    kept = np.array(view)
    large.putpixel((1, 2), (9, 8, 7))
    assert np.asarray(large)[2, 1].tolist() == [9, 8, 7]
    large.paste((0, 0, 0), (0, 0, 50, 50))
    assert not np.asarray(large)[:50, :50].any()
    assert open_image(again).tobytes() == again.tobytes()
    np.testing.assert_array_equal(view, kept)


@linux
def test_after_every_step_its_pixels_are_in_the_file_alone(small_is_large: None) -> None:
    """Ten million of them: 40 MB as Pillow lays them out, 30 MB as an array."""
    part = Image.new("RGB", (4000, 500), (1, 2, 3))
    start = resident()
    large = rgb_of_parts((4000, 2500), (((0, top), part) for top in range(0, 2500, 500)))
    assert resident() - start < 15_000_000
    assert isinstance(large, LargeImage)
    assert large.resize((40, 25)).getpixel((39, 24)) == (1, 2, 3)
    assert resident() - start < 15_000_000
    view = np.asarray(large)
    assert resident() - start < 20_000_000
    assert large.reduce(100).size == (40, 25)
    assert view.shape == (2500, 4000, 3)


def test_what_is_large() -> None:
    assert is_large((25_000_000, 1))
    assert is_large((1, 25_000_000))
    assert not is_large((24_999_999, 1))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("mode", "form"), [("RGB", "PNG"), ("RGBA", "PNG"), ("L", "TIFF"), ("RGB", "JPEG")])
def test_turned_as_small_ones_are(
    mode: str, form: str, orientation: int, noise: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(noise.convert(mode), form, exif=exif)
    plain = open_image(content)
    monkeypatch.setattr(aside, "LARGE", 1_000_000)
    assert plain.size == (SIZE if orientation < 5 else SIZE[::-1])
    assert same(open_image(content), plain)


def test_frames_and_rasters_are_laid_aside_too(
    noise: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = Frame(np.asarray(noise), "rgb", alpha=True)
    noise.convert("L").convert("F").save(tmp_path / "a.tif")
    expected = [
        *vars(shown(frame, frame)).values(),
        open_rasters(tmp_path / "a.tif", tmp_path / "a.tif")[0].before,
    ]
    monkeypatch.setattr(aside, "LARGE", 1_000_000)
    found = [
        *vars(shown(frame, frame)).values(),
        open_rasters(tmp_path / "a.tif", tmp_path / "a.tif")[0].before,
    ]
    if sys.platform.startswith("linux"):
        assert all(isinstance(image, LargeImage) for image in found)
    assert all(same(*pair) for pair in zip(found, expected, strict=True))


def test_without_room_on_the_disk(
    noise: Image.Image, small_is_large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    assert is_large(SIZE)
    rgb = noise.convert("RGB")
    made = rgb_of_parts(SIZE, [((0, 0), rgb)])
    assert same(made, rgb)
    assert same(made.resize((50, 60)), rgb.resize((50, 60)))


PROGRAM = """
import sys
from pathlib import Path
from blip2idc.cli.main import run

def peak():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6

command, *files = sys.argv[1:]
run([command, *files[:2]])
start = peak()
run([command, *files[2:]])
print(peak() - start)
"""


@linux
@pytest.mark.slow
@pytest.mark.parametrize("command", ["caption", "compare"])
@pytest.mark.parametrize("size", [(1_000_000, 64), (8000, 8000)])
def test_a_pair_of_large_pictures_takes_no_more_than_a_decoded_one_twice(
    command: str, size: tuple[int, int], tmp_path: Path
) -> None:
    """Two of 64 million pixels with transparency, each 256 MB decoded: `caption` took 1.6 GB above the start."""
    files = []
    for width, height in ((64, 48), size):
        for number in (1, 2):
            image = Image.new("RGBA", (width, height), (200, 40, 40, 250))
            image.paste((0, 0, 255), (width // 3, height // 3, width // 3 + number * width // 9, height // 2))
            image.save(tmp_path / f"{width}_{number}.png", compress_level=1)
            files.append(str(tmp_path / f"{width}_{number}.png"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, command, *files], capture_output=True, text=True, check=True
    )
    assert float(done.stdout.splitlines()[-1]) < 600
