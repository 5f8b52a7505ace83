"""Which sentence is told of a pair: the captioner's, or one made of what was measured.

In: measured changes and what the captioner said of them. Out: the `Difference` of a pair, with its `Change`s and its
one sentence. The facts were measured on every kind of picture, the captioner knows those it was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from blip2idc.difference import Change, Difference
from blip2idc.images.changes.sentences import sentence
from blip2idc.model.look.claims import agrees, contradicts
from blip2idc.model.look.close_look import CloseLook
from blip2idc.model.look.places import is_heard, stated, tell_change
from blip2idc.model.look.whole_picture import knows_better, tell_whole
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

#: Of one that nothing changed where a caret, a clock or a scroll bar is all that differs.
_SURE_OF_PASSING = 0.95
#: Of the most telling of three and more changes, as a share of what it is sure of alone.
_AMONG_MANY = 0.85


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
            confidence=stated(whole.confidence, _SURE_OF_PASSING),
        )
    if look.whole is not None and knows_better(whole, look):
        return replace(whole, alignment=look.alignment)
    if look.whole is not None:
        return tell_whole(whole, look, look.whole, own_words=own_words)
    least = look.least_probability
    if not look.measured or (not whole.changed and not least):
        if look.drawn and whole.changed and not own_words and not is_heard(whole, drawn=False):
            whole = replace(
                whole, caption=sentence(()), confidence=stated(whole.confidence, whole.change_probability)
            )
        return replace(whole, alignment=look.alignment)
    changes = tuple(
        tell_change(measured, close, look.sizes, least, drawn=look.drawn, states=whole.confidence is not None)
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
    fits = fits and (look.small or not most.is_read)  # words that were read are told
    if seen and whole.changed and fits and (look.small or is_heard(whole, drawn=look.drawn)):
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
