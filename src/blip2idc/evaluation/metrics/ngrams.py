"""Captions as integer arrays: the form in which BLEU, ROUGE-L and CIDEr compare them.

In: tokenised captions (lists of words). Out: `CaptionArrays`, holding token ids and, for every order 1..4,
the distinct n-grams of each caption with their counts. An n-gram is one integer, so counting, clipping and
matching are sorts and lookups over whole corpora.

Shape letters: `N` captions, `W` words of all captions together, `E` (caption, n-gram) entries of one order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Tokens = Sequence[str]

MAX_ORDER = 4
# A prefix id is shifted left by this many bits to make room for the next word's id: both stay below 2**31.
_WORD_BITS = 31
_WORD_MASK = (1 << _WORD_BITS) - 1
_KEY_BITS = 63
# Id of the empty token, which is what ROUGE-L makes of an empty caption.
_EMPTY = 0


@dataclass(frozen=True, eq=False)
class NgramEntries:
    """The distinct n-grams of every caption, for one order; sorted by caption, then by n-gram.

    Attributes:
        caption: `[E]` index of the caption.
        ngram: `[E]` id of the n-gram; ids at or above the vocabulary's size do not occur in the references.
        count: `[E]` how often the caption holds it.
    """

    caption: Ints
    ngram: Ints
    count: Ints


@dataclass(frozen=True, eq=False)
class CaptionArrays:
    """`N` captions as integers.

    Attributes:
        starts: `[N + 1]` where each caption begins in the words of all, split at every white space (as BLEU and
            CIDEr do).
        pieces: `[W']` ids of the tokens split at the plain space only (as ROUGE-L does); an empty caption
            is one empty token.
        piece_starts: `[N + 1]` where each caption begins in `pieces`.
        ngrams: one `NgramEntries` an order, from 1 to `MAX_ORDER`.
    """

    starts: Ints
    pieces: Ints
    piece_starts: Ints
    ngrams: tuple[NgramEntries, ...]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Ints:
        """`[N]` words of each caption."""
        return np.diff(self.starts)


class NgramVocabulary:
    """Gives every n-gram of the reference captions an integer, and encodes any caption with those integers.

    Args:
        captions: the tokenised reference captions.
    """

    def __init__(self, captions: Sequence[Tokens]) -> None:
        self._words: dict[str, int] = {"": _EMPTY}
        words, starts, pieces, piece_starts = _encode(captions, self._words)
        self._keys: list[Ints] = [np.arange(len(self._words), dtype=np.int64)]
        owners, left = _owners(starts)
        entries = []
        ids = words
        for order in range(1, MAX_ORDER + 1):
            valid = left >= order
            if order > 1:
                known, numbers = _number(_extended_keys(ids, words, valid, order))
                self._keys.append(known)
                ids = _scatter(numbers, valid)
            entries.append(_count(owners[valid], ids[valid], self.size(order)))
        self.references = CaptionArrays(starts, pieces, piece_starts, tuple(entries))

    def size(self, order: int) -> int:
        """Number of n-gram ids of this order; those of single words include tokens that only ROUGE-L sees."""
        return len(self._keys[order - 1])

    def encode(self, captions: Sequence[Tokens]) -> CaptionArrays:
        """Captions with the references' ids; n-grams the references lack get ids from `size(order)` on."""
        words, starts, pieces, piece_starts = _encode(captions, dict(self._words))
        owners, left = _owners(starts)
        entries = []
        ids, top = words, self.size(1) + len(words)
        for order in range(1, MAX_ORDER + 1):
            valid = left >= order
            if order > 1:
                found, top = _look_up(_extended_keys(ids, words, valid, order), self._keys[order - 1])
                ids = _scatter(found, valid)
            entries.append(_count(owners[valid], ids[valid], top))
        return CaptionArrays(starts, pieces, piece_starts, tuple(entries))


def take_ragged(values: NDArray[np.int64], starts: Ints, indices: Ints) -> tuple[Ints, Ints]:
    """Rows `indices` of a ragged array given by `values` and the `starts` of its rows."""
    lengths = np.diff(starts)[indices]
    out_starts = offsets(lengths)
    shift = np.repeat(starts[:-1][indices] - out_starts[:-1], lengths)
    return values[np.arange(out_starts[-1]) + shift], out_starts


def take_entries(entries: NgramEntries, captions: int, indices: Ints) -> NgramEntries:
    """The entries of the captions at `indices`, renumbered in that order."""
    starts = np.searchsorted(entries.caption, np.arange(captions + 1)).astype(np.int64)
    rows, out_starts = take_ragged(np.arange(len(entries.caption)), starts, indices)
    caption = np.repeat(np.arange(len(indices)), np.diff(out_starts))
    return NgramEntries(caption, entries.ngram[rows], entries.count[rows])


def offsets(lengths: Ints) -> Ints:
    """`[0, l0, l0 + l1, ...]`: where each row of a ragged array begins, and where the last one ends."""
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)


