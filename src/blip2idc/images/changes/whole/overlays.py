"""What was laid over a picture that is otherwise as it was: a grid, a puzzle, words, a curled corner, another picture.

In: pictures of one size that lie on each other. Out: a fact, where one holds well. All but the blended picture leave
most pixels as they were; what was laid over is known by its shape (lines from edge to edge, thin strokes, a triangle)
and by what it did to the colours beneath (one colour over them, one colour mixed in, darker and lighter rims).
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.views import Floats, Views, correlation, luma, structure
from blip2idc.images.color_names import color_name

_SIDE = 720  # longest side of the pictures that are looked at
_SAME = 6.0  # levels up to which most of a picture is called as it was
_LEAST_LINES = 3
_GROUND = 12.0  # spread of the brightness below words that stand on a picture and not on a page
_LETTERS = 3


def laid_over(views: Views) -> Fact | None:
    """What covers parts of the picture, where the rest is as it was."""
    if not views.same_size or views.is_drawn:
        return None
    factor = -(-max(views.before.shape[:2]) // _SIDE)
    before, after = (np.ascontiguousarray(image[::factor, ::factor]) for image in (views.before, views.after))
    gap = np.abs(after.astype(np.int16) - before).max(axis=2)
    usual = float(np.median(gap))
    if usual > _SAME:
        return None
    mask = gap > max(14.0, 3 * usual + 8)
    share = float(mask.mean())
    if not 0.0015 < share < 0.6:
        return None
    return (
        _gridded(before, after, mask)
        or _curled(before, after, mask)
        or _puzzled(before, after, mask)
        or _written(before, after, mask, factor)
    )


def _runs(line: np.ndarray) -> list[tuple[int, int]]:
    """Starts and ends of the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _gridded(before: Pixels, after: Pixels, mask: np.ndarray) -> Fact | None:
    """Lines of one colour from edge to edge, evenly spaced, both ways."""
    lines = np.zeros_like(mask)
    for axis in (0, 1):
        profile = mask.mean(axis=1 - axis)
        rows = _runs(profile > max(0.6, 0.75 * float(np.quantile(profile, 0.995))))
        middles = np.array([(start + end - 1) / 2 for start, end in rows])
        gaps = np.diff(middles)
        if len(rows) < _LEAST_LINES or gaps.max() - gaps.min() > max(2.0, 0.12 * gaps.mean()):
            return None
        if max(end - start for start, end in rows) > 0.5 * gaps.mean():
            return None
        for start, end in rows:
            lines[(slice(start, end), slice(None)) if axis == 0 else (slice(None), slice(start, end))] = True
    beside = cv2.dilate(lines.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if (mask & ~beside).sum() > 0.1 * mask.sum():
        return None
    colors = after[lines & mask].astype(np.float32)
    return Fact("grid_lines", {"color": color_name(np.median(colors, axis=0)).split()[-1]})


def _curled(before: Pixels, after: Pixels, mask: np.ndarray) -> Fact | None:
    """A corner that is gone, and the back of the page rolled over it."""
    height, width = mask.shape
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    number = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    region = labels == number
    if not 0.03 < region.mean() < 0.7 or (mask & region).sum() < 0.9 * mask.sum():
        return None
    reach = max(3, round(0.05 * min(height, width)))
    ends = slice(0, reach), slice(-reach, None)
    parts = {(row, column): region[ends[row], ends[column]] for row in (0, 1) for column in (0, 1)}
    covered = [at for at, part in parts.items() if part.mean() > 0.85]
    if len(covered) != 1 or parts[1 - covered[0][0], 1 - covered[0][1]].mean() > 0.3:
        return None
    row, column = covered[0]
    along = (region[-1 if row else 0].mean(), region[:, -1 if column else 0].mean())
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(contours)))
    box = stats[number]
    boxed = region.sum() / (box[cv2.CC_STAT_WIDTH] * box[cv2.CC_STAT_HEIGHT])
    if min(along) < 0.15 or region.sum() < 0.75 * hull or not 0.3 < boxed < 0.85:
        return None
    inner = cv2.erode(region.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=0) > 0
    if not inner.any():
        return None
    rough = [float(structure(luma(image))[inner].mean()) for image in (before, after)]
    corner = after[ends[row], ends[column]]
    plain = float(np.abs(corner.astype(np.float32) - np.median(corner, axis=(0, 1))).mean())
    if plain > 8 or luma(after)[inner].std() < 12 or rough[1] > 1.6 * rough[0] + 20:
        return None
    return Fact("page_curl", {"corner": f"{'bottom' if row else 'top'} {'right' if column else 'left'}"})


