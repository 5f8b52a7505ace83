"""Captions token by token: which word a token belongs to, how likely it is, and how much that depends on the change.

In: the captions a captioner gave. Out: their words, the log-probability of every token while the caption is read out
to the language model again, and a weight for each token: how much likelier it is for this pair than for a pair of
twice the same image. `the` and `has been` weigh nothing, `red` and `added` weigh a lot: the content words localise.

Shapes: B pairs, T tokens of a caption with its end token, P prompt tokens (image tokens included), V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from blip2idc.images.joint import JointArray
from blip2idc.model.backbone import Backbone, Seen
from blip2idc.model.explain.attention_recorder import seen_before
from blip2idc.model.joint_model import Encoded, JointModel

_NO_WORD = -1


@dataclass(frozen=True, eq=False)
class CaptionTokens:
    """The captions of a batch of pairs.

    Attributes:
        tokens: Token ids, the end token included, filled on the right, int64 [B, T].
        word_of: Index of the word that each token belongs to; -1 for the end token and what fills, int64 [B, T].
        valid: 1 where a token counts, the end token included, float32 [B, T].
        words: Of each caption; joined by spaces they are the caption.
    """

    tokens: torch.Tensor
    word_of: torch.Tensor
    valid: torch.Tensor
    words: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, backbone: Backbone, captions: Sequence[Sequence[int]]) -> CaptionTokens:
        """Take captions apart.

        Args:
            backbone: That said them.
            captions: The tokens of each, without special tokens at either end.
        """
        length = 1 + max(len(caption) for caption in captions)
        device = backbone.model.device
        tokens = torch.full((len(captions), length), backbone.text_format.pad_token_id)
        word_of = torch.full_like(tokens, _NO_WORD)
        valid = torch.zeros(tokens.shape)
        words = []
        for row, caption in enumerate(captions):
            said = [*caption, backbone.text_format.end_token_id]
            tokens[row, : len(said)] = torch.tensor(said)
            valid[row, : len(said)] = 1.0
            words.append(tuple(backbone.tokenizer.decode(list(caption), skip_special_tokens=True).split()))
            places = _words_of_tokens(backbone.tokenizer, caption, len(words[-1]))
            word_of[row, : len(places)] = torch.tensor(places, dtype=torch.int64)
        return cls(tokens.to(device), word_of.to(device), valid.to(device), tuple(words))

    def word_masks(self) -> torch.Tensor:
        """1 at the tokens of each word, float32 [B, W, T]; all 0 where a caption has fewer words."""
        index = torch.arange(max(len(words) for words in self.words), device=self.word_of.device)
        return (self.word_of[:, None] == index[:, None]).to(self.valid.dtype)

    def rows(self, pairs: Sequence[int]) -> CaptionTokens:
        """The captions of some pairs, in that order; a pair may occur more than once."""
        chosen = list(pairs)
        words = tuple(self.words[pair] for pair in chosen)
        return CaptionTokens(self.tokens[chosen], self.word_of[chosen], self.valid[chosen], words)


def _words_of_tokens(tokenizer: Any, tokens: Sequence[int], words: int) -> list[int]:
    """Which word each token belongs to: the last one that has begun when the caption is read up to that token."""
    if words == 0:
        return [_NO_WORD] * len(tokens)
    begun = [
        len(tokenizer.decode(list(tokens[: end + 1]), skip_special_tokens=True).split())
        for end in range(len(tokens))
    ]
    return [min(max(count - 1, 0), words - 1) for count in begun]


def token_log_probabilities(backbone: Backbone, seen: Seen, spoken: CaptionTokens) -> torch.Tensor:
    """How likely every token of each caption is after its joint image, the prompt, and the tokens before it.

    Args:
        backbone: The backbone.
        seen: B pairs.
        spoken: Their captions.

    Returns:
        Natural logarithms, float32 [B, T]; 0 where `valid` is 0.
    """
    logits = backbone.logits_of(seen, spoken.tokens, spoken.valid)
    chosen = logits.float().log_softmax(dim=-1).gather(-1, spoken.tokens[..., None])[..., 0]
    return chosen * spoken.valid


def dependence_on_change(
    model: JointModel, encoded: Encoded, spoken: CaptionTokens, *, roughly: bool = False
) -> torch.Tensor:
    """How much each token owes to the change: its log-probability, minus that for twice the same image.

    Args:
        model: That said the captions.
        encoded: B joint images.
        spoken: Their captions.
        roughly: What the ViT made of an image is put in the place of the other, instead of being seen there anew.
            Several times faster, and boxes of the maps are as good (docs/localization.md). For a BLIP-2 that sees joint
            images; with others it is exact all the same.

    Returns:
        Nats, at least 0, float32 [B, T]; the unchanged pair is the mean over before twice and after twice.
    """
    with torch.inference_mode():
        actual = token_log_probabilities(model.backbone, encoded.seen, spoken)
        patches = _patches(model, encoded) if roughly else None
        unchanged = []
        for part in (0, 1):
            if patches is None:
                twice = model.encode([_twice(model, joint, part) for joint in encoded.joints])
            else:
                with seen_before(model.backbone.model.vision_model, one_for_both(model, patches, part)):
                    twice = model.encode(encoded.joints)
            unchanged.append(token_log_probabilities(model.backbone, twice.seen, spoken))
        gain = actual - (torch.logaddexp(*unchanged) - math.log(2))
    return gain.clamp(min=0).clone() * spoken.valid


def _patches(model: JointModel, encoded: Encoded) -> torch.Tensor | None:
    """What the ViT made of joint images, [B, 1 + P, width]; None where it did not see each of them as one picture."""
    patches: torch.Tensor | None = getattr(encoded.seen, "patches", None)
    rows, columns = model.cells
    if patches is None or patches.shape[:2] != (len(encoded), 1 + rows * columns):
        return None
    return patches


def one_for_both(model: JointModel, patches: torch.Tensor, part: int) -> torch.Tensor:
    """The patches of one image in the place of those of the other.

    Args:
        model: With the layout.
        patches: [B, 1 + P, width].
        part: 0 for the image before, 1 for that after.
    """
    rows, columns = model.cells
    chosen = np.arange(1, 1 + rows * columns).reshape(rows, columns)
    halves = model.layout.split_grid(chosen)
    halves[1 - part][...] = halves[part]
    return torch.cat([patches[:, :1], patches[:, chosen.ravel()]], dim=1)


def _twice(model: JointModel, joint: JointArray, part: int) -> JointArray:
    """The joint image of one image with itself."""
    twice = joint.copy()
    halves = model.layout.split(twice)
    halves[1 - part][...] = halves[part]
    return twice
