"""Weights kept in four bits: a quarter of the memory of bfloat16, for small cards; words change more than in eight.

In: a network whose adapter is merged in. Out: the same network, whose linear layers keep two weights a byte, and make
weights of the inputs' type of them while they work. Each group of inputs of an output has a scale of its own, to which
the steps of NF4 belong: what is as likely in a normal distribution lies as far apart (Dettmers et al., QLoRA, NeurIPS
2023, arXiv 2305.14314, section 3).
"""

from __future__ import annotations

from functools import cache

import torch

from blip2idc.model.layers.casting import CastLinear
from blip2idc.model.layers.eight_bits import replace_linear
from blip2idc.model.layers.products import product

_GROUP = 64  # weights that share a scale, as in the paper
_BELOW, _ABOVE = 8, 9  # steps from -1 to 0, and from 0 to 1; both have the 0
_OUTERMOST = 1 - (1 / 32 + 1 / 30) / 2  # quantile that becomes 1


@cache
def steps() -> torch.Tensor:
    """The sixteen steps from -1 to 1, ascending, float32 [16]."""
    normal = torch.special.ndtri
    below = -normal(torch.linspace(_OUTERMOST, 0.5, _BELOW, dtype=torch.float64))
    above = normal(torch.linspace(0.5, _OUTERMOST, _ABOVE, dtype=torch.float64))
    found: torch.Tensor = torch.cat([below, above[1:]]) / above[-1]
    return found.float()


class FourBitLinear(torch.nn.Module):
    """A linear layer with weights in four bits.

    Args:
        layer: Whose weights are rounded.
    """

    codes: torch.Tensor
    scale: torch.Tensor
    steps: torch.Tensor

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        full = torch.nn.functional.pad(layer.weight.detach().float(), (0, -self.in_features % _GROUP))
        groups = full.view(self.out_features, -1, _GROUP)  # [O, groups, _GROUP]
        scale = groups.abs().amax(dim=-1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
        level = steps().to(full.device)
        middles = (level[1:] + level[:-1]) / 2
        codes = torch.bucketize(groups / scale, middles).to(torch.uint8).view(self.out_features, -1, 2)
        self.register_buffer("codes", codes[..., 0] | codes[..., 1] << 4)  # [O, I / 2], filled up
        self.register_buffer("scale", scale.to(torch.bfloat16))  # [O, groups, 1]; its range is float32's
        self.register_buffer("steps", level, persistent=False)
        self.bias = layer.bias
        self._in_float32 = isinstance(layer, CastLinear)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs [..., I] to outputs [..., O], of the inputs' type."""
        if self._in_float32:
            inputs = inputs.float()
        return product(inputs, self.weight.to(inputs.dtype), self.bias)

    @property
    def weight(self) -> torch.Tensor:
        """What the codes stand for, float32 [O, I]."""
        codes = torch.stack([self.codes & 15, self.codes >> 4], dim=-1)
        groups = self.steps[codes.int()].view(self.out_features, -1, _GROUP) * self.scale
        return groups.flatten(1)[:, : self.in_features]


def keep_in_four_bits(network: torch.nn.Module) -> int:
    """As `eight_bits.keep_in_eight_bits`, in four.

    Args:
        network: In evaluation mode, adapters merged in.

    Returns:
        Number of layers.
    """
    return replace_linear(network, FourBitLinear)
