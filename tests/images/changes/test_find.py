"""The comparison as a whole, on drawn pages."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.errors import ImageError
from blip2idc.images.changes import Comparison, Fact, find, find_changes, pictures
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.worlds.edits.photographs import packaged_photographs

SIZE = (900, 600)


def page(price: str = "49.00 €", color: str = "#0d6efd", top: int = 0, blank: int = 0) -> Image.Image:
    """A page with lines of text, a price and a button, a banner of `top` rows above and `blank` rows below."""
    image = Image.new("RGB", (SIZE[0], SIZE[1] + top + blank), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(16)
    if top:
        draw.rectangle((0, 0, SIZE[0], top - 1), fill="#ffffdd")
        draw.text((30, top // 2 - 8), "Sale today", fill="black", font=font)
    for line in range(19):
        text = f"Line {line} has words of its own, number {line * 37 % 91}"
        draw.text((60, top + 30 + line * 28), text, fill="#222222", font=font)
    draw.text((650, top + 100), price, fill="black", font=font)
    draw.rounded_rectangle((650, top + 200, 790, top + 240), 8, fill=color)
    draw.text((680, top + 210), "Buy now", fill="white", font=font)
    return image


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def overlap(one: Any, other: Any) -> float:
    """Intersection over union of two boxes."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0, width) * max(0, height)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def only(comparison: Comparison) -> Any:
    assert comparison.judgement == "compact"
    (change,) = comparison.changes
    return change


def test_equal_images_are_identical() -> None:
    comparison = find_changes(page(), page())
    assert (comparison.judgement, comparison.changes, comparison.share) == ("identical", (), 0.0)
    assert not comparison.changed


def test_a_price_is_one_change_at_its_place() -> None:
    change = only(find_changes(page(), page("99.00 €")))
    assert change.before_box == change.after_box
    assert overlap(change.after_box, (650, 104, 10, 12)) > 0.5


def test_a_price_is_found_in_a_page_encoded_anew() -> None:
    change = only(find_changes(page(), jpeg(page("99.00 €"), 80)))
    assert overlap(change.after_box, (650, 104, 10, 12)) > 0.4


def test_a_colour_is_named() -> None:
    change = only(find_changes(page(), page(color="#14a046")))
    assert change.after_box == (650, 200, 141, 41)
    assert change.fact("recoloured").values == {
        "from": "blue",
        "from_hex": "#0d6efd",
        "to": "green",
        "to_hex": "#14a046",
    }
    assert change.sentence == "the blue button turned green (#0d6efd to #14a046)"


def test_blank_rows_at_the_bottom_are_one_strip() -> None:
    comparison = find_changes(page(), page(blank=7))
    change = only(comparison)
    assert comparison.alignment.kind == "rows"
    assert comparison.size_sentence == "7 pixels taller"
    assert (change.before_box, change.after_box) == (None, (0, 600, 900, 7))
    assert comparison.share == pytest.approx(7 / 607)


def test_rows_lost_at_the_bottom_are_one_strip() -> None:
    change = only(find_changes(page(blank=7), page()))
    assert (change.before_box, change.after_box) == ((0, 600, 900, 7), None)


@pytest.mark.parametrize("cut", [False, True])
def test_a_banner_that_moves_everything_down_is_one_change(cut: bool) -> None:
    after = page(top=60)
    comparison = find_changes(page(), after.crop((0, 0, *SIZE)) if cut else after)
    change = only(comparison)
    assert comparison.alignment.kind == "rows"
    assert (change.before_box, change.after_box) == (None, (0, 0, 900, 60))
    assert change.sentence.endswith("appeared")


@pytest.mark.parametrize("quality", [75, 80, 90, 95])
def test_encoding_a_page_anew_changes_nothing_in_one_place(quality: int) -> None:
    comparison = find_changes(page(), jpeg(page(), quality))
    assert comparison.judgement == "diffuse"
    assert comparison.share > 0.01
    assert not comparison.changed


def test_lines_of_an_encoded_page_that_are_further_apart_are_gaps() -> None:
    sentences = (
        "Sales grew in all four regions this quarter.",
        "The north sold most of the new boats.",
        "Returns fell to two in a hundred.",
        "Two shops opened in the south, one in the west.",
    )

    def lines(step: int) -> Image.Image:
        image = Image.new("RGB", (700, 520), "white")
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, 699, 50), "#222233")
        draw.text((40, 80), "Quarterly report", "#222222", ImageFont.truetype("DejaVuSans.ttf", 30))
        for index, words in enumerate(sentences):
            draw.text((40, 140 + index * step), words, "#222222", ImageFont.truetype("DejaVuSans.ttf", 17))
        top = 160 + 4 * step
        for left, words in ((40, "Boats"), (260, "Sails"), (480, "Oars")):
            draw.rectangle((left, top, left + 180, top + 120), "#f4f4f4", "#cccccc")
            draw.text((left + 20, top + 20), words, "#222222", ImageFont.truetype("DejaVuSans.ttf", 16))
        return image

    found = find_changes(lines(34), jpeg(lines(40), 80))
    assert found.alignment.kind == "rows"
    assert [change.facts for change in found.changes] == 4 * [(Fact("gap", {"pixels": 6}),)]


