"""The two images as the comparison works on them.

In: PIL images or arrays of any channel count and number type. Out: a `Picture`, which hands out 8-bit RGB, whole or
reduced, and differences of the values as they are. Images of up to `WORKING_PIXELS` are worked on as they are; larger
ones are reduced by whole factors and never held twice, which keeps two images of 100 megapixels below 2 GB.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import cv2
import numpy as np
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.aside import let_go
from blip2idc.images.levels import levels

#: uint8 [H, W, 3].
Pixels: TypeAlias = np.ndarray
#: uint8 or float32 [H, W].
Plane: TypeAlias = np.ndarray
Source: TypeAlias = Image.Image | np.ndarray

#: Images beyond it are reduced; a 12-megapixel photograph is not.
WORKING_PIXELS = 20_000_000
#: What reduced images have at most: work on them takes some 30 bytes a pixel.
REDUCED_PIXELS = 8_000_000
#: Evenness from which on a picture was drawn, as pages are, and not taken: of the test photographs all but one
#: have 0.36 at most, of 330 training pages the least even 0.43.
DRAWN = 0.4
_STRIP_PIXELS = 2_000_000
#: Rows and columns of an image that are looked at for its evenness.
_LINES = 200


def over_channels(function: np.ufunc, image: np.ndarray) -> np.ndarray:
    """What `function.reduce(image, axis=-1)` gives of three channels, without a loop for every pixel.

    Args:
        function: Of two arrays, such as `np.maximum`.
        image: [..., 3].
    """
    found: np.ndarray = function(function(image[..., 0], image[..., 1]), image[..., 2])
    return found


class Picture:
    """One image of a pair.

    Args:
        source: A PIL image of mode RGB (others are converted), or an array [H, W] or [H, W, C].
        low, high: Values that become 0 and 255; those of both images of a pair have to be the same. Only for arrays
            that are not uint8.
    """

    def __init__(self, source: Source, low: float = 0.0, high: float = 255.0) -> None:
        if isinstance(source, Image.Image):
            self.source: Source = source if source.mode == "RGB" else source.convert("RGB")
            self.width, self.height = source.size
        else:
            if source.ndim not in (2, 3) or 0 in source.shape:
                raise ImageError(f"array has shape {source.shape}; expected [H, W] or [H, W, C], not empty")
            self.source = source if source.ndim == 3 else source[:, :, None]
            self.height, self.width = source.shape[:2]
        self.low, self.high = low, high
        self._pixels: Pixels | None = None

    @property
    def is_rgb(self) -> bool:
        """Whether the values are those that are worked on."""
        source = self.source
        return isinstance(source, Image.Image) or (source.dtype == np.uint8 and source.shape[2] == 3)

    def _opened(self, image: Image.Image) -> Pixels:
        """A PIL image as an array, made once."""
        if self._pixels is None:
            self._pixels = np.asarray(image)
        return self._pixels

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height

    def native(self, top: int, bottom: int) -> np.ndarray:
        """Rows as they are, [rows, W, C]; a view where the source is an array."""
        if isinstance(self.source, Image.Image):
            if self.width * self.height <= WORKING_PIXELS:
                return self._opened(self.source)[top:bottom]
            return np.asarray(self.source.crop((0, top, self.width, bottom)))
        return self.source[top:bottom]

    def rgb(self, factor: int = 1) -> Pixels:
        """8-bit RGB, reduced by averaging squares of `factor` pixels."""
        if isinstance(self.source, Image.Image):
            return self._opened(self.source) if factor == 1 else np.asarray(self.source.reduce(factor))
        if factor == 1:
            return self._to_rgb(self.source)
        rows = []
        step = max(1, _STRIP_PIXELS // (self.width * factor)) * factor
        for top in range(0, self.height, step):
            strip = Image.fromarray(self._to_rgb(self.source[top : top + step]))
            rows.append(np.asarray(strip.reduce(factor)))
            let_go(self.source)
        return np.concatenate(rows)

    def window(self, box: tuple[int, int, int, int]) -> Pixels:
        """8-bit RGB of a part (x, y, width, height), as far as it lies in the image."""
        x, y, width, height = box
        right, bottom = min(self.width, x + width), min(self.height, y + height)
        if self._pixels is not None:
            return self._pixels[y:bottom, x:right]
        if isinstance(self.source, Image.Image):
            return np.asarray(self.source.crop((x, y, right, bottom)))
        return self._to_rgb(self.source[y:bottom, x:right])

    def _to_rgb(self, values: np.ndarray) -> Pixels:
        if values.dtype == np.bool_:
            values = values.astype(np.uint8) * 255
        if values.dtype != np.uint8:
            values = levels(values, self.low, self.high)
        channels = values.shape[2]
        if channels == 3:
            return np.ascontiguousarray(values)
        if channels in (2, 4):  # with alpha, on white, as everywhere in this package
            color, alpha = values[:, :, :-1].astype(np.uint16), values[:, :, -1:].astype(np.uint16)
            values = ((color * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
            channels -= 1
        return np.ascontiguousarray(values[:, :, [0, min(1, channels - 1), min(2, channels - 1)]])


def open_pictures(before: Source, after: Source) -> tuple[Picture, Picture]:
    """Both images of a pair, with one scale of values for both.

    Raises:
        ImageError: An array is empty or of a shape or type that holds no image, or the two have other channels.
    """
    if isinstance(before, Image.Image) or isinstance(after, Image.Image):
        before, after = (
            source if isinstance(source, Image.Image) else np.asarray(source) for source in (before, after)
        )
        return Picture(before), Picture(after)
    for source in (before, after):
        if not (np.issubdtype(source.dtype, np.number) or source.dtype == np.bool_):
            raise ImageError(f"array of {source.dtype}; expected numbers")
    if before.dtype == np.uint8 and after.dtype == np.uint8:
        return Picture(before), Picture(after)
    ends = [float(end(source)) for source in (before, after) for end in (np.nanmin, np.nanmax)]
    return Picture(before, min(ends), max(ends)), Picture(after, min(ends), max(ends))


def working_factor(first: Picture, second: Picture, pixels: int | None = None) -> int:
    """The whole factor by which a pair has to be reduced so that neither has more than so many pixels.

    By default 1 up to `WORKING_PIXELS`, and what leaves `REDUCED_PIXELS` beyond.
    """
    largest = max(picture.width * picture.height for picture in (first, second))
    if pixels is None:
        pixels = WORKING_PIXELS if largest <= WORKING_PIXELS else REDUCED_PIXELS
    return int(np.ceil((largest / pixels) ** 0.5))


def differences(first: Picture, second: Picture) -> Iterator[tuple[int, np.ndarray]]:
    """Differences of two images of one size as they are, strip by strip.

    Yields:
        The first row of a strip, and uint8 [rows, W]: the largest difference over the channels on the 0..255 scale,
        rounded up, so that 0 means equal values.
    """
    step = max(1, _STRIP_PIXELS // first.width)
    for top in range(0, first.height, step):
        bottom = min(first.height, top + step)
        yield top, difference(first.native(top, bottom), second.native(top, bottom), first.low, first.high)
        for picture in (first, second):
            if isinstance(picture.source, np.ndarray):
                let_go(picture.source)


def difference(a: np.ndarray, b: np.ndarray, low: float = 0.0, high: float = 255.0) -> Plane:
    """Largest difference over the channels of [H, W, C] values, uint8 [H, W], 0 only where they are equal."""
    if a.dtype == np.uint8 and b.dtype == np.uint8:
        if a.shape == b.shape and np.array_equal(a, b):
            return np.zeros(a.shape[:2], np.uint8)
        planes = cv2.split(cv2.absdiff(a, b))
        worst = np.asarray(planes[0])
        for plane in planes[1:]:
            cv2.max(worst, plane, dst=worst)
        return worst
    first, second = a.astype(np.float64), b.astype(np.float64)
    gap = np.where(np.isnan(first) & np.isnan(second), 0.0, np.abs(second - first)).max(axis=2)
    gap = np.nan_to_num(gap, nan=high - low) * (255.0 / max(high - low, 1e-30))
    return np.asarray(np.minimum(np.ceil(gap), 255), np.uint8)


def evenness(image: Pixels) -> float:
    """Share of the pixels that are equal to the next one: most of a drawing or a page, few of a photograph.

    The next one beside or below, whichever more are equal to: the ground of a page may pass from colour to colour.
    """
    height, width = image.shape[:2]
    rows, columns = (
        codes(np.ascontiguousarray(part))
        for part in (image[:: -(-height // _LINES)], image[:, :: -(-width // _LINES)])
    )
    shares = [float((lines[1:] == lines[:-1]).mean()) for lines in (rows.T, columns) if len(lines) > 1]
    return max(shares, default=1.0)


def is_drawn(*images: Pixels) -> bool:
    """Whether any of some images is a drawing or a page."""
    return any(evenness(image) > DRAWN for image in images)


def codes(image: Pixels) -> np.ndarray:
    """One number for each colour, uint32 [H, W]: equal where all channels are, and compared four times as fast."""
    return np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)).view(np.uint32)[:, :, 0]


def tile_ends(plane: Plane, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest value in each whole tile of `side` pixels, two arrays [H // side, W // side]."""
    height, width = (length // side for length in plane.shape)
    rows = plane[: height * side, : width * side].reshape(height, side, width * side)
    low, high = (
        rows.min(axis=1),
        rows.max(axis=1),
    )  # along the rows first: contiguous, and a sixteenth is left
    return low.reshape(height, width, side).min(axis=2), high.reshape(height, width, side).max(axis=2)


def largest_channel(values: np.ndarray) -> np.ndarray:
    """The largest of the three channels [H, W, 3]; far faster than the maximum over a short last axis."""
    return np.asarray(np.maximum(np.maximum(values[:, :, 0], values[:, :, 1]), values[:, :, 2]))
