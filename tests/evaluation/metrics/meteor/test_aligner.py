"""Alignments: the habits that scores depend on, and random captions against all choices there are."""

from __future__ import annotations

import random
from functools import cache

import pytest

from blip2idc.evaluation.metrics.meteor.aligner import align, chunks_of
from blip2idc.evaluation.metrics.meteor.matchers import EXACT, PARAPHRASE, STEM, Match


def exact(prediction: str, reference: str) -> list[list[Match]]:
    said = prediction.split()
    return [
        [(place, 1, at, 1, EXACT) for at, word in enumerate(said) if word == wanted]
        for place, wanted in enumerate(reference.split())
    ]


def aligned(prediction: str, reference: str) -> list[tuple[int, int]]:
    chosen = align(len(prediction.split()), exact(prediction, reference))
    return [(place, at) for place, _, at, _, _ in chosen]


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"),
    [
        ("a b", "a b", [(0, 0), (1, 1)]),
        ("a b", "b a", [(0, 1), (1, 0)]),
        # the distance is charged to the alternatives, so that of equal places the second is taken, not the first
        ("a", "a a", [(1, 0)]),
        ("a", "a a a", [(1, 0)]),
        # fewer chunks win over smaller distance
        ("b a b", "x x a b", [(2, 1), (3, 2)]),
        ("", "a", []),
        ("a", "", []),
    ],
)
def test_recorded_choices(prediction: str, reference: str, expected: list[tuple[int, int]]) -> None:
    assert aligned(prediction, reference) == expected


def test_a_lone_match_of_unequal_words_counts_only_where_nothing_else_is() -> None:
    """Half a match is truncated to none: alone it stands, beside an alternative it costs a chunk and is left out."""
    assert align(1, [[(0, 1, 0, 1, STEM)]]) == [(0, 1, 0, 1, STEM)]
    assert align(1, [[(0, 1, 0, 1, STEM), (0, 1, 0, 1, PARAPHRASE)]]) == []


def test_a_phrase_wins_over_its_words() -> None:
    matches: list[list[Match]] = [[(0, 1, 0, 1, STEM), (0, 2, 0, 2, PARAPHRASE)], [(1, 1, 1, 1, STEM)]]
    assert align(2, matches) == [(0, 2, 0, 2, PARAPHRASE)]


def test_chunks() -> None:
    assert chunks_of([]) == 0
    assert chunks_of([(0, 1, 0, 1, EXACT), (1, 2, 1, 1, PARAPHRASE), (3, 1, 2, 1, EXACT)]) == 1
    assert chunks_of([(0, 1, 0, 1, EXACT), (2, 1, 1, 1, EXACT), (3, 1, 0, 1, EXACT)]) == 3


def best(prediction: list[str], reference: list[str]) -> tuple[int, int]:
    """(matches, chunks) of the best of all alignments of equal words: most matches, then fewest chunks."""

    @cache
    def rest(place: int, used: int, after: int) -> tuple[int, int]:
        """Negative matches and chunks from a place on; `after` is where the open chunk would go on, or -1."""
        if place == len(reference):
            return 0, 0
        found = [rest(place + 1, used, -1)]
        for at, word in enumerate(prediction):
            if word == reference[place] and not used >> at & 1:
                matches, chunks = rest(place + 1, used | 1 << at, at + 1)
                found.append((matches - 1, chunks + (at != after)))
        return min(found)

    matches, chunks = rest(0, 0, -1)
    return -matches, chunks


def test_search_finds_the_best_of_all_alignments() -> None:
    generator = random.Random(7)
    for _ in range(400):
        words = "abcd"[: generator.randint(1, 4)]
        said, wanted = ([generator.choice(words) for _ in range(generator.randint(0, 6))] for _ in range(2))
        chosen = align(len(said), exact(" ".join(said), " ".join(wanted)))
        assert (len(chosen), chunks_of(chosen)) == best(said, wanted), (said, wanted)


def test_no_word_is_used_twice() -> None:
    generator = random.Random(8)
    for _ in range(200):
        matches: list[list[Match]] = [[] for _ in range(8)]
        for _ in range(generator.randint(0, 20)):
            length, size = generator.randint(1, 3), generator.randint(1, 3)
            place, at = generator.randint(0, 8 - length), generator.randint(0, 8 - size)
            matches[place].append((place, length, at, size, generator.randint(0, 3)))
        chosen = align(8, matches)
        here = [word for place, length, _, _, _ in chosen for word in range(place, place + length)]
        there = [word for _, _, at, size, _ in chosen for word in range(at, at + size)]
        assert here == sorted(set(here))
        assert len(there) == len(set(there))
