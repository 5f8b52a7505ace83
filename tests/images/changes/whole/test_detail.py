"""What happened to the detail of pictures, of pictures that hardly have any."""

from __future__ import annotations

import numpy as np

from blip2idc.images.changes.whole import detail


def test_a_picture_that_is_bare_but_for_its_edge_is_not_smeared_along_a_line() -> None:
    first = np.zeros((96, 96), np.float32)
    first[:4] = 200
    second = np.random.default_rng(1).random((96, 96), np.float32)
    left, length = detail._along_line(first, second)
    assert length == 0
    assert left > 0
