"""SmolVLM and SmolVLM2: SigLIP, pixel shuffle, SmolLM2 (arXiv 2504.05299).

A picture of the encoder's own size is one tile, the whole picture; its processor would enlarge it and cut it into more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from blip2idc.errors import ModelError
from blip2idc.model.backbone import Projections
from blip2idc.model.chat.family import LLAMA_OTHER, QKV, SquareFamily, square_of


@dataclass(frozen=True)
class SmolVlm(SquareFamily):
    """Pictures as tiles, [B, pictures of a pair, 3, H, W]."""

    placeholder: ClassVar[str] = "<image>"
    projections: ClassVar[Mapping[str, Projections]] = {
        "vision": Projections(r"model\.vision_model\.", QKV, r"out_proj|fc1|fc2"),
        "language": Projections(r"(model\.text_model\.|(?=lm_head$))", QKV, LLAMA_OTHER),
    }

    @classmethod
    def read(cls, name: str, config: Any, processor: Mapping[str, Any]) -> SmolVlm:
        """The encoder's size, which must be the processor's size of tiles."""
        vision = config.vision_config
        size = square_of(vision.image_size, "image_size", name)
        patch = square_of(vision.patch_size, "patch_size", name)
        tile = processor.get("max_image_size") or {}
        if isinstance(tile, dict) and tile.get("longest_edge", size) != size:
            raise ModelError(
                f"model '{name}': its processor cuts tiles of {tile['longest_edge']} pixels, but its config.json has an"
                f" image_size of {size}; correct the wrong one"
            )
        tokens = (size // patch) ** 2 // config.scale_factor**2
        return cls(name, size, tokens, patch)

    def image_text(self, height: int, width: int, images: int) -> str:
        """The whole picture, framed."""
        around = "<fake_token_around_image>"
        return f"{around}<global-img>{self.placeholder * self.tokens}{around}"

    def arranged(self, pixels: torch.Tensor, images: int) -> dict[str, torch.Tensor]:
        """One row of tiles a pair."""
        return {"pixel_values": pixels.view(-1, images, *pixels.shape[1:])}
