"""What the values of a pair say: alpha, frames, pages, bands, sizes, profiles, and what is ignored."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from blip2idc.comparison.ignoring import Ignored, Rule
from blip2idc.comparison.measure import Measurement, Tolerances, measure, shown_pair
from blip2idc.images.pixels import Region

Picture = np.ndarray


@pytest.fixture
def page(rng: np.random.Generator) -> Picture:
    """Coloured blocks on white, 200 x 150."""
    picture = np.full((150, 200, 3), 255, np.uint8)
    for _ in range(30):
        x, y = rng.integers(0, 180), rng.integers(0, 140)
        picture[y : y + 10, x : x + 20] = rng.integers(0, 200, 3)
    return picture


def compared(
    root: Path,
    before: Picture | Image.Image,
    after: Picture | Image.Image,
    suffix: str = ".png",
    *regions: Region,
) -> Measurement:
    for name, picture in (("a", before), ("b", after)):
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        image.save(root / f"{name}{suffix}")
    rules = tuple(Rule(region) for region in regions)
    return measure(root / f"a{suffix}", root / f"b{suffix}", Ignored(rules), Tolerances())


def animation(path: Path, colors: list[str], durations: int | list[int] = 100, **options: object) -> Path:
    frames = [Image.new("RGB", (40, 30), color) for color in colors]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, **options)
    return path


def measured_files(before: Path, after: Path, tolerance: int = 0) -> Measurement:
    return measure(before, after, Ignored(), Tolerances(tolerance))


class TestAlpha:
    def test_white_letters_on_transparency(self, tmp_path: Path) -> None:
        before = np.full((80, 240, 4), 255, np.uint8)
        before[..., 3] = 0
        after = before.copy()
        before[20:40, 20:60, 3] = after[20:40, 120:160, 3] = 255
        found = compared(tmp_path, before, after)
        assert (found.judgement, found.pixels.changed_pixels) == ("compact", 1600)
        pair = shown_pair(tmp_path / "a.png", tmp_path / "b.png", 0, Ignored(), 10**6)
        assert (np.asarray(pair.before) != np.asarray(pair.after)).any(axis=2).sum() == 1600

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
    def test_transparent_then_opaque(self, tmp_path: Path, mode: str) -> None:
        before = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
        after = Image.new("RGBA", (40, 40), (255, 255, 255, 255))
        if mode == "PA":
            before, after = before.quantize(2), after.convert("RGB").quantize(2)
        elif mode == "LA":
            before, after = before.convert("LA"), after.convert("LA")
        found = compared(tmp_path, before, after)
        assert (found.judgement, found.pixels.share) == ("compact", 1.0)

    def test_palette_with_a_transparent_colour(self, tmp_path: Path) -> None:
        picture = Image.new("P", (20, 20))
        picture.putpalette([255, 255, 255, 200, 0, 0])
        picture.save(tmp_path / "a.png")
        picture.save(tmp_path / "b.png", transparency=0)
        assert measured_files(tmp_path / "a.png", tmp_path / "b.png").judgement == "compact"

    def test_an_opaque_layer_changes_nothing(self, tmp_path: Path, page: Picture) -> None:
        opaque = np.dstack([page, np.full(page.shape[:2], 255, np.uint8)])
        assert compared(tmp_path, page, opaque).judgement == "identical"


class TestFrames:
    @pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".avif", ".tif"])
    def test_the_second_frame_differs(self, tmp_path: Path, suffix: str) -> None:
        paths = [
            animation(tmp_path / f"{name}{suffix}", ["red", color, "white"])
            for name, color in (("a", "green"), ("b", "blue"))
        ]
        found = measured_files(*paths)
        assert found.judgement in ("compact", "unaligned")
        assert found.part == f"{'page' if suffix == '.tif' else 'frame'} 2 of 3"
        assert found.frame == 1
        assert found.pixels.changed_pixels == 1200
        assert found.pixels.share == pytest.approx(1 / 3)

    def test_another_number_of_frames(self, tmp_path: Path) -> None:
        paths = (
            animation(tmp_path / "a.gif", ["red", "green"]),
            animation(tmp_path / "b.gif", ["red", "green", "blue"]),
        )
        found = measured_files(*paths)
        assert found.differs
        assert found.notes[0] == "2 frames before, 3 frames after"
        assert found.pixels.changed_pixels == 1200

    def test_other_durations(self, tmp_path: Path) -> None:
        paths = [
            animation(tmp_path / f"{name}.gif", ["red", "green"], [100, time])
            for name, time in (("a", 100), ("b", 700))
        ]
        found = measured_files(*paths)
        assert found.differs
        assert found.notes == ("frame 2 of 2 is shown 100 ms before, 700 ms after",)
        assert found.pixels.identical

    def test_plays_once_then_for_ever(self, tmp_path: Path) -> None:
        paths = (
            animation(tmp_path / "a.gif", ["red", "green"]),
            animation(tmp_path / "b.gif", ["red", "green"], loop=0),
        )
        assert measured_files(*paths).notes == ("plays once before, for ever after",)

    def test_equal_frames_stored_once_or_twice(self, tmp_path: Path) -> None:
        paths = (
            animation(tmp_path / "a.png", ["red", "green", "green"], [100, 100, 100]),
            animation(tmp_path / "b.png", ["red", "green"], [100, 200]),
        )
        assert not measured_files(*paths).differs


class TestValues:
    def test_a_quarter_below_zero(self, tmp_path: Path, rng: np.random.Generator) -> None:
        before = rng.integers(-2900, -1900, (80, 80)).astype(np.int32)
        after = before.copy()
        after[:40, :40] -= 800
        found = compared(tmp_path, before, after, ".tif")
        assert (found.judgement, found.pixels.changed_pixels, found.pixels.share) == ("compact", 1600, 0.25)
        assert found.pixels.largest == 800
        assert found.changes[0].after_box == (0, 0, 40, 40)

    def test_one_float_above_the_others(self, tmp_path: Path, rng: np.random.Generator) -> None:
        before = rng.random((60, 60)).astype(np.float32)
        after = before.copy()
        after[3, 4] = 1.02
        found = compared(tmp_path, before, after, ".tif")
        assert (found.judgement, found.pixels.changed_pixels) == ("compact", 1)
        assert found.changes[0].after_box == (4, 3, 1, 1)

    def test_less_than_8_bits_show(self, tmp_path: Path) -> None:
        before = np.tile(np.arange(0, 60000, 1000, dtype=np.uint16), (30, 1))
        after = before.copy()
        after[5:9, 7] += 1
        found = compared(tmp_path, before, after, ".png")
        assert (found.judgement, found.pixels.changed_pixels) == ("compact", 4)
        assert found.changes[0].after_box == (7, 5, 1, 4)

    def test_a_band_beyond_the_third(self, tmp_path: Path, rng: np.random.Generator) -> None:
        tifffile = pytest.importorskip("tifffile")
        before = rng.integers(0, 3000, (50, 60, 6)).astype(np.uint16)
        after = before.copy()
        after[10:20, 30:40, 4] += 500
        for name, values in (("a", before), ("b", after)):
            tifffile.imwrite(
                tmp_path / f"{name}.tif", values, photometric="minisblack", planarconfig="contig"
            )
        found = measured_files(tmp_path / "a.tif", tmp_path / "b.tif")
        assert (found.judgement, found.pixels.changed_pixels) == ("compact", 100)
        assert found.changes[0].after_box == (30, 10, 10, 10)

    def test_other_bands(self, tmp_path: Path) -> None:
        tifffile = pytest.importorskip("tifffile")
        for name, count in (("a", 3), ("b", 5)):
            values = np.zeros((9, 10, count), np.int16)
            tifffile.imwrite(
                tmp_path / f"{name}.tif", values, photometric="minisblack", planarconfig="contig"
            )
        found = measured_files(tmp_path / "a.tif", tmp_path / "b.tif")
        assert found.differs
        assert found.notes == ("3 x int16 before, 5 x int16 after",)

    def test_cmyk(self, tmp_path: Path, rng: np.random.Generator) -> None:
        values = rng.integers(0, 255, (30, 40, 4), dtype=np.uint8)
        other = values.copy()
        other[5:10, 5:10, 3] ^= 255
        pair = (Image.fromarray(picture, mode="CMYK") for picture in (values, other))
        found = compared(tmp_path, *pair, suffix=".tif")
        assert found.pixels.changed_pixels == 25

    def test_tolerance_is_in_the_unit_of_the_range(self, tmp_path: Path) -> None:
        before = np.linspace(0, 10, 900, dtype=np.float32).reshape(30, 30)
        after = before + np.float32(0.02)
        for name, values in (("a", before), ("b", after)):
            Image.fromarray(values).save(tmp_path / f"{name}.tif")
        assert measured_files(tmp_path / "a.tif", tmp_path / "b.tif").differs
        assert not measured_files(tmp_path / "a.tif", tmp_path / "b.tif", tolerance=1).differs


class TestSeen:
    def test_the_same_picture_turned_by_exif(self, tmp_path: Path, page: Picture) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(page).transpose(Image.Transpose.ROTATE_90).save(tmp_path / "a.png", exif=exif)
        Image.fromarray(page).save(tmp_path / "b.png")
        assert measured_files(tmp_path / "a.png", tmp_path / "b.png").judgement == "identical"

    def test_a_profile_that_means_the_same(self, tmp_path: Path, page: Picture) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        Image.fromarray(page).save(tmp_path / "a.png", icc_profile=profile)
        Image.fromarray(page).save(tmp_path / "b.png")
        assert not measured_files(tmp_path / "a.png", tmp_path / "b.png").differs

    def test_a_profile_that_means_other_colours(self, tmp_path: Path) -> None:
        lab = io.BytesIO(ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()).getvalue()
        Image.new("RGB", (30, 30), (200, 30, 60)).save(tmp_path / "a.png", icc_profile=lab)
        Image.new("RGB", (30, 30), (200, 30, 60)).save(tmp_path / "b.png")
        found = measured_files(tmp_path / "a.png", tmp_path / "b.png")
        assert found.notes == ("the colour profiles differ; compared as both are shown",)


class TestPlaces:
    """Pages with little on them, in which most of what there is changes."""

    @pytest.fixture
    def button(self) -> Picture:
        picture = np.full((300, 450, 3), 240, np.uint8)
        picture[200:220, 50:150] = (13, 110, 253)
        return picture

    def test_only_a_colour(self, tmp_path: Path, button: Picture) -> None:
        other = button.copy()
        other[200:220, 50:150] = (20, 160, 70)
        found = compared(tmp_path, button, other)
        assert found.judgement == "compact"
        assert found.changes[0].after_box == pytest.approx((50, 200, 100, 20), abs=3)

    def test_a_colour_beside_another_change(self, tmp_path: Path, button: Picture) -> None:
        other = button.copy()
        other[200:220, 50:150] = (20, 160, 70)
        other[25:50, 300:350] = 40
        boxes = [change.after_box for change in compared(tmp_path, button, other).changes]
        for place in ((50, 200, 100, 20), (300, 25, 50, 25)):
            assert any(box == pytest.approx(place, abs=5) for box in boxes), (place, boxes)

    def test_all_there_was_is_gone(self, tmp_path: Path, button: Picture) -> None:
        found = compared(tmp_path, button, np.full_like(button, 240))
        assert (found.judgement, found.changes[0].before_box) == ("compact", (50, 200, 100, 20))

    @pytest.mark.parametrize("quality", [75, 85, 95])
    def test_encoded_anew(self, tmp_path: Path, page: Picture, quality: int) -> None:
        encoded = io.BytesIO()
        Image.fromarray(page).save(encoded, "JPEG", quality=quality)
        assert compared(tmp_path, page, np.asarray(Image.open(encoded))).judgement == "diffuse"


class TestSizes:
    def test_seven_blank_rows_below(self, tmp_path: Path, page: Picture) -> None:
        found = compared(tmp_path, page, np.vstack([page, np.full((7, 200, 3), 255, np.uint8)]))
        assert found.differs
        assert found.notes == ("7 pixels taller",)
        assert found.changes[0].after_box == (0, 150, 200, 7)
        assert found.changes[0].before_box is None
        assert found.pixels.changed_pixels == 1400
        assert found.pixels.share == pytest.approx(7 / 157)

    def test_columns_on_the_left(self, tmp_path: Path, page: Picture) -> None:
        found = compared(tmp_path, page, np.hstack([np.zeros((150, 5, 3), np.uint8), page]))
        assert found.notes == ("5 pixels wider",)
        assert [change.after_box for change in found.changes] == [(0, 0, 5, 150)]
        assert found.changes[0].sentence == "5 columns were added on the left"
        assert found.pixels.changed_pixels == 750

    def test_a_banner_moves_the_rest_down(self, tmp_path: Path, page: Picture) -> None:
        banner = np.full((60, 200, 3), 255, np.uint8)
        banner[10:50, 20:180] = (200, 30, 30)
        found = compared(tmp_path, page, np.vstack([banner, page]))
        assert len(found.changes) == 1
        assert found.pixels.share == pytest.approx(60 / 210)

    def test_rows_that_are_ignored_do_not_count(self, tmp_path: Path, page: Picture) -> None:
        taller = np.vstack([page, np.full((7, 200, 3), 9, np.uint8)])
        assert not compared(tmp_path, page, taller, ".png", (0, 150, 200, 7)).differs
        half = compared(tmp_path, page, taller, ".png", (0, 150, 100, 7))
        assert half.pixels.changed_pixels == 700

    def test_noise_that_is_cut(self, tmp_path: Path, rng: np.random.Generator) -> None:
        picture = rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)
        found = compared(tmp_path, picture, picture[:, :20])
        assert found.pixels.changed_pixels == 200
        assert found.changes[0].before_box == (20, 0, 10, 20)


def test_equal_bytes_that_are_no_image(tmp_path: Path) -> None:
    from blip2idc.errors import ImageError

    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("text")
    with pytest.raises(ImageError, match="is not an image"):
        measured_files(tmp_path / "a.png", tmp_path / "b.png")


def test_complex_rasters_of_any_width(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile", reason="the extra [raster] is not installed")
    values = np.ones((40, 50), np.complex128)
    tifffile.imwrite(tmp_path / "a.tif", values)
    values[3, 4] += 1j
    tifffile.imwrite(tmp_path / "b.tif", values)
    tifffile.imwrite(tmp_path / "c.tif", values.astype(np.complex64))
    for name in ("b.tif", "c.tif"):
        found = measured_files(tmp_path / "a.tif", tmp_path / name, tolerance=0)
        assert (found.judgement, found.pixels.changed_pixels) == ("compact", 1)
    assert measured_files(tmp_path / "b.tif", tmp_path / "c.tif").judgement == "identical"
