"""Stems: words that tell the stemmer of METEOR from newer and older ones; all recorded ones lie beside the checkout."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from blip2idc.evaluation.metrics.meteor.stemmer import stem

RECORDED = Path(__file__).parents[5] / "shared" / "metrics" / "java_stems.json.gz"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("added", "ad"),  # newer Snowball: add
        ("adding", "ad"),
        ("generously", "generous"),
        ("communism", "communism"),
        ("skies", "sky"),
        ("dying", "die"),
        ("cries", "cri"),
        ("ties", "tie"),
        ("dogs'", "dog"),
        ("'s", "'s"),
        ("hoping", "hope"),
        ("hopping", "hop"),
        ("proceed", "proceed"),
        ("say", "say"),
        ("by", "by"),
        ("relational", "relat"),
        ("agreed", "agre"),
        ("feed", "feed"),
        ("organized", "organ"),
        ("adjustment", "adjust"),
        ("replacement", "replac"),
        ("adoption", "adopt"),
        ("opinion", "opinion"),
        ("controlling", "control"),
        ("roll", "roll"),
        ("cease", "ceas"),
        ("rate", "rate"),
        ("sensitivity", "sensit"),
        ("formalize", "formal"),
        ("electrical", "electr"),
        ("hopefulness", "hope"),
        ("...", "..."),
        ("", ""),
        ("café", "café"),
    ],
)
def test_stems(word: str, expected: str) -> None:
    assert stem(word) == expected


@pytest.mark.shared
@pytest.mark.skipif(not RECORDED.is_file(), reason=f"no recorded stems in {RECORDED.parent}")
def test_all_recorded_stems() -> None:
    with gzip.open(RECORDED, "rt", encoding="utf-8") as file:
        recorded = json.load(file)
    assert len(recorded) > 150_000
    assert {word: stem(word) for word in recorded} == recorded
