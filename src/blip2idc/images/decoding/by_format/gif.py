"""The size and number of a GIF's frames, from its blocks (GIF89a specification).

A frame may lie beyond the canvas, and Pillow then makes the canvas larger; blocks may be one byte long.
"""

from __future__ import annotations

from blip2idc.images.decoding.limits import Limits

_BLOCKS = 400_000  # 100 MB of full ones
_IMAGE, _EXTENSION = 0x2C, 0x21


def check_gif(content: bytes, limits: Limits) -> None:
    """Refuse a GIF with a frame that is too large, or of absurdly many blocks.

    Raises:
        ImageError: It is one.
    """
    width, height = _little(content, 6), _little(content, 8)
    limits.check_size(width, height)
    position = 13 + _table(content[10:11])
    blocks = 0
    while position < len(content) and content[position] in (_IMAGE, _EXTENSION):
        if content[position] == _IMAGE:
            left, top, across, down = (_little(content, position + at) for at in (1, 3, 5, 7))
            width, height = max(width, left + across), max(height, top + down)
            limits.check_size(width, height)
            position += 11 + _table(content[position + 9 : position + 10])
        else:
            position += 2
        while position < len(content) and content[position]:
            position += 1 + content[position]
            blocks += 1
            if blocks > _BLOCKS:
                raise limits.damaged(f"more than {_BLOCKS:,} blocks")
        position += 1
        blocks += 1
        if blocks > _BLOCKS:
            raise limits.damaged(f"more than {_BLOCKS:,} blocks")
    if len(content) - position > _BLOCKS:  # Pillow looks for the next frame there, byte by byte
        raise limits.damaged(f"{len(content) - position:,} bytes that belong to nothing")


def _little(content: bytes, position: int) -> int:
    return int.from_bytes(content[position : position + 2], "little")


def _table(flags: bytes) -> int:
    """Bytes of the colour table that follows these flags."""
    return 3 * 2 ** ((flags[0] & 7) + 1) if flags and flags[0] & 128 else 0
