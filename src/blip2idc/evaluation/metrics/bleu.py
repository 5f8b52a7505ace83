"""BLEU-1 to BLEU-4 (Papineni et al., ACL 2002) as coco-caption's `Bleu(4)` computes them, option "closest".

In: a `Corpus`. Out: `Statistics` of ten sums an item (length, closest reference length, possible and
matched n-grams per order).
"""

from __future__ import annotations

import numpy as np

from blip2idc.evaluation.metrics.corpus import Corpus, Statistics, item_ngrams
from blip2idc.evaluation.metrics.ngrams import MAX_ORDER, Floats, Ints, find_sorted, pack

NAMES = tuple(f"bleu_{order}" for order in range(1, MAX_ORDER + 1))
# Added by coco-caption to numerators and denominators, so that an absent n-gram gives a tiny positive
# precision, not 0.
TINY, SMALL = 1e-15, 1e-9


def statistics(corpus: Corpus) -> Statistics:
    """BLEU's sums `[M, 10]`: prediction length, closest reference length, 4 possible and 4 matched n-grams.

    BLEU-k is the geometric mean of the clipped n-gram precisions of orders 1..k over the pooled corpus, times
    `exp(1 - r / c)` where the predictions' `c` words are fewer than the closest references' `r`. Range 0 to
    1.
    """
    lengths = corpus.predictions.lengths
    possible = [np.maximum(lengths - order, 0) for order in range(MAX_ORDER)]
    columns = [lengths, closest_lengths(corpus), *possible, *_matched(corpus)]
    return Statistics(NAMES, np.stack(columns, axis=1).astype(np.float64), aggregate)


def aggregate(sums: Floats, items: Floats) -> Floats:
    """Scores `[S, 4]` of pooled sums `[S, 10]`; `items` is not needed."""
    length, reference = sums[:, 0], sums[:, 1]
    possible, matched = sums[:, 2 : 2 + MAX_ORDER], sums[:, 2 + MAX_ORDER :]
    products = np.cumprod((matched + TINY) / (possible + SMALL), axis=1)
    scores: Floats = products ** (1.0 / np.arange(1, MAX_ORDER + 1))
    ratio = (length + TINY) / (reference + SMALL)
    penalty = np.exp(np.minimum(1.0 - 1.0 / ratio, 0.0))
    return scores * penalty[:, None]


def closest_lengths(corpus: Corpus) -> Ints:
    """`[M]` length of the reference closest in length to each prediction, the shorter of two equally close."""
    prediction, reference, starts = corpus.reference_pairs()
    theirs = corpus.references.captions.lengths[reference]
    distance = np.abs(theirs - corpus.predictions.lengths[prediction])
    # One integer orders by distance, then by length.
    base = int(theirs.max(initial=0)) + 1
    return np.minimum.reduceat(distance * base + theirs, starts[:-1]) % base if len(corpus) else theirs


def _matched(corpus: Corpus) -> list[Ints]:
    """For every order `[M]`: n-grams that a reference holds too, clipped by the largest count in one."""
    side = corpus.references.side(item_ngrams)
    matched = []
    for order, entries in enumerate(corpus.predictions.ngrams, start=1):
        size = corpus.references.vocabulary.size(order)
        known = entries.ngram < size
        caption, count = entries.caption[known], entries.count[known]
        theirs = side[order - 1]
        at, present = find_sorted(pack(corpus.item[caption], entries.ngram[known], size), theirs.keys)
        clipped = np.minimum(count[present], theirs.most[at[present]])
        matched.append(np.bincount(caption[present], weights=clipped, minlength=len(corpus)).astype(np.int64))
    return matched
