"""Find captions: greedy and beam search in numpy, as transformers does both.

In: what a language model expects first, and a function that reads one more token in each row. Out: token ids without
special tokens at either end. With one beam the likeliest token is taken each time. Beams follow transformers' search
with `early_stopping=False`: the best twice as many continuations are kept, those that end are set aside with their
log-probability divided by length to the power of the penalty, and a pair is done when no open beam can overtake the
worst of them at its present length.

Shapes: R rows (pairs, or pairs times beams), V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from blip2idc.model.files.settings import Decoding

_NEVER = np.float32(-1e9)  # of a beam that is none yet; transformers' number

#: (rows to go on from [R], a token for each [R]) -> logits of the next token, [R, V].
Step = Callable[[np.ndarray, np.ndarray], np.ndarray]


def search(first: np.ndarray, step: Step, decoding: Decoding, longest: int, end: int) -> list[list[int]]:
    """Find a caption for each pair.

    Args:
        first: Logits of the first token, [B, V].
        step: Reads one token more. The rows it is given index what it had before.
        decoding: How to search.
        longest: Most tokens, the end token included.
        end: The end token.
    """
    if decoding.num_beams == 1:
        return _greedy(first, step, decoding, longest, end)
    return _beams(first, step, decoding, longest, end)


def _greedy(logits: np.ndarray, step: Step, decoding: Decoding, longest: int, end: int) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in logits]
    open_rows = list(range(len(found)))  # the pair of each row that is still read
    while True:
        chosen = adjusted(logits, [found[pair] for pair in open_rows], decoding).argmax(axis=-1)
        for pair, token in zip(open_rows, chosen.tolist(), strict=True):
            found[pair].append(token)
        kept = [
            row
            for row, (pair, token) in enumerate(zip(open_rows, chosen.tolist(), strict=True))
            if token != end and len(found[pair]) < longest
        ]
        if not kept:
            return [tokens[:-1] if tokens[-1] == end else tokens for tokens in found]
        open_rows = [open_rows[row] for row in kept]
        logits = step(np.array(kept), chosen[kept])


@dataclass
class _Beams:
    """The search for one pair.

    Attributes:
        tokens: Of each open beam.
        scores: Summed log-probability of each.
        ended: The best that ended, best first: (score by length, tokens).
        done: Whether no open beam can overtake them.
    """

    count: int
    tokens: list[list[int]]
    scores: np.ndarray
    ended: list[tuple[float, list[int]]] = field(default_factory=list)
    done: bool = False

    def advance(
        self, log_probabilities: np.ndarray, decoding: Decoding, longest: int, end: int
    ) -> np.ndarray:
        """Go on by one token: the beam that each new one comes from.

        Args:
            log_probabilities: Of the next token of each beam, [beams, V].
            decoding: How to search.
            longest: Most tokens.
            end: The end token.
        """
        words = log_probabilities.shape[1]
        total = (log_probabilities + self.scores[:, None]).ravel()
        best = _largest(total, 2 * self.count)
        beams, tokens, scores = best // words, best % words, total[best]
        length = len(self.tokens[0]) + 1
        ends = (tokens == end) | (length >= longest)
        grown = [[*self.tokens[beam], int(token)] for beam, token in zip(beams, tokens, strict=True)]
        if not self.done:
            self._set_aside(grown, scores / np.float32(length**decoding.length_penalty), ends)
        running = scores + ends * _NEVER
        kept = _largest(running, self.count)
        self.tokens, self.scores = [grown[row] for row in kept], running[kept]
        possible = self.scores[0] / np.float32(length**decoding.length_penalty)
        full = len(self.ended) == self.count
        self.done = self.done or length >= longest or (full and possible <= self.ended[-1][0])
        chosen: np.ndarray = beams[kept]
        return chosen

    def _set_aside(self, grown: list[list[int]], scores: np.ndarray, ends: np.ndarray) -> None:
        """Keep those that end among the best, as many as there are beams."""
        self.ended += [(float(scores[row]), grown[row]) for row in range(self.count) if ends[row]]
        self.ended.sort(key=lambda one: -one[0])
        del self.ended[self.count :]


def _beams(logits: np.ndarray, step: Step, decoding: Decoding, longest: int, end: int) -> list[list[int]]:
    count, pairs = decoding.num_beams, len(logits)
    start = np.full(count, _NEVER, dtype=np.float32)
    start[0] = 0.0
    searches = [_Beams(count, [[] for _ in range(count)], start) for _ in range(pairs)]
    logits = np.repeat(logits, count, axis=0)
    rows = np.repeat(np.arange(pairs), count)  # where each beam's state lies
    while True:
        said = [tokens for one in searches for tokens in one.tokens]
        told = adjusted(log_softmax(logits), said, decoding).reshape(pairs, count, -1)
        origins = [
            index * count + one.advance(told[index], decoding, longest, end)
            for index, one in enumerate(searches)
        ]
        if all(one.done for one in searches):
            return [_without_end(max(one.ended, key=lambda kept: kept[0])[1], end) for one in searches]
        chosen = np.array([tokens[-1] for one in searches for tokens in one.tokens])
        logits = step(rows[np.concatenate(origins)], chosen)
        rows = np.arange(pairs * count)


def adjusted(scores: np.ndarray, said: Sequence[Sequence[int]], decoding: Decoding) -> np.ndarray:
    """Scores of the next token after the penalties for repetition.

    Args:
        scores: Logits or log-probabilities, [R, V].
        said: What each row has said so far.
        decoding: With the penalties.
    """
    if decoding.repetition_penalty == 1.0 and decoding.no_repeat_ngram_size == 0:
        return scores
    scores = scores.copy()
    penalty, size = np.float32(decoding.repetition_penalty), decoding.no_repeat_ngram_size
    for row, tokens in enumerate(said):
        used = list(set(tokens))
        scores[row, used] = np.where(
            scores[row, used] < 0, scores[row, used] * penalty, scores[row, used] / penalty
        )
        if size and len(tokens) + 1 >= size:
            begun = tuple(tokens[len(tokens) - size + 1 :])
            repeats = [
                tokens[at + size - 1]
                for at in range(len(tokens) - size + 1)
                if tuple(tokens[at : at + size - 1]) == begun
            ]
            scores[row, repeats] = -np.inf
    return scores


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities along the last axis."""
    told: np.ndarray = logits - log_sum_exp(logits)
    return told


def log_sum_exp(logits: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exponentials along the last axis, which stays, with one entry."""
    top = logits.max(axis=-1, keepdims=True)
    shifted = logits - top
    told: np.ndarray = top + np.log(np.exp(shifted, out=shifted).sum(axis=-1, keepdims=True))
    return told


def _largest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the largest values are, the largest first."""
    count = min(count, len(values))
    some = np.argpartition(-values, count - 1)[:count]
    ordered: np.ndarray = some[np.argsort(-values[some], kind="stable")]
    return ordered


def _without_end(tokens: list[int], end: int) -> list[int]:
    return tokens[: tokens.index(end)] if end in tokens else tokens
