"""Penn Treebank tokens of captions, equal to those of the community's Java tokenizer.

What for: BLEU, ROUGE-L and CIDEr are only comparable on the same tokens. In: captions. Out: their tokens in small
letters, without the eighteen punctuation marks that the community drops. No Java.
Reference: PTBTokenizer of Stanford CoreNLP 3.4.1 with ``-lowerCase -preserveLines``, as called by pycocoevalcap 1.2.

The Java program reads all captions as one text, and so does this one: a full stop can depend on the next caption. One
difference is deliberate: characters that Java takes for a line end inside a caption (U+000B, U+000C, U+000D, U+2028,
U+2029) are spaces here; there they shift every later caption to the wrong item. ``TOKENIZER_SIGNATURE`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from blip2idc.evaluation.ptb_lexer import Lexer
from blip2idc.evaluation.ptb_words import KEPT_STOPS, SPLIT_WORDS

TOKENIZER_SIGNATURE = "PTBTokenizer-3.4.1-lowerCase-preserveLines(python;line-like=space)"
"""Names the tokenizer beside every score that uses it."""

PUNCTUATION = frozenset("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split())
"""Tokens the community drops. Brackets are small letters by then (``-lrb-``), so they always stay."""

MEMO_LIMIT = 200_000
"""Chunks kept between calls: about 40 MB of words at most; the memo starts anew when it is full."""

_LINE_LIKE = re.compile("[\n\r\x0b\x0c\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTEXT = re.compile(
    r"[^\S ]|<|[\d)] +[-+(]?\d|\. +\.|(?<![A-Za-z])[A-Za-z]\.(?= |$)"
    r"|(?i:art|ca|figs?|nos?|op|pp|prop)\.(?: |$)"
)
"""Captions whose tokens can depend on more than one chunk; they take the full lexer."""
_PLAIN = re.compile("([A-Za-z]{2,})[.,;:]?")
_SPECIAL = frozenset(SPLIT_WORDS.split())
_STOPPED = frozenset(KEPT_STOPS)


class _Memo(dict[str, tuple[str, ...]]):
    """Chunk between spaces -> its tokens. Every operation is one of dict's own, so threads can share it."""

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        if len(self) >= MEMO_LIMIT:
            self.clear()
        tokens = _chunk_tokens(chunk)
        self[chunk] = tokens
        return tokens


_MEMO = _Memo()


def tokenize_corpus(captions: Sequence[str]) -> list[list[str]]:
    """Tokenize all captions of a corpus together, in order.

    Args:
        captions: any number of strings. Lone surrogates, which no file can hold, count as U+FFFD.

    Returns:
        For each caption its tokens; a no-break space inside a token (``1 1/2`` is one token) stays.

    Example:
        >>> tokenize_corpus(["The man's hat (red) is gone.", "I can't see it!"])
        [['the', 'man', "'s", 'hat', '-lrb-', 'red', '-rrb-', 'is', 'gone'], ['i', 'ca', "n't", 'see', 'it']]
    """
    lines = [_SURROGATE.sub("\ufffd", _LINE_LIKE.sub(" ", caption)) for caption in captions]
    memo, needs_context, last = _MEMO, _CONTEXT.search, len(lines) - 1
    result: list[list[str]] = []
    for index, line in enumerate(lines):
        if index < len(result):
            continue
        if index == last or needs_context(line):
            result += _in_context(lines, index)
        else:
            result.append([token for chunk in line.split() for token in memo[chunk]])
    return result


def _in_context(lines: list[str], index: int) -> list[list[str]]:
    """Tokens of one line, and of those after it that its last token runs into."""
    stop = index + 1
    while stop < len(lines) and not lines[stop - 1 if stop > index + 1 else stop].strip():
        stop += 1
    text = "\n".join(lines[index : stop + 1]) + ("\n" if stop + 1 < len(lines) else "")
    tokens, _ = Lexer(text).line(0)
    return [[token for token in tokens if token not in PUNCTUATION]]


def _chunk_tokens(chunk: str) -> tuple[str, ...]:
    """Tokens of a chunk that has spaces around it."""
    plain = _PLAIN.fullmatch(chunk)
    if plain is not None:
        word = plain[1].lower()
        if word not in _SPECIAL and not (chunk[-1] == "." and word in _STOPPED):
            return (word,)
    tokens, _ = Lexer(f"{chunk} \n").line(0)
    return tuple(token for token in tokens if token not in PUNCTUATION)
