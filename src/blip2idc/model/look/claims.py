"""What a sentence claims of a place, and whether it contradicts what was measured there.

In: a captioner's sentence and measured facts. Out: whether the one fits the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from blip2idc.images.changes.result import Fact, MeasuredChange

_COLORS = "red|orange|yellow|green|turquoise|cyan|blue|purple|violet|pink|brown|beige|black|white|grey|gray"

#: What a sentence claims to have happened, by its words.
_CLAIMS: Mapping[str, re.Pattern[str]] = {
    claim: re.compile(rf"\b(?:{words})\b")
    for claim, words in {
        "appear": r"add(?:ed)?|appear(?:s|ed)?|new|insert(?:ed)?|introduced|written(?! in)|write|pasted"
        r"|there (?:is|are)\b.*\bnow",
        "disappear": r"remov(?:e|ed)|gone|disappear(?:s|ed)?|eras(?:e|ed)|missing|delet(?:e|ed)|vanished"
        r"|no longer (?:there|shown|seen|visible|here|present)",
        "move": r"mov(?:e|ed)|shift(?:ed)?|relocated|changed (?:its )?(?:location|position|place)",
        "color": rf"recolou?r(?:ed)?|(?:changed?|another|different) (?:its |the )?colou?r"
        rf"|turn(?:ed|s)? (?:from )?(?:(?:light|dark|pale) )?(?:{_COLORS})"
        rf"|became (?:{_COLORS})|(?:is|are) (?:{_COLORS})\b.*\bnow|colou?r(?:ed)?",
        "material": r"rubber now|metal now|material|texture",
        "size": r"larger|smaller|bigger|grew|shrank|shrunk|resized|enlarged|grown",
        "blur": r"blur(?:red|ry)?|pixelated|out of focus",
        "sharpen": r"sharp(?:er|ened|en)?",
        "brighten": r"bright(?:er|ened|en)|lighter|brightness was increased",
        "darken": r"dark(?:er|ened|en)|brightness was reduced",
        "cover": r"cover(?:s|ed)?|hid(?:es|den)|block",
        "noise": r"nois[ey]|grain(?:y)?",
        "whole": r"cropped|flipped|mirrored|rotated|inverted|saturated|black and white",
        "frame": r"border|frame|outline|focus(?:ed)?|highlighted",
        "copy": r"duplicate[ds]?|repeat(?:s|ed)?|cop(?:y|ies|ied)|twice",
        "corner": r"corners?|rounded",
        "shadow": r"shadow",
        "theme": r"theme|(?:dark|light) mode",
        "style": r"style ?sheet|styles|layout is (?:broken|repaired)",
        "panel": r"menu|dialog|banner|cookies",
        "swap": r"swapped|changed places|order of",
        "replace": r"replaced|shows something else|different picture",
        "fade": r"faint(?:er)?|faded|transparent|greyed out|fully visible|stronger",
        "disable": r"disabled|enabled|(?:in)?active",
        "bold": r"bold|regular type|is set in",
        "italic": r"italic",
        "underline": r"underlined|crossed out",
        "capitals": r"capitals",
        "align": r"(?:left|right)-aligned|centered|alignment",
        "space": r"further apart|closer together|spacing|gap|space below",
        "language": r"language|translated",
        "check": r"(?:un)?checked|turned o(?:n|ff)",
        "none": r"same|no (?:change|difference)|nothing|unchanged|identical",
    }.items()
}

#: What a sentence may claim of a place of which a fact is sure.
_MAY_CLAIM: Mapping[str, frozenset[str]] = {
    "appeared": frozenset({"appear", "cover", "copy", "panel"}),
    "disappeared": frozenset({"disappear", "cover", "panel"}),
    "moved": frozenset({"move"}),
    "resized": frozenset({"size"}),
    "recoloured": frozenset({"color"}),
    "blurred": frozenset({"blur"}),
    "sharpened": frozenset({"sharpen"}),
    "brighter": frozenset({"brighten", "color", "cover"}),
    "darker": frozenset({"darken", "color", "cover"}),
    "covered": frozenset({"cover", "appear", "disappear", "frame"}),
    "noise": frozenset({"noise"}),
    "outlined": frozenset({"frame"}),
    "rounded": frozenset({"corner"}),
    "shadowed": frozenset({"shadow"}),
    "theme": frozenset({"theme"}),
    "unstyled": frozenset({"style"}),
    "panel": frozenset({"appear", "disappear", "cover", "panel"}),
    "swapped": frozenset({"swap"}),
    "replaced": frozenset({"replace", "appear", "cover", "copy"}),
    "faded": frozenset({"fade", "color"}),
    "greyed": frozenset({"fade", "disable"}),
    "bold": frozenset({"bold"}),
    "italic": frozenset({"italic"}),
    "underlined": frozenset({"underline"}),
    "capitals": frozenset({"capitals"}),
    "aligned": frozenset({"move", "align"}),
    "spaced": frozenset({"space"}),
    "checked": frozenset({"check"}),
    "gap": frozenset({"space"}),
    "overflow": frozenset({"space", "size"}),
    "broken": frozenset({"replace", "disappear", "appear"}),
    "language": frozenset({"language"}),
    **{kind: frozenset({"none"}) for kind in ("scroll_bar", "caret", "clock")},
}

#: What it may not claim beside.
_OPPOSITE: Mapping[str, str] = {
    "appeared": "disappear",
    "disappeared": "appear",
    "brighter": "darken",
    "darker": "brighten",
    "blurred": "sharpen",
    "sharpened": "blur",
}

#: What a sentence may call a thing that was measured on a plain ground.
_SAME_THING: Mapping[str, re.Pattern[str]] = {
    thing: re.compile(rf"\b(?:{words})s?\b")
    for thing, words in {
        "text": r"text|word|letter|title|heading|headline|label|paragraph|link|price|number|sentence|writing",
        "line": r"line|border|rule|stroke|divider",
        "button": r"button|link|control",
        "box": r"box|block|card|area|rectangle|square|panel|banner|button|bar|field|background",
    }.items()
}

#: The words of a page or a sign, which a sentence repeats.
_QUOTED = re.compile(r'"[^"]*"')


def claims(caption: str) -> set[str]:
    """What a sentence claims to have happened; empty where its words are not known. Words in quotes claim nothing.

    >>> sorted(claims("the small red cube has been removed"))
    ['disappear']
    """
    told = _QUOTED.sub('""', caption.lower())
    return {claim for claim, words in _CLAIMS.items() if words.search(told)}


def contradicts(caption: str, facts: Iterable[Fact]) -> bool:
    """Whether a sentence says of a place something else than what is sure of it.

    >>> contradicts("a white block was added", [Fact("disappeared")])
    True
    >>> contradicts("the man put on a hat", [Fact("appeared")])
    False
    """
    said = claims(caption)
    for fact in facts:
        if said and (not said & _MAY_CLAIM[fact.kind] or _OPPOSITE.get(fact.kind) in said):
            return True
        if fact.kind == "recoloured" and not _names_color(caption, str(fact.values["to"])):
            return True
    return False


def agrees(caption: str, measured: MeasuredChange) -> bool:
    """Whether a sentence fits what was measured of a place: the facts, and the thing where its pixels tell it.

    A captioner that knows no web pages takes a button for a rubber cube, or calls it an area; and what is one place is
    not all of the picture.
    """
    if "whole" in claims(caption):
        return False
    thing = _SAME_THING.get(measured.thing.split()[-1]) if measured.thing else None
    names = thing is None or bool(thing.search(caption.lower()))
    return names and not contradicts(caption, measured.facts)


def _names_color(caption: str, color: str) -> bool:
    """Whether a sentence that names colours names this one; True for one that names none."""
    named = {word.replace("gray", "grey") for word in re.findall(rf"\b(?:{_COLORS})\b", caption.lower())}
    return not named or color.split()[-1] in named
