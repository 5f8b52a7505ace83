"""What a person would say of a change of a page: the element by its role and words, and what happened to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Colours that elements are given, by name.
COLORS: Mapping[str, tuple[int, int, int]] = {
    "red": (214, 40, 40),
    "orange": (240, 130, 20),
    "yellow": (250, 210, 40),
    "green": (40, 160, 70),
    "blue": (35, 90, 220),
    "purple": (130, 60, 180),
    "pink": (240, 110, 170),
    "black": (15, 15, 15),
    "white": (250, 250, 250),
    "gray": (130, 130, 130),
}

_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "text": ('the {role} "{old}" now reads "{new}"', '"{old}" was changed to "{new}"'),
    "number": ("the number {old} became {new}", "{old} changed to {new}"),
    "text_color": ("the words of {it} turned {new}", "{it} is now written in {new}"),
    "background": ("the background of {it} turned {new}", "{it} has a {new} background now"),
    "font_size": ("{it} is written {new}", "the letters of {it} became {new}"),
    "font_weight": ("{it} is now in {new} type", "the letters of {it} became {new}"),
    "removed": ("{it} is missing", "{it} was removed"),
    "image_missing": ("{it} is missing", "{it} is no longer shown"),
    "opacity": ("{it} became fainter", "{it} has faded"),
    "moved": ("{it} moved to the {new}", "{it} was shifted {new}"),
    "border": ("{it} has a {new} border now", "a {new} border was added around {it}"),
}


def color_name(css: str) -> str:
    """The nearest name to a colour like `rgb(214, 40, 40)`."""
    values = [int(value) for value in re.findall(r"\d+", css)[:3]]
    return min(COLORS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLORS[name], values, strict=True)))


def captions_of(kind: str, told: Mapping[str, Any], size: tuple[int, int]) -> tuple[str, ...]:
    """Every wording for a change.

    Args:
        kind: Kind of the change.
        told: What the page said of it: role, name, old, new, before.
        size: Width and height of the window, to name the place.
    """
    it = f'the {told["role"]} "{told["name"]}"' if told["name"] else f"the {told['role']}"
    new = str(told["new"])
    if new.startswith("rgb"):
        new = color_name(new)
    words = {"it": it, "role": told["role"], "old": told["old"], "new": new}
    plain = [template.format_map(words) for template in _TEMPLATES[kind]]
    return (*plain, f"{place_of(told['before'], size)}, {plain[0]}")


def place_of(box: tuple[float, float, float, float], size: tuple[int, int]) -> str:
    """Where a box lies, in words: `at the top left`, `in the middle`."""
    left, top, width, height = box
    across = ("left", "", "right")[min(2, int(3 * (left + width / 2) / size[0]))]
    down = ("top", "", "bottom")[min(2, int(3 * (top + height / 2) / size[1]))]
    if not across and not down:
        return "in the middle"
    return " ".join(part for part in ("at the" if down else "on the", down, across) if part)
