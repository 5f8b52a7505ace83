"""Longest common subsequences of one caption with very many, fast enough to try every pair of a training set.

In: a ragged array of references, once; then one caption at a time. Out: the length of the longest common
subsequence with every reference. Bit-parallel (Hyyro, 2004): the caption's positions are bits of one machine
word, the references are columns that NumPy advances together, equal references counted once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blip2idc.evaluation.metrics.ngrams import Ints, take_ragged
from blip2idc.evaluation.metrics.rouge import WORD_BITS, common_subsequence


@dataclass(frozen=True, eq=False)
class SubsequenceTable:
    """References made ready for comparison.

    Attributes:
        columns: one array a position: token ids of the distinct references that are long enough, the longest first.
        inverse: `[R]` distinct reference of each reference.
        distinct: the distinct references as a ragged array, in the order of `columns`.
        starts: where each of them begins.
        masks: `[vocabulary + 1]` scratch: positions of each token in the caption; the last stays 0.
        holders: (token, times) -> the distinct references that hold the token at least so many times.
    """

    columns: tuple[NDArray[np.int64], ...]
    inverse: Ints
    distinct: Ints
    starts: Ints
    masks: NDArray[np.uint64]
    holders: dict[tuple[int, int], Ints]

    @classmethod
    def build(cls, pieces: Ints, starts: Ints) -> SubsequenceTable:
        """From token ids of all references and where each begins."""
        seen: dict[bytes, int] = {}
        rows: list[int] = []
        inverse = np.empty(len(starts) - 1, np.int64)
        for row, (low, high) in enumerate(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)):
            key = pieces[low:high].tobytes()
            if key not in seen:
                seen[key] = len(rows)
                rows.append(row)
            inverse[row] = seen[key]
        kept = np.array(rows, dtype=np.int64)
        by_length = np.argsort(-np.diff(starts)[kept], kind="stable")
        place = np.empty_like(by_length)
        place[by_length] = np.arange(len(by_length))
        distinct, cuts = take_ragged(pieces, starts, kept[by_length])
        lengths = np.diff(cuts)
        columns = tuple(
            distinct[cuts[:-1][lengths > position] + position]
            for position in range(int(lengths.max(initial=0)))
        )
        masks = np.zeros(int(pieces.max(initial=-1)) + 2, np.uint64)
        return cls(columns, place[inverse], distinct, cuts, masks, _holders(distinct, cuts))

    def lengths(self, caption: Ints) -> Ints:
        """`[R]` longest common subsequence of the caption with every reference."""
        return self.distinct_lengths(caption)[self.inverse]

    def distinct_lengths(self, caption: Ints) -> Ints:
        """`[D]` the same with every distinct reference."""
        if len(caption) > WORD_BITS:
            return self._unbounded(caption)
        known = caption < len(self.masks) - 1
        for position in np.flatnonzero(known).tolist():
            self.masks[caption[position]] |= np.uint64(1 << position)
        state = np.full(len(self.starts) - 1, ~np.uint64(0), np.uint64)
        for column in self.columns:
            live = state[: len(column)]
            kept = live & self.masks[column]
            np.bitwise_or(live + kept, live - kept, out=live)
        self.masks[caption[known]] = 0
        inside = np.uint64((1 << len(caption)) - 1)
        common: Ints = np.bitwise_count(~state & inside).astype(np.int64)
        return common

    def shared(self, caption: Ints) -> Ints:
        """`[R]` tokens that the caption shares with every reference, counted as often as both have them."""
        counts = np.zeros(len(self.starts) - 1, np.uint16)
        seen: dict[int, int] = {}
        for token in caption.tolist():
            seen[token] = seen.get(token, 0) + 1
            holders = self.holders.get((token, seen[token]))
            if holders is not None:
                counts[holders] += 1
        shared: Ints = counts.astype(np.int64)[self.inverse]
        return shared

    def _unbounded(self, caption: Ints) -> Ints:
        """For a caption with more tokens than a machine word has bits."""
        references = len(self.starts) - 1
        starts = np.arange(references + 1) * len(caption)
        return common_subsequence(np.tile(caption, references), starts, self.distinct, self.starts)


def _holders(tokens: Ints, starts: Ints) -> dict[tuple[int, int], Ints]:
    """(token, times) -> rows of the ragged array that hold the token at least so many times."""
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    by_token = np.lexsort((row, tokens))
    token, row = tokens[by_token], row[by_token]
    new = np.flatnonzero((np.diff(token, prepend=-1) != 0) | (np.diff(row, prepend=-1) != 0))
    times = np.arange(len(token)) - np.repeat(new, np.diff(new, append=len(token))) + 1
    by_times = np.lexsort((times, token))
    token, times, row = token[by_times], times[by_times], row[by_times]
    cuts = np.flatnonzero((np.diff(token, prepend=-1) != 0) | (np.diff(times, prepend=0) != 0))
    rows = np.split(row, cuts)[1:]
    return {(int(token[cut]), int(times[cut])): held for cut, held in zip(cuts, rows, strict=True)}
