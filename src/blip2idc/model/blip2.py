"""BLIP-2 as a backbone: ViT, Q-Former, and OPT or Flan-T5; one file reads, runs and saves it.

In: the source of a checkpoint. Out: a `Blip2Backbone`, whose parts have been compared with one another: the image
token, the number of query tokens and the size of the vocabulary are stated in several files of a checkpoint, and a
disagreement is refused instead of resolved silently. Only this module and `two_stream` import BLIP-2 of transformers.

Paper: Li et al., BLIP-2, ICML 2023, arXiv 2301.12597.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import torch

from blip2idc.data.collate import TextFormat
from blip2idc.errors import ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.backbone import Backbone, Projections
from blip2idc.model.files.checkpoint import (
    ModelSource,
    image_statistics,
    loading,
    quiet,
    read_processor_settings,
    read_tokenizer,
    text_format_of,
)
from blip2idc.model.files.foreign import foreign
from blip2idc.model.files.network_size import check_promise, check_shape
from blip2idc.model.files.settings import CaptionerSettings, Decoding, Merge, write_settings
from blip2idc.model.files.weights import read_network
from blip2idc.model.language import Prefix, generate, logits_after, make_prefix, score_sentences
from blip2idc.model.layers.casting import compute_in_float32
from blip2idc.model.layers.lanes import slice_for
from blip2idc.model.layers.two_stream import SEQUENCES, TwoStreamBlip2
from blip2idc.model.layers.vision import patches_of, sees
from blip2idc.runs.files import atomic_path
from blip2idc.runtime import Choice, computes_in_bfloat16

#: Its `model_type`.
BLIP2 = "blip-2"

#: Query, key and value (OPT and Llama `q_proj`, T5 `q`) and the others; `lm_head` chooses words, without which no new
#: word is learned.
PROJECTIONS: Mapping[str, Projections] = {
    "vision": Projections(r"vision_model\.", r"qkv", r"projection|fc1|fc2"),
    "qformer": Projections(r"qformer\.", r"query|key|value", r"dense"),
    "language": Projections(
        r"language_model\.",
        r"q_proj|k_proj|v_proj|q|k|v",
        r"out_proj|fc1|fc2|o|wi|wi_0|wi_1|wo|o_proj|gate_proj|up_proj|down_proj|lm_head",
    ),
}


@dataclass(frozen=True)
class Blip2Backbone(Backbone):
    """A `Blip2ForConditionalGeneration` with what belongs to it."""

    text_format: TextFormat

    cross_attention: ClassVar[bool] = True

    @property
    def image_size(self) -> int:
        """Side of the square image that the position embeddings were made for."""
        return int(self.model.config.vision_config.image_size)

    @property
    def patch_size(self) -> int:
        """Side of a patch in pixels."""
        return int(self.model.config.vision_config.patch_size)

    @property
    def language_model(self) -> Any:
        """The language model inside (OPT or T5)."""
        return self.model.language_model

    @property
    def projections(self) -> Mapping[str, Projections]:
        """Of ViT, Q-Former and language model."""
        return PROJECTIONS

    def default_layout(self, *, two_stream: bool = False) -> JointLayout:
        """Vertical, at the resolution that the positions were made for; of each image, where they are encoded apart."""
        return JointLayout("vertical", (1 + two_stream) * self.image_size, self.image_size)

    def arranged(self, layout: JointLayout, *, two_stream: bool, merge: Merge = "concat") -> Self:
        """As it is, or taking joint images apart; any size that patches tile is seen with interpolated positions."""
        layout.grid(self.patch_size)
        network = self.model
        if not two_stream or (
            isinstance(network, TwoStreamBlip2) and (network.joint_layout, network.merge) == (layout, merge)
        ):
            return self
        tokens = SEQUENCES[merge] * int(network.config.num_query_tokens)
        text_format = replace(self.text_format, image_tokens=tokens)
        return replace(self, model=TwoStreamBlip2.around(network, layout, merge), text_format=text_format)

    def needs_interpolation(self, height: int, width: int) -> bool:
        """Whether a joint image of this size needs interpolated positions."""
        return (height, width) != (self.image_size, self.image_size)

    def encode(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Joint images to the prefix that the language model reads, [B, Q, D]; see `features`."""
        return self.features(pixel_values)[0]

    def features(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See joint images.

        Args:
            pixel_values: Normalised joint images, [B, 3, H, W].

        Returns:
            Projected query outputs, [B, Q, D], and what the ViT made of the patches, [B, 1 + P, width of the ViT].
        """
        pixel_values = pixel_values.to(self.model.device)
        size = None if torch.is_grad_enabled() else self._slice(*pixel_values.shape[-2:])
        if size is None:
            return self._features(pixel_values)
        patches = self._patches(pixel_values, size)
        return self._asked(patches), patches

    def _features(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.model.get_image_features(
            pixel_values,
            interpolate_pos_encoding=self.needs_interpolation(*pixel_values.shape[-2:]),
            return_dict=True,
        )
        return features.pooler_output, features.last_hidden_state

    def _patches(self, pixel_values: torch.Tensor, size: int) -> torch.Tensor:
        """What the ViT makes of the patches, so many joint images at a time, [B, 1 + P, width of the ViT]."""
        vision = self.model.vision_model
        interpolate = self.needs_interpolation(*pixel_values.shape[-2:])
        if sees(vision):
            return patches_of(vision, pixel_values, together=size, interpolate=interpolate)
        seen = [
            vision(part, interpolate_pos_encoding=interpolate, return_dict=True).last_hidden_state
            for part in torch.split(pixel_values, size)
        ]
        return torch.cat(seen)

    def _asked(self, patches: torch.Tensor) -> torch.Tensor:
        """What the Q-Former reads from patches, as the language model reads it, [B, Q, D]."""
        network = self.model
        queries = network.qformer(
            query_embeds=network.query_tokens.expand(len(patches), -1, -1),
            encoder_hidden_states=patches,
            return_dict=True,
        ).last_hidden_state
        projected: torch.Tensor = network.language_projection(queries.to(patches.dtype))
        return projected

    def _slice(self, height: int, width: int) -> int | None:
        """Joint images to see at a time; None for all, and where each is two images, whose rows are apart."""
        if isinstance(self.model, TwoStreamBlip2):
            return None
        patches = 1 + (height // self.patch_size) * (width // self.patch_size)
        widest = int(self.model.config.vision_config.intermediate_size)
        return slice_for(self.device.value, self._weights, patches * widest)

    @cached_property
    def _weights(self) -> int:
        return self.parameter_count()

    def look(self, pixel_values: torch.Tensor, prompt: str) -> Prefix:
        """ViT, Q-Former, and the encoder of the language model where there is one."""
        queries, patches = self.features(pixel_values)
        return replace(make_prefix(self, queries, prompt), patches=patches)

    def generate(self, seen: Prefix, decoding: Decoding) -> list[list[int]]:
        """See `language.generate`."""
        return generate(self, seen, decoding)

    def score(self, seen: Prefix, sentences: Sequence[Sequence[int]]) -> torch.Tensor:
        """See `language.score_sentences`."""
        return score_sentences(self, seen, sentences)

    def logits_of(self, seen: Prefix, tokens: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """See `language.logits_after`."""
        return logits_after(self, seen, tokens, valid)

    def inputs_of(self, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """The batch, and whether positions are interpolated."""
        height, width = batch["pixel_values"].shape[-2:]
        return {**batch, "interpolate_pos_encoding": self.needs_interpolation(height, width)}

    def save(self, folder: Path, settings: CaptionerSettings) -> Path:
        """In the format that `load_backbone` and plain transformers read."""
        import transformers
        from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

        size = {"height": self.image_size, "width": self.image_size}
        images = BlipImageProcessorPil(
            size=size, image_mean=list(self.statistics.mean), image_std=list(self.statistics.std)
        )
        blip2_processor: Any = transformers.Blip2Processor
        processor = blip2_processor(
            images, self.tokenizer, num_query_tokens=self.model.config.num_query_tokens
        )
        with atomic_path(folder) as partial, quiet():
            self.model.save_pretrained(partial)
            processor.save_pretrained(partial)
            write_settings(partial, settings)
        return folder


def read_blip2(
    source: ModelSource,
    values: dict[str, Any],
    device: Choice,
    dtype: Choice,
    attention: str | None,
    *,
    in_float32: bool = False,
) -> Blip2Backbone:
    """Read a BLIP-2 checkpoint and check that its parts agree.

    Args:
        source: Where it is.
        values: Of its `config.json`.
        device: Where to.
        dtype: Type of the weights.
        attention: `sdpa`, `eager`, `flex_attention` or None for transformers' own choice.
        in_float32: Compute in float32 on every CPU; else on those that have no units for bfloat16.

    Raises:
        ModelError: Its weights are incomplete, or its parts disagree.
    """
    import transformers

    config = _read_config(source, values)
    tokenizer = read_tokenizer(source)  # what is small before what is heavy
    processor = read_processor_settings(source)
    statistics = image_statistics(source, processor)
    network = read_network(
        transformers.Blip2ForConditionalGeneration, source, config, device.value, dtype.value, attention
    )
    if device.value == "cpu" and dtype.value != "float32" and (in_float32 or not computes_in_bfloat16()):
        compute_in_float32(network)
        why = "" if in_float32 else ", for want of units for it"
        dtype = Choice(dtype.value, f"{dtype.reason}; computed in float32, layer by layer{why}")
    with foreign(f"model '{source.name}'"):
        text_format = text_format_of(source, network.config, tokenizer, processor)
    return Blip2Backbone(network, tokenizer, source, statistics, text_format, device, dtype)


def _read_config(source: ModelSource, values: dict[str, Any]) -> Any:
    from transformers import Blip2Config

    check_shape(values, f"model '{source.name}': its config.json")
    with loading(source):
        config: Any = Blip2Config.from_dict(values)
        check_promise(config, source.folder, f"model '{source.name}'")
    if not isinstance(config.vision_config.image_size, int) or not isinstance(
        config.vision_config.patch_size, int
    ):
        raise ModelError(
            f"model '{source.name}': image_size and patch_size must be whole numbers in its config.json"
        )
    return config


def new_blip2(**settings: Any) -> Any:
    """A BLIP-2 with random weights from the settings of `Blip2Config`, to be trained from scratch."""
    from transformers import Blip2Config, Blip2ForConditionalGeneration

    config = Blip2Config(**settings)
    config.initializer_range = settings.get("initializer_range", config.initializer_range)
    return Blip2ForConditionalGeneration(config)


def new_processor(tokenizer: Any, image_size: int, query_tokens: int) -> Any:
    """A BLIP-2 processor that brings pixels to -1..1, to be saved beside a new network."""
    import transformers
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    images = BlipImageProcessorPil(
        size={"height": image_size, "width": image_size},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )
    blip2_processor: Any = transformers.Blip2Processor
    return blip2_processor(images, tokenizer, num_query_tokens=query_tokens)
