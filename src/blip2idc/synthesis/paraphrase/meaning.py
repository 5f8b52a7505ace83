"""Whether a variation of a sentence still says what the sentence says, by its words: what `guard` goes by.

In: an original and its variation, in English. Out: None, or a short code of what changed. Words and their places are
compared, by tables (`meaning_words`), without a tagger or a model: it is strict, since a good variation refused costs a
sentence and a bad one accepted poisons references. Why: errors in orientation, viewpoint and attributes are what
language models get wrong in edit captions (EditCaption, arXiv 2604.08213). Measured rates: docs/guide-paraphrase.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from blip2idc.synthesis.paraphrase.meaning_reading import Sentence, Word, read
from blip2idc.synthesis.paraphrase.meaning_words import (
    GENERIC,
    LOOSE_AXES,
    LOOSE_PLACES,
    MAY_COME,
    NEGATIONS,
    RELATIONS,
)

#: Facts that language models get wrong, and that a model of inference overlooks.
FACTS = ("text", "number", "colour", "direction", "opposite", "negation")
#: What `drift` may answer, in the order in which it looks.
CODES = (*FACTS, "action", "object", "roles", "addition")

_IN_A_TEXT = re.compile(
    r"\bin(?:to)? the (?:given )?(?:text|sentence|output|context|description|code)\b(?! ['\"])"
)


def drift(original: str, variation: str, codes: Sequence[str] = CODES) -> str | None:
    """What changed in meaning.

    Args:
        original: A sentence.
        variation: The same in other words, or not.
        codes: What is looked at.

    Returns:
        The first of `codes` that applies, None where nothing was found: `text` (quoted words), `number`, `colour`,
        `direction` (left and right, above and below, ...), `opposite` (brighter and darker, gone and appeared, ...),
        `negation`, `action` (adding, removing, altering, moving; walking, standing), `object` (a thing of the original
        is missing), `roles` (what has which colour, what becomes what), `addition` (a thing that was not there).

    Example:
        >>> drift("The man on the left is gone.", "The left-hand man has left.")
        >>> drift("The man on the left is gone.", "The man on the right is gone.")
        'direction'
    """
    one, other = read(original), read(variation)
    for code, changed in (
        ("text", _text_changed(one, other)),
        ("number", _numbers(one) != _numbers(other) and not _only_pairs(one, other)),
        ("colour", _colours_changed(one, other)),
        ("direction", _directions_changed(one, other)),
        ("opposite", _opposite(one, other)),
        ("negation", any(one.count(kind) != other.count(kind) for kind in ("negation", "limit"))),
        ("action", _action_changed(one, other)),
        ("object", bool(_lost(one, other))),
        ("roles", _roles_changed(one, other)),
        (
            "addition",
            bool(_lost(other, one) - MAY_COME or _gained(one, other) or _of_a_text(original, variation)),
        ),
    ):
        if changed and code in codes:
            return code
    return None


def _text_changed(one: Sentence, other: Sentence) -> bool:
    """Whether quoted words were lost, or others were put into quotes."""
    return not (one.quoted <= other.known and other.quoted <= one.known)


def _colours_changed(one: Sentence, other: Sentence) -> bool:
    """Whether colours differ; what colour a thing had may be left out where the original says `from red to green`."""
    before, after = one.values("colour"), other.values("colour")
    texts = [word.text for word in one.words]
    had: set[str] = set()
    if "from" in texts and "to" in texts[texts.index("from") :]:
        start = texts.index("from")
        had = {word.value for word in one.words[start : texts.index("to", start)] if word.kind == "colour"}
    return bool(before - after - had or after - before)


def _lost(one: Sentence, other: Sentence) -> set[str]:
    """Things that the other sentence does not mention; `rain storm` is mentioned by `rainstorm`."""
    joined = one.joined & other.known
    return {
        thing
        for thing in one.things - other.known
        if not any(word.startswith(thing) or word.endswith(thing) for word in joined)
    }


def _of_a_text(original: str, variation: str) -> bool:
    """Whether a text is to be edited where the original spoke of a picture: `replace 'milk' in the sentence`."""
    return bool(_IN_A_TEXT.search(variation.lower())) and not _IN_A_TEXT.search(original.lower())


def _numbers(sentence: Sentence) -> Counter[str]:
    found = Counter(word.value for word in sentence.words if word.kind in ("number", "ordinal"))
    if sentence.count("two") and not found["2"]:
        found["2"] = 1
    return +found


def _only_pairs(one: Sentence, other: Sentence) -> bool:
    """Whether numbers differ only by a pair, which is two things (people) or one (boots)."""
    texts = {word.text for sentence in (one, other) for word in sentence.words}
    differing = (_numbers(one) - _numbers(other)) + (_numbers(other) - _numbers(one))
    return "pair" in texts and differing == Counter({"2": 1})


def _directions_changed(one: Sentence, other: Sentence) -> bool:
    """Whether places differ; `by` may say beside, and `over` above, or not."""
    differing = one.values("direction") ^ other.values("direction")
    texts = {word.text for word in (*one.words, *other.words)}
    return bool(differing - {place for word, place in LOOSE_PLACES.items() if word in texts})


def _poles(sentence: Sentence) -> set[str]:
    poles = set(sentence.values("pole"))
    families = sentence.values("family")
    poles |= {"exist -"} if "remove" in families else set()
    return poles | ({"exist +"} if "add" in families else set())


def _opposite(one: Sentence, other: Sentence) -> bool:
    """Whether an opposite took the place of a word, or the word went without one."""
    before, after = _poles(one), _poles(other)
    for came, poles in ((_came(one), after), (_came(other), before)):
        if came and "exist +" not in poles:
            return True
    axes = {pole[:-2] for pole in before | after}
    for axis in axes:
        plus, minus = f"{axis} +", f"{axis} -"
        for pole, opposite in ((plus, minus), (minus, plus)):
            if pole in before and pole not in after and (opposite in after or axis not in LOOSE_AXES):
                return True
            if pole in after and pole not in before and (opposite in before or pole == "change -"):
                return True
    return False


def _came(sentence: Sentence) -> bool:
    """Whether it says that something was not there before."""
    return any(
        word.value == "exist +" and (word.text in NEGATIONS or word.text == "no longer")
        for word in sentence.words
    )


def _gained(one: Sentence, other: Sentence) -> set[str]:
    """Axes of properties of which only the variation speaks."""
    before, after = ({pole[:-2] for pole in _poles(sentence)} for sentence in (one, other))
    return after - before - LOOSE_AXES


def _families(sentence: Sentence) -> list[frozenset[str]]:
    """Of each edit verb, what it may do."""
    return [frozenset(word.value.split("/")) for word in sentence.words if word.kind == "family"]


def _action_changed(one: Sentence, other: Sentence) -> bool:
    if ("exist -" in _poles(one)) != ("exist -" in _poles(other)):
        return True
    did, does = _families(one), frozenset[str]().union(*_families(other))
    if did and does and not did[0] & does:
        return True
    commanded = one.words and one.words[0].kind == "family" and "alter" not in did[0]
    if commanded and not does:
        return True
    activities, now = one.values("activity"), other.values("activity")
    return bool(activities and now - activities)


def _roles_changed(one: Sentence, other: Sentence) -> bool:
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


def _change(sentence: Sentence) -> tuple[set[str], set[str]] | None:
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


def _bindings(sentence: Sentence) -> dict[str, set[str]]:
    """Colour, number or side -> the things that it stands before."""
    found: dict[str, set[str]] = {}
    modifiers: list[str] = []
    head: str | None = None
    for word in (*sentence.words, Word("", "end")):
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


def _relations(sentence: Sentence) -> list[tuple[str, str, str]]:
    """(thing, relation, thing) for words of place between two things."""
    words = sentence.words
    found: list[tuple[str, str, str]] = []
    for at, word in enumerate(words):
        if word.kind == "direction" and word.value in RELATIONS:
            first = [
                w.value for w in words[max(at - 6, 0) : at] if w.kind == "noun" and w.value not in GENERIC
            ]
            last = [w.value for w in words[at + 1 : at + 7] if w.kind == "noun" and w.value not in GENERIC]
            if first and last:
                found.append((first[-1], word.value, last[0]))
    return found
