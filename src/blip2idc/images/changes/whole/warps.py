"""Pictures that were bent: swirled, in waves, in rings, bulging, or as through a lens.

In: two pictures. Out: a fact, where one bend explains the picture after. Every bend here moves all that lies on one
ring around the middle, one column or one row alike. So rings are compared with rings, and columns with columns shifted
along themselves, and the smoothest run of matches is followed by dynamic programming. It is believed where most of the
picture after agrees with the picture before bent like that, and by far not with the picture before as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.views import Floats, Views, soft

_RINGS = 80
_BEYOND = 1.4  # of the rings of the picture after, how far those of the one before reach
_ANGLES = 128
_SIDE = 176  # longest side of the pictures whose columns are compared
_EXPLAINED = 0.93  # agreement of the picture after with the picture before, bent
_RINGED = 0.88  # likewise of rings, which are matched in whole steps
_WAVED = 0.82  # likewise of columns, which are shorter than they were where a wave is steep
_LEFT = 0.5  # of what does not agree as it is, the most that a bend may leave
_TURN = 14.0  # degrees by which the middle of a swirl is turned
_STEADY = 0.02  # by which the radii of a picture may differ that is not bent
_TILES, _SHOWS = 8, 5.0  # tiles each way; levels from which on one shows something
_COVERED = 0.72  # least share of the tiles that do
_REGULAR = 0.5  # share of the displacements that one wave explains


def warped(views: Views) -> Fact | None:
    """What bent the picture, where one thing did; nothing where few things lie on bare ground.

    Such things may have moved each by itself: views of rendered scenes, of whose tiles 33 to 69 % have structure, were
    taken for ripples. Photographs have it in 73 to 100 %; four of 500 pairs of scenes are still taken for bent or
    darker.
    """
    if _structured(views) < _COVERED:
        return None
    best: tuple[float, Fact] | None = None
    found = [_waved(views, axis) for axis in (0, 1)]
    if (
        abs(views.before.shape[1] / views.before.shape[0] / (views.after.shape[1] / views.after.shape[0]) - 1)
        < 0.05
    ):
        corners_stay = _corners_stay(views)
        for elliptical in (False, True):
            rings = _Rings.of(views, elliptical=elliptical)
            found += [_swirled(rings), _ringed(rings, corners_stay=corners_stay)]
        found.append(_pond(views))
    for one in found:
        if one is not None and (best is None or one[0] > best[0]):
            best = one
    return None if best is None else best[1]


def _structured(views: Views) -> float:
    """Share of the tiles of the picture before, eight each way, that show something."""
    luma = views.lumas[0]
    height, width = luma.shape[0] // _TILES, luma.shape[1] // _TILES
    if not height or not width:
        return 0.0
    tiles = luma[: _TILES * height, : _TILES * width].reshape(_TILES, height, _TILES, width)
    return float((tiles.std(axis=(1, 3)) > _SHOWS).mean())


def _corners_stay(views: Views) -> bool:
    """Whether what lies outside the ellipse that touches all edges is as it was."""
    height, width = views.small[0].shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    outside = ((columns + 0.5) / width - 0.5) ** 2 + ((rows + 0.5) / height - 0.5) ** 2 > 0.27
    gap = np.abs(views.small[1] - views.small[0]).mean(axis=2)
    return bool(outside.any() and gap[outside].mean() < 6)


def _normal(rows: Floats) -> tuple[Floats, Floats]:
    """Rows less their means and of length 1, and their spreads."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    flat = centred.reshape(len(rows), -1)
    length = np.linalg.norm(flat, axis=1)
    return np.asarray(flat / np.maximum(length, 1e-3)[:, None], np.float32), np.asarray(
        length / np.sqrt(flat.shape[1]), np.float32
    )


