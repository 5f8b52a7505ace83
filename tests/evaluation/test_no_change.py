"""No-change wordings and the accuracies built on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.evaluation import no_change
from blip2idc.evaluation.significance import Resampling
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS


def test_the_right_list_has_what_the_released_one_lacks() -> None:
    assert no_change.says_no_change("no change has occurred")
    assert no_change.says_no_change("there is no difference")
    assert "no change has occured" in no_change.RELEASED_WORDINGS
    assert "there is no difference" not in no_change.RELEASED_WORDINGS
    assert len(no_change.RELEASED_WORDINGS) == 8


def test_worlds_and_evaluation_agree_on_clevr_wordings() -> None:
    assert set(NO_CHANGE_CAPTIONS) == set(no_change.WORDINGS["clevr-change"])


@pytest.mark.parametrize("wordings", no_change.WORDINGS.values(), ids=no_change.WORDINGS)
def test_wordings_are_written_as_they_are_compared(wordings: tuple[str, ...]) -> None:
    assert all(no_change.normalize(wording) == wording for wording in wordings)


@pytest.mark.parametrize(
    ("kind", "references", "unchanged"),
    [
        ("none", ["a car left"], True),
        ("color", ["there is no change"], False),
        (None, ["There is no change.", ""], True),
        (None, ["there is no change", "a car left"], False),
        (None, [""], False),
    ],
)
def test_what_counts_as_unchanged(kind: str | None, references: list[str], unchanged: bool) -> None:
    assert no_change.is_unchanged(kind, references) is unchanged


def test_accuracies() -> None:
    captions = ["there is no change", "a car left", "a car left", "nothing has changed", "the van moved"]
    found = no_change.score([True, True, False, False, False], captions, [0.1, 0.6, 0.9, 0.4, 0.7])
    assert (found.changed, found.unchanged) == (3, 2)
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.balanced_accuracy == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (found.recall, found.specificity) == (pytest.approx(2 / 3), pytest.approx(1 / 2))
    assert found.roc_auc == pytest.approx(5 / 6)
    assert found.accuracy_interval is not None
    assert found.accuracy_interval[0] <= 3 / 5 <= found.accuracy_interval[1]


def test_one_class_alone_has_no_balanced_accuracy() -> None:
    found = no_change.score([True, True], ["no change", "a car"], [0.1, 0.9], resampling=Resampling(0))
    assert found.accuracy == found.specificity == 0.5
    assert found.recall is None
    assert (found.balanced_accuracy, found.roc_auc, found.accuracy_interval) == (None, None, None)


def test_auc_needs_every_probability() -> None:
    assert no_change.score([True, False], ["no change", "a car"], [0.1, None]).roc_auc is None


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=20))
def test_auc_counts_ordered_pairs(items: list[tuple[int, bool]]) -> None:
    positives = [value for value, label in items if label]
    negatives = [value for value, label in items if not label]
    if not positives or not negatives:
        return
    won = sum((p > n) + (p == n) / 2 for p in positives for n in negatives)
    values, labels = zip(*items, strict=True)
    found = no_change.roc_auc(np.array(values, dtype=np.float64), np.array(labels))
    assert found == pytest.approx(won / (len(positives) * len(negatives)))
