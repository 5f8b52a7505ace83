"""Lines of text in and around a changed place, cut out so that they can be read.

In: an image and a box. Out: one crop a line, with the ground around it. A changed digit is one glyph: the crop
is grown to the whole line, up to where a gap is wider than between words, or where the ground ends (a button's edge).
"""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels, Plane, largest_channel
from blip2idc.images.changes.result import Box

#: Lines of a place that are looked at, from the top.
MOST_LINES = 8
_REACH = 700  # pixels to either side that a line is followed
_BESIDE = 24  # pixels beside a place in which its lines and their ground are sought
_HEIGHTS = (6, 90)  # pixels of a line
_GAP = 1.25  # heights of a line by which words are apart at most
_CONTRAST = 0.4  # of the strongest contrast in the box: what is ink
_LEAST_CONTRAST = 24  # levels of it
_FARTHER = 0.45  # of the height of small letters: how far others reach above and below
_DOT = 4  # pixels: the height of what belongs to the letters below it, and how far above them it may be
_BUTTON = 16  # pixels of the height of a badge, and of what is on a ground of its own
_MOSTLY_GROUND = 0.5  # share of it that is its ground
_EDGE = 3  # pixels of its border
_WALL = 0.9  # share of a column or a row, what is around the place included, that ink of no letter fills
_FULL = 0.97  # share of the rows of a column that ink fills where the ground ends
_STEM = 0.3  # of the height of a line: the widest stem of a letter
_BESIDE_STEM = 0.5  # share of the rows of the columns beside it that ink fills at most
_AIR = 3  # pixels of ground around a line
_SLANTS = np.linspace(-0.5, 0.7, 61)  # tangents that are tried
_MOST_LEANING, _STEEPEST = (
    15,
    0.28,
)  # of their steps, by which letters may lean more; and the tangent of italic ones
_SAME_COURSE, _BETTER_COURSE = (
    0.7,
    0.05,
)  # correlation of the courses at least, and by how much it is better so
_FAINT_INK = 0.25  # share of full ink that is of a letter
_SHEARED, _FINER = 24, 4  # rows of ink that is sheared at most, and parts of a pixel


def line_boxes(image: Pixels, box: Box) -> list[Box]:
    """The boxes (x, y, width, height) of the lines of text in a box and on, from top to bottom.

    Args:
        image: uint8 [H, W, 3].
        box: A changed place; one letter is enough.

    Returns:
        None or up to eight; empty where the place has no plain ground.
    """
    x, y = max(0, box[0]), max(0, box[1])
    width, height = min(image.shape[1], box[0] + box[2]) - x, min(image.shape[0], box[1] + box[3]) - y
    if min(width, height) < 1:
        return []
    left, right = max(0, x - _REACH), min(image.shape[1], x + width + _REACH)
    tall = max(height, 12)
    top, bottom = max(0, y - tall), min(image.shape[0], y + height + tall)
    window = image[top:bottom, left:right]
    beside = min(tall, _BESIDE)
    near = slice(max(0, x - left - beside), x - left + width + beside)
    ground = _ground(window[max(0, y - top - 4) : y - top + height + 4, near])
    if ground is None:
        return []
    gap = _off(window, ground)
    strongest = float(np.quantile(gap[y - top : y - top + height, x - left : x - left + width], 0.98))
    if strongest < _LEAST_CONTRAST:
        return []
    ink = gap > _CONTRAST * strongest
    lettered = ink[:, near] & (
        ink[:, near].mean(axis=0) < _WALL
    )  # not the sides of a button, nor what is beside it
    rows = lettered.any(axis=1) & (ink[:, near].mean(axis=1) < _WALL)  # nor what is above it
    found = []
    for first, last in _runs_of_rows(np.asarray(rows), y - top, y - top + height):
        if not _HEIGHTS[0] <= last - first <= _HEIGHTS[1]:
            continue
        start, stop = _along(ink[first:last], x - left, x - left + width)
        for begin, end in _columns(np.asarray(ink[first:last, start:stop].any(axis=0)), last - first):
            part = np.asarray(ink[:, start + begin : start + end].any(axis=1))
            for upper, lower in _rows_of(part, first, last):
                line = left + start + begin, top + upper, end - begin, lower - upper
                found += _on_own_ground(image, line, ground) or [line]
    return found[:MOST_LINES]


