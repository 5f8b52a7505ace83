"""What a chat model is asked where nothing else is said; a change of these words is a change of what is measured.

In: how the images are shown. Out: a question. Adapters store the question that they
were trained with, and zero-shot captions depend on it.
"""

from __future__ import annotations

from blip2idc.images.joint import Direction

_PLACES: dict[Direction, tuple[str, str]] = {"vertical": ("above", "below"), "horizontal": ("left", "right")}
_QUESTION = (
    "Say in one short sentence what changed from before to after. If nothing did, say: there is no change."
)


def question(direction: Direction, *, two_stream: bool) -> str:
    """The question about a pair.

    Args:
        direction: Of the joint image.
        two_stream: Two pictures are shown instead of a joint one.
    """
    if two_stream:
        return f"The first image shows a scene before, the second one after. {_QUESTION}"
    before, after = _PLACES[direction]
    return f"The image shows a scene twice: before {before}, after {after}. {_QUESTION}"
