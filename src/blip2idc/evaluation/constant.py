"""One sentence said of every item: the corpus scores of many such constant captions at once.

In: `References` and tokenised candidate sentences. Out: one corpus score a candidate, equal to scoring a corpus in which every prediction is
that candidate. The reference side is summed once over all items, so thousands of candidates against thousands of items take seconds.

Shape letters: `C` candidates, `N` items, `R` references, `B` distinct reference lengths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blip2idc.errors import ConfigError
from blip2idc.evaluation import bleu, cider, rouge
from blip2idc.evaluation.corpus import Corpus, References, Statistics
from blip2idc.evaluation.ngrams import MAX_ORDER, CaptionArrays, Floats, Ints, NgramEntries, Tokens, offsets

CONSTANT_METRICS = (*bleu.NAMES, *rouge.NAMES, *cider.NAMES)


def constant_scores(
    references: References,
    candidates: Sequence[Tokens],
    metric: str,
    *,
    left_out: Sequence[Sequence[int]] | None = None,
) -> Floats:
    """Corpus score `[C]` of every candidate when it is the prediction of every item.

    Args:
        references: the items; their document frequencies serve all candidates.
        candidates: tokenised sentences.
        metric: a key of `CONSTANT_METRICS`.
        left_out: for each candidate the items to leave out of its corpus (the items it was taken from, for leave-one-out;
            the document frequencies stay those of all items).

    Raises:
        ConfigError: a metric that cannot be summed this way (METEOR: score a short list with `suite.score` instead).
    """
    module = next((m for m in (bleu, rouge, cider) if metric in m.NAMES), None)
    if module is None:
        raise ConfigError(f"There is no constant-caption search for {metric!r}; choose from {', '.join(CONSTANT_METRICS)}.")
    if not candidates:
        return np.zeros(0)
    captions = references.vocabulary.encode(candidates)
    if module is bleu:
        sums = _bleu_sums(references, captions)
    elif module is cider:
        sums = _cider_sums(references, captions)
    else:
        sums = _rouge_sums(references, captions)
    counts = np.full(len(candidates), float(len(references)))
    if left_out is not None:
        own, owner = _own_statistics(references, candidates, left_out, metric)
        np.subtract.at(sums, owner, own.values)
        counts -= np.bincount(owner, minlength=len(candidates))
    aggregate = bleu.aggregate if module is bleu else cider.mean_of_items
    scores: Floats = aggregate(sums, counts)[:, module.NAMES.index(metric)]
    return scores


def _own_statistics(
    references: References, candidates: Sequence[Tokens], left_out: Sequence[Sequence[int]], metric: str
) -> tuple[Statistics, Ints]:
    """Statistics of each candidate against each item left out for it, and the candidate of each row."""
    owner = np.repeat(np.arange(len(candidates)), [len(items) for items in left_out])
    item = np.array([item for items in left_out for item in items], dtype=np.int64)
    corpus = Corpus.from_tokens(references, [candidates[index] for index in owner.tolist()], item)
    module = next(m for m in (bleu, rouge, cider) if metric in m.NAMES)
    return module.statistics(corpus), owner


def _bleu_sums(references: References, captions: CaptionArrays) -> Floats:
    """`[C, 10]` sums of `bleu.statistics` over all items."""
    items = len(references)
    lengths = captions.lengths
    distinct, which = np.unique(lengths, return_inverse=True)
    closest = np.array([_closest_sum(references, int(length)) for length in distinct])[which]
    possible = [np.maximum(lengths - order, 0) * items for order in range(MAX_ORDER)]
    side = references.side(bleu.BleuReferences)
    matched = []
    for order, entries in enumerate(captions.ngrams, start=1):
        size = references.vocabulary.size(order)
        ngram = side.keys[order - 1] % max(size, 1)
        total = np.zeros(len(entries.ngram))
        # Clipping count c by an item's m is the number of steps j <= c with m >= j.
        for step in range(1, int(entries.count.max(initial=0)) + 1):
            holders = np.bincount(ngram[side.most[order - 1] >= step], minlength=size)
            rows = np.flatnonzero((entries.count >= step) & (entries.ngram < size))
            total[rows] += holders[entries.ngram[rows]]
        matched.append(np.bincount(entries.caption, weights=total, minlength=len(captions)))
    return np.stack([lengths * items, closest, *possible, *matched], axis=1).astype(np.float64)


def _closest_sum(references: References, length: int) -> int:
    """Sum over items of the reference length closest to `length`."""
    theirs = references.captions.lengths
    base = int(theirs.max(initial=0)) + 1
    best = np.minimum.reduceat(np.abs(theirs - length) * base + theirs, references.starts[:-1])
    return int((best % base).sum())


def _cider_sums(references: References, captions: CaptionArrays) -> Floats:
    """`[C, 2]` sums of `cider.statistics` over all items."""
    side = references.side(cider.CiderReferences)
    bigrams, place = np.unique(side.bigrams, return_inverse=True)
    share = 1.0 / references.counts[references.item]
    norms = side.vector_lengths(captions.ngrams, len(captions))
    gap = cider.bigram_counts(captions.lengths)[:, None] - bigrams[None, :]
    penalty = np.exp(-(gap.astype(np.float64) ** 2) / (2 * cider.SIGMA**2))
    sums = np.zeros((len(captions), 2))
    for order, entries in enumerate(captions.ngrams, start=1):
        inverse = np.divide(1.0, side.norms[order - 1], out=np.zeros(len(share)), where=side.norms[order - 1] > 0)
        clipped, plain = _dot_products(references, entries, order, share * inverse, (place, len(bigrams)), len(captions))
        scale = np.divide(1.0, norms[order - 1], out=np.zeros(len(captions)), where=norms[order - 1] > 0)
        sums[:, 0] += (clipped * penalty).sum(axis=1) * scale
        sums[:, 1] += plain * scale
    return sums * (cider.SCALE / MAX_ORDER)


def _dot_products(
    references: References, mine: NgramEntries, order: int, weight: Floats, lengths: tuple[Ints, int], candidates: int
) -> tuple[Floats, Floats]:
    """Clipped products `[C, B]` by reference length, and plain ones `[C]`, summed over references with the given weights `[R]`."""
    side = references.side(cider.CiderReferences)
    place, bins = lengths
    size = references.vocabulary.size(order)
    theirs = references.captions.ngrams[order - 1]
    product = side.idf[order - 1][theirs.ngram] ** 2 * theirs.count * weight[theirs.caption]
    plain_table = np.bincount(theirs.ngram, weights=product, minlength=size)
    known = mine.ngram < size
    caption, ngram, count = mine.caption[known], mine.ngram[known], mine.count[known]
    plain = np.bincount(caption, weights=plain_table[ngram] * count, minlength=candidates)
    clipped = np.zeros((candidates, bins))
    key = theirs.ngram * bins + place[theirs.caption]
    # min(h, t) is the number of steps j <= h with t >= j.
    for step in range(1, int(count.max(initial=0)) + 1):
        enough = theirs.count >= step
        if not enough.any():
            break
        table = np.bincount(key[enough], weights=product[enough], minlength=size * bins).reshape(size, bins)
        rows = np.flatnonzero(count >= step)
        clipped += _sum_rows(table, ngram[rows], caption[rows], candidates)
    return clipped, plain


def _sum_rows(table: Floats, rows: Ints, group: Ints, groups: int) -> Floats:
    """`[groups, B]` sums of rows of a table; `group` is sorted."""
    out = np.zeros((groups, table.shape[1]))
    cuts = offsets(np.bincount(group, minlength=groups))
    # Blocks of groups keep the gathered rows small.
    for first in range(0, groups, 1024):
        last = min(first + 1024, groups)
        gathered = table[rows[cuts[first] : cuts[last]]]
        filled = np.flatnonzero(np.diff(cuts[first : last + 1]))
        if len(filled):
            out[first + filled] = np.add.reduceat(gathered, cuts[first:last][filled] - cuts[first], axis=0)
    return out


def _rouge_sums(references: References, captions: CaptionArrays) -> Floats:
    """`[C, 1]` sums of `rouge.statistics` over all items."""
    theirs = references.captions
    distinct, which = _distinct_rows(references)
    table = rouge.MatchTable(theirs.take(distinct))
    lengths = np.diff(theirs.piece_starts).astype(np.float64)
    starts = references.starts[:-1]
    sums = np.zeros((len(captions), 1))
    for index in range(len(captions)):
        words = captions.pieces[captions.piece_starts[index] : captions.piece_starts[index + 1]]
        common = table.common(words)[which]
        best = np.maximum.reduceat(common, starts) / len(words)
        sums[index, 0] = rouge.f_measure(best, np.maximum.reduceat(common / lengths, starts)).sum()
    return sums


def _distinct_rows(references: References) -> tuple[Ints, Ints]:
    """Indices `[D]` of distinct references, and for each reference `[R]` its place among them."""
    places: dict[tuple[str, ...], int] = {}
    which = np.array([places.setdefault(tuple(tokens), len(places)) for tokens in references.tokens], dtype=np.int64)
    return np.unique(which, return_index=True)[1].astype(np.int64), which
