"""A pair whose difference was measured already, so that nobody measures it again."""

from __future__ import annotations

from dataclasses import dataclass

from blip2idc.images.changes.result import Comparison
from blip2idc.images.pair import ImagePair


@dataclass(frozen=True)
class MeasuredPair(ImagePair):
    """A pair and how its images differ.

    Attributes:
        comparison: From `find_changes`, in the pixels of these images.
    """

    comparison: Comparison
