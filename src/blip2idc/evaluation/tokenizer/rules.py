"""The rules of the caption tokenizer: what can be one token, as regular expressions in order of precedence.

What for: `lexer` tries every rule at a position and takes the longest match, the earlier rule on a tie.
In: text as `lexer` prepares it: letter entities (``&eacute;``) are one private character each, and characters
outside the Basic Multilingual Plane are two surrogates, as in Java.
Out: `rules()`, a tuple of `Rule`.
Origin: the behaviour of the community's Penn Treebank tokenizer (CoreNLP 3.4.1), learnt from recorded strings and from
running it on generated ones (``tests/parity/record_tokens.py``); its source was neither read nor copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from blip2idc.evaluation.tokenizer import words as words
from blip2idc.evaluation.tokenizer.characters import DIGITS, LETTERS, MODIFIERS, SYMBOLS, charset

LETTER_ENTITY_FIRST = 0xF0000
"""First of the private characters that stand for letter entities."""
APOSTROPHE_FIRST = 0xEFF00
"""First of the private characters that stand for ``&APOS;`` and other spellings, which are kept as written."""
APOSTROPHE_ENTITY = "\U000effff"
"""Stands for ``&apos;``."""


@dataclass(frozen=True)
class Rule:
    """One kind of token.

    Attributes:
        name: what it is, for reading and debugging.
        pattern: compiled expression. Where it has a group, the group is the token and what follows only counts for
            the length of the match; that part is read again.
        emit: the text of the token, empty for none; "." for any punctuation that the community drops.
    """

    name: str
    pattern: re.Pattern[str]
    emit: Callable[[str], str]


def _either(text: str) -> str:
    """Words of a list, longest first."""
    return "|".join(re.escape(word) for word in sorted(text.split(), key=lambda word: (-len(word), word)))


def _any_case(text: str) -> str:
    return f"(?ai:{_either(text)})"


def _first_capital(text: str) -> str:
    return (
        "(?:"
        + "|".join(f"{word[0].upper()}(?ai:{word[1:]})" for word in sorted(text.split(), reverse=True))
        + ")"
    )


# Characters. _N: letters; _L: what a word of letters is made of; _W: the same with modifiers.
_N, _D, _M = charset(LETTERS), charset(DIGITS), charset(MODIFIERS)
_PRIVATE = "\U000f0000-\U000f00ff"  # letter entities
_L = _N + "\u00ad" + _PRIVATE
_W = _L + _M
_APOSTROPHE = "['\u2019\u0092\U000eff00-\U000effff]"
_ANY_QUOTE = "['`\u2018\u2019\u201b\u0091\u0092\U000eff00-\U000effff]"
_SPACE = "[ \\t\\n\u00a0\u2000-\u200a\u3000]"

# Words.
_WORD = f"[{_W}][{_W}{_D}]*(?:[.!?][{_W}][{_W}{_D}]*)*"
_PLAIN = f"[{_N}{_D}]+"
_PART = f"(?:[dDoOlL]{_ANY_QUOTE}[{_N}{_D}]{{2,}}|{_PLAIN})"
_HYPHENATED = f"{_PART}(?:[-\u058a\u2010\u2011_]{_PART})*"
_LOOSELY_HYPHENATED = (
    "[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(?:-(?:[A-Za-z](?:\\.[A-Za-z])+\\.|[A-Za-z0-9\u00ad]+))+"
)
_SLASH_PART = "[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}"
_COMPANY = "[A-Z]+(?:(?:[&+]|&amp;)[A-Z]+)+"
_ENDING = "(?:(?ai:[msd]|re|ve|ll))"

# Abbreviations.
_ACRONYM = "[A-Za-z](?:\\.[A-Za-z])*\\."
_CLOSING = (
    f"(?:{_any_case(words.CLOSING_ABBREVIATIONS)}|{_first_capital(words.CLOSING_CAPITALISED)}"
    "|(?ai:ppt)[ey]|(?ai:pt)[ey](?ai:s?))\\."
)
_TITLE = f"(?:{_any_case(words.TITLE_ABBREVIATIONS)}|(?ai:m)[ft](?ai:g))\\."
_NUMBERED = f"{_any_case(words.NUMBER_ABBREVIATIONS)}\\."

# Names of places: the inside of a class of characters that may not occur.
_NOT_URL = ' \\t\\n"<>|()'
_NOT_MAIL = _NOT_URL + "{}\u00a0"
# in the next line ",-_" is a range: no capitals, digits, stops or slashes either
_NOT_DOMAIN = " \\t\\n\"`'<>|!?(){}$,-_\U000eff00-\U000f00ff"
_PATH = f"(?:/[^{_NOT_URL}]+[^{_NOT_URL}.!?,{{}}-])?"

_NAME = "[A-Za-z][A-Za-z0-9_:.-]*"
_MARKUP = (
    f"(?:</{_NAME} *>|<{_NAME}(?: +{_NAME}(?: *= *(?:\"[^\"]*\"|'[^']*'))?)* */? *>|<[!?][A-Za-z-][^>\\n]*>)"
)

_ROUND = str.maketrans({"(": "-lrb-", ")": "-rrb-", " ": "\u00a0"})
_BRACKETS = str.maketrans(
    dict(zip("()[]{}", ("-lrb-", "-rrb-", "-lsb-", "-rsb-", "-lcb-", "-rcb-"), strict=True))
)
_PLAIN_APOSTROPHES = str.maketrans(
    dict.fromkeys("\u2019\u0092" + APOSTROPHE_ENTITY, "'") | dict.fromkeys("\u2018\u201b\u0091", "`")
)
_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u00ab\u0093", "``")
    | dict.fromkeys("\u201d\u00bb\u0094", "''")
    | dict.fromkeys("\u2018\u2039\u201b\u0091", "`")
    | dict.fromkeys("\u2019\u203a\u0092", "'")
)
_SIGNS = str.maketrans(
    {
        "\u00bc": "1/4",
        "\u00bd": "1/2",
        "\u00be": "3/4",
        "\u2153": "1/3",
        "\u2154": "2/3",
        "\u00a2": "cents",
        "\u00a3": "#",
    }
    | dict.fromkeys("\u0080\u00a4\u20a0\u20ac", "$")
)


def _as_written(text: str) -> str:
    return text


def _without_soft_hyphens(text: str) -> str:
    return text.replace("\u00ad", "")


def _nothing(_text: str) -> str:
    return ""


def _mark(_text: str) -> str:
    """One mark for all punctuation that the community drops."""
    return "."


def _through(table: dict[int, str]) -> Callable[[str], str]:
    return lambda text: text.translate(table)


def _entity(text: str) -> str:
    return {"a": "&", "l": "<", "g": ">"}[text[1].lower()]


def _rule(name: str, pattern: str, emit: Callable[[str], str] = _without_soft_hyphens) -> Rule:
    return Rule(name, re.compile(pattern), emit)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, compiled once; their order decides ties."""
    return (*_words_with_apostrophes(), *_words_and_places(), *_abbreviations(), *_numbers(), *_signs())


