"""Pictures that are missing, or in the place of which another one is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.measure import measure_facts
from blip2idc.images.changes.facts.replacement import picture_alone
from blip2idc.images.changes.pictures import difference
from blip2idc.images.changes.regions.grouping import find_areas, find_regions
from blip2idc.images.changes.regions.noise import exact_excess
from blip2idc.worlds.edits.photographs import packaged_photographs


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("DejaVuSans.ttf", size)


def page() -> Image.Image:
    image = Image.new("RGB", (480, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    draw.text((12, 10), "Garden shop", "white", font(18))
    draw.text((300, 100), "All prices include taxes", "#555555", font(12))
    return image


def photograph(size: tuple[int, int], seed: int, *, grey: bool = False) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(40, 200, (9, 12, 3), np.uint8)).resize(
        size, Image.Resampling.BICUBIC
    )
    grain = np.asarray(coarse, float) + rng.normal(0, 6, (size[1], size[0], 1))
    image = Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))
    return image.convert("L").convert("RGB") if grey else image


def facts(before: Image.Image, after: Image.Image) -> list[str]:
    return [fact.kind for change in find_changes(before, after, texts=False).changes for fact in change.facts]


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("beside", [False, True])
def test_a_picture_that_does_not_load_leaves_its_ground_and_a_few_words(beside: bool, back: bool) -> None:
    before = page()
    if beside:  # another picture ends where this one begins
        before.paste(photograph((200, 40), 5), (40, 60))
    after = before.copy()
    before.paste(photograph((200, 150), 3), (40, 100))
    ImageDraw.Draw(after).text((60, 101), "Photo", "#222222", font(14))
    assert facts(*((after, before) if back else (before, after))) == ["appeared" if back else "disappeared"]


@pytest.mark.parametrize("back", [False, True])
def test_a_portrait_in_a_ring_is_another_one(back: bool) -> None:
    images = []
    round_ = Image.new("L", (40, 40))
    ImageDraw.Draw(round_).ellipse((3, 3, 36, 36), fill=255)
    drawing = Image.new("RGB", (40, 40), "#b9c2ea")
    draw = ImageDraw.Draw(drawing)
    draw.ellipse((24, 8, 32, 16), fill="#f2c14e")
    draw.polygon([(0, 30), (12, 16), (22, 28), (30, 20), (40, 30), (40, 40), (0, 40)], fill="#5b3f9e")
    for portrait in (photograph((40, 40), 3), drawing):
        image = page()
        ImageDraw.Draw(image).ellipse((60, 100, 99, 139), outline="#adb5bd", width=3)
        image.paste(portrait, (60, 100), round_)
        images.append(image)
    assert facts(*images[:: -1 if back else 1]) == ["replaced"]


@pytest.mark.parametrize("back", [False, True])
def test_a_grey_photograph_and_a_drawing_in_its_place(back: bool) -> None:
    before, after = page(), page()
    before.paste(photograph((160, 160), 4, grey=True), (40, 100))
    draw = ImageDraw.Draw(after)
    draw.rectangle((40, 100, 199, 259), fill="#cfe89a")
    draw.polygon(
        [(40, 220), (90, 160), (130, 220), (160, 180), (199, 220), (199, 259), (40, 259)], fill="#3c6478"
    )
    draw.ellipse((110, 120, 134, 150), fill="#52cdf5")
    assert facts(*((after, before) if back else (before, after))) == ["replaced"]


def test_a_picture_on_white_in_the_place_of_another() -> None:
    before, after = page(), page()
    before.paste(photograph((200, 150), 3), (40, 100))
    other = photograph((120, 110), 6)
    after.paste(other, (80, 140))
    ImageDraw.Draw(after).rectangle((50, 104, 230, 130), fill="#8899aa")
    assert facts(before, after) == ["replaced"]


@pytest.mark.parametrize("back", [False, True])
def test_a_small_drawn_portrait_that_does_not_load(back: bool) -> None:
    round_ = Image.new("L", (32, 32))
    ImageDraw.Draw(round_).ellipse((0, 0, 31, 31), fill=255)
    drawing = Image.new("RGB", (32, 32))
    for row in range(4):
        for column in range(8):
            color = 30 + 28 * column, 40 + 50 * row, 250 - 28 * column
            ImageDraw.Draw(drawing).rectangle((4 * column, 8 * row, 4 * column + 3, 8 * row + 7), fill=color)
    before, after = page(), page()
    before.paste(drawing, (60, 100), round_)
    sign = Image.new("RGB", (32, 32), "white")
    draw = ImageDraw.Draw(sign)
    draw.rectangle((3, 6, 12, 16), "#b8d4f8", "#8a8a8a")
    draw.text((15, 6), "us", "#222222", font(12))
    after.paste(sign, (60, 100), round_)
    assert facts(*((after, before) if back else (before, after))) == ["appeared" if back else "disappeared"]


@pytest.mark.parametrize("back", [False, True])
def test_a_picture_that_does_not_load_takes_some_rows_less(back: bool) -> None:
    before, after = page(), page()
    before.paste(photograph((200, 150), 3), (40, 100))
    ImageDraw.Draw(after).text((56, 102), "Rain jacket", "#222222", font(12))
    images, boxes = [before, after], [(40, 100, 200, 150), (40, 102, 90, 14)]
    step = -1 if back else 1
    one, other = (np.asarray(image) for image in images[::step])
    fact = picture_alone(one, other, (boxes[::step][0], boxes[::step][1]))
    assert fact is not None
    assert fact.kind == ("appeared" if back else "disappeared")
    assert picture_alone(one, one, (boxes[0], boxes[0])) is None


def test_a_photograph_pasted_into_a_photograph_replaces_none() -> None:
    photographs = packaged_photographs("test")
    with Image.open(photographs[2]) as one, Image.open(photographs[0]) as other:
        before, part = one.convert("RGB"), other.convert("RGB").resize((120, 70))
    after = before.copy()
    after.paste(part, (330, 200))
    (change,) = find_changes(before, after, texts=False).changes
    assert change.fact("replaced") is None


@pytest.mark.parametrize("drawn", [False, True])
def test_only_on_pages_a_picture_is_replaced(drawn: bool) -> None:
    images = [page() for _ in range(2)]
    for seed, image in enumerate(images):
        image.paste(photograph((120, 100), seed), (60, 100))
    before, after = map(np.asarray, images)
    excess = exact_excess(difference(before, after))
    (region,) = find_regions(excess, find_areas(excess))
    facts = measure_facts(before, after, region, drawn=drawn)
    assert [fact.kind for fact in facts] == ["replaced"] * drawn


def cut_out(shape: str) -> tuple[Image.Image, Image.Image]:
    """A picture and which of it is seen."""
    mask = Image.new("L", (134, 46) if shape == "triangle" else (121, 19))
    draw = ImageDraw.Draw(mask)
    if shape == "triangle":
        draw.polygon([(0, 46), (67, 0), (134, 46)], fill=255)
    else:
        draw.rectangle((0, 0, 121, 19), fill=255)
    return photograph(mask.size, 3), mask


@pytest.mark.parametrize("shape", ["triangle", "strip"])
@pytest.mark.parametrize("back", [False, True])
def test_a_picture_of_any_shape_that_leaves_a_word(shape: str, back: bool) -> None:
    before, after = page(), page()
    picture, mask = cut_out(shape)
    before.paste(picture, (40, 100), mask)
    ImageDraw.Draw(after).text((42, 102), "Photo", "#222222", font(12))
    assert facts(*((after, before) if back else (before, after))) == ["appeared" if back else "disappeared"]


def test_a_strip_that_lost_its_colours_did_not_go() -> None:
    images = page(), page()
    strip = photograph((240, 22), 3)
    for image, picture in zip(images, (strip, strip.convert("L").convert("RGB")), strict=True):
        image.paste(picture, (233, 60))
    assert not {"appeared", "disappeared", "replaced"} & set(facts(*images))


@pytest.mark.parametrize("seed", [6, 7])
def test_another_picture_over_lines_of_text(seed: int) -> None:
    images = page(), page()
    for image, picture in zip(images, (photograph((41, 76), 5), photograph((41, 76), seed)), strict=True):
        for line in range(4):
            ImageDraw.Draw(image).text((40, 100 + 24 * line), "Seeds and bulbs for all", "#222222", font(16))
        image.paste(picture, (60, 110))
    assert facts(*images) == ["replaced"]


@pytest.mark.parametrize("seed", [5, 7])
def test_a_small_picture_that_became_soft_is_no_other_one(seed: int) -> None:
    before = page()
    before.paste(photograph((46, 28), seed), (60, 110))
    after = before.copy()
    after.paste(before.crop((60, 110, 106, 138)).filter(ImageFilter.GaussianBlur(2.1)), (60, 110))
    assert "replaced" not in facts(before, after)


def tiles(size: tuple[int, int], seed: int) -> Image.Image:
    """A drawing of eight plain colours."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 8, (4 + 3 * seed, 6 - seed))
    colors = rng.integers(0, 200, (8, 3), np.uint8)
    return Image.fromarray(colors[coarse]).resize(size, Image.Resampling.NEAREST)


