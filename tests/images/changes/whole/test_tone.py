"""Light and colours of whole pictures that changed by rules of their own, and where one rule does not hold of all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.whole.tone import aged, tone, vignetted
from blip2idc.images.changes.whole.views import Views

SIDE = 192
#: Of which colours are made: what makes a pixel no grey, across and up.
ACROSS, UP = np.array([1, -1, 0]) / np.sqrt(2), np.array([1, 1, -2]) / np.sqrt(6)


def smooth(seed: int, spread: float) -> np.ndarray:
    """Soft hills, float32 [SIDE, SIDE], with a mean of 0."""
    hills = np.random.default_rng(seed).normal(0, 1, (12, 12)).astype(np.float32)
    plane = cv2.resize(hills, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray((plane - plane.mean()) / plane.std() * spread)


def drawn(light: np.ndarray, colors: np.ndarray) -> Pixels:
    """Brightness [SIDE, SIDE] and colours, complex, as a picture."""
    image = light[..., None] + colors.real[..., None] * ACROSS + colors.imag[..., None] * UP
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


LIGHT = 128 + smooth(0, 24)
COLORS = smooth(1, 14) + 1j * smooth(2, 14)
LEFT = np.arange(SIDE)[None] < SIDE // 2 + np.zeros((SIDE, 1))


def told(light: np.ndarray, colors: np.ndarray, old: np.ndarray = COLORS) -> Fact | None:
    return tone(Views(drawn(LIGHT, old), drawn(light, colors)))


@pytest.mark.parametrize(
    ("colors", "kind"),
    [
        (COLORS * np.exp(0.7j), "hue"),
        (COLORS * 1.6, "saturate"),
        (COLORS * np.where(smooth(3, 1) > -0.5, 1.9, 0.9), None),
        (COLORS + 20 * np.exp(2.3j), "tint"),
        (COLORS + np.where(LEFT, 22 * np.exp(2.3j), 0), None),
        (COLORS * 0.72 + 14 * np.exp(2.3j), None),
        (COLORS * 0.72 + 24 * np.exp(2.3j), "tint"),
        (COLORS + 20 * np.exp(1.3j), "warmer"),
    ],
    ids=[
        "turned", "stronger", "stronger in parts", "a cast", "a cast of one half", "paler with a faint cast",
        "paler with a cast", "a cast of orange",
    ],
)  # fmt: skip
def test_colours_that_follow_one_rule(colors: np.ndarray, kind: str | None) -> None:
    fact = told(LIGHT, colors)
    assert (fact.kind if fact else None) == kind


def test_pale_colours_that_were_turned() -> None:
    pale = 0.57 * COLORS
    assert told(LIGHT, pale * np.exp(0.7j), pale) == Fact("hue")


def oval(inner: float, outer: float) -> np.ndarray:
    """0 in the middle to 1 at the rim, [SIDE, SIDE, 1]."""
    across = np.linspace(-1, 1, SIDE)
    far = np.maximum(abs(across[:, None]), abs(across[None])) ** 2
    return np.clip((far - inner) / (outer - inner), 0, 1)[..., None]


def old(before: np.ndarray, tones: np.ndarray, rim: np.ndarray) -> Pixels:
    """A picture in other tones that fades into one at its rim."""
    faded = oval(0.55, 0.94)
    return np.clip(np.rint(tones * (1 - faded) + rim * faded), 0, 255).astype(np.uint8)


CREAM = np.array([236.0, 226.0, 204.0])


@pytest.mark.parametrize("how", ["brown", "as it was", "other tones", "another picture", "a dark rim"])
def test_an_old_photograph_is_brown_within_a_light_rim(how: str) -> None:
    before = drawn(LIGHT, COLORS)
    light = before @ np.array([0.299, 0.587, 0.114])
    brown = light[..., None] * np.array([0.9, 0.8, 0.62]) + np.array([20.0, 14.0, 6.0])
    tones = {
        "as it was": before.astype(float),
        "other tones": brown[..., ::-1],
        "another picture": np.roll(brown, SIDE // 2, axis=1),
    }.get(how, brown)
    after = old(before, tones, 0.1 * CREAM if how == "a dark rim" else CREAM)
    assert aged(Views(before, after)) == (Fact("old_photo") if how == "brown" else None)


def test_a_rim_that_is_darker_or_lighter_outwards() -> None:
    before = drawn(LIGHT, COLORS)
    across = np.linspace(-1, 1, SIDE)
    far = ((across[:, None] ** 2 + across[None] ** 2) / 2)[..., None]
    for after in (before * (1 - 0.75 * far), before + (255 - before) * 0.8 * far):
        assert vignetted(Views(before, after.astype(np.uint8))) == Fact("vignette")


def test_corners_that_were_cut_off_softly_are_no_darker_rim() -> None:
    before = drawn(LIGHT, COLORS)
    across = np.linspace(-1, 1, SIDE)
    corners = np.clip(((across[:, None] ** 2 + across[None] ** 2) / 2 - 0.6) / 0.3, 0, 1)
    assert vignetted(Views(before, (before * (1 - 0.9 * corners[..., None])).astype(np.uint8))) is None


def test_colours_that_were_turned_are_told_though_they_are_lighter_as_well() -> None:
    assert told(LIGHT + 22, COLORS * np.exp(0.5j)) == Fact("hue")
