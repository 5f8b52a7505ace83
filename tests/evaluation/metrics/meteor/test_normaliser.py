"""METEOR's words: what its program made of these captions (`tests/parity/record_meteor.py` records more)."""

from __future__ import annotations

import pytest

from blip2idc.evaluation.metrics.meteor.normaliser import Normaliser

NORMALISE = Normaliser(frozenset({"A", "Mr", "e.g"}), frozenset({"No"}))


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("", ""),
        ("the car", "the car"),
        ("red-blue", "red blue"),
        ("a-b-c", "a b-c"),
        ("u.s.", "us"),
        ("the u.s. flag", "the us flag"),
        ("it 's", "it ' s"),
        ("don't", "don 't"),
        ("1990's", "1990 's"),
        ("50%", "50 %"),
        ("1,000.5", "1,000.5"),
        ("red,green", "red , green"),
        ("a,,b", "a , ,b"),
        ("stop.", "stop ."),
        ("no. five", "no. five"),
        ("No. 5", "no. 5"),
        ("no. 5", "no . 5"),
        ("Mr. Bean", "mr. bean"),
        ("gone..", "gone .."),
        ("``x''", '" x "'),
        ("“a” – ‘b’", "\" a \" - ' b '"),
        ("1\u00a01/2", "1 1 / 2"),
        ("日本", "日 本"),
        ("café", "café"),
        ("-lrb-", "-lrb-"),
    ],
)
def test_words(caption: str, expected: str) -> None:
    assert NORMALISE([caption]) == [expected.split(" ") if expected else []]


def test_captions_do_not_touch_each_other() -> None:
    """All of them go through one text: a rule that looks at its neighbours must not look into the next caption."""
    captions = ["'a", "b'", "", "1,", "2 ,x", "a.", "b", "-", "x-", "y", "it 's"]
    assert NORMALISE(captions) == [NORMALISE([caption])[0] for caption in captions]