def _follow(scores: Floats, reach: int) -> np.ndarray:
    """The run of columns, one for each row of scores, of the greatest sum; at most `reach` aside for each row."""
    rows, columns = scores.shape
    near = np.arange(columns)[:, None] + np.arange(-reach, reach + 1)
    steps = np.array(
        sorted(range(2 * reach + 1), key=lambda step: abs(step - reach))
    )  # the nearest wins a tie
    near = np.clip(near[:, steps], 0, columns - 1)
    total, came = scores[0].astype(np.float32), np.zeros((rows, columns), np.int32)
    for row in range(1, rows):
        reached = total[near]
        chosen = reached.argmax(axis=1)
        came[row] = near[np.arange(columns), chosen]
        total = reached[np.arange(columns), chosen] + scores[row]
    path = np.zeros(rows, np.int32)
    path[-1] = int(np.argmax(total))
    for row in range(rows - 1, 0, -1):
        path[row - 1] = came[row, path[row]]
    return path


def _believed(plain: float, bent: float, least: float = _EXPLAINED) -> bool:
    return bent > least and 1 - bent < _LEFT * (1 - plain)


@dataclass(frozen=True, eq=False)
class _Rings:
    """Both pictures by rings around their middles, [rings, channels, angles], and the radii of the latter."""

    before: Floats
    after: Floats
    radius: Floats

    @classmethod
    def of(cls, views: Views, *, elliptical: bool) -> _Rings:
        """The rings of circles, or of ellipses that touch all four edges."""
        height, width = views.small[0].shape[:2]
        middle = ((width - 1) / 2, (height - 1) / 2)
        half = (width / 2, height / 2) if elliptical else (min(width, height) / 2,) * 2
        radius = (np.arange(round(_BEYOND * _RINGS), dtype=np.float32) + 0.5) / _RINGS
        angle = np.arange(_ANGLES, dtype=np.float32) * np.float32(2 * np.pi / _ANGLES)
        x = np.asarray(middle[0] + half[0] * radius[:, None] * np.cos(angle), np.float32)
        y = np.asarray(middle[1] + half[1] * radius[:, None] * np.sin(angle), np.float32)
        one, other = (_remapped(soft(image, 0.8), x, y).transpose(0, 2, 1) for image in views.small)
        return cls(one, other[:_RINGS], np.asarray(radius[:_RINGS] * min(half), np.float32))


def _swirled(rings: _Rings) -> tuple[float, Fact] | None:
    """Every ring turned, the inner ones further."""
    (one, usual), (other, spread) = (
        _normal(part.reshape(len(part), -1))
        for part in (_centred(rings.before[:_RINGS]), _centred(rings.after))
    )
    shape = rings.after.shape
    first, second = (np.fft.rfft(part.reshape(shape), axis=2) for part in (one, other))
    scores = np.fft.irfft((np.conj(first) * second).sum(axis=1), _ANGLES, axis=1)  # [rings, turns]
    weight = np.minimum(usual, spread) * np.sqrt(rings.radius)
    weight = weight / max(float(weight.sum()), 1e-6)
    turns = np.asarray(np.concatenate([scores] * 3, axis=1) * weight[:, None], np.float32)
    path = _follow(turns[::-1].copy(), 12)[::-1] - _ANGLES
    degrees = np.unwrap(path * 2 * np.pi / _ANGLES) * 180 / np.pi
    degrees = degrees - 360 * np.rint(degrees[-8:].mean() / 360)
    bent = float((weight * scores[np.arange(_RINGS), path % _ANGLES]).sum())
    plain = float((weight * scores[:, 0]).sum())
    inner, outer = float(np.median(degrees[8:24])), float(np.median(degrees[-8:]))
    steady = np.diff(cv2.blur(degrees[4:, None].astype(np.float32), (1, 9))[:, 0]) * np.sign(outer - inner)
    if (
        _believed(plain, bent)
        and abs(inner - outer) > _TURN
        and abs(outer) < 0.5 * abs(inner)
        and (steady > -0.6).mean() > 0.85
    ):
        return bent, Fact("swirl")
    return None


def _centred(rings: Floats) -> Floats:
    return np.asarray(rings - rings.mean(axis=2, keepdims=True), np.float32)


