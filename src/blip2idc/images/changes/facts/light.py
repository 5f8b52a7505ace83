"""The same shapes in other light or in other colours: `brighter`, `darker`, `recoloured`."""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.facts.colors import recoloured
from blip2idc.images.changes.facts.patch import FEW, Patch, contrast, filled, inner_of, luma_of
from blip2idc.images.changes.pictures import largest_channel
from blip2idc.images.changes.result import Fact

_FULL, _FULL_IN_NOISE = (
    0.97,
    0.8,
)  # quantile of the pixels of letters from which on they have their full colour
_CLEAN = 6.0  # tolerance in levels of a pair without noise
_FREE = 0.1  # share of the values that are not clipped, from which on they tell a factor
_COLORED, _GREY = (
    8.0,
    4.0,
)  # levels by which colours have to differ to be others, and to which they are the same
_TWO_COLORS, _FAINTEST = (
    16.0,
    3.0,
)  # levels by which the two colours of a drawing differ, before and after, at least
_MIXED, _REST = 0.02, 0.1  # share of what is no mixture of the two, before, and is not explained by it after
_GRAINY = 0.3  # standard deviation in levels of what was taken, not painted, at least
_GROUND_PIXELS, _NEAR_GROUND, _INK_STEP = (
    200,
    12.0,
    16.0,
)  # pixels of a ground; levels of what is it, and of ink on it
_SAME_GROUND, _STANDS = 0.6, 0.7  # share that is ground before and after, and share of the ink that stays
_FULL_STEP, _OTHER_INK, _ONE_INK = (
    0.9,
    40.0,
    12.0,
)  # of the largest step; levels of one, and within one colour
_SOLID = 0.5  # share of its box that letters do not fill


def ink(inks: list[np.ndarray], ground: np.ndarray, tolerance: float) -> Fact | None:
    """Shapes of one colour on one ground that have another colour: cover of each pixel is the same in both images."""
    full = _FULL if tolerance <= _CLEAN else _FULL_IN_NOISE
    strongest = [ink[np.abs(ink).max(axis=1) >= np.quantile(np.abs(ink).max(axis=1), full)] for ink in inks]
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
    return recoloured(ground + colors[0], ground + colors[1])


def light_or_color(patch: Patch) -> Fact | None:
    """`brighter`, `darker` or `recoloured` where the shapes are the same."""
    inner = inner_of(patch.mask)
    if inner is None or patch.density() < _SOLID:
        return None
    one, other = patch.before[inner], patch.after[inner]
    kept = _keeps_details(patch, inner)
    lit = _lit(one, other, patch.tolerance) if kept else None
    flat = [float(image.std(axis=0).max()) for image in (one, other)]
    if lit is not None and flat[0] > _GRAINY:  # what is quite flat was painted
        return lit
    if max(flat) <= patch.tolerance:
        return _flat_color(patch, one, other)
    colors = np.median(one, axis=0), np.median(other, axis=0)
    stepped = float(np.abs(colors[1] - colors[0]).max()) >= _COLORED
    if patch.clean and stepped and _repainted(one, other):
        return recoloured(*colors)
    if lit is not None:
        return lit
    alike = max(shape_correlations(patch, inner)) > 0.85
    even = [
        cv2.GaussianBlur(image, (0, 0), 1.5)[inner] for image in (patch.before, patch.after)
    ]  # without grain
    tinted = _tinted(even[0], even[1])
    colored = tinted > max(_COLORED, 0.5 * abs(float((luma_of(other) - luma_of(one)).mean())))
    if alike and colored and stepped:
        return recoloured(*colors)
    whole = ((np.minimum(one, other) > 8) & (np.maximum(one, other) < 247)).all(axis=1)  # nothing clipped
    if whole.sum() < max(FEW, 0.2 * len(one)):
        return None
    one, other = one[whole], other[whole]
    luma = [luma_of(values) for values in (one, other)]
    step = float(np.median(luma[1] - luma[0]))
    gains = [_gain(one[:, channel], other[:, channel]) for channel in range(3)]
    if abs(step) < 5 or max(gains) - min(gains) > 0.12 or _tinted(one, other) > max(_GREY, 0.3 * abs(step)):
        return None
    if not (alike or (kept and _is_scaled(one, other, patch.tolerance))):
        return None
    if float((np.sign(luma[1] - luma[0]) == np.sign(step)).mean()) <= 0.93:
        return None
    return Fact("brighter" if step > 0 else "darker", {"levels": round(abs(step))})


