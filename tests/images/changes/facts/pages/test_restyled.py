"""Facts of pages: each kind on a small page that is drawn here, before and after, and the other way round."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blip2idc.images.changes import Fact, find_changes
from blip2idc.images.changes.facts.pages.whole_page import measure_page

Draw = Callable[[Image.Image, ImageDraw.ImageDraw], None]
WORDS = "Delivery within three days"


def page() -> Image.Image:
    """A page with a heading, a blue button, a card and lines of text, 480 x 360."""
    image = Image.new("RGB", (480, 360), "#f6f7f9")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 479, 40), fill="#1d2b45")
    draw.text((12, 10), "Garden shop", "white", font(18))
    draw.rectangle((30, 250, 150, 286), fill="#0d6efd")
    draw.text((56, 258), "Continue", "white", font(16))
    draw.rectangle((240, 60, 440, 200), fill="white", outline="#d5d9de")
    for line, words in enumerate(("Seeds and bulbs", "Pots of clay", "Tools for winter")):
        draw.text((256, 76 + 34 * line), words, "#333333", font(15))
    draw.text((30, 320), "All prices include taxes", "#555555", font(14))
    return image


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("DejaVuSans.ttf", size)


def changed(change: Draw) -> Image.Image:
    image = page()
    change(image, ImageDraw.Draw(image))
    return image


def facts(before: Image.Image, after: Image.Image) -> list[Fact]:
    return [fact for change in find_changes(before, after, texts=False).changes for fact in change.facts]


def outlined(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((26, 246, 154, 290), outline="#1a5fd0", width=2)


def rounded(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((30, 250, 150, 286), fill="#f6f7f9")
    draw.rounded_rectangle((30, 250, 150, 286), 12, fill="#0d6efd")
    draw.text((56, 258), "Continue", "white", font(16))


def shadowed(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    shade = Image.new("L", image.size)
    ImageDraw.Draw(shade).rectangle((240, 66, 440, 208), fill=120)
    shade = shade.filter(ImageFilter.GaussianBlur(8))
    card = image.crop((240, 60, 441, 201))
    image.paste("#000000", (0, 0), shade)
    image.paste(card, (240, 60))


def panel(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((220, 45, 380, 150), fill="#23272b", outline="#777777")
    for line, words in enumerate(("Draft", "Shipping", "Opening hours")):
        draw.text((236, 55 + 30 * line), words, "#eeeeee", font(14))


def swapped(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((250, 70, 430, 132), fill="white")
    for line, words in enumerate(("Pots of clay", "Seeds and bulbs")):
        draw.text((256, 76 + 34 * line), words, "#333333", font(15))


def faded(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    box = (30, 250, 151, 287)
    ground = Image.new("RGB", (121, 37), "#f6f7f9")
    image.paste(Image.blend(ground, image.crop(box), 0.4), box[:2])


def greyed(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((30, 250, 150, 286), fill="#dcdfe3")
    draw.text((56, 258), "Continue", "#8d949c", font(16))


def underlined(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    left, _, right, bottom = draw.textbbox((30, 320), "All prices include taxes", font(14))
    draw.line((left, bottom, right, bottom), fill="#555555")


def bold(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((28, 316, 230, 340), fill="#f6f7f9")
    heavy = ImageFont.truetype("DejaVuSans-Bold.ttf", 14)
    draw.text((30, 320), "All prices include taxes", "#555555", heavy)


def spaced(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((28, 316, 230, 340), fill="#f6f7f9")
    left = 30.0
    for letter in "All prices include taxes":
        draw.text((round(left), 320), letter, "#555555", font(14))
        left += font(14).getlength(letter) + 2


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("outlined", outlined),
        ("rounded", rounded),
        ("shadowed", shadowed),
        ("panel", panel),
        ("swapped", swapped),
        ("faded", faded),
        ("greyed", greyed),
        ("underlined", underlined),
        ("bold", bold),
        ("spaced", spaced),
    ],
)
def test_what_was_only_drawn_otherwise_is_told(kind: str, change: Draw, back: bool) -> None:
    before, after = page(), changed(change)
    (fact,) = facts(after, before) if back else facts(before, after)
    assert fact.kind == kind
    assert fact.values.get("in") == (None if kind == "swapped" else "before" if back else "after")


@pytest.mark.parametrize("back", [False, True])
def test_a_switch_that_was_turned_on(back: bool) -> None:
    off, on = page(), page()
    for image, fill, knob in ((off, "#c8ccd2", 303), (on, "#0d6efd", 319)):
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((300, 300, 336, 319), 9, fill=fill)
        draw.ellipse((knob, 303, knob + 13, 316), fill="white")
    (fact,) = facts(on, off) if back else facts(off, on)
    assert fact == Fact("checked", {"in": "before" if back else "after"})


@pytest.mark.parametrize("size", [12, 18, 24])
@pytest.mark.parametrize("back", [False, True])
def test_a_check_box_that_was_ticked(size: int, back: bool) -> None:
    off, on = page(), page()
    box = (300, 300, 300 + size, 300 + size)
    ImageDraw.Draw(off).rectangle(box, "white", "#8d949c")
    draw = ImageDraw.Draw(on)
    draw.rectangle(box, "#0d6efd")
    step = size // 6
    draw.line(
        [(300 + at * step, 300 + down * step) for at, down in ((1, 3), (2, 4), (5, 1))], "white", width=2
    )
    (fact,) = facts(on, off) if back else facts(off, on)
    assert fact == Fact("checked", {"in": "before" if back else "after"})


def test_another_picture_in_the_place_of_a_picture() -> None:
    rng = np.random.default_rng(3)
    pictures = [
        Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize(
            (120, 90), Image.Resampling.BICUBIC
        )
        for _ in range(2)
    ]
    before, after = page(), page()
    before.paste(pictures[0], (60, 80))
    after.paste(pictures[1], (60, 80))
    assert [fact.kind for fact in facts(before, after)] == ["replaced"]


def test_a_dialog_over_a_dimmed_page() -> None:
    after = page().point(lambda value: value // 2)
    draw = ImageDraw.Draw(after)
    draw.rectangle((120, 100, 360, 210), fill="white")
    draw.text((140, 120), "Leave this page?", "#222222", font(18))
    (change,) = find_changes(page(), after, texts=False).changes
    assert change.facts == (Fact("panel", {"in": "after", "as": "dialog"}),)
    assert change.before_box is None
    assert change.after_box is not None
    assert np.abs(np.subtract(change.after_box, (120, 100, 241, 111))).max() <= 2
    assert change.sentence == "a dialog appeared over the page"


def test_a_dark_theme() -> None:
    dark = Image.fromarray(255 - np.asarray(page()) // 4 * 3 - 20)
    (change,) = find_changes(page(), dark, texts=False).changes
    assert change.facts == (Fact("theme", {"to": "dark"}),)
    assert change.before_box == change.after_box == (0, 0, 480, 360)
    (change,) = find_changes(dark, page(), texts=False).changes
    assert change.facts == (Fact("theme", {"to": "light"}),)


def test_a_page_without_its_style_sheet() -> None:
    plain = Image.new("RGB", (480, 360), "white")
    draw = ImageDraw.Draw(plain)
    for line in range(12):
        draw.text((9, 10 + 26 * line), f"{WORDS} {line}", "#0000ee" if line % 3 else "black", font(16))
    (change,) = find_changes(page(), plain, texts=False).changes
    assert change.facts == (Fact("unstyled", {"in": "after"}),)


@pytest.mark.parametrize("words", ["All prices exclude tariffs", "Free shipping from May on"])
def test_other_words_are_not_the_same_ones_drawn_otherwise(words: str) -> None:
    def say(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((28, 316, 230, 340), fill="#f6f7f9")
        draw.text((30, 320), words, "#555555", font(14))

    assert {fact.kind for fact in facts(page(), changed(say))} <= {"appeared", "disappeared"}


def test_a_dark_picture_is_no_shadow() -> None:
    def pictured(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
        grey = np.add.outer(np.arange(90), np.arange(90)) // 6 + 40
        circle = Image.new("L", (90, 90))
        ImageDraw.Draw(circle).ellipse((0, 0, 89, 89), fill=255)
        image.paste(Image.fromarray(grey.astype(np.uint8)).convert("RGB"), (60, 110), circle)

    told = {fact.kind for fact in facts(page(), changed(pictured))}
    assert told == {"appeared"}


def test_the_ground_under_what_stays_is_recoloured() -> None:
    def cell(color: str) -> Draw:
        def draw_it(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
            draw.rectangle((20, 210, 220, 244), fill=color)
            draw.rounded_rectangle((40, 216, 110, 238), 6, fill="#7ad38f", outline="#222222")

        return draw_it

    (fact,) = facts(changed(cell("#084b23")), changed(cell("#f6f7f9")))
    assert (fact.kind, fact.values["from_hex"], fact.values["to_hex"]) == ("recoloured", "#084b23", "#f6f7f9")


def test_text_that_runs_over_the_edge_of_its_box() -> None:
    def message(right: int) -> Draw:
        def draw_it(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
            draw.rectangle((20, 210, right, 240), fill="#e8d9f0")
            draw.text((30, 216), "The meeting starts at the town hall", "#222222", font(14))

        return draw_it

    wide, narrow = changed(message(400)), changed(message(200))
    assert facts(wide, narrow) == [Fact("overflow", {"in": "after"})]
    assert facts(narrow, wide) == [Fact("overflow", {"in": "before"})]


def test_a_photograph_is_not_asked_what_pages_are() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3)).astype(np.uint8)
    photograph = Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC)
    framed = photograph.copy()
    ImageDraw.Draw(framed).rectangle((100, 100, 220, 180), outline="#1a5fd0", width=2)
    assert "outlined" not in {fact.kind for fact in facts(photograph, framed)}


@pytest.mark.parametrize("label", ["#0d6efd", "#d01818", "#111111", "#d4d7db"])
def test_a_pale_button_with_a_distinct_label_or_hardly_any_is_not_greyed_out(label: str) -> None:
    def pale(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((30, 250, 150, 286), fill="#dcdfe3")
        draw.text((56, 258), "Continue", label, font(16))

    assert [fact.kind for fact in facts(page(), changed(pale))] == ["recoloured"]


@pytest.mark.parametrize("other", [(120, 150), (50, 150), (150, 90)])
def test_two_icons_that_changed_places(other: tuple[int, int]) -> None:
    def icons(disc: tuple[int, int], square: tuple[int, int]) -> Draw:
        def draw_it(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
            (x, y), (left, top) = disc, square
            draw.ellipse((x, y, x + 24, y + 24), fill="#d9480f")
            draw.ellipse((x + 8, y + 8, x + 16, y + 16), fill="white")
            draw.rectangle((left, top, left + 24, top + 24), fill="#14a046")
            draw.line((left + 4, top + 12, left + 20, top + 12), fill="white", width=3)

        return draw_it

    before, after = changed(icons((50, 90), other)), changed(icons(other, (50, 90)))
    (change,) = find_changes(before, after, texts=False).changes
    assert change.facts == (Fact("swapped"),)
    assert change.before_box == change.after_box == (50, 90, other[0] - 25, other[1] - 65)


def encoded(image: Image.Image, quality: int = 80) -> Image.Image:
    handle = io.BytesIO()
    image.save(handle, "JPEG", quality=quality)
    return Image.open(handle).convert("RGB")


def crossed_out(image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
    draw.line((30, 329, 196, 329), "#555555", 2)


@pytest.mark.parametrize("back", [False, True])
def test_a_line_through_letters_is_seen_in_noise(back: bool) -> None:
    images = [encoded(page()), encoded(changed(crossed_out))]
    found = facts(*(images[::-1] if back else images))
    assert [fact.kind for fact in found] == ["underlined"]
    assert found[0].values["in"] == ("before" if back else "after")


def corners_of_card(radius: int) -> Image.Image:
    """A card with round corners on a page, over a soft shadow."""
    image = page()
    shade = Image.new("L", image.size)
    ImageDraw.Draw(shade).rounded_rectangle((60, 90, 220, 220), radius, fill=90)
    image.paste("black", (0, 0), shade.filter(ImageFilter.GaussianBlur(3)))
    ImageDraw.Draw(image).rounded_rectangle((60, 86, 220, 216), radius, "white", "#c0c6d0")
    ImageDraw.Draw(image).text((80, 130), "Bulbs", "#222222", font(16))
    return image


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("back", [False, True])
def test_round_corners_with_a_shadow_or_noise_around_them(noisy: bool, back: bool) -> None:
    images = [corners_of_card(0), corners_of_card(16)]
    if noisy:
        images = [encoded(image, 90) for image in images]
    found = facts(*(images[::-1] if back else images))
    assert [(fact.kind, fact.values["in"]) for fact in found] == [("rounded", "before" if back else "after")]


def test_a_dialog_with_a_large_shadow_over_a_page_that_is_not_dimmed() -> None:
    after = page()
    shade = Image.new("L", after.size)
    ImageDraw.Draw(shade).rectangle((130, 130, 350, 220), fill=120)
    after.paste("black", (0, 0), shade.filter(ImageFilter.GaussianBlur(22)))
    draw = ImageDraw.Draw(after)
    draw.rectangle((130, 120, 350, 210), fill="white")
    draw.text((150, 140), "Delete this order?", "#222222", font(16))
    for before, other, side in ((page(), after, "after"), (after, page(), "before")):
        (change,) = find_changes(before, other, texts=False).changes
        assert (change.facts[0].kind, change.facts[0].values["in"]) == ("panel", side)


def test_a_page_without_its_style_sheet_and_without_links() -> None:
    plain = Image.new("RGB", (480, 360), "white")
    draw = ImageDraw.Draw(plain)
    for line in range(12):
        draw.text((8, 10 + 26 * line), f"{WORDS} {line}", "black", font(16))
    (change,) = find_changes(page(), plain, texts=False).changes
    assert change.facts == (Fact("unstyled", {"in": "after"}),)


def photograph(size: tuple[int, int]) -> Image.Image:
    noise = np.random.default_rng(7).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def test_a_photograph_in_the_place_of_a_drawing_of_few_colours() -> None:
    before, after = page(), page()
    drawing = Image.new("RGB", (150, 110), "#e8c49a")
    ImageDraw.Draw(drawing).polygon(((0, 109), (60, 40), (90, 80), (120, 50), (149, 109)), "#3a7a5a")
    ImageDraw.Draw(drawing).ellipse((100, 10, 124, 34), "#ff55ee")
    before.paste(drawing, (40, 80))
    after.paste(photograph((150, 110)), (40, 80))
    for images in ((before, after), (after, before)):
        assert [fact.kind for fact in facts(*images)] == ["replaced"]


def test_a_picture_that_is_gone_from_the_top_of_a_card_leaves_the_ground_of_the_card() -> None:
    image = Image.new("RGB", (480, 360), "#0f2537")
    draw = ImageDraw.Draw(image)
    draw.rectangle((120, 60, 300, 300), "#4e5d6c")
    draw.text((140, 230), "Tea pot", "white", font(20))
    pictured = image.copy()
    pictured.paste(photograph((181, 140)), (120, 60))
    assert [fact.kind for fact in facts(pictured, image)] == ["disappeared"]


def test_a_heading_of_another_colour_among_letters_drawn_heavier() -> None:
    def drawn(heavier: float, heading: str) -> Image.Image:
        large = Image.new("RGB", (4 * 480, 4 * 360), "white")
        draw = ImageDraw.Draw(large)
        for line in range(12):
            draw.text(
                (120, 400 + 80 * line), f"{WORDS} {line}", "#222222", font(56), stroke_width=round(heavier)
            )
        draw.text((120, 120), "$42,000", heading, font(120), stroke_width=round(heavier))
        return large.resize((480, 360), Image.Resampling.BOX)

    same = find_changes(drawn(0, "#222222"), drawn(1, "#222222"), texts=False)
    assert same.judgement == "diffuse"
    other = find_changes(drawn(0, "#222222"), drawn(1, "#14afb4"), texts=False)
    assert other.judgement == "compact"
    box = other.changes[0].after_box
    assert box is not None
    assert box[1] < 70


def test_sharper_or_softer_is_no_colour() -> None:
    before, after = page(), page()
    before.paste(photograph((150, 110)).filter(ImageFilter.GaussianBlur(2)), (40, 80))
    after.paste(photograph((150, 110)), (40, 80))
    assert [fact.kind for fact in facts(before, after)] == ["sharpened"]
    assert [fact.kind for fact in facts(after, before)] == ["blurred"]


def test_two_alike_things_that_got_one_other_colour_did_not_change_places() -> None:
    images = [Image.new("RGB", (600, 300), "white") for _ in range(2)]
    for image, color in zip(images, ("#ffd83a", "#ffb03a"), strict=True):
        draw = ImageDraw.Draw(image)
        for left in (80, 400):
            draw.ellipse((left, 60, left + 52, 112), fill=color, outline="#222222", width=2)
        draw.rectangle((80, 200, 200, 240), fill="#0d6efd")
    changes = find_changes(*images, texts=False).changes
    assert [fact.kind for change in changes for fact in change.facts] == ["recoloured"] * 2


def test_a_dark_page_whose_lines_went_up_was_not_dimmed() -> None:
    """Where bright letters were is the dark ground now, as if there were a third of the light."""
    words = ("Early", "office", "mountain", "ticket", "travel", "village", "open", "plan", "garden", "shipping",
             "window", "evening", "number")  # fmt: skip
    bold = ImageFont.truetype("DejaVuSans-Bold.ttf", 13)

    def dark(first: int) -> Image.Image:
        image = Image.new("RGB", (640, 480), "#101418")
        draw = ImageDraw.Draw(image)
        for place, line in enumerate(range(first, 40)):
            top = 50 + 18 * place
            draw.text(
                (20, top), " ".join(words[(7 * line + word) % 13] for word in range(7)), "#b8bcc2", bold
            )
            if line == 9:
                draw.rectangle((20, top, 220, top + 100), fill="#36566f")
        return image

    for first in (2, 3, 4, 6):
        assert measure_page(np.asarray(dark(0)), np.asarray(dark(first))) is None
