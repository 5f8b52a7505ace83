"""What colours are called."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.images.changes.facts.colors import recoloured
from blip2idc.images.color_names import color_name, hex_code


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("#050505", "black"),
        ("#404040", "dark grey"),
        ("#808080", "grey"),
        ("#d0d0d0", "light grey"),
        ("#fafafa", "white"),
        ("#d01818", "red"),
        ("#c01030", "red"),
        ("#ff8800", "orange"),
        ("#784814", "brown"),
        ("#b09868", "beige"),
        ("#f0e020", "yellow"),
        ("#14a046", "green"),
        ("#18b8b0", "turquoise"),
        ("#0d6efd", "blue"),
        ("#7030c0", "purple"),
        ("#f040b0", "pink"),
        ("#ffb0b0", "pink"),  # light red
        ("#a0c8ff", "light blue"),
        ("#d4e6ff", "pale blue"),
        ("#081850", "dark blue"),
        ("#500808", "dark red"),
    ],
)
def test_colours_have_the_names_that_people_give_them(code: str, name: str) -> None:
    color = bytes.fromhex(code[1:])
    assert color_name(color) == name
    assert hex_code(color) == code


def test_values_beyond_the_ends_are_held_there() -> None:
    assert hex_code((-3.0, 127.6, 300.0)) == "#0080ff"


def test_colours_that_are_equal_when_rounded_did_not_change() -> None:
    one = np.array([20.0, 160.0, 70.0])
    assert recoloured(one, one + 0.3) is None
    fact = recoloured(one, one + 1)
    assert fact is not None
    assert (fact.values["from_hex"], fact.values["to_hex"]) == ("#14a046", "#15a147")