def find_sorted(needles: Ints, haystack: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Positions of `needles` in the sorted `haystack`, and which of them are really there."""
    if not len(haystack):
        return np.zeros(len(needles), np.int64), np.zeros(len(needles), np.bool_)
    at = np.minimum(np.searchsorted(haystack, needles), len(haystack) - 1).astype(np.int64)
    return at, haystack[at] == needles


def _split_words(captions: Sequence[Tokens]) -> Sequence[Tokens]:
    """Captions split at every white space: a token may hold a no-break space, which BLEU and CIDEr split."""
    distinct = set(chain.from_iterable(captions))
    if all(token.split() == [token] for token in distinct):
        return captions
    return [" ".join(caption).split() for caption in captions]


def _encode(captions: Sequence[Tokens], ids: dict[str, int]) -> tuple[Ints, Ints, Ints, Ints]:
    """Words and where each caption's begin; then the same of pieces, where an empty caption is one empty token."""
    split = _split_words(captions)
    words, starts = _encode_words(split, ids)
    if split is not captions:
        return words, starts, *_encode_words([caption or ("",) for caption in captions], ids)
    empty = np.flatnonzero(np.diff(starts) == 0)
    pieces = np.insert(words, starts[empty], _EMPTY)
    return words, starts, pieces, offsets(np.maximum(np.diff(starts), 1))


def _encode_words(captions: Sequence[Tokens], ids: dict[str, int]) -> tuple[Ints, Ints]:
    """Word ids of all captions and where each begins; words missing from `ids` are added to it."""
    lengths = np.fromiter(map(len, captions), dtype=np.int64, count=len(captions))
    numbered = defaultdict(count(len(ids)).__next__, ids)
    words = np.fromiter(map(numbered.__getitem__, chain.from_iterable(captions)), dtype=np.int64)
    ids.update(numbered)
    return words, offsets(lengths)


def _extended_keys(ids: Ints, words: Ints, valid: NDArray[np.bool_], order: int) -> Ints:
    """Keys (prefix id, next word) of the n-grams of this order, which begin at the valid positions `[W]`."""
    at = np.flatnonzero(valid)
    return (ids[at] << _WORD_BITS) | words[at + order - 1]


def _number(keys: Ints) -> tuple[Ints, Ints]:
    """The distinct keys, ascending, and the place of each key among them.

    As `numpy.unique` with its inverse, but sorted with their positions as one integer each where that has room.
    """
    position_bits, word_bits = len(keys).bit_length(), int((keys & _WORD_MASK).max(initial=0)).bit_length()
    prefixes = keys >> _WORD_BITS
    if int(prefixes.max(initial=0)).bit_length() + word_bits + position_bits > _KEY_BITS:
        known, numbers = np.unique(keys, return_inverse=True)
        return known, numbers.reshape(-1).astype(np.int64)
    narrow = prefixes << word_bits | (keys & _WORD_MASK)
    packed = np.sort(narrow << position_bits | np.arange(len(keys)))
    at, narrow = packed & ((1 << position_bits) - 1), packed >> position_bits
    first = firsts(narrow)
    numbers = np.empty(len(keys), np.int64)
    numbers[at] = np.repeat(np.arange(len(first)), np.diff(first, append=len(keys)))
    return keys[at[first]], numbers


def _owners(starts: Ints) -> tuple[Ints, Ints]:
    """`[W]` the caption of each position, and the words from there to its end, itself included."""
    lengths = np.diff(starts)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    return owners, starts[1:][owners] - np.arange(starts[-1])


def _scatter(values: Ints, valid: NDArray[np.bool_]) -> Ints:
    """`values` at the valid positions of a `[W]` array; the rest is never read."""
    out = np.zeros(len(valid), np.int64)
    out[valid] = values
    return out


def _look_up(keys: Ints, known: Ints) -> tuple[Ints, int]:
    """Ids of `keys` in the sorted `known`, absent keys from `len(known)` on; and one more than the largest."""
    ids, present = find_sorted(keys, known)
    unseen, inverse = np.unique(keys[~present], return_inverse=True)
    ids[~present] = len(known) + inverse.reshape(-1)
    return ids, len(known) + len(unseen)


def _count(captions: Ints, ids: Ints, size: int) -> NgramEntries:
    """Distinct n-grams a caption with their counts, of one n-gram a position; `size` is above every id."""
    keys = sort_runs(pack(captions, ids, size))
    first = firsts(keys)
    caption, ngram = unpack(keys[first], size)
    return NgramEntries(caption, ngram, np.diff(first, append=len(keys)))


def pack(owners: Ints, ids: Ints, size: int) -> Ints:
    """Owner and id as one integer, which sorts by owner first; `size` is above every id."""
    return (owners << size.bit_length()) | ids


def unpack(keys: Ints, size: int) -> tuple[Ints, Ints]:
    """Owners and ids of `pack`."""
    bits = size.bit_length()
    return keys >> bits, keys & ((1 << bits) - 1)


def sort_runs(keys: Ints) -> Ints:
    """Sorted keys of which neighbours mostly are in order already: four times as fast by merging as by partition."""
    return np.sort(keys, kind="stable")


def firsts(keys: Ints) -> Ints:
    """Where each distinct value of a sorted array stands first."""
    fresh = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    return np.flatnonzero(fresh)
