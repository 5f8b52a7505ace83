"""What gave way in a part of a page: `gap`; one thing `moved`.

In: a `Patch`. Out: the fact, where all that is drawn in the place before is found some pixels higher or lower after.
"""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.facts.patch import Patch, luma_of
from blip2idc.images.changes.result import Fact

_STEP = 20.0  # levels between neighbours from which on something is drawn
_SHIFTS = (2, 90)  # pixels by which things give way
_TALL = 2.0  # times the shift, that a place is high at least
_FOUND, _ELSEWHERE = (
    0.88,
    0.6,
)  # share of what is drawn that is found again, and that is found in place at most
_THING = 40  # pixels of the height of one thing
_FEW = 120  # pixels on outlines


def gave_way(patch: Patch) -> Fact | None:
    """`gap` where what is drawn in a place stands higher or lower now."""
    rows, columns = np.flatnonzero(patch.mask.any(axis=1)), np.flatnonzero(patch.mask.any(axis=0))
    across = slice(columns[0], columns[-1] + 1)
    one, other = (_outlines(luma_of(image[:, across])) for image in (patch.before, patch.after))
    height = int(np.ptp(rows)) + 1
    one, other = one[rows[0] : rows[-1] + 1], other[rows[0] : rows[-1] + 1]
    if min(int(one.sum()), int(other.sum())) < _FEW or _share(one, other, 0) > _ELSEWHERE:
        return None
    most = min(_SHIFTS[1], int(height / _TALL))
    shifts = [sign * step for step in range(_SHIFTS[0], most + 1) for sign in (1, -1)]
    if not shifts:
        return None
    shares = [_share(one, other, shift) for shift in shifts]
    best = int(np.argmax(shares))
    if shares[best] < _FOUND:
        return None
    if _is_one_thing(one, other, abs(shifts[best])):
        return Fact("moved", {"dx": 0, "dy": shifts[best]})
    return Fact("gap", {"pixels": shifts[best]})


def _is_one_thing(one: np.ndarray, other: np.ndarray, way: int) -> bool:
    """Whether all that differs is no higher than a button before and after, but for what it covers on its way."""
    gone = [np.flatnonzero((lines & ~others).any(axis=1)) for lines, others in ((one, other), (other, one))]
    heights = sorted(int(np.ptp(rows)) if rows.size else 0 for rows in gone)
    return heights[0] < _THING and heights[1] < _THING + way


def _outlines(luma: np.ndarray) -> np.ndarray:
    """Where something is drawn that does not only run up and down, as the sides of a box do, bool [H, W]."""
    return np.asarray(np.abs(np.diff(luma, axis=0)) > _STEP)


def _share(one: np.ndarray, other: np.ndarray, shift: int) -> float:
    """Share of what is drawn in either that is drawn in both, the first moved down by some rows."""
    moved = one[: len(one) - shift] if shift >= 0 else one[-shift:]
    found = other[shift:] if shift >= 0 else other[: len(other) + shift]
    either = int(moved.sum() + found.sum())
    return 2 * int((moved & found).sum()) / either if either else 0.0
