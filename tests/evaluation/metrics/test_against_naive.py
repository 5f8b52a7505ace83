"""The vectorised metrics against slow ones, written straight from the formulas, on corpora that hypothesis invents."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.evaluation.metrics import bleu, cider, rouge
from blip2idc.evaluation.metrics.corpus import Corpus, References, Statistics

Words = list[str]
Item = tuple[Words, list[Words]]

# Few words make n-grams repeat; one holds a no-break space, which BLEU and CIDEr split and ROUGE-L does not.
words = st.sampled_from(["a", "the", "car", "is", "gone", "red", "1\xa01/2"])
sentence = st.lists(words, max_size=9)
item = st.tuples(sentence, st.lists(sentence, min_size=1, max_size=4))
corpora = st.lists(item, min_size=1, max_size=8)


def build(items: Sequence[Item]) -> Corpus:
    references = References.from_tokens([str(i) for i in range(len(items))], [refs for _, refs in items])
    return Corpus.from_tokens(references, [prediction for prediction, _ in items])


def split(caption: Words) -> Words:
    return " ".join(caption).split()


def ngrams(caption: Words, order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(caption[i : i + order]) for i in range(len(caption) - order + 1))


def naive_bleu(items: Sequence[Item]) -> list[float]:
    matched, possible, length, reference = [0] * 4, [0] * 4, 0, 0
    for prediction, refs in items:
        mine, theirs = split(prediction), [split(ref) for ref in refs]
        length += len(mine)
        reference += min((abs(len(ref) - len(mine)), len(ref)) for ref in theirs)[1]
        for order in range(1, 5):
            possible[order - 1] += max(len(mine) - order + 1, 0)
            counts = [ngrams(ref, order) for ref in theirs]
            for gram, count in ngrams(mine, order).items():
                matched[order - 1] += min(count, max(c[gram] for c in counts))
    scores, product = [], 1.0
    ratio = (length + 1e-15) / (reference + 1e-9)
    for order in range(1, 5):
        product *= (matched[order - 1] + 1e-15) / (possible[order - 1] + 1e-9)
        scores.append(product ** (1 / order) * (math.exp(1 - 1 / ratio) if ratio < 1 else 1.0))
    return scores


def longest_common(a: Words, b: Words) -> int:
    row = [0] * (len(b) + 1)
    for x in a:
        previous = row[:]
        for j, y in enumerate(b, start=1):
            row[j] = previous[j - 1] + 1 if x == y else max(previous[j], row[j - 1])
    return row[-1]


def naive_rouge(prediction: Words, refs: list[Words]) -> float:
    mine, theirs = prediction or [""], [ref or [""] for ref in refs]
    precision = max(longest_common(mine, ref) / len(mine) for ref in theirs)
    recall = max(longest_common(mine, ref) / len(ref) for ref in theirs)
    return 0.0 if not precision or not recall else 2.44 * precision * recall / (recall + 1.44 * precision)


def naive_cider(items: Sequence[Item], clipped: bool) -> list[float]:
    frequency: Counter[tuple[str, ...]] = Counter()
    for _, refs in items:
        frequency.update(
            {gram for ref in refs for order in range(1, 5) for gram in ngrams(split(ref), order)}
        )

    def vector(caption: Words, order: int) -> dict[tuple[str, ...], float]:
        idf = {
            gram: math.log(len(items)) - math.log(max(1, frequency[gram])) for gram in ngrams(caption, order)
        }
        return {gram: count * idf[gram] for gram, count in ngrams(caption, order).items()}

    def cosine(mine: Words, ref: Words, order: int) -> float:
        a, b = vector(mine, order), vector(ref, order)
        norms = math.sqrt(sum(v * v for v in a.values())) * math.sqrt(sum(v * v for v in b.values()))
        dot = sum(
            (min(value, b[gram]) if clipped else value) * b[gram] for gram, value in a.items() if gram in b
        )
        gap = max(len(mine) - 1, 0) - max(len(ref) - 1, 0)
        return (dot / norms if norms else 0.0) * (math.exp(-(gap**2) / 72) if clipped else 1.0)

    scores = []
    for prediction, refs in items:
        pairs = [cosine(split(prediction), split(ref), order) for ref in refs for order in range(1, 5)]
        scores.append(10 * sum(pairs) / len(pairs))
    return scores


@given(corpora)
def test_bleu_is_the_formula_on_pooled_counts(items: list[Item]) -> None:
    found = bleu.statistics(build(items))
    assert found.corpus() == pytest.approx(naive_bleu(items), abs=1e-12)
    alone = np.array([naive_bleu([one]) for one in items])
    assert found.per_item() == pytest.approx(alone, abs=1e-12)


@given(corpora)
def test_rouge_is_the_formula_item_by_item(items: list[Item]) -> None:
    expected = np.array([naive_rouge(*one) for one in items])
    found = rouge.statistics(build(items))
    assert found.per_item()[:, 0] == pytest.approx(expected, abs=1e-12)
    assert found.corpus()[0] == pytest.approx(expected.mean(), abs=1e-12)


@given(corpora)
def test_cider_is_the_formula_in_both_variants(items: list[Item]) -> None:
    found = cider.statistics(build(items)).per_item()
    assert found[:, 0] == pytest.approx(np.array(naive_cider(items, clipped=True)), abs=1e-9)
    assert found[:, 1] == pytest.approx(np.array(naive_cider(items, clipped=False)), abs=1e-9)


@given(corpora, st.data())
def test_pairing_predictions_with_any_item_equals_scoring_it_there(
    items: list[Item], data: st.DataObject
) -> None:
    """`Corpus.item` lets one prediction meet any item: the way leave-one-out and constant captions are scored."""
    aligned = build(items)
    order = data.draw(st.lists(st.integers(0, len(items) - 1), min_size=1, max_size=6))
    tokens = [aligned.tokens[place] for place in order]
    paired = Corpus.from_tokens(aligned.references, tokens, np.array(order))
    for family in (bleu, rouge, cider):
        whole = family.statistics(aligned).values
        assert family.statistics(paired).values == pytest.approx(whole[np.array(order)], abs=1e-12)


@pytest.mark.parametrize("length", [1, 62, 63, 64, 65, 130])
def test_rouge_of_long_captions(length: int, rng: np.random.Generator) -> None:
    """Beyond 63 tokens positions no longer fit one machine word; either side has a word that the other lacks."""
    vocabulary = np.array(["a", "b", "c", "d", "e"])
    items = [
        (
            vocabulary[rng.integers(0, 4, length)].tolist(),
            [vocabulary[rng.integers(1, 5, other)].tolist() for other in (3, length, 64)],
        )
        for _ in range(4)
    ]
    expected = [naive_rouge(*one) for one in items]
    assert rouge.statistics(build(items)).per_item()[:, 0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("family", [bleu.statistics, rouge.statistics, cider.statistics])
def test_order_of_items_does_not_matter(
    family: Callable[[Corpus], Statistics], rng: np.random.Generator
) -> None:
    items: list[Item] = [
        (list("abcd"), [list("abc"), list("dcba")]),
        (list("xa"), [list("xyz")]),
        ([], [list("q")]),
        (list("qqa"), [list("qa"), [], list("aq")]),
    ]
    shuffled = rng.permutation(len(items))
    straight, mixed = family(build(items)), family(build([items[i] for i in shuffled]))
    assert mixed.values == pytest.approx(straight.values[shuffled], abs=1e-12)
    assert mixed.corpus() == pytest.approx(straight.corpus(), abs=1e-12)
