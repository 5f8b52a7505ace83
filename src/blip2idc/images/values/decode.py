"""A file with all of its pictures: how many frames, pages or sizes it holds, and the values of each.

In: a path. Out: an `ImageFile` that hands out its frames one by one; `images.decoding` opens and bounds them. One frame
is in memory at a time.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path
from typing import Any, Literal

import numpy as np

from blip2idc.errors import ImageError
from blip2idc.images.aside import laid_aside
from blip2idc.images.decoding import frames as decoded
from blip2idc.images.decoding.by_format.tiff import check_page, pages
from blip2idc.images.decoding.formats import format_of
from blip2idc.images.decoding.limits import MAX_PIXELS, Limits
from blip2idc.images.decoding.opening import content_of, open_bounded, reason_of
from blip2idc.images.decoding.orientation import orientation_of, tag_of, upright
from blip2idc.images.decoding.rasters import read_pages
from blip2idc.images.values.frame import Frame, Space

Part = Literal["frame", "page", "size"]

_SPACES: dict[str, Space] = {
    "L": "gray", "LA": "gray", "RGB": "rgb", "RGBA": "rgb", "YCbCr": "rgb", "CMYK": "cmyk", "LAB": "lab",
}  # fmt: skip
_PARTS: dict[str, Part] = {"TIFF": "page", "MPO": "page", "ICO": "size"}
_DEEPER = {"JPEG2000", "AVIF", "HEIF", "PPM"}  # may hold more than 8 bits a channel, of which Pillow keeps 8

_HIGH_BITDEPTH = 0x40  # of the third byte of `av1C`
_DEEP_AVIF = 25  # bytes a pixel that OpenCV takes to decode one of more than 8 bits


@dataclass(frozen=True, eq=False)
class ImageFile:
    """A file whose header was read.

    Attributes:
        name: For errors.
        content: Its bytes.
        format: As Pillow calls it.
        count: How many pictures it holds.
        loops: How often an animation plays, 0 for ever; None where there is nothing to play.
        profile: ICC profile, None without one.
        max_pixels: Limit for each picture.
    """

    name: str
    content: bytes
    format: str
    count: int
    loops: int | None
    profile: bytes | None
    max_pixels: int

    @property
    def part(self) -> Part:
        """What one of its pictures is called."""
        return _PARTS.get(self.format, "frame")

    def part_name(self, index: int) -> str:
        """``frame 2 of 3``; empty where there is one picture only."""
        return f"{self.part} {index + 1} of {self.count}" if self.count > 1 else ""

    def frames(self) -> Iterator[Frame]:
        """Decode one picture after the other.

        Raises:
            ImageError: One of them is damaged, too large, or of a kind that cannot be read exactly.
            MissingExtraError: A TIFF needs tifffile.
        """
        found = self._foreign() or decoded.read_frames(
            self.content, max_pixels=self.max_pixels, name=self.name
        )
        first = True
        while (
            True
        ):  # not by `for` and `enumerate`, which would hold what is yielded until the next is decoded
            frame = next(found, None)
            if frame is None:
                return
            deeper = self._deeper() if first and self.format in _DEEPER else None
            made = deeper or _converted(frame, self.count > 1 and self.part == "frame")
            made = replace(made, values=laid_aside(made.values))
            first = False
            del frame, deeper
            yield made

    def frame(self, wanted: int) -> Frame:
        """One picture; those before it are decoded too, as animations need it."""
        for index, frame in enumerate(self.frames()):
            if index == wanted:
                return frame
        raise ImageError(f"{self.name}: has {self.count} {self.part}s; number {wanted + 1} was asked for")

    def _foreign(self) -> Iterator[decoded.Frame] | None:
        """The pages of a TIFF that Pillow does not know at all (three bands that are no colours); None for others."""
        limits = Limits(self.max_pixels, self.name)
        if self.format != "TIFF":
            return None
        try:
            open_bounded(self.content, limits).close()
        except ImageError:
            for page in pages(self.content, limits):
                check_page(page, limits)  # what is too large stays refused
            return starmap(decoded.Frame, read_pages(self.content, limits))
        return None

    def _check_deep_avif(self) -> None:
        limits = Limits(self.max_pixels, self.name)
        with open_bounded(self.content, limits) as image:
            needed = _DEEP_AVIF * image.width * image.height
            limits.check_memory(
                needed, f"an AVIF image of more than 8 bits and {image.width}x{image.height} pixels"
            )

    def _deeper(self) -> Frame | None:
        """The picture with more than 8 bits a channel; None where it has no more, or is an animation."""
        if self.format == "AVIF":
            if not _is_deep_avif(self.content):
                return None  # OpenCV would decode it for nothing, and takes three times what Pillow does
            self._check_deep_avif()
        read = _with_libheif if self.format == "HEIF" else _with_opencv
        values = read(self.content) if self.count == 1 else None
        if values is None or values.dtype == np.uint8:
            return None
        with open_bounded(self.content, Limits(self.max_pixels, self.name)) as image:
            values = upright(values, tag_of(orientation_of(image)))
        channels = values.shape[2]
        return Frame(values, "gray" if channels <= 2 else "rgb", alpha=channels in (2, 4))


def open_values(path: Path, *, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """Read a file and its header.

    Args:
        path: Of an image file.
        max_pixels: Largest width times height of each of its pictures.

    Raises:
        ImageError: It is missing, empty, damaged, no image, or holds more than the limit.
    """
    limits = Limits(max_pixels, str(path))
    content = content_of(path, limits)
    if format_of(content, limits.name) == "TIFF":
        profile = _profile_of_tiff(content, limits)
        return ImageFile(
            limits.name, content, "TIFF", len(list(pages(content, limits))), None, profile, max_pixels
        )
    with open_bounded(content, limits) as image:
        try:
            count = _count(image)
        except Exception as error:  # plugins raise anything on a damaged file
            raise limits.damaged(reason_of(error)) from None
        loops = _loops(image) if count > 1 and image.format not in _PARTS else None
        profile = image.info.get("icc_profile") or None
        return ImageFile(limits.name, content, image.format or "", count, loops, profile, max_pixels)


def _count(image: Any) -> int:
    return len(image.ico.entry) if image.format == "ICO" else int(getattr(image, "n_frames", 1))


def _loops(image: Any) -> int:
    """How often an animation plays; a GIF that does not say plays once."""
    return int(image.info.get("loop", 1 if image.format == "GIF" else 0))


def _profile_of_tiff(content: bytes, limits: Limits) -> bytes | None:
    """Of the first page; None too where Pillow does not know this kind of TIFF."""
    try:
        with open_bounded(content, limits) as image:
            return image.info.get("icc_profile") or None
    except ImageError:
        return None


def _is_deep_avif(content: bytes) -> bool:
    """Whether an AVIF file holds more than 8 bits a channel, by its codec's own box (`av1C`, AV1-ISOBMFF 2.3.3)."""
    at = content.find(b"av1C")
    while at >= 0:
        if content[at + 6 : at + 7] and content[at + 6] & _HIGH_BITDEPTH:
            return True
        at = content.find(b"av1C", at + 4)
    return False


def _converted(frame: decoded.Frame, timed: bool) -> Frame:
    space = _SPACES.get(frame.channels, "bands")
    alpha = frame.channels in ("LA", "RGBA")
    return Frame(frame.values, space, alpha, frame.duration if timed else None)


def _with_opencv(content: bytes) -> np.ndarray | None:
    """[H, W, C] in RGB order, as stored; None where OpenCV does not read it."""
    import cv2

    try:
        values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if values is None:
        return None
    values = np.asarray(values)
    return values[:, :, None] if values.ndim == 2 else values[:, :, [2, 1, 0, 3][: values.shape[2]]]


def _with_libheif(content: bytes) -> np.ndarray | None:
    """[H, W, C] of a HEIC file, its 10 or 12 bits as 16; None where it has 8."""
    import pillow_heif

    file = pillow_heif.open_heif(io.BytesIO(content), convert_hdr_to_8bit=False)
    if not file.mode.endswith(";16"):
        return None
    values = np.asarray(file)
    return values[:, :, None] if values.ndim == 2 else values