def test_two_unlike_pictures_lie_in_no_way_on_each_other() -> None:
    rng = np.random.default_rng(0)
    one, other = (
        Image.fromarray(rng.integers(0, 255, (30, 40, 3), np.uint8)).resize((400, 300)) for _ in range(2)
    )
    comparison = find_changes(one, other)
    assert (comparison.alignment.kind, comparison.judgement, comparison.changes) == ("none", "unaligned", ())


def test_arrays_of_other_types_are_compared_by_their_values() -> None:
    before = np.full((100, 120), -500, np.int16)
    before[::2, ::3] += 70
    after = before.copy()
    after[20:50, 30:60] += 800
    change = only(find_changes(before, after))
    assert change.after_box == (30, 20, 30, 30)
    assert change.pixels == 900


def test_an_array_that_is_no_image_is_refused() -> None:
    with pytest.raises(ImageError, match=r"shape \(3,\)"):
        find_changes(np.zeros(3, np.uint8), np.zeros(3, np.uint8))


def test_an_object_covered_in_a_cropped_resized_photograph_is_one_change_at_its_place() -> None:
    before = Image.open(packaged_photographs("test")[0]).convert("RGB")
    edited = before.copy()
    edited.paste((40, 90, 160), (200, 120, 260, 170))
    width, height = before.size
    crop = edited.crop((8, 5, width - 8, height - 5))
    after = jpeg(crop.resize((crop.width * 3 // 4, crop.height * 3 // 4), Image.Resampling.BICUBIC), 85)
    comparison = find_changes(before, after)
    assert comparison.alignment.kind == "scaled"
    assert overlap(only(comparison).before_box, (200, 120, 60, 50)) > 0.5


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_boxes_lie_in_their_images(offset: int) -> None:
    """A row of a page that moved down and a pixel to the side began one pixel outside of the image."""
    rng = np.random.default_rng(2)
    before = np.full((480, 640, 3), 255, np.uint8)
    bars = rng.integers(0, 200, (6, 3))
    after = before.copy()
    for index, color in enumerate(bars):
        before[20 + 60 * index : 60 + 60 * index, 0:150] = color
        top = 20 + 60 * ((index + 3) % 6)
        after[top : top + 40, max(0, offset) : 150 + offset] = color
    found = find_changes(Image.fromarray(before), Image.fromarray(after))
    for change in found.changes:
        for box in (change.before_box, change.after_box):
            if box is not None:
                x, y, width, height = box
                assert 0 <= x < x + width <= 640
                assert 0 <= y < y + height <= 480


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 5), (9, 9), (15, 333), (333, 15)])
def test_images_smaller_than_a_cell_are_compared(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    for share in (0.02, 0.5, 1.0):
        before = rng.integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
        after = np.where(rng.random((size[1], size[0], 1)) < share, 255 - before, before)
        assert find_changes(before, after).judgement in ("compact", "diffuse", "unaligned", "identical")


def test_large_images_are_compared_reduced_and_told_in_their_own_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "WORKING_PIXELS", 300_000)
    monkeypatch.setattr(pictures, "REDUCED_PIXELS", 150_000)  # a half of each side
    change = only(find_changes(page(), page(color="#14a046")))
    assert change.before_box == change.after_box
    assert overlap(change.after_box, (650, 200, 141, 41)) > 0.9
    assert change.pixels == pytest.approx(141 * 41, rel=0.2)
    comparison = find_changes(page(), page(top=60))
    assert comparison.alignment.kind == "rows"
    (run,) = comparison.alignment.rows
    assert (run.before, run.after) == (0, 60)
    assert run.length == pytest.approx(600, abs=2)
    banner = only(comparison)
    assert banner.before_box is None
    assert banner.after_box[1] + banner.after_box[3] <= 62
    edge = page()
    ImageDraw.Draw(edge).rectangle((860, 560, 899, 599), fill="#b02020")
    x, y, width, height = only(find_changes(page(), edge)).after_box
    assert (x + width, y + height) == SIZE


@pytest.mark.parametrize(
    ("size", "difference", "strength", "speck"),
    [
        ((220, 26), 119.0, 1.01, False),  # a heading of which more than a tenth stands out
        ((220, 26), 30.0, 1.01, True),
        ((20, 20), 119.0, 1.01, True),
        ((220, 26), 119.0, 0.9, True),
        ((20, 20), 119.0, 1.2, False),
    ],
)
def test_what_is_large_and_differs_by_much_is_no_speck(
    size: tuple[int, int], difference: float, strength: float, *, speck: bool
) -> None:
    region = Region((0, 0, *size), np.ones(size[::-1], bool), strength, difference)
    assert find._is_speck(region) == speck


@pytest.mark.parametrize("rows", [12, 20])
def test_a_page_with_more_rows_at_its_end(rows: int) -> None:
    image = Image.new("RGB", (480, 360), "white")
    mask = Image.new("L", (4 * 217, 4 * 141))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * 217 - 1, 4 * 141 - 1), 4 * 14, 255)
    image.paste("#f4f4f4", (0, 231), mask.resize((217, 141), Image.Resampling.BOX))
    (change,) = find_changes(image.crop((0, 0, 480, 360 - rows)), image, texts=False).changes
    assert change.facts == (Fact("gap", {"pixels": rows}),)
    assert change.before_box is None
