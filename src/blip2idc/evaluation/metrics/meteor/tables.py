"""METEOR's data as arrays, and how they are compiled from its files.

In: `Sources`. Out: `Tables`, which `cache` keeps in one file and maps into memory.

A phrase is a path in a tree of words. The nodes of one depth lie together, sorted by `parent << 16 | word`, so that
any number of phrases is looked up by as many binary searches as they have words; the place of a node in all of them
is its phrase's number. A paraphrase is a pair of such numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import Any

import numpy as np

from blip2idc.errors import ConfigError
from blip2idc.evaluation.metrics.meteor.sources import (
    ABBREVIATIONS,
    EXCEPTIONS,
    FUNCTION_WORDS,
    SYNSETS,
    Sources,
)

LONGEST = 7  # words of a phrase
WORD_BITS = 16
_END = b"\n"
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Tables:
    """What METEOR knows of English.

    Attributes:
        words: `[W]` words of paraphrases, UTF-8, sorted; word `i` has the number `i + 1` in `nodes`.
        nodes: `[P]` keys of phrases, sorted at each depth.
        depths: `[LONGEST + 1]` where the nodes of each depth begin in `nodes`, and their end.
        sources: `[S]` phrases that have paraphrases, ascending.
        source_starts: `[S + 1]` where the paraphrases of each begin in `targets`.
        targets: phrases, in the order of METEOR's file.
        synset_words: words of WordNet, sorted.
        synset_starts: where the synonym sets of each begin in `synsets`.
        synsets: numbers of synonym sets.
        exception_words: irregular forms, sorted.
        exception_starts: where the synonym sets of the base forms of each begin in `exceptions`.
        exceptions: numbers of synonym sets.
        function_words: words that weigh less.
        abbreviations: words that a full stop belongs to, in the case of METEOR's list.
        abbreviations_before_digits: the same, only before a digit.
    """

    words: Array
    nodes: Array
    depths: Array
    sources: Array
    source_starts: Array
    targets: Array
    synset_words: Array
    synset_starts: Array
    synsets: Array
    exception_words: Array
    exception_starts: Array
    exceptions: Array
    function_words: Array
    abbreviations: Array
    abbreviations_before_digits: Array

    def to_arrays(self) -> dict[str, Array]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def compile_tables(sources: Sources, report: Callable[[float], None] = lambda share: None) -> Tables:
    """Read METEOR's files, in about twenty seconds and 300 MB.

    Args:
        sources: the files.
        report: is told the share that is done.

    Raises:
        ConfigError: a file is damaged or not as expected.
    """
    words, phrases, repeats = _read_paraphrases(sources, lambda share: report(0.8 * share))
    order = np.argsort(words)
    number = np.empty(len(words) + 1, dtype=np.uint16)
    number[0], number[order + 1] = 0, np.arange(1, len(words) + 1)
    nodes, depths, numbers = _tree(phrases, number, lambda share: report(0.8 + 0.2 * share))
    del phrases
    heads = numbers[: len(repeats)]
    by_head = np.argsort(heads, kind="stable")
    if (np.diff(heads[by_head]) == 0).any():
        raise ConfigError(
            f"{sources.paraphrases}: the paraphrases of a phrase are not together; expected METEOR 1.5's file"
        )
    starts = _starts(repeats)
    targets = numbers[len(repeats) :]
    lengths = repeats[by_head]
    # entry k of a phrase's run, for every phrase in ascending order
    places = np.repeat(starts[by_head] - _starts(lengths)[:-1], lengths) + np.arange(len(targets))
    return Tables(
        words=words[order],
        nodes=nodes,
        depths=depths,
        sources=heads[by_head],
        source_starts=_starts(lengths).astype(np.uint32),
        targets=targets[places],
        **_wordnet(sources),
        **_lists(sources),
    )


def _read_paraphrases(sources: Sources, report: Callable[[float], None]) -> tuple[Array, Array, Array]:
    """Words `[W]`, phrases `[S + T, LONGEST]` as words in order of appearance (0: no more), and `[S]` runs.

    The first `S` phrases are those that have paraphrases, the others their paraphrases, in runs of these lengths.
    """
    number = _Numbers()
    heads, tails, repeats = list[Array](), list[Array](), list[int]()
    last = b""
    for block in sources.paraphrase_lines(report):
        fresh = list[bytes]()
        for head, run in groupby(block[1::3]):
            count = len(list(run))
            if head == last:
                repeats[-1] += count
            else:
                fresh.append(head)
                repeats.append(count)
            last = head
        heads.append(_rows(fresh, number))
        tails.append(_rows(block[2::3], number))
    if not repeats:
        raise ConfigError(f"{sources.paraphrases}: it is empty; expected METEOR 1.5's paraphrases")
    words = np.array(list(number)[1:])
    phrases = heads + tails
    del heads, tails
    return words, _joined(phrases), np.array(repeats, dtype=np.int64)


def _joined(parts: list[Array]) -> Array:
    """All rows, while the parts are given up one by one."""
    joined = np.empty((sum(map(len, parts)), LONGEST), dtype=np.uint16)
    start = 0
    parts.reverse()
    while parts:
        part = parts.pop()
        joined[start : start + len(part)] = part
        start += len(part)
    return joined


class _Numbers(dict[bytes, int]):
    """Numbers of words in order of appearance; the end of a line is 0."""

    def __init__(self) -> None:
        super().__init__({_END: 0})

    def __missing__(self, word: bytes) -> int:
        if not word:
            raise ConfigError(
                "METEOR's paraphrases hold an empty line or two spaces in a row; expected words"
            )
        if len(self) >= 1 << WORD_BITS:
            raise ConfigError(f"METEOR's paraphrases have more than {len(self) - 1} words; expected 43,139")
        self[word] = len(self)
        return self[word]


def _rows(lines: Sequence[bytes], number: _Numbers) -> Array:
    """`[len(lines), LONGEST]` the words of each line."""
    rows = np.zeros((len(lines), LONGEST), dtype=np.uint16)
    if not lines:
        return rows
    pieces = b"".join(lines).replace(_END, b" \n ").split(b" ")[:-1]
    flat = np.fromiter(map(number.__getitem__, pieces), dtype=np.uint16, count=len(pieces))
    ends = np.flatnonzero(flat == 0)
    lengths = np.diff(ends, prepend=-1) - 1
    if len(ends) != len(lines) or lengths.min() < 1 or lengths.max() > LONGEST:
        raise ConfigError(
            f"METEOR's paraphrases have phrases of {lengths.min()} to {lengths.max()} words; expected 1 to {LONGEST}"
        )
    row = np.repeat(np.arange(len(lines)), lengths)
    column = np.arange(lengths.sum()) - np.repeat(_starts(lengths)[:-1], lengths)
    rows[row, column] = flat[flat != 0]
    return rows


def _tree(phrases: Array, number: Array, report: Callable[[float], None]) -> tuple[Array, Array, Array]:
    """Nodes, where each depth begins, and the node of each phrase; `number` renumbers words."""
    found = np.zeros(len(phrases), dtype=np.uint32)
    levels, depths = list[Array](), [0]
    alive = np.arange(len(phrases), dtype=np.uint32)
    for depth in range(LONGEST):
        alive = alive[phrases[alive, depth] > 0]
        parents = found[alive].astype(np.uint64) if depth else np.zeros(len(alive), dtype=np.uint64)
        keys = parents << np.uint64(WORD_BITS) | number[phrases[alive, depth]]
        level = np.unique(keys)  # without its inverse, which would take three times the memory
        found[alive] = np.searchsorted(level, keys).astype(np.uint32) + np.uint32(depths[-1])
        levels.append(level)
        depths.append(depths[-1] + len(level))
        report((depth + 1) / LONGEST)
    return np.concatenate(levels), np.array(depths), found


def _wordnet(sources: Sources) -> dict[str, Array]:
    """Synonym sets and irregular forms of single words; METEOR's normaliser leaves no word with an underscore."""
    known = {word: list(map(int, ids.split())) for word, ids in _pairs(sources.text(SYNSETS))}
    irregular = dict[str, list[int]]()
    for base, forms in _pairs(sources.text(EXCEPTIONS)):
        for form in forms.split():
            irregular.setdefault(form, []).extend(known.get(base, ()))
    words, starts, synsets = _ragged(known)
    irregular_words, form_starts, exceptions = _ragged(irregular)
    return {
        "synset_words": words, "synset_starts": starts, "synsets": synsets,
        "exception_words": irregular_words, "exception_starts": form_starts, "exceptions": exceptions,
    }  # fmt: skip


