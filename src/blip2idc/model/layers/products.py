"""Products of float32 matrices on a processor with AVX-512, by the library that is the faster one there.

In: a network on the CPU. Out: the same network, whose linear layers give their larger products to oneDNN. torch gives
products in float32 to MKL, which uses AVX-512 on Intel's processors alone: on others oneDNN, which is a part of torch
as well, was 2.3 times as fast (`docs/scaling.md`). Values differ by the rounding of sums. Small products, other types,
other devices, autocast and compiled layers stay with torch.

Shapes: N positions, I inputs, O outputs.
"""

from __future__ import annotations

from typing import Any

import torch

_LEAST_ROWS = 16  # of fewer, MKL's products of a matrix and a vector are as fast
_LEAST_PRODUCTS = 1 << 20  # multiplications; below that oneDNN's call takes longer than what it saves


def _has_faster_products() -> bool:
    backends: Any = torch.backends
    there = backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return bool(there and backends.cpu.get_cpu_capability() == "AVX512")


#: Whether this processor is one for which oneDNN is asked.
faster_products = _has_faster_products()


class ProductLinear(torch.nn.Linear):
    """A linear layer that asks for its product here."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Inputs [..., I] to outputs [..., O]."""
        return product(inputs, self.weight, self.bias)


def use_faster_products(network: torch.nn.Module) -> int:
    """Let the linear layers of a network ask for their products here, in place.

    Args:
        network: On any device; where nothing is gained it stays as it is.

    Returns:
        Number of layers.
    """
    if not faster_products:
        return 0
    found = [one for one in _of_kind(network, torch.nn.Linear) if one.weight.dtype == torch.float32]
    for module in found:
        module.__class__ = ProductLinear
    return len(found)


def use_plain_products(network: torch.nn.Module) -> None:
    """Undo `use_faster_products`."""
    for module in _of_kind(network, ProductLinear):
        module.__class__ = torch.nn.Linear


def _of_kind(network: torch.nn.Module, kind: type[torch.nn.Linear]) -> list[torch.nn.Linear]:
    return [module for module in network.modules() if type(module) is kind]


def product(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Inputs times the transposed weights, plus bias, as `torch.nn.functional.linear`.

    Args:
        inputs: [..., I].
        weight: [O, I].
        bias: [O], or None.

    Returns:
        [..., O].
    """
    if not _is_worth_it(inputs, weight):
        return torch.nn.functional.linear(inputs, weight, bias)
    if not torch.is_grad_enabled() or not _needs_gradient(inputs, weight, bias):
        return _by_onednn(inputs, weight, bias)
    function: Any = _Product
    out: torch.Tensor = function.apply(inputs.reshape(-1, inputs.shape[-1]), weight, bias)
    return out.view(*inputs.shape[:-1], -1)


def _is_worth_it(inputs: torch.Tensor, weight: torch.Tensor) -> bool:
    multiplications = inputs.numel() * weight.shape[0]
    return (
        multiplications >= max(_LEAST_PRODUCTS, _LEAST_ROWS * weight.numel())
        and faster_products
        and inputs.device.type == "cpu"
        and inputs.dtype == torch.float32
        and weight.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()  # its compiler knows ways of its own
    )


def _needs_gradient(*tensors: torch.Tensor | None) -> bool:
    return any(tensor is not None and tensor.requires_grad for tensor in tensors)


def _by_onednn(inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    out: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, weight, bias, "none", [], "")
    return out


class _Product(torch.autograd.Function):
    """The product with its gradients, which are products too."""

    @staticmethod
    def forward(
        ctx: Any, inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(inputs if ctx.needs_input_grad[1] else None, weight)
        return _by_onednn(inputs, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (gradient,) = gradients  # [N, O]
        inputs, weight = ctx.saved_tensors
        to_inputs, to_weight, to_bias = ctx.needs_input_grad
        return (
            product(gradient, weight.T) if to_inputs else None,
            product(gradient.T, inputs.T) if to_weight else None,
            gradient.sum(dim=0) if to_bias else None,
        )
