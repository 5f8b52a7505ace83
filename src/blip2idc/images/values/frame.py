"""One picture of a file as an array, and how two of them are made comparable.

In: what `decode` read. Out: arrays of one type with the same channels, and where they differ. Nothing is rounded or
cut: 8 and 16 bits meet on the scale of the finer one, all other types by their values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from PIL import Image

from blip2idc.images.aside import empty_aside, strips

Space = Literal["gray", "rgb", "cmyk", "lab", "bands"]
_16_TO_8_BITS = 257  # 65535 / 255, so that black and white meet


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a file.

    Attributes:
        values: [H, W, C] of any number type, upright.
        space: What the channels mean; ``bands`` where nothing is known of them.
        alpha: Whether the last channel is opacity.
        duration: Milliseconds for which an animation shows it; None in files that are none.
    """

    values: np.ndarray
    space: Space
    alpha: bool = False
    duration: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.values.shape[1], self.values.shape[0]

    @property
    def channels(self) -> int:
        """How many, alpha included."""
        return int(self.values.shape[2])

    @property
    def kind(self) -> str:
        """Channels and number type in words: ``3 x uint16``."""
        return f"{self.channels} x {self.values.dtype}"


def matched(before: Frame, after: Frame) -> tuple[Frame, Frame] | None:
    """Both frames with the same channels and number type, their values untouched in meaning.

    Gray meets RGB as equal channels, no alpha meets alpha as opaque, 8 bits meet 16 on the scale of 16, CMYK and Lab
    meet others as RGB.

    Returns:
        The two; None where their channels cannot be compared (3 bands and 5).
    """
    if before.space != after.space:
        before, after = _to_light(before), _to_light(after)
    if before.values.dtype != after.values.dtype:
        before, after = _one_type(
            before, after
        )  # before gray is seen as three channels, which takes no memory
    if before.space == "gray" and after.space == "rgb":
        before = _as_rgb(before)
    elif after.space == "gray" and before.space == "rgb":
        after = _as_rgb(after)
    if before.alpha != after.alpha and "bands" not in (before.space, after.space):
        before, after = _with_alpha(before), _with_alpha(after)
    return (before, after) if before.channels == after.channels else None


def _to_light(frame: Frame) -> Frame:
    """CMYK and Lab as RGB, 8 bits; others as they are."""
    if frame.space not in ("cmyk", "lab") or frame.values.dtype != np.uint8:
        return frame
    return replace(frame, values=rgb_of(frame.values, frame.space), space="rgb")


def rgb_of(values: np.ndarray, space: Space) -> np.ndarray:
    """8-bit CMYK or Lab, [H, W, C], as RGB; laid aside where it is large."""
    made = empty_aside((*values.shape[:2], 3), np.uint8)
    for strip in strips(values, made):
        part = np.ascontiguousarray(values[strip])
        size = part.shape[1], part.shape[0]
        made[strip] = np.asarray(Image.frombytes(space.upper(), size, part.tobytes()).convert("RGB"))
    return made


def _as_rgb(frame: Frame) -> Frame:
    color = np.broadcast_to(frame.values[:, :, :1], (*frame.values.shape[:2], 3))
    if frame.alpha:
        made = empty_aside((*frame.values.shape[:2], 4), frame.values.dtype)
        for strip in strips(frame.values, made):
            made[strip, :, :3], made[strip, :, 3] = color[strip], frame.values[strip, :, -1]
        color = made
    return replace(frame, values=color, space="rgb")


def _with_alpha(frame: Frame) -> Frame:
    if frame.alpha:
        return frame
    dtype = frame.values.dtype
    opaque = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1.0
    made = empty_aside((*frame.values.shape[:2], frame.channels + 1), dtype)
    for strip in strips(frame.values, made):
        made[strip, :, :-1] = frame.values[strip]
        made[strip, :, -1] = opaque
    return replace(frame, values=made, alpha=True)


def _one_type(before: Frame, after: Frame) -> tuple[Frame, Frame]:
    if {before.values.dtype, after.values.dtype} == {np.dtype(np.uint8), np.dtype(np.uint16)}:
        before, after = (
            replace(frame, values=_as_type(frame.values, np.dtype(np.uint16), _16_TO_8_BITS))
            if frame.values.dtype == np.uint8
            else frame
            for frame in (before, after)
        )
        return before, after
    wide = np.dtype(_wide_type(before.values.dtype, after.values.dtype))
    before, after = (replace(frame, values=_as_type(frame.values, wide)) for frame in (before, after))
    return before, after


def _as_type(values: np.ndarray, dtype: np.dtype[Any], factor: int = 1) -> np.ndarray:
    """Values of another type, times a factor; laid aside where they are large."""
    made = empty_aside(values.shape, dtype)
    for strip in strips(values, made):
        made[strip] = values[strip]
        if factor != 1:
            made[strip] *= factor
    return made


def _wide_type(one: np.dtype[Any], other: np.dtype[Any]) -> type[Any]:
    """A type that holds the values of both."""
    if "c" in (one.kind, other.kind):
        return np.complex128
    if any((kind.kind in "iu" and kind.itemsize == 8) or kind == np.longdouble for kind in (one, other)):
        return np.longdouble  # every integer of 64 bits, where the processor has such numbers
    return np.float64  # every integer up to 53 bits and every float


def value_range(*frames: Frame) -> tuple[float, float]:
    """Least and largest finite value over frames, alpha left out; (0, 0) where there is none."""
    ends: list[float] = []
    for frame in frames:
        values = frame.values[:, :, :-1] if frame.alpha else frame.values
        for strip in strips(values):
            part = values[strip]
            part = np.abs(part) if np.issubdtype(part.dtype, np.complexfloating) else part
            part = part[np.isfinite(part)] if np.issubdtype(part.dtype, np.inexact) else part
            if part.size:
                ends += [float(part.min()), float(part.max())]
    return (min(ends), max(ends)) if ends else (0.0, 0.0)


def differing(before: Frame, after: Frame, tolerance: float = 0.0) -> tuple[np.ndarray, float]:
    """Where two matched frames of one size differ.

    Args:
        before: See `matched`.
        after: Likewise.
        tolerance: Largest difference, in the unit of the values, that does not count.

    Returns:
        bool [H, W], and the largest difference of all, in the unit of the values; a NaN on one side only counts as
        infinitely far.
    """
    mask = np.zeros(before.values.shape[:2], bool)
    largest = 0.0
    for strip in strips(before.values, after.values):
        one, other = before.values[strip], after.values[strip]
        unequal = one != other
        if np.issubdtype(one.dtype, np.inexact):
            unequal &= ~(np.isnan(one) & np.isnan(other))
        where = unequal.any(axis=2)
        if not where.any():
            continue
        gap = _gap(one[where], other[where])
        largest = max(largest, float(gap.max()))
        if tolerance > 0:
            where[where] = (gap > tolerance).any(axis=1)
        mask[strip] = where
    return mask, largest


def _gap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Absolute differences, float64; equal infinities are 0 apart, NaN is infinitely far from a number."""
    wide = _wide_type(one.dtype, other.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(one.astype(wide) - other.astype(wide)).astype(np.float64)
    same = (one == other) | (np.isnan(gap) & np.isnan(one.astype(wide)) & np.isnan(other.astype(wide)))
    return np.asarray(np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap)))
