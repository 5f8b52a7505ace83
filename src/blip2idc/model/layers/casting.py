"""Weights that are kept in a small type and computed with in float32, layer by layer.

In: a network in bfloat16 (or float16) on a processor that has no units for it, where every product would be emulated.
Out: the same network, whose large layers turn their weights into float32 while they are needed, and whose small weights
and activations are float32 for good. A backbone takes half the memory of float32 and nearly its speed, so that the
2.7B fits a machine with 16 GB, in training too.
"""

from __future__ import annotations

from typing import Any

import torch

from blip2idc.model.layers.products import product


def compute_in_float32(network: torch.nn.Module) -> None:
    """Make a network on the CPU compute in float32 from weights of a smaller type, in place.

    Args:
        network: In evaluation mode; linear layers and word embeddings keep their weights as they are.
    """
    full = _kept_in_float32(network)
    kept = set()
    for name, module in network.named_modules():
        if full.intersection(name.split(".")):
            continue
        if type(module) is torch.nn.Linear and _is_small(module.weight):
            module.__class__ = CastLinear
            kept.add(module.weight)
        elif type(module) is torch.nn.Embedding and _is_small(module.weight):
            module.__class__ = CastEmbedding
            kept.add(module.weight)
    for parameter in network.parameters():
        if parameter not in kept and _is_small(parameter):
            parameter.data = parameter.data.float()
    for module in network.modules():
        for name, buffer in module.named_buffers(recurse=False):
            if _is_small(buffer):
                setattr(module, name, buffer.float())


def computes_in_float32(network: torch.nn.Module) -> bool:
    """Whether `compute_in_float32` has been at a network."""
    return any(isinstance(module, CastLinear) for module in network.modules())


def _kept_in_float32(network: torch.nn.Module) -> set[str]:
    """Names of layers that transformers keeps in float32 beside float16, such as T5's `wo`, whose type it looks at."""
    listed = (getattr(module, "_keep_in_fp32_modules", None) or () for module in network.modules())
    return {name for names in listed for name in names}


def _is_small(tensor: torch.Tensor) -> bool:
    """Whether a tensor is of a type with less than 32 bits."""
    return tensor.is_floating_point() and tensor.element_size() < 4


class CastLinear(torch.nn.Linear):
    """A linear layer whose weights are float32 only while it works."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs [..., I] to outputs [..., O], float32."""
        out: torch.Tensor = _FrozenLinear.apply(inputs.float(), self.weight, self.bias)  # type: ignore[no-untyped-call]
        return out


class CastEmbedding(torch.nn.Embedding):
    """Word embeddings that come out as float32."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Tokens [...] to vectors [..., D], float32."""
        return super().forward(inputs).float()


class _FrozenLinear(torch.autograd.Function):
    """A product with weights that are cast anew in the backward pass, instead of being kept as float32."""

    @staticmethod
    def forward(
        ctx: Any, inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(weight)
        return product(inputs, weight.float(), bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (weight,) = ctx.saved_tensors
        return product(gradients[0], weight.float().T), None, None
