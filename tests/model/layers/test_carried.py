"""The cache is handed on under the name that it came with."""

from __future__ import annotations

from blip2idc.model.layers.carried import carried_on


def test_both_names() -> None:
    assert carried_on({"logits": 1, "past_key_values": 2}) == {"past_key_values": 2}
    assert carried_on({"logits": 1, "cache": 3}) == {"cache": 3}
