"""Layers that compute the same with less: for training, where every one is passed through each step.

In: a network that peft has put adapter layers into. Out: the same network, its plain LoRA layers with another
`forward`, or its layers compiled. peft's own computes the frozen product and the update apart, in several passes over
activations, and turns the input of each adapter into float32; here the update is added in place, inputs keep their
type, and the backward pass keeps what it needs and no more. What is not plain LoRA on a linear layer is left to peft.

Shapes: N positions, I inputs, O outputs, r the rank.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from blip2idc.model.layers.products import product

Forward = Callable[..., torch.Tensor]


def use_lean_lora(model: torch.nn.Module) -> int:
    """Give every plain LoRA layer the lean forward pass.

    Args:
        model: With adapter layers of peft.

    Returns:
        Number of layers that have it now.
    """
    layers: list[Any] = [module for module in model.modules() if _is_plain(module)]
    for layer in layers:
        layer.forward = _lean_forward(layer, layer.forward)
    return len(layers)


def compile_layers(model: torch.nn.Module) -> int:
    """Compile the layers of a network one by one: those of a kind share their code, so that few are compiled.

    Args:
        model: Of transformers.

    Returns:
        Number of layers that will run compiled.
    """
    from transformers.modeling_layers import GradientCheckpointingLayer

    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    for layer in layers:
        layer.compile()
    return len(layers)


def _is_plain(module: Any) -> bool:
    """Whether a module is peft's LoRA on a linear layer, told by what it holds: peft is imported in one place only."""
    return (
        hasattr(module, "lora_A")
        and hasattr(module, "lora_variant")
        and isinstance(getattr(module, "base_layer", None), torch.nn.Linear)
        and not getattr(module, "fan_in_fan_out", False)
    )


def _lean_forward(layer: Any, otherwise: Forward) -> Forward:
    """The forward pass of one layer.

    Args:
        layer: Of peft.
        otherwise: Its own, for whatever is not plain.
    """

    def forward(inputs: torch.Tensor, *arguments: Any, **settings: Any) -> torch.Tensor:
        active = layer.active_adapters
        if layer.disable_adapters or layer.merged or arguments or settings or len(active) != 1:
            return otherwise(inputs, *arguments, **settings)
        name = active[0]
        if name not in layer.lora_A or name in layer.lora_variant or layer.lora_B[name].bias is not None:
            return otherwise(inputs)
        dropout = layer.lora_dropout[name]
        share = float(getattr(dropout, "p", 0.0)) if dropout.training else 0.0
        return adapted_linear(
            inputs,
            layer.base_layer.weight,
            layer.base_layer.bias,
            layer.lora_A[name].weight,
            layer.lora_B[name].weight,
            layer.scaling[name],
            share,
        )

    return forward


def adapted_linear(
    inputs: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    down: torch.Tensor,
    up: torch.Tensor,
    scale: float,
    dropout: float = 0.0,
) -> torch.Tensor:
    """Inputs times (weight + scale * up @ down), plus bias.

    Where the layer is small beside its rank, the update is added to the weights: up to twice the multiplications, but
    in two large products instead of six thin ones, and no pass over activations besides. In float32 only, since
    bfloat16 would round the update away.

    Args:
        inputs: [..., I].
        weight: Frozen, [O, I]; another type than the inputs' is turned into theirs as long as it is needed.
        bias: Frozen, [O], or None.
        down: [r, I]; its own type, such as float32 for what is trained.
        up: [O, r].
        scale: Of the update.
        dropout: Share of the adapter's inputs that is set to zero.
    """
    rank = down.shape[0]
    small = weight.numel() <= 2 * (3 * rank * sum(weight.shape))
    kinds = {inputs.dtype, weight.dtype, down.dtype, up.dtype}
    if small and not dropout and kinds == {torch.float32}:
        return product(inputs, torch.addmm(weight, up, down, alpha=scale), bias)
    flat = inputs.reshape(-1, inputs.shape[-1])
    function: Any = _AdaptedLinear
    out: torch.Tensor = function.apply(flat, weight, bias, down, up, scale, dropout)
    return out.view(*inputs.shape[:-1], -1)


def _dropped(values: torch.Tensor, kept: torch.Tensor | None, dropout: float) -> torch.Tensor:
    """Values after dropout; made again in the backward pass, since adapters beside each other share their inputs."""
    return values if kept is None else (values * kept).div_(1 - dropout)


class _AdaptedLinear(torch.autograd.Function):
    """The frozen product with the update added in place; kept for the backward pass: inputs, and h = inputs @ down."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        down: torch.Tensor,
        up: torch.Tensor,
        scale: float,
        dropout: float,
    ) -> torch.Tensor:
        kind = inputs.dtype
        out = product(inputs, weight.to(kind), None if bias is None else bias.to(kind))  # [N, O]
        kept = torch.empty_like(inputs, dtype=torch.bool).bernoulli_(1 - dropout) if dropout else None
        hidden = product(_dropped(inputs, kept, dropout), down.to(kind))  # [N, r]
        out.addmm_(hidden, up.to(kind).T, alpha=scale)
        ctx.save_for_backward(inputs, kept, hidden, weight, down, up)
        ctx.scale, ctx.dropout = scale, dropout
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (gradient,) = gradients  # [N, O]
        inputs, kept, hidden, weight, down, up = ctx.saved_tensors
        kind = gradient.dtype
        to_hidden = product(gradient, up.to(kind).T).mul_(ctx.scale)  # [N, r]
        to_up = None
        if ctx.needs_input_grad[4]:
            to_up = product(gradient.T, hidden.T).mul_(ctx.scale).to(up.dtype)
        to_down = None
        if ctx.needs_input_grad[3]:
            to_down = product(to_hidden.T, _dropped(inputs, kept, ctx.dropout).T).to(down.dtype)
        to_inputs = None
        if ctx.needs_input_grad[0]:
            to_inputs = product(gradient, weight.to(kind).T)  # [N, I]
            if kept is None:
                to_inputs.addmm_(to_hidden, down.to(kind))
            else:
                to_inputs.add_((to_hidden @ down.to(kind)).mul_(kept).div_(1 - ctx.dropout))
        return to_inputs, None, None, to_down, to_up, None, None
