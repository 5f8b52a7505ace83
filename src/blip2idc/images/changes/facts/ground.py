"""What came, went or was covered: `appeared`, `disappeared`, `covered`.

One side continues its surroundings, the other does not. On plain ground that is seen pixel by pixel; on busy ground the
place is filled from its surroundings, and the step over its outline is compared with the steps beside it.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.facts.focus import grain
from blip2idc.images.changes.facts.light import ink, light_or_color, shape_correlations, shines_through
from blip2idc.images.changes.facts.patch import Patch, closed, contrast, inner_of, luma_of
from blip2idc.images.changes.result import Fact
from blip2idc.images.color_names import color_name, hex_code

_PLAIN = 0.85  # share of the surroundings that has one colour where they are plain
_ALIKE = 12  # levels
_GRAIN = 0.7  # standard deviation in levels from which on the ground was taken, not drawn
_BLANK = 2.0  # levels by which blank paper may differ from its colour in a pair without noise
_QUITE_CLEAR = 0.998  # share of a place that is blank where nothing was written in it
_WHITE, _BRIGHTEST = 253.0, 2.0  # levels of clipped white, and the factor by which light may have grown
_BESIDE, _WHOLE_SIDE = (
    (4, 9),
    0.97,
)  # pixels beside a place, and share of a side along which the ground is seen
_PATTERN = 3.0  # standard deviation in levels from which on there was something to cover
_SAME_SHAPES = 0.3  # correlation of details above which both sides show the same thing
_FILLED, _FILLED_LEVELS = (
    0.35,
    10.0,
)  # how unlike its filling the side is that was filled, of the other and in levels
_NEARLY_PLAIN = 0.75  # share of a place that has one colour where it may be covered
_GRAINY = 0.5  # correlation of neighbours' differences below which they are grain
_INSIDE, _OUTSIDE, _FAR_OUTSIDE = -3.5, 2.5, 8.5  # pixels from the outline
_FEW_POINTS = 40
_CONTINUES = 1.6  # times the usual step that the step over the outline may be where a side continues
_BREAKS = 1.6  # times this step that the other side's has to be
_EVEN = 1.7  # times the usual step that the side that continues may be unlike its filling
_BARE = 0.98  # share of a place that has one colour where nothing is in it
_DENSE = 0.93  # share of its box that a picture fills, and a button with letters does not


def plain_ground(image: np.ndarray, ring: np.ndarray, tolerance: float) -> np.ndarray | None:
    """The one colour of the surroundings, float32 [3]; None where they have more."""
    if ring.sum() < 12:
        return None
    values = image[ring]
    middle: np.ndarray = np.median(values, axis=0)
    near = np.abs(values - middle).max(axis=1) <= tolerance
    return middle if near.mean() >= _PLAIN else None


def on_plain_ground(patch: Patch) -> Fact | None:
    """`appeared` or `disappeared` where one side is nothing but the ground, or ink that took another colour."""
    ring = patch.ring()
    grounds = [plain_ground(image, ring, patch.tolerance) for image in (patch.before, patch.after)]
    if grounds[0] is None or grounds[1] is None or np.abs(grounds[0] - grounds[1]).max() > patch.tolerance:
        return None
    inks = [
        image[patch.mask] - ground for image, ground in zip((patch.before, patch.after), grounds, strict=True)
    ]
    blank = _BLANK if patch.clean else patch.tolerance
    empty = [float((np.abs(ink).max(axis=1) <= blank).mean()) for ink in inks]
    rows, columns = np.flatnonzero(patch.mask.any(axis=1)), np.flatnonzero(patch.mask.any(axis=0))
    within = np.zeros_like(patch.mask)
    within[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    clear = [
        float((np.abs(image[within] - ground).max(axis=1) <= blank).mean())
        for image, ground in zip((patch.before, patch.after), grounds, strict=True)
    ]
    if empty[0] > 0.97 and clear[0] > 0.97 and empty[1] < 0.4:
        # a sky is something, which can be covered or get grain; blank paper is nothing
        grainy = float(patch.before[ring].std(axis=0).max()) > _GRAIN
        something = cover(patch, _GRAIN) if grainy or (patch.clean and clear[0] < _QUITE_CLEAR) else None
        return ((grain(patch) if grainy else None) or something) or Fact("appeared")
    if empty[1] > 0.97 and clear[1] > 0.97 and empty[0] < 0.4:
        return Fact("disappeared")
    if patch.density() > _DENSE:
        lit = light_or_color(patch)
        if lit or all(_is_pictured(image[patch.mask]) for image in (patch.before, patch.after)):
            return lit  # a picture, not letters or a plain shape
    return ink(inks, grounds[0], patch.tolerance)


def picture_on_bare_place(patch: Patch) -> Fact | None:
    """`appeared` or `disappeared` where one side of a place is bare and the other is a picture that fills it."""
    if patch.density() <= _DENSE:
        return None
    bare, pictured = [], []
    for image in (patch.before, patch.after):
        values = image[patch.mask]
        apart = np.abs(values - np.median(values, axis=0)).max(axis=1)
        bare.append(float((apart <= patch.tolerance).mean()) >= _BARE)
        pictured.append(_is_pictured(values))
    if bare[0] and pictured[1]:
        return Fact("appeared")
    return Fact("disappeared") if bare[1] and pictured[0] else None


def _is_pictured(values: np.ndarray) -> bool:
    """Whether less than half of some pixels [N, 3] have nearly the same colour."""
    return bool((np.abs(values - np.median(values, axis=0)).max(axis=1) <= _ALIKE).mean() < 0.5)


def cover(patch: Patch, pattern: float = _PATTERN) -> Fact | None:
    """`covered` where one plain colour, not that of the surroundings, took the place of something.

    Args:
        patch: The place.
        pattern: Standard deviation in levels from which on there was something.
    """
    inner = inner_of(patch.mask)
    if inner is None or inner.sum() < 80:
        return None
    color = np.median(patch.after[inner], axis=0)
    plain = np.abs(patch.after[inner] - color).max(axis=1) <= patch.tolerance
    if plain.mean() < 0.93 or patch.before[inner].std(axis=0).max() < pattern:
        return None
    if contrast(patch.after, patch.mask) <= 0.8 * patch.tolerance or (
        patch.clean and shines_through(patch, inner)
    ):
        return None
    if color.min() > _WHITE and float(np.quantile(patch.before[inner], 0.02)) * _BRIGHTEST > _WHITE:
        return None  # it may be so bright now that it is clipped
    measured = _steps(patch)
    if measured is not None and _continuing(*measured, patch.tolerance) == "after":
        return None  # the plain colour is the ground's, on which something was
    if patch.clean and _goes_on(patch, color):
        return Fact("disappeared")  # at the edge of a card, whose colour it is
    return Fact("covered", {"by": color_name(color), "by_hex": hex_code(color)})


def _goes_on(patch: Patch, color: np.ndarray) -> bool:
    """Whether a colour goes on beyond one whole side of a place in the image after."""
    rows, columns = np.flatnonzero(patch.mask.any(axis=1)), np.flatnonzero(patch.mask.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])
    across, down = slice(left, right + 1), slice(top, bottom + 1)
    strips = [
        patch.after[max(0, top - _BESIDE[1]) : max(0, top - _BESIDE[0]), across],
        patch.after[bottom + _BESIDE[0] : bottom + _BESIDE[1], across],
        patch.after[down, max(0, left - _BESIDE[1]) : max(0, left - _BESIDE[0])],
        patch.after[down, right + _BESIDE[0] : right + _BESIDE[1]],
    ]
    near = [np.abs(strip - color).max(axis=-1) <= patch.tolerance for strip in strips if strip.size]
    return any(float(one.mean()) >= _WHOLE_SIDE for one in near)


def on_busy_ground(patch: Patch) -> Fact | None:
    """`appeared` or `disappeared` where one side continues its surroundings and the other does not."""
    inner = inner_of(patch.mask)
    if inner is None or is_drawn(patch) or max(shape_correlations(patch, inner)) > _SAME_SHAPES:
        return None
    unlike = [_unlike_filling(image, patch.mask, inner) for image in (patch.before, patch.after)]
    if min(unlike) <= min(_FILLED * max(unlike), _FILLED_LEVELS) and max(unlike) > patch.tolerance:
        return _came_or_went(patch, inner, "before" if unlike[0] < unlike[1] else "after")
    measured = _steps(patch)
    if measured is None:
        return None
    continuing = _continuing(*measured, patch.tolerance)
    if continuing is None:
        return None
    # what is there on the side that continues has to be as even as its surroundings: else something merely shrank
    if unlike[continuing == "after"] > _EVEN * max(measured[1], 0.5 * patch.tolerance):
        return None
    return _came_or_went(patch, inner, continuing)


def is_drawn(patch: Patch) -> bool:
    """Whether both sides lie on the one colour of a page: one of them would be blank, had anything come or gone."""
    ring = patch.ring()
    grounds = [plain_ground(image, ring, patch.tolerance) for image in (patch.before, patch.after)]
    if grounds[0] is None or grounds[1] is None or np.abs(grounds[0] - grounds[1]).max() > patch.tolerance:
        return False
    return all(plain_ground(image, ring, _GRAIN) is not None for image in (patch.before, patch.after))


def _came_or_went(patch: Patch, inner: np.ndarray, continuing: str) -> Fact | None:
    """The fact by the side that continues; none where the other has one colour or grain: that covers, or is noise."""
    values = (patch.after if continuing == "before" else patch.before)[inner]
    shade = _shade(patch.after if continuing == "before" else patch.before, inner)
    for ground in (np.median(values, axis=0), shade):
        if (np.abs(values - ground).max(axis=1) <= 2 * patch.tolerance).mean() > _NEARLY_PLAIN:
            return None
    gap = luma_of(patch.after - patch.before)
    pairs = inner[:, 1:] & inner[:, :-1]
    if np.corrcoef(gap[:, 1:][pairs], gap[:, :-1][pairs])[0, 1] < _GRAINY:
        return None
    return Fact("appeared" if continuing == "before" else "disappeared")


def _shade(image: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The even shading [N, 3] nearest to an image within a mask: a sky has one, too."""
    rows, columns = np.nonzero(inner)
    places = np.stack([np.ones(len(rows)), rows - rows.mean(), columns - columns.mean()], axis=1)
    values = image[inner].astype(np.float64)
    return np.asarray(places @ np.linalg.lstsq(places, values, rcond=None)[0])


