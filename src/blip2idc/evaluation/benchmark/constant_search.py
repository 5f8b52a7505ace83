"""Which single training caption scores best when it is said of every pair: the search behind the constant caption.

In: the training `References`. Out: for every distinct training caption its leave-one-out score on the training
references, in BLEU-4, CIDEr-D, ROUGE-L, or METEOR of a short list. *Leave-one-out*: a candidate comes from one
item (the first that holds it); that item is left out of its score, so that no caption is rewarded for
describing its own pair. Document frequencies are those of all training items.

Never is a candidate compared with every item one by one. In BLEU and CIDEr-D the sum over all items of what one
n-gram earns does not depend on the rest of the candidate but for its length, so it is summed once; only ROUGE-L
runs over all pairs, by bit-parallel subsequences. Protocol: docs/baselines.md.

Shape letters: `N` items, `R` references, `C` candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blip2idc.evaluation.metrics import bleu, cider, rouge
from blip2idc.evaluation.metrics.cider import CiderReferences
from blip2idc.evaluation.metrics.corpus import Corpus, References, item_ngrams
from blip2idc.evaluation.metrics.meteor import scorer as meteor
from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.metrics.ngrams import (
    MAX_ORDER,
    CaptionArrays,
    Floats,
    Ints,
    NgramEntries,
    Tokens,
    find_sorted,
)
from blip2idc.evaluation.metrics.subsequences import SubsequenceTable

_NGRAM_BLOCK = 1 << 15  # n-grams handled at once; bounds memory to this many rows of caption lengths
_BLEU_4 = MAX_ORDER - 1
# METEOR's list: the best of every other metric, and the best by overlap of words on a sample of items.
PROXY_ITEMS, METEOR_SHORTLIST, METEOR_ITEMS = 500, 24, 2000


@dataclass(frozen=True, eq=False)
class Candidates:
    """The distinct training captions that hold a word.

    Attributes:
        captions: `C` captions as first written.
        tokens: the same, tokenised.
        source: `[C]` first item that holds each.
        frequency: `[C]` references equal to it.
    """

    captions: tuple[str, ...]
    tokens: tuple[Tokens, ...]
    source: Ints
    frequency: Ints

    @classmethod
    def collect(cls, references: References, captions: Sequence[str]) -> Candidates:
        """Candidates out of training references and the same `R` captions as written."""
        first: dict[tuple[str, ...], int] = {}
        frequency: list[int] = []
        rank: dict[tuple[str, ...], int] = {}
        for index, tokens in enumerate(references.tokens):
            key = tuple(tokens)
            if not key:
                continue
            if key not in first:
                first[key] = index
                rank[key] = len(frequency)
                frequency.append(0)
            frequency[rank[key]] += 1
        at = np.fromiter(first.values(), dtype=np.int64, count=len(first))
        chosen = tuple(captions[index].strip() for index in first.values())
        return cls(chosen, tuple(first), references.item[at], np.array(frequency, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, indices: Ints) -> Candidates:
        """Some of the candidates."""
        rows = indices.tolist()
        return Candidates(
            tuple(self.captions[row] for row in rows),
            tuple(self.tokens[row] for row in rows),
            self.source[indices],
            self.frequency[indices],
        )

    def sources(self, references: References) -> Corpus:
        """Every candidate beside its own source item, for taking that item out again."""
        return Corpus.from_tokens(references, self.tokens, self.source)


def bleu_4(references: References, candidates: Candidates) -> Floats:
    """`[C]` corpus BLEU-4 of each candidate said of every item but its own."""
    encoded = references.vocabulary.encode(candidates.tokens)
    items = len(references)
    lengths = encoded.lengths
    possible = [items * np.maximum(lengths - order, 0) for order in range(MAX_ORDER)]
    columns = [items * lengths, _closest_length_sums(references, lengths), *possible]
    columns += _matched_sums(references, encoded)
    totals = np.stack(columns, axis=1).astype(np.float64)
    own = bleu.statistics(candidates.sources(references)).values
    return bleu.aggregate(totals - own, np.full(len(candidates), items - 1.0))[:, _BLEU_4]


def _closest_length_sums(references: References, lengths: Ints) -> Ints:
    """`[C]` sum over the items of the reference length closest to each candidate's length."""
    theirs = references.captions.lengths
    base = int(theirs.max(initial=0)) + 1
    distinct, inverse = np.unique(lengths, return_inverse=True)
    sums = [
        (np.minimum.reduceat(np.abs(theirs - length) * base + theirs, references.starts[:-1]) % base).sum()
        for length in distinct
    ]
    return np.array(sums, dtype=np.int64)[inverse.reshape(-1)]


