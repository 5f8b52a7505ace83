"""What is scored: references of a test set, and the predictions beside them.

In: ids, captions as written, and a tokenizer. Out: `References`, encoded once and reused for any number of
prediction sets, and `Corpus`, one prediction an item. Every metric module takes a `Corpus` and returns
`Statistics`.

Shape letters: `N` items, `R` references of all items together, `M` predictions (`N` in a test set),
`K` numbers of one item's statistics, `S` corpora scored at once (1, or the resamples of a bootstrap).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Any, TypeVar

import numpy as np

from blip2idc.errors import InputError
from blip2idc.evaluation.metrics.ngrams import (
    CaptionArrays,
    Floats,
    Ints,
    NgramVocabulary,
    Tokens,
    firsts,
    offsets,
    pack,
    sort_runs,
    unpack,
)
from blip2idc.evaluation.tokenizer.tokenize import TOKENIZER_SIGNATURE, tokenize_corpus

Tokenizer = Callable[[Sequence[str]], list[list[str]]]
Side = TypeVar("Side")


@dataclass(frozen=True, eq=False)
class Statistics:
    """What a metric knows of every item; corpus score, item scores and bootstrap are functions of it alone.

    Attributes:
        names: keys of the scores that these statistics give, such as `("bleu_1", ..., "bleu_4")`.
        values: `[N, K]` numbers of each item, of a kind that sums over items.
        aggregate: from sums `[S, K]` and numbers of items `[S]` to scores `[S, len(names)]`.
    """

    names: tuple[str, ...]
    values: Floats
    aggregate: Callable[[Floats, Floats], Floats]

    def __len__(self) -> int:
        return len(self.values)

    def corpus(self) -> Floats:
        """`[len(names)]` scores of the whole corpus."""
        scores: Floats = self.aggregate(self.values.sum(axis=0, keepdims=True), np.array([float(len(self))]))[
            0
        ]
        return scores

    def per_item(self) -> Floats:
        """`[N, len(names)]` scores of every item alone."""
        return self.aggregate(self.values, np.ones(len(self)))

    def take(self, items: Ints) -> Statistics:
        """The statistics of some items; the references' document frequencies stay those of the full corpus."""
        return Statistics(self.names, self.values[items], self.aggregate)


def mean_of_items(sums: Floats, items: Floats) -> Floats:
    """The `aggregate` of a metric whose corpus score is the mean of its items; 0 for no items."""
    return sums / np.maximum(items, 1.0)[:, None]


@dataclass(frozen=True, eq=False)
class ItemNgrams:
    """The distinct n-grams of every item's references, for one order; sorted by item, then by n-gram.

    Attributes:
        keys: item and n-gram as one integer (`ngrams.pack` with the vocabulary's size).
        ngram: id of the n-gram.
        most: the largest count in one reference.
    """

    keys: Ints
    ngram: Ints
    most: Ints


