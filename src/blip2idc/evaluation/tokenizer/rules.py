"""The rules of the caption tokenizer: what can be one token, as regular expressions in order of precedence.

What for: `lexer` tries the rules at a position and takes the longest match, the earlier rule on a tie.
In: text as `lexer` prepares it: letter entities (``&eacute;``) are one private character each, characters outside
the Basic Multilingual Plane are two surrogates, as in Java, and one character stands for each class of
`characters`, so that expressions are short. Out: `candidates()`, the `Rule`s that can match.
A rule is compiled when it is first tried: most captions need a third of them.
Origin: the behaviour of the community's Penn Treebank tokenizer (CoreNLP 3.4.1), learnt from recorded strings and from
running it on generated ones (``tests/parity/record_tokens.py``); its source was neither read nor copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from blip2idc.evaluation.tokenizer import words
from blip2idc.evaluation.tokenizer.characters import DIGIT, LETTER, MODIFIER, SYMBOL, expand

#: First of the private characters that stand for letter entities.
LETTER_ENTITY_FIRST = 0xF0000
#: First of the private characters that stand for ``&APOS;`` and other spellings, which are kept as written.
APOSTROPHE_FIRST = 0xEFF00
#: Stands for ``&apos;``.
APOSTROPHE_ENTITY = "\U000effff"


@dataclass(frozen=True)
class Rule:
    """One kind of token.

    Attributes:
        name: what it is, for reading and debugging.
        expression: regular expression. Where it has a group, the group is the token and what follows only counts for
            the length of the match; that part is read again.
        first: characters that can begin a match, None for any; private ones are not listed.
        needs: characters one of which any match, or what follows it, holds; none for no such condition.
        emit: the text of the token, empty for none; "." for any punctuation that the community drops.
    """

    name: str
    expression: str
    first: frozenset[str] | None
    needs: frozenset[str]
    emit: Callable[[str], str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The expression, compiled."""
        return re.compile(self.expression)


def _either(text: str) -> str:
    """Words of a list, longest first."""
    return "|".join(re.escape(word) for word in sorted(text.split(), key=lambda word: (-len(word), word)))


def _any_case(text: str) -> str:
    return f"(?ai:{_either(text)})"


def _initials(text: str) -> str:
    """First letters of the words of a list, small and capital."""
    first = {word[0] for word in text.split()} - {"'", "-"}
    return "".join(sorted(first | {letter.upper() for letter in first}))


def _first_capital(text: str) -> str:
    return (
        "(?:"
        + "|".join(f"{word[0].upper()}(?ai:{word[1:]})" for word in sorted(text.split(), reverse=True))
        + ")"
    )


# Characters. _N: letters; _L: what a word of letters is made of; _W: the same with modifiers.
_N, _D, _M = f"A-Za-z{LETTER}", f"0-9{DIGIT}", MODIFIER
_PRIVATE = "\U000f0000-\U000f00ff"  # letter entities
_L = _N + "\u00ad" + _PRIVATE
_W = _L + _M
_APOSTROPHE = "['\u2019\u0092\U000eff00-\U000effff]"
_ANY_QUOTE = "['`\u2018\u2019\u201b\u0091\u0092\U000eff00-\U000effff]"
_APOSTROPHES, _QUOTE_MARKS = "'\u2019\u0092", "'`\u2018\u2019\u201b\u0091\u0092"
_BLANKS = " \t\u00a0\u2000-\u200a\u3000"
_CURLY_QUOTES = "`\u2018\u2019\u201a-\u201f\u00ab\u00bb\u2039\u203a\u0091-\u0094"
_NAMED_SIGNS = "\u0080\u00a2-\u00a4\u00bc-\u00be\u20a0\u20ac\u2153\u2154"
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