def _rows_of(inked: np.ndarray, first: int, last: int) -> list[tuple[int, int]]:
    """The lines of a part of a row that holds something as high as several of them beside it."""
    runs = _runs_of_rows(inked[first:last], 0, last - first)
    if len(runs) > 1 and all(stop - start >= _HEIGHTS[0] for start, stop in runs):
        return [(first + start, first + stop) for start, stop in runs]
    return [_as_high(inked, first, last)]


def _on_own_ground(image: Pixels, line: Box, ground: np.ndarray) -> list[Box]:
    """The lines on a button or a badge that was taken for a line; none where it is a line."""
    x, y, width, height = line
    if min(width, height) < _BUTTON:
        return []
    window = image[y : y + height, x : x + width]
    inner = _ground(window)
    if inner is None or np.abs(inner - ground).max() < _LEAST_CONTRAST:
        return []
    gap = _off(window, inner)
    if (gap <= _LEAST_CONTRAST).mean() < _MOSTLY_GROUND:
        return []
    inside = gap[_EDGE:-_EDGE, _EDGE:-_EDGE]
    strongest = float(np.quantile(inside, 0.98))
    ink = inside > max(_CONTRAST * strongest, _LEAST_CONTRAST)
    ink &= ink.mean(axis=0) < _WALL
    found = []
    for first, last in _runs_of_rows(np.asarray(ink.any(axis=1)), 0, len(ink)):
        columns = np.flatnonzero(ink[first:last].any(axis=0))
        if _HEIGHTS[0] <= last - first and len(columns) > last - first:
            found.append(
                (x + _EDGE + int(columns[0]), y + _EDGE + first, int(np.ptp(columns)) + 1, last - first)
            )
    return found


def with_air(image: Pixels, box: Box) -> Pixels:
    """A line with a little of the ground around it, uint8 [height, width, 3]."""
    x, y, width, height = box
    return image[max(0, y - _AIR) : y + height + _AIR, max(0, x - _AIR) : x + width + _AIR]


def _ground(window: Pixels) -> np.ndarray | None:
    """The commonest colour, whole levels, int16 [3]; None where it is not common."""
    if not window.size:
        return None
    coarse = (window >> 4).astype(np.intp)
    counts = np.bincount(
        ((coarse[:, :, 0] << 8) | (coarse[:, :, 1] << 4) | coarse[:, :, 2]).ravel(), minlength=4096
    )
    best = int(counts.argmax())
    near = _off(window, np.array([best >> 8, best >> 4 & 15, best & 15]) * 16 + 8) <= 24
    return np.rint(np.median(window[near], axis=0)).astype(np.int16) if near.mean() >= 0.3 else None


def _off(window: Pixels, color: np.ndarray) -> Plane:
    """By how many levels pixels differ from a colour, uint8 [H, W]."""
    return largest_channel(cv2.absdiff(window, (*map(float, color), 0.0)))


def _runs_of_rows(inked: np.ndarray, top: int, bottom: int) -> list[tuple[int, int]]:
    """Runs (start, stop) of rows with ink that touch the rows from top to bottom; dots count with what is below."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.astype(np.int8), [0]])))
    runs = [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    joined: list[tuple[int, int]] = []
    for start, stop in runs:
        above = joined[-1] if joined else None
        if above and above[1] - above[0] <= _DOT and start - above[1] <= _DOT:
            joined[-1] = (above[0], stop)
        else:
            joined.append((start, stop))
    return [run for run in joined if run[1] > top and run[0] < bottom]


def _columns(inked: np.ndarray, height: int) -> list[tuple[int, int]]:
    """The parts (start, stop) of a line with gaps between them that are wider than between words: a table's cells."""
    places = np.flatnonzero(inked)
    if not places.size:
        return []
    cuts = np.flatnonzero(np.diff(places) > round(_GAP * height))
    starts, stops = [places[0], *places[cuts + 1]], [*places[cuts], places[-1]]
    return [(int(start), int(stop) + 1) for start, stop in zip(starts, stops, strict=True)]


def _as_high(inked: np.ndarray, first: int, last: int) -> tuple[int, int]:
    """The rows of a line with the parts of its other letters that reach above and below those that changed."""
    most = round(_FARTHER * (last - first))
    for _ in range(most):
        if first > 0 and inked[first - 1]:
            first -= 1
    for _ in range(most):
        if last < len(inked) and inked[last]:
            last += 1
    return first, last


