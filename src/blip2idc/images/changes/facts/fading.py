"""Things that became fainter, or grey as what cannot be pressed: `faded`, `greyed`.

In: a `Patch`. Out: the fact with the side that is fainter. A thing of half opacity is, pixel by pixel and in every
channel, the same share of the way from its ground to what it was; other light and other colours are not.
"""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.facts.ground import plain_ground
from blip2idc.images.changes.facts.patch import FEW, Patch, closed, luma_of
from blip2idc.images.changes.result import Fact
from blip2idc.images.color_names import color_of_hex

_SHARES = (0.1, 0.8)  # of the contrast that is left
_LEFT, _EXPLAINED = 2.5, 0.96  # levels, and the share of the pixels that are explained
_PICTURE, _BESIDE = (
    300,
    12.0,
)  # pixels, and levels by which what it is mixed with may differ from what is beside it
#: Levels of what is strong, pixels of it that tell, and how many are explained but for levels, or a share, by encoding.
_STRONG, _MANY, _MOST, _ENCODED, _ENCODED_SHARE = 60.0, 250, 0.93, 14.0, 0.12
_BIASED = 6.0  # levels that are left in the middle: noise goes both ways, another colour does not
_COLORED = 6.0  # levels between channels from which on a colour is no grey
_INK = 24.0  # levels by which something differs from its ground
_NEUTRAL, _LABEL_NEUTRAL = 16.0, 26.0  # levels between the channels of what is grey
_PALE = (195.0, 240.0)  # luma of what is greyed out
_CONTRASTS = (30.0, 125.0)  # of the label on it
_ALL = 0.85  # share of its ground that is another one
_FEW_OF_LABEL, _LITTLE_OF_LABEL = (
    40,
    0.01,
)  # pixels of the label, and share of the thing, one of which it takes
_LABEL = 28.0  # levels from which on a pixel is the label's


def faded(patch: Patch) -> Fact | None:
    """`faded` where one side is the other, mixed with its ground."""
    picture = _mixed_picture(patch)
    if picture is not None:
        return picture
    mixed = _mixed(patch)
    if mixed is None or not _is_colored(*mixed[1:]):
        return None  # grey letters on grey may as well have another colour
    return mixed[0]


def is_fainter(patch: Patch) -> bool:
    """Whether one side is the other, mixed with its ground, whatever colour it has."""
    return _mixed(patch) is not None


def _mixed(patch: Patch) -> tuple[Fact, np.ndarray, np.ndarray] | None:
    """`faded` where one side is the other, mixed with its ground; the stronger one apart from it, and the ground."""
    ring = patch.ring()
    grounds = [plain_ground(image, ring, patch.tolerance) for image in (patch.before, patch.after)]
    if grounds[0] is None or grounds[1] is None or np.abs(grounds[0] - grounds[1]).max() > patch.tolerance:
        return None
    inks = [image[patch.mask] - grounds[0] for image in (patch.before, patch.after)]
    if len(inks[0]) < FEW or max(float(np.abs(ink).max()) for ink in inks) < _INK:
        return None
    for side, (full, faint) in (("after", inks), ("before", inks[::-1])):
        share = float((full * faint).sum() / max(float((full * full).sum()), 1e-6))
        if not _SHARES[0] < share < _SHARES[1]:
            continue
        left = np.abs(faint - share * full).max(axis=1)
        limit = _LEFT if patch.clean else patch.tolerance
        exact = (left <= limit).mean() >= _EXPLAINED and left.mean() <= 0.12 * np.abs(faint).max(
            axis=1
        ).mean()
        roughly = _is_mixed_in_noise(full, left, faint - share * full)
        if exact or (roughly and float(left.mean()) < _left_by_light(full, faint, grounds[0])):
            return Fact("faded", {"in": side, "percent": round(100 * share)}), full, grounds[0]
    return None


def _is_mixed_in_noise(full: np.ndarray, left: np.ndarray, rest: np.ndarray) -> bool:
    """Whether many strong pixels are explained but for what encoding adds to them, and the faint ones beside them, too.

    Args:
        full: float [N, 3], the stronger side apart from its ground.
        left: float [N], what the mixture leaves of the fainter one.
        rest: float [N, 3], the same in each channel.
    """
    strength = np.abs(full).max(axis=1)
    strong = strength >= _STRONG
    if strong.sum() < _MANY or np.abs(np.median(rest[strong], axis=0)).max() > _BIASED:
        return False
    near = left <= np.maximum(_ENCODED, _ENCODED_SHARE * strength)
    return bool(near[strong].mean() >= _MOST and (strong.all() or near[~strong].mean() >= _MOST))


