"""What is sure of a change, measured on its pixels.

In: the two images in one frame and a `Region`. Out: `Fact`s. Each is stated only where its own measure is well beyond
the border, so that what is stated is right; nothing is stated where none holds. The order matters: what has the same
shapes in both images was lit, recoloured, blurred or made noisy; only of what has not it is asked whether one side
continues its surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.facts.colors import color_name, hex_code
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Fact

_MARGIN = 10  # pixels of surroundings that are looked at
_LARGEST = 700  # pixels: larger regions are looked at in their middle
_FEW = 24  # pixels below which nothing is measured
_RING = (3, 9)  # pixels from a region between which its surroundings lie
_PLAIN = 0.85  # share of the surroundings that has one colour where they are plain
_ALIKE = 12  # levels
_DENSE = 0.93  # share of its box that a picture fills, and a button with letters does not
_SOLID = 0.5  # share of its box that letters do not fill
_SIGMAS = (0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5)  # blurs that are tried, pixels


@dataclass(frozen=True, eq=False)
class Patch:
    """A region with its surroundings.

    Attributes:
        before: float32 [H, W, 3].
        after: float32 [H, W, 3].
        mask: bool [H, W], the pixels that differ.
        tolerance: Levels by which equal colours may differ by the noise of the pair.
    """

    before: np.ndarray
    after: np.ndarray
    mask: np.ndarray
    tolerance: float

    def ring(self) -> np.ndarray:
        """The surroundings, bool [H, W]."""
        inner, outer = (
            cv2.dilate(self.mask.astype(np.uint8), np.ones((2 * r + 1, 2 * r + 1), np.uint8)) for r in _RING
        )
        return np.asarray((outer > 0) & (inner == 0))

    def density(self) -> float:
        """Share of its box that the mask fills."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return float(self.mask.sum() / ((np.ptp(rows) + 1) * (np.ptp(columns) + 1)))


def measure_facts(before: Pixels, after: Pixels, region: Region, noise: float = 0.0) -> tuple[Fact, ...]:
    """Measure what is sure of a region.

    Args:
        before: uint8 [H, W, 3] in the frame of the overlay.
        after: The same of the image after.
        region: Where the two differ.
        noise: Typical difference by noise, 0..255.
    """
    if region.pixels < _FEW:
        return ()
    patch = _patch(before, after, region, noise)
    for measure in (_on_plain_ground, _light_or_color, _grain, _cover, _focus, _on_busy_ground):
        fact = measure(patch)
        if fact is not None:
            return (fact,)
    return ()


