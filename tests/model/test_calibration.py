"""Change probability: a property of sentence probabilities, and Platt's calibration."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.errors import ConfigError
from blip2idc.model.calibration import change_probability, fit_calibration
from blip2idc.model.files.settings import Calibration
from blip2idc.model.joint_model import change_log_odds


def test_log_odds_of_known_masses() -> None:
    scores = torch.tensor([[0.1, 0.2], [0.5, 0.4], [1e-30, 1e-30]]).log()
    expected = [math.log(0.7 / 0.3), math.log(0.1 / 0.9), 30 * math.log(10) - math.log(2)]
    assert change_log_odds(scores).tolist() == pytest.approx(expected, rel=1e-5)


def test_certainty_stays_finite() -> None:
    scores = torch.tensor([[0.0, -50.0], [-1e4, -1e4]])
    low, high = change_log_odds(scores).tolist()
    assert -20 < low < -10
    assert math.isfinite(high)
    assert high > 1000
    assert change_probability(high, Calibration()) == 1.0
    assert change_probability(-high, Calibration()) == 0.0


def test_calibration_recovers_the_curve_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(3.0, 8.0, 20_000)
    truth = rng.random(20_000) < 1 / (1 + np.exp(-(0.4 * scores - 2.0)))
    fitted = fit_calibration(scores.tolist(), truth.tolist())
    assert fitted.slope == pytest.approx(0.4, abs=0.02)
    assert fitted.intercept == pytest.approx(-2.0, abs=0.1)
    assert fitted.fitted
    assert fitted.pairs == 20_000


def test_separable_data_give_a_threshold_between_the_classes() -> None:
    scores = [-9.0, -8.0, -7.0, 5.0, 6.0, 30.0]
    truth = [False] * 3 + [True] * 3
    fitted = fit_calibration(scores, truth)
    called = [change_probability(score, fitted) >= fitted.threshold for score in scores]
    assert called == truth
    assert fitted.balanced_accuracy == 1.0
    assert change_probability(-7.0, fitted) < fitted.threshold < change_probability(5.0, fitted)


@given(st.lists(st.tuples(st.floats(-300, 300), st.booleans()), min_size=2, max_size=40))
def test_calibration_is_finite_and_never_worse_than_guessing(data: list[tuple[float, bool]]) -> None:
    scores, truth = zip(*data, strict=True)
    if len(set(truth)) < 2:
        with pytest.raises(ConfigError, match="pairs of both kinds"):
            fit_calibration(scores, truth)
        return
    fitted = fit_calibration(scores, truth)
    assert math.isfinite(fitted.slope)
    assert math.isfinite(fitted.intercept)
    assert 0.0 <= fitted.threshold <= 1.0
    assert fitted.balanced_accuracy is not None
    assert fitted.balanced_accuracy >= 0.5
