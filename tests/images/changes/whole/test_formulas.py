"""Tones that one formula changed: the formula is told, whatever the picture's own colours are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.whole.formulas import one_formula
from blip2idc.images.changes.whole.views import Views

Tones = Callable[[np.ndarray], np.ndarray]
LUMA = np.array([0.299, 0.587, 0.114])


def greyer(values: np.ndarray) -> np.ndarray:
    grey = (values @ LUMA)[..., None]
    return grey + 0.4 * (values - grey)


def dimmer(values: np.ndarray) -> np.ndarray:
    """The lightness of HSL by a factor; hue and saturation stay."""
    most, least = values.max(axis=-1, keepdims=True), values.min(axis=-1, keepdims=True)
    light = (most + least) / 2
    room = np.maximum(255 - np.abs(2 * light - 255), 1)
    lit = 0.65 * light
    return lit + (values - light) / room * (255 - np.abs(2 * lit - 255))


@pytest.mark.parametrize(
    ("tones", "kind"),
    [
        (greyer, "desaturate"),
        (dimmer, "darken"),
        (lambda values: 0.7 * values + 0.3 * np.array([0, 0, 255]), "tint"),
        (lambda values: values * np.array([1.2, 1.0, 0.8]), "warmer"),
        (lambda values: values * np.array([0.8, 1.0, 1.2]), "cooler"),
        (lambda values: 255 * (values / 255) ** 0.5, "brighten"),
        (lambda values: 255 / (1 + np.exp(-9 * (values / 255 - 0.5))), "contrast_up"),
    ],
)
def test_a_formula_is_told(tones: Tones, kind: str, pictures: list[Pixels]) -> None:
    told = []
    for picture in pictures:
        after = np.clip(tones(picture.astype(np.float64)), 0, 255).astype(np.uint8)
        told.append(one_formula(*Views(picture, after).small))
    known = [fact.kind for fact in told if fact is not None]
    assert known.count(kind) == len(known) >= 3, known


def test_a_little_light_is_no_formula(pictures: list[Pixels]) -> None:
    for picture in pictures:
        after = np.clip(picture * 1.03, 0, 255).astype(np.uint8)
        assert one_formula(*Views(picture, after).small) is None
