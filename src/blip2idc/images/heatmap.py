"""Heatmaps: where a captioner looked, on each of the two images.

In: one non-negative value for each patch cell of a joint image. Out: a `PairHeatmap`, cut by `JointLayout.split_grid`,
that is brought to the size of each image for overlays and saved as one small `.npz` file a pair for data sets.

An empty map (all zero) is a statement too: nothing changed, so nothing is pointed at.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import numpy.typing as npt
from PIL import Image

from blip2idc.errors import InputError
from blip2idc.images.joint import JointLayout
from blip2idc.runs.files import atomic_write

Cells = npt.NDArray[np.float32]
Size = tuple[int, int]

SUFFIX = ".npz"
_FIELDS = ("before", "after")


@dataclass(frozen=True, eq=False)
class PairHeatmap:
    """How much each cell of each image counts; both images share one scale.

    Attributes:
        before: float32 [rows, columns], zero or more.
        after: float32 [rows, columns], zero or more.

    Raises:
        InputError: A map is not two-dimensional, or holds a value that is negative or not finite.
    """

    before: Cells
    after: Cells

    def __post_init__(self) -> None:
        for name in _FIELDS:
            cells = np.ascontiguousarray(getattr(self, name), dtype=np.float32)
            if cells.ndim != 2 or not cells.size:
                raise InputError(
                    f"heatmap {name} has shape {cells.shape}; expected [rows, columns], at least one cell"
                )
            if not np.isfinite(cells).all() or (cells < 0).any():
                raise InputError(
                    f"heatmap {name} holds values that are negative or not finite; expected 0 or more"
                )
            object.__setattr__(self, name, cells)

    @classmethod
    def from_joint(cls, cells: npt.NDArray[np.floating], layout: JointLayout) -> PairHeatmap:
        """Cut the cells of a joint image in two.

        Args:
            cells: [rows, columns] of the joint image, zero or more.
            layout: Of the joint image.
        """
        before, after = layout.split_grid(np.asarray(cells, dtype=np.float32))
        return cls(before, after)

    @classmethod
    def empty_like(cls, other: PairHeatmap) -> PairHeatmap:
        """A map of the same cells in which nothing counts."""
        return cls(np.zeros_like(other.before), np.zeros_like(other.after))

    @property
    def empty(self) -> bool:
        """Whether nothing is pointed at in either image."""
        return not (self.before.any() or self.after.any())

    @property
    def peak(self) -> float:
        """The highest value in either image."""
        return float(max(self.before.max(), self.after.max()))

    def normalised(self) -> PairHeatmap:
        """The same map with its peak, over both images, at 1; an empty map stays empty."""
        peak = self.peak
        return self if peak == 0 else PairHeatmap(self.before / peak, self.after / peak)

    def resized(self, before: Size, after: Size | None = None) -> tuple[Cells, Cells]:
        """The map of each image at a size in pixels, 0 to 1, the two on one scale.

        Values lie at the middle of their cells and are interpolated between them.

        Args:
            before: (height, width) of the image before.
            after: (height, width) of the image after; that of `before` if None.

        Returns:
            float32 [height, width] for before and for after.
        """
        scaled = self.normalised()
        return _resize(scaled.before, before), _resize(scaled.after, after or before)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one `.npz` file, whole or not at all."""
        with atomic_write(path, "wb") as handle:
            np.savez_compressed(handle, before=self.before, after=self.after)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PairHeatmap:
        """Read what `save` wrote.

        Raises:
            InputError: There is no such file, or it holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as content:
                return cls(*(content[name] for name in _FIELDS))
        except FileNotFoundError:
            raise InputError(
                f"{path}: no such heatmap; write it with: blip2idc caption --data DATASET --heatmaps FOLDER"
            ) from None
        except (OSError, ValueError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"{path}: not a heatmap file; expected a .npz file with the arrays before and after ({reason})"
            ) from None


def heatmap_path(folder: str | os.PathLike[str], record_id: str) -> Path:
    """The file of a record in a folder of heatmaps; ids with slashes or other special characters are escaped."""
    return Path(folder) / (quote(record_id, safe=" ()+,=@") + SUFFIX)


def side_by_side(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two images of any size in one, at equal height, as `caption --heatmap` writes them."""
    height = max(left.height, right.height)
    fitted = [
        image
        if image.height == height
        else image.resize((max(1, round(image.width * height / image.height)), height))
        for image in (left, right)
    ]
    gap = max(4, height // 50)
    sheet = Image.new("RGB", (fitted[0].width + gap + fitted[1].width, height), "white")
    sheet.paste(fitted[0], (0, 0))
    sheet.paste(fitted[1], (fitted[0].width + gap, 0))
    return sheet


def _resize(cells: Cells, size: Size) -> Cells:
    height, width = size
    plane = Image.fromarray(cells).resize((width, height), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(plane, dtype=np.float32), 0.0, 1.0)
