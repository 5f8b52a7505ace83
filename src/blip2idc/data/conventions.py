"""What a backbone says of its pixels and of its special tokens; without torch, for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from blip2idc.config import Range

_CHANNELS = 3
_MEAN = Annotated[float, Range(-1e3, 1e3)]
_DEVIATION = Annotated[float, Range(1e-6, 1e3)]
#: What the statistics of a processor's file have to be, for `config.check_values`.
STATISTICS = {
    "image_mean": Annotated[tuple[_MEAN, _MEAN, _MEAN], "a list of three numbers"],
    "image_std": Annotated[tuple[_DEVIATION, _DEVIATION, _DEVIATION], "a list of three numbers"],
}


@dataclass(frozen=True)
class ImageStatistics:
    """Mean and standard deviation of each colour channel, for pixels in 0..1; the backbone's processor states them."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @cached_property
    def table(self) -> npt.NDArray[np.float32]:
        """Normalised value of every byte in every channel, float32 [3, 256].

        Rounded in the order in which transformers' PIL image processor rounds, so that looking a byte up gives the
        very same float.
        """
        scaled = (np.arange(256, dtype=np.float64) * (1 / 255)).astype(np.float32)
        mean = np.asarray(self.mean, dtype=np.float32)[:, None]
        std = np.asarray(self.std, dtype=np.float32)[:, None]
        table: npt.NDArray[np.float32] = (scaled[None, :] - mean) / std
        return table

    def normalised(self, joints: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Joint images as the backbone sees them, float32 [B, 3, H, W].

        Args:
            joints: B joint images, uint8 [H, W, 3].
        """
        stacked = np.stack(joints)  # [B, H, W, 3]
        values = np.empty((len(joints), _CHANNELS, *stacked.shape[1:3]), dtype=np.float32)
        for channel in range(_CHANNELS):
            np.take(self.table[channel], stacked[..., channel], out=values[:, channel])
        return values


@dataclass(frozen=True)
class TextFormat:
    """Special tokens of a backbone, as plain numbers.

    Attributes:
        image_token_id: Stands for one query output in a prompt.
        image_tokens: How many of them a prompt holds (Q; twice that where two images are encoded apart).
        start_token_id: First token after the image tokens (OPT: `</s>`; T5: the end of the empty prompt).
        end_token_id: Ends a caption (OPT in BLIP-2: a line feed).
        pad_token_id: Fills batches.
        decoder_start_token_id: First input of a decoder; None for a decoder-only language model.
    """

    image_token_id: int
    image_tokens: int
    start_token_id: int
    end_token_id: int
    pad_token_id: int
    decoder_start_token_id: int | None = None

    @property
    def encoder_decoder(self) -> bool:
        """Whether the language model has an encoder for the prompt and a decoder for the caption (T5)."""
        return self.decoder_start_token_id is not None

    def prompt_tokens(self, prompt: str, tokenizer: Any) -> list[int]:
        """Image tokens, and what follows them."""
        return [self.image_token_id] * self.image_tokens + self.prompt_suffix(prompt, tokenizer)

    def prompt_suffix(self, prompt: str, tokenizer: Any) -> list[int]:
        """What follows the image tokens in a prompt: start token and prompt (OPT), or prompt and end token (T5)."""
        text = tokenizer(prompt, add_special_tokens=False)["input_ids"] if prompt else []
        return [*text, self.start_token_id] if self.encoder_decoder else [self.start_token_id, *text]

    def caption_tokens(self, caption: str, tokenizer: Any, *, after_prompt: bool = False) -> list[int]:
        """Tokens of a caption with the end token.

        Args:
            caption: The text; white space around it is dropped.
            tokenizer: Of the language model.
            after_prompt: A text prompt stands before it, so that byte-pair tokens of its first word carry a space.
        """
        text = caption.strip()
        if after_prompt and not self.encoder_decoder:
            text = " " + text
        return [*tokenizer(text, add_special_tokens=False)["input_ids"], self.end_token_id]
