"""METEOR's score from its counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import pytest

from blip2idc.evaluation import suite
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.metrics.meteor import scorer
from blip2idc.evaluation.metrics.ngrams import Floats
from blip2idc.evaluation.significance import Resampling

FULL_MATCH = [4, 4, 2, 2, 2, 2, 2, 2, *[0] * 12, 1, 4, 4]
PARTIAL = [8, 6, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 2, 6, 6]
NOTHING = [2, 2, 0, 1, *[0] * 19]


class Recorded:
    """A backend that knows the counts beforehand."""

    signature = "recorded"
    note = None

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows

    def align(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
        assert len(predictions) == len(references) == len(self.rows)
        return np.array(self.rows, dtype=np.float64)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def corpus(items: int) -> Corpus:
    references = References.from_tokens([str(i) for i in range(items)], [[["a", "car"]]] * items)
    return Corpus.from_tokens(references, [["a", "van"]] * items)


def test_score_of_counts() -> None:
    """P = (2 .75 + 2 .25 + .8 (.25) + .6 (.75)) / (4 .75 + 4 .25), and so on; 2 chunks of 6 matches."""
    found = scorer.statistics(corpus(1), Recorded([PARTIAL]))
    precision = (1.5 + 0.5 + 0.8 * 0.25 + 0.6 * 0.75) / 4
    recall = (1.5 + 0.5 + 0.8 * 0.25 + 0.6 * 0.25) / 2.5
    mean = precision * recall / (0.85 * precision + 0.15 * recall)
    assert found.corpus()[0] == pytest.approx(mean * (1 - 0.6 * (2 / 6) ** 0.2))


def test_full_match_and_no_match() -> None:
    found = scorer.statistics(corpus(3), Recorded([FULL_MATCH, NOTHING, [0] * 23]))
    assert found.per_item()[:, 0].tolist() == [1, 0, 0]


def test_corpus_score_is_not_the_mean_of_items() -> None:
    found = scorer.statistics(corpus(2), Recorded([FULL_MATCH, PARTIAL]))
    assert found.corpus()[0] != pytest.approx(found.per_item().mean())


def test_suite_takes_any_backend() -> None:
    scores = suite.score(corpus(2), resampling=Resampling(20), meteor_backend=Recorded([FULL_MATCH, PARTIAL]))
    assert "meteor-1.5:-l en -norm|recorded" in scores["meteor"].signature
    assert "meteor" not in scores.absent
