"""Where two images differ and what is sure of it, measured: classical, exact, without torch.

`find_changes(before, after)` is the entry; it returns a `Comparison`. OpenCV is imported when it is first called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blip2idc.images.changes.result import (
    FACT_KINDS,
    Alignment,
    Box,
    Comparison,
    Fact,
    MeasuredChange,
    Noise,
    RowRun,
)

if TYPE_CHECKING:
    from numpy import ndarray
    from PIL import Image

__all__ = [
    "FACT_KINDS",
    "Alignment",
    "Box",
    "Comparison",
    "Fact",
    "MeasuredChange",
    "Noise",
    "RowRun",
    "find_changes",
]


def find_changes(
    before: Image.Image | ndarray, after: Image.Image | ndarray, *, texts: bool = True
) -> Comparison:
    """Compare two images; see `blip2idc.images.changes.find.find_changes`, which does it.

    >>> from PIL import Image
    >>> page = Image.new("RGB", (80, 60), "white")
    >>> changed = page.copy()
    >>> changed.paste((13, 110, 253), (20, 10, 50, 30))
    >>> comparison = find_changes(page, changed)
    >>> [(change.after_box, change.sentence) for change in comparison.changes]
    [((20, 10, 30, 20), 'a blue box appeared')]
    """
    from blip2idc.images.changes.find import find_changes as find

    return find(before, after, texts=texts)
