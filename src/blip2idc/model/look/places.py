"""One changed place in words: the captioner's sentence of it, or one made of what was measured.

In: a measured place and what the captioner said of its close look. Out: a `Change`. A sentence that contradicts a sure
fact loses; where the captioner sees no change although one was measured, the plain sentence stands in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from blip2idc.difference import Change, Difference
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence, text_sentence
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.model.look.claims import agrees
from blip2idc.report.pictures.regions import heatmap_regions
from blip2idc.worlds.edits.captions import PLACES

Size = tuple[int, int]

#: What may be called by the words on it.
_NAMELESS = re.compile(
    r"\b(the|an?) ((?:[a-z-]+ ){0,2}?(?:button|link|heading|menu item|badge|tab|label|list item|table cell|field"
    r"|panel|dialog|menu|banner|shape|thing|column title|paragraph|text|card|box|switch|checkbox|message|picture"
    r"|line))\b(?! with the text)"
)
#: Fact -> kind of change, as the worlds call it.
_KINDS: Mapping[str, str] = {
    "appeared": "add",
    "disappeared": "drop",
    "moved": "move",
    "recoloured": "color",
    "resized": "resize",
    "blurred": "region_blur",
    "covered": "region_cover",
    "sharpened": "sharpen",
    "brighter": "brighten",
    "darker": "darken",
    "noise": "noise",
    **{kind: kind for kind in ("rounded", "theme", "swapped", "checked", "gap", "overflow", "language")},
    "outlined": "border",
    "shadowed": "shadow",
    "unstyled": "style_missing",
    "panel": "panel",
    "replaced": "image_replaced",
    "broken": "image_missing",
    "faded": "opacity",
    "greyed": "disabled",
    "bold": "font_weight",
    "italic": "text_style",
    "underlined": "text_style",
    "capitals": "text_style",
    "aligned": "alignment",
    "spaced": "spacing",
    **dict.fromkeys(("scroll_bar", "caret", "clock"), "none"),
}
#: Kind of a change of which no more is known than that other words are written there.
TEXT = "text"
#: Kind of a change of which no more is known than its place.
REGION = "region"
#: Below it a captioner that states how sure it is of a sentence is not heard about a place that was measured.
_LEAST_CONFIDENCE = 0.12
#: The same of pages and drawings, of which the packaged captioner was taught nothing.
_LEAST_ON_PAGES = 0.5
#: Confidence of a sentence made of facts: they are stated where they hold so often (docs/changes.md).
_SURE_OF_FACTS = 0.97
#: Share of an image from which on a place in it is all of it.
_ALL = 0.8
#: Of one made of the words of a line that were read, and of several lines: how many were right of 508 changed pages of
#: templates that `recipes/page_sources.py` takes for training.
_SURE_OF_TEXTS, _SURE_OF_LINES = 0.85, 0.3
#: The same of those facts that tell the kind of a change of a page less often than they hold: a text that faded has
#: another colour, too, and what follows it moves.
_SURE_ON_PAGES: Mapping[str, float] = {
    "recoloured": 0.85, "moved": 0.8, "disappeared": 0.85, "appeared": 0.9, "resized": 0.8, "bold": 0.82,
    "outlined": 0.9, "greyed": 0.85, "rounded": 0.85, "gap": 0.88, "replaced": 0.8, "covered": 0.5, "darker": 0.5,
    "brighter": 0.5, "checked": 0.8, "faded": 0.9,
}  # fmt: skip
_PLACE = re.compile(
    r"\b(?:in|at|on) the (?:(?:top|bottom|upper|lower)(?: (?:left|right|middle|cent(?:er|re)))?"
    r"|left|right|middle|cent(?:er|re))(?: corner| side| half)?\b(?! of)"
)

#: How a thing is called that is nearly everywhere: a background, all that is on it.
_OF_PAGE = " of the page"


def place_of(box: Box, size: Size) -> str:
    """Where a box lies in an image of (width, height), in the words of the captions.

    >>> place_of((900, 20, 100, 40), (1280, 800)), place_of((0, 62, 1280, 58), (1280, 800))
    ('in the top right', 'at the top')
    """
    column, row = (
        min(2, int(3 * (start + length / 2) / side))
        for start, length, side in zip(box[:2], box[2:], size, strict=True)
    )
    return PLACES[3 * row + column]


def tell_change(
    measured: MeasuredChange,
    said: Difference | None,
    sizes: tuple[Size, Size],
    least: float,
    *,
    drawn: bool = False,
    states: bool = True,
) -> Change:
    """One place in words.

    Args:
        measured: The place and what is sure of it.
        said: What the captioner said of its close look; None where it was not asked.
        sizes: (width, height) of the image before and of the image after.
        least: How probable a change is here by measurement alone.
        drawn: Whether it is of a page or a drawing.
        states: Whether the captioner states how sure it is of its sentences.
    """
    box, size = (measured.after_box, sizes[1]) if measured.after_box else (measured.before_box, sizes[0])
    all_over = measured.thing.endswith(_OF_PAGE) or not box or box[2] * box[3] >= _ALL * size[0] * size[1]
    place = place_of(box, size) if box and not all_over else ""
    texts = measured.before_text, measured.after_text
    read = measured.is_read
    confidence = said.confidence if said is not None else 1.0 if states else None
    probability = max(least, said.change_probability if said else 0.0)
    if read:
        caption = text_sentence(texts[0] or "", texts[1] or "", measured.thing, place)
        lines = max((text or "").count("\n") for text in texts)
        confidence = stated(confidence, (_SURE_OF_LINES if lines else _SURE_OF_TEXTS) * probability)
    elif said is not None and said.changed and is_heard(said, drawn=drawn) and agrees(said.caption, measured):
        caption = with_name(_PLACE.sub(place, said.caption), measured.name)
    else:
        caption = with_name(_plain(measured, place), measured.name)
        confidence = stated(confidence, _sure_of(measured.facts, drawn=drawn) * probability)
    kind = next((_KINDS[fact.kind] for fact in measured.facts), TEXT if read else REGION)
    return Change(
        measured.before_box,
        measured.after_box,
        kind,
        caption,
        probability,
        measured.facts,
        *texts,
        place,
        confidence,
    )


def _sure_of(facts: Sequence[Fact], *, drawn: bool) -> float:
    """How often a sentence made of facts tells the kind of change; that something changed is always right."""
    if not facts:
        return 1.0
    return _SURE_ON_PAGES.get(facts[0].kind, _SURE_OF_FACTS) if drawn else _SURE_OF_FACTS


def with_name(caption: str, name: str | None) -> str:
    """A sentence that calls the thing by the words on it; as it is where there are none or it quotes others.

    >>> with_name("the button turned from blue to red", "Continue")
    "the button 'Continue' turned from blue to red"
    >>> with_name("something changed", "Continue")
    'something changed'
    >>> with_name("something on the left turned green", "Continue")
    "what says 'Continue' on the left turned green"
    >>> with_name("the gap at the top became 20 pixels larger", "Team")
    "the gap below 'Team' at the top became 20 pixels larger"
    """
    if not name or "'" in caption or '"' in caption:
        return caption
    if caption.startswith("the gap "):
        return caption.replace("the gap", f"the gap below '{name}'", 1)
    if caption.startswith("something ") and caption != sentence(()):
        return caption.replace("something", f"what says '{name}'", 1)
    return _NAMELESS.sub(lambda found: f"{found[0]} '{name}'", caption, count=1)


def is_heard(said: Difference, *, drawn: bool) -> bool:
    """Whether a sentence is told where there is a plain one to tell instead."""
    return said.confidence is None or said.confidence >= (_LEAST_ON_PAGES if drawn else _LEAST_CONFIDENCE)


def stated(confidence: float | None, measured: float) -> float | None:
    """The confidence of a sentence that was made of measurements, of a captioner that states any."""
    return None if confidence is None else measured


def _plain(measured: MeasuredChange, place: str) -> str:
    """The sentence made of what was measured, with the place in the whole."""
    if measured.sentence == sentence(measured.facts, measured.thing):
        return sentence(measured.facts, measured.thing, place)
    return measured.sentence if measured.sentence.endswith(place) else f"{measured.sentence} {place}"


def change_of_heatmap(
    difference: Difference,
    heatmap: PairHeatmap | None,
    sizes: tuple[Size, Size],
) -> Change:
    """The place at which the captioner looked, where none was measured.

    Args:
        difference: Caption and probability.
        heatmap: Of its sentence; None where the model shows none, and the place is all of both images.
        sizes: (width, height) of the image before and of the image after.
    """
    boxes = (
        [regions[0] if regions else None for regions in heatmap_regions(heatmap, *sizes)] if heatmap else []
    )
    if not any(boxes):
        boxes = [(0, 0, *size) for size in sizes]
    before, after = boxes
    box, size = (after, sizes[1]) if after else (before, sizes[0])
    assert box is not None
    place, probability = place_of(box, size), difference.change_probability
    return Change(
        before, after, REGION, difference.caption, probability, place=place, confidence=difference.confidence
    )
