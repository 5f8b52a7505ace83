"""What decides the output for a data set: the captioner to the last weight, and the bytes of each pair.

In: a captioner; the files of a pair. Out: plain values that differ wherever a caption could. An adapter exchanged under
the same name, or an image, is told from what was there when a run was interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from blip2idc.runs.files import file_digest
from blip2idc.version import __version__

if TYPE_CHECKING:
    from blip2idc.model.captioner import DifferenceCaptioner

_SAMPLES = 4096  # values of a tensor whose bytes are hashed; all others go into an exact sum
_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def describe_captioner(captioner: DifferenceCaptioner, decoding: dict[str, Any]) -> dict[str, Any]:
    """Everything that decides what a captioner says, in plain JSON values."""
    settings = captioner.settings.to_dict()
    settings.pop("run_record")
    return {
        "version": __version__,
        **captioner.describe(),
        "revision": captioner.backbone.source.revision,
        "dtype": captioner.backbone.dtype.value,
        "weights": weights_digest(captioner.backbone.model),
        "settings": settings,
        "decoding": decoding,
    }


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


def content_of(paths: Iterable[Path]) -> str | None:
    """A hash of the bytes of some files; None where one cannot be read."""
    try:
        return hashlib.sha256(" ".join(file_digest(path) for path in paths).encode()).hexdigest()
    except OSError:
        return None
