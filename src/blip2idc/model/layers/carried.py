"""What a language model has read, handed on to its next call under the name that this transformers has for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def carried_on(output: Mapping[str, Any]) -> dict[str, Any]:
    """The cache of an output, by the keyword of the next call.

    It was called `past_key_values` until transformers 5.24, which calls it `cache` and prints a line for the older
    name.

    Args:
        output: Of a call with `use_cache=True`.
    """
    name = "cache" if "cache" in list(output) else "past_key_values"
    return {name: output[name]}
