"""How many chunks a PNG holds, and how long its rows are.

Pillow keeps one object a chunk, which for 20 MB of empty ones is minutes and gigabytes.
"""

from __future__ import annotations

from blip2idc.images.decoding.limits import Limits

_CHUNKS = 100_000  # an image of 64 million pixels in pieces of 8 KiB is a tenth of it
_MARK = 8
_CHANNELS = {b"\2": 3, b"\4": 2, b"\6": 4}  # by the colour type; others have one


def check_png(content: bytes, limits: Limits) -> None:
    """Refuse a PNG of absurdly many chunks, or with rows that are most of its memory.

    Raises:
        ImageError: It is one.
    """
    if content[12:16] == b"IHDR" and len(content) >= 26:
        _check_rows(content, limits)
    position = _MARK
    for _ in range(_CHUNKS):
        if position + 8 > len(content) or content[position + 4 : position + 8] == b"IEND":
            return
        position += 12 + int.from_bytes(content[position : position + 4])
    raise limits.damaged(f"more than {_CHUNKS:,} chunks")


def _check_rows(content: bytes, limits: Limits) -> None:
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    row = width * _CHANNELS.get(content[25:26], 1) * int.from_bytes(content[24:25]) // 8
    limits.check_size(width, height)
    # the decoder holds a row and the one before
    limits.check_memory(
        4 * width * height + 2 * row, f"a PNG of {width}x{height} pixels, {row:,} bytes a row"
    )
