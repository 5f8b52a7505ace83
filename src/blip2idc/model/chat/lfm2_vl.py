"""LFM2-VL: SigLIP 2 for pictures of any shape, pixel unshuffle, LFM2 with short convolutions (arXiv 2511.23404)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from blip2idc.model.backbone import Projections
from blip2idc.model.chat.family import LLAMA_LANGUAGE, QKV, Family, patches_of, refuse_size, square_of


@dataclass(frozen=True)
class Lfm2Vl(Family):
    """Pictures as patches, row by row, with their shape.

    Attributes:
        patch: Side of a patch.
        merge: Patches along a side that become one image token.
        least: Image tokens of the smallest picture.
        most: Image tokens of the largest one that is not cut into tiles.
    """

    patch: int
    merge: int
    least: int
    most: int

    placeholder: ClassVar[str] = "<image>"
    projections: ClassVar[Mapping[str, Projections]] = {
        "vision": Projections(r"model\.vision_tower\.", QKV, r"out_proj|fc1|fc2"),
        "language": Projections(LLAMA_LANGUAGE, QKV, r"in_proj|out_proj|w1|w2|w3|lm_head"),
    }

    @classmethod
    def read(cls, name: str, config: Any, processor: Mapping[str, Any]) -> Lfm2Vl:
        """Patches and merging of the network, and the processor's limits."""
        return cls(
            name,
            square_of(config.vision_config.patch_size, "patch_size", name),
            int(config.downsample_factor),
            int(processor.get("min_image_tokens") or 64),
            int(processor.get("max_image_tokens") or 256),
        )

    @property
    def cell(self) -> int:
        """What becomes one image token."""
        return self.patch * self.merge

    def liked_size(self, images: int) -> tuple[int, int]:
        """A square of as many tokens as a picture may have that is not cut."""
        side = int(self.most**0.5) * self.cell
        return side, side

    def check_picture(self, height: int, width: int) -> None:
        """Whole cells, and no more or fewer than the processor leaves as they are."""
        tokens = height // self.cell * (width // self.cell)
        if height % self.cell or width % self.cell or not self.least <= tokens <= self.most:
            expected = (
                f"multiples of {self.cell}, with {self.least} to {self.most} squares of that side in all"
            )
            raise refuse_size(self, height, width, expected)

    def image_text(self, height: int, width: int, images: int) -> str:
        """A token for every cell between a beginning and an end."""
        tokens = height // self.cell * (width // self.cell)
        return f"<|image_start|>{self.placeholder * tokens}<|image_end|>"

    def arranged(self, pixels: torch.Tensor, images: int) -> dict[str, torch.Tensor]:
        """Patches [N, P, patch * patch * C] of every picture, all of them valid."""
        patches = patches_of(pixels, self.patch)
        count, rows, columns = patches.shape[:3]
        values = patches.permute(0, 1, 2, 4, 5, 3).reshape(count, rows * columns, -1)
        return {
            "pixel_values": values,
            "pixel_attention_mask": torch.ones(values.shape[:2], dtype=torch.int32, device=pixels.device),
            "spatial_shapes": torch.tensor([[rows, columns]] * count, device=pixels.device),
        }
