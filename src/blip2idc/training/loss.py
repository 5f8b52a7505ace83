"""The training loss: negative log-likelihood of caption tokens, averaged over caption tokens.

In: logits and labels of a batch. Out: a sum and a count, so that averages over accumulated steps and over processes are
averages over tokens, whatever the lengths of captions in each.
"""

from __future__ import annotations

import torch

from blip2idc.data.collate import IGNORED


def caption_loss(
    logits: torch.Tensor, labels: torch.Tensor, *, shifted: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum the losses of all caption tokens.

    Args:
        logits: [B, T, V].
        labels: [B, T], -100 where a position does not count.
        shifted: Labels stand in line with the inputs, so that the logits before a token predict it (decoder-only);
            false where they stand in line with the outputs (encoder-decoder).

    Returns:
        Summed loss (nats), and the number of caption tokens.
    """
    if shifted:
        logits, labels = logits[:, :-1], labels[:, 1:]
    total = torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]).float(),
        labels.reshape(-1),
        ignore_index=IGNORED,
        reduction="sum",
    )
    return total, count_caption_tokens(labels)


def count_caption_tokens(labels: torch.Tensor) -> torch.Tensor:
    """Number of labels that count; image tokens stand first, so that shifting does not change it."""
    return (labels != IGNORED).sum()
