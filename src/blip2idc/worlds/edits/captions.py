"""The sentences that describe an edit.

In: the kind of an edit and its details (colour, place, direction, axis). Out: every wording that is a right
description of it, so that a caption can be called right or wrong by comparing strings. The words are kept few
(fewer than 250) and the sentences short (at most 12 words), and no sentence fits two kinds, so that
`kind_of_caption` can read the kind back from a caption.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS, NO_CHANGE_KIND

#: Names of the cells of a 3 x 3 grid over the picture, row by row from the top left.
PLACES: tuple[str, ...] = (
    "in the top left",
    "at the top",
    "in the top right",
    "on the left",
    "in the middle",
    "on the right",
    "in the bottom left",
    "at the bottom",
    "in the bottom right",
)

#: Colours that a caption may name, as RGB.
COLORS: Mapping[str, tuple[int, int, int]] = {
    "red": (210, 30, 35),
    "green": (35, 160, 60),
    "blue": (35, 65, 210),
    "yellow": (240, 215, 30),
    "purple": (140, 45, 170),
    "orange": (240, 130, 20),
    "black": (12, 12, 12),
    "white": (245, 245, 245),
}

#: Wordings of each kind; `{color}`, `{place}`, `{side}` are filled in from the details of the edit.
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "brighten": (
        "the picture became brighter",
        "the image was brightened",
        "the photo is brighter now",
        "the brightness was increased",
        "make the picture brighter",
        "brighten the image",
    ),
    "darken": (
        "the picture became darker",
        "the image was darkened",
        "the photo is darker now",
        "the brightness was reduced",
        "make the picture darker",
        "darken the image",
    ),
    "contrast_up": (
        "the contrast was increased",
        "the picture has more contrast",
        "the image has stronger contrast now",
        "the photo was given more contrast",
        "increase the contrast",
        "raise the contrast of the picture",
    ),
    "contrast_down": (
        "the contrast was reduced",
        "the picture has less contrast",
        "the image has weaker contrast now",
        "the photo was given less contrast",
        "reduce the contrast",
        "lower the contrast of the picture",
    ),
    "saturate": (
        "the colors are stronger",
        "the colors became more vivid",
        "the saturation was increased",
        "the picture has more vivid colors now",
        "make the colors stronger",
        "increase the saturation",
    ),
    "desaturate": (
        "the colors are weaker",
        "the colors became paler",
        "the saturation was reduced",
        "the picture has paler colors now",
        "make the colors weaker",
        "reduce the saturation",
    ),
    "black_and_white": (
        "the picture is black and white now",
        "the image was turned black and white",
        "all color was removed",
        "the photo lost all its color",
        "make the picture black and white",
        "remove all color from the image",
    ),
    "tint": (
        "the picture has a {color} tint",
        "the image was tinted {color}",
        "a {color} tint was added",
        "the photo is tinted {color} now",
        "tint the picture {color}",
        "add a {color} tint to the image",
    ),
    "invert": (
        "the colors were inverted",
        "the picture is a negative now",
        "the image was turned into a negative",
        "all colors are inverted now",
        "invert the colors",
        "turn the picture into a negative",
    ),
    "blur": (
        "the whole picture was blurred",
        "the image became blurry",
        "the photo is out of focus now",
        "the picture is blurry now",
        "blur the whole picture",
        "make the image blurry",
    ),
    "sharpen": (
        "the picture became sharper",
        "the image was sharpened",
        "the photo is sharper now",
        "the edges became sharper",
        "sharpen the picture",
        "make the image sharper",
    ),
    "noise": (
        "noise was added to the picture",
        "the image became noisy",
        "the photo is grainy now",
        "the picture is covered with noise",
        "add noise to the picture",
        "make the image grainy",
    ),
    "pixelate": (
        "the picture was pixelated",
        "the image became blocky",
        "the photo is made of large pixels now",
        "the whole picture is pixelated now",
        "pixelate the picture",
        "make the image blocky",
    ),
    "flip": (
        "the picture was flipped {axis}",
        "the image is mirrored {ends}",
        "the photo was mirrored {ends}",
        "{swapped} were swapped",
        "flip the picture {axis}",
        "mirror the image {ends}",
    ),
    "rotate": (
        "the picture was rotated to the {side}",
        "the image was turned to the {side}",
        "the photo is tilted to the {side} now",
        "the whole picture is rotated to the {side}",
        "rotate the picture to the {side}",
        "turn the image to the {side}",
    ),
    "crop": (
        "the picture is zoomed in",
        "the image was cropped",
        "the photo shows a smaller part now",
        "the picture was cropped and enlarged",
        "zoom in on the picture",
        "crop the image",
    ),
    "border": (
        "a {color} border was added",
        "the picture has a {color} border",
        "the image has a {color} frame now",
        "a {color} frame was added around the picture",
        "add a {color} border to the picture",
        "put a {color} frame around the image",
    ),
    "text": (
        "text was added {place}",
        "there is text {place} now",
        "a word was written {place}",
        "the picture has a word {place}",
        "add text {place}",
        "write a word {place}",
    ),
    "region_blur": (
        "the area {place} was blurred",
        "the area {place} is blurry now",
        "a part of the picture is blurry {place}",
        "something {place} became blurry",
        "blur the area {place}",
        "make the area {place} blurry",
    ),
    "region_cover": (
        "a {color} block was added {place}",
        "there is a {color} block {place} now",
        "the area {place} is covered with {color}",
        "a {color} block covers the area {place}",
        "cover the area {place} with {color}",
        "add a {color} block {place}",
    ),
    "region_recolor": (
        "the area {place} was recolored {color}",
        "the area {place} turned {color}",
        "the colors {place} became {color}",
        "something {place} changed its color to {color}",
        "change the color {place} to {color}",
        "recolor the area {place} {color}",
    ),
    "region_remove": (
        "something {place} was removed",
        "something {place} is gone",
        "the area {place} was erased",
        "a part of the picture is missing {place}",
        "remove something {place}",
        "erase the area {place}",
    ),
    "region_duplicate": (
        "a part of the picture is repeated {place}",
        "a copy of another part was added {place}",
        "there is a copy of another part {place}",
        "something was duplicated {place}",
        "add a copy of another part {place}",
        "repeat a part of the picture {place}",
    ),
    "region_paste": (
        "a piece of another photo was pasted {place}",
        "there is a piece of another photo {place}",
        "something from another photo was added {place}",
        "another photo was pasted {place}",
        "paste a piece of another photo {place}",
        "add a piece of another photo {place}",
    ),
}

#: Words of the two flips.
FLIPS: Mapping[str, Mapping[str, str]] = {
    "horizontal": {"axis": "horizontally", "ends": "left to right", "swapped": "left and right"},
    "vertical": {"axis": "vertically", "ends": "top to bottom", "swapped": "top and bottom"},
}


def captions_of(kind: str, details: Mapping[str, Any]) -> tuple[str, ...]:
    """Every wording of an edit.

    Args:
        kind: Name of the edit, a key of `TEMPLATES`, or `"none"`.
        details: What the edit drew: `color`, `place`, `side` and `axis` where the kind has them.

    Returns:
        The sentences, in a fixed order.
    """
    if kind == NO_CHANGE_KIND:
        return NO_CHANGE_CAPTIONS
    words = {name: str(details[name]) for name in ("color", "place", "side") if name in details}
    if kind == "flip":
        words.update(FLIPS[str(details["axis"])])
    return tuple(template.format(**words) for template in TEMPLATES[kind])


def kind_of_caption(caption: str) -> str | None:
    """Reads the kind of edit back from a sentence; None where it is no sentence of this world."""
    text = " ".join(caption.lower().split()).rstrip(".")
    if text in NO_CHANGE_CAPTIONS:
        return NO_CHANGE_KIND
    for pattern, kind in _patterns():
        if pattern.fullmatch(text):
            return kind
    return None


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    choices = {
        "color": tuple(COLORS),
        "place": PLACES,
        "side": ("left", "right"),
        "axis": tuple(flip["axis"] for flip in FLIPS.values()),
        "ends": tuple(flip["ends"] for flip in FLIPS.values()),
        "swapped": tuple(flip["swapped"] for flip in FLIPS.values()),
    }
    groups = {name: f"(?:{'|'.join(values)})" for name, values in choices.items()}
    return tuple(
        (re.compile(template.format(**groups)), kind)
        for kind, templates in TEMPLATES.items()
        for template in templates
    )
