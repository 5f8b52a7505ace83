"""Plain sentences made of measured facts.

In: the facts of a change, and in a few words what it happened to. Out: one sentence, in the words of the captions this
package trains on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from blip2idc.images.changes.result import Fact
from blip2idc.images.color_names import shade_of

#: Fact -> what is said where the image after has it, and where the image before has it.
_STATES: Mapping[str, tuple[str, str]] = {
    "outlined": ("got {a_by} outline", "lost its {by} outline"),
    "rounded": ("has round corners now", "has square corners now"),
    "shadowed": ("casts a shadow now", "lost its shadow"),
    "unstyled": ("lost its style sheet", "got its style sheet back"),
    "panel": ("appeared over the page", "over the page is gone"),
    "faded": ("faded, it became fainter", "is no longer faded"),
    "greyed": ("was greyed out", "is no longer greyed out"),
    "bold": ("became bold", "is no longer bold"),
    "italic": ("became italic", "is no longer italic"),
    "underlined": ("is {as} now", "is no longer {as}"),
    "capitals": ("is in capitals now", "is no longer in capitals"),
    "spaced": ("has {mode} that are further apart", "has {mode} that are closer together"),
    "checked": ("was checked", "was unchecked"),
    "scroll_bar": ("is shown now", "is no longer shown"),
    "overflow": ("runs out of its box now", "fits into its box again"),
    "broken": ("does not load now", "loads again"),
    "caret": ("is shown now", "is no longer shown"),
}
#: Fact -> what is there by itself.
_PASSING: Mapping[str, str] = {"scroll_bar": "scroll bar", "caret": "caret", "clock": "clock"}
#: A language that too few words tell.
ANOTHER_LANGUAGE = "another language"
_LONGEST = 80  # characters of a text that a sentence quotes
_SHORT = 40  # characters of several lines that it quotes as one
_PARTED = re.compile(r"(?<=[^\W\d_])-\n(?=[^\W\d_])")


def sentence(facts: Sequence[Fact], thing: str = "", place: str = "") -> str:
    """One sentence for the facts of one change; that something changed where there are none.

    Args:
        facts: Of one change.
        thing: What it happened to, without an article: ``blue button``; empty where that is not known.
        place: Where: ``in the top right``.

    >>> sentence([Fact("moved", {"dx": 60, "dy": -24})], "blue button", "in the top right")
    'the blue button in the top right moved 60 pixels right and 24 pixels up'
    >>> sentence([Fact("appeared")], "orange box", "in the middle")
    'an orange box appeared in the middle'
    """
    fact = facts[0] if facts else None
    if fact is not None and fact.kind == "gap":
        thing = "gap"
    if fact is not None and fact.kind == "language":
        thing = "language of the page"
    if fact is not None and fact.kind in _PASSING:
        thing = _PASSING[fact.kind]
    if fact is not None and fact.kind == "panel":
        thing = str(fact.values["as"])
        if fact.values["in"] == "after":
            return " ".join(filter(None, (_a(thing), "appeared over the page", place)))
    if fact is not None and fact.kind == "appeared":
        return " ".join(filter(None, (_a(thing), "appeared", place)))
    colored = fact is not None and fact.kind == "recoloured"
    subject = (
        f"the {_named(thing, str(fact.values['from'])) if fact and colored else thing}"
        if thing
        else "something"
    )
    if thing.startswith("part of"):
        subject = f"a {thing}"
    verb = " and ".join(_phrase(fact) for fact in facts) or "changed"
    if [fact.kind for fact in facts] == ["recoloured", "faded"]:
        became = "fainter" if facts[1].values["in"] == "after" else "stronger"
        verb = f"{_phrase(facts[0])}, it became {became}"
    return " ".join(filter(None, (subject, place, verb)))


def text_sentence(before: str, after: str, thing: str = "", place: str = "") -> str:
    r"""One sentence that names what was written and what is written now; empty for what was or is not there.

    >>> text_sentence("$40,000", "$47,500")
    "the text '$40,000' changed to '$47,500'"
    >>> text_sentence("", "Anna\nMiller")
    "the text 'Anna Miller' appeared"
    """
    one, other = (_quoted(text) for text in (before, after))
    if before and after:
        return " ".join(filter(None, (f"the text {one}", place, f"changed to {other}")))
    what = f"{thing} with the text" if thing.endswith(("button", "box")) else "text"
    return " ".join(
        filter(None, (f"the {what} {one or other}", place, "appeared" if after else "disappeared"))
    )


def in_one_line(lines: Sequence[str]) -> str:
    """Lines below each other in one; a word that was parted at its hyphen is whole again.

    >>> in_one_line(["Contactez-", "nous"]), in_one_line(["Sign", "in"])
    ('Contactez-nous', 'Sign in')
    """
    return _PARTED.sub("-", "\n".join(lines)).replace("\n", " ")


def swap_sentence(one: str, other: str) -> str:
    """One sentence for two things that exchanged their places, each called by its words.

    >>> swap_sentence("Home", "About us")
    "'Home' and 'About us' swapped places"
    """
    return f"'{one}' and '{other}' swapped places"


def _quoted(text: str) -> str:
    if not text:
        return ""
    if len(text) <= _SHORT:
        text = in_one_line(text.split("\n"))
    first, _, more = text.partition("\n")
    short = first if len(first) <= _LONGEST else first[: _LONGEST - 1].rstrip()
    return f"'{short}{' …' if more else '…' * (short != first)}'"


def displacement(dx: float, dy: float) -> str:
    """``60 pixels right and 24 pixels down``."""
    parts = [
        f"{abs(round(length))} pixel{'s' * (abs(round(length)) != 1)} {ahead if length > 0 else back}"
        for length, ahead, back in ((dx, "right", "left"), (dy, "down", "up"))
        if round(length)
    ]
    return " and ".join(parts)


def _a(thing: str) -> str:
    if not thing:
        return "something"
    if thing.startswith("part of"):
        return "something"
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def _named(thing: str, color: str) -> str:
    """The thing with the colour it had."""
    noun = "menu button" if thing.endswith("menu button") else thing.split()[-1]
    return f"{color} {noun}" if noun in ("text", "box", "button", "menu button", "shape", "line") else thing


def _phrase(fact: Fact) -> str:
    values = fact.values
    if fact.kind == "moved":
        return f"moved {displacement(float(values['dx']), float(values['dy']))}"
    if fact.kind == "resized":
        factor = float(values["factor"])
        return f"{'grew' if factor > 1 else 'shrank'} to {factor:.2f} times its size"
    if fact.kind == "recoloured":
        one, other = str(values["from_hex"]), str(values["to_hex"])
        color = shade_of(one, other) if values["from"] == values["to"] else values["to"]
        return f"turned {color} ({one} to {other})"
    if fact.kind == "covered":
        return f"was covered by {_a(str(values['by']) + ' box')}" if "by" in values else "was covered"
    if fact.kind in _STATES:
        words = {**values, "a_by": _a(str(values.get("by", "")))}
        return _STATES[fact.kind][values.get("in") == "before"].format_map(words)
    if fact.kind == "theme":
        return f"turned {values['to']}, the theme changed"
    if fact.kind == "aligned":
        return f"is aligned to the {values['to']} now"
    if fact.kind == "language":
        if values["from"] == ANOTHER_LANGUAGE:
            return f"changed to {values['to']}"
        return f"changed from {values['from']} to {values['to']}"
    if fact.kind == "gap":
        pixels = int(values["pixels"])
        return f"became {abs(pixels)} pixel{'s' * (abs(pixels) != 1)} {'larger' if pixels > 0 else 'smaller'}"
    return {
        "clock": "ran on",
        "swapped": "and what is beside it swapped places",
        "replaced": "was replaced by another one",
        "appeared": "appeared",
        "disappeared": "disappeared",
        "blurred": "became blurred",
        "sharpened": "became sharper",
        "brighter": "became brighter",
        "darker": "became darker",
        "noise": "became noisy",
    }[fact.kind]
