"""Filters: which edited images are good pairs, by numbers that every candidate keeps.

In: a source image, an edited image, captions of both. Out: `Measures`, then, by thresholds that can be set anew at any
time without generating anything again, an acceptance or the reason against it, and the best of several candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class Embedder(Protocol):
    """Brings images and texts into one space, as CLIP does."""

    def images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """`[N, D]` of unit length."""
        ...

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """`[N, D]` of unit length."""
        ...

    def describe(self) -> dict[str, Any]:
        """What decides its numbers, in plain JSON values."""
        ...
