"""Plain sentences made of measured facts.

In: the facts of a change. Out: one sentence, in the words of the captions this package trains on.
"""

from __future__ import annotations

from collections.abc import Sequence

from blip2idc.images.changes.result import Fact


def sentence(facts: Sequence[Fact]) -> str:
    """One sentence for the facts of one change; ``something changed`` where there are none.

    >>> sentence([Fact("moved", {"dx": 60, "dy": -24})])
    'something moved 60 pixels right and 24 pixels up'
    """
    phrases = [phrase for fact in facts if (phrase := _phrase(fact))]
    return "something " + " and ".join(phrases) if phrases else "something changed"


def displacement(dx: float, dy: float) -> str:
    """``60 pixels right and 24 pixels down``."""
    parts = [
        f"{abs(round(length))} pixel{'s' * (abs(round(length)) != 1)} {ahead if length > 0 else back}"
        for length, ahead, back in ((dx, "right", "left"), (dy, "down", "up"))
        if round(length)
    ]
    return " and ".join(parts)


def _phrase(fact: Fact) -> str:
    values = fact.values
    if fact.kind == "moved":
        return f"moved {displacement(float(values['dx']), float(values['dy']))}"
    if fact.kind == "resized":
        factor = float(values["factor"])
        return f"became {factor:.2f} times as large" if factor > 1 else f"shrank to {factor:.2f} of its size"
    if fact.kind == "recoloured":
        if values["from"] == values["to"]:
            return f"changed its colour from {values['from_hex']} to {values['to_hex']}"
        return (
            f"changed its colour from {values['from']} ({values['from_hex']}) "
            f"to {values['to']} ({values['to_hex']})"
        )
    return {
        "appeared": "appeared",
        "disappeared": "disappeared",
        "blurred": "became blurred",
        "sharpened": "became sharper",
        "brighter": "became brighter",
        "darker": "became darker",
        "covered": "was covered",
        "noise": "became noisy",
    }[fact.kind]