def _puzzled(before: Pixels, after: Pixels, mask: np.ndarray) -> Fact | None:
    """Thin bent lines all over, dark and light, that cut the picture into pieces of one size."""
    height, width = mask.shape
    thick = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    if float(np.quantile(thick[mask], 0.95)) > max(4.5, 0.012 * max(height, width)):
        return None
    cells = cv2.resize(mask.astype(np.float32), (5, 5), interpolation=cv2.INTER_AREA)
    if (cells > 0.015).mean() < 0.85:
        return None
    closed = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed)
    largest = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    if largest[cv2.CC_STAT_WIDTH] < 0.6 * width or largest[cv2.CC_STAT_HEIGHT] < 0.6 * height:
        return None
    for axis in (0, 1):
        profile = cv2.blur(mask.mean(axis=1 - axis).astype(np.float32)[:, None], (1, 7))[:, 0]
        if not _repeats(profile):
            return None
    return Fact("jigsaw")


def _repeats(profile: Floats) -> bool:
    """Whether a profile has peaks at equal distances, two at least."""
    high = float(np.quantile(profile, 0.98))
    usual = float(np.median(profile))
    if high < 2.2 * usual + 0.02:
        return False
    runs = _runs(profile > usual + 0.5 * (high - usual))
    middles = np.array([(start + end) / 2 for start, end in runs])
    middles = middles[(middles > 0.02 * len(profile)) & (middles < 0.98 * len(profile))]
    merged: list[float] = []
    for at in middles:
        if merged and at - merged[-1] < 0.04 * len(profile):
            merged[-1] = (merged[-1] + at) / 2
        else:
            merged.append(float(at))
    if len(merged) < 2:
        return len(merged) == 1 and abs(merged[0] / len(profile) - 0.5) < 0.08
    gaps = np.diff(np.array([0.0, *merged, len(profile)]))
    inner = gaps[1:-1]
    return bool(inner.max() < 1.35 * inner.min() and (gaps[[0, -1]] < 1.4 * inner.mean()).all())


def _written(before: Pixels, after: Pixels, mask: np.ndarray, factor: int) -> Fact | None:
    """Words in one colour, written over the picture, or mixed into it; `factor` is that by which it was reduced."""
    letters, box = _letters(mask)
    if letters < _LETTERS or box is None:
        return None
    left, top, wide, high = box
    place = {"left": factor * left, "top": factor * top, "width": factor * wide, "height": factor * high}
    below = luma(before[top : top + high, left : left + wide])
    if below.std() < _GROUND or len(np.unique(below.astype(np.uint8))) < 40:
        return None
    around = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > mask
    plane = luma(before)
    if abs(float(plane[mask].mean() - plane[around].mean())) > 0.4 * float(below.std()):
        return None  # it follows what was there
    core = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if core.sum() < 40:
        core = mask
    old, new = before[core].astype(np.float32), after[core].astype(np.float32)
    color = np.median(new, axis=0)
    far = np.abs(new - color).max(axis=1)
    spread = np.abs(old - np.median(old, axis=0)).max(axis=1)
    # one colour mixed in: a line from old to new values, less steep than 1
    centred = old - old.mean(axis=0)
    slope = float((centred * new).sum() / max(float((centred * centred).sum()), 1e-3))
    if (far <= 12).mean() > 0.7 and (spread <= 12).mean() < 0.6 and abs(slope) < 0.15:
        return Fact("text", place)
    if old.std() < 6:
        return None
    offset = np.median(new - slope * old, axis=0)
    left_over = np.abs(new - slope * old - offset).max(axis=1)
    paint = offset / max(1 - slope, 1e-3)
    if 0.1 < slope < 0.93 and np.quantile(left_over, 0.7) < 12 and paint.min() > -12 and paint.max() < 267:
        return Fact("watermark", place)
    return None


