"""What would the captioner say if this place had not changed? Occlusion to first order, by one backward pass.

In: a joint model, joint images and what was said of them. Out: one value a patch cell: how much the log-odds of change
and the probability of the words would fall if the pixels of the cell became those that the *other* image shows there,
as the gradient at the joint image tells: the difference between both images, pixel by pixel, weighted by it. It needs
no attention, so that it works with every backbone; what it says is exact for small differences only.

Shapes: B pairs, P patch cells, W words, T text tokens, H/W joint image.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from blip2idc.images.joint import JointArray
from blip2idc.model.explain.relevance import Relevance
from blip2idc.model.explain.token_scores import CaptionTokens, token_log_probabilities
from blip2idc.model.joint_model import Encoded, JointModel


def gradient(
    model: JointModel, encoded: Encoded, spoken: CaptionTokens, weights: torch.Tensor, *, words: bool
) -> Relevance:
    """Explain one batch by the gradient of what was said.

    Args:
        model: That said the captions.
        encoded: B joint images.
        spoken: Their captions.
        weights: From `dependence_on_change`, [B, T].
        words: Whether single words are wanted.
    """
    joints, backbone = encoded.joints, model.backbone
    exchanged = model.preprocessor.pixel_values([_exchanged(model, joint) for joint in joints])
    with torch.enable_grad(), _without_weights(backbone.model):
        pixels = model.preprocessor.pixel_values(joints).requires_grad_()  # [B, 3, H, W]
        seen = backbone.look(pixels, model.prompt)
        scores = token_log_probabilities(backbone, seen, spoken)
        sentence = model.log_odds(seen).sum() + (weights * scores).sum()
        targets = [sentence]
        if words:
            targets += [(mask * scores).sum() for mask in spoken.word_masks().unbind(dim=1)]
        slopes = [torch.autograd.grad(target, pixels, retain_graph=True)[0] for target in targets]
    change = exchanged - pixels.detach()
    falls = [_by_cell(model, -(slope * change).sum(dim=1)) for slope in slopes]
    by_word = (
        torch.stack(falls[1:], dim=1)
        if len(falls) > 1
        else falls[0].new_zeros(len(joints), 0, falls[0].shape[1])
    )
    return Relevance(falls[0], by_word)


def _exchanged(model: JointModel, joint: JointArray) -> JointArray:
    """The joint image with both images in each other's place."""
    halves = model.layout.split(joint)
    other = np.empty_like(joint)
    for part, half in zip(model.layout.split(other), reversed(halves), strict=True):
        part[...] = half
    return other


def _by_cell(model: JointModel, values: torch.Tensor) -> torch.Tensor:
    """Values [B, H, W] added up in every patch cell, what is below zero left out, [B, P]."""
    rows, columns = model.cells
    side = model.backbone.patch_size
    return values.reshape(len(values), rows, side, columns, side).sum(dim=(2, 4)).clamp(min=0).flatten(1)


@contextmanager
def _without_weights(network: torch.nn.Module) -> Iterator[None]:
    """No weight takes gradients inside the block, which saves their memory."""
    wanted = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in wanted:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in wanted:
            parameter.requires_grad_(True)
