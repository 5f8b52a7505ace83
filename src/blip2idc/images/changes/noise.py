"""The noise of a pair, estimated from the pair itself.

In: an `Overlay`. Out: for every pixel, how far its difference stands out of what re-encoding, resampling, drawing
letters anew and light explain; 1 is the threshold.

Two images either are equal to the pixel over much of their structure, then every difference counts. Or noise is
everywhere: then the difference that is usual is measured as a function of how busy the place is (at its finest, and
within the reach of a JPEG block), because compression and interpolation err beside edges and not in plain areas. What
happens in few places barely touches the quantiles that this rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.overlay import Overlay
from blip2idc.images.changes.pictures import Pixels, Plane
from blip2idc.images.changes.result import Noise

_CELL = 16  # pixels: a block of JPEG with halved colour
_EDGES = np.array(
    [2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192], np.float32
)  # bins of activity, levels of 255
_USUAL = 0.6  # quantile, over cells, of a cell's largest difference that is taken as usual
_FACTOR = 4.0  # times the usual: the threshold
_LEAST = (3.0, 4.0)  # levels of luma and colour below which no usual difference is believed
_FEW = 6  # cells that a bin needs to be believed


@dataclass(frozen=True, eq=False)
class Excess:
    """Differences in units of the threshold.

    Attributes:
        strength: float32 [H, W]; above 1 the noise does not explain the pixel.
        difference: uint8 [H, W], the largest difference over the channels.
        noise: What was estimated.
        exact: Whether the pair is equal to the pixel over much of its structure.
    """

    strength: Plane
    difference: Plane
    noise: Noise
    exact: bool


def exact_excess(difference: Plane) -> Excess:
    """For a pair without noise: every difference counts."""
    return Excess((difference > 0).astype(np.float32) * 2, difference, Noise(), True)


def noisy_excess(overlay: Overlay) -> Excess:
    """For a pair with noise everywhere."""
    gain, offset, before = _same_light(overlay.before, overlay.after, overlay.valid)
    after = overlay.after
    one, other = (cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb) for image in (before, after))
    gap = cv2.absdiff(one, other)
    luma, color = gap[:, :, 0], cv2.max(gap[:, :, 1], gap[:, :, 2])
    activity = cv2.min(*(_activity(image) for image in (one, other)))
    valid = overlay.valid
    if valid is not None:
        luma[~valid] = 0
        color[~valid] = 0
    strength = np.zeros(luma.shape, np.float32)
    edges = 0.0
    for plane, least in zip((luma, color), _LEAST, strict=True):
        table = _usual(plane, activity, valid, least)
        edges = edges or float(table[-1])
        scale = np.interp(np.arange(256), _centres(), table).astype(np.float32)[activity]
        scale = cv2.resize(cv2.blur(scale, (3, 3)), plane.shape[::-1], interpolation=cv2.INTER_LINEAR)
        np.maximum(strength, plane / (_FACTOR * scale), out=strength)
    difference = gap.max(axis=2)
    sources = ["light"] if abs(gain - 1) > 0.015 or abs(offset) > 2 else []
    sources += ["resampling"] if overlay.resampled else ["re-encoding"]
    noise = Noise(float(np.median(luma)), edges, gain, offset, tuple(sources))
    return Excess(strength, difference, noise, False)


def _activity(image: Pixels) -> Plane:
    """How much luma or colour (YCrCb) varies in and close to each cell, uint8 [ceil(H / 16), ceil(W / 16)]."""
    kernel = np.ones((9, 9), np.uint8)
    planes = [
        cv2.subtract(_cells(cv2.dilate(plane, kernel), "max"), _cells(cv2.erode(plane, kernel), "min"))
        for plane in cv2.split(image)
    ]
    return np.asarray(np.maximum.reduce(planes))


def _cells(plane: Plane, what: str) -> Plane:
    """The largest or smallest value in each cell; cells at the border may be smaller."""
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % _CELL), (0, -width % _CELL)), mode="edge")
    tiles = padded.reshape(padded.shape[0] // _CELL, _CELL, padded.shape[1] // _CELL, _CELL)
    return np.asarray(tiles.max(axis=(1, 3)) if what == "max" else tiles.min(axis=(1, 3)))


def _centres() -> np.ndarray:
    return np.asarray(np.sqrt(np.concatenate([[1], _EDGES]) * np.concatenate([_EDGES, [255]])))


def _usual(plane: Plane, activity: Plane, valid: np.ndarray | None, least: float) -> np.ndarray:
    """The usual largest difference of a cell in each bin of activity, float [bins]; it never falls with activity."""
    worst = _cells(plane, "max")
    if valid is not None:
        inside = _cells(valid.astype(np.uint8), "min") > 0
        worst, activity = worst[inside], activity[inside]
    bins = np.digitize(activity.ravel(), _EDGES)
    worst = worst.ravel()
    table = np.full(len(_EDGES) + 1, least, np.float32)
    for index in range(len(table)):
        values = worst[bins == index]
        if len(values) >= _FEW:
            table[index] = max(least, float(np.quantile(values, _USUAL)))
    return np.maximum.accumulate(table)


def _same_light(before: Pixels, after: Pixels, valid: np.ndarray | None) -> tuple[float, float, Pixels]:
    """Gain and offset that take before to the light of after, and before in that light."""
    step = max(1, int((before.shape[0] * before.shape[1] / 60_000) ** 0.5))
    one = cv2.blur(before, (5, 5))[::step, ::step].reshape(-1, 3).astype(np.float32)
    other = cv2.blur(after, (5, 5))[::step, ::step].reshape(-1, 3).astype(np.float32)
    if valid is not None:
        keep = valid[::step, ::step].ravel()
        one, other = one[keep], other[keep]
    gains = []
    for channel in range(3):
        gains.append(_line(one[:, channel], other[:, channel]))
    gain = float(np.mean([pair[0] for pair in gains]))
    offset = float(np.mean([pair[1] for pair in gains]))
    if all(abs(a - 1) < 0.01 and abs(b) < 1 for a, b in gains):
        return 1.0, 0.0, before
    table = np.stack([np.clip(np.arange(256) * a + b, 0, 255) for a, b in gains], axis=1)
    return gain, offset, cv2.LUT(before, np.rint(table).astype(np.uint8)[None])


def _line(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """A straight line through most of the points, clipped values left out; no change where it explains little."""
    keep = (one > 4) & (one < 250) & (other > 4) & (other < 250)
    gain, offset = 1.0, 0.0
    for _ in range(6):
        if keep.sum() < 50 or np.ptp(one[keep]) < 8:
            return 1.0, 0.0
        gain, offset = np.polyfit(one[keep], other[keep], 1)
        gap = np.abs(gain * one + offset - other)
        inside = (one > 4) & (one < 250) & (other > 4) & (other < 250)
        keep = inside & (gap <= max(2.0, 2.5 * float(np.median(gap[inside]))))
    before, after = np.median(np.abs(one - other)), np.median(np.abs(gain * one + offset - other))
    return (float(gain), float(offset)) if after < 0.8 * before else (1.0, 0.0)
