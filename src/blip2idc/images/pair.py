"""Open and check images.

In: a path, bytes, a PIL image or an array. Out: an 8-bit RGB image as a person sees it: EXIF orientation applied,
transparency on white, 16-bit scaled, the first frame of an animation. Anything else is one sentence in an
`ImageError`, which names the image and what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image

from blip2idc.errors import ImageError
from blip2idc.images.decoding.frames import read_frames
from blip2idc.images.decoding.limits import MAX_PIXELS, Limits
from blip2idc.images.decoding.opening import content_of, load, open_bounded, reason_of
from blip2idc.images.decoding.orientation import orientation_of, tag_of
from blip2idc.images.decoding.parts import PART, parts_of
from blip2idc.images.large import LargeImage, is_large, rgb_of_parts
from blip2idc.images.rasters import is_raster, open_rasters

__all__ = ["MAX_PIXELS", "ImagePair", "ImageSource", "check_image", "open_image"]

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | np.ndarray

_WHITE = (255, 255, 255, 255)
_16_TO_8_BITS = 257  # 65535 / 255, so that black and white stay exact


@dataclass(frozen=True)
class ImagePair:
    """Two RGB images, whose sizes may differ.

    >>> pair = ImagePair.open(np.zeros((4, 6, 3), np.uint8), np.ones((8, 8), bool))
    >>> pair.before.size, pair.after.getpixel((0, 0))
    ((6, 4), (255, 255, 255))
    """

    before: Image.Image
    after: Image.Image

    @classmethod
    def open(cls, before: ImageSource, after: ImageSource, *, max_pixels: int = MAX_PIXELS) -> ImagePair:
        """Open and check both images; of two files one of which is a raster (`images.rasters`), both stretched alike.

        Args:
            before: The earlier image: path, bytes, PIL image or array.
            after: The later image.
            max_pixels: Largest width times height accepted for each.

        Raises:
            ImageError: One of them cannot be used; the sentence names it.
        """
        if (
            isinstance(before, str | os.PathLike)
            and isinstance(after, str | os.PathLike)
            and any(is_raster(path, max_pixels) for path in (before, after))
        ):
            return cls(*open_rasters(before, after, max_pixels=max_pixels)[0])
        return cls(
            open_image(before, max_pixels=max_pixels, name=None if _is_path(before) else "the image before"),
            open_image(after, max_pixels=max_pixels, name=None if _is_path(after) else "the image after"),
        )


def open_image(source: ImageSource, *, max_pixels: int = MAX_PIXELS, name: str | None = None) -> Image.Image:
    """Open one image as 8-bit RGB.

    >>> open_image(np.full((4, 6), 0.2)).getpixel((0, 0))
    (51, 51, 51)

    Args:
        source: A path, the bytes of an image file, a PIL image (left as it is; its current frame is taken), or an
            array [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]: uint8, uint16, bool, float in 0..1, or other integers
            in 0..255.
        max_pixels: Largest width times height. A file is refused from its header, before anything is decoded.
        name: What to call the image in errors; the path by default.

    Returns:
        A new RGB image, fully decoded; no file stays open.

    Raises:
        ImageError: Missing, unreadable, a folder, empty, truncated, not an image, or larger than `max_pixels`.
    """
    if isinstance(source, np.ndarray):
        return _to_rgb(_from_array(source, max_pixels, name or "array"), name or "array")
    if isinstance(source, Image.Image):
        limits = Limits(max_pixels, name or getattr(source, "filename", "") or "image")
        limits.check_size(*source.size)
        load(source, limits)
        return _to_rgb(source, limits.name)
    if not _is_path(source) and not isinstance(source, bytes):
        raise ImageError(
            f"{name or 'image'}: got {type(source).__name__}; expected path, bytes, PIL image or array"
        )
    limits = Limits(max_pixels, name or ("image bytes" if isinstance(source, bytes) else os.fspath(source)))
    with open_bounded(content_of(source, limits), limits) as image:
        load(image, limits)
        return _to_rgb(image, limits.name, owned=True)


def check_image(
    source: str | os.PathLike[str] | bytes, *, max_pixels: int = MAX_PIXELS, name: str | None = None
) -> None:
    """Decode a picture or a raster to its end, as `ImagePair.open` would.

    Raises:
        ImageError: It cannot be used.
        MissingExtraError: It is a raster, and tifffile is not installed.
    """
    if isinstance(source, bytes) or not is_raster(source, max_pixels):
        open_image(source, max_pixels=max_pixels, name=name)
    else:
        next(read_frames(source, max_pixels=max_pixels, name=name), None)


def _is_path(source: object) -> bool:
    return isinstance(source, str | os.PathLike)


def _to_rgb(image: Image.Image, name: str, *, owned: bool = False) -> Image.Image:
    """8-bit RGB from any mode, upright, transparency composited on white.

    A new image, or the pixels of one that is `owned`; one that was laid aside by this function is as good as new.
    """
    try:
        plain = image.mode == "RGB" and not image.has_transparency_data
        if plain and isinstance(image, LargeImage):
            return image
        if plain and owned and not is_large(image.size):
            return _upright(image, image._new(image.im))  # without the file and the plugin it came from
        return _by_parts(image, _conversion(image))
    except (ValueError, OSError) as error:
        raise ImageError(f"{name}: cannot turn mode {image.mode} into RGB ({reason_of(error)})") from None


def _conversion(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What makes RGB of a part of an image."""
    if image.mode.startswith("I;16") or image.mode == "I":
        divisor = _divisor(max(int(np.asarray(part).max()) for _, part in parts_of(image)))
        return lambda part: _grey(np.clip(np.asarray(part), 0, None) / divisor)
    if image.mode == "F":
        scale = _scale(max(float(_finite(part).max()) for _, part in parts_of(image)))
        return lambda part: _grey(_finite(part) * scale)
    return _on_white if image.has_transparency_data else lambda part: part.convert("RGB")


