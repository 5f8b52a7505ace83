"""Two pictures as the measurements of a whole picture see them: small for tones, at native resolution for detail.

Shapes: H x W pixels; planes of brightness are float32 in 0..255.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from blip2idc.images.changes.pictures import Pixels, is_drawn

Floats = npt.NDArray[np.float32]

SMALL = 192  # longest side of the pictures whose tones are compared
_DETAIL = 640  # longest side of the window whose pixels are compared
_MEDIUM = 1024  # longest side of the pictures whose frames and points are looked at


@dataclass(frozen=True, eq=False)
class Views:
    """A pair of pictures, and what is made of them once.

    Attributes:
        before: uint8 [H, W, 3].
        after: uint8 [H', W', 3].
        known: What was measured already and is asked for again, by name.
    """

    before: Pixels
    after: Pixels
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def same_size(self) -> bool:
        """Whether both have as many pixels."""
        return self.before.shape == self.after.shape

    @cached_property
    def is_drawn(self) -> bool:
        """Whether the picture before is a page or a drawing: most pixels are equal to the next one."""
        return is_drawn(self.before)

    @cached_property
    def small(self) -> tuple[Floats, Floats]:
        """Both at one small size, float32 [h, w, 3]."""
        height, width = self.before.shape[:2]
        factor = min(1.0, SMALL / max(height, width))
        size = max(8, round(width * factor)), max(8, round(height * factor))
        return _resized(self.before, size), _resized(self.after, size)

    @cached_property
    def medium(self) -> tuple[Pixels, Pixels]:
        """Both, reduced by one factor where they are large, uint8 [H, W, 3]."""
        factor = max(*self.before.shape[:2], *self.after.shape[:2]) / _MEDIUM
        if factor <= 1:
            return self.before, self.after
        one, other = (
            np.asarray(
                cv2.resize(
                    image,
                    (max(16, round(image.shape[1] / factor)), max(16, round(image.shape[0] / factor))),
                    interpolation=cv2.INTER_AREA,
                ),
                np.uint8,
            )
            for image in (self.before, self.after)
        )
        return one, other

    @cached_property
    def lumas(self) -> tuple[Floats, Floats]:
        """The brightness of the small ones, [h, w]."""
        return luma(self.small[0]), luma(self.small[1])

    @cached_property
    def native(self) -> tuple[Floats, Floats]:
        """The middle of both at native resolution, brightness [h, w]; of pictures of one size."""
        return luma(_middle(self.before).astype(np.float32)), luma(_middle(self.after).astype(np.float32))

    @cached_property
    def windows(self) -> tuple[Pixels, Pixels]:
        """The middle of both at native resolution, uint8 [h, w, 3]; of pictures of one size."""
        return _middle(self.before), _middle(self.after)


def luma(image: npt.NDArray[np.generic]) -> Floats:
    """Brightness, float32 [H, W]."""
    plane: Floats = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return plane


def correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Pearson's, 0 where one of them is flat."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm > 1e-3 else 0.0


def follows(values: Floats, results: Floats) -> float:
    """Share of the spread of results that a curve of the values explains, 0..1: 1 where only the tones were changed."""
    bins = np.clip(values, 0, 255).astype(np.int32).ravel() // 8
    counts = np.maximum(np.bincount(bins, minlength=32), 1)
    flat = results.astype(np.float64).ravel()
    means = np.bincount(bins, flat, 32) / counts
    spread = float(flat.var())
    return 1 - float(((flat - means[bins]) ** 2).mean()) / spread if spread > 1e-3 else 0.0


def soft(image: Floats, sigma: float) -> Floats:
    """Blurred by a Gaussian, [H, W] or [H, W, C]."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)


def structure(plane: Floats) -> Floats:
    """Strength of the edges of a plane, [H, W]."""
    smooth = cv2.GaussianBlur(plane, (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _resized(image: Pixels, size: tuple[int, int]) -> Floats:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _middle(image: Pixels) -> Pixels:
    height, width = image.shape[:2]
    top, left = max(0, (height - _DETAIL) // 2), max(0, (width - _DETAIL) // 2)
    return image[top : top + _DETAIL, left : left + _DETAIL]