def _patch(before: Pixels, after: Pixels, region: Region, noise: float) -> Patch:
    x, y, width, height = region.box
    mask = region.mask
    if max(width, height) > _LARGEST:
        left, top = max(0, (width - _LARGEST) // 2), max(0, (height - _LARGEST) // 2)
        mask = mask[top : top + _LARGEST, left : left + _LARGEST]
        x, y, (height, width) = x + left, y + top, mask.shape
    top, left = max(0, y - _MARGIN), max(0, x - _MARGIN)
    bottom, right = min(before.shape[0], y + height + _MARGIN), min(before.shape[1], x + width + _MARGIN)
    whole = np.zeros((bottom - top, right - left), bool)
    whole[y - top : y - top + height, x - left : x - left + width] = mask
    one, other = (image[top:bottom, left:right].astype(np.float32) for image in (before, after))
    return Patch(one, other, whole, 5.0 + 2.0 * noise)


# ---- plain ground: one colour around


def plain_ground(image: np.ndarray, ring: np.ndarray, tolerance: float) -> np.ndarray | None:
    """The one colour of the surroundings, float32 [3]; None where they have more."""
    if ring.sum() < 12:
        return None
    values = image[ring]
    middle: np.ndarray = np.median(values, axis=0)
    near = np.abs(values - middle).max(axis=1) <= tolerance
    return middle if near.mean() >= _PLAIN else None


def _on_plain_ground(patch: Patch) -> Fact | None:
    """`appeared` or `disappeared` where one side is nothing but the ground, or ink that took another colour."""
    ring = patch.ring()
    grounds = [plain_ground(image, ring, patch.tolerance) for image in (patch.before, patch.after)]
    if grounds[0] is None or grounds[1] is None or np.abs(grounds[0] - grounds[1]).max() > patch.tolerance:
        return None
    inks = [
        image[patch.mask] - ground for image, ground in zip((patch.before, patch.after), grounds, strict=True)
    ]
    empty = [float((np.abs(ink).max(axis=1) <= patch.tolerance).mean()) for ink in inks]
    rows, columns = np.flatnonzero(patch.mask.any(axis=1)), np.flatnonzero(patch.mask.any(axis=0))
    within = np.zeros_like(patch.mask)
    within[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    clear = [
        float((np.abs(image[within] - ground).max(axis=1) <= patch.tolerance).mean())
        for image, ground in zip((patch.before, patch.after), grounds, strict=True)
    ]
    if empty[0] > 0.97 and clear[0] > 0.97 and empty[1] < 0.4:
        return Fact("appeared")
    if empty[1] > 0.97 and clear[1] > 0.97 and empty[0] < 0.4:
        return Fact("disappeared")
    if patch.density() > _DENSE:
        lit = _light_or_color(patch)
        if lit or all(_is_pictured(image[patch.mask]) for image in (patch.before, patch.after)):
            return lit  # a picture, not letters or a plain shape
    return _ink(inks, grounds[0], patch.tolerance)


def _is_pictured(values: np.ndarray) -> bool:
    """Whether less than half of some pixels [N, 3] have nearly the same colour."""
    return bool((np.abs(values - np.median(values, axis=0)).max(axis=1) <= _ALIKE).mean() < 0.5)


def _ink(inks: list[np.ndarray], ground: np.ndarray, tolerance: float) -> Fact | None:
    """Shapes of one colour on one ground that have another colour: cover of each pixel is the same in both images."""
    strongest = [ink[np.abs(ink).max(axis=1) >= np.quantile(np.abs(ink).max(axis=1), 0.8)] for ink in inks]
    colors = [np.median(part, axis=0) for part in strongest]
    if min(np.abs(color).max() for color in colors) < 16 or np.abs(colors[0] - colors[1]).max() < 12:
        return None
    covers = [ink @ color / float(color @ color) for ink, color in zip(inks, colors, strict=True)]
    for ink, cover, color in zip(inks, covers, colors, strict=True):
        rest = ink - cover[:, None] * color
        if np.square(rest).sum() > 0.06 * np.square(ink).sum():
            return None
        if np.sqrt(np.square(rest).mean()) > max(6.0, tolerance):
            return None  # a photograph has more than one ink
    gap = covers[0] - covers[1]
    if np.sqrt(np.square(gap).mean()) > 0.13:
        return None
    return _recoloured(ground + colors[0], ground + colors[1])


def _recoloured(one: np.ndarray, other: np.ndarray) -> Fact:
    return Fact(
        "recoloured",
        {
            "from": color_name(one),
            "from_hex": hex_code(one),
            "to": color_name(other),
            "to_hex": hex_code(other),
        },
    )


# ---- the same shapes in other light or colour


def _light_or_color(patch: Patch) -> Fact | None:
    inner = _inner(patch.mask)
    if inner is None or patch.density() < _SOLID:
        return None
    one, other = patch.before[inner], patch.after[inner]
    flat = [float(image.std(axis=0).max()) for image in (one, other)]
    if max(flat) <= patch.tolerance:
        return _flat_color(patch, one, other)
    whole = ((np.minimum(one, other) > 8) & (np.maximum(one, other) < 247)).all(axis=1)  # nothing clipped
    if whole.sum() < max(_FEW, 0.2 * len(one)):
        return None
    alike = max(_shape_correlations(patch, inner)) > 0.85
    one, other = one[whole], other[whole]
    luma = [_luma(values) for values in (one, other)]
    step = float(np.median(luma[1] - luma[0]))
    gains = [_gain(one[:, channel], other[:, channel]) for channel in range(3)]
    spread = max(gains) - min(gains)
    if abs(step) >= 5 and spread < 0.12 and (alike or _is_scaled(one, other, patch.tolerance)):
        direction = float((np.sign(luma[1] - luma[0]) == np.sign(step)).mean())
        return (
            Fact("brighter" if step > 0 else "darker", {"levels": round(abs(step))})
            if direction > 0.93
            else None
        )
    chroma = float(np.hypot(*(_chroma(other) - _chroma(one)).T).mean())
    if alike and spread > 0.15 and chroma > max(12.0, 0.5 * abs(step)):
        return _recoloured(np.median(one, axis=0), np.median(other, axis=0))
    return None


def _is_scaled(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    """Whether pixels [N, 3] are those of before times one factor."""
    factor = float((other.mean() + 1) / (one.mean() + 1))
    rest = np.abs(other - factor * one).mean()
    return bool(rest < max(0.6 * tolerance, 0.08 * float(np.abs(other - one).mean())))


def _shape_correlations(patch: Patch, mask: np.ndarray) -> list[float]:
    """How the details of both images agree within a mask: of luma, of the strongest and of the weakest channel.

    A turn of the hue keeps the last two, other light keeps the first.
    """
    found = []
    for plane in (_luma, _strongest, _weakest):
        details = [_details(plane(image), mask)[mask] for image in (patch.before, patch.after)]
        spread = [float(detail.std()) for detail in details]
        if min(spread) < 1.0 or not 0.4 < spread[1] / spread[0] < 2.5:
            found.append(0.0)
        else:
            found.append(float(np.corrcoef(*details)[0, 1]))
    return found


def _strongest(image: np.ndarray) -> np.ndarray:
    return np.asarray(image.max(axis=2))


def _weakest(image: np.ndarray) -> np.ndarray:
    return np.asarray(image.min(axis=2))


def _details(plane: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A plane less its blur within a mask alone, so that the outline of the mask is no detail."""
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 3.0)
    blurred = cv2.GaussianBlur(np.where(mask, plane, 0).astype(np.float32), (0, 0), 3.0)
    return np.asarray(plane - blurred / np.maximum(weight, 1e-3))


def _flat_color(patch: Patch, one: np.ndarray, other: np.ndarray) -> Fact | None:
    """A plain area of another colour, which bordered on its surroundings before and after."""
    first, second = np.median(one, axis=0), np.median(other, axis=0)
    if np.abs(first - second).max() < 3:
        return None
    if min(_contrast(image, patch.mask) for image in (patch.before, patch.after)) < patch.tolerance:
        return None  # one side may be its surroundings: something came or went
    return _recoloured(first, second)


def _contrast(image: np.ndarray, mask: np.ndarray) -> float:
    """Step between the pixels just inside and just outside of a mask, levels."""
    small = mask.astype(np.uint8)
    inside = mask & (cv2.erode(small, np.ones((5, 5), np.uint8), borderValue=0) == 0)
    outside = (cv2.dilate(small, np.ones((7, 7), np.uint8)) > 0) & (
        cv2.dilate(small, np.ones((3, 3), np.uint8)) == 0
    )
    if not inside.any() or not outside.any():
        return 0.0
    return float(np.abs(np.median(image[inside], axis=0) - np.median(image[outside], axis=0)).max())


def _gain(one: np.ndarray, other: np.ndarray) -> float:
    """How many times as bright one channel got, by its mean."""
    return float((other.mean() + 1) / (one.mean() + 1))


# ---- focus and grain


def _focus(patch: Patch) -> Fact | None:
    """`blurred` where a blur of before is after, `sharpened` where it is the other way round."""
    inner = _inner(patch.mask)
    if inner is None:
        return None
    one, other = _luma(patch.before), _luma(patch.after)
    if _is_blur(one, other, inner):
        return Fact("blurred")
    if _is_blur(other, one, inner):
        return Fact("sharpened")
    return None


def _is_blur(sharp: np.ndarray, soft: np.ndarray, mask: np.ndarray) -> bool:
    gap = float(np.square(soft - sharp)[mask].sum())
    details = [float(np.abs(cv2.Laplacian(image, cv2.CV_32F))[mask].mean()) for image in (sharp, soft)]
    if details[0] < 1.3 * details[1] or details[0] < 2:
        return False
    varied = float(np.square(soft[mask] - soft[mask].mean()).sum())
    left = min(
        float(np.square(soft - cv2.GaussianBlur(sharp, (0, 0), sigma))[mask].sum()) for sigma in _SIGMAS
    )
    return bool(left < 0.15 * min(gap, varied))


def _grain(patch: Patch) -> Fact | None:
    """`noise` where what was added has no shape and no relation to what was there."""
    inner = _inner(patch.mask)
    if inner is None:
        return None
    gap = _luma(patch.after) - _luma(patch.before)
    spread = float(gap[inner].std())
    smooth = cv2.GaussianBlur(gap, (0, 0), 2.0)
    if (
        spread < 4
        or float(smooth[inner].std()) > 0.33 * spread
        or abs(float(gap[inner].mean())) > 0.45 * spread
    ):
        return None
    before = _luma(patch.before)
    detail = before - cv2.GaussianBlur(before, (0, 0), 1.5)
    if detail[inner].std() > 0.5 and abs(float(np.corrcoef(detail[inner], gap[inner])[0, 1])) > 0.25:
        return None
    neighbours = float(np.corrcoef(gap[:, 1:][inner[:, 1:]], gap[:, :-1][inner[:, 1:]])[0, 1])
    return Fact("noise") if neighbours < 0.3 else None


# ---- something over something


def _cover(patch: Patch) -> Fact | None:
    """`covered` where one plain colour, not that of the surroundings, took the place of something."""
    inner = _inner(patch.mask)
    if inner is None or inner.sum() < 80:
        return None
    color = np.median(patch.after[inner], axis=0)
    plain = np.abs(patch.after[inner] - color).max(axis=1) <= patch.tolerance
    if plain.mean() < 0.93 or patch.before[inner].std(axis=0).max() < max(10.0, 2 * patch.tolerance):
        return None
    return Fact("covered") if _contrast(patch.after, patch.mask) > 0.8 * patch.tolerance else None


def _on_busy_ground(patch: Patch) -> Fact | None:
    """`appeared` or `disappeared` where the outline of the region is an edge in one image and none in the other."""
    ratios = [_outline(image, patch.mask) for image in (patch.before, patch.after)]
    inner = _inner(patch.mask)
    if inner is None or max(_shape_correlations(patch, inner)) > 0.3 or _is_flat(patch, inner):
        return None
    low, high = sorted(ratios)
    if low > 1.12 or high < 1.5:
        return None
    return Fact("appeared" if ratios[1] > ratios[0] else "disappeared")


def _is_flat(patch: Patch, mask: np.ndarray) -> bool:
    """Whether either side is of one colour: it may cover as well as appear."""
    return any(
        float(image[mask].std(axis=0).max()) <= 1.5 * patch.tolerance for image in (patch.before, patch.after)
    )


def _outline(image: np.ndarray, mask: np.ndarray) -> float:
    """How much steeper an image is along the outline of a mask than just inside and outside of it.

    1 is no outline, and is told too where it cannot be measured.
    """
    filled = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    distance_in = cv2.distanceTransform(np.pad(filled, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    distance_out = cv2.distanceTransform(np.pad(1 - filled, 1, constant_values=1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    steep = np.zeros(image.shape[:2], np.float32)
    for channel in cv2.split(image):
        across, down = (cv2.Sobel(channel, cv2.CV_32F, dx, dy) / 8 for dx, dy in ((1, 0), (0, 1)))
        np.maximum(steep, cv2.magnitude(across, down), out=steep)
    on = ((distance_in > 0) & (distance_in <= 1.5)) | ((distance_out > 0) & (distance_out <= 1.5))
    off = ((distance_in > 4) & (distance_in <= 9)) | ((distance_out > 4) & (distance_out <= 9))
    if on.sum() < 40 or off.sum() < 40:
        return 1.0
    return float((steep[on].mean() + 1) / (steep[off].mean() + 1))


def _closed(mask: np.ndarray) -> np.ndarray:
    """A mask with its small gaps closed, uint8."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)))


def _inner(mask: np.ndarray) -> np.ndarray | None:
    """A mask, its gaps closed, without its border; None where nothing is left."""
    inner = cv2.erode(_closed(mask), np.ones((5, 5), np.uint8), borderValue=0) > 0
    return inner if inner.sum() >= _FEW else None


def _luma(image: np.ndarray) -> np.ndarray:
    return np.asarray(image @ np.array([0.299, 0.587, 0.114], np.float32))  # ITU-R BT.601


def _chroma(pixels: np.ndarray) -> np.ndarray:
    """Cr and Cb without their offset, of [N, 3]."""
    luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.stack([0.713 * (pixels[:, 0] - luma), 0.564 * (pixels[:, 2] - luma)], axis=1)
