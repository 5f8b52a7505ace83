"""Lexer of the caption tokenizer: the longest match over the rules of `rules`, line by line.

What for: the exact, slow path of `tokenize`, for chunks not seen before and for captions that depend on context.
In: captions, one a line. Out: the tokens of each line, in small letters.
"""

from __future__ import annotations

import re

from blip2idc.evaluation.tokenizer import words
from blip2idc.evaluation.tokenizer.characters import classes
from blip2idc.evaluation.tokenizer.rules import (
    APOSTROPHE_ENTITY,
    APOSTROPHE_FIRST,
    LETTER_ENTITY_FIRST,
    candidates,
    needed,
)

# No other rule matches more of a word that a space follows, unless it is one of those that are split.
_PLAIN_WORD = re.compile("[A-Za-z]{2,}(?= )")
SPLIT_WORDS = frozenset(f"cannot {words.SPLIT_WORDS}".split())
_ONE_CHARACTER_ENTITY = re.compile(r"&(?ai:[aeiou](?:acute|grave|uml)|apos);")
#: Spellings of entities in one text that are told apart; the one after is read as an ampersand and a word.
MAX_ENTITIES = 255

_PRIVATE = re.compile("[\U000eff00-\U000f00ff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")


class Lexer:
    """Reads tokens from a text that holds one caption a line.

    Args:
        text: the captions, separated by line feeds; end it with one unless the corpus ends there.
    """

    def __init__(self, text: str) -> None:
        self._entities: list[str] = []
        self._position = 0
        self._text = _ASTRAL.sub(_to_pair, text)
        if "&" in text:
            self._text = _ONE_CHARACTER_ENTITY.sub(self._to_private, self._text)
        self._shape = self._text if self._text.isascii() else self._text.translate(classes())
        # a private character may stand for anything, so that nothing is ruled out
        private = self._text != text and _PRIVATE.search(self._text)
        self._present = needed() if private else needed().intersection(self._shape)

    def read(self) -> list[list[str]]:
        """Read up to the next line end between tokens.

        Returns:
            The tokens of the line; of several lines where a token (markup with a quoted line end) runs over the end
            of one.
        """
        lines: list[list[str]] = [[]]
        while self._position < len(self._text) and self._text[self._position] != "\n":
            plain = _PLAIN_WORD.match(self._text, self._position)
            if plain is not None and (word := plain[0].lower()) not in SPLIT_WORDS:
                lines[-1].append(word)
                self._position = plain.end()
                continue
            first, *others = self._next_token().split("\n")
            if first:
                lines[-1].append(first)
            lines += [[other] if other else [] for other in others]
        self._position += 1
        return lines

    def _next_token(self) -> str:
        """The token at the current position, empty where it is dropped; moves on."""
        shape, start = self._shape, self._position
        best, end = None, start
        for rule in candidates(shape[start], self._present):
            match = rule.pattern.match(shape, start)
            if match is not None and match.end() > end:
                best, found, end = rule, match, match.end()
        if best is None:  # a character of no class
            self._position += 1
            return ""
        self._position = found.end(found.re.groups)
        return self._finish(best.emit(self._text[start : self._position]))

    def _finish(self, token: str) -> str:
        """Restore what was prepared, and lower the case."""
        if token.isascii():
            return token.lower()
        if self._entities or APOSTROPHE_ENTITY in token:
            token = _PRIVATE.sub(self._from_private, token)
        return _HALF.sub("", _PAIR.sub(_from_pair, token)).lower()

    def _to_private(self, match: re.Match[str]) -> str:
        name = match[0]
        if name == "&apos;":
            return APOSTROPHE_ENTITY
        if name not in self._entities:
            if len(self._entities) == MAX_ENTITIES:
                return name
            self._entities.append(name)
        first = APOSTROPHE_FIRST if name.lower() == "&apos;" else LETTER_ENTITY_FIRST
        return chr(first + self._entities.index(name))

    def _from_private(self, match: re.Match[str]) -> str:
        return "&apos;" if match[0] == APOSTROPHE_ENTITY else self._entities[ord(match[0]) & 0xFF]


def _to_pair(match: re.Match[str]) -> str:
    value = ord(match[0]) - 0x10000
    return chr(0xD800 + (value >> 10)) + chr(0xDC00 + (value & 0x3FF))


def _from_pair(match: re.Match[str]) -> str:
    high, low = match[0][0], match[0][1]
    return chr(0x10000 + ((ord(high) - 0xD800) << 10) + (ord(low) - 0xDC00))
