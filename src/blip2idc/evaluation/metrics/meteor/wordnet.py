"""The synonym matcher's knowledge: the WordNet synonym sets of a word.

In: words. Out: numbers of synonym sets; two words are synonyms where they share one. A word has its own sets and
those of its base form: the irregular bases of METEOR's list if it is there, else the first base that is a word of
WordNet, tried suffix by suffix in WordNet's order (nouns, verbs, adjectives).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blip2idc.evaluation.metrics.meteor.tables import Array, Tables

_BASES = (
    ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y"),
    ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
    ("er", ""), ("est", ""), ("er", "e"), ("est", "e"),
)  # fmt: skip


class WordNet:
    """Looks up many words at once.

    Args:
        tables: METEOR's data.
    """

    def __init__(self, tables: Tables) -> None:
        self._own = _Lookup(tables.synset_words, tables.synset_starts, tables.synsets)
        self._irregular = _Lookup(tables.exception_words, tables.exception_starts, tables.exceptions)

    def synonym_sets(self, words: Sequence[str]) -> list[frozenset[int]]:
        """The sets of each word; most words of other kinds have none."""
        own, irregular = self._own(words), self._irregular(words)
        regular = [
            at
            for at, word in enumerate(words)
            if irregular[at] is None and len(word) > 2 and word[-2:] != "ss"
        ]
        bases = [(at, base) for at in regular for base in _regular_bases(words[at])]
        found: dict[int, list[int]] = {}
        for (at, _), sets in zip(bases, self._own([base for _, base in bases]), strict=True):
            if sets is not None and at not in found:
                found[at] = sets
        return [
            frozenset([*(own[at] or ()), *(irregular[at] or ()), *found.get(at, ())])
            for at in range(len(words))
        ]


def _regular_bases(word: str) -> list[str]:
    return [word[: -len(suffix)] + ending for suffix, ending in _BASES if word.endswith(suffix)]


class _Lookup:
    """Numbers that belong to words of a sorted list."""

    def __init__(self, words: Array, starts: Array, numbers: Array) -> None:
        self._words, self._starts, self._numbers = words, starts, numbers

    def __call__(self, words: Sequence[str]) -> list[list[int] | None]:
        """The numbers of each word; None where it is not in the list."""
        places = places_of(self._words, words)
        return [
            None if at < 0 else self._numbers[self._starts[at] : self._starts[at + 1]].tolist()
            for at in places.tolist()
        ]


def places_of(known: Array, words: Sequence[str]) -> Array:
    """`[len(words)]` the place of each word in a sorted list of UTF-8 words, or -1."""
    if not words:
        return np.zeros(0, dtype=np.int64)
    # a word with a zero byte at its end would be cut by numpy, and found as another; none is known
    sought = np.array([b"\xff" if "\0" in word else word.encode("utf-8", "replace") for word in words])
    places = np.minimum(np.searchsorted(known, sought), len(known) - 1)
    return np.where(known[places] == sought, places, -1)
