"""Frames of a GIF are found by its blocks, whatever stands between them."""

from __future__ import annotations

import pytest

from blip2idc.errors import ImageError
from blip2idc.images.decoding.by_format.gif import check_gif
from blip2idc.images.decoding.limits import Limits

#: Blocks of data, of which the bytes would mean something else one place further.
DATA = b"\x02\x4c\x01" + b"\x03\xff\xfe\xfd" + b"\0"
COMMENT = b"!\xfe" + b"\x05hello" + b"\0"


def header(colors: int = 0) -> bytes:
    """Of a canvas of 8 x 6, with a table of so many colours."""
    return b"GIF89a\x08\0\x06\0" + table_flags(colors) + b"\0\0" + bytes(range(1, 1 + 3 * colors))


def table_flags(colors: int) -> bytes:
    return bytes([128 | (colors.bit_length() - 2)]) if colors else b"\0"


def frame(left: int = 0, top: int = 0, width: int = 8, height: int = 6, colors: int = 0) -> bytes:
    place = b"".join(value.to_bytes(2, "little") for value in (left, top, width, height))
    return b"," + place + table_flags(colors) + bytes(range(1, 1 + 3 * colors)) + b"\x02" + DATA


@pytest.mark.parametrize("colors", [0, 2, 4, 32])
@pytest.mark.parametrize("between", [b"", COMMENT, COMMENT + frame(colors=8) + COMMENT], ids=len)
def test_a_frame_beyond_the_canvas_is_found_behind_others(colors: int, between: bytes) -> None:
    start = header(colors) + between + frame(colors=colors) + between
    limits = Limits(100_000, "it")
    check_gif(start + frame(left=2, top=3) + b";", limits)
    check_gif(start + frame(left=300, width=8) + b";", limits)
    with pytest.raises(ImageError, match="it: has 1000x1006 ="):
        check_gif(start + frame(left=992, top=1000) + b";", limits)
    with pytest.raises(ImageError, match="it: has 8x60000 ="):
        check_gif(start + frame(height=60_000) + b";", limits)


@pytest.mark.parametrize(
    ("data", "count"), [(b"\x01a", 400_001), (b"", 400_001)], ids=["in one frame", "empty"]
)
def test_absurdly_many_blocks_are_refused(data: bytes, count: int) -> None:
    blocks = frame()[: -len(DATA)] + data * count + b"\0" if data else b"!\xfe\0" * count
    with pytest.raises(ImageError, match="more than 400,000 blocks"):
        check_gif(header() + blocks + b";", Limits(100_000, "it"))
