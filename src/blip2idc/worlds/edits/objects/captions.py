"""The sentences of the changes of things.

In: the kind and what was drawn: nouns, places, colours, directions. Out: every wording that is right. No sentence
fits two kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from blip2idc.worlds.edits import captions as basic
from blip2idc.worlds.edits.filters.canvas import PAINTS
from blip2idc.worlds.edits.objects.cutouts import bare

#: Wordings; `{a}` is a noun with its article, `{the}` one with "the".
WORDINGS: Mapping[str, tuple[str, ...]] = {
    "object_added": (
        "{a} was added {place}", "{a} appeared {place}", "there is {a} {place} now", "{a} was put {place}",
        "{a} is new {place}", "{a} was added",
    ),
    "object_removed": (
        "{the} {place} was removed", "{the} {place} disappeared", "{the} {place} is gone",
        "{the} is no longer {place}", "{the} {place} was taken away", "{the} was removed",
    ),
    "object_replaced": (
        "{the} {place} was replaced by {b}", "{the} {place} became {b}", "{the} was swapped for {b}",
        "there is {b} instead of {the} {place}",
    ),
    "object_moved": (
        "{the} moved {direction}", "{the} was moved {direction}", "{the} {place} moved {direction}",
        "{the} is further {further} now",
    ),
    "object_recolored": (
        "{the} {place} turned {color}", "{the} became {color}", "the color of {the} changed to {color}",
        "{the} {place} is {color} now",
    ),
    "object_doubled": (
        "a second {name} was added {place}", "there is another {name} {place} now", "there is one more {name} now",
        "{the} was duplicated", "{the} can be seen twice now",
    ),
    "object_resized": (
        "{the} {place} became {size}", "{the} is {size} now", "{the} was made {size}",
        "{the} {place} is {size} than before",
    ),
    "object_mirrored": (
        "{the} {place} was mirrored", "{the} was turned around", "{the} faces the other way now",
    ),
    "part_recolored": (
        "a part of the photo {place} turned {color}", "the color of something {place} changed to {color}",
        "something {place} is {color} now", "a thing {place} was colored {color}",
    ),
    "part_removed": (
        "something {place} was retouched away", "a thing {place} vanished", "a part {place} was painted over",
        "something {place} was filled in",
    ),
    "part_moved": (
        "something {place} moved {direction}", "a part {place} was shifted {direction}",
        "a thing {place} was moved {direction}",
    ),
    "part_lit": (
        "something {place} became {tone}", "a part {place} is {tone} now", "a thing {place} is {tone} than before",
    ),
    "background_changed": (
        "the background was replaced", "{the} stands before another background", "the scene behind {the} changed",
    ),
}  # fmt: skip

#: Opposites that `{further}` needs: the directions without "to the".
DIRECTIONS = ("to the left", "to the right", "up", "down")


def object_captions(kind: str, details: Mapping[str, Any]) -> tuple[str, ...]:
    """Every wording of a change of a thing.

    Args:
        kind: A key of `WORDINGS`.
        details: `noun`, `second` (with articles), `place`, `direction`, `color`, `size`, `tone` where the
            kind has them.

    Returns:
        The sentences, in a fixed order.
    """
    words = {name: str(value) for name, value in details.items()}
    noun = words.get("noun", "something")
    name = bare(noun)
    words |= {"a": noun, "the": f"the {name}", "name": name, "b": words.get("second", "something else")}
    words["further"] = words.get("direction", "").removeprefix("to the ")
    plural = "noun" in details and _is_plural(noun)
    templates = [text for text in WORDINGS[kind] if not (plural and "{name}" in text)]
    sentences = tuple(template.format(**words) for template in templates)
    if _is_plural(words["b"]) and "second" in details:
        sentences = tuple(
            text.replace(f"there is {words['b']}", f"there are {words['b']}") for text in sentences
        )
    return tuple(_plural(sentence, name) for sentence in sentences) if plural else sentences


def _is_plural(noun: str) -> bool:
    return noun == bare(noun) or noun.startswith("some ")


def _plural(sentence: str, name: str) -> str:
    """The verb after a plural noun: "grapes was added" -> "grapes were added"."""
    sentence = re.sub(
        rf"\b(the |some |^)({re.escape(name)})( in the [a-z ]+?| on the [a-z]+| at the [a-z]+)? was\b",
        r"\1\2\3 were",
        sentence,
    )
    sentence = re.sub(
        rf"\b(the |some |^)({re.escape(name)})( in the [a-z ]+?| on the [a-z]+| at the [a-z]+)? is\b",
        r"\1\2\3 are",
        sentence,
    )
    for verb in ("faces the other", "stands before"):
        sentence = sentence.replace(f"{name} {verb}", f"{name} {verb.replace('s ', ' ', 1)}")
    return sentence.replace("there is some", "there are some").replace(
        f"there is {name}", f"there are {name}"
    )


def kind_of_object_sentence(caption: str) -> str | None:
    """Reads the kind back from a sentence; None where it is none of these."""
    text = " ".join(caption.lower().split()).rstrip(".")
    text = re.sub(r"\bwere\b", "was", re.sub(r"\bare\b", "is", text))
    text = text.replace("face the other", "faces the other").replace("stand before", "stands before")
    return next((kind for pattern, kind in _patterns() if pattern.fullmatch(text)), None)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    noun = r"[a-z' -]+?"
    groups = {
        "a": noun, "b": noun, "the": rf"the {noun}", "name": noun,
        "place": f"(?:{'|'.join(basic.PLACES)})",
        "direction": f"(?:{'|'.join(DIRECTIONS)})",
        "further": "(?:left|right|up|down)",
        "color": f"(?:{'|'.join(PAINTS)})",
        "size": "(?:larger|smaller)",
        "tone": "(?:brighter|darker)",
    }  # fmt: skip
    # A noun may be any words, so the kinds whose sentences say less come last.
    last = ("object_replaced", "object_added")
    order = (*(kind for kind in WORDINGS if kind.startswith("part")), *WORDINGS)
    kinds = (*(kind for kind in order if kind not in last), *last)
    return tuple((re.compile(text.format(**groups)), kind) for kind in kinds for text in WORDINGS[kind])
