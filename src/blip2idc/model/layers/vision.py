"""The ViT of a BLIP-2 on a processor with AVX-512, with as few passes over memory as oneDNN allows.

In: the ViT that transformers built, on the CPU in float32, and pixels. Out: what it makes of the patches, as its own
`forward`, to the rounding of sums. Activation and residual are added while a product is still in the registers, and
the weights lie the way oneDNN reads them. Where anything is otherwise (another type or device, gradients, an adapter
that is not merged, hooks, another attention), `sees` says no and the network's own way is taken.

Shapes: B joint images, P patches, D width, A heads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import torch

from blip2idc.model.layers import products
from blip2idc.model.layers.products import ProductLinear

#: Weight as oneDNN is to read it, and bias.
_Weights: TypeAlias = tuple[torch.Tensor, torch.Tensor | None]

#: What a product does besides: name, its numbers, its kind.
_PLAIN: tuple[Any, ...] = ("none", [], "")
_GELU: tuple[Any, ...] = ("gelu", [], "none")  # the exact one, by the error function


def sees(vision: Any) -> bool:
    """Whether `patches_of` may stand in for this ViT here and now.

    Args:
        vision: The `vision_model` of a BLIP-2.
    """
    settings = vision.config
    return (
        products.faster_products
        and not vision.training
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and settings.hidden_act == "gelu"
        and settings._attn_implementation == "sdpa"
        and all(type(one) in (torch.nn.Linear, ProductLinear) for one in _linear_layers(vision))
        and all(_as_built(module) for module in vision.modules())
        and all(
            one.dtype == torch.float32 and one.device.type == "cpu" and one.layout == torch.strided
            for one in vision.parameters()
        )
    )


def _as_built(module: torch.nn.Module) -> bool:
    """Whether nobody watches the module or took its `forward`."""
    watched = module._forward_hooks or module._forward_pre_hooks
    return not watched and "forward" not in module.__dict__


def _linear_layers(vision: Any) -> Iterator[torch.nn.Module]:
    for layer in vision.encoder.layers:
        yield from (layer.self_attn.qkv, layer.self_attn.projection, layer.mlp.fc1, layer.mlp.fc2)


def patches_of(
    vision: Any, pixel_values: torch.Tensor, *, together: int, interpolate: bool = False
) -> torch.Tensor:
    """What the ViT makes of the patches, [B, 1 + P, D].

    Args:
        vision: One that `sees`.
        pixel_values: [B, 3, H, W].
        together: Joint images that go through all layers before the next ones do.
        interpolate: Whether the positions are for another size.
    """
    parts = torch.split(pixel_values, together)
    rows = len(parts[0]) * int(vision.embeddings(parts[0][:1], interpolate).shape[1])
    repeated = len(parts) > 1  # for a few images it takes longer than what it saves
    read = _packed(rows) if repeated else _as_it_is
    layers = [
        (layer, [read(one) for one in (layer.self_attn.qkv, layer.self_attn.projection, *_mlp(layer))])
        for layer in vision.encoder.layers
    ]
    return torch.cat([_seen(vision, part, layers, interpolate) for part in parts])


def _mlp(layer: Any) -> tuple[Any, Any]:
    return layer.mlp.fc1, layer.mlp.fc2


def _as_it_is(layer: Any) -> _Weights:
    return layer.weight, layer.bias


def _packed(rows: int) -> Callable[[Any], _Weights]:
    """Weights in the order in which oneDNN reads them in products of so many rows."""
    ops: Any = torch.ops
    return lambda layer: (ops.mkldnn._reorder_linear_weight(layer.weight, rows), layer.bias)


def _seen(
    vision: Any, pixel_values: torch.Tensor, layers: list[tuple[Any, list[_Weights]]], interpolate: bool
) -> torch.Tensor:
    ops: Any = torch.ops
    linear = ops.mkldnn._linear_pointwise
    deep = vision.embeddings(pixel_values, interpolate_pos_encoding=interpolate)  # [B, 1 + P, D]
    states = deep.flatten(0, 1)
    heads = int(vision.config.num_attention_heads)
    for layer, (qkv, projection, fc1, fc2) in layers:
        mixed = linear(layer.layer_norm1(states), *qkv, *_PLAIN)
        parts = mixed.view(*deep.shape[:2], 3, heads, -1).permute(2, 0, 3, 1, 4)  # [3, B, A, 1 + P, D / A]
        query, key, value = parts
        attended = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, scale=layer.self_attn.scale
        )
        attended = attended.transpose(1, 2).reshape(states.shape)
        states = linear.binary(attended, states, *projection, "add")
        grown = linear(layer.layer_norm2(states), *fc1, *_GELU)
        states = linear.binary(grown, states, *fc2, "add")
    found: torch.Tensor = vision.post_layernorm(states)
    return found.view(deep.shape)