def repainted(patch: Patch) -> Fact | None:
    """`recoloured` where the ground of a thing has another colour, and what is on it stands where it stood."""
    if patch.mask.sum() < _GROUND_PIXELS:
        return None
    grounds = [_commonest(image[patch.mask]) for image in (patch.before, patch.after)]
    if np.abs(grounds[0] - grounds[1]).max() < _TWO_COLORS:
        return None
    apart = [
        largest_channel(np.abs(image - ground))
        for image, ground in zip((patch.before, patch.after), grounds, strict=True)
    ]
    both = patch.mask & (apart[0] <= _NEAR_GROUND) & (apart[1] <= _NEAR_GROUND)
    if both.sum() < _SAME_GROUND * patch.mask.sum():
        return None
    steps = (patch.after - patch.before)[both]
    if float(steps.std(axis=0).max()) > patch.tolerance:
        return None  # a texture, not paint
    rows, columns = np.flatnonzero(both.any(axis=1)), np.flatnonzero(both.any(axis=0))
    box = slice(rows[0] + 1, rows[-1]), slice(columns[0] + 1, columns[-1])
    within = filled(both)[box]  # not its outline, nor what noise and shadows add to it
    inks = [(gap[box] > _INK_STEP) & within for gap in apart]
    fewer = min(
        float(ink.sum()) for ink in inks
    )  # what has the colour of one ground is seen on the other alone
    if fewer < FEW or float((inks[0] & inks[1]).sum()) < _STANDS * fewer:
        return None
    return recoloured(grounds[0], grounds[1])


