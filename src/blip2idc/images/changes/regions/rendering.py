"""Differences that are only drawn anew: letters and edges that lie a fraction of a pixel elsewhere.

In: the two images in one frame and a box in which they differ. Out: what share of the difference is left when one of
them is moved by the best fraction of a pixel. A changed letter, colour or picture leaves nearly all of it, a line of
text that begins half a pixel further right nearly nothing.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import cv2
import numpy as np

from blip2idc.images.changes.lines import slant_of
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Areas, Region, belong, find_areas
from blip2idc.images.changes.regions.noise import Excess, exact_excess
from blip2idc.images.changes.regions.weight import more_ink
from blip2idc.images.changes.result import Box

_SHIFTED = (
    0.4  # share of the difference that a shift may leave; lines of text leave 0.27, changes 0.56 and more
)
_SHIFTED_IN_ACCORD = 0.55  # the same where nearly everything moved like this
_NEARLY_ALL, _LARGELY = 0.9, 0.4  # share of the areas
#: Share of all that differs that is drawn anew, from which on what differs by so much of the contrast is, too.
_HALF, _FAINTLY = 0.5, 0.4
_ALIKE = 0.25  # pixels
_SMOOTHED = 0.03  # share that may lie outside of what the neighbours span; changed digits leave 0.1 and more
_ONE_WAY = (
    0.6  # of the difference: that it makes things lighter or darker on the whole, which antialiasing does not
)
_AS_SHARP = 0.75  # of the steps between neighbours: what is blurred loses more of them
_AS_STEEP = (
    0.3  # of the squared steps: an edge between pixels has half of those of one on pixels, a blur a fifth
)
_ROUNDING = 2  # levels
_SLACK = 0.2  # of the local contrast: thin strokes get so much paler by other antialiasing
_MOST = 300  # areas that are looked at, the largest
_MAINLY = 0.8  # share of the differing area from which on thin rests count as drawn anew too
_THIN = 2  # pixels
_OUTLINE = 0.3  # share of its box that an outline takes at most
_OUTLINE_SMOOTHED, _OUTLINE_SHIFTED = 0.3, 0.75  # as above, for outlines
_WIDESPREAD = 10  # areas drawn anew from which on specks count as such too
_SPECK = 120  # pixels of the box, less than a digit of a text takes
_SPILT = 9  # pixels, the side of the square over which a blurred difference is spilt
_ON_GROUND = 0.4  # of the pixels of a page, at most, differ where the ground is equal and letters are not
_FEW_LETTERS = 6  # areas of another weight from which on all letters may be
_PARTLY = (
    0.7  # of the contrast around a pixel: what its difference may be where letters are drawn anew all over
)
_WHOLLY, _FEW_PIXELS = 0.85, 6  # the same where strokes are others, and how many pixels tell
#: Pixels of strokes that are gone where another sign is written, in noise, and share of the difference of a letter that
#: shifts leave then.
_FEW_GONE, _UNSHIFTED = 2, 0.45
#: The same of one part of a line where this is so many times what is left of most of its parts.
_MANY_GONE, _MORE_LEFT, _STANDS_OUT = 6, 0.35, 2.5
#: Share of the place of letters that their ground takes at least.
_GROUND = 0.3
#: Of its height, and pixels at least: about as broad as a letter is.
_BROAD, _NARROWEST = 0.8, 5
#: Of what most letters have: how many times as much ink, and by how much its hue is off, where it is of another colour.
_OTHER_INK, _OTHER_HUE = 1.5, 0.25
_LETTERS = (7, 60)  # pixels of the height of letters that may lean
_ITALIC, _UPRIGHT = 0.14, 0.07  # tangents of the slant of italic letters at least, of others at most
_STROKE = 40  # levels by which strokes differ from their ground, at least
_SURELY = 2.0  # strength of what is another letter
_MOSTLY_ONE_WAY = 0.6  # share of the areas
_ALL_OVER = 0.5  # of each side of what a page shows: over what letters of another weight have to be spread
_MANY_LETTERS, _PARTLY_OVER = (
    10,
    0.35,
)  # areas of another weight from which on pictures may take the rest of a page
_EDGE = 8  # levels beside which something is shown
_FARTHEST = 1.0  # pixels
_STEPS = (0.25, 0.125)
_HOPELESS = 0.6  # share left by any mixture of neighbouring pixels from which on no shift will explain it
_MARGIN = 3
_LARGEST = 400  # pixels: the part of a larger box that is looked at


def without_drawn_anew(excess: Excess, before: Pixels, after: Pixels) -> Excess:
    """What stands out of noise less what is only drawn anew, where the ground of a page is equal to the pixel.

    What is equal, as pictures and boxes are, tells nothing of how much the letters differ, so that their noise is taken
    for less than it is; and where it is taken for what it is, another letter does not stand out of it.
    """
    if excess.encoded or np.count_nonzero(excess.difference) > _ON_GROUND * excess.difference.size:
        return excess
    areas = find_areas(exact_excess(excess.difference))
    if len(areas.numbers) > _MOST:
        return excess
    anew = drawn_anew(before, after, areas)
    sizes = areas.boxes[:, 2] * areas.boxes[:, 3]
    if anew.sum() < _WIDESPREAD or sizes[anew].sum() < _MAINLY * sizes.sum():
        return excess
    of_other_ink = _of_other_ink(before, after, areas, anew)
    letters = np.isin(areas.labels, areas.numbers[anew]).view(np.uint8)
    strength = excess.strength.copy()
    strength[cv2.dilate(letters, np.ones((_SPILT, _SPILT), np.uint8)) > 0] = 0
    others = [
        index
        for index in np.flatnonzero(~anew | of_other_ink).tolist()
        if of_other_ink[index] or _is_another(before, after, areas.box(index))
    ]
    changed = np.isin(areas.labels, areas.numbers[others]) & (excess.difference > 0)
    strength[changed] = np.maximum(strength[changed], _SURELY)
    return replace(excess, strength=strength)


def drawn_anew(before: Pixels, after: Pixels, areas: Areas, *, exact: bool = False) -> np.ndarray:
    """Which areas, bool [N], only lie up to a pixel elsewhere or have other antialiasing.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        areas: Where the two differ.
        exact: Whether all else is equal to the pixel.
    """
    explained = np.zeros(len(areas.numbers), bool)
    sizes = areas.boxes[:, 2] * areas.boxes[:, 3]
    boxes = {int(index): areas.box(index) for index in np.argsort(-sizes)[:_MOST]}
    for index, box in boxes.items():
        explained[index] = _is_smoothed(before, after, box)
    explained |= _of_other_weight(before, after, areas, explained)
    shifts = np.full((len(explained), 3), np.nan)  # dx, dy and what is left; not asked where it is smoothed
    for index, box in boxes.items():
        if not explained[index]:
            shifts[index] = best_shift(before, after, box)
            explained[index] = shifts[index, 2] < _SHIFTED
    if (
        explained.sum() < _WIDESPREAD
    ):  # of letters all over a page each leans a little otherwise by its rendering
        for index in np.flatnonzero(explained).tolist():
            box = areas.box(index)
            explained[index] = not _leans(before, after, box) and not _is_another_sign(
                before, after, box, exact=exact
            )
    explained |= _in_accord(shifts, explained)
    if sizes[explained].sum() >= _HALF * sizes.sum():
        for index in np.flatnonzero(~explained).tolist():
            explained[index] = _is_on_edges(before, after, areas.box(index), _FAINTLY, both_ways=True)
    if explained.sum() < _WIDESPREAD and not explained.all():
        # a part of a changed word may happen to look drawn anew
        changed = areas.boxes[~explained]
        gap = max(8, round(0.01 * max(before.shape)))
        for index in np.flatnonzero(explained).tolist():
            explained[index] = not belong(areas.boxes[index], changed, gap).any()
    if explained.any() and sizes[explained].sum() >= _MAINLY * sizes.sum():
        explained |= areas.boxes[:, 2:].min(axis=1) <= _THIN
        if explained.sum() >= _WIDESPREAD:
            left = np.flatnonzero(~explained)
            explained[left] = [_is_on_edges(before, after, areas.box(int(index))) for index in left]
    return explained


def _leans(before: Pixels, after: Pixels, box: Box) -> bool:
    """Whether the strokes in a box lean in one image and stand in the other, as those of italic letters."""
    if not _LETTERS[0] <= box[3] <= _LETTERS[1] or box[2] < _LETTERS[0]:
        return False
    slants = []
    for image in (before, after):
        part = _part(image, box)
        ground = np.median(np.concatenate([part[0], part[-1]]), axis=0)
        gap = np.abs(part - ground).max(axis=2)
        if float(gap.max()) < _STROKE:
            return False
        slants.append(slant_of(gap / float(gap.max())))
    return max(slants) >= _ITALIC and abs(min(slants)) <= _UPRIGHT


def _of_other_weight(before: Pixels, after: Pixels, areas: Areas, explained: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], hold letters that got heavier or lighter, where nearly all did so alike."""
    none = np.zeros(len(explained), bool)
    sizes = areas.boxes[:, 2] * areas.boxes[:, 3]
    told = np.argsort(-sizes)[:_MOST]
    told = told[~explained[told] & (sizes[told] > _SPECK)]
    grown = np.full(len(explained), np.nan)
    for index in told:
        grown[index] = more_ink(before, after, areas.box(int(index)))
    heavier = ~np.isnan(grown)
    if heavier.sum() < _FEW_LETTERS or sizes[heavier | explained].sum() < _LARGELY * sizes.sum():
        return none
    if (np.sign(grown[heavier]) == np.sign(np.nanmedian(grown))).mean() < _MOSTLY_ONE_WAY:
        return none
    spread = _reach(areas.boxes[heavier | explained]) / np.maximum(_content(before), 1)
    enough = _ALL_OVER if heavier.sum() < _MANY_LETTERS else _PARTLY_OVER
    if spread.min() < enough or spread.max() < _ALL_OVER:
        return none
    for index in told[np.isnan(grown[told])]:
        heavier[index] = not np.isnan(more_ink(before, after, areas.box(int(index)), much=True))
    return np.asarray(heavier) if sizes[heavier | explained].sum() >= _MAINLY * sizes.sum() else none


