"""Sentences as a tree of their beginnings: what they have in common is read once by a language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SentenceTree:
    """Sentences as a tree of their beginnings, so that what they share is computed once.

    Attributes:
        tokens: Last token of each of the N beginnings.
        depths: Tokens before it.
        seen: Which beginnings each one contains, itself included, [N, N].
        steps: (beginning, next token, sentence) for each token after the first of each sentence.
    """

    tokens: list[int]
    depths: list[int]
    seen: list[list[bool]]
    steps: list[tuple[int, int, int]]

    @classmethod
    def of(cls, sentences: Sequence[Sequence[int]]) -> SentenceTree:
        """Build the tree of some sentences."""
        beginnings: dict[tuple[int, ...], int] = {}
        steps = []
        for number, sentence in enumerate(sentences):
            for length in range(1, len(sentence)):
                node = beginnings.setdefault(tuple(sentence[:length]), len(beginnings))
                steps.append((node, sentence[length], number))
        seen = [[long[: len(short)] == short for short in beginnings] for long in beginnings]
        tokens = [beginning[-1] for beginning in beginnings]
        return cls(tokens, [len(beginning) - 1 for beginning in beginnings], seen, steps)
