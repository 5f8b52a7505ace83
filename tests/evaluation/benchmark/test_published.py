"""The table of published scores: well formed, each row with a source, comparisons strict."""

from __future__ import annotations

import pytest

from blip2idc.data.readers import BENCHMARKS
from blip2idc.evaluation.benchmark.published import (
    METRICS,
    OFFICIAL_TEST_PAIRS,
    all_published,
    beaten,
    protocol_of,
    published,
    why_not_comparable,
)


def test_every_row_has_a_source_and_a_score_in_range() -> None:
    rows = all_published()
    assert len(rows) > 100
    for row in rows:
        assert row.benchmark in BENCHMARKS
        assert row.method
        assert row.source
        values = [value for metric in METRICS if (value := row.get(metric)) is not None]
        assert values
        assert all(0 < value < 200 for value in values)


def test_no_row_stands_twice() -> None:
    keys = [(row.benchmark, row.protocol, row.method) for row in all_published()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("benchmark", "protocol", "method", "cider"),
    [
        ("spot-the-diff", "single", "CLIP4IDC", 47.35),
        ("spot-the-diff", "multi", "DIRL", 21.5),
        ("image-editing-request", "all", "DUDA", 22.8),
        ("clevr-change", "total", "CLIP4IDC", 150.75),
    ],
)
def test_rows_are_found(benchmark: str, protocol: str, method: str, cider: float) -> None:
    found = {row.method: row.cider_d for row in published(benchmark, protocol)}
    assert found[method] == cider


def test_beaten_counts_only_lower_scores_of_those_stated() -> None:
    rows = published("spot-the-diff", "multi")
    assert beaten(rows, "cider_d", 21.5) == (["SCORER"], 4)  # DIRL has exactly 21.5: a tie is not beaten
    assert beaten(rows, "cider_d", 21.54) == (["SCORER"], 4)  # nor is what prints as 21.5
    assert beaten(rows, "cider_d", 0.0) == ([], 4)
    assert published("unheard-of") == []


@pytest.mark.parametrize(
    ("benchmark", "counts", "kinds", "protocol"),
    [
        ("spot-the-diff", [1, 1], [], "multi"),
        ("spot-the-diff", [1, 2], [], "single"),
        ("clevr-change", [6], ["color", "none"], "total"),
        ("clevr-change", [6], ["color"], "semantic"),
        (None, [1], [], "all"),
    ],
)
def test_the_protocol_is_told_by_the_records(
    benchmark: str | None, counts: list[int], kinds: list[str], protocol: str
) -> None:
    assert protocol_of(benchmark, counts, kinds) == protocol


def test_only_the_official_test_set_is_compared() -> None:
    for (benchmark, protocol), pairs in OFFICIAL_TEST_PAIRS.items():
        assert published(benchmark, protocol)
        assert why_not_comparable(benchmark, protocol, pairs, "test") is None
        assert why_not_comparable(benchmark, protocol, pairs, None) is None
        assert f"here are {pairs - 1:,}" in str(why_not_comparable(benchmark, protocol, pairs - 1, "test"))
        assert "this is val" in str(why_not_comparable(benchmark, protocol, pairs, "val"))
    assert "is not known here" in str(why_not_comparable("birds-to-words", "all", 100, "test"))
    assert why_not_comparable("unheard-of", "all", 3, "test") is None  # there is nothing to compare with
