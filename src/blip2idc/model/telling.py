"""Which sentence is told of a place, and of a pair: the captioner's, or one made of what was measured.

In: measured changes and what the captioner said of them. Out: `Change`s and the one sentence of a pair. A sentence that
contradicts a sure fact loses; where the captioner sees no change although one was measured, the plain sentence stands
in. The facts were measured on every kind of picture, the captioner knows those it was trained on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from blip2idc.difference import Change, Difference
from blip2idc.images.changes.result import Box, Fact, MeasuredChange
from blip2idc.images.changes.sentences import sentence, text_sentence
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.model.close_look import CloseLook
from blip2idc.report.pictures.regions import heatmap_regions
from blip2idc.worlds.edits.captions import PLACES
from blip2idc.worlds.edits.filters.captions import kind_of_sentence, sentences_of
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

Size = tuple[int, int]

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
    "faded": frozenset({"fade"}),
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

#: What may be called by the words on it.
_NAMELESS = re.compile(
    r"\b(the|an?) ((?:[a-z-]+ ){0,2}?(?:button|link|heading|menu item|badge|tab|label|list item|table cell|field"
    r"|panel|dialog|banner|column title|paragraph|text|card|box|switch|checkbox|message))\b(?! with the text)"
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
#: Of one about a whole picture; docs/edits.md has how many are right of the edits that other programs make.
_SURE_OF_WHOLE = 0.88
#: Confidence from which on the captioner's own sentence stands against a fact about the whole picture.
_SURE_OF_CHANGE = 0.93
#: The same of a sentence that nothing changed, and the probability of a change below which it counts.
_SURE_OF_NO_CHANGE, _NO_CHANGE = 0.85, 0.01
#: Of one that nothing changed where a caret, a clock or a scroll bar is all that differs.
_SURE_OF_PASSING = 0.95
#: Least probability of a change where something happened to the whole picture.
_WHOLE_CHANGED = 0.95
#: Of kinds that the worlds do not teach, or tell with more than was measured.
_WHOLE_SENTENCES: Mapping[str, str] = {
    "outlines": "the picture was turned into a drawing of its outlines",
    "vignette": "the corners fade away, a vignette was added",
    "motion_blur": "a motion blur was applied",
}
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
#: Of the most telling of three and more changes, as a share of what it is sure of alone.
_AMONG_MANY = 0.85

_PLACE = re.compile(
    r"\b(?:in|at|on) the (?:(?:top|bottom|upper|lower)(?: (?:left|right|middle|cent(?:er|re)))?"
    r"|left|right|middle|cent(?:er|re))(?: corner| side| half)?\b(?! of)"
)


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


def tell(
    whole: Difference,
    look: CloseLook,
    said: Sequence[Difference | None],
    *,
    seen: bool,
    own_words: bool = False,
) -> Difference:
    """What is told of a pair that was looked at closely.

    What was measured decides where it is sure: equal images did not change, and places that stand out of what is
    equal around them did, whatever the captioner says. Everything else is the captioner's judgement.

    Args:
        whole: What the captioner said of the joint image.
        look: What was measured.
        said: What the captioner said of each crop; None where it was not asked.
        seen: Whether all that changed is seen in the joint image.
        own_words: Whether the captioner was taught somebody's own sentences: where it sees a change in the whole, its
            sentence is the one that they want.
    """
    if look.identical:
        caption = NO_CHANGE_CAPTIONS[0] if whole.changed else whole.caption
        return replace(
            whole,
            caption=caption,
            change_probability=0.0,
            changed=False,
            alignment=look.alignment,
            confidence=None if whole.confidence is None else 1.0,
        )
    if look.passing:
        return replace(
            whole,
            caption=NO_CHANGE_CAPTIONS[0] if whole.changed else whole.caption,
            change_probability=min(whole.change_probability, 1 - _SURE_OF_PASSING),
            changed=False,
            alignment=look.alignment,
            confidence=_stated(whole.confidence, _SURE_OF_PASSING),
        )
    if look.whole is not None and _knows_better(whole, look):
        return replace(whole, alignment=look.alignment)
    if look.whole is not None:
        return _tell_whole(whole, look, look.whole, own_words=own_words)
    least = look.least_probability
    if not look.measured or (not whole.changed and not least):
        if look.drawn and whole.changed and not own_words and not _is_heard(whole, drawn=False):
            whole = replace(
                whole, caption=sentence(()), confidence=_stated(whole.confidence, whole.change_probability)
            )
        return replace(whole, alignment=look.alignment)
    changes = tuple(
        tell_change(measured, close, look.sizes, least, drawn=look.drawn)
        for measured, close in zip(look.measured, said, strict=True)
    )
    if own_words and whole.changed:
        caption, confidence = whole.caption, whole.confidence
    else:
        caption, confidence = tell_pair(whole, changes, look, seen=seen)
    return replace(
        whole,
        caption=caption,
        confidence=confidence,
        change_probability=max(whole.change_probability, least),
        changed=True,
        changes=changes,
        alignment=look.alignment,
    )


def _knows_better(whole: Difference, look: CloseLook) -> bool:
    """Whether the captioner is so sure of its sentence that what was measured of the whole picture gives way.

    Of 220 edits by other programs no sentence that it believed like that was wrong; that nothing changed it only knows
    of pairs that it sees at their own resolution.
    """
    if whole.confidence is None:
        return False
    if whole.changed:
        return whole.confidence >= _SURE_OF_CHANGE
    return look.small and whole.change_probability < _NO_CHANGE and whole.confidence >= _SURE_OF_NO_CHANGE


def _tell_whole(whole: Difference, look: CloseLook, fact: Fact, *, own_words: bool) -> Difference:
    """What happened to all of the picture, in the captioner's words where it says the same."""
    boxes: list[Box] = [(0, 0, *size) for size in look.sizes]
    if "left" in fact.values:  # words that were written somewhere
        left, top, width, height = (int(fact.values[side]) for side in ("left", "top", "width", "height"))
        boxes = [(left, top, width, height)] * 2
        fact = Fact(fact.kind, {"place": place_of(boxes[1], look.sizes[1])})
    said = whole.caption if own_words and whole.changed else whole_sentence(fact, whole.caption)
    told = said != whole.caption
    confidence = _stated(whole.confidence, _SURE_OF_WHOLE) if told or not own_words else whole.confidence
    probability = max(whole.change_probability, _WHOLE_CHANGED)
    change = Change(boxes[0], boxes[1], fact.kind, said, probability, (fact,), confidence=confidence)
    return replace(
        whole,
        caption=said,
        confidence=confidence,
        change_probability=probability,
        changed=True,
        changes=(change,),
        alignment=look.alignment,
    )


