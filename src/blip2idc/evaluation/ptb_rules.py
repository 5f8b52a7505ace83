"""The rules of the caption tokenizer: what can be one token, as regular expressions in order of precedence.

What for: `ptb_lexer` tries every rule at a position and takes the longest match, the earlier rule on a tie.
In: text whose letter entities and surrogate pairs were prepared by `ptb_lexer.prepare`.
Out: `RULES`, a tuple of `Rule`.
Origin: the behaviour of the community's Penn Treebank tokenizer, learnt from recorded strings and from running it on
generated ones (``tests/parity/record_tokens.py``); no line of its source was read or copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from blip2idc.evaluation.ptb_characters import DIGITS, LETTERS, MODIFIERS, SYMBOLS, charset
from blip2idc.evaluation.ptb_words import (
    APOSTROPHE_WORDS,
    CLOSING_ABBREVIATIONS,
    CLOSING_CAPITALISED,
    CLOSING_NOT_UPPER,
    FILE_ENDINGS,
    NUMBER_ABBREVIATIONS,
    QUOTE_WORDS,
    SENTENCE_STARTERS,
    SPLIT_WORDS,
    TITLE_ABBREVIATIONS,
    TITLE_NOT_UPPER,
)

ENTITY_FIRST = 0xF0000
"""Letter entities such as ``&eacute;`` are held as one private character each from here on (`ptb_lexer.prepare`)."""
APOSTROPHE_FIRST = 0xEFF00
APOSTROPHE_ENTITY = "\U000effff"
"""Stands for ``&apos;``; ``&APOS;`` and the like, which are kept as written, take the characters before it."""

Emit = Callable[[str], str] | None


@dataclass(frozen=True)
class Rule:
    """One kind of token.

    Attributes:
        name: what it is, for reading and debugging.
        pattern: compiled expression. Group 1, where there is one, is the token; what follows it only counts for the
            length of the match.
        emit: turns the matched text into tokens separated by ``"\\n"``; None keeps it; an empty result drops it.
    """

    name: str
    pattern: re.Pattern[str]
    emit: Emit = None


_ENTITY = "\U000f0000-\U000fffff"
_P = charset(LETTERS) + "\u00ad"
_L = _P + _ENTITY
_D = charset(DIGITS)
_M = charset(MODIFIERS)
_WORD = f"[{_L}{_M}][{_L}{_M}{_D}]*"
_DOTTED = f"[{_L}][{_L}{_D}]*"
_A = f"[{_P}{_D}]"
_HYPHEN = "[-\u058a\u2010\u2011]"
_QUOTE = "['\u2019\u0092\U000eff00-\U000effff]"
_ANY_QUOTE = "['`\u2018\u2019\u201b\u0091\u0092\U000eff00-\U000effff]"
_PART = f"(?:[dDoOlL]{_ANY_QUOTE}{_A}{{2,}}|{_A}+)"
_SPACE = "[ \\t\\u00a0]"
_END = f"{_QUOTE}(?:[msdMSD]|(?i:re|ve|ll))(?:[^A-Za-z]|\\Z)"
_ACRONYM = "[A-Za-z](?:\\.[A-Za-z])*\\."
_S = "[A-Za-z0-9]+(?:-[A-Za-z]+)*"
_NOT_URL = ' \\t\\n\\f\\r"<>|()'
_NOT_DOMAIN = " \\t\\n\\f\\r\"`'<>|!?(){}$,-_"
_PATH = f"(?:/[^{_NOT_URL}]+[^{_NOT_URL}.!?,{{}}-])?"
_NOT_MAIL = _NOT_URL + "{}\\u00a0"


def _words(words: str) -> str:
    return "(?:" + "|".join(sorted(words.split(), key=lambda word: (-len(word), word))) + ")"


def _any_case(words: str) -> str:
    return "(?i:" + "|".join(sorted(map(re.escape, words.split()), key=lambda word: (-len(word), word))) + ")"


def _first_capital(words: str) -> str:
    """Words whose first letter is a capital, the others in any case."""
    items = sorted(words.split(), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(f"{item[0].upper()}(?i:{item[1:]})" for item in items) + ")"


def _rest_lower(words: str) -> str:
    """Words whose first letter has any case, the others are small."""
    items = sorted(words.split(), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(f"[{item[0]}{item[0].upper()}]{item[1:]}" for item in items) + ")"


_CLOSING = f"(?:{_any_case(CLOSING_ABBREVIATIONS)}|{_first_capital(CLOSING_CAPITALISED)}|{_rest_lower(CLOSING_NOT_UPPER)})"
_TITLE = f"(?:{_any_case(TITLE_ABBREVIATIONS)}|{_rest_lower(TITLE_NOT_UPPER)})"
_NUMBER_WORD = _any_case(NUMBER_ABBREVIATIONS)
_COMPANY = "[A-Z]+(?:(?:[&+]|&amp;)[A-Z]+)+"
_MARKUP = (
    "(?:</?[A-Za-z][A-Za-z0-9_:.-]*"
    "(?:[ \\t\\n]+[A-Za-z][A-Za-z0-9_:.-]*(?:[ \\t\\n]*=[ \\t\\n]*(?:\"[^\"]*\"|'[^']*'))?)*[ \\t\\n]*/?>"
    "|<[!?][A-Za-z-][^>\\n]*>)"
)


_PLAIN_QUOTES = str.maketrans({"\u2019": "'", "\u0092": "'", APOSTROPHE_ENTITY: "'", "\u2018": "`", "\u201b": "`", "\u0091": "`"})


def _quote(text: str) -> str:
    return text.translate(_PLAIN_QUOTES)


def _drop(text: str) -> str:
    return ""


def _always(result: str) -> Callable[[str], str]:
    return lambda text: result


def _brackets(text: str) -> str:
    for mark, name in zip("()[]{}", ("-lrb-", "-rrb-", "-lsb-", "-rsb-", "-lcb-", "-rcb-"), strict=True):
        text = text.replace(mark, name)
    return text


def _round_brackets(text: str) -> str:
    return text.replace("(", "-lrb-").replace(")", "-rrb-")


def _inner_spaces(text: str) -> str:
    return text.replace(" ", "\u00a0")


def _phone(text: str) -> str:
    return _round_brackets(_inner_spaces(text))


def _split_word(text: str) -> str:
    return text[:3] + "\n" + text[3:]


_CURLY = {"\u201c": "``", "\u00ab": "``", "\u0093": "``", "\u201d": "''", "\u00bb": "''", "\u0094": "''",
          "\u2018": "`", "\u2039": "`", "\u201b": "`", "\u0091": "`", "\u2019": "'", "\u203a": "'", "\u0092": "'"}


def _curly(text: str) -> str:
    return "".join(_CURLY.get(mark, mark) for mark in text)


def _rule(name: str, pattern: str, emit: Emit = None) -> Rule:
    return Rule(name, re.compile(pattern), emit)


RULES = (
    _rule("space", "[ \\t\\u00a0]+", _drop),
    _rule("markup", _MARKUP, _inner_spaces),
    _rule("split word", _any_case(SPLIT_WORDS), _split_word),
    _rule("it is", "('[tT])(?i:is|was)"),
    _rule("apostrophe word", _any_case(APOSTROPHE_WORDS)),
    _rule("before a contraction", f"({_WORD}){_END}"),
    _rule("before not", f"([A-Za-z\u00ad]*[A-MO-Za-mo-z\u00ad])[nN]{_ANY_QUOTE}[tT]"),
    _rule("closing abbreviation", f"({_CLOSING}\\.)-?[^\\n]"),
    _rule("not", f"[nN]{_ANY_QUOTE}[tT]", _quote),
    _rule("contraction", f"({_QUOTE}(?:[msdMSD]|(?i:re|ve|ll)))(?:[^A-Za-z]|\\Z)", _quote),
    _rule("apostrophe word, any apostrophe", _any_case(QUOTE_WORDS).replace("'", _QUOTE)),
    _rule("opening quote", "(')[A-Za-z][^ \\t\\n\u00a0]", _drop),
    _rule("contraction before a letter", f"({_QUOTE}(?:[msdMSD]|(?i:re|ve|ll)))", _quote),
    _rule("decade", f"{_QUOTE}[0-9]0[sS]"),
    _rule("year", f"({_QUOTE}[0-9]{{2}})[ \\t\\n]"),
    _rule("elision", f"[A-HJ-XZn]{_ANY_QUOTE}[{_P}]{{2,}}|[{_P}]+[aeiouyAEIOUY]{_ANY_QUOTE}[aeiouA-Z][{_P}]*"),
    _rule("article", f"[ldjLDJ]{_QUOTE}"),
    _rule("elided", f"([yY]{_QUOTE})[{_P}]"),
    _rule("url", f"(?i:https?)://[^{_NOT_URL}{{}}]+[^{_NOT_URL}.!?,{{}}-]"),
    _rule("site", f"(?i:www)\\.(?:[^{_NOT_URL}.!?,{{}}]+\\.)+[A-Za-z]{{2,4}}{_PATH}"),
    _rule("domain", f"[^{_NOT_DOMAIN}]+(?:\\.[^{_NOT_DOMAIN}]+)*\\.(?i:com|net|org|edu){_PATH}"),
    _rule("mail", f"(?:<|&lt;)?(?:(?i:mailto):)?[A-Za-z0-9][^{_NOT_MAIL}]*@(?:[^{_NOT_MAIL}.]+\\.)*[^{_NOT_MAIL}.]+(?:>|&gt;)?"),
    _rule("mention", "@[A-Za-z_][A-Za-z0-9_]*"),
    _rule("hashtag", f"#[{_L}{_M}]+"),
    _rule("word", f"{_WORD}(?:[.!?]{_WORD})*"),
    _rule("hyphenated", f"{_PART}(?:[-\u058a\u2010\u2011_]{_PART})*"),
    _rule("punctuated and hyphenated", "[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(?:-[A-Za-z0-9\u00ad]+)+"),
    _rule("hyphenated acronym", f"(?:{_A}+{_HYPHEN})+[A-Za-z](?:\\.[A-Za-z])+\\.(?:{_HYPHEN}{_A}+)*"),
    _rule("stop before a comma", f"((?:{_WORD}(?:[.!?]{_WORD})*|{_PART}(?:[-\u058a\u2010\u2011_]{_PART})*|{_COMPANY})\\.)[,;:]"),
    _rule("slashed", f"{_S}(?:/{_S}){{1,2}}"),
    _rule("date", f"[{_D}]{{1,2}}[-/][{_D}]{{1,2}}[-/][{_D}]{{2,4}}"),
    _rule("number", f"[+-]?(?:[{_D}]*(?:[.,:\u00ad\u066b\u066c][{_D}]+)+|[{_D}]+)"),
    _rule("fraction", f"(?:[{_D}]{{1,4}}[- \u00a0])?[{_D}]{{1,4}}(?:\\\\?/|\u2044)[{_D}]{{1,4}}", _inner_spaces),
    _rule("phone", "(?:\\([0-9]{2,3}\\)[ \u00a0]?|(?:\\+?\\+?[0-9]{2,4}[- \u00a0])?[0-9]{2,4}[- \u00a0])"
          "[0-9]{3,4}[- \u00a0]?[0-9]{3,5}", _phone),
    _rule("currency", "[A-Z]*\\$"),
    _rule("company", _COMPANY, lambda text: text.replace("&amp;", "&")),
    _rule("listed word", "(?i:c\\+\\+|[cf]#|s&p-500|-[lr][rsc]b-)"),
    _rule("one letter before a sentence", f"([A-Za-z])\\.\\s+(?:{_first_capital(SENTENCE_STARTERS)}|M(?i:[rs])\\.|{_MARKUP})\\s"),
    _rule("abbreviation", f"(?i:ph\\.d|ed\\.d)\\.|{_ACRONYM}|{_CLOSING}\\.|{_TITLE}\\."),
    _rule("abbreviation of a number", f"({_NUMBER_WORD}\\.)[ \\t\\n\u00a0]?[{_D}]"),
    _rule("file", f"([{_L}{_D}]+(?:\\.[{_L}{_D}]+)*\\.{_any_case(FILE_ENDINGS)})[\\s.?!,]"),
    _rule("smiley", "([<>]?[:;=][-o*']?[()DPdpO{@|\\\\\\[\\]])[^A-Za-z0-9]|:3(?=\\s)", _round_brackets),
    _rule("eyes", "\\(?[-^x=~<>']_[-^x=~<>']\\)?", _round_brackets),
    _rule("entity", "&(?i:amp|lt|gt);", lambda text: {"a": "&", "l": "<", "g": ">"}[text[1].lower()]),
    _rule("dropped entity", "&(?:quot|(?i:nbsp|mdash|ndash|md));", _drop),
    _rule("kept entity", "&(?i:#[0-9]+|ht|tl|ur|lr|qc|ql|qr|quot|cdq|odq);"),
    _rule("dots", "\\.{3,5}|\\.(?:[ \u00a0]\\.){2,3}|\u2026|\u0085", _drop),
    _rule("dashes", "-{1,4}|[\u2013\u2014\u2015\u0096\u0097\u2012]", _drop),
    _rule("long dashes", "-{5,}"),
    _rule("single marks", f"[.,:;`'?!\"{APOSTROPHE_ENTITY}]|``|''|[\u058a\u2010\u2011]", _drop),
    _rule("kept apostrophe entity", "[\U000eff00-\U000efffe]"),
    _rule("marks", "[?!]{2,}"),
    _rule("curly quotes", "[\u2018\u2019\u201a-\u201f\u00ab\u00bb\u2039\u203a\u0091-\u0094]{1,2}", _curly),
    _rule("brackets", "[()\\[\\]{}]", _brackets),
    _rule("runs", "\\*+|_+|#+|@+|<<|>>|[\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+"),
    _rule("pound", "\u00a3", _always("#")),
    _rule("euro", "[\u0080\u00a4\u20a0\u20ac]", _always("$")),
    _rule("cent", "\u00a2", _always("cents")),
    _rule("part", "[\u00bc\u00bd\u00be\u2153\u2154]",
          lambda text: {"\u00bc": "1/4", "\u00bd": "1/2", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3"}[text]),
    _rule("symbol", f"[%&~^|\\\\/+=<>$\u2044{charset(SYMBOLS)}]"),
)
"""All rules; the order decides ties."""