def item_ngrams(references: References) -> tuple[ItemNgrams, ...]:
    """What BLEU clips by and CIDEr counts documents in; for `References.side`."""
    owners, found = references.item, list[ItemNgrams]()
    for order, entries in enumerate(references.captions.ngrams, start=1):
        size, most = references.vocabulary.size(order), int(entries.count.max(initial=0))
        keys = pack(owners[entries.caption], entries.ngram, size)
        # the count as last part: the largest of each n-gram is the last of its run
        counted = sort_runs(pack(keys, entries.count, most))
        keys, counts = unpack(counted, most)
        last = np.append(firsts(keys)[1:], len(keys)) - 1 if len(keys) else firsts(keys)
        found.append(ItemNgrams(keys[last], unpack(keys[last], size)[1], counts[last]))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class References:
    """The reference captions of a test set, encoded once.

    Attributes:
        ids: `N` item ids.
        tokens: `R` tokenised references, item after item.
        starts: `[N + 1]` where each item's references begin.
        vocabulary: n-gram ids, from these references; `vocabulary.references` are the references as arrays.
        tokenizer: name of the tokenizer, for signatures.
    """

    ids: tuple[str, ...]
    tokens: tuple[Tokens, ...]
    starts: Ints
    vocabulary: NgramVocabulary
    tokenizer: str = TOKENIZER_SIGNATURE
    _sides: dict[Any, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def build(
        cls, ids: Sequence[str], captions: Sequence[Sequence[str]], tokenizer: Tokenizer = tokenize_corpus
    ) -> References:
        """Tokenise and encode references.

        Args:
            ids: one id an item.
            captions: the references of each item, as written; an item needs at least one (which may be
                empty).
            tokenizer: captions of the whole corpus -> tokens.

        Raises:
            InputError: no items, or an item without any reference.
        """
        flat = tokenizer(list(chain.from_iterable(captions)))
        cuts = offsets(np.array([len(references) for references in captions], dtype=np.int64))
        name = (
            TOKENIZER_SIGNATURE if tokenizer is tokenize_corpus else getattr(tokenizer, "__name__", "custom")
        )
        return cls.from_tokens(ids, [flat[a:b] for a, b in pairwise(cuts.tolist())], name)

    @classmethod
    def from_tokens(
        cls, ids: Sequence[str], tokens: Sequence[Sequence[Tokens]], tokenizer: str = TOKENIZER_SIGNATURE
    ) -> References:
        """The same from captions that are already tokenised, by the tokenizer of this name."""
        if len(ids) != len(tokens):
            raise InputError(
                f"{len(ids)} ids came with the references of {len(tokens)} items; give one id an item"
            )
        if not ids:
            raise InputError("There are no references to score against: the set is empty")
        bare = [item for item, references in zip(ids, tokens, strict=True) if not references]
        if bare:
            raise InputError(
                f"{len(bare)} items have no reference, first {bare[0]!r}; each needs at least one"
            )
        starts = offsets(np.array([len(references) for references in tokens], dtype=np.int64))
        flat = tuple(chain.from_iterable(tokens))
        return cls(tuple(ids), flat, starts, NgramVocabulary(flat), tokenizer)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def captions(self) -> CaptionArrays:
        """The `R` references as arrays."""
        return self.vocabulary.references

    @property
    def counts(self) -> Ints:
        """`[N]` references of each item."""
        return np.diff(self.starts)

    @property
    def item(self) -> Ints:
        """`[R]` item of each reference."""
        return np.repeat(np.arange(len(self)), self.counts)

    def of_item(self, item: int) -> tuple[Tokens, ...]:
        """The tokenised references of one item."""
        return self.tokens[self.starts[item] : self.starts[item + 1]]

    def take(self, items: Ints) -> References:
        """Some items as a reference set of their own, with a vocabulary and document frequencies of their own."""
        chosen = items.tolist()
        tokens = [self.of_item(item) for item in chosen]
        return References.from_tokens([self.ids[item] for item in chosen], tokens, self.tokenizer)

    def side(self, build: Callable[[References], Side]) -> Side:
        """What a metric derives from the references alone: built on first use, then kept."""
        if build not in self._sides:
            self._sides[build] = build(self)
        made: Side = self._sides[build]
        return made


@dataclass(frozen=True, eq=False)
class Corpus:
    """Predictions beside the references that they are scored against.

    Attributes:
        references: the reference side.
        tokens: `M` tokenised predictions.
        predictions: the same as arrays.
        item: `[M]` item against which each prediction is scored; `0 .. N - 1` for an ordinary corpus.
    """

    references: References
    tokens: tuple[Tokens, ...]
    predictions: CaptionArrays
    item: Ints

    @classmethod
    def build(
        cls, references: References, predictions: Sequence[str], tokenizer: Tokenizer = tokenize_corpus
    ) -> Corpus:
        """Predictions as written, one an item in the order of `references.ids`."""
        return cls.from_tokens(references, tokenizer(list(predictions)))

    @classmethod
    def from_tokens(
        cls, references: References, tokens: Sequence[Tokens], item: Ints | None = None
    ) -> Corpus:
        """Predictions already tokenised; `item` pairs them with any items, default one after the other."""
        if item is None:
            item = np.arange(len(references))
        if len(tokens) != len(item):
            raise InputError(
                f"{len(tokens)} predictions were given for {len(item)} items; give one prediction an item"
            )
        return cls(references, tuple(tokens), references.vocabulary.encode(tokens), item)

    def __len__(self) -> int:
        return len(self.item)

    def take(self, items: Ints) -> Corpus:
        """Some items of an ordinary corpus as a corpus of their own."""
        return Corpus.from_tokens(self.references.take(items), [self.tokens[item] for item in items.tolist()])

    @property
    def is_aligned(self) -> bool:
        """Whether prediction `i` belongs to item `i`, for all items."""
        return len(self.item) == len(self.references) and bool(
            np.array_equal(self.item, np.arange(len(self.item)))
        )

    def reference_pairs(self) -> tuple[Ints, Ints, Ints]:
        """Every (prediction, reference) pair to compare.

        Returns:
            `prediction [P]`, `reference [P]`, and `starts [M + 1]`, where the pairs of each prediction begin.
        """
        counts = self.references.counts[self.item]
        starts = offsets(counts)
        shift = np.repeat(self.references.starts[:-1][self.item] - starts[:-1], counts)
        return np.repeat(np.arange(len(self)), counts), np.arange(starts[-1]) + shift, starts
