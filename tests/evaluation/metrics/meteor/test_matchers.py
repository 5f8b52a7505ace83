"""What can be matched: words by their form, stem and synonym sets, phrases in both directions, in METEOR's order."""

from __future__ import annotations

import pytest

from blip2idc.evaluation.metrics.meteor.captions import Vocabulary
from blip2idc.evaluation.metrics.meteor.matchers import EXACT, PARAPHRASE, STEM, SYNONYM, Match, find_matches
from blip2idc.evaluation.metrics.meteor.sources import Sources
from blip2idc.evaluation.metrics.meteor.tables import compile_tables
from blip2idc.evaluation.metrics.meteor.wordnet import WordNet


@pytest.fixture
def vocabulary(tiny: Sources) -> Vocabulary:
    return Vocabulary(compile_tables(tiny))


def matches(vocabulary: Vocabulary, prediction: str, reference: str) -> list[Match]:
    vocabulary.learn([prediction, reference])
    found = find_matches(vocabulary.caption(prediction), vocabulary.caption(reference), vocabulary)
    return [match for here in found for match in here]


def test_each_matcher(vocabulary: Vocabulary) -> None:
    assert matches(vocabulary, "the car", "the cars") == [
        (0, 1, 0, 1, EXACT),
        (1, 1, 1, 1, STEM),
        (1, 1, 1, 1, SYNONYM),
    ]
    assert matches(vocabulary, "mice", "rodents") == [(0, 1, 0, 1, SYNONYM)]
    assert matches(vocabulary, "big", "large") == [(0, 1, 0, 1, SYNONYM)]
    assert matches(vocabulary, "before it", "in front of it") == [
        (0, 3, 0, 1, PARAPHRASE),
        (3, 1, 1, 1, EXACT),
    ]
    assert matches(vocabulary, "big", "small") == []
    assert matches(vocabulary, "", "") == []


def test_both_directions_count(vocabulary: Vocabulary) -> None:
    """Phrases of the reference first, in the order of METEOR's file, then those of the prediction."""
    assert matches(vocabulary, "facing before", "in front of") == [
        (0, 3, 1, 1, PARAPHRASE),
        (0, 3, 0, 1, PARAPHRASE),
    ]
    assert matches(vocabulary, "in front of", "x facing") == [(1, 1, 0, 3, PARAPHRASE)]


def test_identical_captions_match_exactly_only(vocabulary: Vocabulary) -> None:
    found = matches(vocabulary, "car vehicle car", "car vehicle car")
    assert {matcher for *_, matcher in found} == {EXACT}
    assert len(found) == 5


def test_a_vocabulary_may_grow(vocabulary: Vocabulary) -> None:
    """Captions learnt later are related to those learnt before, in either direction."""
    vocabulary.learn(["the car is gone"])
    assert matches(vocabulary, "the vehicle has left", "the car is gone") == [
        (0, 1, 0, 1, EXACT),
        (1, 1, 1, 1, PARAPHRASE),
        (2, 2, 2, 2, PARAPHRASE),
    ]


def test_synonym_sets(tiny: Sources) -> None:
    wordnet = WordNet(compile_tables(tiny))
    assert wordnet.synonym_sets(["big", "cars", "mice", "of", "automobiles", "bigss", "", "big\0"]) == [
        {1, 2}, {7}, {9}, set(), {7, 8}, set(), set(), set(),
    ]  # fmt: skip
    assert wordnet.synonym_sets([]) == []
