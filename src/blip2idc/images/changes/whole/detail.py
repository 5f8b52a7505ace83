"""Detail of a whole picture: blurred, sharpened, noisy, made of blocks; and drawings made of its edges.

In: pictures of one size that lie on each other, at native resolution. Out: a fact, where one holds well.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import over_channels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.views import Floats, Views, correlation, structure

_SIGMAS = (0.8, 1.2, 1.8, 2.5, 3.5, 5.0, 7.0, 10.0, 14.0)
_LENGTHS = (7, 11, 15, 21, 29, 41)
_ANGLES = tuple(range(0, 180, 15))
_NOISY = 9.0  # levels of noise in flat places: a camera's own is less
_SOFT = 0.16  # of the contrast that a blur may leave unexplained


def detail(views: Views) -> Fact | None:
    """What happened to the detail, where it is one thing."""
    if not views.same_size or min(views.before.shape[:2]) < 48:
        return None
    first, second = views.native
    return (
        _blocks(views)
        or _specks(views)
        or _drawn(first, second)
        or _noisy(first, second)
        or _blurred(first, second)
        or _sharpened(first, second)
    )


def _energy(plane: Floats) -> float:
    return float(np.abs(cv2.Laplacian(plane, cv2.CV_32F)).mean())


def _blocks(views: Views) -> Fact | None:
    """Squares of one colour each."""
    before, after = (window.astype(np.int16) for window in views.windows)
    periods = []
    for axis in (0, 1):
        steps, usual = (
            over_channels(np.maximum, np.abs(np.diff(image, axis=axis))) for image in (after, before)
        )
        if (steps <= 2).mean() < 0.7 or (usual <= 2).mean() > 0.6 * (steps <= 2).mean():
            return None
        profile = (steps > 6).mean(axis=1 - axis)
        edges = np.flatnonzero(profile > 0.25 * profile.max()) if profile.max() > 0 else np.array([])
        gaps = np.diff(edges)
        if len(gaps) < 3 or profile[edges].sum() < 0.85 * profile.sum() or gaps.std() > 0.3 * gaps.mean():
            return None
        periods.append(float(gaps.mean()))
    return Fact("pixelate") if min(periods) >= 3 else None


def _specks(views: Views) -> Fact | None:
    """Single pixels that are black, white or of full colour, and nothing else."""
    before, after = (window.astype(np.int16) for window in views.windows)
    gap = over_channels(np.maximum, np.abs(after - before))
    extreme = over_channels(np.logical_or, (after <= 4) | (after >= 251)) & (gap > 40)
    share = float(extreme.mean())
    if not 0.004 < share < 0.4:
        return None
    others = gap[~extreme]
    if np.quantile(others, 0.9) > 10:
        return None
    alone = extreme & (
        cv2.boxFilter(extreme.astype(np.float32), -1, (3, 3), normalize=False) <= 1 + 9 * share * 1.5
    )
    return Fact("salt_and_pepper") if alone.sum() > 0.5 * extreme.sum() else None


def _drawn(first: Floats, second: Floats) -> Fact | None:
    """A relief or lines in the place of the picture's tones."""
    plain = correlation(cv2.GaussianBlur(first, (0, 0), 2), cv2.GaussianBlur(second, (0, 0), 2))
    if abs(plain) > 0.6:
        return None
    edges = structure(first)
    blurred = cv2.GaussianBlur(second, (0, 0), 1.2)
    lines = correlation(cv2.GaussianBlur(edges, (0, 0), 1.2), blurred)
    relief = 0.0
    for scale in (1, 2, 4):
        size = (max(16, first.shape[1] // scale), max(16, first.shape[0] // scale))
        one, other = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (first, second))
        across, down = cv2.Sobel(one, cv2.CV_32F, 1, 0), cv2.Sobel(one, cv2.CV_32F, 0, 1)
        for angle in np.radians(np.arange(0, 180, 22.5)):
            found = correlation(np.cos(angle) * across + np.sin(angle) * down, np.asarray(other, np.float32))
            relief = max(relief, abs(found))
    if relief > 0.5 and relief > abs(lines) + 0.1:
        return Fact("emboss")
    if lines > 0.6 and second.mean() < 130:
        return Fact("edges")
    if lines < -0.6 and second.mean() > 125:
        return Fact("outlines")
    return None


def _left(blurred: Floats, second: Floats) -> float:
    """What a blur leaves to explain, after the light is fitted, as a share of the contrast of what is there."""
    gain = float(np.cov(blurred.ravel(), second.ravel())[0, 1] / max(float(blurred.var()), 1e-6))
    return float((second - second.mean() - gain * (blurred - blurred.mean())).std())


def _blurred(first: Floats, second: Floats) -> Fact | None:
    ratio = _energy(second) / max(_energy(first), 1e-6)
    if ratio > 0.45 or correlation(first, second) < 0.5:
        return None
    plain = _left(first, second)
    soft, sigma = min(
        (_left(np.asarray(cv2.GaussianBlur(first, (0, 0), s), np.float32), second), s) for s in _SIGMAS
    )
    motion = min(
        _left(np.asarray(cv2.filter2D(first, -1, _line(length, angle)), np.float32), second)
        for length in _LENGTHS
        for angle in _ANGLES
    )
    spun = _around_middle(first, second)
    if spun is not None:
        return spun
    if motion < 0.72 * soft and motion < 0.45 * plain and motion < _SOFT * float(second.std()):
        return Fact("motion_blur")
    if soft < 0.55 * plain and soft < _SOFT * float(second.std()) and sigma >= 1.2:
        return Fact("blur")
    return None


def _line(length: int, angle: float) -> Floats:
    """A kernel that smears along a line."""
    kernel = np.zeros((length, length), np.float32)
    middle = (length - 1) / 2
    dx, dy = middle * np.cos(np.radians(angle)), middle * np.sin(np.radians(angle))
    ends = [(round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy))]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _around_middle(first: Floats, second: Floats) -> Fact | None:
    """Sharp in the middle, and smeared around it or away from it further out."""
    height, width = first.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = columns - (width - 1) / 2, rows - (height - 1) / 2
    radius = np.sqrt(x * x + y * y) + 1e-3
    outer = (radius > 0.3 * min(height, width)) & (radius < 0.75 * min(height, width))
    inner = radius < 0.12 * min(height, width)
    found = []
    for plane in (first, second):
        across, down = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
        away, around = (across * x + down * y) / radius, (down * x - across * y) / radius
        found.append((np.abs(away)[outer].mean(), np.abs(around)[outer].mean(), _energy_in(plane, inner)))
    away, around, middle = (second_ / max(first_, 1e-6) for first_, second_ in zip(*found, strict=True))
    if around < 0.45 * away and middle > 1.6 * around:
        return Fact("circular_blur")
    if away < 0.45 * around and middle > 1.6 * away:
        return Fact("zoom_blur")
    return None


