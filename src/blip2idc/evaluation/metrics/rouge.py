"""ROUGE-L (Lin, 2004) as coco-caption computes it: beta 1.2, best precision and best recall taken separately.

In: a `Corpus`. Out: `Statistics` of one item score. Captions are split at the plain space only, so an empty
caption is one empty token, and two empty captions agree fully.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blip2idc.evaluation.metrics.corpus import Corpus, Statistics, mean_of_items
from blip2idc.evaluation.metrics.ngrams import Floats, Ints, take_ragged

NAMES = ("rouge_l",)
BETA = 1.2
# Longest caption whose positions fit the bits of one machine word; longer ones use Python's unbounded
# integers.
WORD_BITS = 63


def statistics(corpus: Corpus) -> Statistics:
    """Item scores `[M, 1]`.

    F = (1 + beta^2) P R / (R + beta^2 P), where P and R are the longest common subsequence over the
    prediction's and over the reference's length, each the largest over the references, which need not be the
    same one. Range 0 to 1.
    """
    prediction, reference, starts = corpus.reference_pairs()
    captions = corpus.references.captions
    mine = take_ragged(corpus.predictions.pieces, corpus.predictions.piece_starts, prediction)
    theirs = take_ragged(captions.pieces, captions.piece_starts, reference)
    common = common_subsequence(*mine, *theirs)
    precision = np.maximum.reduceat(common / np.diff(mine[1]), starts[:-1])
    recall = np.maximum.reduceat(common / np.diff(theirs[1]), starts[:-1])
    return Statistics(NAMES, f_measure(precision, recall)[:, None], mean_of_items)


def f_measure(precision: Floats, recall: Floats) -> Floats:
    """ROUGE's F of best precision and best recall; 0 where either is 0."""
    below = recall + BETA**2 * precision
    return np.divide((1 + BETA**2) * precision * recall, below, out=np.zeros_like(below), where=below > 0)


def common_subsequence(a: Ints, a_starts: Ints, b: Ints, b_starts: Ints) -> Ints:
    """`[P]` lengths of the longest common subsequences of rows of two ragged arrays.

    Bit-parallel (Hyyro, 2004): bit i of a row's state is 0 once position i of `a` extends the subsequence.
    """
    a_lengths, b_lengths = np.diff(a_starts), np.diff(b_starts)
    out = np.zeros(len(a_lengths), np.int64)
    short = np.maximum(a_lengths, b_lengths) <= WORD_BITS
    rows = np.flatnonzero(short)
    if len(rows):
        # Sorted by length, the rows still alive at column j are a slice.
        rows = rows[np.argsort(-b_lengths[rows], kind="stable")]
        out[rows] = _bit_parallel(
            _padded(a, a_starts, rows, -1), _padded(b, b_starts, rows, -2), a_lengths[rows], b_lengths[rows]
        )
    for row in np.flatnonzero(~short).tolist():
        out[row] = _unbounded(
            a[a_starts[row] : a_starts[row + 1]].tolist(), b[b_starts[row] : b_starts[row + 1]].tolist()
        )
    return out


def _padded(values: Ints, starts: Ints, rows: Ints, fill: int) -> NDArray[np.int32]:
    """`[longest, P]` the chosen rows as columns, padded with `fill`."""
    flat, cuts = take_ragged(values, starts, rows)
    lengths = np.diff(cuts)
    out = np.full((int(lengths.max()), len(rows)), fill, np.int32)
    row = np.repeat(np.arange(len(rows)), lengths)
    out[np.arange(len(flat)) - cuts[:-1][row], row] = flat
    return out


def _bit_parallel(a: NDArray[np.int32], b: NDArray[np.int32], a_lengths: Ints, b_lengths: Ints) -> Ints:
    """Lengths for padded columns, `b` sorted from long to short."""
    state = np.full(a.shape[1], ~np.uint64(0), np.uint64)
    alive = np.searchsorted(-b_lengths, -np.arange(len(b)), side="left")
    for column, live in zip(b, alive.tolist(), strict=True):
        mask = np.zeros(live, np.uint64)
        for position in range(len(a)):
            mask |= (a[position, :live] == column[:live]).astype(np.uint64) << np.uint64(position)
        kept = state[:live] & mask
        state[:live] = (state[:live] + kept) | (state[:live] - kept)
    inside = (np.uint64(1) << a_lengths.astype(np.uint64)) - np.uint64(1)
    return np.bitwise_count(~state & inside).astype(np.int64)


def _unbounded(a: list[int], b: list[int]) -> int:
    """The same for one pair of any length."""
    masks: dict[int, int] = {}
    for position, word in enumerate(a):
        masks[word] = masks.get(word, 0) | 1 << position
    full = (1 << len(a)) - 1
    state = full
    for word in b:
        kept = state & masks.get(word, 0)
        state = ((state + kept) | (state - kept)) & full
    return len(a) - state.bit_count()
