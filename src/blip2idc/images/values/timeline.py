"""What an animation shows over time: encoders may store equal frames once or many times.

In: two files with several frames. Out: whether a viewer sees the same pictures for the same times.
"""

from __future__ import annotations

import hashlib

import numpy as np

from blip2idc.images.values.decode import ImageFile
from blip2idc.images.values.frame import Frame


def same_timeline(first: ImageFile, second: ImageFile) -> bool:
    """Whether both show equal pictures for equal times; equal frames in a row count as one that lasts longer.

    Raises:
        ImageError: A frame cannot be decoded.
    """
    return (
        first.loops == second.loops
        and first.profile == second.profile
        and timeline(first) == timeline(second)
    )


def timeline(file: ImageFile) -> list[tuple[bytes, float]]:
    """Digest of every picture that is shown, and for how many milliseconds."""
    shown: list[tuple[bytes, float]] = []
    for frame in file.frames():
        digest, duration = _digest(frame), float(frame.duration or 0)
        if shown and shown[-1][0] == digest:
            duration += shown.pop()[1]
        shown.append((digest, duration))
    return shown


def _digest(frame: Frame) -> bytes:
    """Of what a frame shows: opaque frames with and without alpha are equal."""
    values = frame.values
    if frame.alpha and values.dtype == np.uint8 and bool((values[:, :, -1] == 255).all()):
        values = values[:, :, :-1]
    digest = hashlib.blake2b(f"{values.shape} {values.dtype}".encode())
    digest.update(np.ascontiguousarray(values).data)
    return digest.digest()
