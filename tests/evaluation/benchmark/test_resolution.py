"""Twins: equally good systems, whose difference is chance; larger test sets resolve more."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.evaluation.benchmark.resolution import DETECTABLE, SIGNIFICANT, hold_out, resolutions
from blip2idc.evaluation.metrics.corpus import References
from blip2idc.evaluation.significance import Resampling

PLAN = Resampling(200)
WORDS = ["the", "a", "red", "car", "man", "left", "right", "is", "gone", "now", "there", "blue"]


def made(items: int, counts: int, seed: int = 0) -> References:
    rng = np.random.default_rng(seed)
    tokens = [[[WORDS[k] for k in rng.integers(0, 12, 6)] for _ in range(counts)] for _ in range(items)]
    return References.from_tokens([str(n) for n in range(items)], tokens, "words")


def measured(references: References) -> dict[str, dict[str, float]]:
    found = resolutions(references, references.tokens, WORDS[:4], PLAN)
    return {twin.name: twin.error for twin in found}


def test_kinds_of_twins_depend_on_the_references() -> None:
    assert list(measured(made(20, 1))) == ["random captions"]
    assert list(measured(made(20, 2))) == ["random captions", "right half of the time"]
    assert list(measured(made(20, 3))) == ["random captions", "right half of the time", "two people"]


def test_four_times_the_pairs_resolve_twice_as_much() -> None:
    small, large = measured(made(60, 3)), measured(made(960, 3))
    for name in small:
        ratio = small[name]["rouge_l"] / large[name]["rouge_l"]
        assert 3.0 < ratio < 5.3  # sixteen times the pairs: a quarter of the error


def test_the_error_is_that_of_the_twins_themselves() -> None:
    """Draw many twins: the spread of their differences is what the bootstrap of one pair of twins said."""
    from blip2idc.evaluation.metrics import rouge
    from blip2idc.evaluation.metrics.corpus import Corpus

    references = made(200, 1)
    rng = np.random.default_rng(1)

    def score() -> float:
        said = [references.tokens[k] for k in rng.integers(0, 200, 200)]
        return float(rouge.statistics(Corpus.from_tokens(references, said)).corpus()[0])

    spread = float(np.std([score() - score() for _ in range(200)]))
    error = measured(references)["random captions"]["rouge_l"]
    assert error == pytest.approx(spread, rel=0.25)


def test_errors_are_scaled_to_the_whole_test_set() -> None:
    """A quarter of the pairs has two references: the error is that of four times as many pairs."""
    rich, poor = made(100, 2), made(300, 1, seed=1)
    tokens = [list(rich.of_item(k)) for k in range(100)] + [list(poor.of_item(k)) for k in range(300)]
    mixed = References.from_tokens([str(n) for n in range(400)], tokens, "words")
    twins = {twin.name: twin for twin in resolutions(mixed, mixed.tokens, WORDS[:4], PLAN)}
    assert twins["right half of the time"].items == 100
    alone = measured(rich)["right half of the time"]["rouge_l"]
    assert twins["right half of the time"].error["rouge_l"] == pytest.approx(alone / 2, rel=1e-9)


def test_too_few_second_references_are_no_ground() -> None:
    tokens = [[["a"], ["b"]], *([["c"]] for _ in range(20))]
    assert hold_out(References.from_tokens([str(n) for n in range(21)], tokens, "words"), 1) is None


def test_json_states_both_thresholds() -> None:
    twin = resolutions(made(20, 2), [["a"], ["b"]], ["a"], PLAN)[1]
    numbers = twin.to_dict()["metrics"]["cider_d"]  # type: ignore[index]
    assert numbers["significant"] == SIGNIFICANT * numbers["standard_error"]
    assert numbers["detectable"] == DETECTABLE * numbers["standard_error"]