def whole_sentence(fact: Fact, caption: str = "") -> str:
    """A sentence for what happened to a whole picture; the given one where it tells the same kind.

    >>> whole_sentence(Fact("flip", {"axis": "horizontal"}))
    'the picture was flipped horizontally'
    >>> whole_sentence(Fact("sepia"), "a sepia filter was applied")
    'a sepia filter was applied'
    """
    if fact.kind in _WHOLE_SENTENCES:
        return _WHOLE_SENTENCES[fact.kind]
    kind = kind_of_sentence(caption)
    if kind == fact.kind and (not fact.values or caption in sentences_of(fact.kind, fact.values)):
        return with_articles(caption)
    return with_articles(sentences_of(fact.kind, fact.values)[0])


def with_articles(caption: str) -> str:
    """A sentence of a template, in which a colour may follow the wrong article.

    >>> with_articles("the picture has a orange tint")
    'the picture has an orange tint'
    """
    return re.sub(r"\b(a)(?= orange\b)", "an", caption)


def tell_change(
    measured: MeasuredChange,
    said: Difference | None,
    sizes: tuple[Size, Size],
    least: float,
    *,
    drawn: bool = False,
) -> Change:
    """One place in words.

    Args:
        measured: The place and what is sure of it.
        said: What the captioner said of its close look; None where it was not asked.
        sizes: (width, height) of the image before and of the image after.
        least: How probable a change is here by measurement alone.
        drawn: Whether it is of a page or a drawing.
    """
    box, size = (measured.after_box, sizes[1]) if measured.after_box else (measured.before_box, sizes[0])
    place = place_of(box, size) if box and box[2] * box[3] < _ALL * size[0] * size[1] else ""
    texts = measured.before_text, measured.after_text
    read = texts[0] != texts[1]
    confidence = None if said is None else said.confidence
    probability = max(least, said.change_probability if said else 0.0)
    if read:
        caption = text_sentence(texts[0] or "", texts[1] or "", measured.thing, place)
        lines = max((text or "").count("\n") for text in texts)
        confidence = _stated(confidence, (_SURE_OF_LINES if lines else _SURE_OF_TEXTS) * probability)
    elif (
        said is not None and said.changed and _is_heard(said, drawn=drawn) and agrees(said.caption, measured)
    ):
        caption = with_name(_PLACE.sub(place, said.caption), measured.name)
    else:
        caption = with_name(_plain(measured, place), measured.name)
        confidence = _stated(confidence, _sure_of(measured.facts, drawn=drawn) * probability)
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
    """
    if not name or "'" in caption or '"' in caption:
        return caption
    return _NAMELESS.sub(lambda found: f"{found[0]} '{name}'", caption, count=1)


def _is_heard(said: Difference, *, drawn: bool) -> bool:
    """Whether a sentence is told where there is a plain one to tell instead."""
    return said.confidence is None or said.confidence >= (_LEAST_ON_PAGES if drawn else _LEAST_CONFIDENCE)


def _stated(confidence: float | None, measured: float) -> float | None:
    """The confidence of a sentence that was made of measurements, of a captioner that states any."""
    return None if confidence is None else measured


def _plain(measured: MeasuredChange, place: str) -> str:
    """The sentence made of what was measured, with the place in the whole."""
    if measured.sentence == sentence(measured.facts, measured.thing):
        return sentence(measured.facts, measured.thing, place)
    return measured.sentence if measured.sentence.endswith(place) else f"{measured.sentence} {place}"


def tell_pair(
    whole: Difference, changes: Sequence[Change], look: CloseLook, *, seen: bool
) -> tuple[str, float | None]:
    """The one sentence of a pair in which changes were measured, and its confidence.

    Args:
        whole: What the captioner said of the joint image.
        changes: Told, the most telling first; at least one.
        look: What was measured.
        seen: Whether all of them are seen in the joint image.
    """
    most = look.measured[0]
    fits = not contradicts(whole.caption, most.facts) if look.small else agrees(whole.caption, most)
    fits = fits and (look.small or most.before_text == most.after_text)  # words that were read are told
    if seen and whole.changed and fits and (look.small or _is_heard(whole, drawn=look.drawn)):
        return whole.caption, whole.confidence
    first, sure = changes[0].caption, changes[0].confidence
    if look.total == 1:
        return first, sure
    if look.total == len(changes) == 2:
        second = changes[1]
        both = None if sure is None or second.confidence is None else sure * second.confidence
        return f"{first} and {second.caption}", both
    sure = None if sure is None else sure * _AMONG_MANY
    return f"{first}, and {look.total - 1} more {'changes' if look.total > 2 else 'change'}", sure


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
