"""When a box and a measured fact are right, for the benchmarks of `find_changes`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blip2idc.images.changes import Comparison, Fact

_PIXELS = 1.5  # by which a displacement may err
_FACTOR = 0.06  # by which a factor may err, as a share


def box_iou(one: Any, other: Any) -> float:
    """Intersection over union of two boxes (x, y, width, height); 0 where one is None."""
    if one is None or other is None:
        return 0.0
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0, width) * max(0, height)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def fact_is_right(fact: Fact, truth: dict[str, Any]) -> bool:
    """Whether a stated fact is the true one, and its values are."""
    if fact.kind != truth["fact"]:
        return False
    values = truth["values"]
    if fact.kind == "moved":
        return all(abs(float(fact.values[key]) - values[key]) <= _PIXELS for key in ("dx", "dy"))
    if fact.kind == "resized":
        return abs(float(fact.values["factor"]) / values["factor"] - 1) <= _FACTOR
    if fact.kind == "recoloured" and "color" in values:
        return _distance(str(fact.values["to_hex"]), values["color"]) <= 12
    return True


def fact_is_told(found: Comparison, truth: dict[str, Any]) -> bool:
    """Whether the true fact is among those stated."""
    return any(fact_is_right(fact, truth) for change in found.changes for fact in change.facts)


def _distance(one: str, other: str) -> int:
    """Largest difference of a channel of two hex colours."""
    first, second = (bytes.fromhex(color.lstrip("#")) for color in (one, other))
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


def share(values: Iterable[Any]) -> float | None:
    """Mean of true and false; None of nothing."""
    found = list(values)
    return round(sum(map(bool, found)) / len(found), 4) if found else None
