"""What would the captioner say if this place had not changed? The slow check of all faster heatmaps.

In: a joint model, a joint image and what was said of it. Out: one value a patch cell: how much the log-odds of change
and the probability of the words fall when a block of cells is filled with what the *other* image shows there, so
that the block holds no change any more. (A grey block would be a change itself.) It needs no attention and no
gradients, only one forward pass a block.

Shapes: B pairs, P patches, T text tokens, W words, R variants with one block filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from blip2idc.images.joint import JointArray
from blip2idc.model.explain.relevance import Relevance
from blip2idc.model.explain.token_scores import CaptionTokens, token_log_probabilities
from blip2idc.model.joint_model import Encoded, JointModel

#: Steps along the shorter side of an image: fine enough for an object, few enough to wait for.
_BLOCKS = 4

#: Joint images that go through the model together.
_BATCH = 32


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

    def filled(self, model: JointModel, joint: JointArray) -> JointArray:
        """The joint image with this block filled from the other image."""
        size = model.backbone.patch_size
        place = tuple(slice(cells.start * size, cells.stop * size) for cells in (self.rows, self.columns))
        variant = joint.copy()
        halves = model.layout.split(variant)
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
    model: JointModel,
    encoded: Encoded,
    spoken: CaptionTokens,
    weights: torch.Tensor,
    *,
    words: bool,
) -> Relevance:
    """Explain one batch by filling blocks.

    Args:
        model: That said the captions.
        encoded: B joint images.
        spoken: Their captions.
        weights: From `dependence_on_change`, [B, T].
        words: Whether single words are wanted.
    """
    size, joints = model.backbone.patch_size, encoded.joints
    rows, columns = (side // size for side in model.layout.part_size)
    plan = occlusion_blocks(rows, columns)
    masks = spoken.word_masks() if words else weights.new_zeros(len(joints), 0, weights.shape[1])  # [B, W, T]
    pairs = range(len(joints))
    with torch.inference_mode():
        whole = _scores(model, encoded, spoken, pairs, weights, masks)  # [B, 1 + W]
        jobs = [(pair, block) for pair in pairs for block in plan]
        drops = []
        for start in range(0, len(jobs), _BATCH):
            part = jobs[start : start + _BATCH]
            variants = model.encode([block.filled(model, joints[pair]) for pair, block in part])
            of = [pair for pair, _ in part]
            drops.append(whole[of] - _scores(model, variants, spoken, of, weights, masks))
        found = torch.cat(drops).view(len(joints), len(plan), -1).clamp(min=0)  # [B, R, 1 + W]
        values = torch.einsum("brw,rp->bwp", found, _coverage(model, plan).to(found))
    return Relevance(values[:, 0].clone(), values[:, 1:].clone())


def _scores(
    model: JointModel,
    encoded: Encoded,
    spoken: CaptionTokens,
    of: Sequence[int],
    weights: torch.Tensor,
    masks: torch.Tensor,
) -> torch.Tensor:
    """How well each joint image supports the sentence and the words of pair `of[r]`: [R, 1 + W]."""
    rows = list(of)
    tokens = token_log_probabilities(model.backbone, encoded.seen, spoken.rows(rows))  # [R, T]
    sentence = model.log_odds(encoded.seen) + (weights[rows] * tokens).sum(dim=1)
    by_word = torch.einsum("rt,rwt->rw", tokens, masks[rows])
    return torch.cat([sentence[:, None].to(by_word), by_word], dim=1)


def _coverage(model: JointModel, plan: Sequence[Block]) -> torch.Tensor:
    """Share that each block has in each cell of the joint image, [R, P]; the shares of a cell add up to one."""
    covered = np.zeros((len(plan), *model.cells), dtype=np.float32)
    halves = model.layout.split_grid(covered)
    for number, block in enumerate(plan):
        halves[block.part][number, block.rows, block.columns] = 1.0
    return torch.from_numpy((covered / covered.sum(axis=0)).reshape(len(plan), -1))
