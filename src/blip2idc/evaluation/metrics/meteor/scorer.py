"""METEOR's score as a function of counts, and what an aligner has to give.

In: a `Corpus` and a backend that aligns predictions with references. Out: `Statistics` of METEOR's 23 numbers an
item. The alignment (stems, WordNet synonyms, paraphrases) is the backend's work; the score is computed here from its
counts, so corpus score, item scores and bootstrap agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np

from blip2idc.evaluation.metrics.corpus import Corpus, Statistics
from blip2idc.evaluation.metrics.ngrams import Floats

NAMES = ("meteor",)
# Parameters of the English ranking task, METEOR 1.5's default.
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
# Weights of exact, stem, synonym and paraphrase matches.
MODULE_WEIGHTS = (1.0, 0.6, 0.8, 0.6)
# Columns: lengths of prediction and reference, their function words, then for each module the matched
# content words (prediction, reference) and function words (prediction, reference), then chunks and all
# matched words of prediction and of reference.
COLUMNS = 23
_LENGTHS, _FUNCTION_WORDS, _MODULES = slice(0, 2), slice(2, 4), slice(4, 20)
_CHUNKS, _MATCHES = 20, slice(21, 23)


class MeteorBackend(Protocol):
    """Aligns predictions with references the way METEOR 1.5 does."""

    @property
    def signature(self) -> str:
        """What computed the alignments, for the score's signature."""
        ...

    @property
    def note(self) -> str | None:
        """What its user should know, once it is ready."""
        ...

    def align(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
        """METEOR's numbers `[M, 23]` of every prediction against the best of its references.

        Captions are given as tokens joined with spaces.
        """
        ...

    def __enter__(self) -> Self:
        """Get ready; may be slow, and need not wait."""
        ...

    def __exit__(self, *_: object) -> None:
        """Give back what was started."""
        ...


def statistics(corpus: Corpus, backend: MeteorBackend) -> Statistics:
    """METEOR's numbers `[M, 23]`.

    Weighted F (recall weight 0.85) of matched words, content words weighing 0.75 and function words 0.25,
    times `1 - 0.6 (chunks / matches) ** 0.2`; the corpus score is that formula on summed numbers, not the
    mean of items. Range 0 to 1.
    """
    starts = corpus.references.starts.tolist()
    joined = [" ".join(tokens) for tokens in corpus.references.tokens]
    references = [joined[starts[item] : starts[item + 1]] for item in corpus.item.tolist()]
    values = np.array(
        backend.align([" ".join(tokens) for tokens in corpus.tokens], references), dtype=np.float64
    )
    return Statistics(NAMES, without_chunk_of_full_matches(values.reshape(len(corpus), COLUMNS)), aggregate)


def item_scores(numbers: Floats) -> Floats:
    """Scores `[M]` of items from a backend's numbers `[M, 23]`."""
    return aggregate(without_chunk_of_full_matches(numbers), np.ones(len(numbers)))[:, 0]


def aggregate(sums: Floats, items: Floats) -> Floats:
    """Scores `[S, 1]` of summed numbers `[S, 23]`; `items` is not needed.

    Additions and divisions come in the order of METEOR's program, so that the last bit is the same: where references
    tie but for rounding, it decides which of them counts.
    """
    function = sums[:, _FUNCTION_WORDS]
    weighted_length = DELTA * (sums[:, _LENGTHS] - function) + (1 - DELTA) * function
    matched = np.zeros_like(weighted_length)
    modules = np.split(sums[:, _MODULES], len(MODULE_WEIGHTS), axis=1)
    for weight, module in zip(MODULE_WEIGHTS, modules, strict=True):
        matched += weight * DELTA * module[:, :2]
    for weight, module in zip(MODULE_WEIGHTS, modules, strict=True):
        matched += weight * (1 - DELTA) * module[:, 2:]
    precision, recall = np.moveaxis(_ratio(matched, weighted_length), 1, 0)
    mean = _ratio(1.0, _ratio(1 - ALPHA, precision) + _ratio(ALPHA, recall))
    fragments = _ratio(sums[:, _CHUNKS], sums[:, _MATCHES].mean(axis=1))
    # one by one: NumPy's own power of arrays differs from the C library's, and so from Java's, in the last bit
    penalty = np.array([GAMMA * fragment**BETA for fragment in fragments.tolist()], dtype=np.float64)
    scores: Floats = (mean * (1 - penalty))[:, None]
    return scores


def without_chunk_of_full_matches(numbers: Floats) -> Floats:
    """METEOR leaves the single chunk of a full match out of its sums, so that such an item has no penalty."""
    full = (numbers[:, _MATCHES] == numbers[:, _LENGTHS]).all(axis=1) & (numbers[:, _CHUNKS] == 1)
    out = numbers.copy()
    out[full, _CHUNKS] = 0.0
    return out


def _ratio(above: Floats | float, below: Floats) -> Floats:
    """Quotients, and 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)
