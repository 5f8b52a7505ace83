"""Frames as a person, a model and a page can see them: 8-bit RGB, on one scale for both images of a pair.

In: two frames. Out: an `ImagePair`. Transparency is laid on white unless the difference would not show there; values
beyond 8 bits are stretched over the range that both images have together, so that equal values look equal.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from blip2idc.images.aside import empty_aside, let_go, strips
from blip2idc.images.large import is_large, rgb_of_parts
from blip2idc.images.levels import levels
from blip2idc.images.pair import ImagePair
from blip2idc.images.values.frame import Frame, matched, rgb_of, value_range

_BACKGROUNDS = (255, 0, 128)
_SEEN = 8  # levels of 255 from which on a difference shows
_ENOUGH = 0.5  # share of the differing places that has to show on white
_LOOKED_AT = 100_000  # differing pixels that are looked at


def shown(before: Frame, after: Frame) -> ImagePair:
    """Both frames as 8-bit RGB pictures; their sizes may differ."""
    return ImagePair(*map(_image, shown_values(before, after)))


def _image(values: np.ndarray) -> Image.Image:
    """An image of uint8 [H, W, 3]; a large one from strip to strip, since Pillow copies its bytes twice."""
    size = values.shape[1], values.shape[0]
    if not is_large(size):
        return Image.fromarray(np.ascontiguousarray(values))
    parts = (
        ((0, strip.start), Image.fromarray(np.ascontiguousarray(values[strip]))) for strip in strips(values)
    )
    return rgb_of_parts(size, parts)


def shown_values(before: Frame, after: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Both frames as 8-bit RGB, uint8 [H, W, 3]; their own arrays where these are that already."""
    together = matched(before, after)
    before, after = together or (before, after)
    low, high = _scale(before, after)
    background = _background(before, after) if before.alpha and after.alpha else _BACKGROUNDS[0]
    bands = _bands(before, after)
    return _picture(before, low, high, background, bands), _picture(after, low, high, background, bands)


def _scale(before: Frame, after: Frame) -> tuple[float, float]:
    """The values that become black and white."""
    kinds = {before.values.dtype, after.values.dtype}
    if kinds == {np.dtype(np.uint8)}:
        return 0.0, 255.0
    low, high = value_range(before, after)
    if kinds == {np.dtype(np.uint16)} and high >= 2**15:
        return 0.0, 65535.0  # a picture of 16 bits; smaller values are measurements
    return low, high


def _bands(before: Frame, after: Frame) -> list[int]:
    """Three bands to look at: the first three, or one that differs where these do not."""
    count = min(frame.channels - frame.alpha for frame in (before, after))
    first = [0, min(1, count - 1), min(2, count - 1)]
    if count <= 3 or before.size != after.size:
        return first if count >= 3 else [0, 0, 0]
    differ = [
        band for band in range(count) if not np.array_equal(before.values[..., band], after.values[..., band])
    ]
    let_go(before.values, after.values)
    return first if not differ or set(differ) & set(first) else [differ[0]] * 3


def _picture(frame: Frame, low: float, high: float, background: int, bands: list[int]) -> np.ndarray:
    if frame.space == "rgb" and frame.values.dtype == np.uint8 and not frame.alpha:
        return frame.values
    if frame.space in ("cmyk", "lab") and frame.values.dtype == np.uint8:
        return rgb_of(frame.values, frame.space)
    height, width = frame.values.shape[:2]
    rgb = empty_aside((height, width, 3), np.uint8)
    for strip in strips(frame.values, rgb):
        part = frame.values[strip]
        color = part[:, :, bands]
        if color.dtype != np.uint8:
            color = levels(color, low, high)
        rgb[strip] = color if not frame.alpha else _laid(color, _opacity(part[:, :, -1:]), background)
    return rgb


def _opacity(alpha: np.ndarray) -> np.ndarray:
    """Alpha of any type as 0..255."""
    if alpha.dtype == np.uint8:
        return alpha
    top = np.iinfo(alpha.dtype).max if np.issubdtype(alpha.dtype, np.integer) else 1.0
    return np.asarray(np.clip(np.rint(alpha.astype(np.float32) * np.float32(255.0 / top)), 0, 255), np.uint8)


def _laid(color: np.ndarray, alpha: np.ndarray, background: int) -> np.ndarray:
    """Colours of 8 bits on a gray of one level."""
    wide = alpha.astype(np.uint16)
    return np.asarray((color * wide + background * (255 - wide) + 127) // 255, np.uint8)


def _background(before: Frame, after: Frame) -> int:
    """White, unless what differs shows better on black or gray."""
    if before.size != after.size or before.values.dtype != np.uint8 or before.space == "bands":
        return _BACKGROUNDS[0]
    where = _some_of_differing(before.values, after.values)
    if not where.size:
        return _BACKGROUNDS[0]
    sides = [frame.values.reshape(-1, frame.channels)[where] for frame in (before, after)]
    let_go(before.values, after.values)
    shares = []
    for background in _BACKGROUNDS:
        one, other = (_laid(side[:, :-1], side[:, -1:], background).astype(np.int16) for side in sides)
        shares.append(float((np.abs(one - other).max(axis=1) >= _SEEN).mean()))
    return _BACKGROUNDS[0] if shares[0] >= _ENOUGH else _BACKGROUNDS[int(np.argmax(shares))]


def _some_of_differing(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Indices of pixels that differ, about `_LOOKED_AT` of them at most."""
    parts = list(strips(before))
    found = []
    for strip in strips(before, after):
        where = np.flatnonzero((before[strip] != after[strip]).any(axis=2))
        found.append(where[:: max(1, where.size * len(parts) // _LOOKED_AT)] + strip.start * before.shape[1])
    return np.concatenate(found)
