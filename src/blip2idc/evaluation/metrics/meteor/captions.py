"""Captions as the matchers see them: words and phrases as numbers, with what is related to what.

In: captions as text. Out: `Caption`s of a `Vocabulary`, which learns the words and phrases of all captions of a
corpus at once. Stems, synonym sets and paraphrases are looked up once for each distinct word or phrase, and only
relations between words, and between phrases, that both occur in the corpus are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from blip2idc.evaluation.metrics.meteor.normaliser import Normaliser
from blip2idc.evaluation.metrics.meteor.stemmer import stem
from blip2idc.evaluation.metrics.meteor.tables import LONGEST, WORD_BITS, Array, Tables
from blip2idc.evaluation.metrics.meteor.wordnet import WordNet, places_of

Occurrence = tuple[int, int, int]  # where a phrase begins, its words, its number


@dataclass(slots=True, eq=False)
class Caption:
    """One caption.

    Attributes:
        words: numbers of its words.
        phrases: phrases in it that have paraphrases in the corpus: by place, then by length.
        places: of each distinct word, where it stands.
        phrase_places: of each distinct phrase, where it begins, and its length.
        function_words: how many function words stand before each place, and in all.
    """

    words: tuple[int, ...]
    phrases: tuple[Occurrence, ...]
    function_words: tuple[int, ...]
    places: dict[int, list[int]] = field(init=False)
    phrase_places: dict[int, list[tuple[int, int]]] = field(init=False)

    def __post_init__(self) -> None:
        self.places = {}
        for place, word in enumerate(self.words):
            self.places.setdefault(word, []).append(place)
        self.phrase_places = {}
        for place, length, phrase in self.phrases:
            self.phrase_places.setdefault(phrase, []).append((place, length))


class Vocabulary:
    """Words and phrases of a corpus, and their relations.

    Args:
        tables: METEOR's data.

    Attributes:
        stems: of each word, other words of the corpus with its stem.
        synonyms: of each word, other words of the corpus that share a synonym set.
        paraphrases: of each phrase, phrases of the corpus that mean the same, with their rank in METEOR's file.
        related: of each phrase, its paraphrases and the phrases whose paraphrase it is.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables, self._wordnet = tables, WordNet(tables)
        self._normalise = Normaliser(
            frozenset(_decoded(tables.abbreviations)), frozenset(_decoded(tables.abbreviations_before_digits))
        )
        self._function_words = frozenset(_decoded(tables.function_words))
        self._depths = tables.depths.tolist()
        self._numbers: dict[str, int] = {}
        self._is_function_word: list[bool] = []
        self._table_numbers = np.zeros(0, dtype=np.uint64)  # of each word, its number in the paraphrases
        self._by_stem: dict[str, set[int]] = {}
        self._by_set: dict[int, set[int]] = {}
        self.stems: list[set[int]] = []
        self.synonyms: list[set[int]] = []
        self.paraphrases: dict[int, dict[int, int]] = {}
        self.related: dict[int, set[int]] = {}
        self._words: dict[str, tuple[int, ...]] = {}
        self._phrases: dict[str, tuple[Occurrence, ...]] = {}

    def learn(self, captions: Iterable[str]) -> None:
        """Take up captions; those known already cost nothing, any new one the relations of all phrases anew."""
        fresh = [caption for caption in dict.fromkeys(captions) if caption not in self._words]
        if not fresh:
            return
        texts = self._normalise(fresh)
        self._learn_words(dict.fromkeys(word for text in texts for word in text))
        number = self._numbers
        for caption, text in zip(fresh, texts, strict=True):
            self._words[caption] = tuple([number[word] for word in text])
        self._learn_phrases()

    def caption(self, text: str) -> Caption:
        """A caption that was learnt."""
        words = self._words[text]
        seen, before = 0, [0]
        for word in words:
            seen += self._is_function_word[word]
            before.append(seen)
        return Caption(words, self._phrases.get(text, ()), tuple(before))

    def _learn_words(self, words: Iterable[str]) -> None:
        fresh = [word for word in words if word not in self._numbers]
        sets = self._wordnet.synonym_sets(fresh)
        for word, synonym_sets in zip(fresh, sets, strict=True):
            number = self._numbers[word] = len(self._numbers)
            self._is_function_word.append(word in self._function_words)
            same_stem = self._by_stem.setdefault(stem(word), set())
            self.stems.append(set(same_stem))
            for other in same_stem:
                self.stems[other].add(number)
            same_stem.add(number)
            self.synonyms.append(set())
            for synonym_set in synonym_sets:
                members = self._by_set.setdefault(synonym_set, set())
                self.synonyms[number] |= members
                for other in members:
                    self.synonyms[other].add(number)
                members.add(number)
        for number in range(len(self._numbers) - len(fresh), len(self._numbers)):
            self.synonyms[number].discard(number)
        found = places_of(self._tables.words, fresh) + 1
        self._table_numbers = np.concatenate((self._table_numbers, found.astype(np.uint64)))

    def _learn_phrases(self) -> None:
        """Find the phrases of all captions, and which of them mean the same."""
        lengths = np.array([len(words) + 1 for words in self._words.values()])
        flat = np.array([word for words in self._words.values() for word in (*words, -1)], dtype=np.int64)
        numbers = np.append(self._table_numbers, np.uint64(0))[flat]  # 0: no word of the table, or an end
        places, sizes, nodes = self._find_nodes(numbers)
        known, phrases = np.unique(nodes, return_inverse=True)
        heads, tails, ranks = self._find_paraphrases(known)
        self.paraphrases, self.related = {}, {}
        for head, tail, rank in zip(heads.tolist(), tails.tolist(), ranks.tolist(), strict=True):
            self.paraphrases.setdefault(head, {})[tail] = rank
            self.related.setdefault(head, set()).add(tail)
            self.related.setdefault(tail, set()).add(head)
        related = np.zeros(len(known), dtype=bool)
        related[heads] = related[tails] = True
        keep = related[phrases]
        places, sizes, phrases = places[keep], sizes[keep], phrases[keep]
        order = np.argsort(places, kind="stable")  # they come by length
        places, sizes, phrases = places[order], sizes[order], phrases[order]
        starts = np.concatenate(([0], np.cumsum(lengths)))
        cuts = np.searchsorted(places, starts)
        places -= np.repeat(starts[:-1], np.diff(cuts))
        found = list(zip(places.tolist(), sizes.tolist(), phrases.tolist(), strict=True))
        self._phrases = {
            caption: tuple(found[a:b])
            for caption, (a, b) in zip(self._words, pairwise(cuts.tolist()), strict=True)
            if a < b
        }

    def _find_nodes(self, numbers: Array) -> tuple[Array, Array, Array]:
        """Place, length and node of each run of words that begins some phrase of the table."""
        found = list[tuple[Array, Array, Array]]()
        places, parents = np.flatnonzero(numbers), np.zeros(1, dtype=np.uint64)
        parents = np.zeros(len(places), dtype=np.uint64)
        for depth in range(LONGEST):
            inside = places + depth < len(numbers)
            places, parents = places[inside], parents[inside]
            words = numbers[places + depth]
            places, parents, words = places[words > 0], parents[words > 0], words[words > 0]
            start, stop = self._depths[depth], self._depths[depth + 1]
            level = self._tables.nodes[start:stop]
            keys, back = np.unique(parents << np.uint64(WORD_BITS) | words, return_inverse=True)
            at = np.minimum(np.searchsorted(level, keys), len(level) - 1)
            nodes = np.where(level[at] == keys, at + start, -1)[back]
            places, parents = places[nodes >= 0], nodes[nodes >= 0].astype(np.uint64)
            found.append((places, np.full(len(places), depth + 1), parents.astype(np.int64)))
        return (
            np.concatenate([places for places, _, _ in found]),
            np.concatenate([sizes for _, sizes, _ in found]),
            np.concatenate([nodes for _, _, nodes in found]),
        )

    def _find_paraphrases(self, nodes: Array) -> tuple[Array, Array, Array]:
        """Pairs of places in `nodes` (ascending), the second a paraphrase of the first, and its rank among them."""
        tables = self._tables
        at = np.minimum(np.searchsorted(tables.sources, nodes), len(tables.sources) - 1)
        heads = np.flatnonzero(tables.sources[at] == nodes)
        at = at[heads]
        starts = tables.source_starts[at].astype(np.int64)
        counts = tables.source_starts[at + 1] - starts
        ranks = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        tails = tables.targets[np.repeat(starts, counts) + ranks]
        here = np.zeros(len(tables.nodes), dtype=bool)
        here[nodes] = True
        keep = here[tails]
        return np.repeat(heads, counts)[keep], np.searchsorted(nodes, tails[keep]), ranks[keep]


def _decoded(words: Array) -> list[str]:
    return [word.decode() for word in words.tolist()]