def _of_other_ink(before: Pixels, after: Pixels, areas: Areas, anew: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], hold letters that got paler, darker or of another hue, beside most of those drawn anew."""
    ratios = np.full(len(anew), np.nan)
    hues = np.zeros((len(anew), 2))
    for index in np.flatnonzero(anew).tolist():
        x, y, width, height = areas.box(index)
        if width * height <= _SPECK or min(width, height) <= _THIN or height > _LETTERS[1]:
            continue
        sums = [_ink_sums(_part(image, (x, y, width, height))) for image in (before, after)]
        if min(ink[0] for ink in sums) < _STROKE * _MANY_GONE:
            continue
        ratios[index] = np.log(sums[1][0] / sums[0][0])
        hues[index] = sums[1][1:] / sums[1][0] - sums[0][1:] / sums[0][0]
    told = ~np.isnan(ratios)
    if told.sum() < _FEW_LETTERS:
        return np.zeros(len(anew), bool)
    off = np.abs(ratios - np.median(ratios[told]))
    other_hue = np.abs(hues - np.median(hues[told], axis=0)).max(axis=1) > _OTHER_HUE
    return np.asarray(told & ((off > np.log(_OTHER_INK)) | other_hue))


def _ink_sums(part: np.ndarray) -> np.ndarray:
    """By how much the luma, Cr and Cb of an image [H, W, 3] are off its ground, in all: float [3]."""
    ground = np.median(np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]]), axis=0)
    off = part - ground
    luma = off @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.array(
        [
            np.abs(luma).sum(),
            np.abs(off[..., 0] - luma).sum() * 0.713,
            np.abs(off[..., 2] - luma).sum() * 0.564,
        ]
    )


def _reach(boxes: np.ndarray) -> np.ndarray:
    """Over how many pixels (across, down) boxes [N, 4] reach together."""
    return np.asarray((boxes[:, :2] + boxes[:, 2:]).max(axis=0) - boxes[:, :2].min(axis=0))


def _content(image: Pixels) -> np.ndarray:
    """Over how many pixels (across, down) there is anything but the colour of a page's ground."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    edges = cv2.absdiff(luma, cv2.blur(luma, (3, 3))) > _EDGE
    rows, columns = np.flatnonzero(edges.any(axis=1)), np.flatnonzero(edges.any(axis=0))
    return np.array([np.ptp(columns), np.ptp(rows)]) if rows.size else np.zeros(2)


