"""Colour profiles: two files are compared as they are shown, where their profiles differ.

In: frames and the ICC profiles of their files. Out: 8-bit frames in sRGB.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from blip2idc.images.values.frame import Frame

_MODES = {"gray": "L", "rgb": "RGB", "cmyk": "CMYK"}


def same_profile(first: bytes | None, second: bytes | None) -> bool:
    """Whether both mean the same colours by the same values; no profile means sRGB."""
    return first == second or (_is_srgb(first) and _is_srgb(second))


def in_srgb(frame: Frame, profile: bytes | None) -> Frame:
    """An 8-bit frame in sRGB; one without a usable profile, or of other types, as it is."""
    if frame.values.dtype != np.uint8 or frame.space not in _MODES or _is_srgb(profile):
        return frame
    from PIL import ImageCms

    mode = _MODES[frame.space]
    color = frame.values[:, :, :-1] if frame.alpha else frame.values
    color = color[:, :, 0] if mode == "L" else color
    picture = Image.frombytes(mode, frame.size, np.ascontiguousarray(color).tobytes())
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        converted: Any = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return frame  # a profile that cannot be used, or is one of another kind of picture
    values = np.asarray(converted)
    if frame.alpha:
        values = np.concatenate([values, frame.values[:, :, -1:]], axis=2)
    return replace(frame, values=values, space="rgb")


@lru_cache(maxsize=64)
def _is_srgb(profile: bytes | None) -> bool:
    """Whether a profile names itself sRGB, or there is none."""
    if profile is None:
        return True
    from PIL import ImageCms

    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return "srgb" in name.lower()