def _matched_sums(references: References, encoded: CaptionArrays) -> list[Ints]:
    """For every order `[C]`: matched n-grams, clipped item by item, summed over all items.

    A candidate that holds an n-gram m times matches it min(m, most) times in an item: as many as there are k <= m with
    most >= k, so a table of how many items reach k answers for all items at once.
    """
    side = references.side(item_ngrams)
    sums = []
    for order, entries in enumerate(encoded.ngrams, start=1):
        size = references.vocabulary.size(order)
        known = entries.ngram < size
        caption, ngram, count = entries.caption[known], entries.ngram[known], entries.count[known]
        theirs, most = side[order - 1].ngram, side[order - 1].most
        matched = np.zeros(len(encoded))
        for times in range(1, int(count.max(initial=0)) + 1):
            reaching = np.bincount(theirs[most >= times], minlength=size)
            rows = count >= times
            matched += np.bincount(caption[rows], weights=reaching[ngram[rows]], minlength=len(encoded))
        sums.append(np.rint(matched).astype(np.int64))
    return sums


def cider_d(references: References, candidates: Candidates) -> Floats:
    """`[C]` mean CIDEr-D of each candidate said of every item but its own."""
    side = references.side(CiderReferences)
    encoded = references.vocabulary.encode(candidates.tokens)
    norms = side.vector_lengths(encoded.ngrams, len(encoded))
    mine = cider.bigram_counts(encoded.lengths)
    longest = int(side.bigrams.max(initial=0)) + 1
    gaps = np.arange(int(mine.max(initial=0)) + 1)[:, None] - np.arange(longest)[None, :]
    penalty = np.exp(-(gaps.astype(np.float64) ** 2) / (2 * cider.SIGMA**2))
    share = 1.0 / references.counts[references.item]
    total = np.zeros(len(encoded))
    for order in range(MAX_ORDER):
        theirs = references.captions.ngrams[order]
        norm = side.norms[order][theirs.caption]
        squares = side.idf[order][theirs.ngram] ** 2 * share[theirs.caption]
        weight = np.divide(squares, norm, out=np.zeros_like(squares), where=norm > 0)
        earned = _clipped_sums(theirs, weight, side.bigrams, encoded.ngrams[order], penalty[mine])
        total += np.divide(earned, norms[order], out=np.zeros_like(earned), where=norms[order] > 0)
    total *= cider.SCALE / MAX_ORDER
    own = cider.statistics(candidates.sources(references)).values[:, 0]
    return (total - own) / max(len(references) - 1, 1)


def _clipped_sums(
    theirs: NgramEntries, weight: Floats, bigrams: Ints, mine: NgramEntries, penalty: Floats
) -> Floats:
    """`[C]` sum over all references of clipped products of counts, with weights and length penalties.

    For a block of n-grams and a count m of the candidate, a table holds per n-gram and per length of reference
    the sum of `weight * min(m, count) * count`; a candidate reads one row and weighs the lengths by its own
    penalties.

    Args:
        theirs: n-grams of the references.
        weight: `[E]` weight of each of those entries.
        bigrams: `[R]` length of each reference.
        mine: n-grams of the candidates.
        penalty: `[C, lengths]` penalty of each candidate against every length.
    """
    lengths = penalty.shape[1]
    out = np.zeros(len(penalty))
    column = bigrams[theirs.caption]
    for times in np.unique(mine.count):
        rows = np.flatnonzero(mine.count == times)
        wanted = np.unique(mine.ngram[rows])
        for first in range(0, len(wanted), _NGRAM_BLOCK):
            block = wanted[first : first + _NGRAM_BLOCK]
            at, present = find_sorted(theirs.ngram, block)
            counts = theirs.count[present]
            # The candidate's own count is in the clipping only: min(m, t) * t, as coco-caption has it.
            products = weight[present] * np.minimum(counts, times) * counts
            cells = at[present] * lengths + column[present]
            table = np.bincount(cells, weights=products, minlength=len(block) * lengths)
            mine_at, here = find_sorted(mine.ngram[rows], block)
            caption = mine.caption[rows[here]]
            earned = table.reshape(len(block), lengths)[mine_at[here]]
            sums = np.einsum("el,el->e", earned, penalty[caption])
            out += np.bincount(caption, weights=sums, minlength=len(out))
    return out


