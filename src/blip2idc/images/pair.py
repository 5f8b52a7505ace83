"""Open and check images.

In: a path, bytes, a PIL image or an array. Out: an 8-bit RGB image as a person sees it: EXIF orientation applied,
transparency on white, 16-bit scaled, the first frame of an animation. Anything else is one sentence in an
`ImageError`, which names the image and what is wrong.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, UnidentifiedImageError

from blip2idc.errors import ImageError

MAX_PIXELS = 64_000_000
"""Default limit of width times height. An RGB image at the limit takes 192 MB once decoded."""

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | Image.Image | np.ndarray

_WHITE = (255, 255, 255, 255)
_16_TO_8_BITS = 257  # 65535 / 255, so that black and white stay exact
_PILLOW_STATE = threading.Lock()


@dataclass(frozen=True)
class ImagePair:
    """Two RGB images, whose sizes may differ."""

    before: Image.Image
    after: Image.Image

    @classmethod
    def open(cls, before: ImageSource, after: ImageSource, *, max_pixels: int = MAX_PIXELS) -> ImagePair:
        """Open and check both images.

        Args:
            before: The earlier image: path, bytes, PIL image or array.
            after: The later image.
            max_pixels: Largest width times height accepted for each.

        Raises:
            ImageError: One of them cannot be used; the sentence names it.
        """
        return cls(
            open_image(before, max_pixels=max_pixels, name=None if _is_path(before) else "the image before"),
            open_image(after, max_pixels=max_pixels, name=None if _is_path(after) else "the image after"),
        )


def open_image(source: ImageSource, *, max_pixels: int = MAX_PIXELS, name: str | None = None) -> Image.Image:
    """Open one image as 8-bit RGB.

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
        return _decode(source, max_pixels, name or getattr(source, "filename", "") or "image")
    if isinstance(source, bytes):
        name = name or "image bytes"
        content = source
    elif _is_path(source):
        name = name or os.fspath(source)
        content = _read_bytes(Path(source), name)
    else:
        raise ImageError(
            f"{name or 'image'}: got {type(source).__name__}; expected path, bytes, PIL image or array"
        )
    if not content:
        raise ImageError(f"{name}: the file is empty (0 bytes); expected an image")
    with _open_header(content, name) as image:
        return _decode(image, max_pixels, name)


def _is_path(source: object) -> bool:
    return isinstance(source, str | os.PathLike)


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise ImageError(f"{name}: is a folder; expected an image file")
        return path.read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file; expected an image") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{name}: cannot be read ({reason}); check the path and its permissions") from None


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Silence Pillow's warnings and its own pixel limit, which `max_pixels` replaces, while a header is read.

    Both are state of the process, hence the lock; it is never held while pixels are decoded.
    """
    with _PILLOW_STATE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _open_header(content: bytes, name: str) -> Image.Image:
    try:
        with _quiet_pillow():
            return Image.open(io.BytesIO(content))
    except UnidentifiedImageError:
        raise ImageError(f"{name}: is not an image, or of a format that Pillow cannot read") from None
    except Exception as error:  # plugins raise anything on a damaged header
        raise ImageError(f"{name}: the image is damaged ({_reason(error)})") from None


def _decode(image: Image.Image, max_pixels: int, name: str) -> Image.Image:
    """Check the size, then decode, orient and convert."""
    _check_size(image.height, image.width, max_pixels, name)
    orientation = _orientation(image)
    try:
        image.load()
    except Exception as error:  # truncated or damaged: each plugin raises its own kind
        raise ImageError(f"{name}: the image is truncated or damaged ({_reason(error)})") from None
    rgb = _to_rgb(image, name)
    return rgb.transpose(orientation) if orientation is not None else rgb


def _check_size(height: int, width: int, max_pixels: int, name: str) -> None:
    if height < 1 or width < 1:
        raise ImageError(f"{name}: is {width}x{height} pixels; expected at least one pixel")
    if height * width > max_pixels:
        raise ImageError(
            f"{name}: has {width}x{height} = {height * width:,} pixels, more than the limit of {max_pixels:,}; "
            "make it smaller or raise max_pixels"
        )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


_TRANSPOSE_OF_ORIENTATION = {  # EXIF 2.3, tag 0x0112; 1 is upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112


def _orientation(image: Image.Image) -> Image.Transpose | None:
    """How to turn the image upright; None where it is, or where its EXIF block is damaged."""
    try:
        with _quiet_pillow():
            return _TRANSPOSE_OF_ORIENTATION.get(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a damaged EXIF block must not hide a good picture
        return None


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    """8-bit RGB from any mode, transparency composited on white; always a new image."""
    try:
        if image.mode.startswith("I;16") or image.mode == "I":
            return _grey_from_integers(np.asarray(image)).convert("RGB")
        if image.mode == "F":
            return _grey_from_floats(np.asarray(image)).convert("RGB")
        if image.has_transparency_data:
            rgba = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")
        return image.convert("RGB")
    except (ValueError, OSError) as error:
        raise ImageError(f"{name}: cannot turn mode {image.mode} into RGB ({_reason(error)})") from None


def _grey_from_integers(values: np.ndarray) -> Image.Image:
    """16-bit grey by 65535 -> 255; 32-bit grey likewise unless it goes beyond, then by its own maximum."""
    brightest = max(int(values.max()), 65535)
    divisor = brightest / 255 if brightest > 65535 else _16_TO_8_BITS
    return Image.fromarray(np.rint(np.clip(values, 0, None) / divisor).astype(np.uint8))


def _grey_from_floats(values: np.ndarray) -> Image.Image:
    """Floating-point grey: 0..1 where nothing exceeds 1, else 0..255, else by its own maximum; NaN is black."""
    values = np.clip(np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0), 0, None)
    brightest = float(values.max())
    scale = 255.0 if brightest <= 1 else min(1.0, 255.0 / brightest)
    return Image.fromarray(np.rint(values * scale).astype(np.uint8))


def _from_array(array: np.ndarray, max_pixels: int, name: str) -> Image.Image:
    """A PIL image of mode L, RGB or RGBA from an array."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise ImageError(
            f"{name}: array has shape {array.shape}; expected [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]"
        )
    _check_size(array.shape[0], array.shape[1], max_pixels, name)
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
