"""Where a photograph lies on another: shift, scale and small turn, to a fraction of a pixel.

In: two grey images. Out: a 2 x 3 matrix from pixels of the first to pixels of the second, or None. Features (SIFT,
Lowe 2004) with RANSAC give a similarity; points tracked by Lucas and Kanade's method (Bouguet's pyramids) then refine
it to an affine map. Both ignore what moved by itself, so an edit does not bend the alignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Plane

#: float64 [2, 3].
Matrix = np.ndarray

IDENTITY = np.eye(2, 3)
#: Longest side at which features are sought.
WORKING_SIDE = 960
_FEATURES = 1500
_RATIO = 0.8  # Lowe's ratio test
_FEWEST = 12  # inliers that make a geometry believable
_TRACKED = 900
_SPREAD = 16  # pixels that points have to span to tell of scale
_LOOKED_AT = 1_200_000  # pixels whose agreement tells enough
_BAND = 256  # rows
_CELLS = 16  # points are spread over so many columns and rows


def reduced(luma: Plane, side: int = WORKING_SIDE) -> tuple[Plane, float]:
    """An image whose longest side is at most `side`, and the factor by which it was reduced (1 or less)."""
    factor = side / max(luma.shape)
    if factor >= 1:
        return luma, 1.0
    size = (max(1, round(luma.shape[1] * factor)), max(1, round(luma.shape[0] * factor)))
    return cv2.resize(luma, size, interpolation=cv2.INTER_AREA), factor


def scaled(matrix: Matrix, first: tuple[float, float], second: tuple[float, float]) -> Matrix:
    """A map between images that were reduced, as a map between the images themselves.

    Args:
        matrix: From pixels of the first reduced image to those of the second, centres at whole numbers.
        first: Factors (x, y) by which the first was reduced.
        second: Those of the second.
    """
    back = np.linalg.inv(np.vstack([_unreduce(first), (0, 0, 1)]))
    return np.asarray(_unreduce(second) @ np.vstack([matrix, (0, 0, 1)]) @ back)


def _unreduce(factors: tuple[float, float]) -> Matrix:
    x, y = factors
    return np.array([[1 / x, 0, 0.5 / x - 0.5], [0, 1 / y, 0.5 / y - 0.5]])


def similarity(first: Plane, second: Plane) -> Matrix | None:
    """A similarity from features; None where too few agree."""
    found = []
    for image in (first, second):
        points, vectors = _features(image)
        if vectors is None or len(points) < _FEWEST:
            return None
        found.append((np.array([point.pt for point in points], np.float32), vectors))
    (places, vectors), (other_places, other_vectors) = found
    matches = cv2.BFMatcher().knnMatch(vectors, other_vectors, k=2)
    good = [m[0] for m in matches if len(m) == 2 and m[0].distance < _RATIO * m[1].distance]
    if len(good) < _FEWEST:
        return None
    source = places[[match.queryIdx for match in good]]
    target = other_places[[match.trainIdx for match in good]]
    matrix, inliers = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=2.0, maxIters=3000, confidence=0.999
    )
    if matrix is None or int(inliers.sum()) < max(_FEWEST, 0.15 * len(good)):
        return None
    return np.asarray(matrix, np.float64)


def _features(image: Plane) -> tuple[Sequence[Any], np.ndarray | None]:
    """SIFT features; in pictures of little contrast also weaker ones."""
    points: Sequence[Any] = ()
    vectors = None
    for contrast in (0.04, 0.01):  # Lowe's and a quarter of it
        detector = cv2.SIFT_create(nfeatures=_FEATURES, contrastThreshold=contrast)
        points, vectors = detector.detectAndCompute(image, None)
        if len(points) >= _FEATURES // 5:
            break
    return points, vectors


def refine(first: Plane, second: Plane, matrix: Matrix) -> Matrix:
    """Refine a map by points of the first image tracked in the second, laid on the first.

    Returns:
        The map as it came where too few points can be tracked.
    """
    height, width = first.shape
    laid = cv2.warpAffine(
        second,
        matrix,
        (width, height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    points = _spread_corners(first)
    if len(points) < _FEWEST:
        return matrix
    moved, found, _ = cv2.calcOpticalFlowPyrLK(first, laid, points, None, winSize=(21, 21), maxLevel=2)
    back, again, _ = cv2.calcOpticalFlowPyrLK(laid, first, moved, None, winSize=(21, 21), maxLevel=2)
    inside = _inside(points, matrix, second.shape)
    good = (found[:, 0] == 1) & (again[:, 0] == 1) & (np.abs(back - points).max(axis=(1, 2)) < 0.5) & inside
    if good.sum() < _FEWEST:
        return matrix
    step, inliers = cv2.estimateAffine2D(
        points[good],
        moved[good],
        method=cv2.RANSAC,
        ransacReprojThreshold=0.6,
        maxIters=1000,
        confidence=0.999,
    )
    if step is None or int(inliers.sum()) < max(_FEWEST, 0.3 * good.sum()):
        return matrix
    keep = inliers[:, 0] == 1
    step = _simplest(points[good][keep, 0], moved[good][keep, 0])
    return np.asarray(np.vstack([matrix, (0, 0, 1)]) @ np.vstack([step, (0, 0, 1)]), np.float64)[:2]


def _simplest(source: np.ndarray, target: np.ndarray) -> Matrix:
    """The simplest map that suits points [N, 2] nearly as well as any affine one does.

    A map without a turn is what cropping and resizing make, and goes less astray where no point was found.
    """
    gaps = []
    for fit in (_shift, _upright, _affine):
        matrix = fit(source.astype(np.float64), target.astype(np.float64))
        error = source @ matrix[:, :2].T + matrix[:, 2] - target
        gaps.append((float(np.sqrt(np.square(error).mean())), matrix))
    best = gaps[-1][0]
    return next(matrix for error, matrix in gaps if error <= 1.03 * best + 0.002)


def _shift(source: np.ndarray, target: np.ndarray) -> Matrix:
    return np.column_stack([np.eye(2), (target - source).mean(axis=0)])


def _upright(source: np.ndarray, target: np.ndarray) -> Matrix:
    """Scale of each axis and shift."""
    if min(np.ptp(source, axis=0)) < _SPREAD:
        return _shift(source, target)
    (a, c), (e, f) = (np.polyfit(source[:, axis], target[:, axis], 1) for axis in (0, 1))
    return np.array([[a, 0, c], [0, e, f]])


def _affine(source: np.ndarray, target: np.ndarray) -> Matrix:
    if min(np.ptp(source, axis=0)) < _SPREAD:
        return _shift(source, target)
    design = np.column_stack([source, np.ones(len(source))])
    solution, *_ = np.linalg.lstsq(design, target, rcond=None)
    return np.asarray(solution.T)


def _spread_corners(image: Plane) -> np.ndarray:
    """Corners of all parts of an image, float32 [N, 1, 2]: one busy part must not outvote the rest."""
    strength = cv2.cornerMinEigenVal(image, 5)
    height, width = image.shape
    rows, columns = max(1, height // _CELLS), max(1, width // _CELLS)
    points = []
    least = 0.002 * float(strength.max())
    each = max(2, _TRACKED // (_CELLS * _CELLS))
    for top in range(4, height - rows + 1, rows):
        for left in range(4, width - columns + 1, columns):
            cell = strength[top : top + rows, left : left + columns]
            count = min(each, cell.size)
            order = np.argpartition(cell.ravel(), -count)[-count:]
            for y, x in zip(*np.unravel_index(order, cell.shape), strict=True):
                if cell[y, x] > least:
                    points.append((left + x, top + y))
    return np.array(points, np.float32).reshape(-1, 1, 2)


def _inside(points: np.ndarray, matrix: Matrix, shape: tuple[int, ...]) -> np.ndarray:
    """Which points [N, 1, 2] fall well inside the second image."""
    x, y = (points[:, 0] @ matrix[:, :2].T + matrix[:, 2]).T
    return np.asarray((x > 8) & (y > 8) & (x < shape[1] - 9) & (y < shape[0] - 9))


def overlap(matrix: Matrix, first: tuple[int, ...], second: tuple[int, ...]) -> np.ndarray:
    """Where, bool [H, W] of the first image, the second lies on it."""
    ones = np.full(second[:2], 255, np.uint8)
    laid = cv2.warpAffine(
        ones, matrix, (first[1], first[0]), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=0
    )
    return np.asarray(laid == 255)


def agreement(
    first: Plane, second: Plane, valid: np.ndarray | None = None, *, in_both: bool = False
) -> float:
    """Mean local correlation, 0..1, over places where either image has structure; 1 where there is none.

    Args:
        first: uint8 [H, W].
        second: Likewise.
        valid: Where to look, bool [H, W]; None for everywhere.
        in_both: Only where both have structure: what came or went does not count.
    """
    step = max(1, round(first.size / _LOOKED_AT))  # of large images every so many bands of rows
    agreeing, count = 0.0, 0
    for top in range(0, first.shape[0], _BAND * step):
        rows = slice(top, top + _BAND)
        found = _local_correlation(first[rows], second[rows], None if valid is None else valid[rows], in_both)
        agreeing += float(found.sum())
        count += len(found)
    return agreeing / count if count else 1.0


def _local_correlation(first: Plane, second: Plane, valid: np.ndarray | None, in_both: bool) -> np.ndarray:
    """Correlation, 0..1, about every fifth pixel around which either image, or both, have structure."""
    size = (15, 15)
    one, other = first.astype(np.float32), second.astype(np.float32)
    mean_one, mean_other = cv2.blur(one, size), cv2.blur(other, size)
    var_one = cv2.blur(one * one, size) - mean_one**2
    var_other = cv2.blur(other * other, size) - mean_other**2
    both = cv2.blur(one * other, size) - mean_one * mean_other
    active = (np.minimum if in_both else np.maximum)(var_one, var_other) > 30.0
    if valid is not None:
        active &= valid
    active = active[4::5, 4::5]
    ratio = both / np.sqrt(np.maximum(var_one, 8.0) * np.maximum(var_other, 8.0))
    return np.asarray(np.clip(ratio[4::5, 4::5][active], 0, 1))


def corner_motion(matrix: Matrix, shape: tuple[int, ...]) -> float:
    """By how many pixels a map moves the corner that it moves most."""
    height, width = shape[:2]
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], float)
    return float(np.abs(corners @ matrix[:, :2].T + matrix[:, 2] - corners).max())


def as_rows(matrix: Matrix) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """A map as plain numbers."""
    (a, b, c), (d, e, f) = matrix
    return (float(a), float(b), float(c)), (float(d), float(e), float(f))
