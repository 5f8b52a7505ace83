"""Bootstrap and paired tests on item statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.errors import ConfigError, InputError
from blip2idc.evaluation import significance
from blip2idc.evaluation.metrics import bleu
from blip2idc.evaluation.metrics.corpus import Corpus, References, Statistics, mean_of_items
from blip2idc.evaluation.significance import Resampling

numbers = st.floats(0, 10, allow_subnormal=False)


def means(values: object) -> Statistics:
    return Statistics(("score",), np.array(values, dtype=np.float64)[:, None], mean_of_items)


@given(numbers, st.integers(1, 30))
def test_bootstrap_of_a_constant_is_the_constant(value: float, items: int) -> None:
    samples = significance.bootstrap([means([value] * items)], Resampling(20))[0]
    assert samples == pytest.approx(value, abs=1e-12)


@given(st.lists(numbers, min_size=1, max_size=30))
def test_resamples_lie_between_the_smallest_and_the_largest_item(values: list[float]) -> None:
    samples = significance.bootstrap([means(values)], Resampling(30))[0]
    assert samples.min() >= min(values) - 1e-9
    assert samples.max() <= max(values) + 1e-9


def test_a_resample_is_the_score_of_the_drawn_items() -> None:
    """Not a mean of item scores: BLEU of a resample pools its counts."""
    captions = [["a", "b", "c"], ["a", "b", "d", "e"], ["x"], ["q", "a", "b", "c", "d"]]
    references = References.from_tokens(
        ["1", "2", "3", "4"], [[["a", "b", "c", "d"]], [["a", "b"]], [["y"]], [["q"]]]
    )
    statistics = bleu.statistics(Corpus.from_tokens(references, captions))
    plan = Resampling(150, seed=7)
    samples = significance.bootstrap([statistics], plan)[0]
    generator = np.random.default_rng((plan.seed, 0))
    drawn = np.concatenate([generator.integers(0, 4, size=(size, 4)) for size in (100, 50)])
    expected = np.array([statistics.take(items).corpus() for items in drawn])
    assert samples == pytest.approx(expected, abs=1e-12)


def test_interval_covers_the_mean_about_as_often_as_it_says(rng: np.random.Generator) -> None:
    hits = 0
    for trial in range(200):
        samples = significance.bootstrap([means(rng.normal(5, 1, 60))], Resampling(200, seed=trial))[0]
        low, high = significance.interval(samples)
        hits += bool(low[0] <= 5 <= high[0])
    assert 175 <= hits <= 199


def test_identical_systems_do_not_differ(rng: np.random.Generator) -> None:
    system = means(rng.random(40))
    test = significance.compare(system, system, Resampling(100))[0]
    assert (test.difference, test.p_bootstrap, test.p_randomization) == (0, 1, 1)
    assert test.low == test.high == 0


def test_a_clear_difference_is_found_and_its_sign_is_right(rng: np.random.Generator) -> None:
    better = rng.random(100)
    test = significance.compare(means(better), means(better - 0.2 + 0.05 * rng.random(100)), Resampling(500))[
        0
    ]
    assert 0 < test.low <= test.difference <= test.high
    assert test.p_bootstrap == test.p_randomization == pytest.approx(1 / 501)


def test_swapping_the_systems_mirrors_the_test(rng: np.random.Generator) -> None:
    one, other = means(rng.random(50)), means(rng.random(50))
    plan = Resampling(300)
    there, back = significance.compare(one, other, plan)[0], significance.compare(other, one, plan)[0]
    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.p_bootstrap == back.p_bootstrap


def test_noise_is_rarely_significant(rng: np.random.Generator) -> None:
    """Under the null both p-values fall below 0.05 about once in twenty."""
    low = np.zeros(2)
    for trial in range(200):
        values = rng.random((2, 50))
        test = significance.compare(means(values[0]), means(values[1]), Resampling(99, seed=trial))[0]
        low += np.array([test.p_bootstrap, test.p_randomization]) <= 0.05
    assert (low <= 24).all()


def test_different_items_are_refused() -> None:
    with pytest.raises(InputError, match=r"\[2, 3\] items"):
        significance.compare(means([1, 2]), means([1, 2, 3]), Resampling(5))


@pytest.mark.parametrize(
    ("settings", "message"), [((-1, 0, 0.95), "resamples is -1"), ((5, 0, 1.5), "confidence is 1.5")]
)
def test_impossible_plans_are_refused(settings: tuple[int, int, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Resampling(*settings)
