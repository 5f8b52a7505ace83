"""What every world makes: a pair of images, the sentences that describe its change, and where the change is.

A world is a pure function of its settings and an index, so that any process can make any pair and two runs
agree byte for byte. `blip2idc.worlds.write` turns the pairs of a world into a manifest and image files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from blip2idc.data.records import NO_CHANGE
from blip2idc.data.records import NO_CHANGE_CAPTIONS as NO_CHANGE_CAPTIONS

#: Change kind of a pair in which nothing changed but the distractors.
NO_CHANGE_KIND = NO_CHANGE

#: Left, top, width and height of a box in whole pixels.
Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class WorldPair:
    """One pair of a world, with its exact ground truth.

    Attributes:
        before: `[H, W, 3]` uint8 RGB.
        after: `[H, W, 3]` uint8 RGB, of the same size as `before`, but where an edit changes the size.
        captions: Every sentence that is a right description of this pair.
        change: What is known of the change, in plain JSON values; `change["kind"]` is always there.
        before_box: Box of what changes, in `before`; None where the change has no place there.
        after_box: Box of what changed, in `after`; None where the change has no place there.
        before_mask: `[H, W]` bool, the pixels of the box that belong to the change; None without a box.
        after_mask: `[H, W]` bool, likewise in `after`.
    """

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    captions: tuple[str, ...]
    change: Mapping[str, Any] = field(default_factory=lambda: {"kind": NO_CHANGE_KIND})
    before_box: Box | None = None
    after_box: Box | None = None
    before_mask: NDArray[np.bool_] | None = None
    after_mask: NDArray[np.bool_] | None = None

    @property
    def kind(self) -> str:
        """Name of the change, `"none"` where nothing changed."""
        return str(self.change["kind"])


class World(Protocol):
    """A procedural source of pairs: a pure function of its settings and an index."""

    @property
    def name(self) -> str:
        """Name of the world, the `source` of its records: `scenes` or `edits`."""
        ...

    def pair(self, index: int) -> WorldPair:
        """Makes pair `index`; equal settings and index give equal bytes in any process."""
        ...
