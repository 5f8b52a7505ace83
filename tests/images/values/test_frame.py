"""Two frames made comparable: equal channels and types, equal meaning, and no more memory than one takes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.images import aside
from blip2idc.images.values.frame import Frame, Space, differing, matched, rgb_of

RNG = np.random.default_rng(3)


def frame(channels: int, dtype: str, space: Space, *, alpha: bool = False) -> Frame:
    values = RNG.integers(0, 200, (6, 5, channels)).astype(dtype)
    return Frame(values, space, alpha)


@pytest.mark.parametrize("large", [False, True])
def test_types_and_channels_meet(monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    if large:
        monkeypatch.setattr(aside, "LARGE", 1)  # every array goes through a temporary file
    gray, color = frame(1, "float32", "gray"), frame(4, "uint8", "rgb", alpha=True)
    found = matched(gray, color)
    assert found is not None
    one, other = found
    assert one.kind == other.kind == "4 x float64"
    assert np.array_equal(one.values[:, :, :3], np.repeat(gray.values, 3, axis=2))
    assert np.array_equal(other.values, color.values)


@pytest.mark.parametrize("large", [False, True])
def test_eight_bits_meet_sixteen_on_the_finer_scale(monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    if large:
        monkeypatch.setattr(aside, "LARGE", 1)
    eight, sixteen = frame(2, "uint8", "gray", alpha=True), frame(3, "uint16", "rgb")
    found = matched(eight, sixteen)
    assert found is not None
    one, other = found
    assert one.kind == other.kind == "4 x uint16"
    assert np.array_equal(one.values[:, :, 0], eight.values[:, :, 0].astype(np.uint16) * 257)
    assert np.array_equal(one.values[:, :, 3], eight.values[:, :, 1].astype(np.uint16) * 257)
    assert (other.values[:, :, 3] == 65535).all()


def test_bands_of_another_number_are_not_compared() -> None:
    assert matched(frame(3, "uint8", "bands"), frame(5, "uint8", "bands")) is None


@pytest.mark.parametrize("space", ["cmyk", "lab"])
def test_inks_become_light_strip_by_strip_as_at_once(
    space: Space, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = rng.integers(0, 256, (30, 20, 4 if space == "cmyk" else 3), dtype=np.uint8)
    expected = Image.frombytes(space.upper(), (20, 30), values.tobytes()).convert("RGB")
    monkeypatch.setattr("blip2idc.images.aside.STRIP_VALUES", 500)
    assert np.array_equal(rgb_of(values[:, ::-1][:, ::-1], space), np.asarray(expected))


def test_gray_meets_colours_whichever_is_first() -> None:
    gray, color = frame(1, "uint8", "gray"), frame(3, "uint8", "rgb")
    found = matched(color, gray)
    assert found is not None
    assert np.array_equal(found[0].values, color.values)
    assert np.array_equal(found[1].values, np.repeat(gray.values, 3, axis=2))


def test_inks_meet_light_as_it_looks() -> None:
    inks, light = frame(4, "uint8", "cmyk"), frame(3, "uint8", "rgb")
    found = matched(inks, light)
    assert found is not None
    assert np.array_equal(found[0].values, rgb_of(inks.values, "cmyk"))
    assert found[1] is light


def test_what_differs_by_less_than_is_tolerated_does_not_count() -> None:
    one = frame(3, "uint8", "rgb")
    values = one.values.copy()
    values[1, 2, 0] += 3
    values[4, 0, 2] += 9
    for tolerance, places in ((0, [(1, 2), (4, 0)]), (3, [(4, 0)]), (9, [])):
        mask, largest = differing(one, Frame(values, "rgb"), tolerance)
        assert list(zip(*np.nonzero(mask), strict=True)) == places
        assert largest == 9
