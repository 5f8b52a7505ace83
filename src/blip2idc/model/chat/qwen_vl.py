"""Qwen2.5-VL and Qwen3-VL: an encoder for pictures of any size, three-dimensional rotary positions, Qwen.

Papers: Bai et al., Qwen2.5-VL, arXiv 2502.13923; Qwen3-VL, arXiv 2511.21631.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from blip2idc.errors import ModelError
from blip2idc.model.backbone import Projections
from blip2idc.model.chat.family import (
    LLAMA_LANGUAGE,
    LLAMA_OTHER,
    QKV,
    Family,
    patches_of,
    refuse_size,
    square_of,
)

_UNITS = 16  # along a side: 448 or 512 pixels, 256 image tokens


@dataclass(frozen=True)
class QwenVl(Family):
    """Pictures as patches in the order in which they are merged.

    Attributes:
        patch: Side of a patch.
        merge: Patches along a side that become one image token.
        frames: Times that a picture is repeated, as a film that stands still.
        least: Pixels of the smallest picture.
        most: Pixels of the largest one.
    """

    patch: int
    merge: int
    frames: int
    least: int
    most: int

    placeholder: ClassVar[str] = "<|image_pad|>"
    projections: ClassVar[Mapping[str, Projections]] = {
        "vision": Projections(
            r"model\.visual\.blocks\.", r"qkv", r"proj|linear_fc1|linear_fc2|gate_proj|up_proj|down_proj"
        ),
        "language": Projections(LLAMA_LANGUAGE, QKV, LLAMA_OTHER),
    }
    token_types: ClassVar[bool] = True

    @classmethod
    def read(cls, name: str, config: Any, processor: Mapping[str, Any]) -> QwenVl:
        """Patches and merging, on which network and processor must agree, and the processor's limits."""
        vision = config.vision_config
        values = {
            "patch_size": square_of(vision.patch_size, "patch_size", name),
            "merge_size": int(vision.spatial_merge_size),
            "temporal_patch_size": square_of(vision.temporal_patch_size, "temporal_patch_size", name),
        }
        for key, value in values.items():
            if processor.get(key, value) != value:
                raise ModelError(
                    f"model '{name}': {key} is {processor[key]} in its processor's files and {value} in its"
                    " config.json; correct the wrong one"
                )
        size = processor.get("size") or {}
        least = processor.get("min_pixels") or size.get("shortest_edge") or 56 * 56
        most = processor.get("max_pixels") or size.get("longest_edge") or 28 * 28 * 1280
        patch, merge, temporal = values.values()
        return cls(name, patch, merge, temporal, least=int(least), most=int(most))

    @property
    def cell(self) -> int:
        """What becomes one image token."""
        return self.patch * self.merge

    def liked_size(self, images: int) -> tuple[int, int]:
        """Sixteen cells along each image, or as many as the limits leave; a joint image is two of them high."""
        units = _UNITS
        while units > 2 and (units * self.cell) ** 2 * 2 > self.most:
            units //= 2
        return (2 if images == 1 else 1) * units * self.cell, units * self.cell

    def check_picture(self, height: int, width: int) -> None:
        """Whole cells, and no more or fewer pixels than the processor leaves as they are."""
        if height % self.cell or width % self.cell or not self.least <= height * width <= self.most:
            expected = f"multiples of {self.cell}, with {self.least:,} to {self.most:,} pixels in all"
            raise refuse_size(self, height, width, expected)

    def image_text(self, height: int, width: int, images: int) -> str:
        """A token for every cell; the template frames them."""
        return self.placeholder * (height // self.cell * (width // self.cell))

    def arranged(self, pixels: torch.Tensor, images: int) -> dict[str, torch.Tensor]:
        """Patches one after another, those that are merged next to one another, [N * P, C * frames * patch * patch]."""
        patches = patches_of(pixels, self.patch)  # [N, rows, columns, C, patch, patch]
        count, rows, columns = patches.shape[:3]
        merge = self.merge
        grouped = patches.reshape(count, rows // merge, merge, columns // merge, merge, *patches.shape[3:])
        ordered = grouped.permute(0, 1, 3, 2, 4, 5, 6, 7).flatten(0, 4)  # [N * P, C, patch, patch]
        repeated = ordered[:, :, None].expand(-1, -1, self.frames, -1, -1)
        grid = torch.tensor([[1, rows, columns]] * count, device=pixels.device)
        return {"pixel_values": repeated.flatten(1), "image_grid_thw": grid}
