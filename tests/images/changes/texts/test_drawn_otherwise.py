"""What is told of lines whose words are known to be the same, from their ink alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFont
from tests.images.changes.facts.pages import test_letters as drawn

from blip2idc.images.changes import Fact
from blip2idc.images.changes.facts.pages.letters import Line, line_of
from blip2idc.images.changes.texts.same_words import same_words


def lines_of(image: Image.Image) -> list[Line]:
    """What stands below the heading in the left half, row by row."""
    values = np.asarray(image)
    inked = (np.abs(values.astype(int) - values[50, 470]) > 20).any(axis=2)[50:290, :270]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.any(axis=1), [0]])))
    found = []
    for top, bottom in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        columns = np.flatnonzero(inked[top:bottom].any(axis=0))
        box = int(columns[0]), 50 + top, int(np.ptp(columns)) + 1, bottom - top
        found.append(line_of(values, box))
    return found


def told(before: Image.Image, after: Image.Image) -> Fact | None:
    return same_words(list(zip(lines_of(before), lines_of(after), strict=True)))


def line(*words: tuple[str, str], space: int = 8, color: str = "#333333") -> Image.Image:
    """Words beside each other, each in a face of its own."""
    image, draw = drawn.page()
    left = 30
    for word, face in words:
        font = ImageFont.truetype(face, 16)
        draw.text((left, 120), word, color, font)
        left += round(font.getlength(word)) + space
    return image


def letters(step: int) -> Image.Image:
    image, draw = drawn.page()
    left = 30
    for letter in "Opening hours":
        draw.text((left, 120), letter, "#333333", drawn.font(16))
        left += round(drawn.font(16).getlength(letter)) + step
    return image


REGULAR, BOLD = "DejaVuSans.ttf", "DejaVuSans-Bold.ttf"


@pytest.mark.parametrize("to", ["centre", "right"])
def test_lines_of_a_block(to: str) -> None:
    assert told(drawn.lines(), drawn.lines(to)) == Fact("aligned", {"to": to})
    assert told(drawn.lines(to), drawn.lines()) == Fact("aligned", {"to": "left"})
    assert told(drawn.lines(), drawn.lines(step=27)) == Fact("spaced", {"in": "after", "mode": "lines"})
    assert told(drawn.lines(step=27), drawn.lines()) == Fact("spaced", {"in": "before", "mode": "lines"})


@pytest.mark.parametrize("size", [11, 17, 19])
def test_another_size(size: int) -> None:
    for before, after, factor in (
        (drawn.words(), drawn.words(size), size / 14),
        (drawn.words(size), drawn.words(), 14 / size),
    ):
        fact = told(before, after)
        assert fact is not None
        assert fact.kind == "resized"
        assert float(fact.values["factor"]) == pytest.approx(factor, rel=0.06)


def test_another_colour_place_and_slant() -> None:
    fact = told(drawn.words(), drawn.words(color="#c01010"))
    assert fact is not None
    assert (fact.kind, fact.values["to"]) == ("recoloured", "red")
    for key, color in (("from_hex", (0x55, 0x55, 0x55)), ("to_hex", (0xC0, 0x10, 0x10))):
        assert tuple(bytes.fromhex(str(fact.values[key])[1:])) == pytest.approx(color, abs=8)
    assert told(drawn.words(), drawn.words(color="#5c5c5c")) is None  # too near to be told by the ink
    assert told(drawn.words(), drawn.words(left=38)) == Fact("moved", {"dx": 8, "dy": 0})
    assert told(drawn.words(left=38), drawn.words()) == Fact("moved", {"dx": -8, "dy": 0})
    assert told(drawn.words(), drawn.words(left=31)) is None
    assert told(drawn.words(), drawn.slanted()) == Fact("italic", {"in": "after"})
    assert told(drawn.slanted(), drawn.words()) == Fact("italic", {"in": "before"})


def test_bold_letters_and_letters_that_are_further_apart() -> None:
    regular, bold = line(("Opening", REGULAR), ("hours", REGULAR)), line(("Opening", BOLD), ("hours", BOLD))
    assert told(regular, bold) == Fact("bold", {"in": "after"})
    assert told(bold, regular) == Fact("bold", {"in": "before"})
    assert told(letters(0), letters(2)) == Fact("spaced", {"in": "after", "mode": "letters"})
    assert told(letters(2), letters(0)) == Fact("spaced", {"in": "before", "mode": "letters"})


def test_one_word_among_others() -> None:
    """The words behind it gave way, which is not told."""
    plain = line(("All", REGULAR), ("seeds", REGULAR), ("in", REGULAR), ("stock", REGULAR))
    bold = line(("All", REGULAR), ("seeds", BOLD), ("in", REGULAR), ("stock", REGULAR))
    assert told(plain, bold) == Fact("bold", {"in": "after"})
    assert told(bold, plain) == Fact("bold", {"in": "before"})


def test_lines_that_gave_way_together_are_a_gap() -> None:
    def block(top: int) -> Image.Image:
        image, draw = drawn.page()
        for place, words in enumerate((*drawn.LINES, "closed on holidays")):
            draw.text((40, top + 30 * place), words, "#222222", drawn.font(13))
        return image

    assert told(block(70), block(88)) == Fact("gap", {"pixels": 18})
    assert told(block(88), block(70)) == Fact("gap", {"pixels": -18})


def test_on_another_ground_nothing_is_told() -> None:
    before = drawn.words()
    after = drawn.words(left=38)
    pixels = np.asarray(after).copy()
    pixels[60:] -= np.minimum(pixels[60:], 40)
    assert told(before, Image.fromarray(pixels)) is None


def test_letters_further_apart_and_a_little_taller_tell_nothing() -> None:
    before, after = lines_of(letters(0)), lines_of(letters(4))
    assert same_words(list(zip(before, after, strict=True))) == Fact(
        "spaced", {"in": "after", "mode": "letters"}
    )
    image = letters(4)
    taller = image.resize((image.width, round(1.1 * image.height)), Image.Resampling.BICUBIC)
    assert same_words(list(zip(before, lines_of(taller), strict=True))) is None
