"""From joint images and captions to the tensors that a backbone reads: the only preprocessing and maker of labels.

For training and inference alike. What comes in are pairs of images, token ids of prompts and captions, and what
the backbone says of its pixels (`ImageStatistics`) and special tokens (`TextFormat`); what goes out are batches of
tensors.
A label counts only where a caption token stands: image tokens, prompt and padding are -100 (the released BLIP2IDC
code trains on padding).

Shapes: B batch, H/W joint image, T text tokens, Q image tokens.

Paper: Evennou et al., WACV 2025, arXiv 2412.15939 (joint encoding); Li et al., arXiv 2301.12597 (BLIP-2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

import numpy as np
import torch

from blip2idc.data.conventions import ImageStatistics, TextFormat
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "IGNORED",
    "MAX_CAPTION_TOKENS",
    "CaptionCollator",
    "CaptionFormat",
    "Example",
    "ImageStatistics",
    "Preprocessor",
    "TextFormat",
]

#: Label of a position that does not count, as in `torch.nn.functional.cross_entropy`.
IGNORED = -100

MAX_CAPTION_TOKENS = 64


class Example(TypedDict):
    """One item of a data set."""

    id: str
    pixels: npt.NDArray[np.uint8]
    caption: str


class CaptionFormat(Protocol):
    """What prompts and captions of a backbone are as tokens: `TextFormat` or `chat_format.ChatFormat`."""

    @property
    def end_token_id(self) -> int:
        """Ends a caption."""
        ...

    @property
    def pad_token_id(self) -> int:
        """Fills batches."""
        ...

    @property
    def decoder_start_token_id(self) -> int | None:
        """First input of a decoder; None for a decoder-only language model."""
        ...

    @property
    def encoder_decoder(self) -> bool:
        """Whether the language model has an encoder for the prompt and a decoder for the caption."""
        ...

    def prompt_tokens(self, prompt: str, tokenizer: Any) -> list[int]:
        """Tokens of the whole prompt, image tokens included."""
        ...

    def caption_tokens(self, caption: str, tokenizer: Any, *, after_prompt: bool = False) -> list[int]:
        """Tokens of a caption with the end token."""
        ...


@dataclass(frozen=True)
class Preprocessor:
    """Pairs of images to normalised joint images.

    Attributes:
        layout: Geometry of the joint image.
        statistics: Of the backbone's pixels.
    """

    layout: JointLayout
    statistics: ImageStatistics

    def join(self, pair: ImagePair) -> npt.NDArray[np.uint8]:
        """The joint image of a pair, uint8 [H, W, 3]."""
        return np.asarray(self.layout.join(pair.before, pair.after))

    def pixel_values(self, joints: Sequence[npt.NDArray[np.uint8]]) -> torch.Tensor:
        """Normalise joint images, float32 [B, 3, H, W].

        Args:
            joints: B joint images, uint8 [H, W, 3].
        """
        return torch.from_numpy(self.statistics.normalised(joints))

    def __call__(self, pairs: Iterable[ImagePair]) -> torch.Tensor:
        """Join and normalise, float32 [B, 3, H, W]."""
        return self.pixel_values([self.join(pair) for pair in pairs])


@dataclass(frozen=True)
class CaptionCollator:
    """Examples to a batch with labels.

    Attributes:
        preprocessor: For the pixels.
        text_format: Special tokens.
        tokenizer: Of the language model.
        prompt: Text between image and caption.
        max_caption_tokens: Longer captions are cut, end token included.
    """

    preprocessor: Preprocessor
    text_format: CaptionFormat
    tokenizer: Any
    prompt: str = ""
    max_caption_tokens: int = MAX_CAPTION_TOKENS

    def __call__(self, examples: Sequence[Example]) -> dict[str, torch.Tensor]:
        """Make a batch.

        Returns:
            `pixel_values` [B, 3, H, W], `input_ids` and `attention_mask` [B, Q + T], and `labels`: [B, Q + T] in
            line with `input_ids` (OPT), or [B, T] in line with the decoder's outputs, with `decoder_input_ids`
            (T5).
        """
        captions = [self._caption(example["caption"]) for example in examples]
        batch = (
            self._for_decoder(captions)
            if self.text_format.encoder_decoder
            else self._in_one_sequence(captions)
        )
        batch["pixel_values"] = self.preprocessor.pixel_values([example["pixels"] for example in examples])
        return batch

    @cached_property
    def _prompt_tokens(self) -> list[int]:
        return self.text_format.prompt_tokens(self.prompt, self.tokenizer)

    def _caption(self, caption: str) -> list[int]:
        tokens = self.text_format.caption_tokens(caption, self.tokenizer, after_prompt=bool(self.prompt))
        return tokens[: self.max_caption_tokens]

    def _in_one_sequence(self, captions: list[list[int]]) -> dict[str, torch.Tensor]:
        prompt = self._prompt_tokens
        rows = [prompt + caption for caption in captions]
        return {
            "input_ids": _padded(rows, self.text_format.pad_token_id),
            "attention_mask": _padded([[1] * len(row) for row in rows], 0),
            "labels": _padded([[IGNORED] * len(prompt) + caption for caption in captions], IGNORED),
        }

    def _for_decoder(self, captions: list[list[int]]) -> dict[str, torch.Tensor]:
        start = self.text_format.decoder_start_token_id
        assert start is not None
        prompts = torch.tensor([self._prompt_tokens] * len(captions))
        return {
            "input_ids": prompts,
            "attention_mask": torch.ones_like(prompts),
            "labels": _padded(captions, IGNORED),
            "decoder_input_ids": _padded(
                [[start, *caption[:-1]] for caption in captions], self.text_format.pad_token_id
            ),
        }


def _padded(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
    """Rows of numbers as one int64 tensor [B, T], filled on the right."""
    length = max(len(row) for row in rows)
    return torch.tensor([[*row, *[fill] * (length - len(row))] for row in rows], dtype=torch.int64)