def _words_with_apostrophes() -> tuple[Rule, ...]:
    """Contractions, elisions, and quotes that would otherwise be taken for them."""
    return (
        _rule("space", "[ \\t\u00a0\u2000-\u200a\u3000]+", _nothing),
        _rule("markup", _MARKUP, lambda text: text.replace(" ", "\u00a0")),
        _rule("cannot", "((?ai:can))(?ai:not)"),
        _rule("gonna", f"(?={_any_case(words.SPLIT_WORDS)})([A-Za-z]{{3}})[A-Za-z]{{2}}"),
        _rule("it is", "('[tT])(?ai:is|was)"),
        _rule("apostrophe word", _any_case(words.APOSTROPHE_WORDS)),
        _rule("word before a contraction", f"({_WORD}){_APOSTROPHE}{_ENDING}"),
        _rule("hyphenated", _HYPHENATED),
        _rule("word before not", f"([A-Za-z\u00ad]*[A-MO-Za-mo-z\u00ad])[nN]{_ANY_QUOTE}[tT]"),
        _rule("closing abbreviation", f"({_CLOSING})(?:[A-Za-z][^{_W}{_D}]|-[^\\n]|[^\\n{_PRIVATE}])"),
        _rule("not", f"[nN]{_ANY_QUOTE}[tT]", _through(_PLAIN_APOSTROPHES)),
        _rule("contraction", f"({_APOSTROPHE}{_ENDING})(?:[^A-Za-z]|\\Z)", _through(_PLAIN_APOSTROPHES)),
        _rule("quoted word", _any_case(words.QUOTE_WORDS).replace("'", _APOSTROPHE)),
        _rule("opening quote", f"(')[A-Za-z](?!{_SPACE})[\\s\\S]", _mark),
        _rule("contraction in a word", f"{_APOSTROPHE}{_ENDING}", _through(_PLAIN_APOSTROPHES)),
        _rule("decade", f"{_APOSTROPHE}[2-9]0[sS]"),
        _rule("year", f"({_APOSTROPHE}[0-9]{{2}}){_SPACE}"),
        _rule(
            "elision",
            f"[A-HJ-XZn]{_ANY_QUOTE}[{_N}]{{2,}}|[{_N}]+[aeiouyAEIOUY]{_ANY_QUOTE}[aeiouA-Z][{_N}]*",
        ),
        _rule("article", f"[ldjLDJ]{_APOSTROPHE}"),
        _rule("you, elided", f"([yY]{_APOSTROPHE})[{_N}]"),
    )


