"""What a JPEG costs is told from its segments, whatever else stands between them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.decoding.by_format.jpeg import check_jpeg
from blip2idc.images.decoding.limits import Limits

#: A marker without a segment (ITU T.81, table B.1), and one that begins another picture.
TEMPORARY, START = b"\xff\x01", b"\xff\xd8"


def jpeg(**options: object) -> bytes:
    handle = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(handle, "JPEG", **options)
    return handle.getvalue()


@pytest.mark.parametrize("between", [b"", TEMPORARY, START, TEMPORARY + START])
def test_markers_without_a_segment_are_passed_over(between: bytes) -> None:
    content = jpeg()
    content = content[:2] + between + content[2:]
    check_jpeg(content, Limits(256 * 256, "it"))
    with pytest.raises(ImageError, match="^it: has 256x256 ="):
        check_jpeg(content, Limits(256 * 256 - 1, "it"))


def test_a_picture_that_begins_further_on_is_looked_at() -> None:
    content = b"\xff\xd8 something of another kind" + jpeg()
    at = content.index(START, 2)
    check_jpeg(content, Limits(256 * 256, "it"), at)
    with pytest.raises(ImageError, match="^it: has 256x256 ="):
        check_jpeg(content, Limits(1000, "it"), at)


@pytest.mark.parametrize("scans", [100, 101])
def test_more_than_a_hundred_scans_are_refused(scans: int) -> None:
    """Of a tiny picture, so that their number alone counts."""
    handle = io.BytesIO()
    Image.new("L", (8, 8)).save(handle, "JPEG")
    content = handle.getvalue()
    start = content.index(b"\xff\xda")
    repeated = content[:start] + content[start:-2] * scans + content[-2:]
    if scans <= 100:
        check_jpeg(repeated, Limits(1_000_000, "it"))
    else:
        with pytest.raises(ImageError, match="^it: .*101 scans or more of 8x8 pixels"):
            check_jpeg(repeated, Limits(1_000_000, "it"))