def _by_parts(image: Image.Image, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """A new RGB image, converted part by part."""
    if image.width * image.height <= PART:
        return _upright(image, convert(image))
    parts = ((corner, convert(part)) for corner, part in parts_of(image))
    if is_large(image.size):
        return rgb_of_parts(image.size, parts, tag_of(orientation_of(image)))
    rgb = Image.new("RGB", image.size)
    for corner, part in parts:
        rgb.paste(part, corner)
    return _upright(image, rgb)


def _upright(image: Image.Image, rgb: Image.Image) -> Image.Image:
    orientation = orientation_of(image)
    return rgb if orientation is None else rgb.transpose(orientation)


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")


def _grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(values).astype(np.uint8)).convert("RGB")


def _divisor(brightest: int) -> float:
    """16-bit grey by 65535 -> 255; 32-bit grey likewise unless it goes beyond, then by its own maximum."""
    return brightest / 255 if brightest > 65535 else _16_TO_8_BITS


def _scale(brightest: float) -> float:
    """Floating-point grey: 0..1 where nothing exceeds 1, else 0..255, else by its own maximum."""
    return 255.0 if brightest <= 1 else min(1.0, 255.0 / brightest)


def _finite(image: Image.Image) -> np.ndarray:
    """Floating-point grey from 0 on; what is not a number is black."""
    return np.clip(np.nan_to_num(np.asarray(image, np.float64), nan=0.0, posinf=0.0, neginf=0.0), 0, None)


def _from_array(array: np.ndarray, max_pixels: int, name: str) -> Image.Image:
    """A PIL image of mode L, RGB or RGBA from an array."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ImageError(
            f"{name}: array has shape {array.shape}; expected [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]"
        )
    Limits(max_pixels, name).check_size(array.shape[1], array.shape[0])
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(_to_uint8(array, name)))


def _to_uint8(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype == np.uint16:
        return np.rint(array / _16_TO_8_BITS).astype(np.uint8)
    is_float = np.issubdtype(array.dtype, np.floating)
    if not is_float and not np.issubdtype(array.dtype, np.integer):
        raise ImageError(f"{name}: array of {array.dtype}; expected uint8, uint16, bool, integers or floats")
    top = 1 if is_float else 255
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= top):  # also catches NaN
        raise ImageError(f"{name}: {array.dtype} array has values from {low} to {high}; expected 0 to {top}")
    return np.rint(array * 255.0).astype(np.uint8) if is_float else array.astype(np.uint8)
