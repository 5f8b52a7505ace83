"""References and predictions as a corpus: names of what made them, items alone, and what is worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from blip2idc.errors import InputError
from blip2idc.evaluation.metrics import bleu, cider
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.tokenizer.tokenize import TOKENIZER_SIGNATURE

CAPTIONS = [
    ["a car has left", "the car left the lot"],
    ["two people"],
    ["no change", "nothing", "all is as it was"],
]
PREDICTIONS = ["the car has left", "two people walk", "nothing"]


def cut(captions: Sequence[str], mark: str) -> list[list[str]]:
    return [caption.split(mark) for caption in captions]


def test_the_tokenizer_is_named() -> None:
    assert References.build(["a"], [["x y"]]).tokenizer == TOKENIZER_SIGNATURE
    assert (
        References.build(["a"], [["x y"]], partial(cut, mark=" ")).tokenizer == "custom"
    )  # has no name of its own


def test_statistics_of_some_items_are_scored_as_all_are() -> None:
    built = References.build(["a", "b", "c"], CAPTIONS)
    for family in (bleu, cider):
        whole = family.statistics(Corpus.build(built, PREDICTIONS))
        some = whole.take(np.array([2, 0]))
        assert some.names == whole.names == family.NAMES
        assert len(some) == 2
        assert np.array_equal(some.per_item(), whole.per_item()[[2, 0]])
        assert some.corpus() == pytest.approx(
            whole.aggregate(whole.values[[0, 2]].sum(axis=0)[None], np.array([2.0]))[0]
        )


def test_some_items_are_a_corpus_of_their_own_made_by_the_same_tokenizer() -> None:
    built = References.build(["a", "b", "c"], CAPTIONS, partial(cut, mark=" "))
    some = Corpus.build(built, PREDICTIONS).take(np.array([2, 0]))
    assert len(some) == len(some.predictions) == 2
    assert some.references.ids == ("c", "a")
    assert some.references.tokenizer == "custom"
    assert some.references.tokens == (*built.of_item(2), *built.of_item(0))
    assert some.tokens == (["nothing"], ["the", "car", "has", "left"])


def test_what_a_metric_derives_from_references_is_worked_out_once() -> None:
    built = References.build(["a", "b", "c"], CAPTIONS)
    calls: list[References] = []

    def build(references: References) -> int:
        calls.append(references)
        return len(references)

    assert (built.side(build), built.side(build)) == (3, 3)
    assert calls == [built]


def test_items_are_told_apart_in_a_fault() -> None:
    with pytest.raises(InputError, match=r"^2 items have no reference, first 'b'; each needs at least one$"):
        References.from_tokens(["a", "b", "c"], [[["x"]], [], []])
    with pytest.raises(InputError, match=r"^2 ids came with the references of 1 items; give one id an item$"):
        References.from_tokens(["a", "b"], [[["x"]]])


def test_predictions_belong_to_their_items_or_to_any() -> None:
    built = References.build(["a", "b", "c"], CAPTIONS)
    assert Corpus.build(built, PREDICTIONS).is_aligned
    tokens = [["x"]] * 3
    assert Corpus.from_tokens(built, tokens, np.array([0, 1, 2])).is_aligned
    assert not Corpus.from_tokens(built, tokens, np.array([0, 2, 1])).is_aligned
    assert not Corpus.from_tokens(built, tokens[:2], np.array([0, 1])).is_aligned
