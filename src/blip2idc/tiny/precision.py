"""Training in bfloat16 on processors that have units for it: products at twice the rate, weights kept in float32.

In: a type's name and a network. Out: the context of its forward pass. Attention stays in float32: the fused one that
torch has for a CPU takes five times as long backwards in bfloat16 (`docs/tiny-model-log.md`), whatever the processor.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch

from blip2idc.errors import ConfigError
from blip2idc.runtime import computes_in_bfloat16

TYPES = ("auto", "float32", "bfloat16")
_ATTENTION = "sdpa_float32"


class Precision:
    """How a training computes.

    Args:
        requested: One of `TYPES`; `auto` is bfloat16 where the processor has units for it.

    Attributes:
        dtype: Of products in the forward and backward pass.
    """

    def __init__(self, requested: str = "auto") -> None:
        if requested not in TYPES:
            raise ConfigError(f"dtype is {requested!r}, expected one of {', '.join(TYPES)}")
        short = requested == "bfloat16" or (requested == "auto" and computes_in_bfloat16())
        self.dtype = torch.bfloat16 if short else torch.float32

    @property
    def short(self) -> bool:
        """Whether products are in bfloat16."""
        return self.dtype == torch.bfloat16

    def forward(self) -> AbstractContextManager[Any]:
        """The context of the forward pass and the losses."""
        return torch.autocast("cpu", torch.bfloat16, enabled=self.short)

    def prepare(self, network: Any) -> None:
        """Let the network's attention stay in float32, in place; nothing of it is saved with its weights."""
        if self.short:
            _register()
            network.set_attn_implementation(_ATTENTION)


def _register() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(_ATTENTION, _attention)
    AttentionMaskInterface.register(_ATTENTION, sdpa_mask)


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **settings: Any,
) -> tuple[torch.Tensor, None]:
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    if attention_mask is not None and attention_mask.is_floating_point():
        attention_mask = attention_mask.float()
    with torch.autocast("cpu", enabled=False):
        found, _ = sdpa_attention_forward(
            module, query.float(), key.float(), value.float(), attention_mask, **settings
        )
    return found.to(query.dtype), None
