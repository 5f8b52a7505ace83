"""What is told of the words that were read before and after: the reader's answers are given here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.images.changes import Fact, MeasuredChange
from blip2idc.images.changes.pictures import open_pictures
from blip2idc.images.changes.result import Box
from blip2idc.images.changes.texts import texts, written
from blip2idc.images.changes.texts.bars import MENU_BUTTON
from blip2idc.images.changes.texts.texts import with_texts

pytest.importorskip("rapidocr", reason="the extra [ocr] is not installed")

BOX = (40, 40, 200, 30)
MOVED = Fact("moved", {"dx": 0, "dy": 4})


def page(*drawn: tuple[int, int, str, int], size: tuple[int, int] = (600, 300)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    for x, y, words, height in drawn:
        ImageDraw.Draw(image).text(
            (x, y), words, "#222222", ImageFont.truetype("DejaVuSans.ttf", height), spacing=8
        )
    return image


def told(
    monkeypatch: pytest.MonkeyPatch,
    change: MeasuredChange,
    before: list[tuple[str, Box]],
    after: list[tuple[str, Box]],
    pair: tuple[Image.Image, Image.Image] | None = None,
    sure: float = 0.99,
) -> MeasuredChange:
    """A change with what is told of it where certain lines are read before and after."""
    first, second = open_pictures(*(pair or (page(), page())))
    monkeypatch.setattr(texts, "can_read", lambda: True)
    monkeypatch.setattr(
        written,
        "read_lines",
        lambda picture, lines, _: [
            written.Written(text, sure, box) for text, box in (before if picture is first else after)
        ],
    )
    (change,) = with_texts(first, second, [change])
    return change


def lines(*words: str, width: int = 200) -> list[tuple[str, Box]]:
    return [(text, (40, 40 + 30 * row, width, 20)) for row, text in enumerate(words)]


@pytest.mark.parametrize(
    "change",
    [
        MeasuredChange((0, 0, 1400, 1200), (0, 0, 1400, 1200), thing="text"),
        MeasuredChange(BOX, BOX, thing=MENU_BUTTON),
        MeasuredChange(BOX, BOX, thing="picture"),
        MeasuredChange(BOX, BOX, thing="grey line"),
        MeasuredChange((40, 40, 200, 200), (40, 40, 200, 200), thing="blue shape"),
    ],
)
def test_what_is_too_large_or_no_text_is_not_read(
    monkeypatch: pytest.MonkeyPatch, change: MeasuredChange
) -> None:
    blank = page(size=(1400, 1200))
    assert told(monkeypatch, change, lines("Sign in"), lines("Log out"), (blank, blank)) == change
    small = replace(change, before_box=BOX, after_box=BOX, thing="text")
    assert told(monkeypatch, small, lines("Sign in"), lines("Log out")).is_read


@pytest.mark.parametrize(
    ("before", "after", "width", "side"),
    [
        (("The garden is open", "every day"), ("The garden is open ev",), 560, "after"),
        (("The garden is open ev",), ("The garden is open", "every day"), 560, "before"),
        (("The garden is open", "every day"), ("The garden is open ev",), 500, ""),
        (("The garden is open", "every day"), ("The river is open ev",), 560, ""),
        (("The garden is open", "every day"), ("The",), 560, ""),
    ],
)
def test_lines_that_became_one_which_the_edge_cuts_off(
    monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...], after: tuple[str, ...], width: int, side: str
) -> None:
    read = lines(*before, width=width), lines(*after, width=width)
    change = told(monkeypatch, MeasuredChange(BOX, BOX, thing="text"), *read)
    overflow = change.fact("overflow")
    assert (overflow.values["in"] if overflow else "") == side


def test_words_that_swapped_places_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    change = told(monkeypatch, MeasuredChange(BOX, BOX), lines("Home | About us"), lines("About us | Home"))
    assert (change.facts, change.thing) == ((Fact("swapped"),), "text")
    assert change.sentence == "'Home' and 'About us' swapped places"
    assert not change.is_read


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (MeasuredChange(BOX, BOX, thing="text"), ("49",), ("·",)),
        (
            MeasuredChange(BOX, BOX, (Fact("appeared"),), thing="text"),
            ("Open today", "at noon"),
            ("Open today",),
        ),
        (
            MeasuredChange(BOX, BOX, (Fact("disappeared"),), thing="text"),
            ("Open today",),
            ("Open today", "at noon"),
        ),
        (MeasuredChange(BOX, (40, 44, 200, 30), (MOVED,), thing="text"), ("Open",), ("Open today",)),
        (MeasuredChange(BOX, (40, 44, 200, 30), (MOVED,), thing="text"), ("Open today",), ("Open",)),
    ],
    ids=[
        "a dot",
        "appeared but lost",
        "disappeared but gained",
        "moved beside words",
        "moved away from words",
    ],
)
def test_what_was_read_against_what_was_measured_is_not_told(
    monkeypatch: pytest.MonkeyPatch, change: MeasuredChange, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    pair = page((44, 44, "Open today", 18)), page((44, 44, "Open today", 18))
    found = told(monkeypatch, change, lines(*before), lines(*after), pair)
    assert (found.before_text, found.after_text, found.facts) == (None, None, change.facts)


def test_words_that_moved_and_are_others_now_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = page((44, 44, "Open today", 18)), page((44, 44, "Open today", 18))
    change = MeasuredChange(BOX, (40, 44, 200, 30), (MOVED,), thing="text")
    change = told(monkeypatch, change, lines("Open today"), lines("Closed"), pair)
    assert (change.sentence, change.facts) == ("the text 'Open today' changed to 'Closed'", ())


def test_words_that_moved_onto_others_are_read_where_they_stood_free(monkeypatch: pytest.MonkeyPatch) -> None:
    other = 44, 200, "Contact", 18
    pair = page((44, 44, "Sign in", 18), other), page((44, 200, "Sign in", 18), other)
    change = MeasuredChange(
        (42, 42, 70, 26), (42, 198, 70, 26), (Fact("moved", {"dx": 0, "dy": 156}),), thing="text"
    )
    found = told(monkeypatch, change, lines("Sign in"), lines("Sontinct"), pair)
    assert (found.name, found.facts, found.is_read) == ("Sign in", change.facts, False)


def test_other_words_in_another_free_place_are_no_words_that_moved() -> None:
    pair = open_pictures(page((44, 44, "Sign in", 18)), page((44, 200, "Log out", 18)))
    moved = Fact("moved", {"dx": 0, "dy": 156})
    (change,) = with_texts(
        *pair, [MeasuredChange((42, 42, 74, 26), (42, 198, 74, 26), (moved,), thing="text")]
    )
    assert change.sentence == "the text 'Sign in' changed to 'Log out'"


@pytest.mark.parametrize(("left", "is_told"), [(40, False), (420, True)])
def test_letters_that_are_read_otherwise_where_no_pixel_changed(
    monkeypatch: pytest.MonkeyPatch, left: int, is_told: bool
) -> None:
    box = (left, 40, 30, 20)
    read = (lines(f"Opening hours of our {word}", width=480) for word in ("garden", "gardon"))
    assert told(monkeypatch, MeasuredChange(box, box, thing="text"), *read).is_read == is_told


def test_a_line_below_words_that_is_a_box_is_called_by_its_words() -> None:
    """It has another size, so that no line is looked for."""
    pair = open_pictures(page((44, 44, "Our team", 18)), page((44, 44, "Our team", 18)))
    fact = Fact("underlined", {"in": "after", "as": "underlined"})
    (change,) = with_texts(
        *pair, [MeasuredChange((36, 36, 120, 36), (36, 36, 120, 38), (fact,), thing="box")]
    )
    assert (change.name, change.thing) == ("Our team", "box")


@pytest.mark.parametrize(
    ("facts", "size", "words", "thing"),
    [
        ((Fact("appeared"),), (160, 120), "Visitors", "card"),
        ((Fact("disappeared"),), (160, 120), "Visitors", "card"),
        ((Fact("appeared"),), (160, 120), "", "white shape"),
        ((Fact("appeared"),), (70, 120), "News", "white shape"),
        ((), (160, 120), "Visitors", "white shape"),
    ],
)
def test_a_shape_with_a_title_is_a_card(
    facts: tuple[Fact, ...], size: tuple[int, int], words: str, thing: str
) -> None:
    shown = page((52, 52, words, 16))
    ImageDraw.Draw(shown).rectangle((40, 40, 39 + size[0], 39 + size[1]), None, "#888888")
    box = (40, 40, *size)
    (change,) = with_texts(
        *open_pictures(shown, shown), [MeasuredChange(box, box, facts, thing="white shape")]
    )
    assert change.thing == thing


def test_letters_that_seem_bold_but_are_others(monkeypatch: pytest.MonkeyPatch) -> None:
    fact = Fact("bold", {"in": "after"})
    change = told(
        monkeypatch,
        MeasuredChange(BOX, BOX, (fact,), thing="text"),
        [("Sign in", (44, 44, 90, 20))],
        [("Log out", (44, 44, 90, 20))],
    )
    assert (change.sentence, change.facts) == ("the text 'Sign in' changed to 'Log out'", ())


def test_the_same_words_drawn_otherwise_where_nothing_was_sure() -> None:
    pair = open_pictures(page((44, 44, "Opening hours", 18)), page((44, 42, "Opening hours", 24)))
    (change,) = with_texts(*pair, [MeasuredChange((40, 40, 180, 32), (40, 40, 180, 32))])
    assert [(fact.kind, fact.values["factor"]) for fact in change.facts] == [("resized", 1.33)]
    assert (change.thing, change.name) == ("text", "Opening hours")


def test_lines_that_gave_way_where_nothing_was_sure() -> None:
    block = "Open in spring\nfrom nine to five\nand in summer\nuntil the evening"
    pair = open_pictures(*(page((44, 20, "News", 18), (44, y, block, 16)) for y in (70, 76)))
    (change,) = with_texts(*pair, [MeasuredChange((40, 68, 180, 110), (40, 68, 180, 110), thing="text")])
    assert (change.facts, change.thing) == ((Fact("gap", {"pixels": 6}),), "")
    assert change.name == "News"


@pytest.mark.parametrize(
    ("words", "sure", "after_box", "kinds"),
    [
        ("Sign in", 0.99, BOX, ["appeared"]),
        ("Sign in", 0.8, BOX, []),
        ("in", 0.99, BOX, []),
        ("Sign in", 0.99, (44, 40, 200, 30), []),
    ],
    ids=["surely", "not surely", "two letters", "in another place"],
)
@pytest.mark.parametrize("back", [False, True])
def test_words_that_are_read_on_one_side_alone(
    monkeypatch: pytest.MonkeyPatch, words: str, sure: float, after_box: Box, kinds: list[str], back: bool
) -> None:
    read = lines(words), []
    change = told(monkeypatch, MeasuredChange(BOX, after_box), *(read if back else read[::-1]), sure=sure)
    assert [fact.kind for fact in change.facts] == (["disappeared"] * bool(kinds) if back else kinds)
    assert (change.before_text, change.after_text) == (
        (words if kinds and back else None),
        (words if kinds and not back else None),
    )
    assert change.name == (words if after_box != BOX else None)


def test_words_that_became_faint_are_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = page((44, 44, "Sign in", 18)), page((44, 44, "Sign in", 18))
    pixels = np.asarray(pair[1]).astype(float)
    pair = pair[0], Image.fromarray((255 - 0.05 * (255 - pixels)).astype(np.uint8))
    box = (40, 40, 90, 30)
    change = told(monkeypatch, MeasuredChange(box, box), [("Sign in", (44, 44, 70, 22))], [], pair)
    assert (change.facts, change.name, change.thing) == ((), "Sign in", "text")
