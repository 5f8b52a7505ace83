"""How the two images of a pair lie on each other.

In: two RGB images of any sizes. Out: an `Alignment`. Equal pixels are believed before anything else: screenshots are
aligned as they are, or row by row; only where nothing is equal are features and tracked points asked. Of two
explanations that agree about as well the simpler one is taken.
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.geometry import registration
from blip2idc.images.changes.geometry.registration import Matrix
from blip2idc.images.changes.geometry.rows import match_lines, match_rows
from blip2idc.images.changes.pictures import Pixels, Plane, codes, difference, is_drawn, tile_ends
from blip2idc.images.changes.result import Alignment, AlignmentKind, RowRun

TILE = 16
_STRUCTURE = 12  # levels of luma from which on a tile has structure
#: Share of the tiles with structure that are equal to the pixel, from which on a pair is called exact.
EXACT = 0.15
_EQUAL_GROUND = 0.2  # share of the pixels that are equal where things only came or went
_BARE = 0.05  # share of the structure of one image that the other may have where they differ
_FEW_TILES = 8  # with structure: fewer say nothing
_FEW_PIXELS, _SPECK = 64, 0.02  # pixels, and share of all, that differ where nothing but a speck does
_LITTLE, _FEW_SMALL = (
    0.05,
    0.1,
)  # share of all pixels that differ, and of these that do so by little, of a bare page
_SMALL = 12  # levels
GOOD = 0.55  # agreement from which on a geometry is believed
_LINES = 0.75  # the same of lines that were found one by one
_FAR_BETTER = 0.1  # what they have to add to the agreement of everything else
_STILL = 0.06  # pixels by which the corners may seem to move before it is called a shift
_DRAWN = (
    0.02  # share of equal tiles from which on a picture is drawn, not taken: its parts may move by themselves
)
_MUCH, _COMMON = 0.15, 0.8  # agreement of all, and of what both show, of a picture of which much came or went
_SURE = 0.9  # agreement from which on no other geometry is sought
_PROPORTION = 0.02  # by which width to height may differ after resizing: rounding to whole pixels
_BETTER = 0.03  # agreement that a less simple explanation has to add


def align(before: Pixels, after: Pixels) -> Alignment:
    """Find how two images lie on each other.

    Args:
        before: uint8 [H1, W1, 3].
        after: uint8 [H2, W2, 3].
    """
    return align_exactly(before, after) or align_roughly(before, after)


def align_exactly(before: Pixels, after: Pixels, gap: Plane | None = None) -> Alignment | None:
    """The alignment of two images that are equal to the pixel in part: in place or by rows; None for others.

    Args:
        before: uint8 [H1, W, 3].
        after: uint8 [H2, W, 3].
        gap: Their difference, where it is known, uint8 [H, W].
    """
    if before.shape[1] != after.shape[1]:
        return None
    equal = equal_share(before, after, gap)
    by_rows = _by_rows(before, after, equal)
    if by_rows is not None:
        return by_rows
    if before.shape == after.shape and (
        equal >= EXACT or _is_bare(before, after, gap) or came_or_went(before, after)
    ):
        return Alignment("aligned")
    return None


def _is_bare(before: Pixels, after: Pixels, gap: Plane | None) -> bool:
    """Whether nearly all pixels of two drawn images are equal, and the others differ by much: little is on them."""
    gap = difference(before, after) if gap is None else gap
    size, gap = gap.size, gap[gap > 0]
    if not gap.size:
        return True
    return bool(gap.size <= _LITTLE * size and (gap <= _SMALL).mean() < _FEW_SMALL)


def align_roughly(before: Pixels, after: Pixels) -> Alignment:
    """The alignment of two images of which nothing needs to be equal."""
    luma, other = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (before, after))
    candidates = []
    stays = 0.0
    if before.shape == after.shape:
        if equal_share(before, after) >= _DRAWN:
            candidates.append(Alignment("aligned", agreement=registration.agreement(luma, other)))
        else:
            candidates.append(_in_place(luma, other))
        stays = candidates[0].agreement
        if stays >= _SURE:
            return candidates[0]
    if before.shape[1] == after.shape[1] and (runs := match_rows(before, after, exact=False)):
        candidates.append(_rows_alignment(before, after, runs))
    sure = max((candidate.agreement for candidate in candidates), default=0.0) >= 1 - _BETTER
    found = None if sure else _by_features(luma, other)
    if found is not None:
        candidates.append(found)
    best = None
    for candidate in candidates:
        if best is None or candidate.agreement > best.agreement + _BETTER:
            best = candidate
    by_lines = _by_lines(before, after, best)
    if by_lines is not None:
        return by_lines
    if best is not None and best.agreement >= GOOD:
        return best
    if before.shape == after.shape and stays >= _MUCH:
        # a large thing may have come or gone: what both show tells whether the rest stays where it was
        common = registration.agreement(luma, other, in_both=True)
        if common >= _COMMON or (found is not None and _stays(found, before, after)):
            return Alignment("aligned", agreement=stays)
    return Alignment("none", agreement=0.0)


def _by_lines(before: Pixels, after: Pixels, best: Alignment | None) -> Alignment | None:
    """Lines of a page that are further apart, or closer together, where this explains far more than the best."""
    least = max(_LINES, best.agreement + _FAR_BETTER if best else 0.0)
    if before.shape[1] != after.shape[1] or least > 1 or not is_drawn(before, after):
        return None
    runs = match_lines(before, after)
    found = _rows_alignment(before, after, runs) if runs else None
    return found if found is not None and found.agreement >= least else None


def _stays(found: Alignment, before: Pixels, after: Pixels) -> bool:
    """Whether features that were sought all over a page, each for itself, are where they were, to a pixel."""
    return found.kind == "shifted" and max(map(abs, found.shift)) <= 1 and is_drawn(before, after)


def came_or_went(before: Pixels, after: Pixels) -> bool:
    """Whether drawn images differ by things that only one of them has, on ground that is equal to the pixel.

    An empty page and the page with its content have nothing in common that alignment could be seen by.
    """
    equal = codes(before) == codes(after)
    if equal.mean() < _EQUAL_GROUND:
        return False
    _, differs = tile_ends((~equal).view(np.uint8), TILE)
    counts = []
    for image in (before, after):
        darkest, brightest = tile_ends(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), TILE)
        counts.append(int(((brightest - darkest > _STRUCTURE) & (differs > 0)).sum()))
    return min(counts) <= _BARE * max(counts) and max(counts) > 0


def equal_share(before: Pixels, after: Pixels, gap: Plane | None = None) -> float:
    """Share of the tiles with structure that are equal to the pixel, over the part that both images have.

    Args:
        before: uint8 [H1, W1, 3].
        after: uint8 [H2, W2, 3].
        gap: Their difference, where it is known and they are of one size, uint8 [H, W].
    """
    height, width = (min(before.shape[axis], after.shape[axis]) // TILE * TILE for axis in (0, 1))
    if not height or not width:
        return 0.0
    one, other = before[:height, :width], after[:height, :width]
    gap = difference(one, other) if gap is None else gap[:height, :width]
    equal, count = _equal_tiles(one, gap)
    if count >= _FEW_TILES:
        return equal / count
    size, gap = gap.size, gap[gap > 0]
    if gap.size <= min(_FEW_PIXELS, _SPECK * size):
        return 1.0  # nothing encodes so few pixels anew
    # too little to see on: encoding anew leaves many small differences around the few large ones, drawing does not
    return 1.0 if not gap.size or (gap <= _SMALL).mean() < 0.5 else 0.0


def _equal_tiles(before: Pixels, gap: Plane) -> tuple[int, int]:
    """How many tiles with structure differ nowhere from another image, and how many there are."""
    darkest, brightest = tile_ends(cv2.cvtColor(before, cv2.COLOR_RGB2GRAY), TILE)
    active = brightest - darkest > _STRUCTURE
    _, differs = tile_ends(gap, TILE)
    return int((active & (differs == 0)).sum()), int(active.sum())


def _by_rows(before: Pixels, after: Pixels, equal: float) -> Alignment | None:
    """Rows that are equal to the pixel under other offsets than zero, where they explain more than staying in place."""
    if before.shape == after.shape and equal > 0.995:
        return None
    runs = match_rows(before, after, exact=True)
    if not runs:
        return None
    alignment = _rows_alignment(before, after, runs, exact=True)
    if alignment.kind == "aligned":
        return None
    return alignment if alignment.agreement >= 0.35 else None


def _rows_alignment(before: Pixels, after: Pixels, runs: list[RowRun], *, exact: bool = False) -> Alignment:
    """The alignment by runs; its agreement is that of the matched rows, times their share of the shorter image."""
    agreeing, counted, matched = 0.0, 0.0, 0
    for run in runs:
        one = before[run.before : run.before + run.length]
        other = after[run.after : run.after + run.length]
        matched += run.length
        if exact:
            equal, count = _equal_tiles(one, difference(one, other))
            agreeing += equal
            counted += count
        else:
            gray = [cv2.cvtColor(part, cv2.COLOR_RGB2GRAY) for part in (one, other)]
            agreeing += run.length * registration.agreement(gray[0], gray[1])
            counted += run.length
    share = agreeing / counted if counted else 1.0
    share *= min(1.0, matched / max(1, min(before.shape[0], after.shape[0])))
    if before.shape == after.shape and all(run.before == run.after for run in runs):
        return Alignment("aligned", agreement=share)
    return Alignment("rows", rows=tuple(runs), agreement=share)


def _in_place(luma: Plane, other: Plane) -> Alignment:
    """Images of one size: as they are, or refined by a fraction of a pixel where that agrees better."""
    small, factor = registration.reduced(luma)
    small_other, _ = registration.reduced(other)
    stays = registration.agreement(small, small_other)
    matrix = registration.refine(small, small_other, registration.IDENTITY)
    moves = registration.corner_motion(matrix, small.shape) / factor
    if stays < 0.4 or moves < _STILL:
        return Alignment("aligned", agreement=stays)
    agrees = _agreement(small, small_other, matrix)
    if 1 - agrees > 0.8 * (1 - stays):
        return Alignment("aligned", agreement=stays)
    return _geometric(registration.scaled(matrix, (factor, factor), (factor, factor)), luma.shape, agrees)


def _by_features(luma: Plane, other: Plane) -> Alignment | None:
    """Any shift, scale and small turn: as the sizes say, or as features do."""
    small, factor = registration.reduced(luma)
    small_other, other_factor = registration.reduced(other)
    factors = _factors(luma, small, factor), _factors(other, small_other, other_factor)
    found: list[tuple[float, Matrix]] = []
    resized = None if luma.shape == other.shape else _by_size(small, small_other)
    for by_size in (True, False):
        start = resized if by_size else registration.similarity(small, small_other)
        if start is None:
            continue
        matrix = start
        for _ in range(2):
            matrix = registration.refine(small, small_other, matrix)
        found += [(_agreement(small, small_other, item), item) for item in (start, matrix)]
        if max(found, key=lambda item: item[0])[0] >= _SURE:
            break
    if not found:
        return None
    agrees, matrix = max(found, key=lambda item: item[0])
    return _geometric(registration.scaled(matrix, *factors), luma.shape, agrees)


def _by_size(small: Plane, other: Plane) -> Matrix | None:
    """The map of a resized image; None where the proportions differ."""
    x, y = other.shape[1] / small.shape[1], other.shape[0] / small.shape[0]
    if abs(x / y - 1) > _PROPORTION:
        return None
    return np.array([[x, 0, 0.5 * x - 0.5], [0, y, 0.5 * y - 0.5]])


def _factors(luma: Plane, small: Plane, factor: float) -> tuple[float, float]:
    """By how much the two sides were reduced, rounding to whole pixels included."""
    if factor == 1:
        return 1.0, 1.0
    return small.shape[1] / luma.shape[1], small.shape[0] / luma.shape[0]


def _agreement(first: Plane, second: Plane, matrix: Matrix) -> float:
    laid = cv2.warpAffine(
        second, matrix, (first.shape[1], first.shape[0]), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    )
    valid = registration.overlap(matrix, first.shape, second.shape)
    if valid.mean() < 0.1:
        return 0.0
    return registration.agreement(first, laid, valid)


def _geometric(matrix: Matrix, shape: tuple[int, ...], agreement: float) -> Alignment:
    """`shifted` where the map moves everything alike, else `scaled`; a shift by whole pixels is kept whole."""
    linear = np.abs(matrix[:, :2] - np.eye(2)).max() * max(shape)
    kind: AlignmentKind = "scaled"
    if linear < 0.5:  # over the whole image, scale and turn add up to less than half a pixel
        centre = np.array([shape[1] / 2, shape[0] / 2])
        shift = matrix[:, :2] @ centre + matrix[:, 2] - centre
        whole = np.rint(shift)
        shift = np.where(np.abs(shift - whole) < _STILL, whole, shift)
        matrix = np.column_stack([np.eye(2), shift])
        kind = "shifted"
    return Alignment(kind, matrix=registration.as_rows(matrix), agreement=agreement)