def _words_and_places() -> tuple[Rule, ...]:
    """Words, addresses, and words joined by hyphens, slashes and ampersands."""
    return (
        _rule("word", _WORD),
        _rule("url", f"(?ai:https?)://[^{_NOT_URL}{{}}]+[^{_NOT_URL}.!?,{{}}-]", _as_written),
        _rule("site", f"(?ai:www)\\.(?:[^{_NOT_URL}.!?,{{}}]+\\.)+[A-Za-z]{{2,4}}{_PATH}", _as_written),
        _rule(
            "domain",
            f"[^{_NOT_DOMAIN}]+(?:\\.[^{_NOT_DOMAIN}]+)*\\.(?ai:com|net|org|edu){_PATH}",
            _as_written,
        ),
        _rule(
            "mail",
            f"(?:<|&lt;)?(?:(?ai:mailto):)?[A-Za-z0-9][^{_NOT_MAIL}]*"
            f"@(?:[^{_NOT_MAIL}.]+\\.)*[^{_NOT_MAIL}.]+(?:>|&gt;)?",
            _as_written,
        ),
        _rule("mention", "@[A-Za-z_][A-Za-z0-9_]*"),
        _rule("hashtag", f"#[{_W}]+", _as_written),
        _rule("loosely hyphenated", _LOOSELY_HYPHENATED),
        _rule(
            "stop before a comma",
            f"((?:{_WORD}|{_HYPHENATED}|{_LOOSELY_HYPHENATED}|{_COMPANY})\\.)[,;:\u3001]",
        ),
        _rule("slashed", f"{_SLASH_PART}(?:\\\\?/{_SLASH_PART}){{1,2}}"),
        _rule("company", _COMPANY, lambda text: text.replace("&amp;", "&")),
        _rule("dollars", "[A-Z]*\\$"),
        _rule("listed", _any_case(words.LISTED)),
    )


