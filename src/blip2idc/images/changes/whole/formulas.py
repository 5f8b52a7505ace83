"""Tones that one formula changed: what is left after it is fitted tells which one it was.

In: two small pictures that lie on each other. Out: a fact, where one formula explains all pixels to about a level and
the others do not: the colours taken towards grey or away from it, one colour mixed in, every channel by a factor, the
lightness by a factor, the hue by an angle, or one bent curve for all channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.views import Floats, luma
from blip2idc.images.color_names import color_name

_INSIDE = (5.0, 250.0)  # values beyond are cut off
_LEAST = 300  # pixels that are not
_ENOUGH = 8000  # pixels that are looked at
_EXACT = 1.5  # levels that an exact formula leaves on average
_SHARE = 0.09  # of what differs, that it may leave instead
_RIVAL = 1.9  # times as much has to be left by the others
_SEEN = 5.0  # levels by which the pictures differ on average
_STEP = 8.0  # levels by which a curve has to leave the values as they are


@dataclass(frozen=True)
class _Formula:
    """A formula that was fitted: what it leaves, and what it says; None where it says nothing."""

    left: float
    fact: Fact | None


def one_formula(before: Floats, after: Floats) -> Fact | None:
    """What a formula did to the tones, where it is one."""
    low, high = _INSIDE
    inside = ((after > low) & (after < high) & (before > low) & (before < high)).all(axis=-1)
    if inside.sum() < _LEAST or inside.mean() < 0.15:
        return None
    every = max(1, int(inside.sum()) // _ENOUGH)
    one, other = before[inside][::every], after[inside][::every]
    plain = float(np.abs(other - one).mean())
    if plain < _SEEN:
        return None
    found = [
        *(_towards_grey(one, other, grey) for grey in _greys(one)),
        _lightness(one, other),
        _mixed(one, other),
        _channels(one, other),
        _curve(one, other),
    ]
    best = min(found, key=lambda formula: formula.left)
    if best.fact is None or best.left > max(_EXACT, _SHARE * plain):
        return None
    rivals = [
        formula.left for formula in found if formula.fact is None or formula.fact.kind != best.fact.kind
    ]
    return best.fact if min(rivals, default=np.inf) > _RIVAL * best.left + 0.3 else None


def _greys(values: Floats) -> tuple[Floats, ...]:
    """What programs call the grey of a colour: its brightness, its lightness, its mean."""
    return (
        luma(values),
        np.asarray((values.max(axis=-1) + values.min(axis=-1)) / 2, np.float32),
        np.asarray(values.mean(axis=-1), np.float32),
    )


def _off(expected: Floats | np.ndarray, values: Floats) -> float:
    return float(np.abs(expected - values).mean())


def _towards_grey(one: Floats, other: Floats, grey: Floats) -> _Formula:
    """`after = grey + k (before - grey)`."""
    colors, moved = one - grey[:, None], other - grey[:, None]
    factor = float((colors * moved).sum() / max(float((colors * colors).sum()), 1e-3))
    kind = "desaturate" if 0.02 < factor < 0.82 else "saturate" if factor > 1.2 else None
    return _Formula(_off(grey[:, None] + factor * colors, other), None if kind is None else Fact(kind))


def _cylinder(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Lightness 0..255, saturation 0..1 and hue in degrees, as HSL has them."""
    most, least = values.max(axis=-1), values.min(axis=-1)
    lightness, chroma = (most + least) / 2, most - least
    saturation = chroma / np.maximum(255 - np.abs(2 * lightness - 255), 1)
    red, green, blue = (values[..., channel] for channel in range(3))
    hue = np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue))
    return lightness, saturation, hue


