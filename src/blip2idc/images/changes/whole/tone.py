"""Light and colour of a whole picture: how the tones of one become the tones of the other.

In: two small pictures that lie on each other. Out: a fact, where one holds well. Brightness is compared as a curve,
colour as a complex number (its length is the saturation, its angle the hue): `after = k * before + t`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blip2idc.images.changes.pictures import over_channels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.formulas import one_formula
from blip2idc.images.changes.whole.views import Floats, Views, correlation, luma
from blip2idc.images.color_names import color_name

_CLIPPED = (6.0, 249.0)  # values beyond are cut off
_ENDS = (35.0, 215.0)  # brightness within which hardly anything is cut off
_COLORED = 7.0  # mean colourfulness from which on a picture has colours
_GREY = 7.0  # spread of the channels up to which a pixel is grey
_LEAST = 400  # pixels for a fit
_BINS = 24

_BRIGHTER = 16.0  # levels in the middle of the scale
_CONTRAST = 1.22
_SATURATION = 1.3
_HUE = 22.0  # degrees
_COLORFUL = 100.0  # mean square by which colours differ among each other, for saturation to be told
_SHIFT = 9.0  # levels of colour
_UNEXPLAINED = 8.0  # levels that are left on average where the tones were changed by one map of all pixels
_STRONG_SHIFT = 55.0
_TINT = 16.0  # levels that a colour has to be mixed in by
_BENT = 16.0  # levels by which a curve of brightness may leave its line
_EVERYWHERE = 0.82  # share of the pixels to which it has to have happened


def tone(views: Views) -> Fact | None:
    """What happened to light and colours, where it is one thing."""
    before, after = views.small
    first, second = views.lumas
    return (
        one_formula(before, after)
        or _grey(before, after, first, second)
        or _monochrome(before, after, first, second)
        or _solarized(before, after)
        or _inverted(before, after)
        or _posterized(views)
        or _vignette(first, second)
        or _turned_hue(before, after)
        or _linear(before, after)
    )


def _color(image: Floats) -> np.ndarray:
    """What makes a pixel no grey, as complex numbers in levels, [H, W]: red less green, and both less blue."""
    red, green, blue = (image[..., channel] for channel in range(3))
    return np.asarray((red - green) / np.sqrt(2) + 1j * (red + green - 2 * blue) / np.sqrt(6))


def _spread(image: Floats) -> Floats:
    return np.asarray(over_channels(np.maximum, image) - over_channels(np.minimum, image), np.float32)


def _curve(first: Floats, values: Floats) -> tuple[Floats, float]:
    """Mean of values in each bin of brightness (NaN where there are too few), and what is left within bins."""
    bins = np.clip(first / 256 * _BINS, 0, _BINS - 1).astype(np.int32).ravel()
    counts = np.bincount(bins, minlength=_BINS)
    flat = values.ravel()
    means = np.bincount(bins, flat, _BINS) / np.maximum(counts, 1)
    left = float(np.abs(flat - means[bins]).mean())
    return np.where(counts >= 12, means, np.nan).astype(np.float32), left


def _grey(before: Floats, after: Floats, first: Floats, second: Floats) -> Fact | None:
    if np.quantile(_spread(after), 0.98) > _GREY or _spread(before).mean() < _COLORED:
        return None
    ends = float(((second < 24) | (second > 231)).mean())
    if ends > 0.9 and correlation(first, second) > 0.65:
        return Fact("threshold")
    monotone = correlation(first, second)
    curve, left = _curve(first, second)
    steps = np.diff(curve[~np.isnan(curve)])
    if monotone > 0.93 and left < 14 and steps.size and (steps > -6).all():
        return Fact("black_and_white")
    return None


def _monochrome(before: Floats, after: Floats, first: Floats, second: Floats) -> Fact | None:
    """One hue instead of many colours: sepia, or another tint."""
    if _spread(after).mean() < 6 or correlation(first, second) < 0.9:
        return None
    left = [_curve(first, after[..., channel])[1] for channel in range(3)]
    color, old = _color(after), _color(before)
    if max(left) > 9:
        return None
    mean = color.mean()
    along = float(np.abs((color * np.conj(mean)).imag / max(abs(mean), 1e-6)).mean())
    usual = float(np.abs((old * np.conj(old.mean())).imag / max(abs(old.mean()), 1e-6)).mean())
    gain = min(1.0, float(second.std() / max(first.std(), 1e-3)))
    colored_anew = (
        (_spread(before).mean() < 5 and abs(mean) > 16)  # a grey picture
        or (usual >= 5 and along < 0.5 * gain * usual)  # many colours became one, not only paler
        or (
            along < 0.12 * abs(mean)
            and abs(mean) > 0.17 * second.mean()
            and abs(mean) > 1.35 * abs(old.mean())
        )
    )
    usual_left = max(_curve(first, before[..., channel])[1] for channel in range(3))
    by_brightness = (
        max(left) < 6.5 and max(left) < 0.55 * gain * usual_left
    )  # the colour follows from it alone
    if not by_brightness and (along > 0.35 * abs(mean) or not colored_anew):
        return None
    red, green, blue = after.reshape(-1, 3).mean(axis=0)
    if red > green > blue and red - blue > 14 and green - blue > 0.25 * (red - blue):
        return Fact("sepia")
    return Fact("tint", {"color": _tint_name(np.array([red, green, blue]))})


def _tint_name(color: np.ndarray) -> str:
    """The plain name of a tint, whatever its lightness."""
    strong = color - color.min()
    strong = strong / max(float(strong.max()), 1e-6) * 200 + 30
    return color_name(strong).split()[-1]


def _inverted(before: Floats, after: Floats) -> Fact | None:
    found = [correlation(before[..., channel], after[..., channel]) for channel in range(3)]
    if max(found) < -0.85:
        return Fact("invert")
    return None


def _solarized(before: Floats, after: Floats) -> Fact | None:
    """Values above a threshold are turned round."""
    best, share, plain = 255.0, 0.0, 0.0
    values, turned = before.ravel(), after.ravel()
    as_it_is, turned_round = np.abs(turned - values), np.abs(turned - (255 - values))
    # a threshold is a whole number, and values within 12 of it count for neither side
    floor, ceil = values.astype(np.int32), np.ceil(values).astype(np.int32)
    below, kept = _summed(floor), _summed(floor, as_it_is)
    above, swapped, plainly = _summed(ceil), _summed(ceil, turned_round), _summed(ceil, as_it_is)
    for threshold in range(48, 232, 8):
        under, over = threshold - 13, threshold + 12
        rest = above[-1] - above[over]
        if below[under] + rest < _LEAST:
            continue
        gap = float((kept[under] + swapped[-1] - swapped[over]) / (below[under] + rest))
        if gap < best:
            best, share = gap, float((values >= threshold).mean())
            plain = float((plainly[-1] - plainly[over]) / rest) if rest else 0.0
    usual = float(as_it_is.mean())
    return (
        Fact("solarize") if best < 10 and best < 0.5 * usual and 0.07 < share < 0.9 and plain > 30 else None
    )


def _summed(values: np.ndarray, weights: Floats | None = None) -> np.ndarray:
    """Number, or summed weight, of the values up to each of 0..255."""
    return np.cumsum(np.bincount(values, weights, minlength=256))


def _posterized(views: Views) -> Fact | None:
    if not views.same_size:
        return None
    before, after = views.windows
    few: list[int] = []
    many: list[int] = []
    for channel in range(3):
        for image, found in ((after, few), (before, many)):
            counts = np.sort(np.bincount(image[..., channel].ravel(), minlength=256))[::-1]
            found.append(int(np.searchsorted(np.cumsum(counts), 0.96 * counts.sum())) + 1)
    first, second = views.lumas
    if max(few) <= 2 and min(many) >= 20 and _spread(views.small[1]).mean() < 4:
        return Fact("threshold")
    rough = [float(np.abs(np.diff(plane, axis=1)).mean()) for plane in views.native]
    if rough[1] > 2.5 * rough[0]:
        return None  # dots or lines of a few tones, no flat parts
    if max(few) <= 9 and min(many) >= 40 and max(few) < 0.2 * min(many) and correlation(first, second) > 0.75:
        return Fact("posterize")
    return None


def aged(views: Views) -> Fact | None:
    """Brown tones that follow from the brightness alone, within a rim that faded into one light tone."""
    before, after = views.small
    first, second = views.lumas
    height, width = second.shape
    reach, inner = max(2, round(0.02 * min(height, width))), round(0.22 * min(height, width))
    rim = np.ones(second.shape, bool)
    rim[reach : height - reach, reach : width - reach] = False
    if second[rim].std() > 14 or first[rim].std() < 15 or second[rim].mean() < 110:
        return None
    middle = (slice(inner, height - inner), slice(inner, width - inner))
    light, shown = first[middle], after[middle]
    left = sorted(_curve(light, shown[..., channel])[1] for channel in range(3))
    if left[1] > 14 or abs(correlation(light, luma(shown))) < 0.85:
        return None
    dark = shown[light <= np.quantile(light, 0.4)].mean(axis=0)
    old = before[middle][light <= np.quantile(light, 0.4)].mean(axis=0)
    browner = (dark[0] - dark[2]) / max(dark.mean(), 1) > (old[0] - old[2]) / max(
        old.mean(), 1
    ) + 0.08 or left[2] < 9
    return Fact("old_photo") if browner and dark[0] > dark[1] > dark[2] and dark[0] - dark[2] > 10 else None


def vignetted(views: Views) -> Fact | None:
    """The rim darker, or faded into one colour, more and more outwards."""
    return _vignette(*views.lumas)


def _vignette(first: Floats, second: Floats) -> Fact | None:
    """The rim darker, or faded into one colour, more and more outwards."""
    if first[[0, -1]].std() < 4 or first[:, [0, -1]].std() < 4:
        return None
    height, width = first.shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    squared = ((rows / max(height - 1, 1) - 0.5) ** 2 + (columns / max(width - 1, 1) - 0.5) ** 2) * 2
    gap = second - first
    middle, rim = squared < 0.12, squared > 0.62
    if abs(gap[middle].mean()) > 0.35 * abs(gap[rim].mean()) or abs(gap[rim].mean()) < 18:
        return None
    # darker by a factor that grows outwards, or faded into one colour
    ratio = np.log((second + 8) / (first + 8))
    rings = [ratio[(squared >= low) & (squared < low + 0.1)].mean() for low in np.arange(0, 0.9, 0.1)]
    steps = np.diff(rings)
    if abs(rings[5] - rings[0]) < 0.2 * abs(rings[-1] - rings[0]):
        return None  # corners that were cut off
    one_way = (steps < 0.03).all() if gap[rim].mean() < 0 else (steps > -0.03).all()
    if one_way and abs(rings[-1] - rings[0]) > 0.25 and abs(correlation(squared, ratio)) > 0.55:
        return Fact("vignette")
    return None


def _turned_hue(before: Floats, after: Floats) -> Fact | None:
    """All colours turned by one angle of hue, as vivid as before."""
    one, other = _color(before), _color(after)
    vivid = (np.abs(one) > 18) & (np.abs(other) > 12)
    if vivid.mean() < 0.15:
        return None
    turns = other[vivid] * np.conj(one[vivid])
    mean = (turns / np.abs(turns)).mean()
    grey = (np.abs(one) < 6) & (luma(before) > 30) & (luma(before) < 225)
    greys_stay = grey.sum() < 60 or float(np.abs(other[grey]).mean()) < 12
    several = abs((one[vivid] / np.abs(one[vivid])).mean()) < 0.93 or grey.sum() >= 60
    ratio = float(np.median(np.abs(other[vivid]) / np.abs(one[vivid])))
    angle = abs(float(np.degrees(np.angle(mean))))
    if abs(mean) > 0.88 and angle > _HUE and greys_stay and several and 0.5 < ratio < 2:
        return Fact("hue")
    return None


@dataclass(frozen=True, eq=False)
class _Map:
    """How the tones of one picture become those of another.

    Attributes:
        colors: Of the pixels before that are not cut off, complex [N].
        changed: Of the same pixels after.
        gain: Of the brightness.
        fixed: The brightness that stays as it is.
        brighter: Levels by which the middle of the picture is brighter.
        fits: Whether the colours differ enough among each other, and follow `factor`, for it to mean something.
        factor: By which differences of colour are multiplied: length and angle.
        shift: Colour that is added to all.
    """

    colors: np.ndarray
    changed: np.ndarray
    gain: float
    fixed: float
    brighter: float
    fits: bool
    factor: complex
    shift: complex

    @property
    def saturation(self) -> float:
        """By which colours became stronger."""
        return abs(self.factor) / self.gain if self.fits else 1.0

    @property
    def angle(self) -> float:
        """Degrees by which hues were turned."""
        return float(np.degrees(np.angle(self.factor))) if self.fits and abs(self.factor) > 0.2 else 0.0

    @property
    def effects(self) -> dict[str, float]:
        """How strong each change is; 1 is where it is told."""
        return {
            "hue": abs(self.angle) / _HUE,
            "saturation": abs(np.log(max(self.saturation, 0.02))) / np.log(_SATURATION),
            "shift": abs(self.shift) / _SHIFT,
            "light": abs(self.brighter) / _BRIGHTER,
            "contrast": abs(np.log(self.gain)) / np.log(_CONTRAST) if 40 < self.fixed < 215 else 0.0,
        }


def _map_of(before: Floats, after: Floats) -> _Map | None:
    """The map of the tones, None where no single one explains them."""
    low, high = _CLIPPED
    inside = over_channels(np.logical_and, (after > low) & (after < high) & (before > low) & (before < high))
    if inside.sum() < _LEAST:
        return None
    one, other = before[inside], after[inside]
    first, second = luma(one), luma(other)
    if first.std() < 8:
        return None
    gain = float(np.cov(first, second)[0, 1] / first.var())
    offset = float(second.mean() - gain * first.mean())
    if gain <= 0.1 or correlation(first, second) < 0.93 or _is_bent(first, second, gain, offset):
        return None
    design = np.concatenate([one, np.ones((len(one), 1), np.float32)], axis=1)
    expected = design @ np.linalg.lstsq(design, other, rcond=None)[0]
    if float(np.abs(expected - other).mean()) > _UNEXPLAINED:
        return None
    colors, changed = _color(one), _color(other)
    mean, changed_mean = complex(colors.mean()), complex(changed.mean())
    power = float((np.abs(colors - mean) ** 2).mean())
    factor = complex((np.conj(colors - mean) * (changed - changed_mean)).mean() / max(power, 1e-6))
    both = float(np.sqrt(power * (np.abs(changed - changed_mean) ** 2).mean() + 1e-6))
    fits = power > _COLORFUL and abs(factor) * power > 0.55 * both
    turned = fits and abs(np.degrees(np.angle(factor))) >= _HUE
    middle = float(np.median(first))
    return _Map(
        colors,
        changed,
        gain,
        offset / (1 - gain) if abs(1 - gain) > 0.02 else np.inf,
        gain * middle + offset - middle,
        fits,
        factor,
        changed_mean - (factor if fits and not turned else gain) * mean,
    )


def _is_bent(first: Floats, second: Floats, gain: float, offset: float) -> bool:
    """Whether the curve of brightness leaves its line, apart from its ends."""
    line = gain * (np.arange(_BINS) + 0.5) * 256 / _BINS + offset
    bent = np.abs(_curve(first, second)[0] - line)[(line > _ENDS[0]) & (line < _ENDS[1])]
    return bool(np.isfinite(bent).any() and np.nanmax(bent) > _BENT)


def _linear(before: Floats, after: Floats) -> Fact | None:
    """Brightness, contrast, saturation, hue or a colour cast: whichever changed most, if little else did."""
    found = _map_of(before, after)
    if found is None:
        return None
    effects = found.effects
    kind = max(effects, key=lambda name: effects[name])
    rest = sorted(effects.values())[-2]
    if effects[kind] < 1 or rest > 0.8 * effects[kind]:
        return None
    if kind == "hue":
        return Fact("hue")
    if kind == "saturation":
        return _saturated(found)
    if kind == "light":
        return Fact("brighten" if found.brighter > 0 else "darken")
    if kind == "contrast":
        return Fact("contrast_up" if found.gain > 1 else "contrast_down")
    return _cast(found, before, after)


def _saturated(found: _Map) -> Fact | None:
    vivid = np.abs(found.colors) > 15
    ratios = np.abs(found.changed[vivid]) / np.abs(found.colors[vivid]) / found.gain
    if vivid.sum() < _LEAST / 4 or ((ratios > 1) == (found.saturation > 1)).mean() < _EVERYWHERE:
        return None
    return Fact("saturate" if found.saturation > 1 else "desaturate")


def _paled(colors: np.ndarray, changed: np.ndarray, gain: float) -> Fact | None:
    """Colours of nearly one hue that all became paler or stronger, where that explains more than a cast."""
    factor = float((np.conj(colors) * changed).real.mean() / max(float((np.abs(colors) ** 2).mean()), 1e-6))
    scaled = float(np.abs(changed - factor * colors).mean())
    cast = float(np.abs(changed - gain * colors - (changed - gain * colors).mean()).mean())
    if scaled < 0.7 * cast and abs(np.log(max(factor / gain, 0.02))) > np.log(_SATURATION):
        return Fact("saturate" if factor > gain else "desaturate")
    return None


def _cast(found: _Map, before: Floats, after: Floats) -> Fact | None:
    """A colour cast: warm or cold along the line from blue to orange, else a tint."""
    factor = found.factor if found.fits and abs(found.angle) < _HUE else found.gain
    gap = found.changed - factor * found.colors
    if ((gap * np.conj(found.shift)).real > 0.4 * abs(found.shift) ** 2).mean() < _EVERYWHERE:
        return None
    if not found.fits and (paled := _paled(found.colors, found.changed, found.gain)) is not None:
        return paled
    mixed = found.fits and abs(found.factor) < 0.8 * found.gain
    if mixed and abs(found.shift) < _TINT:
        return None
    red, green, blue = (after - before).reshape(-1, 3).mean(axis=0)
    red, green, blue = np.array([red, green, blue]) - np.mean([red, green, blue])
    if (
        not mixed
        and abs(found.shift) < _STRONG_SHIFT
        and abs(green) < 0.6 * max(abs(red), abs(blue))
        and red * blue < 0
    ):
        return Fact("warmer" if red > blue else "cooler")
    return Fact("tint", {"color": _tint_name(np.array([red, green, blue]))})
