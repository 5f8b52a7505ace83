"""What would the captioner say if this place had not changed? The slow check of all faster heatmaps.

In: a captioner, a joint image and what it said of it. Out: one value a patch cell: how much the log-odds of change and
the probability of the words fall when a block of cells is filled with what the *other* image shows there, so that the
block holds no change any more. (A grey block would be a change itself.) It needs no attention and no gradients, only
one forward pass a block.

Shapes: B pairs, P patches, T text tokens, W words, R variants with one block filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from blip2idc.model.language import make_prefix, score_sentences
from blip2idc.model.no_change import change_log_odds
from blip2idc.model.relevance import Relevance
from blip2idc.model.wording import Spoken, token_log_probabilities

if TYPE_CHECKING:
    import numpy.typing as npt

    from blip2idc.model.captioner import DifferenceCaptioner

_BLOCKS = 4
"""Steps along the shorter side of an image: fine enough for an object, few enough to wait for."""

_BATCH = 32
"""Joint images that go through the model together."""


@dataclass(frozen=True)
class Block:
    """A block of cells of one of the two images.

    Attributes:
        part: 0 before, 1 after.
        rows: Of that image's cells.
        columns: Of that image's cells.
    """

    part: int
    rows: slice
    columns: slice

    def filled(self, captioner: DifferenceCaptioner, joint: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The joint image with this block filled from the other image."""
        size = captioner.backbone.patch_size
        place = tuple(slice(cells.start * size, cells.stop * size) for cells in (self.rows, self.columns))
        variant = joint.copy()
        halves = captioner.layout.split(variant)
        halves[self.part][place] = halves[1 - self.part][place]
        return variant


def occlusion_blocks(rows: int, columns: int) -> list[Block]:
    """Overlapping blocks that cover the cells of both images, half a step beyond one another.

    Args:
        rows: Cells of one image.
        columns: Cells of one image.
    """
    step = max(1, round(min(rows, columns) / _BLOCKS))
    side = step + (step + 1) // 2
    return [
        Block(part, _clipped(top, side, rows), _clipped(left, side, columns))
        for part in (0, 1)
        for top in range(step - side, rows, step)
        for left in range(step - side, columns, step)
    ]


def _clipped(start: int, side: int, limit: int) -> slice:
    return slice(max(start, 0), min(start + side, limit))


def occlusion(
    captioner: DifferenceCaptioner,
    joints: Sequence[npt.NDArray[np.uint8]],
    spoken: Spoken,
    weights: torch.Tensor,
    *,
    words: bool,
) -> Relevance:
    """Explain one batch by filling blocks.

    Args:
        captioner: That said the captions.
        joints: B joint images, uint8 [H, W, 3].
        spoken: Their captions.
        weights: From `dependence_on_change`, [B, T].
        words: Whether single words are wanted.
    """
    size = captioner.backbone.patch_size
    rows, columns = (side // size for side in captioner.layout.part_size)
    plan = occlusion_blocks(rows, columns)
    masks = spoken.word_masks() if words else weights.new_zeros(len(joints), 0, weights.shape[1])  # [B, W, T]
    pairs = range(len(joints))
    whole = _scores(captioner, joints, spoken, pairs, weights, masks)  # [B, 1 + W]
    jobs = [(pair, block) for pair in pairs for block in plan]
    drops = []
    for start in range(0, len(jobs), _BATCH):
        part = jobs[start : start + _BATCH]
        variants = [block.filled(captioner, joints[pair]) for pair, block in part]
        of = [pair for pair, _ in part]
        drops.append(whole[of] - _scores(captioner, variants, spoken, of, weights, masks))
    found = torch.cat(drops).view(len(joints), len(plan), -1).clamp(min=0)  # [B, R, 1 + W]
    values = torch.einsum("brw,rp->bwp", found, _coverage(captioner, plan).to(found))
    return Relevance(values[:, 0], values[:, 1:])


def _scores(
    captioner: DifferenceCaptioner,
    joints: Sequence[npt.NDArray[np.uint8]],
    spoken: Spoken,
    of: Sequence[int],
    weights: torch.Tensor,
    masks: torch.Tensor,
) -> torch.Tensor:
    """How well each joint image supports the sentence and the words of pair `of[r]`: [R, 1 + W]."""
    backbone, rows = captioner.backbone, list(of)
    with torch.inference_mode():
        image_prefix = backbone.encode(captioner.preprocessor.pixel_values(joints))
        prefix = make_prefix(backbone, image_prefix, captioner.settings.prompt)
        tokens = token_log_probabilities(backbone, prefix, spoken.rows(rows))  # [R, T]
        odds = change_log_odds(score_sentences(backbone, prefix, captioner.no_change_tokens))
        sentence = odds + (weights[rows] * tokens).sum(dim=1)
        by_word = torch.einsum("rt,rwt->rw", tokens, masks[rows])
        scores = torch.cat([sentence[:, None].to(by_word), by_word], dim=1)
    return scores.clone()


def _coverage(captioner: DifferenceCaptioner, plan: Sequence[Block]) -> torch.Tensor:
    """Share that each block has in each cell of the joint image, [R, P]; the shares of a cell add up to one."""
    covered = np.zeros((len(plan), *captioner.layout.grid(captioner.backbone.patch_size)), dtype=np.float32)
    halves = captioner.layout.split_grid(covered)
    for number, block in enumerate(plan):
        halves[block.part][number, block.rows, block.columns] = 1.0
    return torch.from_numpy((covered / covered.sum(axis=0)).reshape(len(plan), -1))
