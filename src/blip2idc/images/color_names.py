"""Names of colours.

In: RGB values. Out: a basic English colour term, with ``light`` or ``dark`` where that helps, the hex code, and what a
shade of one term is called beside another. The eleven basic terms are those of Berlin and Kay (1969), without which few
pictures can be told; the borders between hues are in degrees of the HSV hue.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterable

import numpy as np

_HUES = (  # up to this hue in degrees
    (14, "red"),
    (43, "orange"),
    (68, "yellow"),
    (165, "green"),
    (195, "turquoise"),
    (258, "blue"),
    (292, "purple"),
    (344, "pink"),
    (360, "red"),
)

#: What a grey or white is called that has a little of a hue.
_TINGES = (
    (14, "reddish"),
    (68, "yellowish"),
    (170, "greenish"),
    (258, "bluish"),
    (292, "purplish"),
    (344, "pinkish"),
    (360, "reddish"),
)
_GREYS = frozenset({"white", "light grey", "grey", "dark grey", "black"})
_TINGED = 8.0  # levels between its channels from which on a grey has a hue
_PALE = 170.0  # levels of a grey whose red is pink
_LIGHTER = 2.0  # levels
_PURE = 253.0  # levels of every channel of white that is nothing else


def hex_code(color: Iterable[float]) -> str:
    """``#0d6efd`` of (R, G, B) in 0..255."""
    red, green, blue = (min(255, max(0, round(float(value)))) for value in color)
    return f"#{red:02x}{green:02x}{blue:02x}"


def color_of_hex(code: str) -> np.ndarray:
    """(R, G, B) in 0..255 of ``#0d6efd``, float32 [3]."""
    return np.array([int(code[start : start + 2], 16) for start in (1, 3, 5)], np.float32)


def color_name(color: Iterable[float]) -> str:
    """The name of (R, G, B) in 0..255.

    >>> color_name((13, 110, 253)), color_name((250, 250, 250)), color_name((120, 72, 20))
    ('blue', 'white', 'brown')
    """
    red, green, blue = (float(value) / 255 for value in color)
    hue, _, value = colorsys.rgb_to_hsv(red, green, blue)
    lightness = (max(red, green, blue) + min(red, green, blue)) / 2
    chroma = max(red, green, blue) - min(red, green, blue)
    if chroma < 0.08 + 0.04 * lightness or value < 0.12:
        return _grey(lightness)
    degrees = hue * 360
    name = next(name for limit, name in _HUES if degrees <= limit)
    if name == "orange" and value < 0.72:
        return "brown" if lightness < 0.45 else "beige"
    if lightness > 0.9:
        return f"pale {name}"
    if lightness > 0.72:
        return "pink" if name == "red" else f"light {name}"
    if lightness < 0.22:
        return f"dark {name}"
    return name


def shade_of(one: str, other: str) -> str:
    """What a colour became that has the same name as before, in a few words.

    >>> shade_of("#0000ff", "#2222ff"), shade_of("#ffffff", "#eef3ff"), shade_of("#777777", "#888888")
    ('a lighter blue', 'bluish white', 'a lighter grey')
    >>> shade_of("#eef3ff", "#ffffff"), shade_of("#ffffff", "#f0f0f0")
    ('pure white', 'greyish white')
    """
    before, after = (color_of_hex(code) for code in (one, other))
    name = color_name(after)
    chroma = [float(np.ptp(color)) for color in (before, after)]
    if name in _GREYS and chroma[1] >= max(_TINGED, 2 * chroma[0]):
        return f"{_tinge(after)} {name}"
    lighter = float((after - before).mean())
    if abs(lighter) < _LIGHTER:
        return f"another {name}"
    if name == "white" and (lighter < 0 or after.min() >= _PURE):
        return "greyish white" if lighter < 0 else "pure white"
    return f"a {'lighter' if lighter > 0 else 'darker'} {name.split()[-1]}"


def _tinge(color: np.ndarray) -> str:
    degrees = 360 * colorsys.rgb_to_hsv(*(float(value) / 255 for value in color))[0]
    found = next(name for limit, name in _TINGES if degrees <= limit)
    return "pinkish" if found == "reddish" and color.mean() > _PALE else found


def _grey(lightness: float) -> str:
    for limit, name in ((0.12, "black"), (0.35, "dark grey"), (0.68, "grey"), (0.92, "light grey")):
        if lightness < limit:
            return name
    return "white"
