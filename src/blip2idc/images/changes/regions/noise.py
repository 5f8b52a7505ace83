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

from blip2idc.images.changes.geometry.overlay import Overlay
from blip2idc.images.changes.pictures import Pixels, Plane, tile_ends
from blip2idc.images.changes.regions.encoding import as_encoded
from blip2idc.images.changes.result import Noise

_CELL = 16  # pixels: a block of JPEG with halved colour
_REACH = 9  # pixels around a place whose structure counts as its own
_USUAL = 0.6  # quantile, over cells with structure, of difference over structure: the noise of the pair
_FEW = 12  # cells that have to tell


@dataclass(frozen=True)
class _Model:
    """How large the largest difference of a cell gets by noise alone, in units of the noise of the pair.

    The usual difference is ``plain + by_edge * edge + by_color * color``, the limit ``limit_plain + limit_by_edge *
    min(edge, limit_edge) + limit_by_color * color``, where edge and color are the structure of the cell. All numbers
    are envelopes over unchanged pages and photographs.
    """

    plain: float
    by_edge: float
    by_color: float
    limit_plain: float
    limit_by_edge: float
    limit_edge: float
    limit_by_color: float
    telling: float  # structure from which on a cell tells of the noise of the pair
    least: float  # noise of a pair that is believed at least

    def usual(self, edge: np.ndarray, color: np.ndarray) -> np.ndarray:
        return np.asarray(self.plain + self.by_edge * edge + self.by_color * color)

    def limit(self, edge: np.ndarray, color: np.ndarray) -> np.ndarray:
        bent = np.minimum(edge, self.limit_edge)
        return np.asarray(
            _MARGIN * (self.limit_plain + self.limit_by_edge * bent + self.limit_by_color * color)
        )


_MARGIN = 1.35  # what was not measured
# as it is: edge is the Laplacian / 4, color the range of Cr and Cb
_SHARP = (
    _Model(4.0, 0.16, 0.15, 30.0, 1.2, 95.0, 0.8, 12.0, 0.1),
    _Model(4.0, 0.0, 0.3, 20.0, 0.0, 0.0, 1.5, 8.0, 0.25),
)
# blurred, where re-encoding and resampling leave little: edge and color are gradients
_SMOOTH = (
    _Model(2.0, 0.3, 0.0, 15.0, 2.25, 255.0, 0.0, 0.0, 0.12),
    _Model(2.0, 0.0, 0.3, 15.0, 0.0, 0.0, 2.25, 0.0, 0.35),
)
_THINNED = 0.7  # share of the colour of thin lines that JPEG may take
_BLUR = 1.5  # standard deviation in pixels


@dataclass(frozen=True, eq=False)
class Excess:
    """Differences in units of the threshold.

    Attributes:
        strength: float32 [H, W]; above 1 the noise does not explain the pixel.
        difference: uint8 [H, W], the largest difference over the channels.
        noise: What was estimated.
        exact: Whether the pair is equal to the pixel over much of its structure.
        encoded: Whether one image is the other as JPEG, but for what stands out.
    """

    strength: Plane
    difference: Plane
    noise: Noise
    exact: bool
    encoded: bool = False


def exact_excess(difference: Plane) -> Excess:
    """For a pair without noise: every difference counts."""
    return Excess((difference > 0).astype(np.float32) * 2, difference, Noise(), True)


def noisy_excess(overlay: Overlay) -> Excess:
    """For a pair with noise everywhere."""
    gain, offset, before = _same_light(overlay.before, overlay.after, overlay.valid)
    same = None if overlay.resampled else as_encoded(before, overlay.after)
    one, other = (cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb) for image in (before, overlay.after))
    stand_in = None if same is None else cv2.cvtColor(same, cv2.COLOR_RGB2YCrCb)
    gap = _gap(one, other, overlay.valid)
    left = gap if stand_in is None else np.minimum(gap, cv2.absdiff(stand_in, other))
    structures = _sharp_structure(one), _sharp_structure(other)
    strength, scales = _strength(gap, left, *structures, overlay.valid, _SHARP)
    difference = gap.max(axis=2)
    thin = np.maximum(_thin_color(one), _thin_color(other))
    one, other = (cv2.GaussianBlur(image.astype(np.float32), (0, 0), _BLUR) for image in (one, other))
    gap = _gap(one, other, overlay.valid)
    gap[:, :, 1:] = np.maximum(gap[:, :, 1:] - _THINNED * thin, 0)
    left = gap
    if stand_in is not None:
        stand_in = cv2.GaussianBlur(stand_in.astype(np.float32), (0, 0), _BLUR)
        left = np.minimum(gap, cv2.absdiff(stand_in, other))
    structures = _smooth_structure(one), _smooth_structure(other)
    smooth, _ = _strength(gap, left, *structures, overlay.valid, _SMOOTH)
    np.maximum(strength, smooth, out=strength)
    sources = ["light"] if abs(gain - 1) > 0.015 or abs(offset) > 2 else []
    sources += ["resampling"] if overlay.resampled else ["re-encoding"]
    noise = Noise(float(np.median(difference)), scales[0], gain, offset, tuple(sources))
    return Excess(strength, difference, noise, False, encoded=same is not None)


