"""Detail of a whole picture: blurred, sharpened, noisy, made of blocks; and drawings made of its edges.

In: pictures of one size that lie on each other, at native resolution. Out: a fact, where one holds well.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import over_channels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.views import Floats, Views, correlation, follows, soft, structure

_SIGMAS = (0.8, 1.2, 1.8, 2.5, 3.5, 5.0, 7.0, 10.0, 14.0)
_BOXES = (5, 7, 9, 13, 19, 27)
_REACH = 26  # pixels to both sides that a smear along a line may reach
_BLURRED = 256  # side of the window in which blurs are told apart
#: Least and largest scale of what is smeared away from the middle: to both sides, outwards, inwards.
_ZOOMS = (
    (0.97, 1.03), (0.94, 1.06), (0.9, 1.1), (0.84, 1.16),
    (0.94, 1.0), (0.9, 1.0), (0.86, 1.0), (0.81, 1.0), (0.75, 1.0), (0.68, 1.0),
    (1.0, 1.06), (1.0, 1.1), (1.0, 1.14), (1.0, 1.2), (1.0, 1.27), (1.0, 1.35),
)  # fmt: skip
_NOISY = 9.0  # levels of noise in flat places: a camera's own is less
_GRAINY = 7.5  # likewise of noise that has to do with nothing else in the picture
_SOFT = 0.16  # of the contrast that a blur may leave unexplained


def detail(views: Views) -> Fact | None:
    """What happened to the detail, where it is one thing."""
    if not views.same_size or min(views.before.shape[:2]) < 48:
        return None
    first, second = views.native
    return _specks(views) or drawn(views) or _noisy(first, second) or _sharpened(first, second)


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
        if (steps <= 2).mean() < 0.7 or (usual <= 2).mean() > 0.75 * (steps <= 2).mean():
            return None
        profile = (steps > 3).mean(axis=1 - axis)
        comb = _comb(profile)
        if comb:
            periods.append(float(comb))
            continue
        edges = np.flatnonzero(profile > 0.25 * profile.max()) if profile.max() > 0 else np.array([])
        gaps = np.diff(edges)
        if len(gaps) < 3 or profile[edges].sum() < 0.85 * profile.sum() or gaps.std() > 0.3 * gaps.mean():
            return None
        periods.append(float(gaps.mean()))
    return Fact("pixelate") if min(periods) >= 3 else None


def _comb(profile: np.ndarray) -> int:
    """The period of the columns in which nearly all steps are; 0 where they are not so."""
    total = float(profile.sum())
    for period in range(min(64, len(profile) // 4), 3, -1):
        at = np.bincount(np.arange(len(profile)) % period, profile, period)
        if total > 0 and at.max() > 0.85 * total:
            return period
    return 0


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


def drawn(views: Views) -> Fact | None:
    """Blocks, a relief or lines in the place of the picture's tones."""
    if not views.same_size or min(views.before.shape[:2]) < 48:
        return None
    if "drawn" not in views.known:
        views.known["drawn"] = _blocks(views) or _lines(*views.native)
    found: Fact | None = views.known["drawn"]
    return found


def smeared(views: Views) -> Fact | None:
    """Blurred alike in all directions, along one line, around the middle or away from it."""
    if not views.same_size or min(views.before.shape[:2]) < 48:
        return None
    return _blurred(views, *views.native)


def _lines(first: Floats, second: Floats) -> Fact | None:
    if follows(first, second) > 0.6:
        return None  # the tones are there
    return _thin(first, second) or _drawn(first, second)


def _thin(first: Floats, second: Floats) -> Fact | None:
    """Thin lines of one tone on another, where the edges were."""
    bright, dark = second > 215, second < 40
    if (bright | dark).mean() < 0.93:
        return None
    lines = bright if bright.mean() < dark.mean() else dark
    if not 0.004 < lines.mean() < 0.35:
        return None
    thick = cv2.distanceTransform(lines.astype(np.uint8), cv2.DIST_L2, 3)[lines]
    edges = structure(first)
    if np.quantile(thick, 0.95) > 2.3 or edges[lines].mean() < 1.4 * edges.mean():
        return None
    return Fact("edges") if lines is bright else Fact("outlines")


