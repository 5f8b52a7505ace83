"""More words for a tiny model that can already see: its tokenizer grows, and what it knows stays as it is.

In: a byte-level BPE tokenizer and sentences. Out: the tokenizer with further merges after its own, so that every text
it split before is split the same way or into fewer pieces, and embeddings for the new pieces, begun as the mean of
those they are made of. BPE: Sennrich et al., ACL 2016, arXiv 1508.07909.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import torch

_RAREST = 5  # a pair of pieces that occurs less often makes no new piece

Piece = str


def extend_tokenizer(tokenizer: Any, sentences: Iterable[str], size: int) -> Any:
    """The tokenizer with merges learned from sentences, added after its own.

    Args:
        tokenizer: A byte-level BPE tokenizer of transformers; left as it is.
        sentences: What the new pieces are for.
        size: Pieces wanted in all; fewer where the sentences have no more.
    """
    from tokenizers import Tokenizer

    description = json.loads(tokenizer.backend_tokenizer.to_str())
    model = description["model"]
    vocabulary: dict[str, int] = model["vocab"]
    for left, right in _new_merges(tokenizer, sentences, size - len(tokenizer), set(vocabulary)):
        model["merges"].append([left, right])
        vocabulary[left + right] = len(vocabulary)
    raw = Tokenizer.from_str(json.dumps(description))
    grown = type(tokenizer)(
        tokenizer_object=raw,
        pad_token=tokenizer.pad_token,
        bos_token=tokenizer.bos_token,
        eos_token=tokenizer.eos_token,
        unk_token=tokenizer.unk_token,
    )
    grown.add_special_tokens({"additional_special_tokens": tokenizer.all_special_tokens[-1:]})
    return grown


def _new_merges(
    tokenizer: Any, sentences: Iterable[str], count: int, known: set[str]
) -> list[tuple[Piece, Piece]]:
    """The pairs of pieces to join, the most frequent first, each counted after those before it were joined."""
    raw = tokenizer.backend_tokenizer
    words: Counter[str] = Counter()
    for sentence in sentences:
        words.update(word for word, _ in raw.pre_tokenizer.pre_tokenize_str(sentence))
    split = _split_words(raw, list(words))
    counts = [words[word] for word in words]
    pairs: Counter[tuple[Piece, Piece]] = Counter()
    where: dict[tuple[Piece, Piece], set[int]] = defaultdict(set)
    for index, pieces in enumerate(split):
        for pair in itertools.pairwise(pieces):
            pairs[pair] += counts[index]
            where[pair].add(index)
    merges: list[tuple[Piece, Piece]] = []
    waiting = [(-seen, pair) for pair, seen in pairs.items() if seen >= _RAREST]
    heapq.heapify(waiting)
    while len(merges) < count and waiting:
        seen, best = heapq.heappop(waiting)
        now = pairs.get(best, 0)
        if now != -seen:  # counted before other pairs were joined
            if now >= _RAREST:
                heapq.heappush(waiting, (-now, best))
            continue
        if "".join(best) not in known:
            merges.append(best)
            known.add("".join(best))
        made: set[tuple[Piece, Piece]] = set()
        for index in where.pop(best):
            made |= _join(split, index, best, counts[index], pairs, where)
        pairs.pop(best, None)
        for pair in made:
            if pairs.get(pair, 0) >= _RAREST:
                heapq.heappush(waiting, (-pairs[pair], pair))
    return merges


def _split_words(raw: Any, words: list[str]) -> list[list[Piece]]:
    """Pieces of pre-tokenized words (already in byte letters), as the tokenizer's own merges make them."""
    model = raw.model
    return [[token.value for token in model.tokenize(word)] for word in words]


def _join(
    split: list[list[Piece]],
    index: int,
    pair: tuple[Piece, Piece],
    count: int,
    pairs: Counter[tuple[Piece, Piece]],
    where: dict[tuple[Piece, Piece], set[int]],
) -> set[tuple[Piece, Piece]]:
    """Join a pair in one word, and count its pairs anew; those that it has now."""
    pieces = split[index]
    for old in itertools.pairwise(pieces):
        pairs[old] -= count
        if pairs[old] <= 0:
            del pairs[old]
    joined: list[Piece] = []
    for piece in pieces:
        if joined and (joined[-1], piece) == pair:
            joined[-1] += piece
        else:
            joined.append(piece)
    split[index] = joined
    found = set(itertools.pairwise(joined))
    for new in itertools.pairwise(joined):
        pairs[new] += count
        where[new].add(index)
    return found


def grow_embeddings(network: Any, old: Any, new: Any) -> None:
    """Give a network's language model the pieces of a grown tokenizer, in place.

    Args:
        network: A `Blip2ForConditionalGeneration` with tied embeddings, made for `old`.
        old: Its tokenizer.
        new: From `extend_tokenizer`.
    """
    language_model = network.language_model
    weight = language_model.get_input_embeddings().weight.detach().clone()
    raw = old.backend_tokenizer.model
    rows = []
    for index in range(len(old), len(new)):
        pieces = [token.id for token in raw.tokenize(new.convert_ids_to_tokens(index))]
        rows.append(weight[pieces].mean(dim=0))
    language_model.resize_token_embeddings(len(new), mean_resizing=False)
    grown = language_model.get_input_embeddings().weight
    with torch.no_grad():
        grown[: len(old)] = weight[: len(old)]
        if rows:
            grown[len(old) :] = torch.stack(rows)
    network.config.text_config.vocab_size = len(new)