def _gap(one: np.ndarray, other: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    """Difference of two images [H, W, 3]; none where they are not both there."""
    gap = np.asarray(cv2.absdiff(one, other))
    if valid is not None:
        gap[~valid] = 0
    return gap


#: Of luma and of colour, float32 [cells down, cells across].
Structure = tuple[np.ndarray, np.ndarray]


def _thin_color(image: Pixels) -> np.ndarray:
    """What halving the resolution of colour takes from Cr and Cb of an image, blurred; float32 [H, W, 2].

    JPEG does so at nearly every quality, and coloured lines and letters on white lose it for good: white has no room
    for the colour that is spread to it.
    """
    colors = image[:, :, 1:]
    size = image.shape[1::-1]
    halved = cv2.resize(colors, (-(-size[0] // 2), -(-size[1] // 2)), interpolation=cv2.INTER_AREA)
    lost = cv2.absdiff(colors, cv2.resize(halved, size, interpolation=cv2.INTER_LINEAR))
    return np.asarray(cv2.GaussianBlur(lost.astype(np.float32), (0, 0), _BLUR))


def _strength(
    gap: np.ndarray,
    left: np.ndarray,
    one: Structure,
    other: Structure,
    valid: np.ndarray | None,
    models: tuple[_Model, _Model],
) -> tuple[Plane, list[float]]:
    """Differences in units of the threshold, float32 [H, W], and the noise of luma and colour.

    Structure is the lesser of both images', so that what is new stands out.

    Args:
        gap: The differences [H, W, 3] of YCrCb, which tell of the noise.
        left: What of them is not explained otherwise, in the same units.
        one: Structure of the image before.
        other: Likewise after.
        valid: Where both are there.
        models: Of luma and of colour.
    """
    edge, color = (np.minimum(*pair) for pair in zip(one, other, strict=True))
    inside = np.ones(edge.shape, bool) if valid is None else _cells(valid.astype(np.uint8), "min") > 0
    planes, rests = ((values[:, :, 0], cv2.max(values[:, :, 1], values[:, :, 2])) for values in (gap, left))
    strength = np.zeros(gap.shape[:2], np.float32)
    scales = []
    for plane, rest, model, structure in zip(planes, rests, models, (edge, color), strict=True):
        telling = inside & (structure > model.telling)
        telling = telling if telling.sum() >= _FEW else inside
        ratios = _cells(plane, "max") / model.usual(edge, color)
        scale = max(model.least, float(np.quantile(ratios[telling], _USUAL))) if telling.any() else 1.0
        limit = np.repeat(np.repeat(scale * model.limit(edge, color), _CELL, axis=0), _CELL, axis=1)
        np.maximum(strength, rest / limit[: rest.shape[0], : rest.shape[1]].astype(np.float32), out=strength)
        scales.append(scale)
    return strength, scales


def _sharp_structure(image: Pixels) -> Structure:
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


def _smooth_structure(image: np.ndarray) -> Structure:
    """Steepest gradient, in levels a pixel, of luma and of colour in and close to each cell of blurred YCrCb."""
    kernel = np.ones((_REACH, _REACH), np.uint8)
    steepest = []
    for plane in cv2.split(image):
        gradient = cv2.magnitude(cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)) / 8
        steepest.append(_cells(cv2.dilate(gradient, kernel), "max"))
    return steepest[0], np.maximum(steepest[1], steepest[2])


def _cells(plane: Plane, what: str) -> Plane:
    """The largest or smallest value in each cell; cells at the border may be smaller."""
    height, width = plane.shape
    if height % _CELL or width % _CELL:
        plane = np.pad(plane, ((0, -height % _CELL), (0, -width % _CELL)), mode="edge")
    low, high = tile_ends(plane, _CELL)
    return high if what == "max" else low


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
        if one[keep].std() < 2:
            return 1.0, 0.0
        # in double precision: the tolerance of the fit grows with the number of points
        gain, offset = np.polyfit(one[keep].astype(np.float64), other[keep].astype(np.float64), 1)
        gap = np.abs(gain * one + offset - other)
        inside = (one > 4) & (one < 250) & (other > 4) & (other < 250)
        keep = inside & (gap <= max(2.0, 2.5 * float(np.median(gap[inside]))))
    before, after = np.median(np.abs(one - other)), np.median(np.abs(gain * one + offset - other))
    return (float(gain), float(offset)) if after < 0.8 * before else (1.0, 0.0)