def _lightness(one: Floats, other: Floats) -> _Formula:
    """The lightness by a factor, or the hue by an angle, and the rest as it was."""
    (light, vivid, hue), (lit, vivid_now, hue_now) = _cylinder(one), _cylinder(other)
    factor = float((light * lit).sum() / max(float((light * light).sum()), 1e-3))
    left = _off(factor * light, lit)
    colored = (vivid > 0.15) & (vivid_now > 0.1)
    if float(np.abs(vivid_now - vivid).mean()) > 0.03 or colored.sum() < _LEAST / 4:
        return _Formula(255.0, None)
    turns = np.exp(1j * np.radians(hue_now - hue))[colored]
    mean = turns.mean()
    if abs(mean) < 0.93:
        return _Formula(255.0, None)
    angle = abs(float(np.degrees(np.angle(mean))))
    if angle > 15 and abs(factor - 1) < 0.04:
        return _Formula(left, Fact("hue"))
    if angle < 4 and not 0.88 < factor < 1.12:
        return _Formula(left, Fact("brighten" if factor > 1 else "darken"))
    return _Formula(left if angle < 4 else 255.0, None)


def _mixed(one: Floats, other: Floats) -> _Formula:
    """`after = (1 - k) before + k color`."""
    means = one.mean(axis=0), other.mean(axis=0)
    centred = one - means[0]
    slope = float((centred * (other - means[1])).sum() / max(float((centred * centred).sum()), 1e-3))
    offset = means[1] - slope * means[0]
    left = _off(slope * one + offset, other)
    if not 0.2 < slope < 0.97:
        return _Formula(left, None)
    paint = offset / (1 - slope)
    if not ((paint > -30) & (paint < 285)).all() or paint.max() - paint.min() < 80:
        return _Formula(left, None)
    return _Formula(left, Fact("tint", {"color": color_name(np.clip(paint, 0, 255)).split()[-1]}))


def _channels(one: Floats, other: Floats) -> _Formula:
    """Every channel by a factor of its own."""
    red, green, blue = gains = (one * other).sum(axis=0) / np.maximum((one * one).sum(axis=0), 1e-3)
    left = _off(gains * one, other)
    if abs(np.log(red / blue)) < np.log(1.1):
        return _Formula(left, None)
    between = min(red, blue) * 0.95 <= green <= max(red, blue) * 1.05
    if between:
        return _Formula(left, Fact("warmer" if red > blue else "cooler"))
    strong = (gains - gains.min()) / (gains.max() - gains.min()) * 200 + 30
    return _Formula(left, Fact("tint", {"color": color_name(strong).split()[-1]}))


def _curve(one: Floats, other: Floats) -> _Formula:
    """One bent curve for the values of all channels."""
    values, changed = one.ravel(), other.ravel()
    bins = (values / 8).astype(np.int32)
    counts = np.bincount(bins, minlength=32)
    means, centres = (np.bincount(bins, part, 32) / np.maximum(counts, 1) for part in (changed, values))
    known = counts >= 30
    if known.sum() < 6:
        return _Formula(255.0, None)
    at, to = centres[known], means[known]
    left = _off(np.interp(values, at, to), changed)
    slope, offset = np.polyfit(values, changed, 1)
    if (np.diff(to) < -2).any() or _off(slope * values + offset, changed) < 1.6 * left + 0.5:
        return _Formula(left, None)  # turned round somewhere, or a line
    low, high = np.quantile(values, (0.12, 0.88))
    down, up = float(np.interp(low, at, to) - low), float(np.interp(high, at, to) - high)
    if min(down, up) > 0.6 * _STEP and max(down, up, float(np.interp(128, at, to) - 128)) > _STEP:
        return _Formula(left, Fact("brighten"))
    if max(down, up) < -0.6 * _STEP:
        return _Formula(left, Fact("darken"))
    if down < -0.6 * _STEP and up > -0.3 * _STEP and up - down > 1.5 * _STEP:
        return _Formula(left, Fact("contrast_up"))
    if down > 0.6 * _STEP and up < 0.3 * _STEP and down - up > 1.5 * _STEP:
        return _Formula(left, Fact("contrast_down"))
    return _Formula(left, None)
