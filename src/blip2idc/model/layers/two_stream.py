"""The baseline that joint encoding beats: each image goes through ViT and Q-Former alone, their queries are merged.

In: a network, a layout and a way to merge. Out: a network with the same interface, so that captioner, training and
adapters work as they are: it still takes joint images, but cuts them apart before the ViT, and its prefix for the
language model holds the merged queries. No patch of one image ever attends to a patch of the other; the language model
alone can compare.

`TwoStreamBlip2` is a network of its own around the parts of a BLIP-2, under the names that they have there: an adapter
trained on it is laid out as any other, and transformers saves and loads it, peft adapts it, torch.compile compiles it.

Shapes: B pairs, Q query tokens of an image, S merged sequences of them, D width of the language model.

Paper: Evennou et al., WACV 2025, arXiv 2412.15939 (joint encoding against two streams); merging by difference and by
concatenation with the difference as in Park et al., DUDA, ICCV 2019, arXiv 1901.02527.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from transformers import Blip2Config, Blip2ForConditionalGeneration

from blip2idc.config import build
from blip2idc.errors import ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.files.settings import MERGES, Merge

#: Way to merge -> sequences of queries that the language model reads.
SEQUENCES: Mapping[str, int] = {"concat": 2, "difference": 1, "both": 3}


class TwoStreamBlip2(Blip2ForConditionalGeneration):  # type: ignore[no-untyped-call]
    """A BLIP-2 that encodes the halves of a joint image apart and merges what the Q-Former says of them.

    Its `config.two_stream` holds `layout` (as `JointLayout.to_dict` gives it) and `merge`, so that `save_pretrained`
    and `from_pretrained` need nothing else. `around` makes one of a loaded BLIP-2.
    """

    _PARTS: ClassVar = ("vision_model", "qformer", "query_tokens", "language_projection", "language_model")

    def __init__(self, config: Blip2Config) -> None:
        super().__init__(config)
        told = getattr(config, "two_stream", None)
        if not isinstance(told, Mapping) or told.get("merge") not in MERGES:
            raise ModelError(
                f"two streams: two_stream is {told!r} in the configuration of the network; expected an object with"
                f" layout and merge ({', '.join(MERGES)}); make the network with TwoStreamBlip2.around"
            )
        self.joint_layout = build(JointLayout, told["layout"], "two streams: layout", ModelError)
        self.merge: Merge = told["merge"]

    @classmethod
    def around(
        cls, network: Blip2ForConditionalGeneration, layout: JointLayout, merge: Merge
    ) -> TwoStreamBlip2:
        """A network that holds the parts of another; weights are shared, the other is left as it is.

        Args:
            network: A loaded BLIP-2.
            layout: How joint images are made, hence how they are cut.
            merge: How the queries of both images become one sequence.
        """
        config: Any = copy.copy(network.config)  # the parts keep the configurations that they were made with
        config.two_stream = {"layout": layout.to_dict(), "merge": merge}
        with torch.device("meta"):  # the frame alone: no weight is allocated or drawn
            made = cls(config)
        for part in cls._PARTS:
            setattr(made, part, getattr(network, part))
        made.generation_config = network.generation_config
        made.train(network.training)
        return made

    def get_image_features(
        self, pixel_values: torch.Tensor, interpolate_pos_encoding: bool | None = False, **settings: Any
    ) -> Any:
        """Encode both halves in one batch, and merge.

        Args:
            pixel_values: Joint images, [B, 3, H, W].
            interpolate_pos_encoding: Ignored; the size of a half decides.
            **settings: For the method of BLIP-2.

        Returns:
            What BLIP-2 returns for the [2B, 3, h, w] halves, with `pooler_output` merged to [B, S * Q, D].
        """
        before, after = split_pixels(pixel_values, self.joint_layout)
        config: Any = self.config
        side = config.vision_config.image_size
        features: Any = super().get_image_features(
            torch.cat([before, after]), interpolate_pos_encoding=before.shape[-2:] != (side, side), **settings
        )
        parts: list[torch.Tensor] = []
        if self.merge != "difference":
            parts.extend(features.pooler_output.chunk(2))
        if self.merge != "concat":
            first, second = features.qformer_outputs.last_hidden_state.chunk(2)
            parts.append(self.language_projection((second - first).to(features.pooler_output.dtype)))
        features.pooler_output = torch.cat(parts, dim=1)
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
