"""Texts of changes: which are read, and what is said of them. The reader itself is replaced but in one test."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from blip2idc.errors import MissingExtraError
from blip2idc.images.changes import find_changes
from blip2idc.images.changes.texts import names, reading, texts, written
from blip2idc.images.changes.texts.words import changed_lines, changed_words


def page(price: str = "49.00 €", button: str = "#0d6efd") -> Image.Image:
    image = Image.new("RGB", (600, 300), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSans.ttf", 20)
    draw.text((40, 40), "Things of use for the house and the garden", "#222222", font)
    draw.text((40, 120), price, "#222222", font)
    draw.rectangle((40, 200, 199, 249), fill=button)
    return image


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What was given to the reader, which answers with numbers that count up."""
    seen: list[np.ndarray] = []

    def read_line(line: np.ndarray) -> tuple[str, float]:
        seen.append(line)
        return f"line {len(seen)}", 0.99

    for module in (written, names):
        monkeypatch.setattr(module, "read_line", read_line)
    monkeypatch.setattr(texts, "can_read", lambda: True)
    return seen


def test_both_sides_of_a_changed_text_are_named(read: list[np.ndarray]) -> None:
    (change,) = find_changes(page(), page("99.00 €")).changes
    assert (change.before_text, change.after_text) == ("line 1", "line 2")
    assert change.sentence == "the text 'line 1' changed to 'line 2'"
    assert [line.shape for line in read] == [read[0].shape] * 2


def test_a_text_that_was_not_there_is_named_alone(read: list[np.ndarray]) -> None:
    (change,) = find_changes(page(""), page()).changes
    assert (change.before_text, change.after_text) == (None, "line 1")
    assert change.sentence == "the text 'line 1' appeared"


def test_what_was_recoloured_is_not_read(read: list[np.ndarray]) -> None:
    (change,) = find_changes(page(), page(button="#14a046")).changes
    assert (change.before_text, change.after_text) == (None, None)
    assert read == []


def test_the_words_on_a_thing_are_its_name(read: list[np.ndarray]) -> None:
    pages = [page(), page(button="#14a046")]
    for image in pages:
        ImageDraw.Draw(image).text((62, 213), "Continue", "white", ImageFont.truetype("DejaVuSans.ttf", 20))
    (change,) = find_changes(*pages).changes
    assert (change.before_text, change.after_text, change.name) == (None, None, "line 1")
    assert len(read) == 1


def test_an_unsure_reading_is_not_told(read: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "read_line", lambda line: ("49", 0.4))
    (change,) = find_changes(page(), page("99.00 €")).changes
    assert (change.before_text, change.sentence) == (None, "something changed")


@pytest.mark.parametrize(
    ("old", "new", "side"),
    [("Sign in", "SIGN IN", "after"), ("SIGN IN", "Sign in", "before"), ("A bc", "a bC", "")],
)
def test_another_case_of_the_same_letters(
    read: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, old: str, new: str, side: str
) -> None:
    images = page(old), page(new)

    def read_lines(picture: written.Picture, lines: written.Lines, sure: float) -> list[written.Written]:
        text = old if picture.source is images[0] else new
        return [written.Written(text, 0.99, box) for _, box in lines]

    monkeypatch.setattr(written, "read_lines", read_lines)
    (change,) = find_changes(*images).changes
    assert [(fact.kind, fact.values["in"]) for fact in change.facts] == [("capitals", side)] * bool(side)
    assert (change.thing, change.name) == ("text", new)
    assert (change.before_text, change.after_text) == (None, None)


def test_words_in_capitals_are_named_with_the_numbers_beside_them(
    read: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    images = page("MARCH, 01, 2020"), page("March, 01, 2020")
    monkeypatch.setattr(
        written,
        "read_lines",
        lambda picture, lines, sure: [
            written.Written("MARCH, 01" if picture.source is images[0] else "March, 01", 0.99, box)
            for _, box in lines
        ],
    )
    (change,) = find_changes(*images).changes
    assert (change.facts[0].kind, change.name) == ("capitals", "March, 01")


@pytest.mark.parametrize("back", [False, True])
def test_a_banner_that_asks_for_consent(
    read: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    monkeypatch.setattr(written, "read_line", lambda line: ("We use cookies", 0.99))
    bare, asked = page(), page()
    ImageDraw.Draw(asked).text(
        (240, 214), "We use cookies", "#222222", ImageFont.truetype("DejaVuSans.ttf", 20)
    )
    (change,) = find_changes(*((asked, bare) if back else (bare, asked))).changes
    (fact,) = change.facts
    assert (fact.kind, fact.values) == ("panel", {"in": "before" if back else "after", "as": "cookie banner"})
    assert change.thing == "banner"


def test_texts_can_be_left_out(read: list[np.ndarray]) -> None:
    find_changes(page(), page("99.00 €"), texts=False)
    assert read == []


def test_without_the_extra_nothing_is_missing_but_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reading, texts):
        monkeypatch.setattr(module, "can_read", lambda: False)
    (change,) = find_changes(page(), page("99.00 €")).changes
    assert (change.before_text, change.sentence) == (None, "something changed")
    reading._reader.cache_clear()
    with pytest.raises(MissingExtraError, match=r"blip2idc\[ocr\]"):
        reading.read_line(np.full((20, 60, 3), 255, np.uint8))


def test_a_price_is_read() -> None:
    (change,) = find_changes(page(), page("99.00 €")).changes
    assert (change.before_text, change.after_text) == ("49.00 €", "99.00 €")


def test_of_a_long_line_only_the_words_that_changed_are_named() -> None:
    line = "the garden opens {} in the morning, from {} on"
    assert changed_words(line.format("early", "$ 9"), line.format("late", "$ 9")) == ("early", "late")
    assert changed_words(line.format("early", "8"), line.format("late", "9")) == ("early … 8", "late … 9")


def test_lines_that_stay_are_left_out() -> None:
    assert changed_lines(["one", "two", "three"], ["one", "2", "three"]) == ("two", "2")
    assert changed_lines(["one", "three"], ["one", "two", "three"]) == ("", "two")
