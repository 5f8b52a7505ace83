"""A scroll bar that one image shows beside a page that changed, or did not, in noise too."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.pages.passing import find_scroll_bar


def page(words: str = "Settings", bar: int = 0, track: int = 241, thumb: int = 193) -> Image.Image:
    image = Image.new("RGB", (480, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), "#404858")
    font = ImageFont.truetype("DejaVuSans.ttf", 16)
    for index in range(6):
        draw.text((40, 60 + 50 * index), "Results of the last quarter", "#333333", font)
    draw.text((330, 210), words, "#b02020", font)
    if bar:
        draw.rectangle((480 - bar, 0, 479, 399), (track,) * 3)
        draw.rectangle((482 - bar, 60, 477, 210), (thumb,) * 3)
    return image


def encoded(image: Image.Image) -> Image.Image:
    handle = io.BytesIO()
    image.save(handle, "JPEG", quality=80)
    return Image.open(handle).convert("RGB")


@pytest.mark.parametrize(("track", "thumb"), [(241, 193), (60, 110), (255, 200)])
@pytest.mark.parametrize("width", [7, 12, 16])
def test_a_bar_is_seen_beside_what_changed_and_alone(width: int, track: int, thumb: int) -> None:
    for words in ("Settings", "Payments"):
        for other in (page(words, width, track, thumb), encoded(page(words, width, track, thumb))):
            found = find_changes(page(), other, texts=False)
            *rest, bar = found.changes
            assert [fact.kind for fact in bar.facts] == ["scroll_bar"]
            assert bar.facts[0].values["in"] == "after"
            assert len(rest) == (words != "Settings")
            back = find_changes(other, page(), texts=False)
            assert back.changes[-1].facts[0].values["in"] == "before"


def test_the_edge_of_a_page_is_no_bar() -> None:
    plain, other = np.asarray(page()), np.asarray(page("Payments"))
    assert find_scroll_bar(plain, other) is None
    pair = [np.asarray(page(bar=12))] * 2
    assert find_scroll_bar(pair[0], pair[1]) is None


def test_a_bar_over_a_photograph_is_seen_where_nothing_else_differs() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (40, 48, 3), np.uint8)
    before = Image.fromarray(noise).resize((480, 400), Image.Resampling.BICUBIC)
    after = before.copy()
    draw = ImageDraw.Draw(after)
    draw.rectangle((466, 0, 479, 399), (60, 60, 60))
    draw.rectangle((468, 60, 477, 210), (110, 110, 110))
    (change,) = find_changes(before, after, texts=False).changes
    assert [fact.kind for fact in change.facts] == ["scroll_bar"]
