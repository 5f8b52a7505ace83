"""Lexer of the caption tokenizer: longest match over the rules of `ptb_rules`.

What for: the exact, slow path of `tokenize`. In: prepared text. Out: tokens of one line, and where the line ended.
"""

from __future__ import annotations

import re

from blip2idc.evaluation.ptb_rules import APOSTROPHE_ENTITY, APOSTROPHE_FIRST, ENTITY_FIRST, RULES

_LETTER_ENTITY = re.compile(r"&(?:[aeiouAEIOU](?:acute|grave|uml)|(?i:apos));")
_PRIVATE = re.compile("[\U000eff00-\U000fffff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class Lexer:
    """Tokens of prepared text, line by line.

    Args:
        text: all captions, one a line.
    """

    def __init__(self, text: str) -> None:
        self._entities: list[str] = []
        self.text = self._prepare(text)

    def _prepare(self, text: str) -> str:
        text = _ASTRAL.sub(_to_pair, text)
        return _LETTER_ENTITY.sub(self._to_private, text) if "&" in text else text

    def _to_private(self, match: re.Match[str]) -> str:
        name = match[0]
        if name == "&apos;":
            return APOSTROPHE_ENTITY
        if name not in self._entities:
            self._entities.append(name)
        first = APOSTROPHE_FIRST if name.lower() == "&apos;" else ENTITY_FIRST
        return chr(first + self._entities.index(name))

    def _finish(self, token: str) -> str:
        if _PRIVATE.search(token):
            token = _PRIVATE.sub(self._from_private, token)
        return _PAIR.sub(_from_pair, token.replace("\u00ad", "")).lower()

    def _from_private(self, match: re.Match[str]) -> str:
        if match[0] == APOSTROPHE_ENTITY:
            return "&apos;"
        return self._entities[ord(match[0]) & 0xFF]

    def line(self, position: int) -> tuple[list[str], int]:
        """Read tokens from a position to the end of its line.

        Args:
            position: where to start.

        Returns:
            The tokens, and the position of the line end (``"\\n"`` or the end of the text).
        """
        text, tokens, end = self.text, [], len(self.text)
        while position < end and text[position] != "\n":
            best, length, stop = None, 0, position
            for rule in RULES:
                match = rule.pattern.match(text, position)
                if match is not None and match.end() - position > length:
                    best, length = rule, match.end() - position
                    stop = match.end(1) if match.re.groups and match[1] is not None else match.end()
            if best is None:
                position += 1
                continue
            token = text[position:stop]
            position = stop
            if best.emit is not None:
                token = best.emit(token)
            tokens += [done for part in token.split("\n") if part and (done := self._finish(part))]
        return tokens, position


def _to_pair(match: re.Match[str]) -> str:
    value = ord(match[0]) - 0x10000
    return chr(0xD800 + (value >> 10)) + chr(0xDC00 + (value & 0x3FF))


def _from_pair(match: re.Match[str]) -> str:
    return chr(0x10000 + ((ord(match[0][0]) - 0xD800) << 10) + (ord(match[0][1]) - 0xDC00))
