"""Decode the kinds of PPM that Pillow decodes value by value in Python: plain text, and values that end below 255.

For a file of 20 MB Pillow takes half a minute. Netpbm's manual: ppm(5), pgm(5).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from blip2idc.images.decoding.by_format.bmp import replace_pixels
from blip2idc.images.decoding.limits import Limits

_CHANNELS = {"1": 1, "L": 1, "I": 1, "RGB": 3}


def expand_ppm(image: Image.Image, content: bytes, limits: Limits) -> None:
    """Replace the content of an opened PPM by plain bytes where Pillow would be slow; others are left as they are.

    Args:
        image: As Pillow has opened it, not decoded.
        content: The file.
        limits: For the errors.

    Raises:
        ImageError: Values are missing, are no numbers or are too large.
    """
    tiles: list[Any] = getattr(image, "tile", [])
    if not tiles or tiles[0][0] not in ("ppm", "ppm_plain"):
        return
    codec, _, offset, args = tiles[0]
    top = args[-1] if isinstance(args, tuple) else 255
    top = 1 if image.mode == "1" else int(top)
    count = image.width * image.height * _CHANNELS[image.mode]
    cost = 9 if codec == "ppm" else 5 if image.mode == "1" else 13
    limits.check_memory(
        cost * count, f"a PPM of {image.width}x{image.height} pixels that are not plain bytes"
    )
    body = content[offset:]
    values = (
        _plain(body, count, image.mode == "1", limits) if codec == "ppm_plain" else _binary(body, count, top)
    )
    if len(values) < count or (len(values) and int(values.max()) > top):
        raise limits.damaged(f"expected {count:,} values up to {top}")
    raw, mode = _raw(values[:count], image.mode, top)
    replace_pixels(image, raw, mode)


def _plain(body: bytes, count: int, bits: bool, limits: Limits) -> np.ndarray:
    """The first `count` numbers of a text; of a bitmap each digit is one."""
    body = _without_comments(body)
    if bits:
        digits = np.frombuffer(body, np.uint8)
        ones: np.ndarray = digits[(digits == ord("0")) | (digits == ord("1"))] - ord("0")
        return ones[:count]
    try:
        values: np.ndarray = np.fromstring(
            body.decode("ascii"), np.int32, count=min(count, len(body)), sep=" "
        )
    except (ValueError, DeprecationWarning):
        raise limits.damaged("a value is not a number") from None
    return values


def _without_comments(body: bytes) -> bytes:
    if b"#" not in body:
        return body
    return b"\n".join(line.split(b"#", 1)[0] for line in body.replace(b"\r", b"\n").split(b"\n"))


def _binary(body: bytes, count: int, top: int) -> np.ndarray:
    kind = np.dtype(">u2" if top > 255 else "u1")
    return np.frombuffer(body, kind, count=min(count, len(body) // kind.itemsize))


def _raw(values: np.ndarray, mode: str, top: int) -> tuple[bytes, str]:
    """Bytes for Pillow's raw decoder, and how to call them: scaled to 255, grey beyond it to 65535."""
    if mode == "1":
        return (255 * (1 - values.astype(np.uint8))).astype(np.uint8).tobytes(), "1;8"  # in a PBM, 1 is black
    if mode == "I":
        return np.rint(values / top * 65535).astype("<i4").tobytes(), "I;32"
    return np.rint(values / top * 255).astype(np.uint8).tobytes(), mode
