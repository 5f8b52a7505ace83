"""Every frame, page or size of an image file, in the values it is stored with.

In: a path or bytes. Out: arrays [H, W, C], upright, in the file's own number type: nothing is put on white, scaled or
dropped. `open_image` shows the picture that a person sees of the first of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import Any

import numpy as np
from PIL import Image, ImageFile

from blip2idc.errors import ImageError
from blip2idc.images.aside import empty_aside, let_go, strips
from blip2idc.images.decoding.by_format.jpeg import check_jpeg
from blip2idc.images.decoding.by_format.tiff import check_page, pages
from blip2idc.images.decoding.formats import format_of
from blip2idc.images.decoding.limits import MAX_PIXELS, Limits
from blip2idc.images.decoding.opening import content_of, load, open_bounded, reason_of
from blip2idc.images.decoding.orientation import orientation_of, tag_of, upright
from blip2idc.images.decoding.parts import PART, parts_of
from blip2idc.images.decoding.rasters import needs_tifffile, read_pages

_LITTLE = sys.byteorder == "little"
_LOWER = {  # 16 bits a channel, of which Pillow keeps the upper 8: what to ask for to get the lower 8 instead
    f"{mode};16{order}": f"{mode};16{other}"
    for mode in ("RGB", "RGBA")
    for order, other in (("B", "L"), ("L", "B"), ("N", "B" if _LITTLE else "L"))
}
_GREY_ALPHA = "LA;16B"
_DRAWN_ON = {
    "GIF": 12,
    "PNG": 12,
    "WEBP": 20,
}  # bytes a pixel: the frame, the one before, and what it is drawn on


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a file.

    Attributes:
        values: [H, W, C] as stored: uint8, uint16, int16, int32, float32, ...; palettes are resolved.
        channels: What they are: ``L``, ``LA``, ``RGB``, ``RGBA``, ``CMYK``, ``YCbCr``, ``LAB``, or ``bands``.
        duration: Milliseconds for which an animation shows it; None for a picture.
    """

    values: np.ndarray
    channels: str
    duration: float | None = None


def read_frames(
    source: str | os.PathLike[str] | bytes, *, max_pixels: int = MAX_PIXELS, name: str | None = None
) -> Iterator[Frame]:
    """Read every frame of an animation, page of a TIFF, size of an icon, picture of an MPO.

    Frames are decoded one by one, as they are asked for.

    Args:
        source: A path, or the bytes of an image file.
        max_pixels: Largest width times height of a frame; all frames together may have eight times as many.
        name: What to call the image in errors; the path by default.

    Raises:
        ImageError: The file cannot be used, or a frame of it.
        MissingExtraError: It is a TIFF with values that Pillow cannot give whole, and tifffile is not installed.
    """
    default = "image bytes" if isinstance(source, bytes) else os.fspath(source)
    limits = Limits(max_pixels, name or default)
    content = content_of(source, limits)
    if format_of(content, limits.name) == "TIFF":
        found = list(pages(content, limits))
        limits.check_frames(sum(page.width * page.height for page in found))
        for page in found:
            check_page(page, limits)
        if any(needs_tifffile(page) for page in found):
            yield from starmap(Frame, read_pages(content, limits))
            return
    with open_bounded(content, limits) as image:
        yield from _icons(image, limits) if image.format == "ICO" else _animation(image, content, limits)


def read_size(
    source: str | os.PathLike[str] | bytes, *, max_pixels: int = MAX_PIXELS, name: str | None = None
) -> tuple[int, int]:
    """(width, height) of the upright picture, from its header.

    Raises:
        ImageError: The file cannot be used.
    """
    limits = Limits(max_pixels, name or ("image bytes" if isinstance(source, bytes) else os.fspath(source)))
    with open_bounded(content_of(source, limits), limits) as image:
        turned = (
            image.format != "TIFF" and tag_of(orientation_of(image)) >= 5
        )  # of a TIFF, Pillow tells it upright
        return (image.height, image.width) if turned else (image.width, image.height)


def _icons(image: Any, limits: Limits) -> Iterator[Frame]:
    for number in range(len(image.ico.entry)):
        try:
            picture = image.ico.frame(number)
        except Exception as error:  # the plugin raises anything on a damaged entry
            raise limits.damaged(reason_of(error)) from None
        load(picture, limits)
        yield _frame(picture, *_stored(picture))


def _animation(image: Image.Image, content: bytes, limits: Limits) -> Iterator[Frame]:
    number = pixels = 0
    while True:
        pixels += image.width * image.height
        limits.check_size(*image.size)
        limits.check_frames(pixels)
        if number and image.format in _DRAWN_ON:
            cost = _DRAWN_ON[image.format] * image.width * image.height
            limits.check_memory(cost, f"an animation of {image.width}x{image.height} pixels")
        if number and image.format == "MPO":
            check_jpeg(content, limits, getattr(image, "offset", 0))
        alone = number == 0 and _is_alone(image)
        yield _only(image, content, limits) if alone else _frame_of(image, number, content, limits)
        if alone:
            return
        number += 1
        try:
            image.seek(number)
        except EOFError:
            return
        except Exception as error:  # damaged in between
            raise ImageError(
                f"{limits.name}: frame {number + 1} is damaged ({reason_of(error)}); export it again"
            ) from None