def _letters(mask: np.ndarray) -> tuple[int, tuple[int, int, int, int] | None]:
    """How many things of about one height, made of thin strokes, stand in lines; and the box around all of them."""
    _, _, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    stats, centres = stats[1:], centres[1:]
    large = stats[:, cv2.CC_STAT_AREA] >= max(6.0, 0.02 * float(stats[:, cv2.CC_STAT_AREA].max()))
    stats, centres = stats[large], centres[large]
    if not len(stats):
        return 0, None
    thick = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    sides = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]).astype(np.float64)
    size = float(np.quantile(sides, 0.8))
    if 2 * float(np.quantile(thick[mask], 0.98)) > 0.45 * size or size > 0.5 * max(mask.shape):
        return 0, None
    alike = (sides > 0.35 * size) & (sides < 1.7 * size)
    if stats[alike, cv2.CC_STAT_AREA].sum() < 0.7 * stats[:, cv2.CC_STAT_AREA].sum():
        return 0, None
    filled = stats[alike, cv2.CC_STAT_AREA] / (
        stats[alike, cv2.CC_STAT_WIDTH] * stats[alike, cv2.CC_STAT_HEIGHT]
    )
    if not 0.12 < float(np.median(filled)) < 0.9:
        return 0, None
    middles = centres[alike]
    # every letter has another one beside it, no further away than two letters
    far = np.hypot(*(middles[:, None] - middles[None]).transpose(2, 0, 1))
    np.fill_diagonal(far, np.inf)
    beside = far.min(axis=1) < 2.2 * size if len(middles) > 1 else np.array([False])
    if beside.mean() < 0.8:
        return 0, None
    if len(middles) <= 14 and len(middles) > 2:  # one line: all on it
        centred = middles - middles.mean(axis=0)
        minor, major = np.linalg.eigvalsh(np.cov(centred.T))
        if np.sqrt(max(minor, 0)) > 0.45 * size or np.sqrt(major) < 0.6 * size:
            return 0, None
    left, top = stats[:, cv2.CC_STAT_LEFT].min(), stats[:, cv2.CC_STAT_TOP].min()
    right = (stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH]).max()
    bottom = (stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT]).max()
    return int(alike.sum()), (int(left), int(top), int(right - left), int(bottom - top))


def blended(views: Views) -> Fact | None:
    """Another picture mixed in: what is left after the share of this one is taken away is a picture of its own."""
    if not views.same_size:
        return None
    before, after = views.small
    fine = [image - cv2.GaussianBlur(image, (0, 0), 3) for image in (before, after)]
    power = float((fine[0] ** 2).mean())
    if power < 4:
        return None
    share = float((fine[0] * fine[1]).mean()) / power
    if not 0.2 < share < 0.85:
        return None
    other = (after - share * before) / (1 - share)
    if (other < -14).mean() > 0.02 or (other > 269).mean() > 0.02:
        return None
    edges = [structure(luma(image)) for image in (before, other)]
    one, two = luma(before), luma(other)
    soft = np.asarray(cv2.GaussianBlur(two, (0, 0), 1.5), np.float32)
    detail = float((two - cv2.GaussianBlur(two, (0, 0), 3)).std())
    if (
        two.std() > 14
        and soft.std() > 0.8 * two.std()
        and detail > 2.5
        and abs(correlation(one, two)) < 0.5
        and correlation(*edges) < 0.4
    ):
        return Fact("double_exposure")
    return None