def _ringed(rings: _Rings, *, corners_stay: bool) -> tuple[float, Fact] | None:
    """Every ring larger or smaller: in waves, or more and more."""
    (one, usual), (other, spread) = (_normal(_centred(part)) for part in (rings.before, rings.after))
    scores = other @ one.T  # [rings after, rings before]
    weight = np.minimum(usual.max(), spread) * np.sqrt(rings.radius)
    weight = weight / max(float(weight.sum()), 1e-6)
    path = _follow(np.asarray(scores * weight[:, None], np.float32), 5)
    bent = float((weight * scores[np.arange(_RINGS), path]).sum())
    plain = float((weight * np.diag(scores)).sum())
    if bent < _EXPLAINED - 0.15 or bent - plain < 0.02:
        return None
    radius = (np.arange(_RINGS) + 0.5) / _RINGS
    moved = (path + 0.5) / _RINGS - radius
    sure = (np.arange(_RINGS) >= 4) & (spread > 0.25 * np.median(spread))
    if sure.sum() < _RINGS / 2 or np.abs(moved[sure]).max() < _STEADY:
        return None
    at, by = radius[sure], moved[sure]
    smooth = np.stack([at, at**2, at**3], axis=1)
    curve = np.linalg.lstsq(smooth, by, rcond=None)[0]
    rest = by - smooth @ curve
    if (
        _believed(plain, bent)
        and _share_of_wave(at, rest) > _REGULAR
        and rest.std() > max(0.5 * by.std(), 0.25 * _STEADY)
    ):
        return bent, Fact("ripple")
    scale = float((at * by).sum() / (at * at).sum())
    if np.abs(by - scale * at).mean() < 0.25 * np.abs(by).mean() or np.abs(by - scale * at).max() < _STEADY:
        return None  # as large everywhere: a crop
    smoothly = np.stack([radius, radius**2, radius**3], axis=1) @ curve + radius
    inside = weight * (smoothly <= 1)  # further out there may be nothing to be shown
    inside = inside / max(float(inside.sum()), 1e-6)
    plain, bent = (_agreement(rings, at, inside) for at in (radius, smoothly))
    if (smoothly <= 1).mean() < 0.5:
        return None
    if not (np.diff(smoothly) > 0).all() or not _believed(plain, bent, _RINGED):
        return None
    if corners_stay and np.abs(by[-3:]).max() < 0.3 * np.abs(by).max():  # only what is in the middle
        return bent, Fact("bulge" if by.mean() < 0 else "pinch")
    return bent, Fact("lens_distortion")


def _agreement(rings: _Rings, radius: np.ndarray, weight: Floats) -> float:
    """How well the rings after agree with those before of other radii (of which 1 touches the edge), -1..1."""
    at = np.clip(radius * _RINGS - 0.5, 0, len(rings.before) - 1.001)
    low = at.astype(np.int32)
    share = np.asarray(at - low, np.float32)[:, None, None]
    shown = rings.before[low] * (1 - share) + rings.before[low + 1] * share
    (one, _), (other, _) = (_normal(_centred(part)) for part in (shown, rings.after))
    return float((weight * (one * other).sum(axis=1)).sum())


def _pond(views: Views) -> tuple[float, Fact] | None:
    """Every ring shifted along one direction, in waves outwards."""
    first, second = (soft(plane, 0.7) for plane in views.lumas)
    height, width = first.shape
    reach = max(4, round(0.07 * max(height, width)))
    shift = np.arange(-reach, reach + 1, dtype=np.float32)
    radius = np.arange(2, 0.5 * min(height, width), dtype=np.float32)
    angle = np.arange(_ANGLES, dtype=np.float32) * np.float32(2 * np.pi / _ANGLES)
    best = None
    for aspect in {1.0, width / height}:
        x = (width - 1) / 2 + radius[:, None] * np.cos(angle) * max(1.0, aspect)
        y = (height - 1) / 2 + radius[:, None] * np.sin(angle) / min(1.0, aspect)
        rings = _remapped(second, x, y)
        for across, down in ((1, 1), (1, -1), (1, 0), (0, 1)):
            shown = _remapped(first, x[:, None] + across * shift[:, None], y[:, None] + down * shift[:, None])
            centred = shown - shown.mean(axis=2, keepdims=True)
            other = rings - rings.mean(axis=1, keepdims=True)
            norm = np.linalg.norm(centred, axis=2), np.linalg.norm(other, axis=1)
            scores = np.einsum("rsa,ra->rs", centred, other) / np.maximum(norm[0] * norm[1][:, None], 1e-3)
            weight = np.minimum(norm[0][:, reach], norm[1]) * np.sqrt(radius)
            weight = weight / max(float(weight.sum()), 1e-6)
            path = _follow(np.asarray(scores * weight[:, None], np.float32), 4)
            bent = float((weight * scores[np.arange(len(path)), path]).sum())
            plain = float((weight * scores[:, reach]).sum())
            moved = (path - reach).astype(np.float64)
            if (
                _believed(plain, bent)
                and (best is None or bent > best[0])
                and moved.std() > 0.8
                and _share_of_wave(radius, moved) > _REGULAR
            ):
                best = bent, Fact("ripple")
    return best