def _left_by_light(full: np.ndarray, faint: np.ndarray, ground: np.ndarray) -> float:
    """Levels that are left on average where the fainter side is taken for the stronger one in other light."""
    one, other = full + ground, faint + ground
    light = float((one * other).sum()) / max(float(np.square(one).sum()), 1e-6)
    return float(np.abs(other - light * one).max(axis=1).mean())


def _mixed_picture(patch: Patch) -> Fact | None:
    """`faded` where something of many shades is mixed with the colour beside it."""
    ring = patch.ring()
    if patch.mask.sum() < _PICTURE or patch.density() < 0.5 or ring.sum() < FEW:
        return None
    beside = np.median(patch.before[ring], axis=0)
    images = patch.before[patch.mask], patch.after[patch.mask]
    for side, (full, faint) in (("after", images), ("before", images[::-1])):
        apart = full - full.mean(axis=0)
        spread = float(np.square(apart).sum())
        if spread < 100.0 * len(full):
            continue
        share = float((apart * (faint - faint.mean(axis=0))).sum()) / spread
        if not _SHARES[0] < share < _SHARES[1]:
            continue
        ground = (faint.mean(axis=0) - share * full.mean(axis=0)) / (1 - share)
        left = np.abs(faint - share * full - (1 - share) * ground).max(axis=1)
        limit = _LEFT if patch.clean else patch.tolerance
        if np.abs(ground - beside).max() <= _BESIDE and (left <= limit).mean() >= _EXPLAINED:
            return Fact("faded", {"in": side, "percent": round(100 * share)})
    return None


def _is_colored(ink: np.ndarray, ground: np.ndarray) -> bool:
    """Whether a thing has a colour, or more than one shade."""
    strong = ink[np.abs(ink).max(axis=1) > 0.5 * np.abs(ink).max()]
    return max(float(np.ptp(np.median(strong, axis=0))), float(np.ptp(ground))) > _COLORED


def fainter(patch: Patch, recoloured: Fact) -> Fact | None:
    """`faded` beside `recoloured`, where the one colour of letters is the other one, mixed with their ground.

    Letters of one shade that became half transparent look as if they had another colour: both are true of them.
    """
    ring = patch.ring()
    ground = plain_ground(patch.before, ring, patch.tolerance)
    if ground is None:
        return None
    inks = [color_of_hex(str(recoloured.values[key])) - ground for key in ("from_hex", "to_hex")]
    for side, (full, faint) in (("after", inks), ("before", inks[::-1])):
        share = float(full @ faint) / max(float(full @ full), 1e-6)
        if _SHARES[0] < share < _SHARES[1] and np.abs(faint - share * full).max() <= patch.tolerance:
            return Fact("faded", {"in": side, "percent": round(100 * share)})
    return None


def greyed(patch: Patch) -> Fact | None:
    """`greyed` where a thing and its label are pale grey on one side, and more distinct on the other."""
    inside = patch.mask
    if inside.sum() < 80 or patch.density() < 0.5:
        return None
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    box = slice(rows[0] + 2, rows[-1] - 1), slice(columns[0] + 2, columns[-1] - 1)
    images = patch.before[box], patch.after[box]
    if min(images[0].shape[:2]) < 8:
        return None
    within = closed(inside)[box] > 0  # a pill leaves the corners of its box to the page
    if within.sum() < FEW:
        return None
    grounds = [np.median(image[within], axis=0) for image in images]
    for side, index in (("after", 1), ("before", 0)):
        pale, image, other = grounds[index], images[index], images[1 - index]
        if float(np.ptp(pale)) > _NEUTRAL or not _PALE[0] <= float(luma_of(pale)) <= _PALE[1]:
            continue
        if np.abs(grounds[0] - grounds[1]).max() < 8:
            continue
        gap = np.abs(image - pale).max(axis=2)
        label = (gap > _LABEL) & within
        few = label.sum() < _FEW_OF_LABEL and label.mean() < _LITTLE_OF_LABEL
        if few or label.mean() > 0.5 or inside[box][within & ~label].mean() < _ALL:
            continue
        strong = label & (gap >= 0.8 * float(np.quantile(gap[label], 0.9)))
        ink, was = np.median(image[strong], axis=0), np.median(other[strong], axis=0)
        contrast = float(np.abs(ink - pale).max())
        if float(np.ptp(ink)) > _LABEL_NEUTRAL or not _CONTRASTS[0] <= contrast <= _CONTRASTS[1]:
            continue
        if (
            float(luma_of(ink)) > float(luma_of(pale))
            or float(np.abs(was - grounds[1 - index]).max()) < contrast
        ):
            continue
        return Fact("greyed", {"in": side})
    return None
