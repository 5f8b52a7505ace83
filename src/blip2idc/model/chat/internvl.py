"""InternVL3 (and 3.5) in transformers' own format: InternViT, pixel shuffle, Qwen (arXiv 2504.10479).

A picture of the encoder's own size is one tile, as its processor with `crop_to_patches` off has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from blip2idc.model.backbone import Projections
from blip2idc.model.chat.family import LLAMA_LANGUAGE, LLAMA_OTHER, QKV, SquareFamily, square_of


@dataclass(frozen=True)
class InternVl(SquareFamily):
    """Pictures as tiles, [N, 3, H, W]."""

    placeholder: ClassVar[str] = "<IMG_CONTEXT>"
    projections: ClassVar[Mapping[str, Projections]] = {
        "vision": Projections(r"model\.vision_tower\.", QKV, r"projection_layer|fc1|fc2"),
        "language": Projections(LLAMA_LANGUAGE, QKV, LLAMA_OTHER),
    }
    features_as_list: ClassVar[bool] = False

    @classmethod
    def read(cls, name: str, config: Any, processor: Mapping[str, Any]) -> InternVl:
        """The encoder's size."""
        size = square_of(config.vision_config.image_size, "image_size", name)
        patch = square_of(config.vision_config.patch_size, "patch_size", name)
        tokens = int((size // patch) ** 2 * config.downsample_ratio**2)
        return cls(name, size, tokens, patch)

    def image_text(self, height: int, width: int, images: int) -> str:
        """Its tokens between a beginning and an end."""
        return f"<img>{self.placeholder * self.tokens}</img>"

    def arranged(self, pixels: torch.Tensor, images: int) -> dict[str, torch.Tensor]:
        """As they are."""
        return {"pixel_values": pixels}
