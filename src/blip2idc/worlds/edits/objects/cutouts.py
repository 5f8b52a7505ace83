"""Objects to put into photographs: cut-outs of a folder with their nouns, or simple shapes drawn here.

In: a folder with `names.json` (file name -> noun with its article, as `recipes/edit_sources.py` writes it), or None.
Out: pictures with transparency and their nouns. A fixed tenth of the nouns lies under `test/` and is for tests.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from blip2idc.data.json_files import read_json
from blip2idc.data.records import FolderGuard
from blip2idc.errors import InputError
from blip2idc.images.decoding.limits import MAX_PIXELS, Limits
from blip2idc.images.decoding.opening import content_of, load, open_bounded
from blip2idc.worlds.edits.filters.canvas import paint

#: File that names the objects of a folder.
NAMES = "names.json"

#: Decoded cut-outs that are kept in memory.
CACHED = 400

#: Side of the shapes that are drawn here, in pixels.
DRAWN_SIDE = 200


@dataclass(frozen=True, eq=False)
class Cutout:
    """An object without its background.

    Attributes:
        pixels: `[h, w, 4]` uint8, red, green, blue and opacity.
        noun: What it is, with its article, as in "an apple".
    """

    pixels: NDArray[np.uint8]
    noun: str

    @property
    def name(self) -> str:
        """The noun without its article."""
        return bare(self.noun)


def bare(noun: str) -> str:
    """A noun without "a", "an" or "some"."""
    first, _, rest = noun.partition(" ")
    return rest if first in ("a", "an", "some") and rest else noun


class ObjectSupply(Protocol):
    """Draws objects."""

    def draw(self, rng: Generator) -> Cutout:
        """An object at random; every noun is as likely as any other."""
        ...

    def fingerprint(self) -> str:
        """A digest of what may be drawn."""
        ...


class Cutouts:
    """The objects of a folder.

    Args:
        folder: Holds `names.json` and the pictures.
        split: `train` or `test`: the files that lie under this name.

    Raises:
        InputError: The folder or its list is missing or names no object of this split.
    """

    def __init__(self, folder: str | Path, split: str = "train") -> None:
        self._folder = Path(folder)
        listed = self._folder / NAMES
        if not listed.is_file():
            raise InputError(
                f"The folder of objects {str(folder)!r} holds no {NAMES}; make one with recipes/edit_sources.py"
            )
        names = _names(listed)
        self._files: dict[str, list[str]] = {}
        for file, noun in sorted(names.items()):
            if file.startswith(f"{split}/"):
                self._files.setdefault(noun, []).append(file)
        if not self._files:
            raise InputError(f"{str(listed)!r} names no object under {split!r}, expected at least one")
        self._cache: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()

    def __getstate__(self) -> dict[str, object]:
        return {"_folder": self._folder, "_files": self._files, "_cache": OrderedDict()}

    @property
    def nouns(self) -> tuple[str, ...]:
        """Every noun that may be drawn, with its article."""
        return tuple(self._files)

    def fingerprint(self) -> str:
        """A digest of files and nouns."""
        return sha256(json.dumps(self._files, sort_keys=True).encode()).hexdigest()[:16]

    def draw(self, rng: Generator) -> Cutout:
        """An object at random; every noun is as likely as any other."""
        noun = self.nouns[int(rng.integers(len(self._files)))]
        files = self._files[noun]
        return Cutout(self._open(files[int(rng.integers(len(files)))]), noun)

    def _open(self, file: str) -> NDArray[np.uint8]:
        if file not in self._cache:
            self._cache[file] = _pixels(self._folder / file)
            if len(self._cache) > CACHED:
                self._cache.popitem(last=False)
        return self._cache[file]


def _names(listed: Path) -> dict[str, str]:
    """File name -> noun, each file inside the folder.

    Raises:
        InputError: The file holds something else.
    """
    names = read_json(listed, InputError)
    if not isinstance(names, dict) or not all(isinstance(noun, str) and noun for noun in names.values()):
        raise InputError(f"{listed}: expected an object that names the noun of each file")
    guard = FolderGuard(listed.parent)
    for file in names:
        fault = guard.fault(file)
        if fault:
            raise InputError(f"{listed}: file name {file!r} {fault}")
    return names


def _pixels(path: Path) -> NDArray[np.uint8]:
    """`[h, w, 4]` of an image file.

    Raises:
        ImageError: It cannot be used.
    """
    limits = Limits(MAX_PIXELS, str(path))
    with open_bounded(content_of(path, limits), limits) as image:
        load(image, limits)
        return np.asarray(image.convert("RGBA"))


_SHAPES = ("circle", "square", "triangle", "star", "arrow", "cross", "ring", "diamond")


class Shapes:
    """Coloured shapes, for where there is no folder of objects."""

    def fingerprint(self) -> str:
        """A digest of the names of the shapes."""
        return sha256(",".join(_SHAPES).encode()).hexdigest()[:16]

    def draw(self, rng: Generator) -> Cutout:
        """A shape in a colour."""
        shape = str(rng.choice(_SHAPES))
        color, shade = paint(rng)
        mask = np.zeros((DRAWN_SIDE, DRAWN_SIDE), dtype=np.uint8)
        _draw(mask, shape)
        pixels = np.zeros((DRAWN_SIDE, DRAWN_SIDE, 4), dtype=np.uint8)
        pixels[..., :3] = shade
        pixels[..., 3] = mask
        article = "an" if color[0] in "aeiou" else "a"
        return Cutout(pixels, f"{article} {color} {shape}")


def _draw(mask: NDArray[np.uint8], shape: str) -> None:
    side = mask.shape[0]
    middle = (side // 2, side // 2)
    if shape in ("circle", "ring"):
        cv2.circle(mask, middle, side // 2 - 4, 255, -1 if shape == "circle" else side // 8, cv2.LINE_AA)
        return
    corners = {
        "square": [(0.05, 0.05), (0.95, 0.05), (0.95, 0.95), (0.05, 0.95)],
        "triangle": [(0.5, 0.04), (0.96, 0.95), (0.04, 0.95)],
        "diamond": [(0.5, 0.02), (0.85, 0.5), (0.5, 0.98), (0.15, 0.5)],
        "arrow": [(0.02, 0.38), (0.6, 0.38), (0.6, 0.15), (0.98, 0.5), (0.6, 0.85), (0.6, 0.62), (0.02, 0.62)],
        "cross": [
            (0.37, 0.05), (0.63, 0.05), (0.63, 0.37), (0.95, 0.37), (0.95, 0.63), (0.63, 0.63),
            (0.63, 0.95), (0.37, 0.95), (0.37, 0.63), (0.05, 0.63), (0.05, 0.37), (0.37, 0.37),
        ],
        "star": [
            (0.5 + reach * np.sin(turn), 0.5 - reach * np.cos(turn))
            for index in range(10)
            for reach, turn in [((0.48, 0.2)[index % 2], index * np.pi / 5)]
        ],
    }[shape]  # fmt: skip
    cv2.fillPoly(mask, [np.round(np.asarray(corners) * side).astype(np.int32)], 255, cv2.LINE_AA)
