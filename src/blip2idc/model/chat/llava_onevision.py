"""LLaVA-OneVision: SigLIP and Qwen2 (arXiv 2408.03326).

One picture is seen twice, whole and as the one tile of its smallest grid, as its processor has it for a picture of that
size; of several pictures each is seen once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from blip2idc.errors import ModelError
from blip2idc.model.backbone import Projections
from blip2idc.model.chat.family import LLAMA_LANGUAGE, LLAMA_OTHER, QKV, SquareFamily, square_of

_CELLS = 16  # along a side: the encoder's 27 patches of 14 pixels tile neither 384 pixels nor their half


@dataclass(frozen=True)
class LlavaOnevision(SquareFamily):
    """Pictures as the whole and its tiles, [N, 1 or 2, 3, H, W]."""

    placeholder: ClassVar[str] = "<image>"
    projections: ClassVar[Mapping[str, Projections]] = {
        "vision": Projections(r"model\.vision_tower\.", QKV, r"out_proj|fc1|fc2"),
        "language": Projections(LLAMA_LANGUAGE, QKV, LLAMA_OTHER),
    }

    @classmethod
    def read(cls, name: str, config: Any, processor: Mapping[str, Any]) -> LlavaOnevision:
        """The encoder's size, which must be among the resolutions that it was trained on."""
        vision = config.vision_config
        size = square_of(vision.image_size, "image_size", name)
        patches = size // square_of(vision.patch_size, "patch_size", name)
        if [size, size] not in [list(one) for one in config.image_grid_pinpoints]:
            raise ModelError(
                f"model '{name}': image_grid_pinpoints of its config.json lack {size}x{size}, the size of its vision"
                " encoder; give a complete configuration"
            )
        if config.vision_feature_select_strategy != "full":
            raise ModelError(
                f"model '{name}': vision_feature_select_strategy is '{config.vision_feature_select_strategy}' in its"
                " config.json; expected 'full'"
            )
        return cls(name, size, patches**2, size // _CELLS)

    def image_text(self, height: int, width: int, images: int) -> str:
        """The whole, then its tile with a token at the end of each row; of several pictures the whole and one token."""
        rows = round(self.tokens**0.5)
        return self.placeholder * (self.tokens + (self.tokens + rows if images == 1 else 1))

    def arranged(self, pixels: torch.Tensor, images: int) -> dict[str, torch.Tensor]:
        """Twice where it is alone, with sizes and the number of pictures of each pair."""
        views = 2 if images == 1 else 1
        sizes = torch.tensor([[self.size, self.size]] * len(pixels), device=pixels.device)
        counts = torch.full((len(pixels) // images,), images, device=pixels.device)
        return {
            "pixel_values": pixels[:, None].expand(-1, views, -1, -1, -1),
            "image_sizes": sizes,
            "batch_num_images": counts,
        }
