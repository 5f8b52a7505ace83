"""English for the tiny language model, so that an adapter teaches it new sentences and not the language.

In: WordNet's data files (Debian `wordnet-base`, free licence) and a seed. Out: plain sentences: definitions and
examples of words, and sentences about changes of any nouns in any pictures, made by a small grammar. Nothing of it is
shipped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from blip2idc.errors import InputError

#: WordNet's files of meanings: nouns, verbs, adjectives, adverbs.
PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")

#: Lexicographer files of things that pictures show: animals, artifacts, bodies, food, objects, people, plants, shapes.
_SEEN_IN_PICTURES = {"05", "06", "08", "13", "17", "18", "20", "25"}
_MOST_WORDS = 40
#: What changes in screenshots, pictures from above and street scenes; named before WordNet's nouns.
COMMON_THINGS = [
    "button",
    "menu",
    "link",
    "heading",
    "icon",
    "banner",
    "dialog",
    "checkbox",
    "text",
    "page",
    "image",
    "picture",
    "card",
    "header",
    "footer",
    "table",
    "row",
    "column",
    "sidebar",
    "form",
    "field",
    "label",
    "logo",
    "price",
    "number",
    "background",
    "border",
    "corner",
    "shadow",
    "font",
    "paragraph",
    "list",
    "chart",
    "photo",
    "frame",
    "badge",
    "title",
    "window",
    "bar",
    "word",
    "line",
    "box",
    "area",
    "part",
    "piece",
    "building",
    "house",
    "road",
    "tree",
    "car",
    "bus",
    "truck",
    "person",
    "man",
    "woman",
    "bicycle",
    "vegetation",
    "land",
    "forest",
    "river",
    "bridge",
    "roof",
    "street",
    "lake",
    "grass",
    "plant",
    "bush",
    "sign",
    "lamp",
    "bench",
    "door",
    "wall",
    "fence",
    "boat",
    "cup",
    "bottle",
    "chair",
    "cat",
    "dog",
    "bird",
    "flower",
    "hat",
    "ball",
    "book",
    "clock",
    "apple",
    "star",
    "circle",
    "square",
    "triangle",
    "sphere",
    "cube",
    "cylinder",
    "block",
    "cloud",
    "sky",
]
_QUOTED = re.compile(r'"([^"]+)"')

_COLORS = [
    "red",
    "green",
    "blue",
    "yellow",
    "orange",
    "purple",
    "pink",
    "brown",
    "black",
    "white",
    "gray",
    "light",
    "dark",
    "bright",
    "pale",
    "golden",
    "silver",
]
_QUALITIES = [
    "small",
    "large",
    "big",
    "tiny",
    "new",
    "old",
    "round",
    "square",
    "long",
    "short",
    "wide",
    "narrow",
    "wooden",
    "metal",
    "plastic",
    "glass",
    "bare",
    "empty",
    "full",
    "broken",
    "open",
    "closed",
    "second",
    "third",
    "other",
    "single",
]
_PLACES = [
    "in the top left",
    "in the top right",
    "in the bottom left",
    "in the bottom right",
    "in the middle",
    "at the top",
    "at the bottom",
    "on the left",
    "on the right",
    "in the center",
    "in the upper part",
    "in the lower part",
    "in the background",
    "in the foreground",
    "at the edge",
    "in the corner",
    "next to the {n}",
    "beside the {n}",
    "near the {n}",
    "behind the {n}",
    "in front of the {n}",
    "on the {n}",
    "under the {n}",
    "above the {n}",
    "below the {n}",
    "inside the {n}",
    "in the {n}",
    "between the {n} and the {n}",
    "along the {n}",
    "around the {n}",
    "across the {n}",
    "on top of the {n}",
    "by the {n}",
    "to the left of the {n}",
    "at the {n}",
]
_THINGS = [
    "the {n}",
    "a {n}",
    "the {c} {n}",
    "a {c} {n}",
    "the {q} {n}",
    "a {q} {n}",
    "one {n}",
    "another {n}",
    "some {n}",
    "two {n}s",
    "three {n}s",
    "several {n}s",
    "many {n}s",
    "the {n}s",
    "the {q} {c} {n}",
    "a {q} {c} {n}",
    "the {n} {n}",
    "a {n} {n}",
]
_CHANGES = [
    "{t} appears",
    "{t} appeared",
    "{t} has appeared",
    "{t} was added",
    "{t} has been added",
    "{t} is new",
    "there is {t} now",
    "{t} was built",
    "{t} has been built",
    "{t} is built",
    "{t} was placed",
    "{t} was put",
    "{t} can be seen now",
    "{t} emerged",
    "{t} disappears",
    "{t} disappeared",
    "{t} has disappeared",
    "{t} was removed",
    "{t} has been removed",
    "{t} is gone",
    "{t} is missing",
    "{t} is no longer there",
    "{t} vanished",
    "{t} was demolished",
    "{t} was cleared",
    "{t} was taken away",
    "{t} was cut down",
    "{t} moved",
    "{t} was moved",
    "{t} has moved to the left",
    "{t} moved to the right",
    "{t} changed its position",
    "{t} is elsewhere",
    "{t} turned {c}",
    "{t} became {c}",
    "{t} changed from {c} to {c}",
    "{t} is {c} now",
    "{t} was painted {c}",
    "{t} changed color",
    "{t} was replaced by {t}",
    "{t} replaced {t}",
    "{t} became {t}",
    "{t} turned into {t}",
    "{t} is {t} now",
    "{t} gave way to {t}",
    "{t} grew",
    "{t} became larger",
    "{t} became smaller",
    "{t} was enlarged",
    "{t} got {q}",
    "{t} is open now",
    "{t} is closed now",
    "{t} is higher",
    "{t} is lower",
    "{t} was turned",
    "{t} is blurred",
    "{t} became brighter",
    "{t} became darker",
    "{t} was extended",
    "{t} has the same color as before",
    "{t} is the same as before",
    "{t} did not change",
    "{t} stays as it was",
    "no {n} is there",
    "someone added {t}",
    "someone removed {t}",
    "someone moved {t}",
    "a person put {t}",
    "add {t}",
    "remove {t}",
    "move {t}",
    "paint {t} {c}",
    "the image shows {t} now",
    "in the second picture {t} is there",
    "the picture before has {t}",
    "compared with before, {t} is new",
]


def wordnet_sentences(folder: Path) -> Iterator[str]:
    """Definitions ("house: a dwelling that ...", and without the word) and examples.

    Args:
        folder: With `data.noun` and its siblings.

    Raises:
        InputError: There are no such files.
    """
    for words, _, gloss in _entries(folder):
        examples = _QUOTED.findall(gloss)
        definition = _QUOTED.sub("", gloss).strip(" ;")
        if definition:
            yield _short(f"{words[0]}: {definition}")
            yield _short(definition)
        yield from (_short(example) for example in examples)


def picture_nouns(folder: Path) -> list[str]:
    """Single words for things that can be seen: `COMMON_THINGS`, then those that WordNet's tagged texts use most.

    Args:
        folder: With `data.noun` and `cntlist.rev`.
    """
    used: Counter[str] = Counter()
    for line in (folder / "cntlist.rev").read_text(encoding="utf-8").splitlines():
        sense, _, times = line.split()
        word, _, form = sense.partition("%")
        if form.startswith("1"):  # a noun
            used[word] += int(times)
    found: dict[str, None] = {}
    for words, lexicographer, _ in _entries(folder, ("noun",)):
        if lexicographer in _SEEN_IN_PICTURES:
            found.update(
                dict.fromkeys(word for word in words if word.isalpha() and word.islower() and len(word) > 2)
            )
    nouns = sorted(found, key=lambda word: -used[word])
    return list(dict.fromkeys([*COMMON_THINGS, *nouns]))


def change_sentences(nouns: Sequence[str], count: int, seed: int) -> list[str]:
    """Sentences about changes in pictures of anything.

    Args:
        nouns: Words for things; the first ones come more often.
        count: Number of sentences.
        seed: Of the draw.
    """
    rng = np.random.default_rng((seed, 91))

    def fill(template: str) -> str:
        while "{" in template:
            template = template.replace("{n}s", "{s}")
            template = re.sub(r"\{[tnscq]\}", lambda found: _drawn(found[0], nouns, rng), template)
        return template

    sentences = []
    for _ in range(count):
        sentence = _CHANGES[rng.integers(len(_CHANGES))]
        if rng.random() < 0.6:
            sentence = f"{sentence} {_PLACES[rng.integers(len(_PLACES))]}"
        sentences.append(fill(sentence))
    return sentences


def _drawn(slot: str, nouns: Sequence[str], rng: np.random.Generator) -> str:
    if slot in ("{n}", "{s}"):
        noun = nouns[int(len(nouns) * rng.random() ** 3)]
        return f"{noun}s" if slot == "{s}" and not noun.endswith("s") else noun
    choices = {"{t}": _THINGS, "{c}": _COLORS, "{q}": _QUALITIES}[slot]
    return choices[rng.integers(len(choices))]


def _entries(folder: Path, parts: Sequence[str] = PARTS_OF_SPEECH) -> Iterator[tuple[list[str], str, str]]:
    """Words, number of the lexicographer file and gloss of each meaning (wndb(5WN))."""
    for part in parts:
        path = folder / f"data.{part}"
        if not path.is_file():
            raise InputError(
                f"{path}: no such file; expected WordNet's data files, as in Debian's wordnet-base"
            )
        for line in path.read_text(encoding="utf-8").splitlines():
            head, _, gloss = line.partition(" | ")
            fields = head.split()
            if line.startswith(" ") or not gloss or len(fields) < 4:
                continue
            words = [fields[4 + 2 * k].split("(")[0].replace("_", " ") for k in range(int(fields[3], 16))]
            yield words, fields[1], gloss.strip()


def _short(text: str) -> str:
    return " ".join(text.split()[:_MOST_WORDS])