def _is_on_edges(
    before: Pixels, after: Pixels, box: Box, most: float = _PARTLY, *, both_ways: bool = False
) -> bool:
    """Whether nothing in a box differs by more than part of the contrast around it: no area has another colour.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        box: Where the two differ.
        most: Of the contrast.
        both_ways: Whether it also has to get as much lighter as darker.
    """
    gap, contrast = _gap_and_contrast(before, after, box)
    if both_ways and _is_one_way(_part(after, box) - _part(before, box)):
        return False
    return bool((gap <= _ROUNDING + most * contrast).all())


def _is_one_way(gap: np.ndarray) -> bool:
    """Whether a difference [H, W, 3] makes things lighter or darker on the whole."""
    return bool((np.abs(gap.sum(axis=(0, 1))) > _ONE_WAY * np.abs(gap).sum(axis=(0, 1))).any())


def _is_another(before: Pixels, after: Pixels, box: Box) -> bool:
    """Whether strokes are there and gone: some pixels differ by nearly all of the contrast around them."""
    gap, contrast = _gap_and_contrast(before, after, box)
    return bool(np.count_nonzero(gap > np.maximum(_ROUNDING + _WHOLLY * contrast, _STROKE)) >= _FEW_PIXELS)


def _is_another_sign(before: Pixels, after: Pixels, box: Box, *, exact: bool) -> bool:
    """Whether strokes of small letters are there and gone, and no shift brings them back.

    It is asked of every letter, since the rest of the line may lie a little elsewhere because of one.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        box: Where the two differ.
        exact: Whether the rest of the images is equal to the pixel, so that one pixel tells.
    """
    x, y, width, height = box
    fewest = 1 if exact else _FEW_GONE
    if height > _LETTERS[1] or _strokes_gone(before, after, box) < fewest:
        return False
    if not all(_is_on_ground(_part(image, box)) for image in (before, after)):
        return False
    side = max(_NARROWEST, round(_BROAD * height))
    step = max(2, side // 2)
    parts = [
        (left, y, min(side, x + width - left), height)
        for left in range(x, max(x + 1, x + width - side + step), step)
    ]
    gone = [_strokes_gone(before, after, part) for part in parts]
    left = {
        index: best_shift(before, after, parts[index])[2]
        for index, count in enumerate(gone)
        if count >= fewest
    }
    if any(share >= _UNSHIFTED for share in left.values()):
        return True
    most = max((share for index, share in left.items() if gone[index] >= _MANY_GONE), default=0.0)
    if most < _MORE_LEFT:
        return False
    shares = [
        left[index] if index in left else best_shift(before, after, part)[2]
        for index, part in enumerate(parts)
    ]
    return bool(most >= _STANDS_OUT * np.median(shares))


def _is_on_ground(part: np.ndarray) -> bool:
    """Whether much of an image [H, W, 3] has one colour, as the ground of letters and unlike what is all texture."""
    off = np.abs(part - np.median(part.reshape(-1, 3), axis=0)).max(axis=2)
    return bool((off <= _STROKE).mean() >= _GROUND)


def _strokes_gone(before: Pixels, after: Pixels, box: Box) -> int:
    """How many pixels in a box differ by most of the contrast of strokes."""
    gap, contrast = _gap_and_contrast(before, after, box)
    return int(np.count_nonzero((gap > _PARTLY * contrast) & (contrast > _STROKE)))


def _gap_and_contrast(before: Pixels, after: Pixels, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """By how much the pixels in a box differ, and how far those around them are apart, in the image with more."""
    one, other = (_part(image, box) for image in (before, after))
    near = np.ones((5, 5), np.uint8)
    contrast = np.maximum(*(cv2.dilate(image, near) - cv2.erode(image, near) for image in (one, other)))
    return np.abs(one - other).max(axis=2), contrast.max(axis=2)


def _in_accord(shifts: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], moved as nearly everything did, even if a little more is left of their difference."""
    told = explained & ~np.isnan(shifts[:, 2])
    if told.sum() < _WIDESPREAD or explained.mean() < _NEARLY_ALL:
        return np.zeros(len(explained), bool)
    common = np.median(shifts[told, :2], axis=0)
    if np.abs(common).max() < _STEPS[-1]:
        return np.zeros(len(explained), bool)
    near = np.abs(shifts[:, :2] - common).max(axis=1) <= _ALIKE
    return np.asarray(near & (shifts[:, 2] < _SHIFTED_IN_ACCORD))


def is_outline_drawn_anew(before: Pixels, after: Pixels, region: Region) -> bool:
    """Whether only the outlines of things differ, as they do where rows moved by half a pixel more than the letters."""
    if region.pixels > _OUTLINE * region.box[2] * region.box[3]:
        return False
    return (
        _is_smoothed(before, after, region.box, _OUTLINE_SMOOTHED)
        or best_shift(before, after, region.box)[2] < _OUTLINE_SHIFTED
    )


def _is_smoothed(before: Pixels, after: Pixels, box: Box, smoothed: float = _SMOOTHED) -> bool:
    """Whether each image stays within what neighbouring pixels of the other span, none lighter nor sharper."""
    one, other = (_part(image, box) for image in (before, after))
    gap = other - one
    total = float(np.square(gap).sum())
    if total == 0 or _is_one_way(gap):
        return False
    sharpness = [float(np.abs(np.diff(image, axis=1)).sum()) for image in (one, other)]
    if min(sharpness) < _AS_SHARP * max(sharpness):
        return False
    steepness = [
        float(np.square(np.diff(image, axis=axis)).sum()) for image in (one, other) for axis in (0, 1)
    ]
    if min(steepness[0] / max(steepness[2], 1.0), steepness[2] / max(steepness[0], 1.0)) < _AS_STEEP:
        return False
    if min(steepness[1] / max(steepness[3], 1.0), steepness[3] / max(steepness[1], 1.0)) < _AS_STEEP:
        return False
    near, far = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
    for this, that in ((one, other), (other, one)):
        slack = _ROUNDING + _SLACK * (cv2.dilate(that, far) - cv2.erode(that, far))
        outside = np.maximum(
            np.maximum(cv2.erode(that, near) - this, this - cv2.dilate(that, near)) - slack, 0
        )
        if float(np.square(outside).sum()) > smoothed * total:
            return False
    return True


def best_shift(before: Pixels, after: Pixels, box: Box) -> tuple[float, float, float]:
    """The shift of before, of at most a pixel, that explains most of the difference in a box.

    Returns:
        dx, dy, and the share (0..1) of the squared difference that is left.
    """
    one, other = (_part(image, box) for image in (before, after))
    start = _left(one, other, 0.0, 0.0)
    if start == 0.0:
        return 0.0, 0.0, 1.0
    least, dx, dy = _mixed(one, other)
    if least > _HOPELESS:
        return 0.0, 0.0, 1.0
    starts = {(0.0, 0.0), _linear_shift(one, other), _within_a_pixel(dx, dy)}
    best = min((_left(one, other, x, y), x, y) for x, y in starts)
    for step in _STEPS:
        centre = best
        for dx, dy in product((-step, 0.0, step), repeat=2):
            x, y = _within_a_pixel(centre[1] + dx, centre[2] + dy)
            if dx or dy:
                best = min(best, (_left(one, other, x, y), x, y))
    return best[1], best[2], best[0] / start


def _within_a_pixel(dx: float, dy: float) -> tuple[float, float]:
    return min(max(dx, -_FARTHEST), _FARTHEST), min(max(dy, -_FARTHEST), _FARTHEST)


def _mixed(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """How well the image after is a mixture of neighbouring pixels of the image before, by least squares.

    Returns:
        The share of the squared difference that is left, which no shift of up to a pixel leaves less of, and the shift
        (dx, dy) that the weights of the nine neighbours tell.
    """
    height, width = one.shape[:2]
    middle = one.mean(axis=(0, 1))
    near = [
        (one[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx] - middle).ravel()
        for dy, dx in product((-1, 0, 1), repeat=2)
    ]
    target = (other[1:-1, 1:-1] - middle).ravel()
    columns = np.stack(near)
    system = columns @ columns.T
    system += np.eye(9) * max(1e-6 * float(np.trace(system)), 1e-3)
    weights = np.linalg.solve(system, columns @ target)
    left = float(np.square(weights @ columns - target).sum())
    square = weights.reshape(3, 3)
    shift = float((square[:, 0] - square[:, 2]).sum()), float((square[0] - square[2]).sum())
    return left / max(float(np.square(near[4] - target).sum()), 1.0), *shift


def _linear_shift(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The small shift that explains most by the gradients, as in Lucas and Kanade (1981), within the farthest."""
    mean = (one + other) / 2
    across, down = np.gradient(mean, axis=1).ravel(), np.gradient(mean, axis=0).ravel()
    gap = (one - other).ravel()
    system = np.array([[across @ across, across @ down], [across @ down, down @ down]])
    if np.linalg.det(system) < 1e-6 * max(1.0, float(system.max())) ** 2:
        return 0.0, 0.0
    dx, dy = np.clip(np.linalg.solve(system, np.array([across @ gap, down @ gap])), -_FARTHEST, _FARTHEST)
    return float(dx), float(dy)


def _part(image: Pixels, box: Box) -> np.ndarray:
    x, y, width, height = box
    height, width = min(height, _LARGEST), min(width, _LARGEST)
    top, left = max(0, y - _MARGIN), max(0, x - _MARGIN)
    return image[top : y + height + _MARGIN, left : x + width + _MARGIN].astype(np.float32)


def _left(one: np.ndarray, other: np.ndarray, dx: float, dy: float) -> float:
    if dx or dy:
        matrix = np.array([[1.0, 0, dx], [0, 1.0, dy]])
        one = cv2.warpAffine(
            one, matrix, one.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    inner = (slice(1, -1), slice(1, -1))
    return float(np.square(other - one)[inner].sum())
