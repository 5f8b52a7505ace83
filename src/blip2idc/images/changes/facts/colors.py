"""The fact that one colour became another: `recoloured`."""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.result import Fact
from blip2idc.images.color_names import color_name, hex_code


def recoloured(one: np.ndarray, other: np.ndarray) -> Fact | None:
    """The fact that a colour, RGB 0..255, became another one; None where both are the same when rounded."""
    if hex_code(one) == hex_code(other):
        return None
    return Fact(
        "recoloured",
        {
            "from": color_name(one),
            "from_hex": hex_code(one),
            "to": color_name(other),
            "to_hex": hex_code(other),
        },
    )
