"""Weights kept in eight bits: half the memory of bfloat16, for cards and machines that a backbone would not fit.

In: a network whose adapter is merged in. Out: the same network, whose linear layers keep whole numbers from -127 to 127
and one scale for each output, and make weights of the inputs' type of them while they work. Activations, norms,
embeddings and what is tied to them stay as they are. For captions only: nothing is trained through rounded weights.

The rounding is that of weight-only int8 everywhere (largest weight of an output to 127, nearest, no calibration).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from blip2idc.model.layers.casting import CastLinear
from blip2idc.model.layers.products import ProductLinear, product

_LARGEST = 127


class EightBitLinear(torch.nn.Module):
    """A linear layer with weights in eight bits.

    Args:
        layer: Whose weights are rounded.
    """

    weight: torch.Tensor
    scale: torch.Tensor

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        full = layer.weight.detach().float()
        scale = full.abs().amax(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny) / _LARGEST
        self.register_buffer("weight", (full / scale).round().to(torch.int8))  # [O, I]
        self.register_buffer("scale", scale)  # [O, 1]
        self.bias = layer.bias
        self._in_float32 = isinstance(layer, CastLinear)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs [..., I] to outputs [..., O], of the inputs' type."""
        if self._in_float32:
            inputs = inputs.float()
        weight = self.weight.to(inputs.dtype) * self.scale.to(inputs.dtype)
        return product(inputs, weight, self.bias)


def keep_in_eight_bits(network: torch.nn.Module) -> int:
    """Round the weights of all linear layers but those that are tied to embeddings, in place, one after the other.

    Args:
        network: In evaluation mode, adapters merged in.

    Returns:
        Number of layers.
    """
    return replace_linear(network, EightBitLinear)


def replace_linear(network: torch.nn.Module, make: Callable[[torch.nn.Linear], torch.nn.Module]) -> int:
    """Put another layer in the place of every linear one whose weights are not tied to embeddings.

    Args:
        network: Changed in place, one layer after the other.
        make: The other layer, of a linear one.

    Returns:
        Number of layers.
    """
    tied = {id(module.weight) for module in network.modules() if isinstance(module, torch.nn.Embedding)}
    found = [
        (parent, name, layer)
        for parent in network.modules()
        for name, layer in parent.named_children()
        if isinstance(layer, torch.nn.Linear)
        and type(layer) in (torch.nn.Linear, CastLinear, ProductLinear)
        and id(layer.weight) not in tied
    ]
    for parent, name, layer in found:
        setattr(parent, name, make(layer))
    return len(found)