@pytest.mark.parametrize("place", [(60, 110), (0, 60), (420, 300), (0, 300), (420, 60), (200, 0)])
def test_another_drawing_in_the_place_of_a_drawing(place: tuple[int, int]) -> None:
    images = page(), page()
    for seed, image in enumerate(images):
        image.paste(tiles((60, 60), seed), place)
    assert facts(*images) == ["replaced"]


@pytest.mark.parametrize("size", [(60, 18), (20, 40)])
def test_a_small_drawing_may_be_anything(size: tuple[int, int]) -> None:
    images = page(), page()
    for seed, image in enumerate(images):
        image.paste(tiles(size, seed), (60, 110))
    assert "replaced" not in facts(*images)


def test_a_field_of_another_colour_is_no_other_picture() -> None:
    images = page(), page()
    for image, color in zip(images, ("#823cb4", "#101418"), strict=True):
        ImageDraw.Draw(image).rounded_rectangle((65, 60, 159, 79), 8, color, "#1d6fd8")
        ImageDraw.Draw(image).text((73, 64), "All orders", "#14a046", font(10))
    assert facts(*images) == ["recoloured"]


def test_a_button_on_a_picture_that_became_smaller_is_no_other_picture() -> None:
    images = page(), page()
    for image, (width, height) in zip(images, ((32, 36), (22, 25)), strict=True):
        image.paste(photograph((93, 38), 8), (60, 110))
        ImageDraw.Draw(image).rectangle((53, 110, 53 + width - 1, 110 + height - 1), fill="#101418")
        ImageDraw.Draw(image).text((61, 110 + (height - 13) // 2), "All", "#e8e8e8", font(13))
    assert "replaced" not in facts(*images)


def test_a_panel_with_a_word_in_the_place_of_a_picture_is_no_picture() -> None:
    images = page(), page()
    images[0].paste(photograph((120, 80), 3), (60, 110))
    ImageDraw.Draw(images[1]).rectangle((60, 110, 179, 189), fill="#dde8f0")
    ImageDraw.Draw(images[1]).text((100, 140), "Closed", "#222222", font(12))
    assert "replaced" not in facts(*images)


def test_of_rows_that_came_alone_no_picture_is_told() -> None:
    image = np.asarray(page())
    assert picture_alone(image, image, (None, (40, 100, 200, 150))) is None
    assert picture_alone(image, image, ((40, 100, 200, 150), None)) is None


@pytest.mark.parametrize("blur", [2.2, 3.0])
def test_a_word_that_became_soft_and_grey_on_a_dark_page_is_no_picture(blur: float) -> None:
    images = []
    for color, softened in (("#1d6fd8", False), ("#999999", True)):
        image = Image.new("RGB", (480, 200), "#15181d")
        ImageDraw.Draw(image).text((1, 72), "bulbs", color, font(20))
        images.append(image.filter(ImageFilter.GaussianBlur(blur)) if softened else image)
    assert "replaced" not in facts(*images)
