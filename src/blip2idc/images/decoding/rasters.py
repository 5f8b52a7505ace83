"""TIFF files with values that Pillow cannot give whole: many bands, 32-bit integers, wide floats. Needs tifffile."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from blip2idc.errors import Blip2idcError, ImageError, MissingExtraError
from blip2idc.images.aside import empty_aside, let_go
from blip2idc.images.decoding.by_format.tiff import TiffPage, pages
from blip2idc.images.decoding.limits import Limits
from blip2idc.images.decoding.opening import reason_of, silence_log
from blip2idc.images.decoding.orientation import upright

_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_WHOLE = {  # (bits, number format): samples that Pillow keeps, or that `read_frames` gets out of it
    (16, _UNSIGNED): (1, 3, 4),
    (16, _SIGNED): (1,),
    (32, _SIGNED): (1,),
    (32, _FLOAT): (1,),
}  # fmt: skip
_COLOURS = {2: 3, 5: 4, 6: 3, 8: 3}  # samples of a colour, by what they mean; of everything else one
_NOT_SAID, _MULTIPLIED = 0, 1
_ALPHA = {1, 2}
_ORIENTATION = 274


def needs_tifffile(page: TiffPage) -> bool:
    """Whether Pillow would drop values of this page."""
    if page.samples > _COLOURS.get(page.photometric, 1) and (
        page.extra == _NOT_SAID or (page.extra == _MULTIPLIED and page.bits > 8)
    ):
        return True  # infrared after red, green and blue, which is no alpha
    if page.planar and page.samples > 1 and (page.bits > 8 or page.samples == 2 or page.extra == _MULTIPLIED):
        return True
    if page.swapped and page.bits > 8 and page.sample_format in (_SIGNED, _FLOAT):
        return True  # libtiff turns the bytes round, and Pillow once more
    if page.bits <= 8:
        return page.samples > 4 or page.sample_format not in (_UNSIGNED, 4)
    return page.samples not in _WHOLE.get((page.bits, page.sample_format), ())


def read_pages(content: bytes, limits: Limits) -> Iterator[tuple[np.ndarray, str]]:
    """Every page as an array [H, W, C], upright, and what its channels are.

    Args:
        content: The TIFF file, whose pages are known to be of acceptable sizes.
        limits: What it may cost.

    Raises:
        ImageError: A page takes too much memory, is damaged, or of a compression that is not known.
        MissingExtraError: tifffile is not installed.
    """
    known = list(pages(content, limits))
    for page in known:
        needed = page.width * page.height * page.samples * page.bits // 8 + page.segment_bytes
        limits.check_memory(needed, f"a raster of {page.width}x{page.height} pixels and {page.samples} bands")
    try:
        import tifffile
    except ImportError:
        raise MissingExtraError(
            "raster", f"{limits.name}: a raster with bands or numbers beyond a picture's"
        ) from None
    silence_log("tifffile")
    try:
        with tifffile.TiffFile(io.BytesIO(content)) as file:
            # no more than those: of a chain that leads nowhere, or into the middle of something, the library makes many
            for directory in itertools.islice(file.pages, len(known)):
                yield _values(directory), _channels(directory)
    except Blip2idcError:
        raise
    except Exception as error:  # the reader raises anything on a damaged file
        hint = "; pip install imagecodecs" if "imagecodecs" in str(error) else ""
        raise ImageError(f"{limits.name}: the raster cannot be read ({reason_of(error)}{hint})") from None


def _values(page: Any) -> np.ndarray:
    values = np.asarray(page.asarray(maxworkers=1, out=empty_aside(page.shape, page.dtype)))
    let_go(values)
    if values.ndim == 2:
        values = values[:, :, None]
    elif values.shape[-2:] == (page.imagelength, page.imagewidth):  # a plane for each band
        values = np.moveaxis(values.reshape(-1, page.imagelength, page.imagewidth), 0, -1)
    tag = page.tags.get(_ORIENTATION)
    return upright(values, int(tag.value) if tag is not None else 1)


def _channels(page: Any) -> str:
    known = {(2, 3): "RGB", (2, 4): "RGBA", (1, 1): "L", (0, 1): "L"}
    beyond = {int(value) for value in page.extrasamples}
    return (
        known.get((int(page.photometric), int(page.samplesperpixel)), "bands")
        if beyond <= _ALPHA
        else "bands"
    )
