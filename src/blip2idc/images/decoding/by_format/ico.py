"""The pictures in an ICO file, each a PNG or a BMP without its file header.

Pillow decodes them before it tells a size, and only the size that the icon's own list gives is checked by others.
"""

from __future__ import annotations

from blip2idc.images.decoding.by_format.png import check_png
from blip2idc.images.decoding.limits import Limits

_PNG = b"\x89PNG\r\n\x1a\n"
_COST = 13  # bytes a pixel: the picture, Pillow's copy of it and what it is converted to
_PICTURES = 256  # Windows asks for about ten sizes


def check_ico(content: bytes, limits: Limits) -> None:
    """Refuse an ICO with a picture that is too large.

    Raises:
        ImageError: It is one.
    """
    count = int.from_bytes(content[4:6], "little")
    if count > _PICTURES:
        raise limits.damaged(f"{count} pictures in one icon")
    pixels = 0
    for number in range(count):
        entry = content[6 + 16 * number : 22 + 16 * number]
        start = int.from_bytes(entry[12:16], "little")
        head = content[start : start + 32]
        if head[:8] == _PNG:
            width, height = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
            check_png(content[start:], limits)
        else:
            width = abs(int.from_bytes(head[4:8], "little", signed=True))
            height = abs(int.from_bytes(head[8:12], "little", signed=True)) // 2  # the picture and its mask
            if int.from_bytes(head[16:20], "little") in (1, 2):
                raise limits.damaged("run lengths in an icon")
        if len(head) >= 24:
            limits.check_size(width, height)
            limits.check_memory(_COST * width * height, f"an icon of {width}x{height} pixels")
            pixels += width * height
            limits.check_frames(pixels)  # pictures of a list may all be the same bytes
