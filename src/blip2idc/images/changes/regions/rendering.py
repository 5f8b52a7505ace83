"""Differences that are only drawn anew: letters and edges that lie a fraction of a pixel elsewhere.

In: the two images in one frame and a box in which they differ. Out: what share of the difference is left when one of
them is moved by the best fraction of a pixel. A changed letter, colour or picture leaves nearly all of it, a line of
text that begins half a pixel further right nearly nothing.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from blip2idc.images.changes.lines import lean
from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.regions.grouping import Areas, Region, belong, find_areas
from blip2idc.images.changes.regions.noise import Excess, exact_excess
from blip2idc.images.changes.regions.shifts import LARGEST, LETTERS, STEPS, best_shift, is_sheared, window
from blip2idc.images.changes.regions.signs import (
    FEW_LETTERS,
    PARTLY,
    ROUNDING,
    SPECK,
    STROKE,
    THIN,
    gap_and_contrast,
    has_another_color,
    is_another,
    is_another_sign,
    of_another_color,
    of_other_ink,
)
from blip2idc.images.changes.regions.weight import half_tones, more_ink
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
_SLACK = 0.2  # of the local contrast: thin strokes get so much paler by other antialiasing
_MOST = 300  # areas that are looked at, the largest
_MAINLY = 0.8  # share of the differing area from which on thin rests count as drawn anew too
_OUTLINE = 0.3  # share of its box that an outline takes at most
_OUTLINE_SMOOTHED, _OUTLINE_SHIFTED = 0.3, 0.75  # as above, for outlines
_WIDESPREAD = 10  # areas drawn anew from which on specks count as such too
_SPILT = 9  # pixels, the side of the square over which a blurred difference is spilt
_SOLID = 7  # pixels of the side of a square that fits into what is no line
_HARDLY_ANY = 0.05  # share of the pixels of lines that are others
_ON_GROUND = 0.4  # of the pixels of a page, at most, differ where the ground is equal and letters are not
_ITALIC = 0.14  # tangent by which italic letters lean more than others, at least
_SURELY = 2.0  # strength of what is another letter
_MOSTLY_ONE_WAY = 0.6  # share of the areas
_ALL_OVER = 0.5  # of each side of what a page shows: over what letters of another weight have to be spread
_MANY_LETTERS, _PARTLY_OVER = (
    10,
    0.35,
)  # areas of another weight from which on pictures may take the rest of a page
_EDGE = 8  # levels beside which something is shown
_SEEN_TO_STAY = 0.2  # share of letters of other smoothing, by area, whose full ink is seen to stay
_LETTER = (6, 48)  # pixels: height of a letter
_WORD = 3  # letters


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
    recoloured = of_other_ink(before, after, areas, anew)
    letters = np.isin(areas.labels, areas.numbers[anew]).view(np.uint8)
    strength = excess.strength.copy()
    strength[cv2.dilate(letters, np.ones((_SPILT, _SPILT), np.uint8)) > 0] = 0
    others = [
        index
        for index in np.flatnonzero(~anew | recoloured).tolist()
        if recoloured[index] or is_another(before, after, areas.box(index))
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
    explained |= _of_other_smoothing(before, after, areas, explained)
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
            explained[index] = not _leans(before, after, box) and not is_another_sign(
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
        explained |= areas.boxes[:, 2:].min(axis=1) <= THIN
        if explained.sum() >= _WIDESPREAD:
            left = np.flatnonzero(~explained)
            explained[left] = [_is_on_edges(before, after, areas.box(int(index))) for index in left]
    return np.asarray(explained & ~_others_after_all(before, after, areas, explained))


def _others_after_all(before: Pixels, after: Pixels, areas: Areas, explained: np.ndarray) -> np.ndarray:
    """Which of the explained areas, bool [N], lean otherwise, or have another colour where nothing looked closely."""
    large = areas.boxes[:, 2:].max(axis=1) > LARGEST
    widespread = explained.sum() >= _WIDESPREAD
    found = np.zeros(len(explained), bool)
    for index in np.flatnonzero(explained).tolist():
        if large[index]:
            found[index] = has_another_color(before, after, areas, index)
        elif widespread:  # of others it was asked already
            found[index] = is_sheared(before, after, areas.box(index))
    return found


def without_lines(before: Pixels, after: Pixels, areas: Areas, anew: np.ndarray) -> Areas:
    """Areas without the lines that join a thing to much of a page all over which lines and letters are drawn anew.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        areas: Where the two differ.
        anew: Which of them are drawn anew, bool [N].
    """
    large = np.flatnonzero(~anew & (areas.boxes[:, 2:].max(axis=1) > LARGEST))
    if not large.size or anew.sum() < _WIDESPREAD:
        return areas
    weak, boxes = areas.weak.copy(), areas.boxes.copy()
    for index in large.tolist():
        x, y, width, height = areas.box(index)
        place = slice(y, y + height), slice(x, x + width)
        mask = (areas.labels[place] == areas.numbers[index]) & weak[place]
        other = mask & of_another_color(before, after, areas.box(index))
        opened = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, np.ones((_SOLID, _SOLID), np.uint8))
        _, blocks = cv2.connectedComponents(opened, connectivity=8)
        solid = np.isin(blocks, np.unique(blocks[other & (opened > 0)])) & (opened > 0)
        kept = mask & (cv2.dilate(solid.view(np.uint8), np.ones((_SPILT, _SPILT), np.uint8)) > 0)
        lines = mask & ~kept
        if not kept.any() or not lines.any() or other[lines].mean() > _HARDLY_ANY:
            continue
        weak[place][lines] = False
        rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
        boxes[index] = x + columns[0], y + rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1
    return replace(areas, weak=weak, boxes=boxes)


def _leans(before: Pixels, after: Pixels, box: Box) -> bool:
    """Whether the strokes in a box lean in one image and stand in the other, as those of italic letters."""
    if not LETTERS[0] <= box[3] <= LETTERS[1] or box[2] < LETTERS[0]:
        return False
    inks = []
    for image in (before, after):
        part = window(image, box)
        ground = np.median(np.concatenate([part[0], part[-1]]), axis=0)
        gap = np.abs(part - ground).max(axis=2)
        if float(gap.max()) < STROKE:
            return False
        inks.append(gap / float(gap.max()))
    return abs(lean(*inks)) >= _ITALIC


def _of_other_weight(before: Pixels, after: Pixels, areas: Areas, explained: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], hold letters that got heavier or lighter, where nearly all did so alike."""
    none = np.zeros(len(explained), bool)
    sizes = areas.boxes[:, 2] * areas.boxes[:, 3]
    told = np.argsort(-sizes)[:_MOST]
    told = told[~explained[told] & (sizes[told] > SPECK)]
    grown = np.full(len(explained), np.nan)
    for index in told:
        grown[index] = more_ink(before, after, areas.box(int(index)))
    heavier = ~np.isnan(grown)
    if heavier.sum() < FEW_LETTERS or sizes[heavier | explained].sum() < _LARGELY * sizes.sum():
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


