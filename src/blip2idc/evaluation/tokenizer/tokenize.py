"""Penn Treebank tokens of captions, equal to those of the community's Java tokenizer.

What for: BLEU, ROUGE-L and CIDEr are only comparable on the same tokens. In: captions. Out: their tokens in small
letters, without the punctuation marks that the community drops. No Java.
Reference: PTBTokenizer of Stanford CoreNLP 3.4.1 with ``-lowerCase -preserveLines``, as called by pycocoevalcap 1.2.

The Java program reads all captions as one text, and so does this one: a full stop can depend on the next caption. One
difference is deliberate: characters that Java takes for a line end inside a caption (U+000B, U+000C, U+000D, U+2028,
U+2029) are spaces here; there they shift every later caption to the wrong item. ``TOKENIZER_SIGNATURE`` says so.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from blip2idc.evaluation.tokenizer.lexer import SPLIT_WORDS, Lexer
from blip2idc.evaluation.tokenizer.words import KEPT_STOPS, NUMBER_ABBREVIATIONS

#: Names the tokenizer beside every score that uses it.
TOKENIZER_SIGNATURE = "PTBTokenizer-3.4.1-lowerCase-preserveLines(python;line-like=space)"

#: Tokens the community drops. Brackets are in small letters by then (``-lrb-``), so they always stay.
PUNCTUATION = frozenset(
    ["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)

#: Chunks kept between calls, about 50 MB at most; the memo starts anew when it is full.
MEMO_LIMIT = 200_000

_LINE_LIKE = re.compile("[\n\r\x0b\x0c\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD = re.compile("[\n\r\x0b\x0c\u2028\u2029\ud800-\udfff]")

# No token contains these: the first "token" of a chunk that its neighbours change, of one that some neighbours do, and
# that of a line end.
_MARK, _MAYBE, _END = "\n", "\f", "\r"
_NUMBERED = NUMBER_ABBREVIATIONS.replace(" ", "|")
_BOUNDARY = r"[&+;'`\u2018\u2019\u201b\u0091\u0092][A-Za-z0-9]+\."  # a token may end amid these letters
_STOP = rf"(?:(?<![A-Za-z])(?:[A-Za-z]|(?i:{_NUMBERED}))\.|{_BOUNDARY})"
_SOCIABLE_CHUNK = re.compile(rf"[^\S ]|<|{_STOP}$")
_SOCIABLE_BESIDE_SOME = re.compile(r"[\d)]$|^\.")
_BESIDE_ONE = re.compile(r"[\d)] +[-+(]*\d|\. +\.")
_OPEN_QUOTE_IN_TAG = re.compile(r"<[A-Za-z][^<>]*= *(\"[^\"]*|'[^']*)$")

# a word, or several joined by hyphens, which may be quoted, with a mark after it; a quotation mark is always dropped
_PLAIN_CHUNK = re.compile('"?([A-Za-z]{2,}(?:-[A-Za-z]{2,})*)([.,]?)"?')
_STOPPED = frozenset(KEPT_STOPS.split())


class _Memo(dict[str, tuple[str, ...]]):
    """Chunk between spaces -> its tokens. Only single operations of dict are used, so threads can share it."""

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        if len(self) >= MEMO_LIMIT:
            self.clear()
        tokens = (_END,) if chunk == "\n" else _chunk_tokens(chunk)
        self[chunk] = tokens
        return tokens


_MEMO = _Memo()


def tokenize_corpus(captions: Sequence[str]) -> list[list[str]]:
    """Tokenize all captions of a corpus together, in order.

    Args:
        captions: any number of strings. Lone surrogates, which no UTF-8 file can hold, count as U+FFFD.

    Returns:
        For each caption its tokens; a no-break space inside a token (``1 1/2`` is one token) stays.

    Example:
        >>> tokenize_corpus(["The man's hat (red) is gone.", "I can't see it!"])
        [['the', 'man', "'s", 'hat', '-lrb-', 'red', '-rrb-', 'is', 'gone'], ['i', 'ca', "n't", 'see', 'it']]
    """
    lines = list(captions)
    if _ODD.search("".join(lines)):
        lines = [_SURROGATE.sub("\ufffd", _LINE_LIKE.sub(" ", caption)) for caption in captions]
    # all lines at once: a line end is a chunk of its own, which gives the mark of an end
    chunks = "\n".join([*lines, ""]).replace("\n", " \n ").split(" ")
    flat = list(chain.from_iterable(map(_MEMO.__getitem__, chunks)))
    start, starts = 0, [0]
    for _ in lines:
        start = flat.index(_END, start) + 1
        starts.append(start)
    result = [flat[a : b - 1] for a, b in pairwise(starts)]
    after = 0  # the first line that no line before it has read
    # only the few lines with a mark are read again, and the last one: the end of the text is another context
    last = range(len(lines))[-1:]
    for index in sorted({*_lines_with(_MARK, flat, starts), *_lines_with(_MAYBE, flat, starts), *last}):
        if index < after:
            continue
        if index in last or _MARK in result[index] or _BESIDE_ONE.search(lines[index]):
            read = _in_context(lines, index)
            after = index + len(read)
            result[index:after] = read
        else:
            result[index] = [token for token in result[index] if token != _MAYBE]
    return result


def _lines_with(mark: str, flat: list[str], starts: list[int]) -> Iterator[int]:
    """The lines that hold a mark."""
    at = -1
    for _ in range(flat.count(mark)):
        at = flat.index(mark, at + 1)
        yield bisect_right(starts, at) - 1


def _chunk_tokens(chunk: str) -> tuple[str, ...]:
    """Tokens of a chunk that has spaces around it, after a mark where its neighbours may change them."""
    plain = _PLAIN_CHUNK.fullmatch(chunk)
    if plain is not None:
        word, mark = plain[1].lower(), plain[2]
        if word not in SPLIT_WORDS and not (mark and word.rpartition("-")[2] in _STOPPED):
            return (word,)
    tokens = tuple(_kept(Lexer(f"{chunk} \n").read()[0]))
    if _SOCIABLE_CHUNK.search(chunk):
        return (_MARK, *tokens)
    return (_MAYBE, *tokens) if _SOCIABLE_BESIDE_SOME.search(chunk) else tokens


def _in_context(lines: list[str], index: int) -> list[list[str]]:
    """Tokens of one line, read together with what follows as far as that can matter.

    Args:
        lines: the corpus.
        index: which line.

    Returns:
        The tokens of the line, and of lines after it that its last token runs into.
    """
    stop = index + 1
    for _ in range(2):  # the line, then the caption after it, may hold the start of a tag
        stop = _after_next_caption(lines, _after_open_tag(lines, index, stop))
    text = "\n".join(lines[index:stop])
    if stop < len(lines):
        text += "\n"
    return [_kept(tokens) for tokens in Lexer(text).read()]


def _after_open_tag(lines: list[str], start: int, stop: int) -> int:
    """Index after the line that closes a quote left open in a tag of ``lines[start:stop]``, else `stop`."""
    text = "\n".join(lines[start:stop])
    while stop < len(lines) and "<" in text and (tag := _OPEN_QUOTE_IN_TAG.search(text)):
        quote = '"' if tag[1].startswith('"') else "'"
        stop = next((at + 1 for at in range(stop, len(lines)) if quote in lines[at]), len(lines))
        text = "\n".join(lines[start:stop])
    return stop


def _after_next_caption(lines: list[str], start: int) -> int:
    """Index after the first caption from `start` on that is not blank."""
    while start < len(lines) and not lines[start].strip():
        start += 1
    return min(start + 1, len(lines))


def _kept(tokens: list[str]) -> list[str]:
    """Tokens without punctuation; what is white at the end of a printed line is lost, as in the community's code."""
    if tokens:
        tokens[-1] = tokens[-1].rstrip()
    return [token for token in tokens if token and token not in PUNCTUATION]
