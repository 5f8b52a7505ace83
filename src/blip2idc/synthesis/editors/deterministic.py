"""The editor `edits`: performs the edits of the world `edits` when told to in words, without any weights.

In: a photograph and an instruction such as "make the picture brighter". Out: the photograph so edited. It serves to try
a synthesis run without a GPU and to test filters on edits that are known to be right; it knows a few kinds of edit
and no objects, so that data sets made with it teach no more than the world `edits` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.random import Generator
from PIL import Image

from blip2idc.errors import ConfigError
from blip2idc.synthesis.editors.requests import EditRequest, EditResult
from blip2idc.synthesis.instructions.instruction import Instruction
from blip2idc.worlds.edits.captions import COLORS, PLACES, TEMPLATES
from blip2idc.worlds.edits.distractors import distract
from blip2idc.worlds.edits.operations import OPERATIONS, Edited, Picture
from blip2idc.worlds.edits.photographs import Photographs, packaged_photographs
from blip2idc.worlds.edits.regions import REGION_OPERATIONS
from blip2idc.worlds.edits.world import KINDS

NOT_UNDERSTOOD = "not-understood"

#: Of an image without an edit, as far as this editor knows.
BEFORE_CAPTION = "a photograph"

#: Draws until an edit has the colour, place or side that was asked for: 72 are needed on average at most.
TRIES = 2000

#: Longest side of the copy on which they are drawn.
DRAFT_SIDE = 64

#: For each kind what to say to the editor, what to say of the pair, and what to say of the edited image.
_SENTENCES: Mapping[str, tuple[str, str, str]] = {
    "brighten": ("make the photograph brighter", "the photograph became brighter", "a bright photograph"),
    "darken": ("make the photograph darker", "the photograph became darker", "a dark photograph"),
    "contrast_up": (
        "give the photograph more contrast",
        "the photograph has more contrast",
        "a photograph with strong contrast",
    ),
    "contrast_down": (
        "give the photograph less contrast",
        "the photograph has less contrast",
        "a photograph with weak contrast",
    ),
    "saturate": (
        "make the colors more vivid",
        "the colors became more vivid",
        "a photograph with vivid colors",
    ),
    "desaturate": ("make the colors paler", "the colors became paler", "a photograph with pale colors"),
    "black_and_white": (
        "make the photograph black and white",
        "the photograph is black and white now",
        "a black and white photograph",
    ),
    "tint": ("tint the photograph", "the photograph was tinted", "a tinted photograph"),
    "invert": (
        "turn the photograph into a negative",
        "the colors were inverted",
        "the negative of a photograph",
    ),
    "blur": ("blur the whole photograph", "the whole photograph was blurred", "a blurry photograph"),
    "sharpen": ("sharpen the photograph", "the photograph became sharper", "a sharp photograph"),
    "noise": ("add noise to the photograph", "noise was added to the photograph", "a noisy photograph"),
    "pixelate": ("pixelate the photograph", "the photograph was pixelated", "a pixelated photograph"),
    "flip": ("mirror the photograph", "the photograph was mirrored", "a mirrored photograph"),
    "rotate": ("rotate the photograph", "the photograph was rotated", "a tilted photograph"),
    "crop": ("zoom in on the photograph", "the photograph is zoomed in", "a photograph of a detail"),
    "border": (
        "put a frame around the photograph",
        "a frame was added around the photograph",
        "a photograph in a frame",
    ),
    "text": (
        "write a word on the photograph",
        "a word was written on the photograph",
        "a photograph with a word on it",
    ),
    "region_blur": (
        "blur a part of the photograph",
        "a part of the photograph was blurred",
        "a photograph with a blurry part",
    ),
    "region_cover": (
        "cover a part of the photograph",
        "a part of the photograph is covered",
        "a photograph with a covered part",
    ),
    "region_recolor": (
        "recolor a part of the photograph",
        "a part of the photograph was recolored",
        "a photograph with a recolored part",
    ),
    "region_remove": (
        "remove something from the photograph",
        "something was removed from the photograph",
        "a photograph with something missing",
    ),
    "region_duplicate": (
        "repeat a part of the photograph",
        "a part of the photograph is repeated",
        "a photograph with a repeated part",
    ),
    "region_paste": (
        "paste a piece of another photograph",
        "a piece of another photograph was pasted",
        "a photograph with a piece of another one",
    ),
}

_AXES = {
    "horizontally": "horizontal",
    "left to right": "horizontal",
    "left and right": "horizontal",
    "vertically": "vertical",
    "top to bottom": "vertical",
    "top and bottom": "vertical",
}
_CHOICES: Mapping[str, Sequence[str]] = {
    "color": tuple(COLORS),
    "place": PLACES,
    "side": ("left", "right"),
    "axis": ("horizontally", "vertically"),
    "ends": ("left to right", "top to bottom"),
    "swapped": ("left and right", "top and bottom"),
}


def known_instructions() -> Mapping[str, str]:
    """One instruction for each kind of edit, by the name of the kind."""
    return {kind: sentences[0] for kind, sentences in _SENTENCES.items()}


def example_of(kind: str) -> Instruction:
    """The instruction for a kind of edit, with captions of the pair, of the image before and of the one after.

    Raises:
        ConfigError: The kind is unknown.
    """
    if kind not in _SENTENCES:
        raise ConfigError(f"the kind of edit is {kind!r}; expected one of {', '.join(KINDS)}")
    text, caption, after = _SENTENCES[kind]
    return Instruction(text, caption, BEFORE_CAPTION, after, "templates")


def understood(instruction: str) -> tuple[str, dict[str, str]] | None:
    """Which edit an instruction asks for.

    Args:
        instruction: The name of a kind, a sentence of `known_instructions`, or any sentence of the world `edits`, with
            "photo", "image", "picture" and "photograph" for one another.

    Returns:
        The kind, and what is asked for in particular: `color`, `place`, `side` or `axis`; None if it is not
        understood.
    """
    text = _plain(instruction)
    if text.replace(" ", "_") in KINDS:
        return text.replace(" ", "_"), {}
    for pattern, kind in _patterns():
        match = pattern.fullmatch(text)
        if match is not None:
            return kind, _wanted(match.groupdict())
    return None


def _wanted(groups: Mapping[str, str]) -> dict[str, str]:
    wanted = {name: groups[name] for name in ("color", "place", "side") if name in groups}
    for name in ("axis", "ends", "swapped"):
        if name in groups:
            wanted["axis"] = _AXES[groups[name]]
    return wanted


def _plain(text: str) -> str:
    """Lower case, one word for a picture and one spelling of colour, without "please" and the full stop."""
    text = " ".join(text.lower().split()).rstrip(".!").removeprefix("please ")
    text = re.sub(r"\b(?:photograph|photo|image)\b", "picture", text)
    return text.replace("colour", "color")


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    groups = {name: f"(?P<{name}>{'|'.join(values)})" for name, values in _CHOICES.items()}
    sentences = [(_plain(texts[0]), kind) for kind, texts in _SENTENCES.items()]
    templates = [(_plain(one).format(**groups), kind) for kind, texts in TEMPLATES.items() for one in texts]
    return tuple((re.compile(text), kind) for text, kind in (*sentences, *templates))


class EditsEditor:
    """Performs edits of the world `edits`, an `Editor`; a pure function of each request."""

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """One result for each request, in order; guidance has no effect."""
        results = []
        for request in requests:
            picture = np.asarray(request.image.convert("RGB"))
            if request.instruction:
                edited = perform(request.instruction, picture, request.seed)
                image = None if edited is None else Image.fromarray(edited.picture)
            else:  # what the world `edits` has for no change: noise, another camera
                image = Image.fromarray(distract(picture, np.random.default_rng(request.seed), 1.0)[0])
            results.append(EditResult(image, NOT_UNDERSTOOD if image is None else None))
        return results


def perform(instruction: str, picture: Picture, seed: int) -> Edited | None:
    """Do what an instruction says; what it leaves open is drawn with the seed.

    Args:
        instruction: See `understood`.
        picture: `[H, W, 3]` uint8.
        seed: Of the draws.

    Returns:
        The edit; None where the instruction is not understood.
    """
    found = understood(instruction)
    if found is None:
        return None
    kind, wanted = found
    image = Image.fromarray(picture)
    draft = np.asarray(image.resize(_draft_size(*image.size)))
    for attempt in range(TRIES):
        # the draft tells at little cost whether these draws give what is wanted
        if wanted and not _has(_perform(kind, draft, _generator(seed, attempt)), wanted):
            continue
        edited = _perform(kind, picture, _generator(seed, attempt))
        if _has(edited, wanted):
            return edited
    return None  # such as a black frame where colours are drawn that have no black


def _draft_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, DRAFT_SIDE / max(width, height))
    return max(8, round(width * scale)), max(8, round(height * scale))


def _generator(seed: int, attempt: int) -> Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, attempt))))


def _has(edited: Edited, wanted: Mapping[str, Any]) -> bool:
    return all(edited.details.get(name) == value for name, value in wanted.items())


def _perform(kind: str, picture: Picture, rng: Generator) -> Edited:
    strength = float(rng.random())
    if kind in OPERATIONS:
        return OPERATIONS[kind](picture, rng, strength)
    other = picture
    if kind == "region_paste":
        other, _ = _others().draw(rng, *picture.shape[:2])
    return REGION_OPERATIONS[kind](picture, rng, strength, other)


@cache
def _others() -> Photographs:
    """Where pasted pieces come from: the photographs of the package, the same ones on every machine."""
    return Photographs(packaged_photographs())
