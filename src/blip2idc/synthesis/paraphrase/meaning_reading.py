"""Reads an English sentence by tables of words: which of its words are things, colours, places, numbers, opposites.

In: a sentence. Out: its words with marks (`meaning_words`), and what it mentions. There is no tagger: a word that no
table knows is a thing, unless its ending or its place speaks against that. `meaning` compares two such readings.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from blip2idc.synthesis.paraphrase.meaning_words import (
    ACTIVITIES,
    ADJECTIVES,
    AFTER_BACK,
    AFTER_JUST,
    AFTER_SIDE,
    AWAY,
    BEFORE_BACK,
    BEFORE_SIDE,
    BROAD,
    COLOURS,
    CONTRACTED,
    DECREASING,
    DETERMINERS,
    DIRECTIONS,
    FAMILIES,
    GENERIC,
    LIMITS,
    MAGNITUDES,
    NEGATIONS,
    NOUNS,
    NUMBERS,
    ORDINALS,
    PHRASES,
    PICTURES,
    PLURALS,
    POLES,
    PREPOSITIONS,
    SHADES,
    SHOWN,
    STOP,
    SYNONYMS,
    TAKING,
    TWO,
    VERBS,
)

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|(?<!\w)['‘]([^'’]+)['’](?!\w)")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?|&|[.,;:!?()]")
_LONGEST_PHRASE = max(len(phrase) for phrase in PHRASES)


@dataclass(frozen=True)
class Word:
    """A word or phrase as it was read.

    Attributes:
        text: As it stands there, in lower case.
        kind: First part of its mark: `colour`, `direction`, `number`, `pole`, `family`, `noun`, `verb`, `stop`, ...
        value: Second part of its mark, such as `red`.
    """

    text: str
    kind: str
    value: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence as it was read.

    Attributes:
        words: In order, with marks.
        quoted: Words inside quotes.
        known: Everything that it may be said to mention: nouns, and all its other words.
        joined: Neighbouring words, written as one.
        things: Nouns that another wording must mention too.
    """

    words: tuple[Word, ...]
    quoted: frozenset[str]
    known: frozenset[str] = field(default_factory=frozenset)
    joined: frozenset[str] = field(default_factory=frozenset)
    things: frozenset[str] = field(default_factory=frozenset)

    def values(self, kind: str) -> frozenset[str]:
        """The different values of words of a kind."""
        return frozenset(word.value for word in self.words if word.kind == kind)

    def count(self, kind: str) -> int:
        """How many words are of a kind."""
        return sum(word.kind == kind for word in self.words)


