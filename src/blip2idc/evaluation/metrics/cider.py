"""CIDEr-D and CIDEr (Vedantam, Zitnick, Parikh, CVPR 2015), as coco-caption computes them.

In: a `Corpus`. Out: `Statistics` of two item scores: `cider_d`, which the community prints as "CIDEr"
(counts clipped by the reference's, and a Gaussian penalty on the difference in length), and `cider`, the
paper's plain form without either. Document frequencies come from the references of the scored corpus, one
document an item. Neither stems words.
"""

from __future__ import annotations

import numpy as np

from blip2idc.evaluation.metrics.corpus import Corpus, References, Statistics, item_ngrams, mean_of_items
from blip2idc.evaluation.metrics.ngrams import (
    MAX_ORDER,
    Floats,
    Ints,
    NgramEntries,
    find_sorted,
    pack,
    take_entries,
)

NAMES = ("cider_d", "cider")
# Width of the length penalty, in bigrams, and the factor on the mean cosine (coco-caption).
SIGMA, SCALE = 6.0, 10.0


class CiderReferences:
    """Document frequencies and the lengths of the references' vectors.

    Attributes:
        frequency: one array an order: number of items whose references hold each n-gram.
        idf: one array an order: log(N) - log(frequency); exactly 0 for an n-gram of every item.
        unseen_idf: the same for an n-gram that no reference holds: log(N).
        norms: `[MAX_ORDER, R]` Euclidean lengths of the references' tf-idf vectors.
        bigrams: `[R]` number of bigrams, CIDEr's length of a caption.
    """

    def __init__(self, references: References) -> None:
        items = len(references)
        self.unseen_idf = float(np.log(float(items)))
        self.frequency: list[Ints] = []
        self.idf: list[Floats] = []
        for order, known in enumerate(references.side(item_ngrams), start=1):
            frequency = np.bincount(known.ngram, minlength=references.vocabulary.size(order))
            self.frequency.append(frequency)
            idf = self.unseen_idf - np.log(np.maximum(frequency, 1.0))
            self.idf.append(np.where(frequency >= items, 0.0, idf))
        self.norms = self.vector_lengths(references.captions.ngrams, len(references.captions.lengths))
        self.bigrams = bigram_counts(references.captions.lengths)

    def weights(self, ngrams: Ints, order: int) -> Floats:
        """Inverse document frequency of n-gram ids, unknown ones included."""
        known = ngrams < len(self.idf[order - 1])
        out = np.full(len(ngrams), self.unseen_idf)
        out[known] = self.idf[order - 1][ngrams[known]]
        return out

    def vector_lengths(self, ngrams: tuple[NgramEntries, ...], captions: int) -> Floats:
        """`[MAX_ORDER, captions]` Euclidean lengths of tf-idf vectors."""
        rows = []
        for order, entries in enumerate(ngrams, start=1):
            squares = (entries.count * self.weights(entries.ngram, order)) ** 2
            rows.append(np.sqrt(np.bincount(entries.caption, weights=squares, minlength=captions)))
        return np.stack(rows)


def statistics(corpus: Corpus) -> Statistics:
    """Item scores `[M, 2]`: CIDEr-D and CIDEr.

    For n = 1..4 the cosine of the tf-idf vectors of prediction and reference, averaged over n and over the
    references, times 10. In CIDEr-D the prediction's weights are clipped by the reference's and each cosine is
    multiplied by `exp(-d**2 / 72)`, d = difference in bigrams. Range 0 to 10; 0 for a corpus of one item,
    where no n-gram is rare.
    """
    side = corpus.references.side(CiderReferences)
    prediction, reference, starts = corpus.reference_pairs()
    norms = side.vector_lengths(corpus.predictions.ngrams, len(corpus))
    clipped, plain = np.zeros(len(prediction)), np.zeros(len(prediction))
    for order in range(1, MAX_ORDER + 1):
        dots = _dot_products(corpus, prediction, reference, order)
        scale = norms[order - 1][prediction] * side.norms[order - 1][reference]
        inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
        clipped += dots[0] * inverse
        plain += dots[1] * inverse
    gap = bigram_counts(corpus.predictions.lengths)[prediction] - side.bigrams[reference]
    clipped *= np.exp(-(gap.astype(np.float64) ** 2) / (2 * SIGMA**2))
    values = np.stack([_mean_over_references(pairs, starts) for pairs in (clipped, plain)], axis=1)
    return Statistics(NAMES, values * (SCALE / MAX_ORDER), mean_of_items)


def bigram_counts(lengths: Ints) -> Ints:
    """Number of bigrams of captions with these many words."""
    return np.maximum(lengths - 1, 0)


def _mean_over_references(pairs: Floats, starts: Ints) -> Floats:
    """`[M]` means of the pairs of each prediction."""
    if len(starts) == 1:
        return pairs
    return np.add.reduceat(pairs, starts[:-1]) / np.diff(starts)


def _dot_products(corpus: Corpus, prediction: Ints, reference: Ints, order: int) -> tuple[Floats, Floats]:
    """`[P]` clipped and plain products of the tf-idf vectors of every (prediction, reference) pair."""
    side = corpus.references.side(CiderReferences)
    size = corpus.references.vocabulary.size(order)
    mine = corpus.predictions.ngrams[order - 1]
    theirs = corpus.references.captions.ngrams[order - 1]
    if not corpus.is_aligned:
        theirs = take_entries(theirs, len(corpus.references.captions), reference)
    known = mine.ngram < size
    predicted = np.zeros(size, np.bool_)
    predicted[mine.ngram[known]] = True
    rows = np.flatnonzero(predicted[theirs.ngram])
    pair, ngram, their_count = theirs.caption[rows], theirs.ngram[rows], theirs.count[rows]
    at, present = find_sorted(
        pack(prediction[pair], ngram, size), pack(mine.caption[known], mine.ngram[known], size)
    )
    pair, their_count = pair[present], their_count[present]
    my_count = mine.count[known][at[present]]
    weight = side.idf[order - 1][ngram[present]] ** 2 * their_count
    clipped = np.bincount(pair, weights=weight * np.minimum(my_count, their_count), minlength=len(prediction))
    plain = np.bincount(pair, weights=weight * my_count, minlength=len(prediction))
    return clipped.astype(np.float64), plain.astype(np.float64)
