"""What a backbone is: everything that captioner, training, calibration, explanation and adapters ask of a model.

One class a family of models implements it. What comes in are normalised joint images and token ids; what goes out are
captions, log-probabilities and logits. Nobody above needs to know how a family feeds images to its language model.

Shapes: B joint images, K sentences, T tokens of a sentence, V vocabulary, H/W joint image.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import torch

from blip2idc.data.collate import CaptionFormat, ImageStatistics
from blip2idc.images.joint import JointLayout
from blip2idc.model.files.checkpoint import ModelSource
from blip2idc.model.files.settings import CaptionerSettings, Decoding, Merge
from blip2idc.runtime import Choice


class Seen(Protocol):
    """Joint images that a backbone has looked at, with the prompt; read once, asked many times."""

    def __len__(self) -> int: ...

    def rows(self, wanted: Sequence[int]) -> Self:
        """Some of the pairs, in that order."""
        ...


@dataclass(frozen=True)
class Projections:
    """Linear layers of one part of a network, as regular expressions over module paths.

    Attributes:
        where: Beginning of their paths.
        attention: Names of the query, key and value projections (or of the fused one).
        other: Names of the other linear layers.
    """

    where: str
    attention: str
    other: str

    def pattern(self, layers: str | None) -> str:
        """What a module's path must match: `attention`, or with `linear` every linear layer."""
        if layers == "linear":
            return rf"{self.where}(.*\.)?({self.attention}|{self.other})"
        return rf"{self.where}.*\.({self.attention})"


@dataclass(frozen=True)
class Backbone(ABC):
    """A loaded model and everything needed to feed it.

    Attributes:
        model: The network, in evaluation mode; a `PeftModel` around it while an adapter is trained.
        tokenizer: Of its language model.
        source: Where it came from.
        statistics: Mean and standard deviation of its pixels.
        text_format: What prompts and captions are as tokens.
        device: Device and the reason for it.
        dtype: Type of the weights and the reason for it.
        cross_attention: Whether its image tokens come from cross-attention over the patches, which heatmaps can be read
            from.
    """

    model: Any
    tokenizer: Any
    source: ModelSource
    statistics: ImageStatistics
    text_format: CaptionFormat
    device: Choice
    dtype: Choice

    cross_attention: ClassVar[bool] = False

    @property
    def default_prompt(self) -> str:
        """What is asked where no prompt is given."""
        return ""

    @property
    @abstractmethod
    def patch_size(self) -> int:
        """Side of a cell in pixels: the least that it tells apart by place."""

    @property
    @abstractmethod
    def language_model(self) -> Any:
        """The language model inside."""

    @property
    @abstractmethod
    def projections(self) -> Mapping[str, Projections]:
        """Part (`vision`, `qformer`, `language`) -> what an adapter can be put on there."""

    @abstractmethod
    def default_layout(self, *, two_stream: bool = False) -> JointLayout:
        """Vertical, at the size that the model likes.

        Args:
            two_stream: The images are encoded apart; each gets what a joint image gets otherwise.
        """

    @abstractmethod
    def arranged(self, layout: JointLayout, *, two_stream: bool, merge: Merge = "concat") -> Self:
        """The same backbone for joint images of one layout.

        Args:
            layout: Of every joint image to come.
            two_stream: Whether it is to take them apart and encode each half alone.
            merge: How the two become one sequence then.

        Raises:
            Blip2idcError: It cannot see joint images of that size.
        """

    @abstractmethod
    def look(self, pixel_values: torch.Tensor, prompt: str) -> Seen:
        """See joint images and read the prompt.

        Args:
            pixel_values: Normalised joint images, [B, 3, H, W].
            prompt: Text between image and caption.
        """

    @abstractmethod
    def generate(self, seen: Any, decoding: Decoding) -> list[list[int]]:
        """Find a caption for each pair: B token sequences without special tokens at either end.

        Args:
            seen: From `look`.
            decoding: How it is searched for.
        """

    @abstractmethod
    def score(self, seen: Any, sentences: Sequence[Sequence[int]]) -> torch.Tensor:
        """How likely each of K sentences is after each of B pairs.

        Args:
            seen: From `look`.
            sentences: K token sequences, each with its end token.

        Returns:
            Natural logarithm of the probability of each whole sentence, float32 [B, K].
        """

    @abstractmethod
    def logits_of(self, seen: Any, tokens: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """What is expected in place of every token of one caption a pair.

        Args:
            seen: From `look`, B pairs.
            tokens: Captions, each with its end token, filled on the right, [B, T].
            valid: 1 where a token counts, [B, T].

        Returns:
            Logits, [B, T, V].
        """

    @abstractmethod
    def inputs_of(self, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """What the network's `forward` takes for a batch of `CaptionCollator` without its labels."""

    @abstractmethod
    def save(self, folder: Path, settings: CaptionerSettings) -> Path:
        """Save in the family's own format, with `blip2idc.json`; the folder appears whole.

        Args:
            folder: Where to; replaced if it is there.
            settings: Written as `blip2idc.json`.
        """

    def parameter_count(self) -> int:
        """Number of weights."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def with_model(self, model: Any) -> Self:
        """The same backbone around another network, such as one with an adapter."""
        return replace(self, model=model)

    def describe(self) -> str:
        """One line for logs: name, device and type with their reasons."""
        return (
            f"{self.source.name}: {self.parameter_count():,} parameters, device {self.device.value}"
            f" ({self.device.reason}), dtype {self.dtype.value} ({self.dtype.reason})"
        )


def enable_gradient_checkpointing(backbone: Backbone) -> None:
    """Recompute activations in the backward pass instead of keeping them; newer transformers renamed the method."""
    model = backbone.model
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})  # the other kind drops gradients of adapters behind frozen inputs
