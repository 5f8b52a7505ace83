"""Weights of a checkpoint into a network: tensors only, none missing, straight to their device.

In: the class of a network and its configuration. Out: the network in evaluation mode.
"""

from __future__ import annotations

from typing import Any

import torch

from blip2idc.errors import ModelError
from blip2idc.model.files.checkpoint import ModelSource, loading


def read_network(
    network_class: Any, source: ModelSource, config: Any, device: str, dtype: str, attention: str | None
) -> Any:
    """Build a network and read its weights.

    Args:
        network_class: Of transformers, with `from_pretrained`.
        source: Where the weights are.
        config: Of the network.
        device: Where to.
        dtype: Type of the weights.
        attention: `sdpa`, `eager`, `flex_attention` or None for transformers' own choice.

    Raises:
        ModelError: They cannot be read, or some are missing.
    """
    settings: dict[str, Any] = {} if attention is None else {"attn_implementation": attention}
    if device.startswith("cuda"):
        settings["device_map"] = {
            "": device
        }  # weights go to the device as they are read, not through host memory
    with loading(source):
        network, report = network_class.from_pretrained(
            source.location,
            config=config,
            revision=source.revision,
            dtype=getattr(torch, dtype),
            weights_only=True,
            output_loading_info=True,
            **settings,
        )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"model '{source.name}': {len(missing)} weights are missing from its files (first: {missing[0]}),"
            " so it would run with random numbers in their place; give a complete checkpoint"
        )
    if not device.startswith("cuda"):
        network = network.to(device)
    return network.eval()
