"""The baseline that joint encoding beats: each image goes through ViT and Q-Former alone, their queries are joined.

In: a backbone and a layout. Out: a backbone with the same interface, so that captioner, training and adapters work
as they
are: it still takes joint images, but cuts them apart before the ViT, and its prefix for the language model holds
the queries of the image before, then those of the image after. No patch of one image ever attends to a patch of
the other; the language model alone can compare.

Shapes: B pairs, Q query tokens of an image, D width of the language model.

Paper: Evennou et al., WACV 2025, arXiv 2412.15939 (joint encoding against two streams).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from blip2idc.errors import ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.backbone import Backbone


class TwoStreamFeatures:
    """Put before a BLIP-2 class, makes it encode the halves of a joint image apart.

    Attributes:
        joint_layout: How the joint image is cut.
    """

    joint_layout: JointLayout

    def get_image_features(
        self, pixel_values: torch.Tensor, interpolate_pos_encoding: bool | None = False, **settings: Any
    ) -> Any:
        """Encode both halves in one batch.

        Args:
            pixel_values: Joint images, [B, 3, H, W].
            interpolate_pos_encoding: Ignored; the size of a half decides.
            **settings: For the method of BLIP-2.

        Returns:
            What BLIP-2 returns for the [2B, 3, h, w] halves, with `pooler_output` put together to [B, 2Q, D].
        """
        network: Any = self
        before, after = split_pixels(pixel_values, self.joint_layout)
        side = network.config.vision_config.image_size
        features = super().get_image_features(  # type: ignore[misc]
            torch.cat([before, after]), interpolate_pos_encoding=before.shape[-2:] != (side, side), **settings
        )
        features.pooler_output = torch.cat(features.pooler_output.chunk(2), dim=1)
        return features


def split_pixels(pixel_values: torch.Tensor, layout: JointLayout) -> tuple[torch.Tensor, torch.Tensor]:
    """Cut joint images [B, 3, H, W] into before and after, [B, 3, h, w] each.

    Raises:
        ModelError: They have another size than the layout.
    """
    found = tuple(pixel_values.shape[-2:])
    if found != layout.size:
        raise ModelError(
            f"two streams: joint images are {found[0]}x{found[1]}, but the layout makes {layout.height}x{layout.width}"
        )
    height, width = layout.part_size
    if layout.direction == "vertical":
        return pixel_values[..., :height, :], pixel_values[..., height:, :]
    return pixel_values[..., :width], pixel_values[..., width:]


def two_stream_layout(backbone: Backbone) -> JointLayout:
    """The usual resolution of two streams: each image has the size that the positions were made for."""
    return JointLayout("vertical", 2 * backbone.image_size, backbone.image_size)


def as_two_stream(backbone: Backbone, layout: JointLayout) -> Backbone:
    """Make a backbone encode the two images apart.

    Args:
        backbone: Its network is changed in place; without an adapter, or with one merged in.
        layout: How joint images are made, hence how they are cut.

    Returns:
        The backbone with prompts of twice as many image tokens; as it is where it was one already.
    """
    network = backbone.model
    if isinstance(network, TwoStreamFeatures):
        network.joint_layout = layout
        return backbone
    kind = type(network)
    network.__class__ = type(
        kind.__name__, (TwoStreamFeatures, kind), {}
    )  # keeps the name that checkpoints record
    network.joint_layout = layout
    tokens = 2 * backbone.text_format.image_tokens
    return replace(backbone, text_format=replace(backbone.text_format, image_tokens=tokens))
