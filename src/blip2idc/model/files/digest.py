"""A hash of a network's weights, so that what was made with others is told apart."""

from __future__ import annotations

import hashlib

import torch

_SAMPLES = 4096  # values of a tensor whose bytes are hashed; all others go into an exact sum
_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def weights_digest(model: torch.nn.Module) -> str:
    """A hash that tells apart networks with other weights, an adapter that is merged in included.

    Of each tensor: its name and shape, the exact sum of its bit patterns, which does not depend on the number of
    threads, and the bytes of some thousand values spread over it. Reading a tensor once is all the time it takes.
    """
    digest = hashlib.sha256()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            values = tensor.detach().reshape(-1)
            bits = values.view(_INTEGERS[values.element_size()]) if values.numel() else values
            sampled = bits[:: max(1, bits.numel() // _SAMPLES)].cpu().numpy()
            total = int(bits.sum(dtype=torch.int64)) if bits.numel() else 0
            digest.update(f"{name} {tuple(tensor.shape)} {total} ".encode() + sampled.tobytes())
    return digest.hexdigest()
