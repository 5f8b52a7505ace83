"""What happened to words that are read to be the same, and to texts that lost or got some."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, MeasuredChange, find_changes
from blip2idc.images.changes.facts.pages.letters import line_of
from blip2idc.images.changes.pictures import open_pictures
from blip2idc.images.changes.sentences import sentence
from blip2idc.images.changes.texts.language import language, language_of
from blip2idc.images.changes.texts.names import name_of_menu
from blip2idc.images.changes.texts.same_words import same_words
from blip2idc.images.changes.texts.words import missing_words, ran_on

pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")

WORDS = "Opening hours"
Draw = Callable[[ImageDraw.ImageDraw], None]


def font(size: int, name: str = "DejaVuSans.ttf") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(name, size)


def page(*drawn: Draw, size: tuple[int, int] = (640, 400)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.text((40, 20), "A garden by the river", "#222222", font(18))
    for one in drawn:
        one(draw)
    return image


def text(words: str, place: tuple[int, int], size: int = 20, color: str = "#222222") -> Draw:
    return lambda draw: draw.text(place, words, color, font(size))


def spaced(words: str, place: tuple[int, int], step: int) -> Draw:
    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        x = place[0]
        for letter in words:
            draw.text((x, place[1]), letter, "#222222", font(20))
            x += round(font(20).getlength(letter)) + step

    return draw_it


def only(before: Image.Image, after: Image.Image) -> MeasuredChange:
    (change,) = find_changes(before, after).changes
    return change


def test_a_larger_type() -> None:
    change = only(page(text(WORDS, (60, 120), 18)), page(text(WORDS, (60, 117), 26)))
    assert change.facts[0].kind == "resized"
    assert float(change.facts[0].values["factor"]) == pytest.approx(26 / 18, abs=0.08)


@pytest.mark.parametrize(("old", "new"), [(12, 13), (14, 15), (16, 13), (17, 19), (18, 19), (20, 19)])
def test_letters_that_are_larger_by_little_are_neither_bold_nor_further_apart(old: int, new: int) -> None:
    line = "Sales grew in all four regions."
    change = only(page(text(line, (60, 120), old)), page(text(line, (60, 120), new)))
    (fact,) = change.facts
    assert fact.kind == "resized"
    assert float(fact.values["factor"]) == pytest.approx(new / old, abs=0.04)


def test_letters_further_apart() -> None:
    change = only(page(spaced(WORDS, (60, 120), 0)), page(spaced(WORDS, (60, 120), 3)))
    assert (change.facts[0].kind, change.facts[0].values["in"]) == ("spaced", "after")


def test_a_word_that_is_gone_from_a_line() -> None:
    change = only(page(text("Home Calendar Blog", (60, 120))), page(text("Home Blog", (60, 120))))
    assert (change.facts[0].kind, change.before_text, change.after_text) == ("disappeared", "Calendar", None)


def test_lines_that_gave_way_are_a_gap() -> None:
    def lines(top: int) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            draw.rectangle((20, 90, 400, 399), fill="#f7e1c4")
            for index, words in enumerate(
                ("Founded in the spring", "Open every morning", "Closed on holidays", WORDS)
            ):
                draw.text((60, top + 44 * index), words, "#222222", font(18))

        return draw_it

    def ground(draw: ImageDraw.ImageDraw) -> None:
        for row in range(90, 400):  # what stays where it is beside the column
            draw.line((420, row, 639, row), fill=(row % 200, 90 + row % 120, 60 + row * 5 % 180))

    change = only(page(ground, lines(110)), page(ground, lines(128)))
    assert change.facts[0] in (Fact("gap", {"pixels": 18}), Fact("moved", {"dx": 0, "dy": 18}))


def test_a_clock_ran_on() -> None:
    before, after = (page(text(time, (560, 2), 13)) for time in ("16:47", "16:58"))
    assert only(before, after).facts[0].kind == "clock"
    timetable = [page(text(f"Departure {time}", (60, 180))) for time in ("16:47", "16:58")]
    assert only(*timetable).facts == ()


def test_a_page_in_another_language() -> None:
    def menu(*words: str) -> Image.Image:
        return page(*(text(word, (60, 90 + 60 * index), 18) for index, word in enumerate(words)))

    before = menu("Lire la suite", "Mentions légales", "Se connecter", "Notre équipe")
    after = menu("Read more", "Legal notice", "Sign in", "Our team")
    change = only(before, after)
    assert (change.facts[0].kind, change.facts[0].values) == ("language", {"from": "French", "to": "English"})


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["Neueste Nachrichten", "Öffnungszeiten", "Mehr erfahren"], "German"),
        (["Más información", "Iniciar sesión", "Nuestro equipo"], "Spanish"),
        (["Opening hours", "Learn more", "About us"], "English"),
        (["Anna Miller", "London", "42 EUR"], None),
    ],
)
def test_the_language_of_a_few_words(texts: list[str], told: str | None) -> None:
    assert language_of(texts) == told


def test_what_is_no_clock_and_no_missing_word() -> None:
    assert not ran_on(["25:61"], ["25:62"])
    assert not ran_on(["10:30 Berlin"], ["10:31 Madrid"])
    assert missing_words(["one two three"], ["one three two"]) == ""


def test_one_word_of_a_line_in_another_size() -> None:
    def line(size: int) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            x = 60
            for word, height in (("Search", 18), ("Berlin", size), ("Travel", 18)):
                draw.text((x, 130 - height), word, "#222222", font(height))
                x += round(font(height).getlength(word)) + 14

        return draw_it

    change = only(page(line(18)), page(line(25)))
    assert change.facts[0].kind == "resized"
    assert float(change.facts[0].values["factor"]) == pytest.approx(25 / 18, abs=0.1)


def test_links_that_stand_side_by_side() -> None:
    change = only(page(text("Terms · Contact", (60, 120))), page(text("Terms · ContactNews", (60, 120))))
    assert (change.facts[0].kind, change.after_text) == ("appeared", "News")


def test_the_word_on_a_button_is_read_from_its_own_ground() -> None:
    def button(words: str) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            draw.rectangle((60, 120, 190, 156), fill="#28a745")
            draw.text((78, 129), words, "white", font(14))

        return draw_it

    change = only(page(button("Add to cart")), page(button("Sold out")))
    assert (change.before_text, change.after_text) == ("Add to cart", "Sold out")


def test_a_cookie_banner() -> None:
    def banner(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((0, 330, 639, 399), fill="#f3f3f3")
        draw.text((30, 350), "This site uses cookies", "#222222", font(16))

    def under(draw: ImageDraw.ImageDraw) -> None:
        for line in range(8):
            draw.text((30, 60 + 42 * line), "Seeds and bulbs for the garden", "#222222", font(16))

    fact = only(page(under), page(under, banner)).facts[0]
    assert (fact.kind, fact.values["in"]) == ("panel", "after")


def test_a_text_that_became_faint_is_not_gone() -> None:
    before, after = (page(text(WORDS, (60, 120), color=color)) for color in ("#222222", "#f2f2f2"))
    change = only(before, after)
    assert not {fact.kind for fact in change.facts} & {"appeared", "disappeared"}


def test_a_language_of_which_the_other_is_not_told() -> None:
    names = ["Approved Coffee beans", "Ravi Patel", "Tea pot 41", "Ines Costa"]
    italian = ["Continua a leggere", "Pagina iniziale", "Chi siamo", "Contatti"]
    fact = language(names, italian)
    assert fact is not None
    assert sentence((fact,)) == "the language of the page changed to Italian"
    assert language(names[1:2], italian) is None
    assert language([*names, "Chi siamo", "Pagina iniziale"], italian) is None


def test_a_card_is_called_by_its_words() -> None:
    def card(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((380, 80, 600, 360), fill="#fafafa", outline="#cccccc")
        draw.rectangle((400, 100, 580, 220), fill="#d7dde6")
        draw.ellipse((450, 120, 530, 200), fill="#b33a2b")
        draw.text((400, 240), "Filter cone", "#222222", font(18))
        draw.text((400, 280), "$18.00", "#222222", font(16))

    change = only(page(card), page())
    assert (change.thing, change.name, change.facts[0].kind) == ("card", "Filter cone $18.00", "disappeared")


def test_lines_without_ink_tell_nothing() -> None:
    """A line that was found on a button, of which the frame was taken for the ground, once had no ink at all."""
    bare = line_of(np.full((20, 40, 3), 255, np.uint8), (2, 2, 30, 12))
    assert not bare.is_written
    assert same_words([(bare, bare)]) is None


def test_a_disc_that_appeared_is_not_called_gone() -> None:
    """The words beside it were read before, nothing on the disc after: it was told to have disappeared."""
    before, after = page(text("12 Valley Road", (100, 120))), page(text("12 Valley Road", (100, 120)))
    ImageDraw.Draw(after).ellipse((64, 118, 90, 144), fill="#b3500c")
    change = only(before, after)
    assert change.facts[0].kind == "appeared"
    assert "disappeared" not in change.sentence
    assert (change.before_text, only(after, before).facts[0].kind) == (None, "disappeared")


def test_a_menu_is_called_by_what_opened_it() -> None:
    def bar(draw: ImageDraw.ImageDraw) -> None:
        for index, words in enumerate(("Home", "Pricing", "Contact")):
            draw.text((40 + 110 * index, 80), words, "#222222", font(18))

    picture, _ = open_pictures(page(bar), page(bar))
    assert name_of_menu(picture, (146, 112, 154, 108)) == "Pricing"
    assert name_of_menu(picture, (80, 112, 34, 108)) is None, "nothing begins or ends where it does"
    assert name_of_menu(picture, (20, 112, 390, 108)) is None, "as wide as a dialog"


def test_a_gap_is_called_by_what_stands_above_it() -> None:
    def lines(top: int) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            draw.text((60, 90), "Latest news", "#222222", font(20))
            for index, words in enumerate(
                ("Founded in the spring", "Open every morning", "Closed on holidays")
            ):
                draw.text((60, top + 34 * index), words, "#222222", font(16))

        return draw_it

    change = only(page(lines(140)), page(lines(164)))
    assert (change.facts[0].kind, change.name) == ("gap", "Latest news")


def test_a_menu_is_called_by_one_entry_of_a_bar() -> None:
    def bar(draw: ImageDraw.ImageDraw) -> None:
        draw.text((40, 80), "Home    Get started    Contact", "#222222", font(18))

    picture, _ = open_pictures(page(bar), page(bar))
    left = 40 + round(font(18).getlength("Home    "))
    assert name_of_menu(picture, (left, 112, 160, 108)) == "Get started"


def with_picture(seed: int) -> Draw:
    colors = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    picture = Image.fromarray(colors).resize((160, 120), Image.Resampling.BICUBIC)

    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        draw._image.paste(picture, (60, 80))
        draw.text((64, 210), "Maria Rossi", "#222222", font(18))

    return draw_it


def test_a_picture_is_called_by_the_words_below_it() -> None:
    change = only(page(with_picture(1)), page(with_picture(2)))
    assert change.sentence == "the picture above 'Maria Rossi' was replaced by another one"


def field(color: str) -> Draw:
    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        draw.text((60, 100), "Address", "#222222", font(16))
        draw.rectangle((60, 124, 360, 160), color, "#888888")

    return draw_it


def test_a_field_is_called_by_its_label() -> None:
    change = only(page(field("#ffe0a0")), page(field("#a0e0b0")))
    assert change.thing.endswith("box below 'Address'")
    assert change.name is None


def test_one_word_of_a_line_in_capitals() -> None:
    change = only(page(text("See the link", (60, 120), 18)), page(text("See the LINK", (60, 120), 18)))
    assert [fact.kind for fact in change.facts] == ["capitals"]
    assert change.name == "LINK"


def badge(size: int) -> Draw:
    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        draw.text((60, 120), "Garden Market Paper", "#222222", font(18))
        draw.rectangle((260 - size, 130 - size // 2, 260 + size, 130 + size // 2), "#d64545")
        draw.text((260, 130), "32", "white", font(size * 2 // 3), anchor="mm")

    return draw_it


def test_words_beside_what_grew_are_none_of_it() -> None:
    change = only(page(badge(18)), page(badge(28)))
    assert change.facts[0].kind == "resized"
    assert (change.before_text, change.after_text) == (None, None)
