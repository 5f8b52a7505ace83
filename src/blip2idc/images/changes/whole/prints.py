"""Pictures made anew of something else: dots, tiles, glass, strokes of paint or pencil, scattered pixels.

In: pictures of one size that lie on each other, their middles at native resolution. Out: a fact, where one holds well.
Each kind is known by what its operation does to pixels: a screen leaves nearly only full and empty dots on a lattice, a
mosaic closed cells of one size, glass shows every tile's surroundings twice as large, a cartoon only adds dark lines,
oil paint is the commonest colour around each pixel, scattered pixels are all found nearby.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.views import Floats, Views, correlation, follows, luma, soft, structure

_SIDE = 320  # of the middle that is looked at
_NEAR = 14  # pixels within which a scattered pixel is looked for
_SAMPLES = 300


def reprinted(views: Views) -> Fact | None:
    """What the picture is made of now, where it is one thing."""
    if not views.same_size or min(views.before.shape[:2]) < 96:
        return None
    before, after = (_middle(image, _SIDE) for image in (views.before, views.after))
    first, second = luma(before), luma(after)
    if correlation(soft(first, 6), soft(second, 6)) < 0.75:
        return None
    toned = follows(first, second) > 0.94
    return (
        _screened(before, after, first, second)
        or (None if toned else _scattered(before, after, first, second))
        or _tiled(before, after)
        or _outlined(first, second)
        or (None if toned else _glazed(first, second) or _painted(before, after, first, second))
    )


def _middle(image: Pixels, side: int) -> Pixels:
    height, width = image.shape[:2]
    top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
    return image[top : top + side, left : left + side]


def _roughness(plane: Floats) -> float:
    return float(np.abs(cv2.Laplacian(plane, cv2.CV_32F)).mean()) + 0.01


def _screened(before: Pixels, after: Pixels, first: Floats, second: Floats) -> Fact | None:
    """Nearly all values full or empty, on a lattice."""
    full, usual = (float(((image < 40) | (image > 215)).mean()) for image in (after, before))
    if full < 0.72 or full < usual + 0.2 or _roughness(second) < 2 * _roughness(first):
        return None
    most, across = max(_lattice(after[..., channel].astype(np.float32)) for channel in range(3))
    if most < 350:
        return None
    return Fact("halftone" if across > 0.02 * most else "engrave")


def _lattice(plane: Floats) -> tuple[float, float]:
    """How far one frequency stands out of a plane, and how far one across it, as multiples of the mean power."""
    side = min(256, *plane.shape)
    fine = (plane - soft(plane, 8))[:side, :side]
    power = np.abs(np.fft.rfft2(fine * np.outer(np.hanning(side), np.hanning(side)))) ** 2
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    band = (frequency > 1 / 40) & (frequency < 1 / 2.2)
    usual = max(float(power[band].mean()), 1e-6)
    at = np.unravel_index(int(np.argmax(np.where(band, power, 0))), power.shape)
    way = np.array([np.fft.fftfreq(side)[at[0]], np.fft.rfftfreq(side)[at[1]]])
    along = np.fft.fftfreq(side)[:, None] * way[0] + np.fft.rfftfreq(side)[None] * way[1]
    across = np.abs(along) < 0.87 * frequency * np.hypot(*way)  # at least 30 degrees from it
    return float(power[at]) / usual, float(power[band & across].max()) / usual


def _scattered(before: Pixels, after: Pixels, first: Floats, second: Floats) -> Fact | None:
    """Every pixel is one of those around it, and none has to do with the one beside it."""
    old, new = before.astype(np.int16), after.astype(np.int16)
    gap = np.abs(new - old).max(axis=2)
    inner = np.zeros_like(gap, bool)
    inner[_NEAR:-_NEAR, _NEAR:-_NEAR] = True
    rows, columns = np.nonzero((gap > 25) & inner)
    if len(rows) < 200:
        return None
    if float(np.abs(soft(second, 6) - soft(first, 6)).mean()) > 8:
        return None
    beside = [_beside(plane, gap > 12) for plane in (first, second)]
    if beside[1] > 0.3 or beside[1] > beside[0] - 0.2:
        return None
    chosen = np.random.default_rng(0).choice(len(rows), _SAMPLES)
    rows, columns = rows[chosen, None], columns[chosen, None]
    reach = np.arange(-_NEAR, _NEAR + 1)
    nearest = np.full(_SAMPLES, 255, np.int16)
    for down in reach:
        around = old[rows + down, columns + reach]  # [samples, reach, 3]
        nearest = np.minimum(
            nearest, np.abs(around - new[rows[:, 0], columns[:, 0], None]).max(axis=2).min(axis=1)
        )
    around_all = np.ones((2 * _NEAR + 1, 2 * _NEAR + 1), np.uint8)
    spread = cv2.dilate(first, around_all) - cv2.erode(first, around_all)
    plain = spread <= np.quantile(spread, 0.1)
    noisy = float(np.quantile(gap[plain], 0.9)) > 1.3 * float(np.quantile(spread[plain], 0.9)) + 4
    return Fact("scatter") if np.median(nearest) <= 4 and not noisy else None


def _beside(plane: Floats, mask: np.ndarray) -> float:
    """How much the detail of a pixel tells of that of the one beside it, -1..1."""
    fine = plane - soft(plane, 2)
    both = mask[:, 1:] & mask[:, :-1]
    if both.sum() < 100:
        return 1.0
    return float(np.corrcoef(fine[:, 1:][both], fine[:, :-1][both])[0, 1])


def _tiled(before: Pixels, after: Pixels) -> Fact | None:
    """Closed cells of about one size, set apart by lines."""
    for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        count, covered, spread = _cells(after, way)
        if count >= 40 and covered > 0.42 and spread < 4.5 and _cells(before, way)[1] < 0.5 * covered:
            return Fact("mosaic")
    return None


def _cells(image: Pixels, way: int) -> tuple[int, float, float]:
    """Number, share of the picture, and spread of the sizes of the cells between bright or dark lines."""
    plane = luma(np.asarray(cv2.medianBlur(np.ascontiguousarray(image), 3)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
    lines = (cv2.morphologyEx(plane, way, kernel) > 14).astype(np.uint8)
    lines = np.asarray(cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)))
    stats = cv2.connectedComponentsWithStats(1 - lines, connectivity=4)[2][1:]
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas = np.sort(areas[(areas >= 25) & (areas <= 0.03 * lines.size)])
    if len(areas) < 8:
        return len(areas), 0.0, np.inf
    reached = np.cumsum(areas) / areas.sum()
    small, large = (float(areas[np.searchsorted(reached, share)]) for share in (0.2, 0.8))
    return len(areas), float(areas.sum() / lines.size), large / small


def _outlined(first: Floats, second: Floats) -> Fact | None:
    """Dark lines where the picture was darker than around, and nothing brighter."""
    lines = (second < 0.55 * first) & (first - second > 30) & (second < 80)
    if not 0.015 < lines.mean() < 0.45:
        return None
    rest = cv2.dilate(lines.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    if not rest.any():
        return None
    below = float(((first - soft(first, 6))[lines] < 0).mean())
    gap = second - first
    same = float((np.abs(gap[rest]) < 14).mean())
    if below > 0.93 and same > 0.78 and (gap > 20).mean() < 0.03:
        return Fact("cartoon")
    return None


def _glazed(first: Floats, second: Floats) -> Fact | None:
    """Every tile shows what is around it, twice as large."""
    plain = correlation(first, second)
    if not 0.3 < plain < 0.975:
        return None
    height, width = first.shape
    across = _tiling(_bands(first), _bands(second), width)
    down = _tiling(_bands(first.T), _bands(second.T), height)
    best = _glass(first, second, across, down)
    if 1 - best > 0.75 * (1 - plain):
        return None
    for _ in range(2):
        for period in (-1, 0, 1):
            for shift in (-2, -1, 0, 1, 2):
                tried = across[0] + period, across[1] + shift
                if (found := _glass(first, second, tried, down)) > best:
                    best, across = found, tried
                tried = down[0] + period, down[1] + shift
                if (found := _glass(first, second, across, tried)) > best:
                    best, down = found, tried
    return Fact("glass_tiles") if best > 0.9 and 1 - best < 0.5 * (1 - plain) else None


def _bands(plane: Floats) -> Floats:
    """Mean brightness of the columns of six bands of rows."""
    return np.stack([part.mean(axis=0) for part in np.array_split(plane, 6)]).astype(np.float32)


def _magnified(length: int, period: int, shift: np.ndarray) -> np.ndarray:
    """Which pixel shows at which place, where tiles of a period show twice as much, [shifts, length]."""
    at = np.arange(length)[None]
    shift = np.atleast_1d(shift)[:, None]
    middle = (np.floor((at - shift) / period) + 0.5) * period + shift
    return np.asarray(np.clip(middle + 2 * (at + 0.5 - middle) - 0.5, 0, length - 1))


def _fine(rows: Floats) -> Floats:
    width = 2 * round(0.08 * rows.shape[-1]) + 1
    flat = rows.reshape(-1, rows.shape[-1])
    return np.asarray(flat - cv2.blur(flat, (width, 1)), np.float32).reshape(rows.shape)


def _tiling(before: Floats, after: Floats, length: int) -> tuple[int, int]:
    """Period and first edge of the tiles that explain bands of columns best."""
    wanted = _fine(after)
    best, found = -1.0, (8, 0)
    for period in range(8, max(9, length // 3)):
        shifts = np.arange(0, period, max(1, period // 8))
        shown = _fine(np.ascontiguousarray(before[:, _magnified(length, period, shifts).astype(np.int32)]))
        agree = (shown * wanted[:, None]).sum(axis=(0, 2)) / np.sqrt((shown * shown).sum(axis=(0, 2)) + 1e-3)
        if float(agree.max()) > best:
            best, found = float(agree.max()), (period, int(shifts[int(agree.argmax())]))
    return found


def _glass(first: Floats, second: Floats, across: tuple[int, int], down: tuple[int, int]) -> float:
    height, width = first.shape
    x = _magnified(width, across[0], np.array([across[1]]))[0]
    y = _magnified(height, down[0], np.array([down[1]]))[0]
    return correlation(first[y.astype(np.int32)[:, None], x.astype(np.int32)[None]], second)


def _painted(before: Pixels, after: Pixels, first: Floats, second: Floats) -> Fact | None:
    """The commonest colour around each pixel: flat, but as contrasty as before."""
    slopes = [structure(plane) for plane in (first, second)]
    calm, steep = (
        float(np.quantile(slopes[1], share) / (np.quantile(slopes[0], share) + 0.4)) for share in (0.5, 0.98)
    )
    if calm > 0.9 or steep < 0.5 or calm > 1.15 * steep:
        return None
    before, after = (np.ascontiguousarray(_middle(image, 200)) for image in (before, after))
    wanted = after.astype(np.float32)

    def left(image: np.ndarray) -> float:
        return float(np.abs(image.astype(np.float32) - wanted).mean())

    paint = min(left(_commonest(before, size)) for size in (5, 7, 9, 13, 17))
    others = [left(np.asarray(cv2.medianBlur(before, size))) for size in (3, 5, 9, 13)]
    others += [left(soft(before.astype(np.float32), sigma)) for sigma in (0.8, 1.5, 2.5, 4)]
    if paint < 0.97 * min(others) and paint < 0.8 * left(before):
        return Fact("oil_paint")
    return None


def _commonest(image: Pixels, size: int, bins: int = 32) -> Floats:
    """The mean colour of the commonest brightness in the square around each pixel."""
    level = np.minimum(bins - 1, luma(image).astype(np.int32) * bins // 256)
    values = image.astype(np.float32)
    most = np.zeros(level.shape, np.float32)
    result = values.copy()
    for index in np.unique(level):
        here = (level == index).astype(np.float32)
        share = np.asarray(cv2.blur(here, (size, size)), np.float32)
        wins = share > most + 1e-5
        most[wins] = share[wins]
        mean = cv2.blur(values * here[..., None], (size, size))
        result[wins] = mean[wins] / share[wins][:, None]
    return result


def pencilled(views: Views) -> Fact | None:
    """Grey lines on white paper where the edges were."""
    if not views.same_size or min(views.before.shape[:2]) < 96:
        return None
    before, after = (_middle(image, _SIDE) for image in (views.before, views.after))
    if np.quantile(after.max(axis=2).astype(np.int16) - after.min(axis=2), 0.97) > 10:
        return None
    first, second = luma(before), luma(after)
    levels = np.bincount((second / 16).astype(np.int32).ravel(), minlength=16)
    white = levels[13:].max() >= levels[:13].max() or (second > 235).mean() > 0.08
    if abs(correlation(first, second)) > 0.8 or not white:
        return None
    dark = soft(255 - second, 1.5)
    lines = max(correlation(soft(structure(soft(first, scale)), 1.5), dark) for scale in (0.5, 1.5, 3))
    return Fact("sketch") if lines > 0.25 else None
