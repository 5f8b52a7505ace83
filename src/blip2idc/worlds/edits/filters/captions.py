"""The sentences of the filters: every kind in several wordings, as a person would say it.

In: the kind, what was drawn, the strength. Out: the sentences that are right. The kinds that the small catalogue of
`blip2idc.worlds.edits.captions` has too keep its wordings and get more. No sentence fits two kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from blip2idc.worlds.edits import captions as basic
from blip2idc.worlds.edits.filters.canvas import PAINTS
from blip2idc.worlds.edits.filters.wordings import WORDINGS
from blip2idc.worlds.pair import NO_CHANGE_KIND

#: Wordings of the kinds of the small catalogue beyond its own.
MORE: Mapping[str, tuple[str, ...]] = {
    "brighten": (
        "the photo is {much} brighter",
        "the exposure was increased",
        "the picture is lighter than before",
    ),
    "darken": ("the photo is {much} darker", "the exposure was reduced", "the picture is dimmer than before"),
    "contrast_up": ("the contrast is {much} stronger", "light and dark are further apart now"),
    "contrast_down": ("the contrast is {much} weaker", "the picture became flat and dull"),
    "saturate": ("the colors are {much} more intense", "the picture is more colorful now"),
    "desaturate": ("the colors are {much} paler", "the picture is less colorful now"),
    "black_and_white": ("the photo was converted to grayscale", "the color photo became black and white"),
    "tint": ("the whole picture turned {color}", "a {color} color filter was applied"),
    "invert": ("the colors were inverted like a film negative",),
    "blur": ("the picture is {much} blurrier", "the photo was blurred", "a blur was applied to the picture"),
    "sharpen": ("the picture is {much} sharper", "the details were sharpened"),
    "noise": ("colored noise was added", "the picture is {much} noisier"),
    "pixelate": ("the photo was turned into large square pixels", "the resolution became very low"),
    "flip": ("the photo was flipped {axis}", "the picture is a mirror image now, {ends}"),
    "rotate": (
        "the photo was rotated a few degrees to the {side}",
        "the picture is slanted to the {side} now",
    ),
    "crop": (
        "the edges of the photo were cut off",
        "the photo was cropped",
        "only a part of the picture is left",
    ),
    "text": ("some text was written {place}", "words were added {place}", "there is writing {place} now"),
    "border": ("a {color} frame was put around the photo", "the photo has a {color} border now"),
}

#: What the edit undone is called, and its sentences.
UNDONE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "border": (
        "border_removed",
        ("the {color} border was removed", "the frame is gone", "the {color} frame was taken away"),
    ),
    "watermark": (
        "watermark_removed",
        ("the watermark was removed", "the watermark is gone", "the writing across the picture was removed"),
    ),
    "text": (
        "text_removed",
        ("the text {place} was removed", "the word {place} is gone", "text was erased {place}"),
    ),
    "grid_lines": (
        "grid_removed",
        ("the {color} grid was removed", "the grid lines are gone", "the grid was taken away"),
    ),
    "black_and_white": (
        "colorize",
        (
            "the black and white photo was colored",
            "color was added to the picture",
            "the photo has colors now",
        ),
    ),
    "noise": ("denoise", ("the noise was removed", "the picture is clean now", "the noise is gone")),
    "letterbox": ("letterbox_removed", ("the black bars were removed", "the black bars {ends} are gone")),
    "date_stamp": ("date_removed", ("the date stamp was removed", "the date in the corner is gone")),
    "blur": (
        "focus",
        ("the picture is in focus now", "the blur was removed", "the blurry photo became sharp"),
    ),
    "zoom_out": (
        "fill_frame",
        ("the picture fills the whole frame now", "the {color} background around the photo is gone"),
    ),
}

_SMALL, _LARGE = 0.3, 0.75


def sentences_of(kind: str, details: Mapping[str, Any], strength: float = 0.5) -> tuple[str, ...]:
    """Every wording of an edit of this catalogue.

    Args:
        kind: Name of the edit, of an undone edit, or `"none"`.
        details: What the edit drew: `color`, `place`, `side`, ... where the kind has them.
        strength: From 0 (just visible) to 1 (extreme); decides what "a little" and "much" may be said of.

    Returns:
        The sentences, in a fixed order.
    """
    if kind == NO_CHANGE_KIND:
        return basic.captions_of(kind, details)
    own = basic.captions_of(kind, details) if kind in basic.TEMPLATES else ()
    words = {name: str(value) for name, value in details.items()}
    words["much"] = "much" if strength > _LARGE else "a little" if strength < _SMALL else ""
    if kind == "flip":
        words.update(basic.FLIPS[str(details["axis"])])
    if kind == "offset":
        words["way"] = _direction(words["side"])
    made = (template.format(**words) for template in templates_of(kind))
    return own + tuple(" ".join(sentence.split()) for sentence in made)


def templates_of(kind: str) -> tuple[str, ...]:
    """The templates of a kind beyond those of the small catalogue."""
    undone = dict(UNDONE.values())
    return WORDINGS.get(kind) or undone.get(kind) or MORE.get(kind, ())


def kind_of_sentence(caption: str) -> str | None:
    """Reads the kind of edit back from a sentence; None where it is no sentence of this catalogue."""
    found = basic.kind_of_caption(caption)
    if found is not None:
        return found
    text = " ".join(caption.lower().split()).rstrip(".")
    return next((kind for pattern, kind in _patterns() if pattern.fullmatch(text)), None)


def _direction(side: str) -> str:
    return f"to the {side}" if side in ("left", "right") else side


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    corners = tuple(f"{row} {column}" for row in ("top", "bottom") for column in ("left", "right"))
    choices = {
        "color": tuple(PAINTS),
        "place": basic.PLACES,
        "side": ("left", "right"),
        "tone": ("bright", "dark"),
        "way": ("wider", "taller", "to the left", "to the right", "up", "down"),
        "direction": ("sideways", "up and down", "diagonally"),
        "corner": corners,
        "axis": tuple(flip["axis"] for flip in basic.FLIPS.values()),
        "swapped": tuple(flip["swapped"] for flip in basic.FLIPS.values()),
        "ends": (
            *(flip["ends"] for flip in basic.FLIPS.values()),
            "at the top and bottom",
            "on the left and right",
        ),
    }
    groups = {name: f"(?:{'|'.join(values)})" for name, values in choices.items()}
    kinds = (*MORE, *WORDINGS, *(name for name, _ in UNDONE.values()))
    found = []
    for kind in kinds:
        for template in (*basic.TEMPLATES.get(kind, ()), *templates_of(kind)):
            text = template.replace("{much} ", "(?:much |a little )?").format(**groups)
            found.append((re.compile(text, re.IGNORECASE), kind))
    return tuple(found)
