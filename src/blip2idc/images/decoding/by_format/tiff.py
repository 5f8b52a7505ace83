"""What the pages of a TIFF promise, from its directories: sizes, and how large a strip or a tile becomes.

A tile may be larger than its page, a strip as high as a file says, and four million strips fit into 20 MB, each an
object of Pillow's. TIFF 6.0, and BigTIFF as libtiff describes it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from blip2idc.images.decoding.limits import Limits

_PAGES = 10_000
_TAGS = 4096  # of one page; a camera's raw file has a few hundred
_SEGMENTS = 100_000  # strips or tiles of one page; one row each is 8,000 for a square of 64 million pixels
_WIDTHS = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_NOTHING, _TEXT = 42113, 2  # GDAL's tag of the value that stands for nothing, a number as text
_LONGEST_NUMBER = 64
_CODES = {1: "B", 3: "H", 4: "I", 16: "Q"}


@dataclass(frozen=True)
class TiffPage:
    """What matters of one directory.

    Attributes:
        width: Pixels.
        height: Pixels.
        bits: Of one sample.
        samples: Values a pixel.
        sample_format: 1 unsigned, 2 signed, 3 floating point.
        photometric: What the samples mean: 0 and 1 grey, 2 RGB, 3 palette, 5 separated inks, 6 YCbCr, 8 Lab.
        extra: What the first sample beyond the colours is: 0 not said, 1 alpha that the colours were multiplied by,
            2 alpha; None where the file has no word on it.
        planar: Whether each sample has its own plane.
        swapped: Whether compressed values lie with their most significant byte first.
        segment: (width, height) of a strip or tile.
        segments: How many there are.
        nothing: The value that stands for nothing, as geographic programs write it; None without one.
    """

    width: int
    height: int
    bits: int
    samples: int
    sample_format: int
    photometric: int
    extra: int | None
    planar: bool
    swapped: bool
    segment: tuple[int, int]
    segments: int
    nothing: float | None = None

    @property
    def segment_bytes(self) -> int:
        """What one strip or tile becomes once decoded."""
        return self.segment[0] * self.segment[1] * (1 if self.planar else self.samples) * self.bits // 8


def check_tiff(content: bytes, limits: Limits) -> None:
    """Refuse a TIFF whose first page is too large, or has absurd strips.

    Raises:
        ImageError: It is refused.
    """
    for page in pages(content, limits):
        check_page(page, limits)
        return


def check_page(page: TiffPage, limits: Limits) -> None:
    """Refuse a page that is too large, or has absurd strips.

    Raises:
        ImageError: It is refused.
    """
    limits.check_size(page.width, page.height)
    if page.segments > _SEGMENTS:
        raise limits.damaged(f"{page.segments:,} strips or tiles in one page")
    pixels = page.width * page.height
    kept = 1 if page.samples == 1 and page.bits <= 8 else 4
    limits.check_memory(
        kept * pixels + page.segment_bytes,
        f"a TIFF of {page.width}x{page.height} pixels in pieces of {page.segment[0]}x{page.segment[1]}",
    )


def pages(content: bytes, limits: Limits) -> Iterator[TiffPage]:
    """The directories of a TIFF in their order; fewer where the file is damaged, which decoding will tell.

    Raises:
        ImageError: There are absurdly many.
    """
    order = "<" if content[:2] == b"II" else ">"
    big = content[2:4] in (b"+\0", b"\0+")
    seen: set[int] = set()
    try:
        (position,) = struct.unpack_from(order + ("Q" if big else "I"), content, 8 if big else 4)
        while position and position not in seen:
            seen.add(position)
            if len(seen) > _PAGES:
                raise limits.damaged(f"more than {_PAGES:,} pages")
            tags, position = _directory(content, position, order, big, limits)
            yield _page(tags, order)
    except struct.error:
        return


def _directory(
    content: bytes, position: int, order: str, big: bool, limits: Limits
) -> tuple[dict[int, tuple[int, ...]], int]:
    """Count and first value of each numeric tag, by its number, and where the next directory is.

    Of a directory that the file cuts off, what is there counts, as for Pillow.
    """
    (entries,) = struct.unpack_from(order + ("Q" if big else "H"), content, position)
    if entries > _TAGS:
        raise limits.damaged(f"more than {_TAGS:,} tags in one page")
    start, width, inline = position + (8 if big else 2), (20 if big else 12), (8 if big else 4)
    tags: dict[int, tuple[int, ...]] = {}
    for entry in range(start, min(start + width * entries, len(content) - width + 1), width):
        tag, kind, count = struct.unpack_from(order + ("HHQ" if big else "HHI"), content, entry)
        at = entry + width - inline
        if count * _WIDTHS.get(kind, 1) > inline:
            (at,) = struct.unpack_from(order + ("Q" if big else "I"), content, at)
        if kind in _CODES and count and at <= len(content) - _WIDTHS[kind]:
            tags[tag] = (count, *struct.unpack_from(order + _CODES[kind], content, at))
        elif tag == _NOTHING and kind == _TEXT and count <= _LONGEST_NUMBER:
            tags[tag] = (count, *content[at : at + count])
        else:
            tags[tag] = (count,)
    end, offset = start + width * entries, order + ("Q" if big else "I")
    ends_early = end + struct.calcsize(offset) > len(content)
    return tags, 0 if ends_early else struct.unpack_from(offset, content, end)[0]


def _page(tags: dict[int, tuple[int, ...]], order: str) -> TiffPage:
    def first(tag: int, default: int) -> int:
        found = tags.get(tag, ())
        return found[1] if len(found) > 1 else default

    width, height = first(256, 0), first(257, 0)
    tiled = 322 in tags
    segment = (first(322, 1), first(323, 1)) if tiled else (width, min(first(278, height), height))
    numbers = (324, 325) if tiled else (273, 279)
    return TiffPage(
        width, height, first(258, 1), first(277, 1), first(339, 1), first(262, 1),
        first(338, 0) if 338 in tags else None, first(284, 1) == 2, order == ">" and first(259, 1) != 1, segment,
        max(tags.get(number, (0,))[0] for number in numbers), _number(bytes(tags.get(_NOTHING, ())[1:])),
    )  # fmt: skip


def _number(text: bytes) -> float | None:
    try:
        return float(text.split(b"\0")[0])
    except ValueError:  # none, or nothing that is one
        return None
