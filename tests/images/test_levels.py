"""Values of any number type as levels of grey: the ends, what lies beyond them, and no warning of NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from blip2idc.images.levels import levels

KINDS = ["uint8", "int16", "uint32", "int64", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_ends_and_what_lies_between(kind: str) -> None:
    found = levels(np.array([[0, 20, 60], [90, 100, 120]]).astype(kind), 20, 100)
    assert found.dtype == np.uint8
    assert found.tolist() == [[0, 0, 128], [223, 255, 255]]  # 127.5 to the even number, 223.1


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_what_is_not_a_number_is_black(kind: str) -> None:
    values = np.array([np.nan, -np.inf, np.inf, 30, 1e30, -1e30], kind)
    assert levels(values, -100, 100).tolist() == [0, 0, 255, 166, 255, 0]


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_a_range_less_than_one(kind: str) -> None:
    assert levels(np.array([0, 0.25, 0.5], kind), 0, 0.5).tolist() == [0, 128, 255]


def test_small_differences_of_large_values() -> None:
    """Single precision would not tell them apart."""
    assert levels(np.array([1e9, 1e9 + 1, 1e9 + 2]), 1e9, 1e9 + 2).tolist() == [0, 128, 255]
    assert levels(np.array([2**40, 2**40 + 1]), 2**40, 2**40 + 1).tolist() == [0, 255]


def test_values_far_beyond_the_ends() -> None:
    """Warnings are errors here."""
    assert levels(np.array([-3e38, 0, 3e38], np.float32), 0, 1).tolist() == [0, 0, 255]
    assert levels(np.array([-1.7e308, 0, 1.7e308]), 0, 1).tolist() == [0, 0, 255]


def test_nothing_between_the_ends_is_black() -> None:
    assert levels(np.full(3, 7, np.uint8), 7, 7).tolist() == [0, 0, 0]
    assert levels(np.full(3, 7.0), 7, 7).tolist() == [0, 0, 0]
