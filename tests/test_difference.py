"""What is said of a pair, as plain data: rounding in one place, JSON values, no torch."""

from __future__ import annotations

import json

import pytest

from blip2idc.difference import Change, Difference
from blip2idc.errors import ModelError
from blip2idc.images.changes.result import Fact

CHANGE = Change(
    (1, 2, 30, 40),
    None,
    "color",
    "the button turned green",
    0.123456789,
    (Fact("recoloured", {"from": "blue", "to": "green"}),),
    place="in the top right",
)


def test_a_difference_as_json_values() -> None:
    values = Difference("the button turned green", 2 / 3, True, (CHANGE,), "aligned", (1, 2)).to_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["change_probability"] == 0.666667
    assert values["alignment"] == "aligned"
    assert values["changes"] == [
        {
            "before_box": [1, 2, 30, 40],
            "after_box": None,
            "kind": "color",
            "caption": "the button turned green",
            "probability": 0.123457,
            "before_text": None,
            "after_text": None,
            "place": "in the top right",
            "facts": [{"kind": "recoloured", "from": "blue", "to": "green"}],
        }
    ]


def test_a_pair_that_was_not_looked_at_closely_says_nothing_of_changes() -> None:
    assert list(Difference("x", 0.5, True).to_dict()) == ["caption", "change_probability", "changed"]


def test_a_difference_without_images_has_no_heatmaps() -> None:
    with pytest.raises(ModelError, match="explain_stream"):
        Difference("x", 0.5, True).heatmaps()
