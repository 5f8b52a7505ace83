"""Values of any number type as levels of grey from 0 to 255, without a warning of NumPy's for any of them."""

from __future__ import annotations

import numpy as np

_SAFE = 1e30  # values whose differences and squares float32 holds


def levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Stretch values so that `low` becomes 0 and `high` 255.

    Args:
        values: Of any shape and number type; of complex numbers the absolute value counts.
        low: Finite.
        high: Finite; above `low`, or the values are all black.

    Returns:
        uint8, rounded and cut; what is not a number is black.
    """
    if np.issubdtype(values.dtype, np.complexfloating):
        values = np.abs(values)
    narrow = max(abs(low), abs(high)) < _SAFE and values.dtype.itemsize <= 4
    with np.errstate(over="ignore", invalid="ignore"):
        wide = values.astype(np.float32 if narrow else np.float64)
        wide = np.nan_to_num(wide, nan=low, posinf=high, neginf=low)
        if narrow:
            scaled = (wide - np.float32(low)) * np.float32(255.0 / max(high - low, 1e-30))
        else:  # halves: the difference of two floats may be too large for one
            scaled = (wide / 2 - low / 2) * (255.0 / max(high / 2 - low / 2, 1e-300))
        return np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)
