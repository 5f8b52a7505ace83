"""Scores of whole corpora: properties that hold for any captions, signatures, cautions, subsets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.errors import ConfigError, InputError
from blip2idc.evaluation import suite
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.scores import METRICS
from blip2idc.evaluation.significance import Resampling
from blip2idc.evaluation.suite import Scores

QUICK = Resampling(50)
JAVA_FREE = tuple(name for name in METRICS if name != "meteor")
REFERENCES = [
    ["a car has left", "the red car is gone"],
    ["two people appeared"],
    ["nothing has changed", "no change"],
]
PREDICTIONS = ["the car has left", "two people walk", "nothing has changed"]


def score(predictions: list[str], references: list[list[str]], **settings: object) -> Scores:
    built = References.build([f"pair {i}" for i in range(len(references))], references)
    return suite.score(Corpus.build(built, predictions), resampling=QUICK, **settings)  # type: ignore[arg-type]


# All of Unicode, lone surrogates included: the reader refuses those, the metrics must not fall over them.
captions = st.text(st.characters(exclude_categories=()), max_size=24)
corpora = st.lists(st.tuples(captions, st.lists(captions, min_size=1, max_size=3)), min_size=2, max_size=5)


@given(corpora)
def test_any_text_gives_finite_scores_within_their_range(items: list[tuple[str, list[str]]]) -> None:
    found = score([prediction for prediction, _ in items], [references for _, references in items])
    assert tuple(found) == tuple(name for name in JAVA_FREE if name not in found.absent)
    assert set(found.absent) <= {"meteor", "cider", "cider_d"}  # CIDEr where all items share their references
    for name, metric in found.items():
        top = 10.0 if "cider" in name else 1.0
        values = np.array([metric.score, metric.low, metric.high, *metric.per_item])
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= top + 1e-6


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=4, max_size=8), min_size=2, max_size=6))
def test_a_perfect_prediction_has_the_best_score(captions: list[list[str]]) -> None:
    sentences = [" ".join(words) for words in captions]
    found = score(sentences, [["z y x w", sentence] for sentence in sentences])
    for name in ("bleu_1", "bleu_4", "rouge_l"):
        assert found[name].score == pytest.approx(1.0, abs=1e-8)


def test_perfect_distinct_captions_reach_ten_in_cider() -> None:
    sentences = ["a red car left the lot", "two people walk over there", "one big white van stands here"]
    found = score(sentences, [[sentence] for sentence in sentences])
    assert found["cider_d"].score == pytest.approx(10.0)
    assert found["cider"].score == pytest.approx(10.0)


def test_repeating_a_prediction_lowers_clipped_cider_only() -> None:
    """What the D in CIDEr-D is for: a caption that repeats a rare word gains in plain CIDEr, not in CIDEr-D."""
    references = [["the car left"], ["the van came"], ["the bus stays"]]
    once = score(["car", "van", "bus"], references)
    often = score(["car car car car", "van van van van", "bus bus bus bus"], references)
    assert often["cider_d"].score < once["cider_d"].score


def test_item_scores_of_mean_metrics_average_to_the_score() -> None:
    found = score(PREDICTIONS, REFERENCES)
    for name in ("rouge_l", "cider_d", "cider"):
        assert found[name].per_item.mean() == pytest.approx(found[name].score, abs=1e-12)


def test_intervals_depend_on_the_seed_and_on_nothing_else() -> None:
    built = References.build(["a", "b", "c"], REFERENCES)
    corpus = Corpus.build(built, PREDICTIONS)
    first, again = (suite.score(corpus, resampling=Resampling(200, seed=1))["bleu_1"] for _ in range(2))
    other = suite.score(corpus, resampling=Resampling(200, seed=2))["bleu_1"]
    assert (first.low, first.high) == (again.low, again.high)
    assert (first.low, first.high) != (other.low, other.high)
    assert suite.score(corpus, resampling=Resampling(0))["bleu_1"].low is None


def test_signature_names_everything_a_score_depends_on() -> None:
    found = score(PREDICTIONS, REFERENCES)
    for part in (
        "cider_d|",
        "tok:PTBTokenizer-3.4.1",
        "df:3 items",
        "refs:1-2(mean 1.67)",
        "boot:50/0.95/seed",
        "v:",
    ):
        assert part in found["cider_d"].signature
    assert found["cider"].signature != found["cider_d"].signature.replace("cider_d", "cider")


def test_another_tokenizer_is_named() -> None:
    def whitespace(captions: object) -> list[list[str]]:
        return [caption.split() for caption in captions]  # type: ignore[attr-defined]

    references = References.build(["a", "b"], [["x y"], ["z"]], whitespace)
    corpus = Corpus.build(references, ["x", "z"], whitespace)
    assert "tok:whitespace|" in suite.score(corpus, resampling=QUICK)["bleu_1"].signature


def test_cider_of_one_item_is_no_score() -> None:
    found = score(["a car"], [["a car left"]])
    assert "cider_d" not in found
    assert "undefined for a single pair" in found.absent["cider_d"]


def test_cider_where_all_items_share_their_references_is_no_score() -> None:
    found = score(["no change", "a car"], [["no change", "the same as before"]] * 2)
    assert not {"cider", "cider_d"} & set(found)
    assert "all items share their references" in found.absent["cider_d"]
    assert "cider_d" in score(["no change", "a car"], [["no change"], ["the same as before"]])


def test_meteor_without_backend_is_absent_with_the_way_to_get_it() -> None:
    found = score(PREDICTIONS, REFERENCES)
    assert "meteor" not in found
    assert "pip install 'blip2idc[meteor]'" in found.absent["meteor"]


@pytest.mark.parametrize(
    ("predictions", "references", "caution"),
    [
        (["", "b"], [["a"], ["b"]], "1 of 2 predictions hold no word"),
        (["a", "b"], [["a"], ["b", ""]], "1 of 3 references hold no word"),
        (["a", "b"], [["car", "Car."], ["b"]], "1 references repeat"),
        (["a", "b"], [["a"], ["b"]], "compare only with scores at the same number"),
    ],
)
def test_cautions(predictions: list[str], references: list[list[str]], caution: str) -> None:
    assert any(caution in line for line in score(predictions, references).cautions)


def test_five_distinct_references_need_no_caution() -> None:
    references = [[f"{word} {i}" for i in range(5)] for word in ("car", "van")]
    assert score(["car 1", "van 2"], references).cautions == ()


def test_some_items_are_a_corpus_of_their_own() -> None:
    """BLEU and ROUGE-L are taken over, CIDEr gets the document frequencies of the subset."""
    built = References.build(["a", "b", "c"], REFERENCES)
    corpus = Corpus.build(built, PREDICTIONS)
    part, statistics = suite.restrict(corpus, suite.collect(corpus), np.array([0, 2]))
    fresh = Corpus.build(
        References.build(["a", "c"], [REFERENCES[0], REFERENCES[2]]), [PREDICTIONS[0], PREDICTIONS[2]]
    )
    for family, known in suite.collect(fresh).items():
        assert statistics[family].values == pytest.approx(known.values, abs=1e-12)
    assert part.references.ids == ("a", "c")
    assert not np.allclose(statistics["cider"].values, suite.collect(corpus)["cider"].values[[0, 2]])


def test_named_metrics_only() -> None:
    assert tuple(score(PREDICTIONS, REFERENCES, metrics=["CIDEr-D", "bleu_4"])) == ("bleu_4", "cider_d")
    with pytest.raises(ConfigError, match="no metric 'spice'"):
        score(PREDICTIONS, REFERENCES, metrics=["spice"])


@pytest.mark.parametrize(
    ("ids", "references", "predictions", "message"),
    [
        ([], [], [], "the set is empty"),
        (["a"], [[]], ["x"], "no reference, first 'a'"),
        (["a", "b"], [["x"]], ["x"], "one id an item"),
        (["a"], [["x"]], ["x", "y"], "one prediction an item"),
    ],
)
def test_wrong_sizes(
    ids: list[str], references: list[list[str]], predictions: list[str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Corpus.build(References.build(ids, references), predictions)