def _along(ink: np.ndarray, start: int, stop: int) -> tuple[int, int]:
    """Where a line with ink [rows, columns] starts and ends, grown from the columns of the changed place."""
    height = ink.shape[0]
    share = ink.mean(axis=0)
    allowed = round(_GAP * height)
    stem = max(_DOT, round(_STEM * height))
    first = _grown(share[:start][::-1], allowed, stem)
    last = _grown(share[stop:], allowed, stem)
    begin, end = start - first, stop + last
    columns = np.flatnonzero(share[begin:end] > 0)
    return (begin + int(columns[0]), begin + int(columns[-1]) + 1) if columns.size else (0, 0)


def _grown(share: np.ndarray, allowed: int, stem: int) -> int:
    """How many columns further a line goes: to its last ink before a gap, or before a wall of ink."""
    wall = 0
    last = 0
    gap = 0
    for index, value in enumerate(share):
        wall = wall + 1 if value >= _FULL else 0
        if wall > _DOT and not _is_stem(share[index - wall + 1 :], stem):  # the ground ends here
            return min(last, index - wall)
        gap = 0 if value > 0 else gap + 1
        if gap > allowed:
            break
        if value > 0:
            last = index + 1
    return last


def _is_stem(share: np.ndarray, widest: int) -> bool:
    """Whether columns that begin full of ink are a stem of a heavy letter, beside which the ground goes on."""
    stops = np.flatnonzero(share[: widest + 1] < _FULL)
    return bool(stops.size) and float(share[stops[0] : stops[0] + 2].min()) < _BESIDE_STEM


def lean(one: np.ndarray, other: np.ndarray) -> float:
    """The tangent by which the letters of the second line lean more than those of the first; 0 where none is clear.

    Under a shear by which stems stand upright, the columns of ink stand out most; diagonals stand out under others. So
    the course of that over all shears is compared: that of italic letters is the other one, moved by their slant.

    Args:
        one: The ink of a line, float [height, width], 0 (ground) to 1.
        other: The same words, drawn otherwise.
    """
    first, second = (_sharpness(ink) for ink in (one, other))
    best, found, none = -1.0, 0, 0.0
    for step in range(-_MOST_LEANING, _MOST_LEANING + 1):
        ahead, back = max(0, step), max(0, -step)
        alike = float(
            np.corrcoef(first[back : _SLANTS.size - ahead], second[ahead : _SLANTS.size - back])[0, 1]
        )
        if alike > best:
            best, found = alike, step
        if step == 0:
            none = alike
    slant = found * float(_SLANTS[1] - _SLANTS[0])
    clear = best >= _SAME_COURSE and best - none >= _BETTER_COURSE and abs(slant) <= _STEEPEST
    return slant if clear else 0.0


def leaning(ink: np.ndarray, slant: float) -> np.ndarray:
    """The ink of a line, float [height, width], sheared so that its letters lean more by a tangent; cut to its ink."""
    height, width = ink.shape
    margin = int(abs(slant) * height / 2) + 2
    matrix = np.array([[1.0, -slant, margin + slant * (height - 1) / 2], [0.0, 1.0, 0.0]])
    sheared = cv2.warpAffine(ink, matrix, (width + 2 * margin, height), flags=cv2.INTER_LINEAR)
    columns = np.flatnonzero(sheared.max(axis=0) > _FAINT_INK)
    return np.asarray(sheared[:, columns[0] : columns[-1] + 1] if columns.size else sheared)


def _sharpness(ink: np.ndarray) -> np.ndarray:
    """How much the columns of ink stand out under each shear, as a logarithm."""
    if ink.shape[0] > _SHEARED:
        size = max(1, round(ink.shape[1] * _SHEARED / ink.shape[0])), _SHEARED
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    height, width = ink.shape
    finer = cv2.resize(ink, (_FINER * width, height), interpolation=cv2.INTER_CUBIC)
    margin = int(float(_SLANTS[-1]) * height * _FINER / 2) + 2
    columns = np.zeros((_SLANTS.size, finer.shape[1] + 2 * margin), np.float32)
    for sheared, tangent in zip(columns, _SLANTS, strict=True):
        for y, row in enumerate(finer):
            start = margin + round(_FINER * float(tangent) * (y + 0.5 - height / 2))
            sheared[start : start + row.size] += row
    smooth = cv2.GaussianBlur(columns, (0, 0), 0.4 * _FINER, sigmaY=1e-3)
    return np.asarray(np.log(np.square(np.diff(smooth, axis=1)).sum(axis=1) + 1e-6))