def _abbreviations() -> tuple[Rule, ...]:
    """Words that keep their full stop, and file names."""
    starter = f"(?:{_first_capital(words.SENTENCE_STARTERS)}|M(?ai:[rs])\\.|{_MARKUP})"
    return (
        _rule("letter before a sentence", f"([A-Za-z])\\.{_SPACE}+{starter}{_SPACE}"),
        _rule("abbreviation", f"{_ACRONYM}|{_CLOSING}|{_TITLE}"),
        _rule("abbreviation before a number", f"({_NUMBERED}){_SPACE}?[{_D}]"),
        _rule(
            "file",
            f"([{_W}{_D}]+(?:\\.[{_W}{_D}]+)*\\.{_any_case(words.FILE_ENDINGS)})(?:{_SPACE}|[.?!,])",
            _as_written,
        ),
    )


def _numbers() -> tuple[Rule, ...]:
    """Numbers, dates, fractions, telephone numbers."""
    return (
        _rule("date", f"[{_D}]{{1,2}}[-/][{_D}]{{1,2}}[-/][{_D}]{{2,4}}"),
        _rule("number", f"[+-]?(?:[{_D}]*(?:[.,:\u00ad\u066b\u066c][{_D}]+)+|[{_D}]+)"),
        _rule(
            "fraction",
            f"(?:[{_D}]{{1,4}}[- \u00a0])?[{_D}]{{1,4}}(?:\\\\?/|\u2044)[{_D}]{{1,4}}",
            _through(_ROUND),
        ),
        _rule(
            "telephone",
            "(?:\\([0-9]{2,3}\\)[ \u00a0]?|\\+{0,2}(?:[0-9]{2,4}[- \u00a0])?[0-9]{2,4}[- \u00a0])"
            "[0-9]{3,4}[- \u00a0]?[0-9]{3,5}",
            _through(_ROUND),
        ),
    )


def _signs() -> tuple[Rule, ...]:
    """Punctuation, faces, entities, symbols. The community drops most punctuation, so it is dropped here at once."""
    eye = "[-^x=~<>']"
    return (
        _rule("smiley", "([<>]?[:;=][-o*']?[()DPdpO{@|\\\\\\[\\]])[^A-Za-z0-9]", _through(_ROUND)),
        _rule("face", f"\\({eye}[-_.]?{eye}\\)|{eye}_{eye}", _through(_ROUND)),
        _rule("entity", "&(?ai:amp|lt|gt);", _entity),
        _rule("entity of punctuation", "&(?:quot|(?ai:nbsp|mdash|ndash|md));", _mark),
        _rule("other entity", "&(?ai:#[0-9]+|ht|tl|ur|lr|qc|ql|qr|quot|cdq|odq);"),
        _rule("dots", "\\.{3,5}|\\.(?:[ \u00a0]\\.){2,3}|\u2026|\u0085", _mark),
        _rule("dashes", "-{1,4}|[\u2012-\u2015\u0096\u0097]", _mark),
        _rule("many hyphens", "-{5,}"),
        _rule("single marks", f"``|''|[.,:;`'?!\"{APOSTROPHE_ENTITY}]|[\u058a\u2010\u2011]", _mark),
        _rule("odd apostrophe entity", "[\U000eff00-\U000efffe]"),
        _rule("many marks", "[?!]{2,}"),
        _rule(
            "quotes",
            "[`\u2018\u2019\u201a-\u201f\u00ab\u00bb\u2039\u203a\u0091-\u0094]{1,2}",
            _through(_QUOTES),
        ),
        _rule("brackets", "[()\\[\\]{}]", _through(_BRACKETS)),
        _rule(
            "runs",
            "(?:\\\\\\*)+|\\*+|_+|#+|@+|<<|>>|[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+|[\u2080-\u2089]+",
        ),
        _rule(
            "signs with a name",
            "[\u0080\u00a2-\u00a4\u00bc-\u00be\u20a0\u20ac\u2153\u2154]",
            _through(_SIGNS),
        ),
        _rule("symbol", f"[%&~^|\\\\/+=<>$\u2044\u3001{charset(SYMBOLS)}]"),
    )