def _is_alone(image: Image.Image) -> bool:
    """Whether a file holds one picture for sure; of a damaged one that shows when the next one is looked for."""
    try:
        return not getattr(image, "is_animated", False)
    except Exception:  # plugins raise anything on a damaged file
        return False


def _only(image: Image.Image, content: bytes, limits: Limits) -> Frame:
    """The frame of a file with one, whose pixels are not held beside its values."""
    frame = _frame_of(image, 0, content, limits)
    image.close()
    return frame


def _frame_of(image: Image.Image, number: int, content: bytes, limits: Limits) -> Frame:
    """The current frame; of 16 bits a channel, of which Pillow keeps the upper 8, both halves."""
    raw = _rawmode(image) if image.format == "TIFF" or number == 0 else ""
    if raw == _GREY_ALPHA:
        _set_rawmode(image, "RGBA")  # four bytes a pixel as well
        load(image, limits)
        values = empty_aside((image.height, image.width, 2), np.uint16)
        for box, part in _boxes(image):
            values[box] = part[:, :, ::2].astype(np.uint16) << 8 | part[:, :, 1::2]
            let_go(values)
        return _frame(image, values, "LA")
    if raw not in _LOWER:
        load(image, limits)
        return _frame(image, *_stored(image))
    channels = len(image.getbands())
    needed = (4 + 2 * channels) * image.width * image.height
    limits.check_memory(needed, f"an image of {image.width}x{image.height} pixels, {channels} x 16 bits")
    values = empty_aside((image.height, image.width, channels), np.uint16)
    with open_bounded(content, limits) as again:
        if number:
            again.seek(number)
        _set_rawmode(again, _LOWER[raw])
        load(again, limits)
        for box, part in _boxes(again):
            values[box] = part
            let_go(values)
    load(image, limits)
    for box, part in _boxes(image):
        values[box] |= part.astype(np.uint16) << 8
        let_go(values)
    return _frame(image, values, image.mode)


_Box = tuple[slice, slice]


def _boxes(image: Image.Image, mode: str | None = None) -> Iterator[tuple[_Box, np.ndarray]]:
    """Parts of a decoded image as arrays [H, W] or [H, W, C], and where they lie; all at once would be copied twice."""
    for (left, top), part in parts_of(image):
        converted = part.convert(mode) if mode else part
        yield (slice(top, top + part.height), slice(left, left + part.width)), np.asarray(converted)


def _array(image: Image.Image, mode: str | None = None) -> np.ndarray:
    """A decoded image as an array [H, W] or [H, W, C], of its own mode or another one."""
    if image.width * image.height <= PART:
        return np.asarray(image.convert(mode) if mode else image)
    found: np.ndarray | None = None
    for box, part in _boxes(image, mode):
        if found is None:
            found = empty_aside((image.height, image.width, *part.shape[2:]), part.dtype)
        found[box] = part
        let_go(found)
    assert found is not None
    return found


def _frame(image: Image.Image, values: np.ndarray, channels: str) -> Frame:
    """A frame, upright, with what is transparent by its colour as alpha."""
    values = values if values.ndim == 3 else values[:, :, None]
    key = image.info.get("transparency")
    if key is not None and channels in ("L", "RGB") and isinstance(key, int | tuple):
        values = _with_key(values, key)
        channels += "A"
    turned = upright(values, tag_of(orientation_of(image)))
    duration = image.info.get("duration") if _is_animated(image) else None
    return Frame(turned, channels, duration)


def _with_key(values: np.ndarray, key: int | tuple[int, ...]) -> np.ndarray:
    """Values [H, W, C] and their opacity: none where they are the colour that stands for nothing."""
    made = empty_aside((*values.shape[:2], values.shape[2] + 1), values.dtype)
    for strip in strips(made):
        opaque = np.any(values[strip] != np.asarray(key, np.int64), axis=2)
        made[strip, :, :-1] = values[strip]
        made[strip, :, -1] = np.iinfo(values.dtype).max * opaque
    return made


def _is_animated(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # the next frame is cut off, which going on to it will tell
        return False


def _stored(image: Image.Image) -> tuple[np.ndarray, str]:
    """The values of a decoded image, and what its channels are."""
    mode = image.mode
    if mode in ("P", "PA", "La", "RGBa", "RGBX", "HSV") or (mode == "1"):
        plain = "L" if mode == "1" else "RGBA" if image.has_transparency_data else "RGB"
        return _array(image, plain), plain
    values = _array(image)
    if mode.startswith("I;16"):
        return values.astype(np.uint16, copy=False), "L"
    return values, "L" if mode in ("I", "F") else mode


def _rawmode(image: Image.Image) -> str:
    tiles: list[Any] = list(getattr(image, "tile", []))
    if not tiles:
        return ""
    args = tiles[0][3]
    return str(args[0] if isinstance(args, tuple) and args else args)


def _set_rawmode(image: Image.Image, raw: str) -> None:
    """Have the values of an opened image unpacked in another way."""
    image.tile = [  # type: ignore[attr-defined]
        ImageFile._Tile(tile[0], tile[1], tile[2], (raw, *tile[3][1:]) if isinstance(tile[3], tuple) else raw)
        for tile in image.tile  # type: ignore[attr-defined]
    ]