def _energy_in(plane: Floats, mask: np.ndarray) -> float:
    return float(structure(plane)[mask].mean())


def _sharpened(first: Floats, second: Floats) -> Fact | None:
    ratio = _energy(second) / max(_energy(first), 1e-6)
    if ratio < 1.25 or correlation(first, second) < 0.85:
        return None
    gap = second - first
    crisp = max(
        correlation(first - np.asarray(cv2.GaussianBlur(first, (0, 0), s), np.float32), gap)
        for s in (0.7, 1, 2, 4)
    )
    return Fact("sharpen") if crisp > 0.72 else None


def _noisy(first: Floats, second: Floats) -> Fact | None:
    """Grain that came, or that went."""
    if correlation(first, second) < 0.4:
        return None
    rough = [plane - cv2.GaussianBlur(plane, (0, 0), 2) for plane in (first, second)]
    soft = [
        structure(np.asarray(cv2.GaussianBlur(plane, (0, 0), 2.5), np.float32)) for plane in (first, second)
    ]
    if correlation(*soft) < 0.8:
        return None
    edges = soft[0] + soft[1]
    flat = (edges <= np.quantile(edges, 0.4)) & (first > 20) & (first < 235)
    busy = edges >= np.quantile(edges, 0.85)
    if flat.sum() < 500:
        return None
    levels = [float(plane[flat].std()) for plane in rough]
    which = int(levels[1] > levels[0])
    if levels[which] < _NOISY or levels[which] < 2 * levels[1 - which]:
        return None
    gap = rough[1] - rough[0]
    both = flat[:, 1:] & flat[:, :-1]
    beside = float(np.corrcoef(gap[:, 1:][both], gap[:, :-1][both])[0, 1])
    drawn = abs(correlation(np.ascontiguousarray(gap), np.ascontiguousarray(rough[1 - which])))
    if beside < 0.5 and drawn < 0.35 and float(gap[busy].std()) < 1.8 * levels[which]:
        return Fact("noise" if which else "denoise")
    return None