def _of_other_smoothing(before: Pixels, after: Pixels, areas: Areas, explained: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], hold letters with other half tones, where no letters of the page are as they were."""
    none = np.zeros(len(explained), bool)
    sizes = areas.boxes[:, 2] * areas.boxes[:, 3]
    told = np.argsort(-sizes)[:_MOST]
    told = told[~explained[told] & (sizes[told] > SPECK)]
    if not told.size:
        return none
    kept = [half_tones(before, after, areas.box(int(index))) for index in told]
    toned = np.array([one is not False for one in kept])
    if sizes[told][toned].sum() < _HALF * sizes[~explained].sum():
        return none
    if sizes[told][[one is True for one in kept]].sum() < _SEEN_TO_STAY * sizes[told].sum():
        return none
    if toned.sum() < _MANY_LETTERS and _letters_beside(before, areas) >= _WORD:
        return none
    none[told[toned]] = True
    return none


def _letters_beside(image: Pixels, areas: Areas) -> int:
    """How many things as large as letters stand on even ground outside of all areas."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    edges = (cv2.absdiff(luma, cv2.blur(luma, (3, 3))) > _EDGE).view(np.uint8)
    for x, y, width, height in areas.boxes.tolist():
        edges[max(0, y - _SPILT) : y + height + _SPILT, max(0, x - _SPILT) : x + width + _SPILT] = 0
    _, _, found, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
    least, most = _LETTER
    sides = found[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    letters = (sides[:, 1] >= least) & (sides[:, 0] > THIN) & (sides.max(axis=1) <= most)
    return sum(_is_on_even_ground(luma, box) for box in found[1:][letters, :4].tolist())


def _is_on_even_ground(luma: np.ndarray, box: Box) -> bool:
    """Whether just above and below a box there is one colour."""
    x, y, width, height = box
    beside = luma[[max(0, y - 1), min(len(luma) - 1, y + height)], x : x + width]
    return int(np.ptp(beside)) <= _EDGE


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
    before: Pixels, after: Pixels, box: Box, most: float = PARTLY, *, both_ways: bool = False
) -> bool:
    """Whether nothing in a box differs by more than part of the contrast around it: no area has another colour.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        box: Where the two differ.
        most: Of the contrast.
        both_ways: Whether it also has to get as much lighter as darker.
    """
    gap, contrast = gap_and_contrast(before, after, box)
    if both_ways and _is_one_way(window(after, box) - window(before, box)):
        return False
    return bool((gap <= ROUNDING + most * contrast).all())


def _is_one_way(gap: np.ndarray) -> bool:
    """Whether a difference [H, W, 3] makes things lighter or darker on the whole."""
    return bool((np.abs(gap.sum(axis=(0, 1))) > _ONE_WAY * np.abs(gap).sum(axis=(0, 1))).any())


def _in_accord(shifts: np.ndarray, explained: np.ndarray) -> np.ndarray:
    """Which areas, bool [N], moved as nearly everything did, even if a little more is left of their difference."""
    told = explained & ~np.isnan(shifts[:, 2])
    if told.sum() < _WIDESPREAD or explained.mean() < _NEARLY_ALL:
        return np.zeros(len(explained), bool)
    common = np.median(shifts[told, :2], axis=0)
    if np.abs(common).max() < STEPS[-1]:
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
    one, other = (window(image, box) for image in (before, after))
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
        slack = ROUNDING + _SLACK * (cv2.dilate(that, far) - cv2.erode(that, far))
        outside = np.maximum(
            np.maximum(cv2.erode(that, near) - this, this - cv2.dilate(that, near)) - slack, 0
        )
        if float(np.square(outside).sum()) > smoothed * total:
            return False
    return True
