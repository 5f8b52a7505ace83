"""Tables of words by which `meaning` tells whether two English sentences say the same, made of `words.yaml`.

In: the file. Out: tables. A mark is a kind and a value with a space between, such as `colour red`; a pole is one end of
an axis, such as `pole light +`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

_FILE = resources.files("blip2idc.synthesis.paraphrase") / "words.yaml"
_TEXTS: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))


def _table(kind: str, name: str) -> dict[str, str]:
    """Word -> mark, from words that mean the same, between commas; the first of them is the value."""
    groups = (group.split() for group in _TEXTS[name].split(","))
    return {word: f"{kind} {words[0]}" for words in groups for word in words}


def _poles(axes: Mapping[str, str]) -> dict[str, str]:
    """Word -> mark."""
    found: dict[str, str] = {}
    for axis, words in axes.items():
        one, _, other = words.partition("|")
        found |= dict.fromkeys(one.split(), f"pole {axis} +")
        found |= dict.fromkeys(other.split(), f"pole {axis} -")
    return found


def _words(name: str) -> frozenset[str]:
    return frozenset(_TEXTS[name].split())


def _by_word(groups: Mapping[str, str]) -> dict[str, str]:
    """Word -> what it is listed under."""
    return {word: name for name, words in groups.items() for word in words.split()}


NUMBERS: Mapping[str, int] = _TEXTS["numbers"]
ORDINALS: Mapping[str, int] = {word: value for value, word in enumerate(_TEXTS["ordinals"].split(), start=1)}
TWO = _words("two")
COLOURS = _table("colour", "colours")
SHADES: Mapping[str, str] = _by_word(_TEXTS["shades"])
DIRECTIONS = _table("direction", "directions")
PHRASES: Mapping[tuple[str, ...], str] = {
    tuple(phrase.split()): mark
    for mark, phrases in _TEXTS["phrases"].items()
    for phrase in phrases.split(",")
}
BEFORE_SIDE, AFTER_SIDE, AFTER_JUST = _words("before_side"), _words("after_side"), _words("after_just")
BEFORE_BACK, AFTER_BACK = _words("before_back"), _words("after_back")
DECREASING, MAGNITUDES = _words("decreasing"), _words("magnitudes")
SHOWN, PICTURES, RELATIONS = _words("shown"), _words("pictures"), _words("relations")
LOOSE_PLACES: Mapping[str, str] = _TEXTS["loose_places"]
NEGATIONS, LIMITS, CONTRACTED = _words("negations"), _words("limits"), _words("contracted")
POLES = _poles(_TEXTS["poles"])
LOOSE_AXES = _words("loose_axes")
FAMILIES = _table("family", "families")
BROAD: Mapping[str, frozenset[str]] = {
    word: frozenset(families.split()) for word, families in _by_word(_TEXTS["broad"]).items()
}
TAKING, AWAY = _words("taking"), _words("away")
ACTIVITIES = _table("activity", "activities")
SYNONYMS: Mapping[str, str] = {
    word: mark.removeprefix("noun ") for word, mark in _table("noun", "synonyms").items()
}
PLURALS: Mapping[str, str] = _TEXTS["plurals"]
DETERMINERS, PREPOSITIONS = _words("determiners"), _words("prepositions")
STOP = DETERMINERS | PREPOSITIONS | _words("stop")
MAY_COME = _words("may_come")
GENERIC, ADJECTIVES, NOUNS, VERBS = _words("generic"), _words("adjectives"), _words("nouns"), _words("verbs")
