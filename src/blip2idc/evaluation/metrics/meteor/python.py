"""METEOR's alignments in this process, without Java: the default.

In: predictions and references as tokens joined with spaces. Out: METEOR's 23 numbers of each item, as its program
gives them, found with its own data (`cache`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Self

import numpy as np

from blip2idc.evaluation.metrics.meteor.aligner import align, chunks_of
from blip2idc.evaluation.metrics.meteor.cache import load_tables
from blip2idc.evaluation.metrics.meteor.captions import Caption, Vocabulary
from blip2idc.evaluation.metrics.meteor.matchers import Match, find_matches
from blip2idc.evaluation.metrics.meteor.scorer import COLUMNS, MODULE_WEIGHTS, item_scores
from blip2idc.evaluation.metrics.meteor.sources import Sources
from blip2idc.evaluation.metrics.ngrams import Floats

_KEPT_CAPTIONS = 8192  # of which words are kept by place; the others are looked up again


class PythonMeteor:
    """Alignments of METEOR 1.5, `-l en -norm`, number for number.

    Args:
        sources: METEOR's data.
        cache: folder for the tables made of them; default: in the user's cache folder.
        report: is told the share that is done while the tables are made, which is once.
    """

    def __init__(
        self, sources: Sources, cache: Path | None = None, report: Callable[[float], None] | None = None
    ) -> None:
        self._sources, self._cache, self._report = sources, cache, report
        self._vocabulary: Vocabulary | None = None
        self._note: str | None = None

    @property
    def signature(self) -> str:
        """Hash of METEOR's data."""
        return f"python:meteor-1.5-data#{self._sources.fingerprint[:8]}"

    @property
    def note(self) -> str | None:
        """Why the tables could not be kept, once they are loaded."""
        return self._note

    def align(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
        """METEOR's numbers `[M, 23]`; see `MeteorBackend`."""
        said = [prediction.replace("|||", "").replace("  ", " ") for prediction in predictions]
        vocabulary = self._open()
        vocabulary.learn(chain(said, chain.from_iterable(references)))
        rows = list(_rows(vocabulary, said, references))
        numbers = np.array(rows, dtype=np.float64).reshape(-1, COLUMNS)
        return _best(numbers, [len(group) for group in references])

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._vocabulary = None

    def _open(self) -> Vocabulary:
        if self._vocabulary is None:
            tables, self._note = load_tables(self._sources, self._cache, self._report)
            self._vocabulary = Vocabulary(tables)
        return self._vocabulary


def _rows(
    vocabulary: Vocabulary, predictions: Sequence[str], references: Sequence[Sequence[str]]
) -> Iterator[tuple[int, ...]]:
    """The numbers of every prediction with each of its references."""
    caption = lru_cache(_KEPT_CAPTIONS)(vocabulary.caption)
    known: dict[tuple[str, str], tuple[int, ...]] = {}
    for prediction, group in zip(predictions, references, strict=True):
        for reference in group:
            pair = prediction, reference
            row = known.get(pair)
            if row is None:
                row = known[pair] = _compare(caption(prediction), caption(reference), vocabulary)
            yield row


def _compare(prediction: Caption, reference: Caption, vocabulary: Vocabulary) -> tuple[int, ...]:
    """The 23 numbers of a prediction and one reference."""
    chosen = align(len(prediction.words), find_matches(prediction, reference, vocabulary))
    modules, matched, reference_matched = _count(chosen, prediction.function_words, reference.function_words)
    return (
        len(prediction.words),
        len(reference.words),
        prediction.function_words[-1],
        reference.function_words[-1],
        *modules,
        chunks_of(chosen),
        matched,
        reference_matched,
    )


def _count(
    chosen: Sequence[Match], function: Sequence[int], reference_function: Sequence[int]
) -> tuple[list[int], int, int]:
    """Matched content words (prediction, reference) and function words of each module, and all words matched."""
    modules = [0] * (4 * len(MODULE_WEIGHTS))
    matched = reference_matched = 0
    for place, length, at, size, matcher in chosen:
        few, reference_few = (
            function[at + size] - function[at],
            reference_function[place + length] - reference_function[place],
        )
        column = 4 * matcher
        modules[column] += size - few
        modules[column + 1] += length - reference_few
        modules[column + 2] += few
        modules[column + 3] += reference_few
        matched += size
        reference_matched += length
    return modules, matched, reference_matched


def _best(numbers: Floats, counts: Sequence[int]) -> Floats:
    """Of the rows of each item the one with the highest score, the first of those that tie."""
    if not counts:
        return np.zeros((0, COLUMNS))
    lengths = np.array(counts)
    starts = np.cumsum(lengths) - lengths
    scores = item_scores(numbers)
    highest = np.repeat(np.maximum.reduceat(scores, starts), lengths)
    places = np.where(scores == highest, np.arange(len(scores)), len(scores))
    return numbers[np.minimum.reduceat(places, starts)]