@lru_cache(maxsize=4096)
def read(text: str) -> Sentence:
    """A sentence as `drift` sees it.

    Args:
        text: In English, in any case.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")
    quoted: set[str] = set()
    for match in _QUOTED.finditer(text):
        quoted |= set(_split(match[0].strip("\"“”'")))
    tokens = _split(_QUOTED.sub(" quote ", text))
    words = _combined(_marked(tokens))
    known = {word.value for word in words if word.kind == "noun"} | set(_forms(tokens)) | quoted
    joined = frozenset(one + other for one, other in itertools.pairwise(tokens))
    nouns = {word.value for word in words if word.kind == "noun"} - GENERIC - {"quote"}
    return Sentence(tuple(words), frozenset(quoted), frozenset(known | joined), joined, frozenset(nouns))


def _split(text: str) -> list[str]:
    """Tokens; hyphens part words, `n't` and `'s` become tokens of their own."""
    tokens: list[str] = []
    for token in _TOKEN.findall(text.replace("-", " ")):
        if token.endswith("n't"):
            tokens += [{"ca": "can", "wo": "will"}.get(token[:-3], token[:-3]), "not"]
        elif "'" in token:
            before, _, after = token.partition("'")
            tokens += [before, f"'{after}"]
        else:
            tokens.append(token)
    return tokens


def _forms(tokens: Sequence[str]) -> Iterator[str]:
    """Everything under which the tokens may be looked for."""
    for token in tokens:
        yield token
        yield _thing(token)
        for base in _bases(token):
            yield base
            yield SYNONYMS.get(base, base)
        if token.endswith("y") and len(token) > 4:  # snowy, sunny
            yield token[:-1]
            yield token[:-2]


def _bases(word: str) -> Iterator[str]:
    """The word, and what it may be inflected from."""
    yield word
    for ending, replacements in (
        ("ies", ("y",)),
        ("es", ("", "e")),
        ("s", ("",)),
        ("ied", ("y",)),
        ("ed", ("", "e")),
        ("ing", ("", "e")),
    ):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1 and not word.endswith("ss"):
            for replacement in replacements:
                yield stem + replacement
            if ending in ("ed", "ing") and stem[-1] == stem[-2]:
                yield stem[:-1]


def _thing(word: str) -> str:
    """What a noun names: its singular, in the word that stands for its synonyms."""
    if word in SYNONYMS:
        return SYNONYMS[word]
    if word in PLURALS:
        return SYNONYMS.get(PLURALS[word], PLURALS[word])
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        if word.endswith("ies"):
            word = word[:-3] + "y"
        elif word.endswith(("ches", "shes", "sses", "xes", "zes")):
            word = word[:-2]
        else:
            word = word[:-1]
    return SYNONYMS.get(word, word)


def _marked(tokens: Sequence[str]) -> list[Word]:
    """Each word or phrase with its mark."""
    words: list[Word] = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
            mark = PHRASES.get(tuple(tokens[at : at + length]))
            if mark is not None:
                kind, _, value = mark.partition(" ")
                words.append(Word(" ".join(tokens[at : at + length]), kind, value))
                at += length
                break
        else:
            words.append(_mark(tokens, at))
            at += 1
    return words


def _mark(tokens: Sequence[str], at: int) -> Word:
    """One word with its mark."""
    word = tokens[at]
    before = tokens[at - 1] if at else ""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    number = _number(word, after)
    if number is not None:
        return number
    if word in NEGATIONS or (word in CONTRACTED and after == "t") or (word in CONTRACTED and word[-1] == "t"):
        return Word(word, "negation")
    if word in LIMITS:
        return Word(word, "limit")
    if word in ("someone", "somebody") and not before:  # whoever made the change
        return Word(word, "stop")
    placed = _placed(word, before, after)
    if placed is not None:
        return placed
    if word in SHADES and after in COLOURS:
        return Word(word, "shade", SHADES[word])
    for table in (COLOURS, DIRECTIONS):
        if word in table:
            kind, _, value = table[word].partition(" ")
            return Word(word, kind, value)
    return _by_form(word, before, after, first=at == 0)


def _number(word: str, after: str) -> Word | None:
    if word in ("two", "both") and after in PICTURES:
        return Word(word, "stop")  # every pair has two pictures
    if word in TWO:
        return Word(word, "two")
    ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word)
    if ordinal or word in ORDINALS:
        return Word(word, "ordinal", f"{int(ordinal[1]) if ordinal else ORDINALS[word]}.")
    if word.isdecimal() or word in NUMBERS:
        value = int(word) if word.isdecimal() else NUMBERS[word]
        return Word(word, "stop") if value == 1 else Word(word, "number", str(value))
    return None


def _placed(word: str, before: str, after: str) -> Word | None:
    """Words that are directions only in some places."""
    if word in ("left", "right"):
        return _side(word, before, after)
    if word == "back":
        place = before in BEFORE_BACK or after in AFTER_BACK
        return Word(word, "direction" if place else "stop", "back")
    if word == "lower":
        place = before in DETERMINERS or before in PREPOSITIONS or after in ("left", "right")
        return Word(word, *(("direction", "bottom") if place else ("pole", "amount -")))
    if word in ("over", "off", "on"):
        return Word(word, "stop")
    return None


def _side(word: str, before: str, after: str) -> Word:
    """`left` and `right`: a side; or gone, and correct or just."""
    of_somebody = before in ("'s", "s") and bool(after) and after not in STOP and after[0].isalpha()
    if before in BEFORE_SIDE or after in AFTER_SIDE or not before or of_somebody:
        return Word(word, "direction", word)
    if word == "left":
        return Word(word, "pole", "exist -")
    just = before in ("is", "'s", "s", "are") or after in AFTER_JUST
    return Word(word, "stop") if just else Word(word, "direction", "right")


def _by_form(word: str, before: str, after: str, *, first: bool) -> Word:
    """Verbs, adjectives, poles; what is left over is taken for a noun."""
    if word in ".,;:!?()&":
        return Word(word, "stop")
    bases = tuple(_bases(word))
    inflected = word.endswith(("ed", "ing")) and word not in NOUNS
    after_noun_sign = any(
        before in table for table in (DETERMINERS, PREPOSITIONS, COLOURS, DIRECTIONS, ADJECTIVES)
    )
    described = (
        (before in DETERMINERS or before in COLOURS) and inflected and after.isalpha() and after not in STOP
    )  # a parked car
    if described or (after_noun_sign and not inflected and word not in STOP and word not in POLES):
        if word in ADJECTIVES or (word.endswith("ly") and word not in NOUNS):
            return Word(word, "adjective")
        return Word(word, "noun", word if described else _thing(word))
    for base in bases:
        if base in POLES:
            return Word(word, "pole", POLES[base].removeprefix("pole "))
        if base in BROAD and not word.endswith("ing"):
            return Word(word, "family", "/".join(sorted(BROAD[base])))
        for table in (FAMILIES, ACTIVITIES):
            if base in table:
                kind, _, value = table[base].partition(" ")
                return Word(word, kind, value)
    if word in STOP:
        return Word(word, "stop")
    if word in ADJECTIVES or (word.endswith("ly") and word not in NOUNS):
        return Word(word, "adjective")
    verb = inflected or any(base in VERBS for base in bases)
    if verb or (first and (after in DETERMINERS or after in ("it", "this", "that"))):
        return Word(word, "verb")
    return Word(word, "noun", _thing(word))


def _combined(words: list[Word]) -> list[Word]:
    """Words that change each other as one: shades of colours, negated poles, `take ... off`, lowered brightness."""
    words = list(words)
    for at, word in enumerate(words):
        if word.kind == "shade":
            words[at] = Word(word.text, "skip")
            words[at + 1] = Word(words[at + 1].text, "colour", f"{word.value} {words[at + 1].value}")
        elif word.text in TAKING and any(later.text.split()[0] in AWAY for later in words[at + 1 : at + 9]):
            words[at] = Word(word.text, "family", "remove")
        elif word.kind == "negation":
            _negate(words, at)
        elif word.text == "less" and at + 1 < len(words) and words[at + 1].kind == "pole":
            words[at], words[at + 1] = Word("less", "skip"), _flipped(words[at + 1])
        elif word.text in MAGNITUDES:
            near = words[max(at - 4, 0) : at + 4]
            if any(other.text in DECREASING for other in near):
                words[at] = _flipped(word)
    return words


def _negate(words: list[Word], at: int) -> None:
    """Join a negation with what it negates, where that makes an opposite."""
    following = range(at + 1, min(at + 6, len(words)))
    earlier = any(words[k].text in ("before", "earlier", "previously") for k in following)
    for k in following:
        word = words[k]
        bases = set(_bases(word.text))
        if bases & {
            "change",
            "differ",
            "different",
            "difference",
            "modify",
            "alter",
            "alteration",
            "modification",
        }:
            words[at], words[k] = Word(words[at].text, "skip"), Word(word.text, "pole", "change -")
            return
        if word.kind == "pole" and k <= at + 2:
            words[at], words[k] = Word(words[at].text, "skip"), _flipped(word)
            return
        if word.text in SHOWN and (word.text != "in" or k == at + 1):
            words[at] = Word(words[at].text, "pole", "exist +" if earlier else "exist -")
            return
    if at > 1 and words[at - 2].text == "there":  # there is no
        words[at] = Word(words[at].text, "pole", "exist +" if earlier else "exist -")


def _flipped(word: Word) -> Word:
    axis, _, sign = word.value.partition(" ")
    return Word(word.text, "pole", f"{axis} {'-' if sign == '+' else '+'}")