def _continuing(steps: list[float], usual: float, tolerance: float) -> str | None:
    """Which side continues over the outline where the other breaks: ``before``, ``after`` or neither."""
    low, high = sorted(steps)
    if low > _CONTINUES * max(usual, 0.5 * tolerance) or high < _BREAKS * max(low, 1.0):
        return None
    return "before" if steps[0] < steps[1] else "after"


def _unlike_filling(image: np.ndarray, mask: np.ndarray, inner: np.ndarray) -> float:
    """By how many levels an image differs, inside of a mask, from what its surroundings fill it with."""
    wide = cv2.dilate(closed(mask), np.ones((5, 5), np.uint8))
    filled = cv2.inpaint(np.clip(image, 0, 255).astype(np.uint8), wide, 3, cv2.INPAINT_TELEA)
    return float(np.abs(image - filled)[inner].mean())


def _steps(patch: Patch) -> tuple[list[float], float] | None:
    """The mean step over the outline, before and after, and the usual one as far apart outside of it; in levels."""
    mask = np.pad(closed(patch.mask), 1)
    out, into = (cv2.distanceTransform(side, cv2.DIST_L2, 5)[1:-1, 1:-1] for side in (1 - mask, mask))
    smooth = cv2.GaussianBlur(out - into, (0, 0), 1.5)
    down, across = np.gradient(smooth)
    length = np.hypot(across, down) + 1e-6
    rows, columns = np.nonzero((out > 0) & (out <= 1))
    across, down = (part[rows, columns] / length[rows, columns] for part in (across, down))
    inside = np.ones(len(rows), bool)
    values = []
    for distance in (_INSIDE, _OUTSIDE, _FAR_OUTSIDE):
        x, y = (columns + distance * across).astype(np.float32), (rows + distance * down).astype(np.float32)
        inside &= (x >= 0) & (y >= 0) & (x <= out.shape[1] - 1) & (y <= out.shape[0] - 1)
        values.append([_values_at(image, x, y) for image in (patch.before, patch.after)])
    if inside.sum() < _FEW_POINTS:
        return None
    within, near, far = values
    steps = [float(np.abs(a - b).max(axis=1)[inside].mean()) for a, b in zip(within, near, strict=True)]
    usual = [float(np.abs(a - b).max(axis=1)[inside].mean()) for a, b in zip(near, far, strict=True)]
    return steps, max(usual)


def _values_at(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolated values [N, 3] at some points."""
    if not len(x):
        return np.zeros((0, 3), np.float32)
    return np.asarray(cv2.remap(image, x[:, None], y[:, None], cv2.INTER_LINEAR)[:, 0])
