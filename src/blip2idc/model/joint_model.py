"""The backbone on joint images: each is encoded once, and what is made of it serves every question after that.

In: a backbone and the captioner's settings. Out: `Encoded` batches of joint images, for which the backbone keeps
what it saw, and the log-odds that something changed. The captioner asks it for captions; `explain/` asks it why.

Shapes: B pairs, P patches, Q image tokens, D width of the language model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from blip2idc.data.collate import Preprocessor
from blip2idc.images.joint import JointArray, JointLayout
from blip2idc.model.backbone import Backbone
from blip2idc.model.calibration import CERTAIN


@dataclass(frozen=True, eq=False)
class Encoded:
    """A batch of joint images that the backbone has seen.

    Attributes:
        joints: B joint images.
        seen: What the backbone made of them, a `backbone.Seen` of its family.
    """

    joints: tuple[JointArray, ...]
    seen: Any

    def __len__(self) -> int:
        return len(self.joints)

    def rows(self, wanted: Sequence[int]) -> Encoded:
        """Some of the pairs, in that order."""
        chosen = list(wanted)
        return Encoded(tuple(self.joints[row] for row in chosen), self.seen.rows(chosen))


class JointModel:
    """A backbone that looks at joint images.

    Args:
        backbone: With the adapter merged in, or without one.
        layout: Of the joint images.
        prompt: Text between image and caption.
        no_change_captions: Sentences by which this model says that nothing changed.
    """

    def __init__(
        self,
        backbone: Backbone,
        layout: JointLayout,
        prompt: str = "",
        no_change_captions: Sequence[str] = (),
    ) -> None:
        self.backbone = backbone
        self.layout = layout
        self.prompt = prompt
        self.no_change_captions = tuple(no_change_captions)
        self.preprocessor = Preprocessor(layout, backbone.statistics)

    @property
    def cells(self) -> tuple[int, int]:
        """(rows, columns) of patch cells of a joint image."""
        return self.layout.grid(self.backbone.patch_size)

    @cached_property
    def no_change_tokens(self) -> list[list[int]]:
        """The no-change sentences as tokens, each once."""
        text_format, tokenizer = self.backbone.text_format, self.backbone.tokenizer
        tokens = [
            text_format.caption_tokens(caption, tokenizer, after_prompt=bool(self.prompt))
            for caption in self.no_change_captions
        ]
        return [list(sentence) for sentence in dict.fromkeys(tuple(sentence) for sentence in tokens)]

    def encode(self, joints: Sequence[JointArray]) -> Encoded:
        """See a batch of joint images, once for every question after that.

        Args:
            joints: B joint images of this layout, uint8 [H, W, 3].
        """
        return Encoded(tuple(joints), self.backbone.look(self.preprocessor.pixel_values(joints), self.prompt))

    def log_odds(self, seen: Any) -> torch.Tensor:
        """Log-odds that the model would say something other than a no-change sentence, [B]."""
        return change_log_odds(self.backbone.score(seen, self.no_change_tokens))


def change_log_odds(sentence_scores: torch.Tensor) -> torch.Tensor:
    """Log-odds that the model would say something other than a no-change sentence.

    Args:
        sentence_scores: Log-probability of each no-change sentence, [B, K].

    Returns:
        log((1 - p0) / p0), [B]; positive where something else is likelier.
    """
    no_change = sentence_scores.double().logsumexp(dim=-1).clamp(max=math.log1p(-CERTAIN))
    return torch.log(-torch.expm1(no_change)) - no_change
