"""Load a BLIP-2 backbone: network, tokenizer, image statistics, and the token ids that hold them together.

For every command that runs or trains a model. What comes in is a hub id or a folder; what goes out is a
`Backbone`, whose
parts have been compared with one another: the image token, the number of query tokens and the size of the
vocabulary are stated in several files of a checkpoint, and a disagreement is refused instead of resolved silently.
Only tensors are read (safetensors, or `torch.load(weights_only=True)` where a checkpoint has nothing else), and no
code of a repository is run. This is the only module that imports BLIP-2 from transformers.

Paper: Li et al., BLIP-2, ICML 2023, arXiv 2301.12597.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from blip2idc.data.collate import ImageStatistics, TextFormat
from blip2idc.errors import ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.checkpoint import (
    ModelSource,
    image_statistics,
    loading,
    quiet,
    read_processor_settings,
    read_tokenizer,
    refuse_misspelt_folder,
    text_format_of,
)
from blip2idc.model.foreign import foreign
from blip2idc.model.network_size import check_promise, check_shape
from blip2idc.model.settings import CaptionerSettings, write_settings
from blip2idc.runs.files import atomic_path
from blip2idc.runtime import Choice, choose_device, choose_dtype

TINY_MODEL = Path(__file__).resolve().parent.parent / "assets" / "tiny"
"""The model in the package: `backbone/` and `adapters/`."""
TINY_NAME = "tiny"

PINNED_REVISIONS = {"Salesforce/blip2-opt-2.7b": "51572668da0eb669e01a189dc22abe6088589a24"}
"""Revisions that this software was written against; used where the caller names none."""

ATTENTION_BACKENDS = ("sdpa", "eager", "flex_attention")


@dataclass(frozen=True)
class Backbone:
    """A loaded BLIP-2 and everything needed to feed it.

    Attributes:
        model: The network, a `Blip2ForConditionalGeneration` in evaluation mode.
        tokenizer: Of its language model.
        source: Where it came from.
        statistics: Mean and standard deviation of its pixels.
        text_format: Special token ids and the number of image tokens in a prompt.
        device: Device and the reason for it.
        dtype: Type of the weights and the reason for it.
    """

    model: Any
    tokenizer: Any
    source: ModelSource
    statistics: ImageStatistics
    text_format: TextFormat
    device: Choice
    dtype: Choice

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

    def default_layout(self) -> JointLayout:
        """Vertical, at the resolution that the positions were made for."""
        return JointLayout("vertical", self.image_size, self.image_size)

    def needs_interpolation(self, height: int, width: int) -> bool:
        """Whether a joint image of this size needs interpolated positions."""
        return (height, width) != (self.image_size, self.image_size)

    def encode(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Joint images to the prefix that the language model reads, [B, Q, D]; see `look`."""
        return self.look(pixel_values)[0]

    def look(self, pixel_values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See joint images.

        Args:
            pixel_values: Normalised joint images, [B, 3, H, W].

        Returns:
            Projected query outputs, [B, Q, D], and what the ViT made of the patches, [B, 1 + P, width of the ViT].
        """
        height, width = pixel_values.shape[-2:]
        pixel_values = pixel_values.to(self.model.device)
        features = self.model.get_image_features(
            pixel_values, interpolate_pos_encoding=self.needs_interpolation(height, width), return_dict=True
        )
        return features.pooler_output, features.last_hidden_state

    def parameter_count(self) -> int:
        """Number of weights."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def with_model(self, model: Any) -> Backbone:
        """The same backbone around another network, such as one with an adapter."""
        return replace(self, model=model)

    def describe(self) -> str:
        """One line for logs: name, device and type with their reasons."""
        return (
            f"{self.source.name}: {self.parameter_count():,} parameters, device {self.device.value}"
            f" ({self.device.reason}), dtype {self.dtype.value} ({self.dtype.reason})"
        )


def load_backbone(
    model: str | Path | None = None,
    *,
    revision: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    attention: str | None = None,
) -> Backbone:
    """Load a BLIP-2 checkpoint and check that its parts agree.

    Args:
        model: Hub id or folder; None for the tiny model in the package.
        revision: Commit on the hub; None for the pinned one where there is one.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: `auto`, `float32`, `bfloat16`.
        attention: `sdpa`, `eager`, `flex_attention` (GPU) or None for transformers' own choice.

    Returns:
        The backbone, in evaluation mode.

    Raises:
        ModelError: There is no such model, its weights are incomplete, or its parts disagree.
    """
    source = locate_model(model, revision)
    check_attention(attention)
    device_choice = choose_device(device)
    if attention == "flex_attention" and device_choice.value == "cpu":
        raise ModelError(
            "attention 'flex_attention' on device cpu: torch 2.13 crashes there; choose sdpa or eager, or a GPU."
        )
    dtype_choice = choose_dtype(dtype, device_choice.value)
    config = _read_config(source)
    tokenizer = read_tokenizer(source)  # what is small before what is heavy
    processor = read_processor_settings(source)
    statistics = image_statistics(source, processor)
    network = _read_network(source, config, device_choice.value, dtype_choice.value, attention)
    with foreign(f"model '{source.name}'"):
        text_format = text_format_of(source, network.config, tokenizer, processor)
    return Backbone(network, tokenizer, source, statistics, text_format, device_choice, dtype_choice)


def is_packaged(model: str | Path | None) -> bool:
    """Whether the model in the package is meant: by None, or by its name where no folder has it."""
    return model is None or (str(model) == TINY_NAME and not Path(TINY_NAME).is_dir())


def locate_model(model: str | Path | None, revision: str | None = None) -> ModelSource:
    """Decide between the packaged model, a folder and a hub id.

    Args:
        model: What the user gave; None or `tiny` for the packaged model.
        revision: What the user gave.

    Raises:
        ModelError: It is neither a folder nor possibly a hub id.
    """
    if is_packaged(model):
        return ModelSource(TINY_NAME, str(TINY_MODEL / "backbone"))
    name = str(model)
    if Path(name).is_dir():
        return ModelSource(name, name)
    refuse_misspelt_folder("model", name)
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") != 1 or "\\" in name
    if looks_like_path:
        raise ModelError(
            f"model '{name}': no such folder, and a hub id has the form owner/name; check --model."
        )
    return ModelSource(name, name, revision or PINNED_REVISIONS.get(name))


def check_attention(attention: str | None) -> None:
    """Refuse an attention backend that BLIP-2 cannot run.

    Raises:
        ModelError: It is not among `ATTENTION_BACKENDS`.
    """
    if attention is not None and attention not in ATTENTION_BACKENDS:
        raise ModelError(
            f"attention '{attention}': BLIP-2 runs with {', '.join(ATTENTION_BACKENDS)} (its Q-Former stays in float32,"
            " which rules flash attention out); choose one of these."
        )


def _read_config(source: ModelSource) -> Any:
    from transformers import Blip2Config

    with loading(source):
        values, _ = Blip2Config.get_config_dict(source.location, revision=source.revision)
    if not isinstance(values, dict) or values.get("model_type") != "blip-2":
        values = values if isinstance(values, dict) else {}
        raise ModelError(
            f"model '{source.name}': its config.json says model_type '{values.get('model_type')}', but a BLIP-2"
            " ('blip-2') is needed; give a Blip2ForConditionalGeneration checkpoint."
        )
    check_shape(values, f"model '{source.name}': its config.json")
    with loading(source):
        config: Any = Blip2Config.from_dict(values)
        check_promise(config, source.folder, f"model '{source.name}'")
    if not isinstance(config.vision_config.image_size, int) or not isinstance(
        config.vision_config.patch_size, int
    ):
        raise ModelError(
            f"model '{source.name}': image_size and patch_size must be whole numbers in its config.json."
        )
    return config


def _read_network(source: ModelSource, config: Any, device: str, dtype: str, attention: str | None) -> Any:
    import transformers

    blip2: Any = transformers.Blip2ForConditionalGeneration
    settings: dict[str, Any] = {} if attention is None else {"attn_implementation": attention}
    if device.startswith("cuda"):
        settings["device_map"] = {
            "": device
        }  # weights go to the device as they are read, not through host memory
    with loading(source):
        network, report = blip2.from_pretrained(
            source.location,
            config=config,
            revision=source.revision,
            dtype=getattr(torch, dtype),
            weights_only=True,
            output_loading_info=True,
            **settings,
        )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"model '{source.name}': {len(missing)} weights are missing from its files (first: {missing[0]}),"
            " so it would run with random numbers in their place; give a complete checkpoint."
        )
    if not device.startswith("cuda"):
        network = network.to(device)
    return network.eval()


def enable_gradient_checkpointing(backbone: Backbone) -> None:
    """Recompute activations in the backward pass instead of keeping them; newer transformers renamed the method."""
    model = backbone.model
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})  # the other kind drops gradients of adapters behind frozen inputs


def save_backbone(backbone: Backbone, folder: Path, settings: CaptionerSettings) -> Path:
    """Save a backbone in the format that `load_backbone` and plain transformers read; the folder appears whole.

    Args:
        backbone: To save.
        folder: Where to; replaced if it is there.
        settings: Written as `blip2idc.json`.
    """
    import transformers
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    size = {"height": backbone.image_size, "width": backbone.image_size}
    statistics = backbone.statistics
    images = BlipImageProcessorPil(
        size=size, image_mean=list(statistics.mean), image_std=list(statistics.std)
    )
    blip2_processor: Any = transformers.Blip2Processor
    processor = blip2_processor(
        images, backbone.tokenizer, num_query_tokens=backbone.model.config.num_query_tokens
    )
    with atomic_path(folder) as partial, quiet():
        backbone.model.save_pretrained(partial)
        processor.save_pretrained(partial)
        write_settings(partial, settings)
    return folder


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