def _drawn(first: Floats, second: Floats) -> Fact | None:
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
    black = np.quantile(second, 0.4) < 24 and np.median(first) > 40
    if lines > (0.35 if black else 0.6) and second.mean() < 130:
        return Fact("edges")
    if lines < -0.6 and second.mean() > 125:
        return Fact("outlines")
    return None


def _left(blurred: Floats, second: Floats) -> float:
    """What a blur leaves to explain, after the light is fitted, as a share of the contrast of what is there."""
    gain = float(np.cov(blurred.ravel(), second.ravel())[0, 1] / max(float(blurred.var()), 1e-6))
    return float((second - second.mean() - gain * (blurred - blurred.mean())).std())


def _blurred(views: Views, first: Floats, second: Floats) -> Fact | None:
    if _energy(second) > 0.9 * _energy(first) or correlation(first, second) < 0.5:
        return None
    if follows(first, second) > 0.995:
        return None  # only the tones were changed
    around = _around_middle(*views.lumas)
    if around is not None:
        return around
    one, other = (_cut(plane, _BLURRED + 2 * _REACH) for plane in (first, second))
    inner = (slice(_REACH, -_REACH), slice(_REACH, -_REACH))
    spread = float(other[inner].std())
    plain = _left(one[inner], other[inner])
    evenly, sigma = min((_left(soft(one, s)[inner], other[inner]), s) for s in _SIGMAS)
    for size in _BOXES:
        boxed = np.asarray(cv2.blur(one, (size, size)), np.float32)[inner]
        evenly, sigma = min((evenly, sigma), (_left(boxed, other[inner]), size / 3.5))
    line, length = _along_line(one, other)
    if line < 0.62 * evenly and line < 0.5 * plain and line < _SOFT * spread and length > 1.5:
        return Fact("motion_blur")
    if (
        _energy(second) < 0.45 * _energy(first)
        and evenly < 0.55 * plain
        and evenly < _SOFT * spread
        and sigma >= 1.2
    ):
        return Fact("blur")
    return None


def _cut(plane: Floats, side: int) -> Floats:
    height, width = plane.shape
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return np.ascontiguousarray(plane[top : top + side, left : left + side])


def _along_line(first: Floats, second: Floats) -> tuple[float, float]:
    """What the best smear along one line leaves to explain, and how far it reaches: the spread of its weights, pixels.

    The direction is the one in which most contrast was lost; how much every place along it weighs is fitted.
    """
    slopes = []
    for plane in (first, second):
        across, down = (np.asarray(cv2.Sobel(soft(plane, 0.8), cv2.CV_32F, *way)) for way in ((1, 0), (0, 1)))
        slopes.append(
            (float((across * across).mean()), float((across * down).mean()), float((down * down).mean()))
        )
    turns = np.radians(np.arange(0, 180, 5))
    cosine, sine = np.cos(turns), np.sin(turns)
    old, new = (xx * cosine**2 + 2 * xy * cosine * sine + yy * sine**2 for xx, xy, yy in slopes)
    best = (np.inf, 0.0)
    middle = float(turns[int(np.argmin(new / np.maximum(old, 1e-6)))])
    size = first.shape[1], first.shape[0]
    inner = (slice(_REACH, -_REACH, 2), slice(_REACH, -_REACH, 2))
    wanted = second[inner].ravel() - second[inner].mean()
    for angle in (middle - 0.12, middle, middle + 0.12):
        steps = np.arange(-_REACH, _REACH + 1, 2)
        shifted = []
        for step in steps:
            move = np.array([[1, 0, step * np.cos(angle)], [0, 1, step * np.sin(angle)]])
            plane = np.asarray(cv2.warpAffine(first, move, size, borderMode=cv2.BORDER_REPLICATE))[
                inner
            ].ravel()
            shifted.append(plane - plane.mean())
        design = np.stack(shifted).astype(np.float64)
        square = design @ design.T
        if not square.any():
            continue  # nothing to be seen but at the edge
        weights = np.linalg.solve(
            square + 1e-3 * np.trace(square) / len(square) * np.eye(len(square)), design @ wanted
        )
        left = float((wanted - weights @ design).std())
        if left < best[0]:
            share = np.maximum(weights, 0) / max(float(np.maximum(weights, 0).sum()), 1e-6)
            mean = float((share * steps).sum())
            best = left, float(np.sqrt((share * (steps - mean) ** 2).sum()))
    return best


