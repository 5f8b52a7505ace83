"""The one place where files become Pillow images: bytes are read, checked and opened, and only then decoded.

In: a path or bytes, and limits. Out: an opened image whose decoding is bounded. `open_image` makes the picture a person
sees of it, `read_frames` the values it holds.
"""

from __future__ import annotations

import io
import logging
import os
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from blip2idc.errors import ImageError
from blip2idc.images.decoding.by_format.bmp import expand_run_lengths
from blip2idc.images.decoding.by_format.gif import check_gif
from blip2idc.images.decoding.by_format.ico import check_ico
from blip2idc.images.decoding.by_format.jpeg import check_jpeg
from blip2idc.images.decoding.by_format.png import check_png
from blip2idc.images.decoding.by_format.ppm import expand_ppm
from blip2idc.images.decoding.by_format.tiff import check_tiff
from blip2idc.images.decoding.files import read_regular
from blip2idc.images.decoding.formats import format_of
from blip2idc.images.decoding.libtiff import libtiff_heard
from blip2idc.images.decoding.limits import Limits, max_bytes
from blip2idc.images.decoding.memory import give_back_large_blocks

_LARGE = 16_000_000  # pixels
_PILLOW_STATE = threading.Lock()

_CHECKS: dict[str, Callable[[bytes, Limits], None]] = {
    "JPEG": check_jpeg,
    "PNG": check_png,
    "GIF": check_gif,
    "ICO": check_ico,
    "TIFF": check_tiff,
}
_EXPANSIONS: dict[str, Callable[[Image.Image, bytes, Limits], None]] = {
    "BMP": expand_run_lengths,
    "PPM": expand_ppm,
}
_BYTES_A_PIXEL = {
    "WEBP": 15.5,
    "AVIF": 10,
    "JPEG2000": 18.5,
    "HEIF": 15,
}  # their libraries keep several copies


def content_of(source: str | os.PathLike[str] | bytes, limits: Limits) -> bytes:
    """The bytes of a file, or of the text of a path, which are not empty.

    Raises:
        ImageError: Missing, not a regular file, too large or empty.
    """
    if isinstance(source, bytes):
        content = source
    else:
        content = read_regular(Path(source), max_bytes(limits.max_pixels), limits.name)
    if not content:
        raise ImageError(f"{limits.name}: the file is empty (0 bytes); expected an image")
    return content


def open_bounded(content: bytes, limits: Limits) -> Image.Image:
    """Open an image file of a known format, without decoding it.

    Args:
        content: The file.
        limits: What it may cost.

    Returns:
        Pillow's image, lazy; decoding it stays within the limits.

    Raises:
        ImageError: Not an image, of a format that is not opened, damaged, or beyond a limit.
    """
    known = format_of(content, limits.name)
    try:
        if known in _CHECKS:
            _CHECKS[known](content, limits)
        with quiet_pillow():
            image = Image.open(io.BytesIO(content), formats=(known,))
        limits.check_size(*image.size)
        if known in _EXPANSIONS:
            _EXPANSIONS[known](image, content, limits)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(f"{limits.name}: is not an image, though it begins like {known}") from None
    except Exception as error:  # plugins raise anything on a damaged header
        raise ImageError(f"{limits.name}: the image is damaged ({reason_of(error)})") from None
    cost = _BYTES_A_PIXEL.get(known, 0) * image.width * image.height
    limits.check_memory(cost, f"a {known} image of {image.width}x{image.height} pixels")
    return image


def load(image: Image.Image, limits: Limits) -> None:
    """Decode an opened image.

    Raises:
        ImageError: It is truncated or damaged.
    """
    said: list[str] = []
    if image.width * image.height > _LARGE:
        give_back_large_blocks()
    try:
        if image.format == "TIFF" and getattr(image, "tile", None):
            with libtiff_heard() as said:
                image.load()
        else:
            image.load()
    except Exception as error:  # each plugin raises its own kind
        reason = said[0] if said else reason_of(error)
        raise ImageError(f"{limits.name}: the image is truncated or damaged ({reason})") from None
    if said:
        raise ImageError(f"{limits.name}: the image is damaged ({said[0]}); export it again")


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence Pillow's warnings and its own pixel limit, which `Limits` replaces, while a header is read.

    Both are state of the process, hence the lock; it is never held while pixels are decoded. What Pillow logs of a
    damaged file, Python would print without a handler; the sentence of the error says it once.
    """
    silence_log("PIL")
    with _PILLOW_STATE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def silence_log(name: str) -> None:
    """Keep a library's log off the terminal where nobody has asked for it."""
    log = logging.getLogger(name)
    if not log.handlers:
        log.addHandler(logging.NullHandler())


def reason_of(error: Exception) -> str:
    """What a library says of a file, in one line."""
    if isinstance(error, struct.error | IndexError | KeyError | AssertionError):
        return f"unexpected {type(error).__name__} in its header"
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__