def rouge_l(references: References, candidates: Candidates) -> Floats:
    """`[C]` mean ROUGE-L of each candidate said of every item but its own; -inf where it cannot be the highest.

    No subsequence is longer than the number of shared words, which is quick to count: candidates are tried in
    the order of that bound, until it falls below the best score found.
    """
    captions = references.captions
    encoded = references.vocabulary.encode(candidates.tokens)
    table = SubsequenceTable.build(captions.pieces, captions.piece_starts)
    pieces = np.split(encoded.pieces, encoded.piece_starts[1:-1])
    bounds = np.array([_rouge_items(references, table.shared(piece), piece).sum() for piece in pieces])
    scores = np.full(len(candidates), -np.inf)
    best = -np.inf
    for index in np.argsort(-bounds, kind="stable").tolist():
        if bounds[index] < best:
            break
        values = _rouge_items(references, table.lengths(pieces[index]), pieces[index])
        scores[index] = values.sum() - values[candidates.source[index]]
        best = max(best, scores[index])
    return scores / max(len(references) - 1, 1)


def _rouge_items(references: References, common: Ints, piece: Ints) -> Floats:
    """`[N]` ROUGE-L of one caption, from what it has in common `[R]` with every reference."""
    starts = references.starts[:-1]
    precision = np.maximum.reduceat(common, starts) / len(piece)
    recall = np.maximum.reduceat(common / np.diff(references.captions.piece_starts), starts)
    return rouge.f_measure(precision, recall)


def word_overlap(references: References, candidates: Candidates, seed: int = 0) -> Floats:
    """`[C]` a stand-in for METEOR: recall-weighted overlap of words with a sample of items."""
    items = _sample(len(references), PROXY_ITEMS, seed)
    chosen = references.take(items)
    entries = chosen.captions.ngrams[0]
    words = np.zeros(
        (chosen.vocabulary.size(1) + 1, len(chosen.tokens)), np.float32
    )  # the last row: unknown words
    words[entries.ngram, entries.caption] = 1.0
    theirs = np.maximum(words.sum(axis=0), 1.0)
    mine = chosen.vocabulary.encode(candidates.tokens).ngrams[0]
    cuts = np.searchsorted(mine.caption, np.arange(len(candidates) + 1))
    ngram = np.minimum(mine.ngram, chosen.vocabulary.size(1))
    scores = np.empty(len(candidates))
    for index in range(len(candidates)):
        own = ngram[cuts[index] : cuts[index + 1]]
        common = words[own].sum(axis=0)
        precision, recall = common / max(len(own), 1), common / theirs
        below = np.maximum(meteor.ALPHA * precision + (1 - meteor.ALPHA) * recall, 1e-9)
        scores[index] = np.maximum.reduceat(precision * recall / below, chosen.starts[:-1]).mean()
    return scores


def meteor_of(
    references: References, candidates: Candidates, backend: MeteorBackend, seed: int = 0
) -> Floats:
    """`[C]` corpus METEOR of each candidate on a sample of at most `METEOR_ITEMS` items, its own left out."""
    items = _sample(len(references), METEOR_ITEMS, seed)
    chosen = references.take(items)
    said = [tokens for tokens in candidates.tokens for _ in range(len(chosen))]
    corpus = Corpus.from_tokens(chosen, said, np.tile(np.arange(len(chosen)), len(candidates)))
    found = meteor.statistics(corpus, backend)
    scores = []
    for index, source in enumerate(candidates.source.tolist()):
        others = np.flatnonzero(items != source) + index * len(chosen)
        scores.append(float(found.take(others).corpus()[0]))
    return np.array(scores)


def _sample(items: int, most: int, seed: int) -> Ints:
    """At most this many items, drawn without replacement, in their own order."""
    if items <= most:
        return np.arange(items)
    return np.sort(np.random.default_rng(seed).choice(items, size=most, replace=False)).astype(np.int64)
