"""The background of a page in another colour, alone and with other changes, encoded or not; what only looks like it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.result import Comparison, Fact
from blip2idc.images.pair import ImagePair
from blip2idc.model.look.close_look import look_closely

_LINES = (
    "Sales grew in all four regions this quarter.",
    "The north sold most of the new boats.",
    "Returns fell to two in a hundred.",
)


def page(
    ground: str,
    card: str = "#ffffff",
    ink: str = "#222222",
    heading: str = "#222222",
    cards: int = 3,
    more: str = "",
) -> Image.Image:
    image = Image.new("RGB", (640, 480), ground)
    draw = ImageDraw.Draw(image)
    large, small = (ImageFont.truetype("DejaVuSans.ttf", size) for size in (26, 15))
    draw.text((32, 24), "Quarterly report", heading, large)
    for index, line in enumerate(_LINES):
        draw.text((32, 80 + 28 * index), line, ink, small)
    for index in range(cards):
        left = 32 + 200 * index
        draw.rectangle((left, 200, left + 160, 310), card, "#cccccc")
        draw.text((left + 16, 216), "Card", "#333333", small)
    draw.rectangle((32, 360, 150, 396), "#2266cc")
    draw.text((52, 368), "Continue", "white", small)
    draw.text((240, 368), more, ink, small)
    return image


def encoded(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    return Image.open(stream).convert("RGB")


def told(found: Comparison) -> list[tuple[str, str]]:
    return [(change.thing, change.facts[0].kind if change.facts else "") for change in found.changes]


@pytest.mark.parametrize("jpeg", [False, True])
@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("#ffffff", "#eef3ff", "bluish white"),
        ("#ffffff", "#e6e6e6", "light grey"),
        ("#fff8e0", "#ffffff", "white"),
        ("#ffffff", "#ffee88", "light yellow"),
        ("#f4f4f4", "#ffd8e4", "pale pink"),
        ("#e0e0e0", "#b8b8b8", "a darker grey"),
    ],
)
def test_a_background_alone(one: str, other: str, said: str, jpeg: bool) -> None:
    before, after = page(one), page(other)
    found = find_changes(before, encoded(after) if jpeg else after)
    (change,) = found.changes
    assert change.sentence.startswith(f"the background of the page turned {said} (")
    assert change.before_box == change.after_box == (0, 0, 640, 480)
    assert found.judgement == "compact"


def test_the_colours_of_a_background_are_stated() -> None:
    (change,) = find_changes(page("#ffffff"), page("#eef3ff")).changes
    assert change.facts == (
        Fact("recoloured", {"from": "white", "from_hex": "#ffffff", "to": "white", "to_hex": "#eef3ff"}),
    )


@pytest.mark.parametrize("jpeg", [False, True])
def test_what_else_changed_is_told_as_well(jpeg: bool) -> None:
    before = page("#ffffff", "#ffd0a0")
    for after, kind in (
        (page("#e0f0e0", "#ffd0a0", heading="#cc0000"), "recoloured"),
        (page("#e0f0e0", "#ffd0a0", cards=2), "panel"),
        (page("#e0f0e0", "#ffd0a0", more="New words here"), "appeared"),
    ):
        found = find_changes(before, encoded(after) if jpeg else after)
        first, second = told(found)
        assert first == ("background of the page", "recoloured")
        assert second[1] == kind


def test_a_frame_is_no_cover_of_a_page_with_another_background() -> None:
    look = look_closely(ImagePair(page("#ffffff"), page("#ffee88")), (64, 64), lambda pair: None)  # type: ignore[arg-type, return-value]
    assert look.whole is None
    assert look.certain
    assert [change.thing for change in look.measured] == ["background of the page"]


def test_light_and_themes_are_no_background() -> None:
    before = page("#ffffff")
    coloured = np.asarray(before).astype(float) * (1, 0.96, 0.85)
    for after in (
        ImageEnhance.Brightness(before).enhance(0.8),
        ImageEnhance.Contrast(before).enhance(0.7),
        Image.fromarray(coloured.astype(np.uint8)),
        page("#1a1a1a", "#333333", "#eeeeee", "#ffffff"),
        page("#ffffff", "#dde8ff"),
    ):
        assert ("background of the page", "recoloured") not in told(find_changes(before, after))


def test_a_field_over_half_of_a_page_is_not_its_background() -> None:
    images = []
    for color in ("#fafafa", "#d8e8ff"):
        image = page("#ffffff")
        ImageDraw.Draw(image).rectangle((0, 180, 639, 479), color)
        images.append(image)
    assert ("background of the page", "recoloured") not in told(find_changes(*images))
