"""Words that the detector finds on things, and what these are called by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, MeasuredChange, find_changes
from blip2idc.images.changes.lines import line_boxes
from blip2idc.images.changes.pictures import open_pictures
from blip2idc.images.changes.texts import written
from blip2idc.images.changes.texts.called import called
from blip2idc.images.changes.texts.finding import written_in
from blip2idc.images.changes.texts.found import called_by_found, label_above, name_beside
from blip2idc.images.changes.texts.names import name_of_thing, name_on, within_shadow
from blip2idc.images.changes.texts.texts import with_texts
from blip2idc.images.changes.texts.words import changed_words
from blip2idc.images.changes.texts.written import lines_of_place

pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")

Draw = Callable[[ImageDraw.ImageDraw], None]


def font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("DejaVuSans.ttf", size)


def page(*drawn: Draw) -> Image.Image:
    image = Image.new("RGB", (640, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.text((40, 20), "A garden by the river", "#222222", font(18))
    for one in drawn:
        one(draw)
    return image


def buttons(second: str = "#198754") -> Draw:
    """Two buttons side by side, so near that their words are taken for one line."""

    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        draw.rounded_rectangle((60, 120, 160, 152), 6, "#0d6efd")
        draw.text((110, 136), "Enterprise", "white", font(14), anchor="mm")
        draw.rounded_rectangle((164, 120, 264, 152), 6, second)
        draw.text((214, 136), "Overview", "white", font(14), anchor="mm")

    return draw_it


def test_words_are_found_on_grounds_of_their_own() -> None:
    picture, _ = open_pictures(page(buttons()), page(buttons()))
    assert [line.text for line in written_in(picture, (50, 110, 230, 52), 4)] == ["Enterprise", "Overview"]
    assert [line.text for line in written_in(picture, (164, 120, 101, 33), 4)] == ["Overview"]
    assert written_in(picture, (60, 240, 200, 60), 4) == []


def card(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((380, 80, 600, 220), "#fafafa", "#cccccc")
    for row, words in enumerate(("Visitors", "68,962")):
        draw.text((400, 100 + 40 * row), words, "#222222", font(18))


def test_a_box_with_few_words_is_called_by_all_of_them() -> None:
    picture, _ = open_pictures(page(card), page(card))
    assert name_on(picture, (380, 80, 221, 141)) == "Visitors 68,962"


def test_a_box_with_many_words_is_called_by_its_title() -> None:
    def more(draw: ImageDraw.ImageDraw) -> None:
        for row, words in enumerate(("of this site", "in the spring")):
            draw.text((400, 170 + 24 * row), words, "#222222", font(14))

    picture, _ = open_pictures(page(card, more), page(card, more))
    assert name_on(picture, (380, 80, 221, 141)) == "Visitors"


def entries(first: str, second: str) -> Draw:
    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        for row, words in enumerate((first, second)):
            draw.text((60, 120 + 40 * row), words, "#222222", font(18))

    return draw_it


def test_both_of_two_things_that_swapped_places_are_named() -> None:
    (change,) = find_changes(
        page(entries("Opening hours", "About us")), page(entries("About us", "Opening hours"))
    ).changes
    assert change.facts[0].kind == "swapped"
    assert change.sentence == "'Opening hours' and 'About us' swapped places"


def menu(left: int) -> Draw:
    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((left, 108, left + 170, 220), "#f4f4f4", "#888888")
        for row, words in enumerate(("Billing", "Filter", "Search")):
            draw.text((left + 20, 118 + 32 * row), words, "#222222", font(16))

    return draw_it


def panel(before: Image.Image, after: Image.Image, left: int) -> MeasuredChange:
    pair = open_pictures(before, after)
    box = (left, 108, 171, 113)
    change = MeasuredChange(
        None, box, (Fact("panel", {"in": "after", "as": "panel"}),), thing="panel", name="x"
    )
    return called_by_found(*pair, change)


def test_a_menu_is_called_by_the_first_words_above_it() -> None:
    def bar(draw: ImageDraw.ImageDraw) -> None:
        for left, words in ((90, "Pricing"), (210, "Contact")):
            draw.text((left, 76), words, "#222222", font(16))

    change = panel(page(bar), page(bar, menu(52)), 52)
    assert (change.name, change.facts[0].values["as"]) == ("Pricing", "menu")
    assert panel(page(), page(menu(52)), 52).facts[0].values["as"] == "panel", "nothing stands above it"


def test_a_field_with_words_is_called_by_its_label_too() -> None:
    def field(color: str) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            draw.text((60, 100), "User name", "#222222", font(16))
            draw.rectangle((60, 124, 360, 160), color, "#888888")
            draw.text((74, 132), "maria", "#222222", font(16))

        return draw_it

    (change,) = find_changes(page(field("#ffe0a0")), page(field("#a0e0b0"))).changes
    assert "box 'maria' below 'User name'" in change.sentence


def test_a_text_that_moved_onto_another_is_told_whole() -> None:
    """Only the part of it that lies on bare ground is found again."""
    before = page(lambda draw: draw.text((60, 120), "Copyright of the garden", "#222222", font(18)))
    after = page(lambda draw: draw.text((60, 220), "Copyright of the garden", "#222222", font(18)))
    pair = open_pictures(before, after)
    width = round(font(18).getlength("Copyright"))
    part = MeasuredChange(
        (60, 122, width, 20), (60, 222, width, 20), (Fact("moved", {"dx": 0, "dy": 100}),), thing="text"
    )
    assert called(*pair, part).name == "Copyright of the garden"
    stayed = page(
        lambda draw: draw.text((60, 220), "Copyright", "#222222", font(18)),
        lambda draw: draw.text(
            (60 + round(font(18).getlength("Copyright ")), 120), "of the garden", "#222222", font(18)
        ),
    )
    assert called(*open_pictures(before, stayed), part).name == "Copyright"


def test_what_is_covered_is_called_by_the_words_that_were_there() -> None:
    def cover(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((160, 116, 270, 156), "#333333")

    pair = open_pictures(page(buttons()), page(buttons(), cover))
    box = (160, 116, 111, 41)
    change = called_by_found(*pair, MeasuredChange(box, box, (Fact("covered"),)))
    assert change.name == "Overview"


def test_words_that_stay_name_a_place_of_which_nothing_is_sure() -> None:
    pair = open_pictures(page(buttons()), page(buttons("#8a2be2")))
    box = (164, 120, 101, 33)
    assert called_by_found(*pair, MeasuredChange(box, box)).name == "Overview"
    other = open_pictures(page(buttons()), page(entries("Opening hours", "About us")))
    assert called_by_found(*other, MeasuredChange(box, box)).name is None


def with_ring(color: str | None) -> Draw:
    """A field with a label above it that its focus ring nearly touches."""

    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        draw.text((60, 98), "Opening day", "#222222", font(16))
        if color:
            draw.rectangle((56, 118, 364, 164), "#ffffff", color, 3)
        draw.rectangle((60, 122, 360, 160), "#ffffff", "#888888")
        draw.text((74, 131), "Tuesday", "#222222", font(16))

    return draw_it


def test_a_label_is_found_above_a_ring() -> None:
    (change,) = find_changes(page(with_ring(None)), page(with_ring("#0d6efd"))).changes
    assert change.facts[0].kind == "outlined"
    assert "'Tuesday' below 'Opening day'" in change.sentence


def test_a_label_ends_above_its_field_and_begins_where_it_does() -> None:
    picture, _ = open_pictures(page(with_ring(None)), page(with_ring(None)))
    assert label_above(picture, (60, 122, 301, 39)) == "Opening day"
    assert label_above(picture, (60, 134, 301, 20)) is None, "its own words"
    assert label_above(picture, (20, 122, 301, 39)) is None, "it begins elsewhere"


def test_an_option_is_called_by_the_words_beside_it() -> None:
    def options(draw: ImageDraw.ImageDraw) -> None:
        for row, words in enumerate(("By post", "By train")):
            draw.ellipse((60, 120 + 30 * row, 76, 136 + 30 * row), "white", "#666666")
            draw.text((86, 118 + 30 * row), words, "#222222", font(16))
        draw.text((300, 118), "Newsletter", "#222222", font(16))

    picture, _ = open_pictures(page(options), page(options))
    assert name_beside(picture, (60, 150, 17, 17)) == "By train"
    assert name_beside(picture, (400, 118, 17, 17)) == "Newsletter", "left of it where nothing is right of it"
    assert name_beside(picture, (60, 240, 17, 17)) is None


def test_other_words_are_told_where_nothing_was_sure() -> None:
    pair = open_pictures(page(buttons()), page(buttons(), over("Settings")))
    box = (164, 120, 101, 33)
    change = called_by_found(*pair, MeasuredChange(box, box))
    assert (change.before_text, change.after_text) == ("Overview", "Settings")


def over(words: str) -> Draw:
    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        draw.rounded_rectangle((164, 120, 264, 152), 6, "#198754")
        draw.text((214, 136), words, "white", font(14), anchor="mm")

    return draw_it


def test_a_word_that_is_cut_can_be_left_out() -> None:
    picture, _ = open_pictures(page(entries("Opening hours", "About us")), page())
    box = (60, 120, round(font(18).getlength("Opening ho")), 24)
    assert [line.text[:10] for line in written_in(picture, box, 1)] == ["Opening ho"]
    assert written_in(picture, box, 1, whole=True) == []
    assert [line.text for line in written_in(picture, (50, 120, 160, 24), 1, whole=True)] == ["Opening hours"]


def test_a_gap_is_called_by_words_on_another_ground_above_it() -> None:
    def heading(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((40, 100, 600, 140), "#303a52")
        draw.text((60, 110), "Latest news", "white", font(16))

    pair = open_pictures(page(heading), page(heading))
    change = MeasuredChange((40, 160, 560, 20), None, (Fact("gap", {"pixels": -20}),))
    assert called_by_found(*pair, change).name == "Latest news"
    assert called_by_found(*pair, replace(change, before_box=(40, 300, 560, 20))).name is None


def ruled(*rows: int) -> Draw:
    """Two lines of words with lines drawn in some rows of pixels."""

    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        for row, words in enumerate(("Our team", "Visit us")):
            draw.text((60, 120 + 26 * row), words, "#222222", font(18))
        for row in rows:
            draw.line((60, row, 140, row), "#222222", 2)

    return draw_it


@pytest.mark.parametrize(
    ("row", "how", "name"),
    [(143, "underlined", "Our team"), (131, "crossed out", "Our team"), (157, "crossed out", "Visit us")],
)
def test_a_line_below_or_through_words_is_told_as_these(row: int, how: str, name: str) -> None:
    """The place may hold the line below as well."""
    pair = open_pictures(page(ruled(row)), page(ruled()))
    box = (60, row - 2, 80, 24)
    fact = Fact("underlined", {"in": "before", "as": how})
    (change,) = with_texts(*pair, [MeasuredChange(box, box, (fact,), thing="grey line")])
    assert (change.name, change.sentence) == (name, f"the text is no longer {how}")


def test_a_small_box_is_called_by_the_words_beside_it() -> None:
    def option(color: str) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            draw.rectangle((60, 150, 80, 170), color, "#666666")
            draw.text((92, 151), "By train", "#222222", font(16))

        return draw_it

    pair = open_pictures(page(option("white")), page(option("#d64545")))
    box = (60, 150, 21, 21)
    change = MeasuredChange(
        box, box, (Fact("outlined", {"in": "after", "by": "red", "by_hex": "#d64545"}),), thing="white box"
    )
    assert called(*pair, change).thing == "white box beside 'By train'"


def test_a_panel_is_called_by_its_own_words_rather_than_those_beside_it() -> None:
    def dialog(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((140, 120, 500, 240), "#ffffff", "#888888")
        draw.text((164, 140), "Delete it", "#222222", font(18))

    def words(draw: ImageDraw.ImageDraw) -> None:
        for row in range(7):
            draw.text(
                (20, 60 + 40 * row), "The garden is open in the morning and at noon", "#222222", font(16)
            )

    pair = open_pictures(page(words), page(words, dialog))
    change = MeasuredChange(None, (100, 90, 440, 180), (Fact("panel", {"in": "after", "as": "dialog"}),))
    assert name_of_thing(*pair, change) == "Delete it"


def test_a_thing_within_its_shadow() -> None:
    def box(shadow: bool) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            for width in range(24, 0, -1) if shadow else ():
                grey = 255 - 3 * (24 - width)
                draw.rectangle((100 - width, 140 - width, 400 + width, 180 + width), (grey,) * 3)
            draw.rectangle((100, 140, 400, 180), "#ffffff", "#888888")
            draw.text((114, 150), "Tuesday", "#222222", font(16))

        return draw_it

    pair = open_pictures(page(box(shadow=False)), page(box(shadow=True)))
    assert within_shadow(*pair, (77, 117, 347, 87)) == (100, 140, 301, 41)
    assert within_shadow(*open_pictures(page(), page().resize((320, 200))), (100, 100, 80, 80)) == (
        116,
        116,
        48,
        48,
    )


def test_a_sentence_above_a_box_is_no_label() -> None:
    def under(words: str, color: str) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            draw.text((60, 100), words, "#222222", font(16))
            draw.rectangle((60, 124, 360, 160), color, "#888888")

        return draw_it

    (change,) = find_changes(
        page(under("Open at noon.", "#ffe0a0")), page(under("Open at noon.", "#a0e0b0"))
    ).changes
    assert "below" not in change.sentence


def test_a_menu_that_fits_is_opened_by_what_it_begins_with() -> None:
    """The second button ends where the menu does, the first begins there."""

    def bar(draw: ImageDraw.ImageDraw) -> None:
        for left, words in ((70, "Pricing"), (152, "Contact")):
            draw.text((left, 76), words, "#222222", font(16))

    assert panel(page(bar), page(bar, menu(52)), 52).name == "Pricing"


def test_what_can_no_longer_be_read_is_called_as_before() -> None:
    """The ground has nearly the colour of the letters now."""

    def title(color: str) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            draw.rectangle((60, 110, 360, 160), color)
            draw.text((80, 124), "Authors", "#222222", font(18))

        return draw_it

    pair = open_pictures(page(title("#d8e0f0")), page(title("#24241f")))
    box = (60, 110, 301, 51)
    change = MeasuredChange(
        box, box, (Fact("recoloured", {"from": "light blue", "to": "black"}),), thing="box"
    )
    assert name_on(pair[1], box) is None
    assert name_of_thing(*pair, change) == "Authors"


def test_a_menu_at_the_edge_is_opened_by_the_last_words_above_it() -> None:
    """It had no room further right."""

    def bar(draw: ImageDraw.ImageDraw) -> None:
        for left, words in ((470, "Pricing"), (552, "Contact")):
            draw.text((left, 76), words, "#222222", font(16))

    assert panel(page(bar), page(bar, menu(462)), 462).name == "Contact"


def test_words_that_begin_far_from_a_panel_opened_none() -> None:
    def bar(draw: ImageDraw.ImageDraw) -> None:
        draw.text((126, 76), "Contact", "#222222", font(16))

    assert panel(page(bar), page(bar, menu(52)), 52).facts[0].values["as"] == "panel"


def test_two_things_beside_each_other_are_named_by_all_their_lines() -> None:
    def beside(first: str, second: str) -> Draw:
        def draw_it(draw: ImageDraw.ImageDraw) -> None:
            for left, words in ((60, first), (190, second)):
                draw.multiline_text((left, 120), words, "#222222", font(18), spacing=8)

        return draw_it

    pair = open_pictures(page(beside("Latest\nnews", "Return")), page(beside("Return", "Latest\nnews")))
    box = (56, 116, 210, 60)
    change = called_by_found(*pair, MeasuredChange(box, box, (Fact("swapped"),), thing="text"))
    assert change.sentence == "'Latest news' and 'Return' swapped places"


def bar(*entries: str) -> Draw:
    def draw_it(draw: ImageDraw.ImageDraw) -> None:
        left = 40
        for words in entries:
            draw.text((left, 120), words, "#222222", font(16))
            left += round(font(16).getlength(words)) + 34

    return draw_it


def test_the_entry_of_a_bar_that_pushed_all_others_is_told() -> None:
    others = ("Pricing", "Contact", "Services", "Search")
    pair = open_pictures(page(bar("Dashboard", *others)), page(bar("Team", *others)))
    box = (38, 118, 560, 26)
    change = called_by_found(*pair, MeasuredChange(box, box, thing="text"))
    assert change.sentence == "the text 'Dashboard' changed to 'Team'"
    pair = open_pictures(page(bar("Dashboard", *others)), page(bar("Team", "Prices", *others[1:])))
    assert not called_by_found(*pair, MeasuredChange(box, box, thing="text")).is_read


def test_what_moved_onto_other_words_is_called_by_those_that_stood_where_it_was() -> None:
    pair = open_pictures(
        page(entries("Sale of books", "$50.00")),
        page(entries("Sale of books", ""), lambda draw: draw.text((64, 124), "$50.00", "#777777", font(18))),
    )
    width = round(font(18).getlength("$50.00"))
    change = MeasuredChange(
        (60, 162, width, 18), (64, 126, width, 18), (Fact("moved", {"dx": 4, "dy": -36}),)
    )
    assert called_by_found(*pair, change).name == "$50.00"


def test_a_part_that_moved_is_called_by_its_line_whatever_it_was_called() -> None:
    before = page(lambda draw: draw.text((60, 120), "Header 2", "#222222", font(18)))
    after = page(lambda draw: draw.text((60, 220), "Header 2", "#222222", font(18)))
    left = 60 + round(font(18).getlength("Header "))
    part = MeasuredChange(
        (left, 122, 12, 18), (left, 222, 12, 18), (Fact("moved", {"dx": 0, "dy": 100}),), name="2"
    )
    assert called(*open_pictures(before, after), part).name == "Header 2"
    assert (
        called(
            *open_pictures(after, before), replace(part, before_box=part.after_box, after_box=part.before_box)
        ).name
        == "Header 2"
    )


@pytest.mark.parametrize(
    "facts", [(), (Fact("outlined", {"in": "after", "by": "red", "by_hex": "#d64545"}),)]
)
def test_a_switch_is_called_by_the_words_beside_it(facts: tuple[Fact, ...]) -> None:
    def switch(draw: ImageDraw.ImageDraw) -> None:
        draw.rounded_rectangle((60, 150, 100, 170), 10, "#666666")
        draw.text((122, 151), "By train", "#222222", font(16))

    pair = open_pictures(page(switch), page(switch))
    box = (59, 149, 43, 23)
    change = called(*pair, MeasuredChange(box, box, facts, thing="white button"))
    assert change.thing == "white button beside 'By train'"


def test_a_line_that_only_touches_a_place_is_not_of_it() -> None:
    picture, _ = open_pictures(page(entries("Our team", "About us")), page())
    assert [box[1] // 40 for _, box in lines_of_place(picture, (60, 136, 80, 60))] == [4]
    assert len(lines_of_place(picture, (60, 134, 80, 4))) == 1, "a dot at the foot of the line"


def test_words_beside_an_empty_place_are_of_its_line() -> None:
    parts = page(lambda draw: draw.text((40, 120), "Basket · Search ·", "#222222", font(18)),
                 lambda draw: draw.text((300, 120), "· Return", "#222222", font(18)))  # fmt: skip
    picture, _ = open_pictures(parts, parts)
    end = 40 + round(font(18).getlength("Basket · Search ·"))
    assert len(lines_of_place(picture, (end + 6, 122, 324 - end, 20))) == 2


def test_a_line_begins_with_its_thick_letters() -> None:
    """Stems of heavy letters are no walls at which the ground ends."""
    heavy = ImageFont.truetype("DejaVuSans-Bold.ttf", 30)
    image = page(lambda draw: draw.text((60, 120), "Shop close", "#222222", heavy))
    left = 60 + round(heavy.getlength("Shop "))
    (box,) = line_boxes(np.asarray(image), (left, 124, 80, 24))
    assert abs(box[0] - 60) < 4


def test_a_line_ends_where_its_ground_does_however_near_other_words_are() -> None:
    """The ground around a badge is no wider than a stem where letters stand beside it."""

    def badge(draw: ImageDraw.ImageDraw) -> None:
        draw.rectangle((0, 100, 400, 200), "#222222")
        draw.text((102, 126), "game", "#c8c8c8", font(22), anchor="rt")
        draw.rectangle((108, 120, 190, 150), "#76b900")
        draw.text((149, 135), "Revenue", "white", font(16), anchor="mm")

    left = 108 + 41 - round(font(16).getlength("Revenue") / 2)
    found = line_boxes(np.asarray(page(badge)), (left, 120, 190 - left, 31))
    assert min(box[0] for box in found) >= 104


def test_small_letters_that_are_doubted_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []

    def read_line(line: np.ndarray) -> tuple[str, float]:
        widths.append(line.shape[1])
        return ("Reseve", 0.95) if len(widths) == 1 else ("Reserve", 0.99)

    monkeypatch.setattr(written, "read_line", read_line)
    assert written.read_twice(np.zeros((20, 100, 3), np.uint8)) == ("Reserve", 0.99)
    assert widths == [100, 140]
    widths.clear()
    assert written.read_twice(np.zeros((40, 100, 3), np.uint8)) == ("Reseve", 0.95), "large letters"
    assert widths == [100]


def test_a_sentence_of_few_words_is_told_whole() -> None:
    before, after = "Or sign up with statistics", "Or sign up with credentials"
    assert changed_words(before, after) == (before, after)