def _rule(
    name: str,
    expression: str,
    emit: Callable[[str], str] = _without_soft_hyphens,
    *,
    first: str | None,
    needs: str = "",
) -> Rule:
    starts = None if first is None else expand(first)
    return Rule(name, expression, starts, frozenset(needs), emit)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules; their order decides ties."""
    return (*_words_with_apostrophes(), *_words_and_places(), *_abbreviations(), *_numbers(), *_signs())


@cache
def needed() -> frozenset[str]:
    """Characters whose presence in a text decides which rules are tried."""
    return frozenset().union(*(rule.needs for rule in rules()))


@cache
def candidates(first: str, present: frozenset[str]) -> tuple[Rule, ...]:
    """Rules that can match where a character stands, in a text that holds some of the `needed` characters."""
    private = first >= "\U000eff00"
    return tuple(
        rule
        for rule in rules()
        if (private or rule.first is None or first in rule.first)
        and (not rule.needs or not rule.needs.isdisjoint(present))
    )


def _words_with_apostrophes() -> tuple[Rule, ...]:
    """Contractions, elisions, and quotes that would otherwise be taken for them."""
    return (
        _rule("space", f"[{_BLANKS}]+", _nothing, first=_BLANKS),
        _rule("markup", _MARKUP, lambda text: text.replace(" ", "\u00a0"), first="<"),
        _rule("cannot", "((?ai:can))(?ai:not)", first="cC"),
        _rule(
            "gonna",
            f"(?={_any_case(words.SPLIT_WORDS)})([A-Za-z]{{3}})[A-Za-z]{{2}}",
            first=_initials(words.SPLIT_WORDS),
        ),
        _rule("it is", "('[tT])(?ai:is|was)", first="'"),
        _rule(
            "apostrophe word",
            _any_case(words.APOSTROPHE_WORDS),
            first=_initials(words.APOSTROPHE_WORDS),
            needs="'",
        ),
        _rule("word before a contraction", f"({_WORD}){_APOSTROPHE}{_ENDING}", first=_W, needs=_APOSTROPHES),
        _rule("hyphenated", _HYPHENATED, first=_N + _D),
        _rule(
            "word before not",
            f"([A-Za-z\u00ad]*[A-MO-Za-mo-z\u00ad])[nN]{_ANY_QUOTE}[tT]",
            first="A-Za-z\u00ad",
            needs=_QUOTE_MARKS,
        ),
        _rule(
            "closing abbreviation",
            f"({_CLOSING})(?:[A-Za-z][^{_W}{_D}]|-[^\\n]|[^\\n{_PRIVATE}])",
            first="A-Za-z",
            needs=".",
        ),
        _rule("not", f"[nN]{_ANY_QUOTE}[tT]", _through(_PLAIN_APOSTROPHES), first="nN", needs=_QUOTE_MARKS),
        _rule(
            "contraction",
            f"({_APOSTROPHE}{_ENDING})(?:[^A-Za-z]|\\Z)",
            _through(_PLAIN_APOSTROPHES),
            first=_APOSTROPHES,
        ),
        _rule(
            "quoted word",
            _any_case(words.QUOTE_WORDS).replace("'", _APOSTROPHE),
            first=_initials(words.QUOTE_WORDS) + _APOSTROPHES,
            needs=_APOSTROPHES,
        ),
        _rule("opening quote", f"(')[A-Za-z](?!{_SPACE})[\\s\\S]", _mark, first="'"),
        _rule(
            "contraction in a word",
            f"{_APOSTROPHE}{_ENDING}",
            _through(_PLAIN_APOSTROPHES),
            first=_APOSTROPHES,
        ),
        _rule("decade", f"{_APOSTROPHE}[2-9]0[sS]", first=_APOSTROPHES),
        _rule("year", f"({_APOSTROPHE}[0-9]{{2}}){_SPACE}", first=_APOSTROPHES),
        _rule(
            "elision",
            f"[A-HJ-XZn]{_ANY_QUOTE}[{_N}]{{2,}}|[{_N}]+[aeiouyAEIOUY]{_ANY_QUOTE}[aeiouA-Z][{_N}]*",
            first=_N,
            needs=_QUOTE_MARKS,
        ),
        _rule("article", f"[ldjLDJ]{_APOSTROPHE}", first="ldjLDJ", needs=_APOSTROPHES),
        _rule("you, elided", f"([yY]{_APOSTROPHE})[{_N}]", first="yY", needs=_APOSTROPHES),
    )


def _words_and_places() -> tuple[Rule, ...]:
    """Words, addresses, and words joined by hyphens, slashes and ampersands."""
    return (
        _rule("word", _WORD, first=_W),
        _rule(
            "url",
            f"(?ai:https?)://[^{_NOT_URL}{{}}]+[^{_NOT_URL}.!?,{{}}-]",
            _as_written,
            first="hH",
            needs=":",
        ),
        _rule(
            "site",
            f"(?ai:www)\\.(?:[^{_NOT_URL}.!?,{{}}]+\\.)+[A-Za-z]{{2,4}}{_PATH}",
            _as_written,
            first="wW",
            needs=".",
        ),
        _rule(
            "domain",
            f"[^{_NOT_DOMAIN}]+(?:\\.[^{_NOT_DOMAIN}]+)*\\.(?ai:com|net|org|edu){_PATH}",
            _as_written,
            first=None,
            needs=".",
        ),
        _rule(
            "mail",
            f"(?:<|&lt;)?(?:(?ai:mailto):)?[A-Za-z0-9][^{_NOT_MAIL}]*"
            f"@(?:[^{_NOT_MAIL}.]+\\.)*[^{_NOT_MAIL}.]+(?:>|&gt;)?",
            _as_written,
            first="A-Za-z0-9<&",
            needs="@",
        ),
        _rule("mention", "@[A-Za-z_][A-Za-z0-9_]*", first="@"),
        _rule("hashtag", f"#[{_W}]+", _as_written, first="#"),
        _rule("loosely hyphenated", _LOOSELY_HYPHENATED, first="A-Za-z0-9", needs="-"),
        _rule(
            "stop before a comma",
            f"((?:{_WORD}|{_HYPHENATED}|{_LOOSELY_HYPHENATED}|{_COMPANY})\\.)[,;:\u3001]",
            first=_W + _D,
            needs=".",
        ),
        _rule("slashed", f"{_SLASH_PART}(?:\\\\?/{_SLASH_PART}){{1,2}}", first="A-Za-z0-9", needs="/"),
        _rule("company", _COMPANY, lambda text: text.replace("&amp;", "&"), first="A-Z", needs="&+"),
        _rule("dollars", "[A-Z]*\\$", first="A-Z$", needs="$"),
        _rule("listed", _any_case(words.LISTED), first="-" + _initials(words.LISTED), needs="+#-"),
    )


def _abbreviations() -> tuple[Rule, ...]:
    """Words that keep their full stop, and file names."""
    starter = f"(?:{_first_capital(words.SENTENCE_STARTERS)}|M(?ai:[rs])\\.|{_MARKUP})"
    return (
        _rule(
            "letter before a sentence", f"([A-Za-z])\\.{_SPACE}+{starter}{_SPACE}", first="A-Za-z", needs="."
        ),
        _rule("abbreviation", f"{_ACRONYM}|{_CLOSING}|{_TITLE}", first="A-Za-z", needs="."),
        _rule("abbreviation before a number", f"({_NUMBERED}){_SPACE}?[{_D}]", first="A-Za-z", needs="."),
        _rule(
            "file",
            f"([{_W}{_D}]+(?:\\.[{_W}{_D}]+)*\\.{_any_case(words.FILE_ENDINGS)})(?:{_SPACE}|[.?!,])",
            _as_written,
            first=_W + _D,
            needs=".",
        ),
    )


def _numbers() -> tuple[Rule, ...]:
    """Numbers, dates, fractions, telephone numbers."""
    return (
        _rule("date", f"[{_D}]{{1,2}}[-/][{_D}]{{1,2}}[-/][{_D}]{{2,4}}", first=_D, needs="-/"),
        _rule(
            "number",
            f"[+-]?(?:[{_D}]*(?:[.,:\u00ad\u066b\u066c][{_D}]+)+|[{_D}]+)",
            first="-+.,:\u00ad\u066b\u066c" + _D,
        ),
        _rule(
            "fraction",
            f"(?:[{_D}]{{1,4}}[- \u00a0])?[{_D}]{{1,4}}(?:\\\\?/|\u2044)[{_D}]{{1,4}}",
            _through(_ROUND),
            first=_D,
            needs="/\u2044",
        ),
        _rule(
            "telephone",
            "(?:\\([0-9]{2,3}\\)[ \u00a0]?|\\+{0,2}(?:[0-9]{2,4}[- \u00a0])?[0-9]{2,4}[- \u00a0])"
            "[0-9]{3,4}[- \u00a0]?[0-9]{3,5}",
            _through(_ROUND),
            first="(+0-9",
        ),
    )


def _signs() -> tuple[Rule, ...]:
    """Punctuation, faces, entities, symbols. The community drops most punctuation, so it is dropped here at once."""
    eye = "[-^x=~<>']"
    return (
        _rule(
            "smiley", "([<>]?[:;=][-o*']?[()DPdpO{@|\\\\\\[\\]])[^A-Za-z0-9]", _through(_ROUND), first="<>:;="
        ),
        _rule("face", f"\\({eye}[-_.]?{eye}\\)|{eye}_{eye}", _through(_ROUND), first="-(^x=~<>'"),
        _rule("entity", "&(?ai:amp|lt|gt);", _entity, first="&"),
        _rule("entity of punctuation", "&(?:quot|(?ai:nbsp|mdash|ndash|md));", _mark, first="&"),
        _rule("other entity", "&(?ai:#[0-9]+|ht|tl|ur|lr|qc|ql|qr|quot|cdq|odq);", first="&"),
        _rule("dots", "\\.{3,5}|\\.(?:[ \u00a0]\\.){2,3}|\u2026|\u0085", _mark, first=".\u2026\u0085"),
        _rule("dashes", "-{1,4}|[\u2012-\u2015\u0096\u0097]", _mark, first="-\u2012-\u2015\u0096\u0097"),
        _rule("many hyphens", "-{5,}", first="-"),
        _rule(
            "single marks",
            f"``|''|[.,:;`'?!\"{APOSTROPHE_ENTITY}]|[\u058a\u2010\u2011]",
            _mark,
            first="`.,:;'?!\"\u058a\u2010\u2011",
        ),
        _rule("odd apostrophe entity", "[\U000eff00-\U000efffe]", first=""),
        _rule("many marks", "[?!]{2,}", first="?!"),
        _rule("quotes", f"[{_CURLY_QUOTES}]{{1,2}}", _through(_QUOTES), first=_CURLY_QUOTES),
        _rule("brackets", "[()\\[\\]{}]", _through(_BRACKETS), first="()[]{}"),
        _rule(
            "runs",
            "(?:\\\\\\*)+|\\*+|_+|#+|@+|<<|>>|[\u00b2\u00b3\u00b9\u2070\u2074-\u2079]+|[\u2080-\u2089]+",
            first="\\*_#@<>\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089",
        ),
        _rule("signs with a name", f"[{_NAMED_SIGNS}]", _through(_SIGNS), first=_NAMED_SIGNS),
        _rule("symbol", f"[%&~^|\\\\/+=<>$\u2044\u3001{SYMBOL}]", first=f"%&~^|\\/+=<>$\u2044\u3001{SYMBOL}"),
    )
