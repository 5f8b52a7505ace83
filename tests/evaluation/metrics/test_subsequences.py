"""Longest common subsequences against a plain dynamic programme."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.evaluation.metrics.ngrams import Ints, offsets
from blip2idc.evaluation.metrics.subsequences import SubsequenceTable

TOKENS = st.lists(st.integers(0, 4), min_size=1, max_size=9)


def common(a: list[int], b: list[int]) -> int:
    row = [0] * (len(b) + 1)
    for x in a:
        diagonal = 0
        for j, y in enumerate(b, start=1):
            diagonal, row[j] = row[j], diagonal + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


def shared(a: list[int], b: list[int]) -> int:
    return sum(min(a.count(token), b.count(token)) for token in set(a))


def table_of(rows: list[list[int]]) -> SubsequenceTable:
    flat: Ints = np.array([token for row in rows for token in row], dtype=np.int64)
    return SubsequenceTable.build(flat, offsets(np.array([len(row) for row in rows], dtype=np.int64)))


@given(st.lists(TOKENS, min_size=1, max_size=6), TOKENS)
def test_lengths_are_those_of_the_plain_programme(rows: list[list[int]], caption: list[int]) -> None:
    table = table_of(rows)
    piece = np.array(caption, dtype=np.int64)
    assert table.lengths(piece).tolist() == [common(caption, row) for row in rows]
    assert table.shared(piece).tolist() == [shared(caption, row) for row in rows]
    # the scratch of one caption leaves nothing behind for the next
    assert table.lengths(piece).tolist() == [common(caption, row) for row in rows]


def test_a_caption_longer_than_a_machine_word(rng: np.random.Generator) -> None:
    rows = [rng.integers(0, 5, size).tolist() for size in (3, 70, 90)]
    caption = rng.integers(0, 6, 80).tolist()
    assert table_of(rows).lengths(np.array(caption)).tolist() == [common(caption, row) for row in rows]


def test_a_caption_that_fills_the_word(rng: np.random.Generator) -> None:
    caption = rng.integers(0, 3, 63).tolist()
    assert table_of([caption, [9]]).lengths(np.array(caption)).tolist() == [63, 0]


def test_words_the_references_lack_match_nothing() -> None:
    table = table_of([[0, 1], [1]])
    assert table.lengths(np.array([7, 8])).tolist() == [0, 0]
    assert table.lengths(np.array([2, 1, 2])).tolist() == [
        1,
        1,
    ]  # the number after the largest
    assert table.shared(np.array([7, 1])).tolist() == [1, 1]
    assert table.shared(np.array([2])).tolist() == [0, 0]


def test_no_references_at_all() -> None:
    table = table_of([])
    assert table.lengths(np.array([0, 1])).tolist() == []
    assert table.shared(np.array([0, 1])).tolist() == []
