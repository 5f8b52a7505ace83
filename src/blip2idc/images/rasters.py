"""Show rasters as pictures: which bands, and which of their values are black and white, the same for both images.

In: two files of any number type and any number of bands. Out: an 8-bit RGB pair and one sentence on how it was made.
Satellite images have up to 13 bands and values up to a few thousand; taken by their number type they would be black.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.decoding.formats import format_of
from blip2idc.images.decoding.frames import Frame, read_frames
from blip2idc.images.decoding.limits import MAX_PIXELS, Limits
from blip2idc.images.decoding.opening import content_of
from blip2idc.images.decoding.tiff import pages
from blip2idc.images.pair import ImagePair

Stretch = Literal["auto", "minmax", "percentile"] | tuple[float, float]

_PERCENTILES = (2.0, 98.0)  # what satellite viewers cut off, QGIS among them
_SAMPLE = 1_000_000  # values that the percentiles are taken of
_ROWS = 4_000_000  # values that are stretched at a time


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
    return RasterView(_parse_bands(bands), _parse_stretch(stretch or "auto"))


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


def is_raster(path: str | os.PathLike[str], max_pixels: int = MAX_PIXELS) -> bool:
    """Whether a file holds other values than a picture's: a TIFF of more than 8 bits or more than four bands.

    Raises:
        ImageError: It cannot be used.
    """
    limits = Limits(max_pixels, os.fspath(path))
    content = content_of(path, limits)
    if format_of(content, limits.name) != "TIFF":
        return False
    return any(page.bits > 8 or page.samples > 4 for page in [next(pages(content, limits), None)] if page)


def open_rasters(
    before: str | Path, after: str | Path, view: RasterView | None = None, *, max_pixels: int = MAX_PIXELS
) -> tuple[ImagePair, str]:
    """Open two rasters as one pair of pictures, stretched alike.

    Args:
        before: The earlier file.
        after: The later file.
        view: How.
        max_pixels: Limit for each.

    Returns:
        The pair, and one sentence on bands and values.

    Raises:
        ImageError: One cannot be used, or lacks a band.
        MissingExtraError: tifffile is needed and not installed.
    """
    view = view or RasterView()
    frames = [next(read_frames(path, max_pixels=max_pixels)) for path in (before, after)]
    chosen = [
        _chosen(frame, view.bands, str(path)) for frame, path in zip(frames, (before, after), strict=True)
    ]
    low, high, how = _range(chosen, view.stretch)
    pictures = [_picture(values, low, high) for values in chosen]
    bands = view.bands or tuple(range(1, chosen[0].shape[2] + 1))
    count = frames[0].values.shape[2]
    told = (
        f"bands {','.join(map(str, bands))} of {count}, values {low:g} to {high:g} ({how}) shown as 0 to 255"
    )
    return ImagePair(*pictures), told


def _chosen(frame: Frame, bands: tuple[int, ...] | None, name: str) -> np.ndarray:
    """The bands to show, [H, W, 1 or 3]."""
    count = frame.values.shape[2]
    if bands is None:
        colours = count - 1 if frame.channels in ("LA", "RGBA") else count
        bands = (1, 2, 3) if colours >= 3 else (1,)
    beyond = [band for band in bands if band > count]
    if beyond:
        raise ImageError(
            f"{name}: has {count} bands, and --bands asks for {beyond[0]}; choose among 1 to {count}"
        )
    return frame.values[:, :, [band - 1 for band in bands]]


def _range(chosen: list[np.ndarray], stretch: Stretch) -> tuple[float, float, str]:
    """What becomes 0, what becomes 255, and why."""
    if isinstance(stretch, tuple):
        return *stretch, "as asked for"
    if stretch == "auto" and all(values.dtype == np.uint8 for values in chosen):
        return 0.0, 255.0, "8 bits as they are"
    sample = np.concatenate([values.ravel()[:: max(1, values.size // _SAMPLE)] for values in chosen])
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 1.0, "no finite values"
    if stretch == "minmax":
        finite = [values[np.isfinite(values)] if values.dtype.kind == "f" else values for values in chosen]
        low = min(float(values.min()) for values in finite if values.size)
        high = max(float(values.max()) for values in finite if values.size)
        how = "the least and the largest of both"
    else:
        low, high = (float(value) for value in np.percentile(sample, _PERCENTILES))
        how = "2nd to 98th percentile of both"
    return (low, high, how) if low < high else (low, low + 1, how)


def _picture(values: np.ndarray, low: float, high: float) -> Image.Image:
    """Stretched to 8 bits; what is not a number is black."""
    height, width, channels = values.shape
    shown = np.empty((height, width, channels), np.uint8)
    rows = max(1, _ROWS // max(1, width * channels))
    for top in range(0, height, rows):
        part = values[top : top + rows].astype(np.float32)
        np.nan_to_num(part, copy=False, nan=low, posinf=high, neginf=low)
        shown[top : top + rows] = np.rint(np.clip((part - low) * (255.0 / (high - low)), 0, 255)).astype(
            np.uint8
        )
    return Image.fromarray(shown if channels == 3 else shown[:, :, 0]).convert("RGB")
