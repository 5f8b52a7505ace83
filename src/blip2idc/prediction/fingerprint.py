"""What decides the output for a data set: the captioner to the last weight, and the bytes of each pair.

In: a captioner; the files of a pair. Out: plain values that differ wherever a caption could. An adapter exchanged under
the same name, or an image, is told from what was there when a run was interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blip2idc.images.decoding.limits import max_bytes
from blip2idc.model.pair_captioner import PairCaptioner
from blip2idc.runs.files import file_digest
from blip2idc.version import __version__


def describe_captioner(captioner: PairCaptioner, decoding: dict[str, Any]) -> dict[str, Any]:
    """Everything that decides what a captioner says, in plain JSON values."""
    settings = captioner.settings.to_dict()
    settings.pop("run_record")
    return {
        "version": __version__,
        **captioner.describe(),
        **captioner.identity(),
        "settings": settings,
        "decoding": decoding,
    }


def content_of(paths: Iterable[Path], max_pixels: int) -> str | None:
    """A hash of the bytes of some images; None where one is no regular file, too large to be one, or unreadable.

    Args:
        paths: The files.
        max_pixels: Limit of each image, from which that of its file follows.
    """
    most = max_bytes(max_pixels)
    try:
        return hashlib.sha256(" ".join(file_digest(path, most) for path in paths).encode()).hexdigest()
    except OSError:
        return None
