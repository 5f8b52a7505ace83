"""What happened to all of a picture in words, and when the captioner's own sentence stands against it.

In: what was measured of the whole picture and what the captioner said. Out: a `Difference`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from blip2idc.difference import Change, Difference
from blip2idc.images.changes.result import Box, Fact
from blip2idc.model.look.close_look import CloseLook
from blip2idc.model.look.places import place_of, stated
from blip2idc.worlds.edits.filters.captions import kind_of_sentence, sentences_of

#: Of one about a whole picture; docs/edits.md has how many are right of the edits that other programs make.
_SURE_OF_WHOLE = 0.88
#: Confidence from which on the captioner's own sentence stands against a fact about the whole picture.
_SURE_OF_CHANGE = 0.93
#: The same of a sentence that nothing changed, and the probability of a change below which it counts.
_SURE_OF_NO_CHANGE, _NO_CHANGE = 0.85, 0.01
#: Least probability of a change where something happened to the whole picture.
_WHOLE_CHANGED = 0.95
#: Of kinds that the worlds do not teach, or tell with more than was measured.
_WHOLE_SENTENCES: Mapping[str, str] = {
    "outlines": "the picture was turned into a drawing of its outlines",
    "vignette": "the corners fade away, a vignette was added",
    "motion_blur": "a motion blur was applied",
}


def knows_better(whole: Difference, look: CloseLook) -> bool:
    """Whether the captioner is so sure of its sentence that what was measured of the whole picture gives way.

    Of 220 edits by other programs no sentence that it believed like that was wrong; that nothing changed it only knows
    of pairs that it sees at their own resolution.
    """
    if whole.confidence is None:
        return False
    if whole.changed:
        return whole.confidence >= _SURE_OF_CHANGE
    return look.small and whole.change_probability < _NO_CHANGE and whole.confidence >= _SURE_OF_NO_CHANGE


def tell_whole(whole: Difference, look: CloseLook, fact: Fact, *, own_words: bool) -> Difference:
    """What happened to all of the picture, in the captioner's words where it says the same."""
    boxes: list[Box] = [(0, 0, *size) for size in look.sizes]
    if "left" in fact.values:  # words that were written somewhere
        left, top, width, height = (int(fact.values[side]) for side in ("left", "top", "width", "height"))
        boxes = [(left, top, width, height)] * 2
        fact = Fact(fact.kind, {"place": place_of(boxes[1], look.sizes[1])})
    said = whole.caption if own_words and whole.changed else whole_sentence(fact, whole.caption)
    told = said != whole.caption
    confidence = stated(whole.confidence, _SURE_OF_WHOLE) if told or not own_words else whole.confidence
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