def _around_middle(first: Floats, second: Floats) -> Fact | None:
    """Smeared around the middle, or away from it, the further out the more."""
    height, width = first.shape
    middle = ((width - 1) / 2, (height - 1) / 2)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    radius = np.hypot(columns - middle[0], rows - middle[1])
    ring = (radius > 0.12 * min(height, width)) & (radius < 0.5 * min(height, width))

    def left(plane: Floats) -> float:
        return _left(plane[ring][None], second[ring][None])

    def placed(turn: float, scale: float) -> Floats:
        matrix = cv2.getRotationMatrix2D(middle, turn, scale)
        return np.asarray(
            cv2.warpAffine(first, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32
        )

    def smeared(turn: float, smallest: float, largest: float) -> Floats:
        steps = np.linspace(0, 1, 9)
        total = sum(placed((2 * step - 1) * turn, smallest + step * (largest - smallest)) for step in steps)
        return np.asarray(total / 9, np.float32)

    plain = min(
        left(placed(0, (smallest + largest) / 2)) for smallest, largest in _ZOOMS
    )  # a crop is no smear
    evenly = min(left(soft(first, sigma)) for sigma in (0.6, 1, 1.6, 2.5, 4))
    turned = min(left(smeared(turn, 1, 1)) for turn in (2, 4, 6, 9, 13, 18))
    zoomed = min(left(smeared(0, *ends)) for ends in _ZOOMS)
    least = min(turned, zoomed)
    if least > 0.65 * evenly or least > 0.6 * plain or max(turned, zoomed) < 1.2 * least:
        return None
    return Fact("circular_blur" if turned < zoomed else "zoom_blur")


def _sharpened(first: Floats, second: Floats) -> Fact | None:
    ratio = _energy(second) / max(_energy(first), 1e-6)
    if ratio < 1.25 or correlation(first, second) < 0.85:
        return None
    gap = second - first
    crisp = max(
        correlation(first - np.asarray(cv2.GaussianBlur(first, (0, 0), s), np.float32), gap)
        for s in (0.7, 1, 2, 4)
    )
    return Fact("sharpen") if crisp > 0.6 else None


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
    if which and _white(rough[1] - rough[0], rough[0], flat, busy):
        return Fact("noise")
    if levels[which] < _NOISY or levels[which] < 2 * levels[1 - which]:
        return None
    gap = rough[1] - rough[0]
    both = flat[:, 1:] & flat[:, :-1]
    beside = float(np.corrcoef(gap[:, 1:][both], gap[:, :-1][both])[0, 1])
    drawn = abs(correlation(np.ascontiguousarray(gap), np.ascontiguousarray(rough[1 - which])))
    if beside < 0.5 and drawn < 0.35 and float(gap[busy].std()) < 1.8 * levels[which]:
        return Fact("noise" if which else "denoise")
    return None


def _white(gap: Floats, usual: Floats, flat: np.ndarray, busy: np.ndarray) -> bool:
    """Whether a difference is noise of its own: alike everywhere, no pixel's like the next one's or the picture's."""
    level = float(gap[flat].std())
    if level <= _GRAINY:
        return False
    both = flat[:, 1:] & flat[:, :-1]
    beside = float(np.corrcoef(gap[:, 1:][both], gap[:, :-1][both])[0, 1])
    drawn_after = abs(correlation(np.ascontiguousarray(gap), np.ascontiguousarray(usual)))
    return abs(beside) < 0.15 and drawn_after < 0.2 and 0.6 < float(gap[busy].std()) / level < 1.6
