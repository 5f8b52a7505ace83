"""The sentences of weather, streets and land seen from above.

In: the kind and what was drawn. Out: every wording that is right. No sentence fits two kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from blip2idc.worlds.edits import captions as basic

WORDINGS: Mapping[str, tuple[str, ...]] = {
    "fog": ("it is foggy now", "fog covers the scene", "the scene became misty"),
    "rain": ("it is raining now", "rain is falling", "the weather turned rainy"),
    "snow": ("it is snowing now", "snow is falling", "snowflakes fall over the scene"),
    "winter": ("the scene is covered with snow", "it is winter now", "the ground turned white with snow"),
    "autumn": ("it is autumn now", "the leaves turned orange", "the green turned to autumn colors"),
    "night": ("it is night now", "the scene changed from day to night", "the picture was turned into a night scene"),
    "sunset": ("the sun is setting now", "it is evening now", "the sky turned orange like at sunset"),
    "person_came": (
        "a person has appeared {place}", "there is a person {place} who was not there before",
        "someone is standing {place} now", "a person is visible {place} in the second picture",
    ),
    "person_left": (
        "the person {place} is no longer there", "the person {place} has left", "someone {place} walked away",
    ),
    "person_moved": (
        "the person has moved {direction}", "the person {place} walked {direction}", "someone walked {direction}",
    ),
    "car_came": (
        "a car has appeared {place}", "there is a car {place} that was not there before",
        "a car is parked {place} now",
    ),
    "car_left": (
        "the car {place} is no longer there", "the car {place} has left", "the car {place} drove away",
    ),
    "car_moved": (
        "the car has moved {direction}", "the car {place} drove {direction}", "a car drove {direction}",
    ),
    "crowd": (
        "there are {amount} people now", "there are {amount} people in the second picture",
        "{amount} people are on the street",
    ),
    "land_houses": (
        "{count} {verb} {way} {beside}", "{count} {verb} {way} {place} of the area", "{count} {verb} {way}",
    ),
    "land_road": (
        "a road is built on the {ground}", "a road appears in the area", "a road is built across the {ground}",
    ),
    "land_cleared": (
        "the trees are removed and {then} appears", "the trees are replaced by {then}", "the vegetation is cleared",
        "many trees are cut down",
    ),
}  # fmt: skip


def scenery_captions(kind: str, details: Mapping[str, Any]) -> tuple[str, ...]:
    """Every wording of a change of scenery.

    Args:
        kind: A key of `WORDINGS`.
        details: `place`, `direction`, `amount`, `count`, `ground`, ... where the kind has them.

    Returns:
        The sentences, in a fixed order.
    """
    words = {name: str(value) for name, value in details.items()}
    made = (template.format(**words) for template in WORDINGS[kind])
    return tuple(text.replace("houses appears", "houses appear") for text in made)


def kind_of_scenery_sentence(caption: str) -> str | None:
    """Reads the kind back from a sentence; None where it is none of these."""
    text = " ".join(caption.lower().split()).rstrip(".").replace("houses appear", "houses appears")
    return next((kind for pattern, kind in _patterns() if pattern.fullmatch(text)), None)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    groups = {
        "place": f"(?:{'|'.join(basic.PLACES)})",
        "direction": "to the (?:left|right)",
        "amount": "(?:more|fewer)",
        "count": "(?:a house|some houses)",
        "verb": "(?:is|are)",
        "way": "(?:built|removed)",
        "beside": "(?:beside the road|on the (?:bare land|grass|field|sand))",
        "ground": "(?:bare land|grass|field|sand)",
        "then": "(?:houses|bare land|grass|field|sand)",
    }
    return tuple((re.compile(t.format(**groups)), kind) for kind, found in WORDINGS.items() for t in found)
