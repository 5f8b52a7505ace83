"""Whether a variation of a sentence still says what the sentence says: the guard of `paraphrase`.

In: an original and its variation, in English. Out: None, or a short code of what changed. Words and their places are
compared, by tables (`meaning_words`), without a tagger or a model: it is strict, since a good variation refused costs a
sentence and a bad one accepted poisons references. Why: errors in orientation, viewpoint and attributes are what
language models get wrong in edit captions (EditCaption, arXiv 2604.08213). Measured rates: docs/guide-paraphrase.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from blip2idc.synthesis.meaning_words import (
    ACTIVITIES,
    ADJECTIVES,
    AWAY,
    BROAD,
    COLOURS,
    CONTRACTED,
    DETERMINERS,
    DIRECTIONS,
    FAMILIES,
    GENERIC,
    LOOSE_AXES,
    NEGATIONS,
    NOUNS,
    NUMBERS,
    ORDINALS,
    PHRASES,
    PLURALS,
    POLES,
    PREPOSITIONS,
    SHADES,
    STOP,
    SYNONYMS,
    TAKING,
    TWO,
    VERBS,
)

#: What `drift` may answer, in the order in which it looks.
CODES = (
    "text",
    "number",
    "colour",
    "direction",
    "opposite",
    "negation",
    "action",
    "object",
    "roles",
    "addition",
)

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|(?<!\w)['‘]([^'’]+)['’](?!\w)")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?|&|[.,;:!?()]")
_LONGEST_PHRASE = max(len(phrase) for phrase in PHRASES)
#: Words on one side of which `left` and `right` are places, not the past of `leave` or `correct`.
_BEFORE_SIDE = frozenset(
    "the far on to from at top bottom upper lower your his her their its turn turns turned turning move moves moved"
    " moving shift shifted face faces facing look looking looks further farther front back rear slightly towards"
    " toward extreme middle center centre and or very points pointing shifts".split()
)
_AFTER_SIDE = frozenset(
    "side hand corner of most half part edge picture image photo lane arm leg eye foot ear one man woman person car"
    " shoe wall handed ward third frame".split()
)
_LEAVING = frozenset("has have had having 's 've just already who that who's".split())
_AFTER_JUST = frozenset("below above under underneath beneath behind beside next in at near".split())
_BEFORE_BACK = frozenset("the in at from".split())
_AFTER_BACK = frozenset("of wall row window seat side corner end door yard left right wheel leg".split())
_DECREASING = frozenset(
    "decrease decreased decreases reduce reduced reduces lower lowered less lessen".split()
)
_MAGNITUDES = frozenset("brightness exposure contrast saturation vividness".split())
_SHOWN = frozenset("visible present there here shown seen in".split())
_LOOSE_PLACES = {"by": "beside", "over": "above"}
_PICTURES = frozenset("images pictures photos photographs scenes frames shots".split())
_RELATIONS = frozenset("above below behind front-of left right".split())


def drift(original: str, variation: str) -> str | None:
    """What changed in meaning.

    Args:
        original: A sentence.
        variation: The same in other words, or not.

    Returns:
        The first of `CODES` that applies, None where nothing was found: `text` (quoted words), `number`, `colour`,
        `direction` (left and right, above and below, ...), `opposite` (brighter and darker, gone and appeared, ...),
        `negation`, `action` (adding, removing, altering, moving; walking, standing), `object` (a thing of the original
        is missing), `roles` (what has which colour, what becomes what), `addition` (a thing that was not there).

    Example:
        >>> drift("The man on the left is gone.", "The left-hand man has left.")
        >>> drift("The man on the left is gone.", "The man on the right is gone.")
        'direction'
    """
    one, other = _read(original), _read(variation)
    for code, changed in (
        ("text", _text_changed(one, other)),
        ("number", _numbers(one) != _numbers(other) and not _only_pairs(one, other)),
        ("colour", one.values("colour") != other.values("colour")),
        ("direction", _directions_changed(one, other)),
        ("opposite", _opposite(one, other)),
        ("negation", one.count("negation") != other.count("negation")),
        ("action", _action_changed(one, other)),
        ("object", not one.things <= other.known),
        ("roles", _roles_changed(one, other)),
        ("addition", not other.things <= one.known or bool(_gained(one, other))),
    ):
        if changed:
            return code
    return None


@dataclass(frozen=True)
class _Word:
    """A word or phrase as it was read: `kind` and `value` are the two parts of its mark."""

    text: str
    kind: str
    value: str = ""


@dataclass(frozen=True)
class _Sentence:
    """A sentence as it was read.

    Attributes:
        words: In order, with marks.
        quoted: Words inside quotes.
        known: Everything that it may be said to mention: nouns, and all its other words.
        things: Nouns that another wording must mention too.
    """

    words: tuple[_Word, ...]
    quoted: frozenset[str]
    known: frozenset[str] = field(default_factory=frozenset)
    things: frozenset[str] = field(default_factory=frozenset)

    def values(self, kind: str) -> frozenset[str]:
        return frozenset(word.value for word in self.words if word.kind == kind)

    def count(self, kind: str) -> int:
        return sum(word.kind == kind for word in self.words)


@lru_cache(maxsize=4096)
def _read(text: str) -> _Sentence:
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")
    quoted: set[str] = set()
    for match in _QUOTED.finditer(text):
        quoted |= set(_split(match[0].strip("\"“”'")))
    tokens = _split(_QUOTED.sub(" quote ", text))
    words = _combined(_marked(tokens))
    known = {word.value for word in words if word.kind == "noun"} | set(_forms(tokens)) | quoted
    known |= {one + other for one, other in zip(tokens, tokens[1:], strict=False)}
    nouns = {word.value for word in words if word.kind == "noun"} - GENERIC - {"quote"}
    return _Sentence(tuple(words), frozenset(quoted), frozenset(known), frozenset(nouns))


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


def _marked(tokens: Sequence[str]) -> list[_Word]:
    """Each word or phrase with its mark."""
    words: list[_Word] = []
    at = 0
    while at < len(tokens):
        for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
            mark = PHRASES.get(tuple(tokens[at : at + length]))
            if mark is not None:
                kind, _, value = mark.partition(" ")
                words.append(_Word(" ".join(tokens[at : at + length]), kind, value))
                at += length
                break
        else:
            words.append(_mark(tokens, at))
            at += 1
    return words


def _mark(tokens: Sequence[str], at: int) -> _Word:
    """One word with its mark."""
    word = tokens[at]
    before = tokens[at - 1] if at else ""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    number = _number(word, after)
    if number is not None:
        return number
    if word in NEGATIONS or (word in CONTRACTED and after == "t") or (word in CONTRACTED and word[-1] == "t"):
        return _Word(word, "negation")
    placed = _placed(word, before, after)
    if placed is not None:
        return placed
    if word in SHADES and after in COLOURS:
        return _Word(word, "shade", SHADES[word])
    for table in (COLOURS, DIRECTIONS):
        if word in table:
            kind, _, value = table[word].partition(" ")
            return _Word(word, kind, value)
    return _by_form(word, before, after, first=at == 0)


def _number(word: str, after: str) -> _Word | None:
    if word in ("two", "both") and after in _PICTURES:
        return _Word(word, "stop")  # every pair has two pictures
    if word in TWO:
        return _Word(word, "two")
    ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word)
    if ordinal or word in ORDINALS:
        return _Word(word, "ordinal", f"{int(ordinal[1]) if ordinal else ORDINALS[word]}.")
    if word.isdecimal() or word in NUMBERS:
        value = int(word) if word.isdecimal() else NUMBERS[word]
        return _Word(word, "stop") if value == 1 else _Word(word, "number", str(value))
    return None


def _placed(word: str, before: str, after: str) -> _Word | None:
    """Words that are directions only in some places."""
    if word in ("left", "right"):
        return _side(word, before, after)
    if word == "back":
        place = before in _BEFORE_BACK or after in _AFTER_BACK
        return _Word(word, "direction" if place else "stop", "back")
    if word == "lower":
        place = before in DETERMINERS or before in PREPOSITIONS or after in ("left", "right")
        return _Word(word, *(("direction", "bottom") if place else ("pole", "amount -")))
    if word in ("over", "off", "on"):
        return _Word(word, "stop")
    return None


def _side(word: str, before: str, after: str) -> _Word:
    """`left` and `right`: a side; or gone, and correct or just."""
    of_somebody = before in ("'s", "s") and bool(after) and after not in STOP and after[0].isalpha()
    if before in _BEFORE_SIDE or after in _AFTER_SIDE or not before or of_somebody:
        return _Word(word, "direction", word)
    if word == "left":
        return _Word(word, "pole", "exist -")
    just = before in ("is", "'s", "s", "are") or after in _AFTER_JUST
    return _Word(word, "stop") if just else _Word(word, "direction", "right")


def _by_form(word: str, before: str, after: str, *, first: bool) -> _Word:
    """Verbs, adjectives, poles; what is left over is taken for a noun."""
    if word in ".,;:!?()&":
        return _Word(word, "stop")
    bases = tuple(_bases(word))
    inflected = word.endswith(("ed", "ing")) and word not in NOUNS
    after_noun_sign = (
        before in DETERMINERS or before in PREPOSITIONS or before in COLOURS or before in ADJECTIVES
    )
    described = before in DETERMINERS and inflected and after.isalpha() and after not in STOP  # a parked car
    if described or (after_noun_sign and not inflected and word not in STOP and word not in POLES):
        if word in ADJECTIVES or (word.endswith("ly") and word not in NOUNS):
            return _Word(word, "adjective")
        return _Word(word, "noun", word if described else _thing(word))
    for base in bases:
        if base in POLES:
            return _Word(word, "pole", POLES[base].removeprefix("pole "))
        if base in BROAD and not word.endswith("ing"):
            return _Word(word, "family", "/".join(sorted(BROAD[base])))
        for table in (FAMILIES, ACTIVITIES):
            if base in table:
                kind, _, value = table[base].partition(" ")
                return _Word(word, kind, value)
    if word in STOP:
        return _Word(word, "stop")
    if word in ADJECTIVES or (word.endswith("ly") and word not in NOUNS):
        return _Word(word, "adjective")
    verb = inflected or any(base in VERBS for base in bases)
    if verb or (first and (after in DETERMINERS or after in ("it", "this", "that"))):
        return _Word(word, "verb")
    return _Word(word, "noun", _thing(word))


def _combined(words: list[_Word]) -> list[_Word]:
    """Words that change each other as one: shades of colours, negated poles, `take ... off`, lowered brightness."""
    words = list(words)
    for at, word in enumerate(words):
        if word.kind == "shade":
            words[at] = _Word(word.text, "skip")
            words[at + 1] = _Word(words[at + 1].text, "colour", f"{word.value} {words[at + 1].value}")
        elif word.text in TAKING and any(later.text in AWAY for later in words[at + 1 : at + 9]):
            words[at] = _Word(word.text, "family", "remove")
        elif word.kind == "negation":
            _negate(words, at)
        elif word.text == "less" and at + 1 < len(words) and words[at + 1].kind == "pole":
            words[at], words[at + 1] = _Word("less", "skip"), _flipped(words[at + 1])
        elif word.text in _MAGNITUDES:
            near = words[max(at - 4, 0) : at + 4]
            if any(other.text in _DECREASING for other in near):
                words[at] = _flipped(word)
    return words


def _negate(words: list[_Word], at: int) -> None:
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
            words[at], words[k] = _Word(words[at].text, "skip"), _Word(word.text, "pole", "change -")
            return
        if word.kind == "pole" and k <= at + 2:
            words[at], words[k] = _Word(words[at].text, "skip"), _flipped(word)
            return
        if word.text in _SHOWN and (word.text != "in" or k == at + 1):
            words[at] = _Word(words[at].text, "pole", "exist +" if earlier else "exist -")
            return
    if at > 1 and words[at - 2].text == "there":  # there is no
        words[at] = _Word(words[at].text, "pole", "exist +" if earlier else "exist -")


def _flipped(word: _Word) -> _Word:
    axis, _, sign = word.value.partition(" ")
    return _Word(word.text, "pole", f"{axis} {'-' if sign == '+' else '+'}")


def _text_changed(one: _Sentence, other: _Sentence) -> bool:
    """Whether quoted words were lost, or others were put into quotes."""
    return not (one.quoted <= other.known and other.quoted <= one.known)


def _numbers(sentence: _Sentence) -> Counter[str]:
    found = Counter(word.value for word in sentence.words if word.kind in ("number", "ordinal"))
    if sentence.count("two") and not found["2"]:
        found["2"] = 1
    return +found


def _only_pairs(one: _Sentence, other: _Sentence) -> bool:
    """Whether numbers differ only by a pair, which is two things (people) or one (boots)."""
    texts = {word.text for sentence in (one, other) for word in sentence.words}
    differing = (_numbers(one) - _numbers(other)) + (_numbers(other) - _numbers(one))
    return "pair" in texts and differing == Counter({"2": 1})


def _directions_changed(one: _Sentence, other: _Sentence) -> bool:
    """Whether places differ; `by` may say beside, and `over` above, or not."""
    differing = one.values("direction") ^ other.values("direction")
    texts = {word.text for word in (*one.words, *other.words)}
    return bool(differing - {place for word, place in _LOOSE_PLACES.items() if word in texts})


def _poles(sentence: _Sentence) -> set[str]:
    poles = set(sentence.values("pole"))
    families = sentence.values("family")
    poles |= {"exist -"} if "remove" in families else set()
    return poles | ({"exist +"} if "add" in families else set())


def _opposite(one: _Sentence, other: _Sentence) -> bool:
    """Whether an opposite took the place of a word, or the word went without one."""
    before, after = _poles(one), _poles(other)
    axes = {pole[:-2] for pole in before | after}
    for axis in axes:
        plus, minus = f"{axis} +", f"{axis} -"
        for pole, opposite in ((plus, minus), (minus, plus)):
            if pole in before and pole not in after and (opposite in after or axis not in LOOSE_AXES):
                return True
            if pole in after and pole not in before and (opposite in before or pole == "change -"):
                return True
    return False


def _gained(one: _Sentence, other: _Sentence) -> set[str]:
    """Axes of properties of which only the variation speaks."""
    before, after = ({pole[:-2] for pole in _poles(sentence)} for sentence in (one, other))
    return after - before - LOOSE_AXES


def _families(sentence: _Sentence) -> list[frozenset[str]]:
    """Of each edit verb, what it may do."""
    return [frozenset(word.value.split("/")) for word in sentence.words if word.kind == "family"]


def _action_changed(one: _Sentence, other: _Sentence) -> bool:
    if ("exist -" in _poles(one)) != ("exist -" in _poles(other)):
        return True
    did, does = _families(one), frozenset[str]().union(*_families(other))
    if did and does and not did[0] & does:
        return True
    commanded = one.words and one.words[0].kind == "family" and "alter" not in did[0]
    if commanded and not does:
        return True
    activities, now = one.values("activity"), other.values("activity")
    return bool(activities and now and not activities & now)


def _roles_changed(one: _Sentence, other: _Sentence) -> bool:
    """Whether things swapped places: what becomes what, what has which colour, what is above what."""
    before, after = _change(one), _change(other)
    if before is not None and after is not None:
        crossed = (before[0] - before[1]) & (after[1] - after[0])
        if crossed and (before[1] - before[0]) & (after[0] - after[1]):
            return True
    bound, binds = _bindings(one), _bindings(other)
    for modifier, heads in bound.items():
        now = binds.get(modifier, set())
        if now and not heads & now and now <= one.known:
            return True
    reversed_relations = {(last, relation, first) for first, relation, last in _relations(one)}
    return bool(reversed_relations & set(_relations(other)) - set(_relations(one)))


def _change(sentence: _Sentence) -> tuple[set[str], set[str]] | None:
    """What changes, and into what: the words on either side of `to`, `into`, `with`, `for`."""
    words = sentence.words
    starts = [
        k
        for k, word in enumerate(words)
        if word.text == "from" or (word.kind == "family" and "alter" in word.value)
    ]
    if not starts:
        return None
    start = starts[0]
    pivots = [k for k in range(start + 1, len(words)) if words[k].text in ("to", "into", "with", "for", "as")]
    if not pivots:
        return None
    telling = ("noun", "colour", "number", "ordinal", "direction", "pole")
    sides = [
        {word.value for word in part if word.kind in telling}
        for part in (words[start + 1 : pivots[0]], words[pivots[0] + 1 :])
    ]
    if words[start].text.startswith("substitut") and words[pivots[0]].text == "for":
        sides.reverse()
    return sides[0], sides[1]


def _bindings(sentence: _Sentence) -> dict[str, set[str]]:
    """Colour, number or side -> the things that it stands before."""
    found: dict[str, set[str]] = {}
    modifiers: list[str] = []
    head: str | None = None
    for word in (*sentence.words, _Word("", "end")):
        if word.kind == "noun":
            head = word.value
        elif word.kind in ("colour", "number", "ordinal", "direction") and head is None:
            modifiers.append(word.value)
        elif word.kind not in ("adjective", "skip"):
            if head is not None and head not in GENERIC:
                for modifier in modifiers:
                    found.setdefault(modifier, set()).add(head)
            modifiers, head = [], None
    return found


def _relations(sentence: _Sentence) -> list[tuple[str, str, str]]:
    """(thing, relation, thing) for words of place between two things."""
    words = sentence.words
    found: list[tuple[str, str, str]] = []
    for at, word in enumerate(words):
        if word.kind == "direction" and word.value in _RELATIONS:
            first = [
                w.value for w in words[max(at - 6, 0) : at] if w.kind == "noun" and w.value not in GENERIC
            ]
            last = [w.value for w in words[at + 1 : at + 7] if w.kind == "noun" and w.value not in GENERIC]
            if first and last:
                found.append((first[-1], word.value, last[0]))
    return found
