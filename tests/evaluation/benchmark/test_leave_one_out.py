"""People against people: rotations, and scores that equal scoring each rotation by itself."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.evaluation import suite
from blip2idc.evaluation.benchmark.leave_one_out import average, human_scores, rotations
from blip2idc.evaluation.metrics.corpus import References
from blip2idc.evaluation.significance import Resampling

PLAN = Resampling(50)
TOKENS = [
    [["a", "car", "left"], ["the", "car", "is", "gone"], ["no", "car"]],
    [["a", "man", "came"], ["the", "man", "is", "new"]],
    [["a", "dog", "came"], ["the", "dog", "is", "new"], ["one", "dog"]],
    [["alone"]],
]
REFERENCES = References.from_tokens(list("wxyz"), TOKENS, "words")


def test_every_reference_is_scored_against_the_others() -> None:
    corpora = rotations(REFERENCES)
    assert len(corpora) == 2  # the smallest number of references among those that take part
    assert corpora[0].references.ids == ("w", "x", "y")
    assert [list(tokens) for tokens in corpora[1].tokens] == [TOKENS[0][1], TOKENS[1][1], TOKENS[2][1]]
    assert [list(tokens) for tokens in corpora[1].references.of_item(0)] == [TOKENS[0][2], TOKENS[0][0]]


def test_a_given_number_of_references() -> None:
    corpora = rotations(REFERENCES, 2)
    assert corpora[0].references.ids == ("w", "y")
    assert len(corpora) == 3
    assert {corpus.references.counts.tolist()[0] for corpus in corpora} == {2}
    assert all(corpus.references.counts.tolist() == [1, 1, 1] for corpus in rotations(REFERENCES, 1))


def test_scores_are_the_mean_over_rotations() -> None:
    found = human_scores(REFERENCES, resampling=PLAN)
    assert found is not None
    apart = [suite.score(corpus, resampling=Resampling(0)) for corpus in rotations(REFERENCES)]
    for name, row in found.metrics.items():
        assert row["score"] == pytest.approx(np.mean([scores[name].score for scores in apart]), abs=1e-12)
    assert (found.items, found.rotations, found.given) == (3, 2, (1, 2))
    assert "mean of 2 rotations" in str(found.metrics["cider_d"]["signature"])


def test_one_corpus_scores_as_the_suite_scores_it() -> None:
    corpus = rotations(REFERENCES)[0]
    ours = average([corpus], resampling=PLAN)
    theirs = suite.score(corpus, resampling=PLAN).to_dict()
    for name, row in ours.items():
        assert [row[key] for key in ("score", "low", "high")] == pytest.approx(
            [theirs[name][key] for key in ("score", "low", "high")]
        )


def test_without_second_references_there_are_no_people() -> None:
    single = References.from_tokens(["a", "b"], [[["x"]], [["y"]]], "words")
    assert human_scores(single) is None
