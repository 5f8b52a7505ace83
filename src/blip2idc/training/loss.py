"""The training loss: negative log-likelihood of caption tokens, averaged over caption tokens.

In: logits and labels of a batch, or (the lean way) the last layer of a network, whose logits are then computed where a
caption token is to be predicted and nowhere else. Out: a sum and a count, so that averages over accumulated steps and
over processes are averages over tokens, whatever the lengths of captions in each.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import torch
from torch.utils.checkpoint import checkpoint

from blip2idc.data.collate import IGNORED

#: Logits in float32 held at once by the lean way (64 MB); with more they are computed in parts, and again backwards.
MOST_LOGITS = 16_000_000


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


def caption_places(labels: torch.Tensor, *, shifted: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Where caption tokens are predicted.

    Args:
        labels: As of `caption_loss`, [B, T].
        shifted: As of `caption_loss`.

    Returns:
        The N positions that predict one, as numbers into all B * T; and the tokens, [N].
    """
    counted = labels != IGNORED
    if shifted:
        counted = torch.nn.functional.pad(counted[:, 1:], (0, 1))
        labels = torch.nn.functional.pad(labels[:, 1:], (0, 1))
    places = counted.flatten().nonzero().squeeze(1)
    return places, labels.flatten()[places]


@contextlib.contextmanager
def losses_at_head(
    head: torch.nn.Module, places: torch.Tensor, wanted: torch.Tensor, positions: int | None = None
) -> Iterator[None]:
    """Let a network give the losses of its caption tokens where it would give logits of all positions.

    Inside, the last layer takes what it reads at the positions that predict a caption token, and returns the loss of
    each, float32 [N], so that a forward pass of the whole network has them as its `logits`. The images' positions, the
    prompt and the padding, most of a batch, never meet the vocabulary; whatever wraps the network (adapters, processes
    that share the work) sees an ordinary forward pass.

    Args:
        head: From hidden states to logits, `get_output_embeddings()` of the network.
        places: From `caption_places`, like the next.
        wanted: The caption tokens, [N].
        positions: Whose logits are held at once; None for all N.
    """
    logits_of = head.forward
    own = "forward" in vars(head)  # such as that of an adapter's layer

    def losses(hidden: torch.Tensor) -> torch.Tensor:
        return token_losses(logits_of, hidden.flatten(0, 1)[places], wanted, positions)

    head.forward = losses
    try:
        yield
    finally:
        if own:
            head.forward = logits_of
        else:
            del head.forward


def token_losses(
    logits_of: Callable[[torch.Tensor], torch.Tensor],
    hidden: torch.Tensor,
    wanted: torch.Tensor,
    positions: int | None = None,
) -> torch.Tensor:
    """Negative log-likelihood (nats) of one token a position, float32 [N].

    Args:
        logits_of: From hidden states [n, D] to logits [n, V].
        hidden: At the positions that predict a token, [N, D].
        wanted: These tokens, [N].
        positions: Whose logits are held at once; where there are more, parts of them are computed one after another,
            and a second time in the backward pass. None for all.
    """

    def part(hidden: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(logits_of(hidden).float(), wanted, reduction="none")

    if positions is None or len(wanted) <= positions:
        return part(hidden, wanted)
    parts = zip(torch.split(hidden, positions), torch.split(wanted, positions), strict=True)
    return torch.cat([checkpoint(part, *one, use_reentrant=False) for one in parts])


def positions_at_once(vocabulary: int) -> int:
    """How many positions have their logits held at once, at `MOST_LOGITS` logits."""
    return max(1, MOST_LOGITS // vocabulary)
