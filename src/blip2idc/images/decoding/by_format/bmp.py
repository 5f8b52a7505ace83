"""Decode the run lengths of a BMP within its own size.

Pillow's decoder appends what the file says: a jump of 255 rows of 64 million pixels takes four bytes of file and 16 GB
of memory. This one writes into a picture of the size that the header tells, which is checked before. Windows: BI_RLE8,
BI_RLE4.
"""

from __future__ import annotations

from typing import Any

from PIL import Image

from blip2idc.images.decoding.limits import Limits

_LONGEST_RUN = 255  # pixels that two bytes can fill; a file that leaves more out than this is not a picture
_END_OF_LINE, _END, _JUMP = 0, 1, 2


def expand_run_lengths(image: Image.Image, content: bytes, limits: Limits) -> None:
    """Replace the run lengths of an opened BMP by plain pixels; one without is left as it is.

    Args:
        image: As Pillow has opened it, not decoded.
        content: The file.
        limits: For the errors.

    Raises:
        ImageError: A run or a jump leads out of the picture, or the file ends before it does.
    """
    tiles: list[Any] = getattr(image, "tile", [])
    if not tiles or tiles[0][0] != "bmp_rle":
        return
    _, _, offset, (mode, four_bits, direction) = tiles[0]
    width, height = image.size
    runs = content[offset:]
    if width * height > _LONGEST_RUN * (len(runs) // 2 + 1):
        raise limits.damaged(f"{len(runs):,} bytes of run lengths for {width}x{height} pixels")
    pixels = _expanded(runs, width, height, bool(four_bits), limits)
    replace_pixels(image, bytes(pixels), "L" if mode == "L" else "P", direction)


def replace_pixels(image: Image.Image, pixels: bytes, rawmode: str, direction: int = 1) -> None:
    """Give an opened image its decoded pixels, as its own decoder would have.

    The raw decoder of a file takes quadratic time for a row of many megabytes; that of bytes in memory does not.
    """
    picture = Image.frombytes(image.mode, image.size, pixels, "raw", rawmode, 0, direction)
    image.im = picture.im
    image.tile = []  # type: ignore[attr-defined]


def _expanded(runs: bytes, width: int, height: int, four_bits: bool, limits: Limits) -> bytearray:
    """One byte a pixel, in the order of the file; what nothing is written to stays 0."""
    pixels = bytearray(width * height)
    x = y = position = 0
    while position + 1 < len(runs):
        count, value = runs[position], runs[position + 1]
        position += 2
        if count:
            run = _pairs(value, count) if four_bits else bytes((value,)) * count
        elif value == _END_OF_LINE:
            x, y = 0, y + 1
            if y > height:
                raise limits.damaged("more rows than the picture has")
            continue
        elif value == _END:
            return pixels
        elif value == _JUMP:
            x, y = x + _byte(runs, position), y + _byte(runs, position + 1)
            position += 2
            if x > width or y >= height:
                raise limits.damaged("a jump leads out of the picture")
            continue
        else:
            run = _literal(runs, position, value, four_bits)
            length = (value + 1) // 2 if four_bits else value
            position += length + length % 2
        if y >= height:
            raise limits.damaged("a run leads out of the picture")
        run = run[: width - x]  # what is too long for its row is cut, as Pillow does
        start = y * width + x
        pixels[start : start + len(run)] = run
        x += len(run)
    if y < height and not (y == height - 1 and x >= width):
        raise limits.damaged("the run lengths end early")
    return pixels


def _literal(runs: bytes, position: int, count: int, four_bits: bool) -> bytes:
    if not four_bits:
        return runs[position : position + count]
    return b"".join(_pairs(value, 2) for value in runs[position : position + (count + 1) // 2])[:count]


def _pairs(value: int, count: int) -> bytes:
    """The upper and the lower four bits in turn."""
    return (bytes((value >> 4, value & 15)) * ((count + 1) // 2))[:count]


def _byte(runs: bytes, position: int) -> int:
    return runs[position] if position < len(runs) else 0
