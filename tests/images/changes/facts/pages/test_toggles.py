"""Check boxes and radio buttons that were turned on or off."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blip2idc.images.changes import Fact, find_changes


def page(ground: str = "white") -> Image.Image:
    image = Image.new("RGB", (480, 300), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    for left, words in ((60, "Draft"), (180, "Published")):
        draw.text((left, 120), words, "#888888", ImageFont.truetype("DejaVuSans.ttf", 14))
    return image


def radio(image: Image.Image, left: int, *, on: bool, dark: bool) -> None:
    draw = ImageDraw.Draw(image)
    large = Image.new("RGB", (52, 52), image.getpixel((left - 4, 122)))  # type: ignore[arg-type]
    draw = ImageDraw.Draw(large)
    color = "#99c8ff" if dark else "#0d75ff"
    draw.ellipse(
        (0, 0, 51, 51), fill="#3b3b3b" if dark else "white", outline=color if on else "#767676", width=5
    )
    if on:
        draw.ellipse((13, 13, 38, 38), fill=color)
    image.paste(large.resize((13, 13), Image.Resampling.LANCZOS), (left, 122))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("back", [False, True])
def test_a_radio_button_that_was_chosen(dark: bool, back: bool) -> None:
    images = [page("#1b1b1b" if dark else "white") for _ in range(2)]
    for image, on in zip(images, (False, True), strict=True):
        radio(image, 40, on=on, dark=dark)
    (change,) = find_changes(*images[:: -1 if back else 1], texts=False).changes
    assert change.facts == (Fact("checked", {"in": "before" if back else "after"}),)


def test_one_of_two_radio_buttons_is_chosen_and_the_other_is_not() -> None:
    images = [page(), page()]
    for image, first in zip(images, (False, True), strict=True):
        radio(image, 40, on=first, dark=False)
        radio(image, 160, on=not first, dark=False)
    changes = sorted(find_changes(*images, texts=False).changes, key=lambda change: change.before_box or ())
    assert [change.facts for change in changes] == [
        (Fact("checked", {"in": "after"}),),
        (Fact("checked", {"in": "before"}),),
    ]


@pytest.mark.parametrize("back", [False, True])
def test_a_check_box_of_a_dark_page_that_was_ticked(back: bool) -> None:
    off, on = page("#1b1b1b"), page("#1b1b1b")
    ImageDraw.Draw(off).rectangle((40, 120, 55, 135), fill="#f0f1f2")
    draw = ImageDraw.Draw(on)
    draw.rectangle((40, 120, 55, 135), fill="#4d5156")
    draw.line([(43, 127), (46, 130), (52, 123)], "white", width=2)
    (change,) = find_changes(*((on, off) if back else (off, on)), texts=False).changes
    assert change.facts == (Fact("checked", {"in": "before" if back else "after"}),)


def switch(image: Image.Image, *, on: bool, right: bool, shadow: bool) -> None:
    """A switch of 40 x 20 pixels at (60, 200), drawn larger first."""
    large = Image.new("RGB", (240, 160), image.getpixel((60, 190)))  # type: ignore[arg-type]
    draw = ImageDraw.Draw(large)
    draw.rounded_rectangle((40, 40, 199, 119), 40, fill="#3b4470" if on else "#ebecf1")
    knob = (128, 48, 191, 111) if right else (48, 48, 111, 111)
    if shadow:
        below = Image.new("L", large.size)
        ImageDraw.Draw(below).ellipse([side + 4 * (index % 2) for index, side in enumerate(knob)], fill=90)
        large.paste("black", (0, 0), below.filter(ImageFilter.GaussianBlur(10)))
        draw = ImageDraw.Draw(large)
    draw.ellipse(knob, fill="white")
    image.paste(large.resize((60, 40), Image.Resampling.LANCZOS), (50, 190))


@pytest.mark.parametrize("shadow", [False, True])
@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("back", [False, True])
def test_a_switch_whose_knob_casts_a_shadow(back: bool, right: bool, shadow: bool) -> None:
    """It is on where the pill stands out, on whichever side its knob lies then, as in pages written from the right."""
    off, on = page(), page()
    switch(off, on=False, right=not right, shadow=shadow)
    switch(on, on=True, right=right, shadow=shadow)
    (change,) = find_changes(*((on, off) if back else (off, on)), texts=False).changes
    assert change.facts == (Fact("checked", {"in": "before" if back else "after"}),)


def test_a_step_of_dots_is_no_switch() -> None:
    images = [page(), page()]
    for image, first in zip(images, (True, False), strict=True):
        draw = ImageDraw.Draw(image)
        for left, filled in ((60, first), (78, not first)):
            draw.ellipse((left, 200, left + 14, 214), fill="#0d6efd" if filled else "#c8ccd2")
    assert not any(c.fact("checked") for c in find_changes(*images, texts=False).changes)


@pytest.mark.parametrize("apart", [15, 16, 18])
def test_the_filled_one_of_two_rings_is_the_other_one_and_no_switch(apart: int) -> None:
    images = [page(), page()]
    for image, first in zip(images, (True, False), strict=True):
        draw = ImageDraw.Draw(image)
        for left, filled in ((60, first), (60 + apart, not first)):
            draw.ellipse((left, 200, left + 14, 214), "#0d6efd" if filled else "white", "#0d6efd")
    assert not any(c.fact("checked") for c in find_changes(*images, texts=False).changes)


def test_a_dot_that_has_another_colour_is_not_checked() -> None:
    one, other = page(), page()
    for image, color in ((one, "#d62828"), (other, "#28a046")):
        ImageDraw.Draw(image).ellipse((40, 120, 54, 134), fill=color)
    (change,) = find_changes(one, other, texts=False).changes
    assert [fact.kind for fact in change.facts] == ["recoloured"]


@pytest.mark.parametrize("back", [False, True])
def test_a_badge_with_a_digit_that_has_another_colour_is_not_checked(back: bool) -> None:
    images = [page() for _ in range(2)]
    for image, color in zip(images, ("#d64545", "#17a2b8"), strict=True):
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((300, 118, 324, 139), 5, fill=color)
        draw.text((312, 129), "1", "white", ImageFont.truetype("DejaVuSans.ttf", 13), anchor="mm")
    (change,) = find_changes(*images[:: -1 if back else 1], texts=False).changes
    assert [fact.kind for fact in change.facts] == ["recoloured"]
