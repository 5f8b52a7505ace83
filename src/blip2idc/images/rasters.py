"""Show rasters as pictures: which bands, and which of their values are black and white, the same for both images.

In: two files of any number type and any number of bands. Out: two 8-bit RGB pictures and one sentence on
how they were made.
Satellite images have up to 13 bands and values up to a few thousand; taken by their number type they would be black.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.decoding.by_format.tiff import pages
from blip2idc.images.decoding.formats import format_of
from blip2idc.images.decoding.frames import Frame, read_frames
from blip2idc.images.decoding.limits import MAX_PIXELS, Limits
from blip2idc.images.decoding.opening import content_of
from blip2idc.images.decoding.rasters import needs_tifffile
from blip2idc.images.large import is_large, rgb_of_parts
from blip2idc.images.levels import levels
from blip2idc.regular_files import open_regular

Stretch = Literal["auto", "minmax", "percentile"] | tuple[float, float]

_PERCENTILES = (2.0, 98.0)  # what satellite viewers cut off, QGIS among them
_SAMPLE = 1_000_000  # values that the percentiles are taken of
_ROWS = 1_000_000  # values that are stretched at a time
_DARK = 2**15  # of a picture of 16 bits, as in `values.show`
_HEAD = 32
_FLOAT, _SINGLE = 3, 32  # format and bits of a sample of a TIFF
_PNG = b"\x89PNG"
_DEEP_MARKS = (
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),  # TIFF
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),  # JPEG 2000
    *(b"P2", b"P5"),  # PGM
)


@dataclass(frozen=True)
class RasterView:
    """How a raster becomes a picture.

    Attributes:
        bands: Numbers of the bands for red, green and blue, from 1, or of one for grey; None for the first three of a
            raster that has them, else the first.
        stretch: Which values become 0 and 255: `minmax` of both images, `percentile` 2 and 98 of both, or two numbers.
            `auto` leaves 8 bits as they are and takes percentiles of everything else.
    """

    bands: tuple[int, ...] | None = None
    stretch: Stretch = "auto"


def parse_view(bands: str | None, stretch: str | None) -> RasterView:
    """Read `--bands 4,3,2` and `--stretch 0,3000`.

    >>> parse_view("4,3,2", "0,3000")
    RasterView(bands=(4, 3, 2), stretch=(0.0, 3000.0))

    Raises:
        ConfigError: One is something else.
    """
    return RasterView(_parse_bands(bands), _parse_stretch("auto" if stretch is None else stretch))


def _parse_bands(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) not in (1, 3) or not all(1 <= band <= 65535 for band in found):
        raise ConfigError(f"--bands is {text!r}; expected one number or three, from 1, such as 4,3,2")
    return found


def _parse_stretch(text: str) -> Stretch:
    names: tuple[Literal["auto", "minmax", "percentile"], ...] = ("auto", "minmax", "percentile")
    for name in names:
        if text == name:
            return name
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = float("nan")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ConfigError(
            f"--stretch is {text!r}; expected auto, minmax, percentile or LOW,HIGH such as 0,3000"
        )
    return low, high


class Shown(NamedTuple):
    """Both rasters of a pair as 8-bit RGB pictures."""

    before: Image.Image
    after: Image.Image


def is_raster(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> bool:
    """Whether a file holds other values than a picture's.

    A TIFF of more than 8 bits, signed, or of more bands; another file of 16 bits of grey the largest of which would be
    darker than half: as a picture it were black, as a measurement it is quite usual.

    Raises:
        ImageError: It cannot be used.
    """
    if not _may_be_one(path):
        return False
    limits = Limits(max_pixels, os.fspath(path))
    content = content_of(path, limits)
    if format_of(content, limits.name) == "TIFF":
        page = next(pages(content, limits), None)
        return page is not None and (page.bits > 8 or needs_tifffile(page))
    frame = next(read_frames(content, max_pixels=max_pixels, name=limits.name), None)
    if frame is None or frame.channels != "L" or frame.values.dtype not in (np.uint16, np.int32):
        return False
    return max(float(part.max()) for part in _parts(frame.values)) < _DARK


def _may_be_one(path: str | os.PathLike[str]) -> bool:
    """By the first bytes, so that no picture is read for nothing; what cannot be read, opening it tells."""
    try:
        with open_regular(path) as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return head.startswith(_DEEP_MARKS) or (head.startswith(_PNG) and head[24:25] == b"\x10")


def open_rasters(
    before: str | os.PathLike[str],
    after: str | os.PathLike[str],
    view: RasterView | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
) -> tuple[Shown, str]:
    """Open two rasters as one pair of pictures, stretched alike.

    Args:
        before: The earlier file.
        after: The later file.
        view: How.
        max_pixels: Limit for each.

    Returns:
        The two pictures, and one sentence on bands and values.

    Raises:
        ImageError: One cannot be used, lacks a band, or holds complex numbers.
        MissingExtraError: tifffile is needed and not installed.
    """
    view = view or RasterView()
    paths = os.fspath(before), os.fspath(after)
    facts = [_facts(path, view, max_pixels) for path in paths]  # one raster in memory at a time
    low, high, how = _range(facts, view.stretch)
    pictures = [
        _picture(_read(path, view, max_pixels)[0], low, high, _nothing(path, max_pixels)) for path in paths
    ]
    bands = view.bands or tuple(range(1, facts[0].shown + 1))
    told = (
        f"bands {','.join(map(str, bands))} of {facts[0].bands}, "
        f"values {low:g} to {high:g} ({how}) shown as 0 to 255"
    )
    return Shown(*pictures), told


@dataclass(frozen=True)
class _Facts:
    """What is known of one raster.

    Attributes:
        bands: How many it has.
        shown: How many of them are shown.
        low: The least finite value that is shown; infinite without one.
        high: The largest.
        sample: Some of the finite values, float64.
        eight_bits: Whether they are uint8.
    """

    bands: int
    shown: int
    low: float
    high: float
    sample: np.ndarray
    eight_bits: bool


def _facts(path: str, view: RasterView, max_pixels: int) -> _Facts:
    values, bands = _read(path, view, max_pixels)
    nothing = _nothing(path, max_pixels)
    low, high = np.inf, -np.inf
    if view.stretch == "minmax":
        for part in _parts(values):
            finite = part[np.isfinite(part) & (part != nothing)]
            if finite.size:
                low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    sample = values.ravel()[:: max(1, values.size // _SAMPLE)].astype(np.float64)
    sample = sample[np.isfinite(sample) & (sample != nothing)]
    return _Facts(bands, values.shape[2], low, high, sample, values.dtype == np.uint8)


def _nothing(path: str, max_pixels: int) -> float:
    """The value that stands for nothing in a file, in its own type of numbers; NaN, which equals none, without one."""
    limits = Limits(max_pixels, path)
    content = content_of(path, limits)
    page = next(pages(content, limits), None) if format_of(content, path) == "TIFF" else None
    if page is None or page.nothing is None:
        return float("nan")
    single = page.sample_format == _FLOAT and page.bits == _SINGLE
    return (
        float(np.float32(page.nothing)) if single else page.nothing
    )  # written with all its digits, or with few


def _read(path: str, view: RasterView, max_pixels: int) -> tuple[np.ndarray, int]:
    """The bands to show of the first page, [H, W, 1 or 3], and how many there are."""
    frame = next(read_frames(path, max_pixels=max_pixels), None)
    if frame is None:
        raise ImageError(f"{path}: holds no picture")
    if frame.values.dtype.kind not in "buif":
        raise ImageError(f"{path}: holds values of type {frame.values.dtype}; expected real numbers")
    return _chosen(frame, view.bands, path), frame.values.shape[2]


def _chosen(frame: Frame, bands: tuple[int, ...] | None, name: str) -> np.ndarray:
    """The bands to show, [H, W, 1 or 3]."""
    count = frame.values.shape[2]
    if bands is None:
        bands = (1, 2, 3) if count >= 3 else (1,)
    beyond = [band for band in bands if band > count]
    if beyond:
        raise ImageError(
            f"{name}: has {count} bands, and --bands asks for {beyond[0]}; choose among 1 to {count}"
        )
    first = bands[0] - 1
    if bands == tuple(range(bands[0], bands[0] + len(bands))):  # without a copy
        return frame.values[:, :, first : first + len(bands)]
    return frame.values[:, :, [band - 1 for band in bands]]


def _range(facts: list[_Facts], stretch: Stretch) -> tuple[float, float, str]:
    """What becomes 0, what becomes 255, and why."""
    if isinstance(stretch, tuple):
        return *stretch, "as asked for"
    if stretch == "auto" and all(one.eight_bits for one in facts):
        return 0.0, 255.0, "8 bits as they are"
    sample = np.concatenate([one.sample for one in facts])
    if not sample.size:
        return 0.0, 1.0, "no finite values"
    if stretch == "minmax":
        low, high = min(one.low for one in facts), max(one.high for one in facts)
        how = "the least and the largest of both"
    else:
        halves = np.percentile(sample / 2, _PERCENTILES)  # between two values of any size
        low, high = (2 * float(value) for value in halves)
        how = "2nd to 98th percentile of both"
    return (low, high, how) if low < high else (low, low + max(1.0, abs(low) * 1e-6), how)


def _picture(values: np.ndarray, low: float, high: float, nothing: float) -> Image.Image:
    """Stretched to 8 bits; what is not a number, or stands for nothing, is black."""
    height, width = values.shape[:2]
    if is_large((width, height)):
        return rgb_of_parts((width, height), _strips(values, low, high, nothing))
    picture = Image.new("RGB", (width, height))
    for corner, strip in _strips(values, low, high, nothing):
        picture.paste(strip, corner)
    return picture


def _strips(
    values: np.ndarray, low: float, high: float, nothing: float
) -> Iterator[tuple[tuple[int, int], Image.Image]]:
    """Stretched rows of [H, W, 1 or 3], with the corner where they lie."""
    top = 0
    for part in _parts(values):
        shown = levels(np.where(part == nothing, np.nan, part), low, high)
        strip = Image.fromarray(shown if shown.shape[2] == 3 else shown[:, :, 0]).convert("RGB")
        yield (0, top), strip
        top += strip.height


def _parts(values: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of [H, W, C] as float64, some at a time, each a copy."""
    rows = max(1, _ROWS // max(1, values.shape[1] * values.shape[2]))
    for top in range(0, values.shape[0], rows):
        yield values[top : top + rows].astype(np.float64)
