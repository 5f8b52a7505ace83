"""N-grams as integers: the same whether or not they have room, and however words are split."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.metrics.test_against_naive import build, naive_bleu, naive_cider

from blip2idc.evaluation.metrics import bleu, cider, ngrams


@pytest.mark.parametrize("word_bits", [1, 12, 31])
@pytest.mark.parametrize("prefix_bits", [1, 20, 31])
@pytest.mark.parametrize("count", [1, 2, 4, 500])
def test_keys_are_numbered_as_by_unique_whether_or_not_their_places_fit_beside_them(
    word_bits: int, prefix_bits: int, count: int, rng: np.random.Generator
) -> None:
    prefixes = rng.integers(0, 1 << prefix_bits, count)
    words = rng.integers(0, 1 << word_bits, count)
    prefixes[0], words[0] = (1 << prefix_bits) - 1, (1 << word_bits) - 1
    keys = rng.permutation(np.concatenate([prefixes << ngrams._WORD_BITS | words] * 2))
    known, numbers = ngrams._number(keys)
    expected, inverse = np.unique(keys, return_inverse=True)
    assert np.array_equal(known, expected)
    assert np.array_equal(numbers, inverse.reshape(-1))


def test_words_are_split_at_every_white_space_where_no_token_is_a_word() -> None:
    half, third = "1\xa01/2", "1\xa01/3"
    items = [([half, third], [[half], [third, half]]), ([third], [[half, half]])]
    assert bleu.statistics(build(items)).corpus() == pytest.approx(naive_bleu(items), abs=1e-12)
    found = cider.statistics(build(items)).per_item()[:, 1]
    assert found == pytest.approx(np.array(naive_cider(items, clipped=False)), abs=1e-9)
