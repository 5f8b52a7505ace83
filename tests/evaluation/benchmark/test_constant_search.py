"""The search for the constant caption against scoring every candidate item by item."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from blip2idc.evaluation.benchmark import constant_search
from blip2idc.evaluation.benchmark.constant_search import Candidates
from blip2idc.evaluation.metrics import bleu, cider, rouge
from blip2idc.evaluation.metrics.corpus import Corpus, References, Statistics
from blip2idc.evaluation.metrics.meteor import scorer as meteor
from blip2idc.evaluation.metrics.ngrams import Floats

WORDS = ["the", "a", "red", "car", "man", "left", "right", "is", "gone", "gone", "gone", "now", "there"]
SEARCHES = {
    "bleu_4": (constant_search.bleu_4, bleu.statistics, 3),
    "cider_d": (constant_search.cider_d, cider.statistics, 0),
    "rouge_l": (constant_search.rouge_l, rouge.statistics, 0),
}


def references_of(rng: np.random.Generator, items: int) -> References:
    captions = [
        [
            [WORDS[k] for k in rng.integers(0, len(WORDS), rng.integers(0, 8))]
            for _ in range(rng.integers(1, 4))
        ]
        for _ in range(items)
    ]
    captions[0].append([])  # an empty reference, as Spot-the-Diff has them
    return References.from_tokens([str(n) for n in range(items)], captions, "words")


def as_written(references: References) -> list[str]:
    return [" ".join(tokens) for tokens in references.tokens]


def one_by_one(references: References, candidates: Candidates, name: str) -> Floats:
    """The same scores by saying each candidate of every item and leaving its own item out."""
    _, statistics, column = SEARCHES[name]
    scores = []
    for tokens, source in zip(candidates.tokens, candidates.source.tolist(), strict=True):
        said: Statistics = statistics(Corpus.from_tokens(references, [tokens] * len(references)))
        rest = np.flatnonzero(np.arange(len(references)) != source)
        scores.append(said.take(rest).corpus()[column])
    return np.array(scores)


@pytest.mark.parametrize("name", SEARCHES)
@pytest.mark.parametrize("items", [2, 3, 25])
def test_scores_are_those_of_scoring_one_by_one(rng: np.random.Generator, name: str, items: int) -> None:
    references = references_of(rng, items)
    candidates = Candidates.collect(references, as_written(references))
    found = SEARCHES[name][0](references, candidates)
    expected = one_by_one(references, candidates, name)
    tried = np.isfinite(found)
    np.testing.assert_allclose(found[tried], expected[tried], rtol=0, atol=1e-12)
    assert expected.max() == pytest.approx(found.max(), abs=1e-12)
    assert name == "rouge_l" or tried.all()


@pytest.mark.parametrize("name", SEARCHES)
def test_the_own_item_is_left_out(name: str) -> None:
    """Not vacuous: a caption that only its own pair resembles gains nothing from it."""
    own = ["a", "blue", "whale", "swims"]
    common = ["the", "car", "is", "gone"]
    references = References.from_tokens(
        list("abcd"), [[own], [common], [common], [["the", "car", "is", "here"]]], "words"
    )
    candidates = Candidates.collect(references, as_written(references))
    found = SEARCHES[name][0](references, candidates)
    scored = np.where(np.isfinite(found), found, 0.0)
    assert candidates.captions[int(np.argmax(found))] == "the car is gone"
    assert scored[0] == pytest.approx(0.0, abs=1e-6)


def test_candidates_are_distinct_and_know_their_source() -> None:
    tokens = [[["a"], ["b"]], [[], ["a"]], [["b"], ["c"], ["b"]]]
    references = References.from_tokens(["x", "y", "z"], tokens, "words")
    found = Candidates.collect(references, [" A ", "b.", "", "a", "b", "c", "b"])
    assert found.captions == ("A", "b.", "c")
    assert found.tokens == (("a",), ("b",), ("c",))
    assert found.source.tolist() == [0, 0, 2]
    assert found.frequency.tolist() == [2, 3, 1]
    assert found.take(np.array([2])).captions == ("c",)


def test_word_overlap_prefers_what_the_references_hold() -> None:
    tokens = [[["a", "red", "car"]], [["a", "red", "bus"]], [["zebra"]]]
    references = References.from_tokens(["x", "y", "z"], tokens, "words")
    candidates = Candidates.collect(references, as_written(references))
    scores = constant_search.word_overlap(references, candidates)
    assert int(np.argmin(scores)) == 2
    # "a red car": itself 1, the bus 2/3 in precision and recall, the zebra 0
    assert scores[0] == pytest.approx((1 + 2 / 3) / 3)


class CountingBackend:
    """Says that prediction and reference match in every word they share at the same place."""

    signature = "counting"
    note = None

    def align(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
        rows = np.zeros((len(predictions), meteor.COLUMNS))
        for row, prediction, options in zip(rows, predictions, references, strict=True):
            mine, theirs = prediction.split(), options[0].split()
            matches = sum(a == b for a, b in zip(mine, theirs, strict=False))
            row[0:2] = len(mine), len(theirs)
            row[4:6] = matches, matches
            row[20:23] = 1, matches, matches
        return rows


def test_meteor_leaves_the_own_item_out() -> None:
    tokens = [[["a", "b"]], [["a", "c"]], [["a", "c"]]]
    references = References.from_tokens(["x", "y", "z"], tokens, "words")
    candidates = Candidates.collect(references, as_written(references))
    scores = constant_search.meteor_of(references, candidates, CountingBackend())  # type: ignore[arg-type]
    assert candidates.captions[int(np.argmax(scores))] == "a c"
    assert scores[0] < scores[1]


def test_samples_are_the_same_every_time() -> None:
    first = constant_search._sample(1000, 20, seed=3)
    assert first.tolist() == constant_search._sample(1000, 20, seed=3).tolist()
    assert len(set(first.tolist())) == 20
    assert constant_search._sample(5, 20, seed=3).tolist() == [0, 1, 2, 3, 4]
