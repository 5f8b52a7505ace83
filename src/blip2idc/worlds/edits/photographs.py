"""Where the edits world takes its pictures from: the packaged photographs, a folder, or arrays and files.

In: a folder, a list of files and arrays, or None for the photographs of the package. Out: crops of one size at any
place and scale, drawn with a given generator. Sources are sorted by name, so that a folder's listing order does not
matter, and decoded at most once while they stay in the cache.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.random import Generator
from PIL import Image

from blip2idc.errors import ImageError, InputError, utf8
from blip2idc.images.pair import MAX_PIXELS, open_image
from blip2idc.worlds.edits.operations import Picture

PACKAGED = Path(__file__).parents[2] / "assets" / "photographs"

#: Names of files that are taken for images.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".gif"})

#: Longest side that is kept of a photograph; larger ones are reduced when they are opened.
LONGEST_SIDE = 1024

#: Decoded photographs that are kept in memory.
CACHED = 128

#: A crop is at least this share of the largest window of its aspect that fits into the photograph.
SMALLEST_CROP = 0.45


def packaged_photographs(split: str = "train") -> list[Path]:
    """The photographs of the package: `train` to train on, `test` never trained on (see LICENSES.md)."""
    if split not in ("train", "test"):
        raise InputError(f"The split of the packaged photographs is {split!r}, expected 'train' or 'test'")
    return sorted((PACKAGED / split).glob("*.jpg"))


def photographs_in(folder: str | Path) -> list[Path]:
    """The image files of a folder and its subfolders, by suffix, sorted."""
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"The folder of photographs {str(root)!r} does not exist or is no folder")
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise InputError(
            f"The folder of photographs {str(root)!r} holds no image, "
            f"expected files that end in {', '.join(sorted(SUFFIXES))}"
        )
    return files


def crop_window(
    rng: Generator, source: tuple[int, int], target: tuple[int, int], smallest: float = SMALLEST_CROP
) -> tuple[float, float, float, float]:
    """A window of the target's aspect at a random place and scale.

    Args:
        rng: Where place and scale are drawn from.
        source: Height and width of the source.
        target: Height and width of the crop; only their ratio matters.
        smallest: Smallest share of the largest window that fits.

    Returns:
        Left, top, right and bottom in pixels of the source, as `PIL.Image.Image.resize` takes its box.
    """
    source_height, source_width = source
    aspect = target[1] / target[0]
    width = min(source_width, source_height * aspect)
    share = float(rng.uniform(smallest, 1.0))
    width *= share
    height = width / aspect
    left = float(rng.uniform(0.0, max(0.0, source_width - width)))
    top = float(rng.uniform(0.0, max(0.0, source_height - height)))
    return left, top, min(left + width, source_width), min(top + height, source_height)


class Photographs:
    """A supply of crops of photographs.

    Args:
        sources: Files and arrays `[H, W, 3]` uint8, in an order that decides what each index of a world shows.
        max_pixels: Larger ones are skipped.

    Attributes:
        skipped: Files that could not be opened, with the sentence that says why; filled as they are met.
    """

    def __init__(self, sources: Sequence[str | Path | Picture], max_pixels: int = MAX_PIXELS) -> None:
        if not sources:
            raise InputError("The list of photographs is empty, expected at least one picture")
        self._sources = list(sources)
        self._max_pixels = max_pixels
        self._cache: OrderedDict[int, Image.Image] = OrderedDict()
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_cache": OrderedDict(), "skipped": dict(self.skipped)}

    def name(self, index: int) -> str:
        """Name of a source: its file name, fit for a manifest, or its position in the list."""
        source = self._sources[index]
        return f"array {index}" if isinstance(source, np.ndarray) else utf8(Path(source).name)

    def fingerprint(self) -> str:
        """A digest of names and sizes, to notice that a folder of photographs is no longer the same."""
        digest = sha256()
        for index, source in enumerate(self._sources):
            size = source.nbytes if isinstance(source, np.ndarray) else Path(source).stat().st_size
            digest.update(f"{self.name(index)}\0{size}\0".encode())
        if self._max_pixels != MAX_PIXELS:  # others are skipped then
            digest.update(f"{self._max_pixels}".encode())
        return digest.hexdigest()[:16]

    def draw(self, rng: Generator, height: int, width: int) -> tuple[Picture, str]:
        """A crop of a random source, mirrored half of the time.

        Returns:
            `[height, width, 3]` uint8 and the name of the source.
        """
        first = int(rng.integers(len(self)))
        for step in range(len(self)):
            index = (first + step) % len(self)
            image = self._open(index)
            if image is None:
                continue
            window = crop_window(rng, (image.height, image.width), (height, width))
            crop = image.resize((width, height), Image.Resampling.BICUBIC, box=window, reducing_gap=2.0)
            if rng.random() < 0.5:
                crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            return np.asarray(crop), self.name(index)
        reason = next(iter(self.skipped.values()))
        raise InputError(f"None of the {len(self)} photographs can be opened; the first one says: {reason}")

    def check(self) -> None:
        """Opens every file once and fills `skipped`; raises where not one can be opened."""
        opened = [self._open(index) is not None for index in range(len(self))]
        if not any(opened):
            reason = next(iter(self.skipped.values()))
            raise InputError(
                f"None of the {len(self)} photographs can be opened; the first one says: {reason}"
            )

    def _open(self, index: int) -> Image.Image | None:
        if index in self._cache:
            self._cache.move_to_end(index)
            return self._cache[index]
        source = self._sources[index]
        if not isinstance(source, np.ndarray) and str(source) in self.skipped:
            return None
        try:
            image = open_image(source, max_pixels=self._max_pixels)
        except ImageError as error:
            self.skipped[str(source) if not isinstance(source, np.ndarray) else self.name(index)] = str(error)
            return None
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0)
        self._cache[index] = image
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return image
