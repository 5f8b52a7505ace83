"""Things that became fainter: what else is told of letters, and what they are not taken for."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import find_changes
from blip2idc.images.changes.facts.fading import greyed
from blip2idc.images.changes.facts.patch import patch_of
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import MeasuredChange
from blip2idc.worlds.edits.photographs import packaged_photographs


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("DejaVuSans.ttf", size)


def page(ground: str = "#f9fafb") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (480, 300), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    draw.text((12, 10), "Garden shop", "white", font(18))
    return image, draw


def change_of(before: Image.Image, after: Image.Image) -> MeasuredChange:
    (change,) = find_changes(before, after, texts=False).changes
    return change


def mixed(image: Image.Image, box: tuple[int, int, int, int], ground: str, share: float) -> Image.Image:
    """An image of which a part is mixed with its ground."""
    part, faint = image.crop(box), image.copy()
    faint.paste(Image.blend(Image.new("RGB", part.size, ground), part, share), box[:2])
    return faint


@pytest.mark.parametrize("back", [False, True])
def test_grey_letters_that_fade_have_another_grey_too(back: bool) -> None:
    image, draw = page()
    draw.text((30, 120), "All prices include taxes", "#333333", font(14))
    faint = mixed(image, (20, 110, 300, 150), "#f9fafb", 0.4)
    change = change_of(faint, image) if back else change_of(image, faint)
    assert [fact.kind for fact in change.facts] == ["recoloured", "faded"]
    assert change.facts[1].values["in"] == ("before" if back else "after")
    assert abs(int(change.facts[1].values["percent"]) - 40) <= 1
    assert change.sentence.endswith("it became stronger" if back else "it became fainter")


def test_letters_of_a_colour_that_is_no_mixture_did_not_fade() -> None:
    before, draw = page()
    draw.text((30, 120), "All prices include taxes", "#333333", font(14))
    after, draw = page()
    draw.text((30, 120), "All prices include taxes", "#2860c0", font(14))
    assert [fact.kind for fact in change_of(before, after).facts] == ["recoloured"]


@pytest.mark.parametrize("back", [False, True])
def test_letters_beside_a_portrait_that_fade_are_not_bold(back: bool) -> None:
    image, draw = page()
    draw.ellipse((10, 112, 36, 138), fill="#ae3ec9")
    draw.text((44, 118), "Michael Reyes", "#1e2633", font(13))
    faint = mixed(image, (42, 110, 300, 150), "#f9fafb", 0.45)
    change = change_of(faint, image) if back else change_of(image, faint)
    assert "faded" in [fact.kind for fact in change.facts]


@pytest.mark.parametrize("back", [False, True])
def test_a_card_that_fades_on_a_dark_page_casts_no_shadow(back: bool) -> None:
    image, draw = page("#222222")
    draw.rectangle((60, 90, 210, 230), outline="#555555")
    draw.ellipse((76, 104, 92, 120), fill="#5ec47f")
    draw.text((76, 130), "Analytics", "#eeeeee", font(15))
    draw.text((76, 155), "68,962", "#eeeeee", font(22))
    draw.rectangle((76, 195, 190, 210), fill="#0b8ac4")
    faint = mixed(image, (55, 85, 216, 236), "#222222", 0.25)
    (fact,) = (change_of(faint, image) if back else change_of(image, faint)).facts
    assert (fact.kind, fact.values["in"]) == ("faded", "before" if back else "after")


@pytest.mark.parametrize("quality", [80, 90])
@pytest.mark.parametrize("back", [False, True])
def test_a_card_that_fades_in_an_image_that_was_encoded(quality: int, back: bool) -> None:
    image, draw = page("#ffffff")
    draw.rounded_rectangle((60, 90, 210, 250), 6, outline="#d5d9de")
    draw.ellipse((76, 104, 92, 120), fill="#1bae96")
    draw.text((76, 130), "Activity", "#222222", font(15))
    draw.text((76, 155), "1723.99", "#222222", font(22))
    draw.rectangle((76, 205, 190, 220), fill="#e8521d")
    faint = mixed(image, (55, 85, 216, 256), "#ffffff", 0.3)
    stream = io.BytesIO()
    faint.save(stream, "JPEG", quality=quality)
    encoded = Image.open(stream).convert("RGB")
    (fact,) = (change_of(encoded, image) if back else change_of(image, encoded)).facts
    assert (fact.kind, fact.values["in"]) == ("faded", "before" if back else "after")


def test_a_grey_button_that_is_disabled_did_not_fade() -> None:
    images = []
    for ground, label in (("#6c757d", "white"), ("#dcdfe3", "#8d949c")):
        image, draw = page("#ffffff")
        draw.rectangle((60, 100, 190, 140), fill=ground)
        draw.text((82, 111), "Continue", label, font(16))
        images.append(image)
    assert [fact.kind for fact in change_of(*images).facts] == ["greyed"]


@pytest.mark.parametrize("back", [False, True])
def test_a_picture_in_other_light_on_a_dark_page_did_not_fade(back: bool) -> None:
    image, _ = page("#101418")
    with Image.open(packaged_photographs("test")[0]) as photograph:
        image.paste(photograph.convert("RGB").resize((260, 180)), (120, 80))
    darker = image.copy()
    part = image.crop((120, 80, 380, 260))
    darker.paste(part.point(lambda level: level * 0.7), (120, 80))
    (fact,) = (change_of(darker, image) if back else change_of(image, darker)).facts
    assert fact.kind == ("brighter" if back else "darker")


def test_a_small_frame_that_turned_grey_is_not_greyed_out_with_what_is_in_it() -> None:
    images = []
    for color in ("#0d6efd", "#c8ccd2"):
        image, draw = page()
        draw.rectangle((60, 100, 71, 111), outline=color, width=2)
        images.append(np.asarray(image))
    mask = (images[0] != images[1]).any(axis=2)[100:112, 60:72]
    assert greyed(patch_of(*images, Region((60, 100, 12, 12), mask, 2.0, 100.0), 0.0)) is None


@pytest.mark.parametrize("back", [False, True])
def test_a_bar_that_became_longer_on_its_grey_ground_did_not_fade(back: bool) -> None:
    def bar(length: int) -> Image.Image:
        image, draw = page("white")
        draw.rounded_rectangle((100, 112, 400, 126), 7, "#e4e8f0")
        draw.rounded_rectangle((100, 112, 100 + length, 126), 7, "#14a046")
        return image

    change = change_of(*(bar(210), bar(120)) if back else (bar(120), bar(210)))
    assert [fact.kind for fact in change.facts] == ["recoloured"]