def rewritten(patch: Patch) -> Fact | None:
    """`recoloured` where letters on a picture have another colour: all that differs is a share of one step.

    At its full share both images have one colour, which neither has beside the letters: nothing came or went.
    """
    if patch.mask.sum() < _GROUND_PIXELS or patch.density() >= _SOLID:
        return None
    gap = largest_channel(np.abs(patch.after - patch.before))
    full = patch.mask & (gap >= _FULL_STEP * float(gap[patch.mask].max()))
    if full.sum() < FEW:
        return None
    colors = [np.median(image[full], axis=0) for image in (patch.before, patch.after)]
    step = colors[1] - colors[0]
    if np.abs(step).max() < _OTHER_INK or any(
        np.abs(image[full] - color).mean() > _ONE_INK
        for image, color in zip((patch.before, patch.after), colors, strict=True)
    ):
        return None
    steps = (patch.after - patch.before)[patch.mask]
    shares = steps @ step / float(step @ step)
    left = np.abs(steps - shares[:, None] * step).max(axis=1)
    if (left <= _NEAR_GROUND).mean() < _FULL_IN_NOISE or float(np.quantile(shares, 0.05)) < 0:
        return None
    beside = cv2.dilate(patch.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > patch.mask
    for image, color in zip((patch.before, patch.after), colors, strict=True):
        if (np.abs(image[beside] - color).max(axis=1) <= _OTHER_INK / 2).mean() > _REST:
            return None
    return recoloured(*colors)


def _commonest(values: np.ndarray) -> np.ndarray:
    """The commonest colour of some pixels [N, 3]."""
    codes = (values.astype(np.int64) >> 4) @ np.array([256, 16, 1])
    return np.asarray(np.median(values[codes == np.bincount(codes).argmax()], axis=0))


def _keeps_details(patch: Patch, inner: np.ndarray) -> bool:
    """Whether the image after has the details that other light leaves, where the one before has any."""
    spreads = [float(_details(luma_of(image), inner)[inner].std()) for image in (patch.before, patch.after)]
    factor = _gain(luma_of(patch.before)[inner], luma_of(patch.after)[inner])
    return factor * spreads[0] < 1.0 or spreads[1] > 0.4 * factor * spreads[0]


def _repainted(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether pixels [N, 3] are the same drawing of two colours in two others, of which at least one is another now.

    Each pixel before is a mixture of both, and the same mixture of the other two after.
    """
    paint = np.median(one, axis=0)
    apart = np.abs(one - paint).max(axis=1)
    drawn = one[apart >= np.quantile(apart, 0.98)].mean(axis=0) - paint
    if np.abs(drawn).max() < _TWO_COLORS:
        return False
    share = (one - paint) @ drawn / float(drawn @ drawn)
    if np.abs(one - paint - share[:, None] * drawn).mean() > _MIXED * np.abs(drawn).max():
        return False
    spread = share - share.mean()
    slope = spread @ (other - other.mean(axis=0)) / float(spread @ spread)
    rest = other - other.mean(axis=0) - spread[:, None] * slope
    varied = np.square(other - other.mean(axis=0)).sum()
    painted = np.median(other, axis=0)
    if max(np.abs(painted - paint).max(), np.abs(slope - drawn).max()) < _TWO_COLORS:
        return False  # both are what they were: it became soft, say
    if max(np.abs(painted - paint - drawn).max(), np.abs(painted + slope - paint).max()) < _TWO_COLORS:
        return False  # both colours changed places: something moved
    return bool(np.abs(slope).max() >= _FAINTEST and np.square(rest).sum() <= _REST * varied)


def shines_through(patch: Patch, inner: np.ndarray) -> bool:
    """Whether the image after shows, however faintly, the shapes of the one before within a mask."""
    details = [_details(luma_of(image), inner)[inner] for image in (patch.before, patch.after)]
    if min(float(detail.std()) for detail in details) < 0.2:
        return False
    return abs(float(np.corrcoef(*details)[0, 1])) > 0.8


def _tinted(one: np.ndarray, other: np.ndarray) -> float:
    """By how much colours [N, 3] differ, in levels of Cr and Cb, beside what other light makes of them."""
    factor = float((luma_of(other).mean() + 1) / (luma_of(one).mean() + 1))
    return float(np.hypot(*(_chroma(other) - factor * _chroma(one)).T).mean())


def _lit(one: np.ndarray, other: np.ndarray, tolerance: float) -> Fact | None:
    """`brighter` or `darker` where pixels [N, 3] are those of before times one factor, clipped at white."""
    free = (np.minimum(one, other) > 8) & (np.maximum(one, other) < 247)
    if free.mean() < _FREE:
        return None
    factor = float(other[free].sum() / one[free].sum())
    predicted = np.minimum(factor * one, 255)
    step = float((luma_of(other) - luma_of(one)).mean())
    rest = np.abs(other - predicted)
    if abs(step) < 5 or rest.mean() > max(0.6 * tolerance, 0.08 * float(np.abs(other - one).mean())):
        return None
    if rest.mean() > 0.25 * abs(step) or np.square(rest).sum() > 0.1 * np.square(other - one).sum():
        return None
    return Fact("brighter" if step > 0 else "darker", {"levels": round(abs(step))})


def _is_scaled(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    """Whether pixels [N, 3] are those of before times one factor."""
    factor = float((other.mean() + 1) / (one.mean() + 1))
    rest = np.abs(other - factor * one).mean()
    return bool(rest < max(0.6 * tolerance, 0.08 * float(np.abs(other - one).mean())))


def shape_correlations(patch: Patch, mask: np.ndarray) -> list[float]:
    """How the details of both images agree within a mask: of luma, of the strongest and of the weakest channel.

    A turn of the hue keeps the last two, other light keeps the first.
    """
    found = []
    for plane in (luma_of, _strongest, _weakest):
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
    if min(contrast(image, patch.mask) for image in (patch.before, patch.after)) < patch.tolerance:
        return None  # one side may be its surroundings: something came or went
    return recoloured(first, second)


def _gain(one: np.ndarray, other: np.ndarray) -> float:
    """How many times as bright one channel got, by its mean."""
    return float((other.mean() + 1) / (one.mean() + 1))


def _chroma(pixels: np.ndarray) -> np.ndarray:
    """Cr and Cb without their offset, of [N, 3]."""
    luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.stack([0.713 * (pixels[:, 0] - luma), 0.564 * (pixels[:, 2] - luma)], axis=1)