def _remapped(plane: Floats, x: np.ndarray, y: np.ndarray) -> Floats:
    """Values of a plane or of an image at places given in any number of dimensions."""
    flat = (-1, x.shape[-1])
    found = cv2.remap(
        plane,
        np.asarray(x.reshape(flat), np.float32),
        np.asarray(y.reshape(flat), np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found, np.float32).reshape(*x.shape, *plane.shape[2:])


def _share_of_wave(along: np.ndarray, across: np.ndarray) -> float:
    """Share of the displacements that one sine of at least one period and a half explains, in 0..1."""
    extent = float(along.max() - along.min())
    spread = float(((across - across.mean()) ** 2).sum())
    if extent <= 0 or spread < 1e-9:
        return 0.0
    best = 0.0
    for periods in np.arange(1.5, 20, 0.25):
        angle = 2 * np.pi * periods * along / extent
        design = np.stack([np.sin(angle), np.cos(angle), np.ones_like(angle)], axis=1)
        fitted = design @ np.linalg.lstsq(design, across, rcond=None)[0]
        best = max(best, 1 - float(((across - fitted) ** 2).sum()) / spread)
    return best


def _waved(views: Views, axis: int) -> tuple[float, Fact] | None:
    """Columns (axis 0) or rows (axis 1) shifted along themselves, in waves."""
    one, other = views.before, views.after
    if one.shape[1 - axis] != other.shape[1 - axis] or not 0.75 < one.shape[axis] / other.shape[axis] <= 1.02:
        return None
    factor = min(1.0, _SIDE / max(one.shape[:2]))
    lines = []
    for image in (one, other):
        size = max(16, round(image.shape[1] * factor)), max(16, round(image.shape[0] * factor))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
        lines.append(small.transpose(1, 2, 0) if axis == 0 else small.transpose(0, 2, 1))
    first, second = lines  # [lines, channels, pixels]
    length = max(first.shape[2], second.shape[2])
    reach = round(0.14 * length)
    padded = 1 << (length + reach - 1).bit_length()
    first, second = _centred(first), _centred(second)
    start = (second.shape[2] - first.shape[2]) / 2
    one_, other_ = (np.fft.rfft(part, padded, axis=2) for part in (first, second))
    scores = np.fft.irfft((np.conj(one_) * other_).sum(axis=1), padded, axis=1)
    shifts = np.rint(np.arange(-reach, reach + 1) + start).astype(int)
    norm = (
        np.linalg.norm(first.reshape(len(first), -1), axis=1),
        np.linalg.norm(second.reshape(len(second), -1), axis=1),
    )
    weight = norm[0] * norm[1]
    weight = weight / max(float(weight.sum()), 1e-6)
    scores = scores[:, shifts % padded] / np.maximum(norm[0] * norm[1], 1e-3)[:, None]
    path = _follow(np.asarray(scores * weight[:, None], np.float32), 5)
    bent = float((weight * scores[np.arange(len(scores)), path]).sum())
    plain = float((weight * scores[:, reach]).sum())
    if not _believed(plain, bent, _WAVED):
        return None
    moved = (path - reach) / max(first.shape[0], length)
    at = np.arange(len(moved)) / len(moved)
    line = np.stack([at, np.ones_like(at)], axis=1)
    rest = moved - line @ np.linalg.lstsq(line, moved, rcond=None)[0]
    if rest.std() > 0.004 and _share_of_wave(at, rest) > _REGULAR:
        return bent, Fact("waves")
    return None
