"""Sentences made of facts."""

from __future__ import annotations

import pytest

from blip2idc.images.changes.result import FACT_KINDS, Fact
from blip2idc.images.changes.sentences import sentence

VALUES = {
    "moved": {"dx": -6, "dy": 1},
    "resized": {"factor": 1.4},
    "recoloured": {"from": "blue", "from_hex": "#0d6efd", "to": "green", "to_hex": "#14a046"},
    "covered": {"by": "orange", "by_hex": "#ff8800"},
    "outlined": {"in": "after", "by": "blue", "by_hex": "#1a5fd0"},
    "panel": {"in": "before", "as": "dialog"},
    "theme": {"to": "dark"},
    "underlined": {"in": "before", "as": "crossed out"},
    "aligned": {"to": "right"},
    "spaced": {"in": "after", "mode": "letters"},
    "gap": {"pixels": 12},
    "overflow": {"in": "after"},
    "broken": {"in": "after"},
    "language": {"from": "French", "to": "English"},
    "scroll_bar": {"in": "after"},
    "caret": {"in": "after"},
    "rounded": {"in": "before"},
}
STARTS = {
    "scroll_bar": "the scroll bar ",
    "caret": "the caret ",
    "clock": "the clock ",
    "language": "the language ",
    "panel": "the dialog ",
    "gap": "the gap ",
}
SENTENCES = {
    "appeared": "a text appeared in the middle",
    "disappeared": "the text in the middle disappeared",
    "moved": "the text in the middle moved 6 pixels left and 1 pixel down",
    "resized": "the text in the middle grew to 1.40 times its size",
    "recoloured": "the blue text in the middle turned green (#0d6efd to #14a046)",
    "blurred": "the text in the middle became blurred",
    "sharpened": "the text in the middle became sharper",
    "brighter": "the text in the middle became brighter",
    "darker": "the text in the middle became darker",
    "covered": "the text in the middle was covered by an orange box",
    "noise": "the text in the middle became noisy",
    "outlined": "the text in the middle got a blue outline",
    "rounded": "the text in the middle has square corners now",
    "shadowed": "the text in the middle casts a shadow now",
    "theme": "the text in the middle turned dark, the theme changed",
    "unstyled": "the text in the middle lost its style sheet",
    "panel": "the dialog in the middle over the page is gone",
    "swapped": "the text in the middle and what is beside it swapped places",
    "replaced": "the text in the middle was replaced by another one",
    "faded": "the text in the middle faded, it became fainter",
    "greyed": "the text in the middle was greyed out",
    "bold": "the text in the middle became bold",
    "italic": "the text in the middle became italic",
    "underlined": "the text in the middle is no longer crossed out",
    "capitals": "the text in the middle is in capitals now",
    "aligned": "the text in the middle is aligned to the right now",
    "spaced": "the text in the middle has letters that are further apart",
    "checked": "the text in the middle was checked",
    "gap": "the gap in the middle became 12 pixels larger",
    "overflow": "the text in the middle runs out of its box now",
    "broken": "the text in the middle does not load now",
    "language": "the language of the page in the middle changed from French to English",
    "scroll_bar": "the scroll bar in the middle is shown now",
    "caret": "the caret in the middle is shown now",
    "clock": "the clock in the middle ran on",
}


@pytest.mark.parametrize("kind", FACT_KINDS)
def test_every_fact_has_a_sentence(kind: str) -> None:
    fact = Fact(kind, VALUES.get(kind, {}))
    assert sentence([fact], "text", "in the middle") == SENTENCES[kind]
    assert sentence([fact]).startswith(STARTS.get(kind, "something "))


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("", "something changed"),
        ("picture", "the picture changed"),
        ("part of the picture", "a part of the picture changed"),
    ],
)
def test_without_facts_it_says_that_something_changed(thing: str, said: str) -> None:
    assert sentence([], thing) == said


def test_two_shades_of_one_colour_are_told_apart_by_their_codes() -> None:
    fact = Fact("recoloured", {"from": "blue", "from_hex": "#0000ff", "to": "blue", "to_hex": "#2222ff"})
    assert sentence([fact], "blue box") == "the blue box turned a lighter blue (#0000ff to #2222ff)"


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        (Fact("outlined", {"in": "after", "by": "orange", "by_hex": "#d9480f"}), "got an orange outline"),
        (Fact("outlined", {"in": "before", "by": "orange", "by_hex": "#d9480f"}), "lost its orange outline"),
        (Fact("gap", {"pixels": 1}), "became 1 pixel larger"),
        (Fact("gap", {"pixels": -2}), "became 2 pixels smaller"),
        (Fact("moved", {"dx": 1, "dy": -1}), "moved 1 pixel right and 1 pixel up"),
    ],
)
def test_articles_and_numbers_agree_with_their_words(fact: Fact, said: str) -> None:
    thing = "gap" if fact.kind == "gap" else "blue button"
    assert sentence([fact], "blue button") == f"the {thing} {said}"
