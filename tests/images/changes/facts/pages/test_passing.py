"""What comes and goes by itself on a page: scroll bars and carets are told from lines and boxes that changed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, find_changes
from blip2idc.images.changes.facts.pages.passing import passing
from blip2idc.images.changes.regions.grouping import Region


def page() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (480, 360), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype("DejaVuSans.ttf", 15)
    for line in range(8):
        draw.text((30, 20 + 34 * line), "Delivery within three days", "#333333", font)
    draw.rectangle((260, 100, 440, 130), outline="#888888")
    return image, draw


def bar(draw: ImageDraw.ImageDraw, top: int) -> None:
    draw.rectangle((465, 0, 479, 359), fill="#f1f1f1")
    draw.rectangle((467, top, 477, top + 90), fill="#c1c1c1")


def kinds(before: Image.Image, after: Image.Image) -> list[tuple[str, str]]:
    found = find_changes(before, after, texts=False).changes
    return [(fact.kind, str(fact.values.get("in"))) for change in found for fact in change.facts]


def test_a_scroll_bar_that_comes_or_goes() -> None:
    bare, _ = page()
    scrolled, draw = page()
    bar(draw, 20)
    assert kinds(bare, scrolled) == [("scroll_bar", "after")]
    assert kinds(scrolled, bare) == [("scroll_bar", "before")]


@pytest.mark.parametrize("left", [4, 30, 280])
def test_a_scroll_bar_that_lies_along_the_bottom(left: int) -> None:
    bare, _ = page()
    scrolled, draw = page()
    draw.rectangle((0, 345, 479, 359), fill="#f1f1f1")
    draw.rectangle((left, 347, left + 160, 357), fill="#c1c1c1")
    assert kinds(bare, scrolled) == [("scroll_bar", "after")]
    assert kinds(scrolled, bare) == [("scroll_bar", "before")]


def test_a_picture_at_the_edge_is_no_scroll_bar() -> None:
    bare, _ = page()
    other, draw = page()
    for row in range(0, 360, 6):
        draw.rectangle((465, row, 479, row + 5), fill=(row % 255, 255 - row % 255, row * 7 % 255))
    assert "scroll_bar" not in {kind for kind, _ in kinds(bare, other)}


@pytest.mark.parametrize("height", [14, 20])
def test_a_caret_in_a_field(height: int) -> None:
    bare, _ = page()
    other, draw = page()
    draw.line((270, 106, 270, 105 + height), fill="black")
    assert kinds(bare, other) == [("caret", "after")]
    assert kinds(other, bare) == [("caret", "before")]


def test_a_caret_over_letters() -> None:
    bare, draw = page()
    draw.text((270, 107), "Search", "#999999", ImageFont.truetype("DejaVuSans.ttf", 14))
    other = bare.copy()
    ImageDraw.Draw(other).line((275, 106, 275, 124), fill="black")
    assert kinds(bare, other) == [("caret", "after")]


def test_a_long_line_and_a_broad_one_are_no_carets() -> None:
    bare, _ = page()
    for line in ((250, 20, 250, 250), (270, 106, 273, 120)):
        other, draw = page()
        draw.rectangle(line, fill="black")
        assert "caret" not in {kind for kind, _ in kinds(bare, other)}


def whole(before: np.ndarray, after: np.ndarray) -> Fact | None:
    """What passing says of two images that differ everywhere."""
    height, width = before.shape[:2]
    return passing(before, after, Region((0, 0, width, height), np.ones((height, width), bool), 2.0, 100.0))


@pytest.mark.parametrize("size", [(200, 14), (20, 2)])
def test_an_image_as_narrow_as_a_bar_or_a_caret_shows_none(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    before = rng.integers(0, 90, (*size, 3)).astype(np.uint8)
    assert whole(before, 255 - before) is None


def test_a_narrow_stripe_of_another_pattern_is_no_caret() -> None:
    rng = np.random.default_rng(3)
    before = np.full((60, 80, 3), 255, np.uint8)
    after = before.copy()
    before[20:36, 40:42], after[20:36, 40:42] = rng.integers(0, 255, (2, 16, 2, 3))
    mask = (before != after).any(axis=2)[20:36, 40:42]
    assert passing(before, after, Region((40, 20, 2, 16), mask, 2.0, 100.0)) is None
