"""The backbone on joint images: each is encoded once, and what is made of it serves every question after that.

In: a backbone and the captioner's settings. Out: `Encoded` batches of joint images, whose prefix the language model
reads, and the log-odds that something changed. The captioner asks it for captions; `explain/` asks it why.

Shapes: B pairs, P patches, Q image tokens, D width of the language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from blip2idc.data.collate import Preprocessor
from blip2idc.images.joint import JointArray, JointLayout
from blip2idc.model.backbone import Backbone
from blip2idc.model.calibration import change_log_odds
from blip2idc.model.language import Prefix, make_prefix, score_sentences


@dataclass(frozen=True, eq=False)
class Encoded:
    """A batch of joint images that the backbone has seen.

    Attributes:
        joints: B joint images.
        patches: What the ViT made of them, [B, 1 + P, width of the ViT]; two streams have twice as many rows, first
            those of before.
        prefix: What the language model reads.
    """

    joints: tuple[JointArray, ...]
    patches: torch.Tensor
    prefix: Prefix

    def __len__(self) -> int:
        return len(self.joints)

    def rows(self, wanted: Sequence[int]) -> Encoded:
        """Some of the pairs, in that order."""
        chosen = list(wanted)
        streams = self.patches.view(-1, len(self), *self.patches.shape[1:])
        patches = streams[:, chosen].flatten(0, 1)
        return Encoded(tuple(self.joints[row] for row in chosen), patches, self.prefix.rows(chosen))


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
        """See a batch of joint images: ViT, Q-Former, and the encoder of the language model where there is one.

        Args:
            joints: B joint images of this layout, uint8 [H, W, 3].
        """
        queries, patches = self.backbone.look(self.preprocessor.pixel_values(joints))
        return Encoded(tuple(joints), patches, make_prefix(self.backbone, queries, self.prompt))

    def log_odds(self, prefix: Prefix) -> torch.Tensor:
        """Log-odds that the model would say something other than a no-change sentence, [B]."""
        return change_log_odds(score_sentences(self.backbone, prefix, self.no_change_tokens))
