"""How a family of chat models takes images: what each family's file says, and nothing else differs between them.

In: the configuration of a checkpoint and the settings of its processor. Out: a `Family`: which sizes of a picture go in
as they are, what stands for a picture in the prompt, and how pixels are arranged for the network. A joint image is made
at a size at which the family's own processor would neither resize nor cut it, so that what is left of preprocessing is
normalising (`data.collate`) and the order of the values; the tests compare it with transformers' processors.

Shapes: N pictures, H/W of a picture, C channels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from blip2idc.errors import ConfigError, ModelError
from blip2idc.model.backbone import Projections

#: Where the language model is in most families; the layer that chooses words stands beside it.
LLAMA_LANGUAGE = r"(model\.language_model\.|(?=lm_head$))"
QKV = r"q_proj|k_proj|v_proj"
LLAMA_OTHER = r"o_proj|gate_proj|up_proj|down_proj|lm_head"


@dataclass(frozen=True)
class Family(ABC):
    """One checkpoint's way with images.

    Attributes:
        name: Of the checkpoint, for errors.
        placeholder: What its chat template writes for an image, which is also the token of one image vector.
        projections: Part -> what an adapter can be put on.
        token_types: Whether the network wants to be told which tokens are of an image.
        features_as_list: Whether the network's `get_image_features` gives a list, one tensor a picture.
    """

    name: str

    placeholder: ClassVar[str]
    projections: ClassVar[Mapping[str, Projections]]
    token_types: ClassVar[bool] = False
    features_as_list: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def read(cls, name: str, config: Any, processor: Mapping[str, Any]) -> Family:
        """Read it off a checkpoint.

        Args:
            name: Of the checkpoint.
            config: Of its network.
            processor: Content of its processor's files.

        Raises:
            ModelError: They disagree.
        """

    @property
    @abstractmethod
    def cell(self) -> int:
        """Side of a cell of heatmaps, in pixels."""

    @abstractmethod
    def liked_size(self, images: int) -> tuple[int, int]:
        """(height, width) that it likes best of a picture: of a joint image, or of each of two.

        Args:
            images: Pictures of a pair.
        """

    @abstractmethod
    def check_picture(self, height: int, width: int) -> None:
        """Refuse a size of which the family's processor would make another.

        Raises:
            ConfigError: It would.
        """

    @abstractmethod
    def image_text(self, height: int, width: int, images: int) -> str:
        """What stands for one picture in the prompt.

        Args:
            height: Of the picture.
            width: Of the picture.
            images: How many pictures the prompt holds.
        """

    @abstractmethod
    def arranged(self, pixels: torch.Tensor, images: int) -> dict[str, torch.Tensor]:
        """What the network takes for normalised pictures.

        Args:
            pixels: [N, 3, H, W], those of one pair next to one another.
            images: Pictures of a pair.
        """


def refuse_size(family: Family, height: int, width: int, expected: str) -> ConfigError:
    """The sentence against a size of pictures."""
    return ConfigError(
        f"layout: '{family.name}' would be shown pictures of {height}x{width} pixels (height x width); it takes"
        f" {expected}"
    )


def square_of(value: Any, what: str, name: str) -> int:
    """The side that a configuration gives as one number or as two equal ones.

    Raises:
        ModelError: It is neither.
    """
    sides = {value} if isinstance(value, int) else set(value) if isinstance(value, list | tuple) else set()
    if len(sides) != 1 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise ModelError(
            f"model '{name}': {what} is {value!r} in its config.json; expected a whole number, or two equal ones"
        )
    return int(sides.pop())


def patches_of(pixels: torch.Tensor, side: int) -> torch.Tensor:
    """Pictures as rows and columns of patches, [N, 3, H, W] to [N, H / side, W / side, 3, side, side]."""
    count, channels, height, width = pixels.shape
    cut = pixels.reshape(count, channels, height // side, side, width // side, side)
    return cut.permute(0, 2, 4, 1, 3, 5)


@dataclass(frozen=True)
class SquareFamily(Family):
    """A family whose encoder sees squares of one size.

    Attributes:
        size: Side of the square.
        tokens: Image tokens of one.
        cell_size: Side of a cell of heatmaps.
    """

    size: int
    tokens: int
    cell_size: int

    @property
    def cell(self) -> int:
        """A patch."""
        return self.cell_size

    def liked_size(self, images: int) -> tuple[int, int]:
        """The only one."""
        return self.size, self.size

    def check_picture(self, height: int, width: int) -> None:
        """Nothing but the square; its processor would resize or cut anything else."""
        if (height, width) != (self.size, self.size):
            raise refuse_size(self, height, width, f"{self.size}x{self.size}")
