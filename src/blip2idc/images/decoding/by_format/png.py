"""How many chunks a PNG holds.

Pillow keeps one object a chunk, which for 20 MB of empty ones is minutes and gigabytes.
"""

from __future__ import annotations

from blip2idc.images.decoding.limits import Limits

_CHUNKS = 100_000  # an image of 64 million pixels in pieces of 8 KiB is a tenth of it
_MARK = 8


def check_png(content: bytes, limits: Limits) -> None:
    """Refuse a PNG of absurdly many chunks.

    Raises:
        ImageError: It is one.
    """
    position = _MARK
    for _ in range(_CHUNKS):
        if position + 8 > len(content) or content[position + 4 : position + 8] == b"IEND":
            return
        position += 12 + int.from_bytes(content[position : position + 4])
    raise limits.damaged(f"more than {_CHUNKS:,} chunks")