def _lists(sources: Sources) -> dict[str, Array]:
    """Function words, and words that a full stop belongs to."""
    always, before_digits = list[str](), list[str]()
    for line in sources.text(ABBREVIATIONS).splitlines():
        if line.strip() and not line.startswith("#"):
            (before_digits if "#NUMERIC_ONLY#" in line else always).append(line.split()[0])
    return {
        "function_words": _encoded(sources.text(FUNCTION_WORDS).split()),
        "abbreviations": _encoded(always),
        "abbreviations_before_digits": _encoded(before_digits),
    }


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    """Every other line and the line below it."""
    lines = text.splitlines()
    return zip(lines[::2], lines[1::2], strict=True)


def _ragged(entries: dict[str, list[int]]) -> tuple[Array, Array, Array]:
    """Words without underscore in the order of their bytes, where the numbers of each begin, and all numbers."""
    rows = sorted((word.encode(), numbers) for word, numbers in entries.items() if "_" not in word)
    lengths = np.array([len(numbers) for _, numbers in rows], dtype=np.int64)
    flat = np.array([number for _, numbers in rows for number in numbers], dtype=np.uint32)
    return np.array([word for word, _ in rows]), _starts(lengths).astype(np.uint32), flat


def _encoded(words: Sequence[str]) -> Array:
    return np.array([word.encode() for word in words])


def _starts(lengths: Array) -> Array:
    """Where each of some runs begins, and their end."""
    return np.concatenate(([0], np.cumsum(lengths)))
