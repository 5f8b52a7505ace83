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
_REACH = 9  # pixels around a place whose structure counts as its own
# How the largest difference in a cell grows with the structure there, as measured on pages encoded by JPEG: luma errs
# in proportion to the sharpest edge (Laplacian / 4) and where colour is sharp, colour in proportion to its own range.
_PLAIN, _LUMA_BY_EDGE, _LUMA_BY_COLOR, _COLOR_BY_COLOR = 4.0, 0.16, 0.15, 0.3
_EDGE, _COLORED = 12, 8  # levels from which on a cell tells of the noise of luma and of colour
_FEW = 12  # cells that have to tell
_USUAL = 0.6  # quantile, over these cells, of the difference relative to the above: the noise of the pair
_LEAST = 0.1  # of it: rounding
_LUMA_LIMIT, _COLOR_LIMIT = 7.5, 5.2  # times the noise of the pair: the threshold (benchmarks/changes_noise.py)


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
    valid = overlay.valid
    if valid is not None:
        luma[~valid] = 0
        color[~valid] = 0
    edge, colored = (np.minimum(*pair) for pair in zip(_structure(one), _structure(other), strict=True))
    expected = (
        _PLAIN + _LUMA_BY_EDGE * edge + _LUMA_BY_COLOR * colored,
        _PLAIN + _COLOR_BY_COLOR * colored,
    )
    inside = np.ones(edge.shape, bool) if valid is None else _cells(valid.astype(np.uint8), "min") > 0
    telling = (inside & (edge > _EDGE), inside & (colored > _COLORED))
    strength = np.zeros(luma.shape, np.float32)
    scales = []
    for plane, model, told, limit in zip(
        (luma, color), expected, telling, (_LUMA_LIMIT, _COLOR_LIMIT), strict=True
    ):
        scale = _scale(_cells(plane, "max") / model, told if told.sum() >= _FEW else inside)
        scales.append(scale)
        threshold = np.repeat(np.repeat(limit * scale * model, _CELL, axis=0), _CELL, axis=1)
        threshold = threshold[: luma.shape[0], : luma.shape[1]].astype(np.float32)
        np.maximum(strength, plane / threshold, out=strength)
    edges = scales[0] * float(np.median(expected[0][telling[0]])) if telling[0].any() else 0.0
    difference = gap.max(axis=2)
    sources = ["light"] if abs(gain - 1) > 0.015 or abs(offset) > 2 else []
    sources += ["resampling"] if overlay.resampled else ["re-encoding"]
    noise = Noise(float(np.median(luma)), edges, gain, offset, tuple(sources))
    return Excess(strength, difference, noise, False)


def _structure(image: Pixels) -> tuple[np.ndarray, np.ndarray]:
    """Sharpest edge of luma (Laplacian / 4) and range of colour in and close to each cell of YCrCb, 0..255."""
    kernel = np.ones((_REACH, _REACH), np.uint8)
    luma, *colors = cv2.split(image)
    laplacian = cv2.convertScaleAbs(cv2.Laplacian(luma, cv2.CV_16S), alpha=0.25)
    edge = _cells(cv2.dilate(laplacian, kernel), "max")
    ranges = [
        cv2.subtract(_cells(cv2.dilate(plane, kernel), "max"), _cells(cv2.erode(plane, kernel), "min"))
        for plane in colors
    ]
    return edge.astype(np.float32), np.maximum(*ranges).astype(np.float32)


def _scale(ratios: np.ndarray, telling: np.ndarray) -> float:
    return max(_LEAST, float(np.quantile(ratios[telling], _USUAL))) if telling.any() else 1.0


def _cells(plane: Plane, what: str) -> Plane:
    """The largest or smallest value in each cell; cells at the border may be smaller."""
    height, width = plane.shape
    padded = np.pad(plane, ((0, -height % _CELL), (0, -width % _CELL)), mode="edge")
    tiles = padded.reshape(padded.shape[0] // _CELL, _CELL, padded.shape[1] // _CELL, _CELL)
    return np.asarray(tiles.max(axis=(1, 3)) if what == "max" else tiles.min(axis=(1, 3)))


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
