"""Simple features of images: enough to find a look-alike, computed without a neural network.

In: paths of images. Out: for `baselines`, one vector a pair; for the audit, hashes and thumbnails of every
image, by which duplicates are found. NumPy and Pillow only.

Shape letters: `N` pairs, `I` images, `D` numbers of a pair's vector.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blip2idc.evaluation.metrics.ngrams import Ints
from blip2idc.images.pair import MAX_PIXELS, open_image

_GRID = 16  # cells a side of the difference image
_COLOURS = 4  # cells a side of the colour layout
_STRONG = 0.1  # mean difference (of 1) from which pairs count as equally different
_THUMBNAIL = 16  # pixels a side of the grey thumbnail that confirms a hash
_NEAREST_BLOCK = 256  # test pairs compared at once

Vectors = NDArray[np.float32]


def pair_features(paths: Sequence[tuple[Path, Path]], max_pixels: int = MAX_PIXELS) -> Vectors:
    """`[N, D]` vectors of pairs: where and how strongly they differ, in which colour, and what they look like.

    Four blocks of unit length each: the absolute grey difference on a 16 x 16 grid, the signed colour difference on
    the same grid, the colours of the image before on a 4 x 4 grid, and how strong the difference is. A pair without
    any difference has zeros in the first two.

    Raises:
        ImageError: an image is missing or damaged.
    """
    # a distractor shares its image before with the pair beside it
    read = lru_cache(maxsize=4)(partial(_small, max_pixels=max_pixels))
    rows = [_pair_vector(read(before), read(after)) for before, after in paths]
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def _small(path: Path, max_pixels: int) -> NDArray[np.float32]:
    """`[16, 16, 3]` an image in 0..1, averaged."""
    image = open_image(path, max_pixels=max_pixels).resize((_GRID, _GRID), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32) / 255.0


def _pair_vector(before: NDArray[np.float32], after: NDArray[np.float32]) -> Vectors:
    signed = after - before
    cells = _GRID // _COLOURS
    colours = before.reshape(_COLOURS, cells, _COLOURS, cells, 3).mean(axis=(1, 3))
    blocks = (np.abs(signed).mean(axis=2), signed, colours - colours.mean())
    # Strength as an angle: 0 for no difference, a right angle from a tenth of the range on.
    angle = np.pi / 2 * min(1.0, float(np.abs(signed).mean()) / _STRONG)
    strength = np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)
    return np.concatenate([*(_unit(block.ravel()) for block in blocks), strength])


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 1e-6 else np.zeros_like(vector)


def nearest_pairs(train: Vectors, test: Vectors) -> Ints:
    """`[test]` index of the training pair with the largest dot product; the first of equals."""
    found = [
        np.argmax(test[start : start + _NEAREST_BLOCK] @ train.T, axis=1)
        for start in range(0, len(test), _NEAREST_BLOCK)
    ]
    return np.concatenate(found).astype(np.int64) if found else np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class ImageFingerprints:
    """What tells images apart, for many images.

    Attributes:
        names: `I` names, as the user knows them.
        digests: `I` SHA-256 sums of the decoded pixels and the size: equal for the same picture in another file
        format. hashes: `[I]` 64-bit difference hashes: a bit says whether a cell is brighter than its left
        neighbour. thumbnails: `[I, 256]` grey values of a 16 x 16 thumbnail.
    """

    names: tuple[str, ...]
    digests: tuple[str, ...]
    hashes: NDArray[np.uint64]
    thumbnails: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.names)


def image_fingerprints(images: Iterable[tuple[str, Path]], max_pixels: int = MAX_PIXELS) -> ImageFingerprints:
    """Prints of (name, path) pairs.

    Raises:
        ImageError: an image is missing or damaged.
    """
    names, digests, hashes, thumbnails = [], [], [], []
    for name, path in images:
        image = open_image(path, max_pixels=max_pixels)
        names.append(name)
        digests.append(hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest())
        grey = image.convert("L")
        hashes.append(difference_hash(grey))
        small = grey.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX)
        thumbnails.append(np.asarray(small, dtype=np.int16).ravel())
    stacked = np.stack(thumbnails) if thumbnails else np.zeros((0, _THUMBNAIL**2), np.int16)
    return ImageFingerprints(tuple(names), tuple(digests), np.array(hashes, dtype=np.uint64), stacked)


def difference_hash(grey: Image.Image) -> int:
    """64-bit difference hash of a grey image.

    >>> hex(difference_hash(Image.linear_gradient("L").rotate(90)))
    '0xffffffffffffffff'
    """
    cells = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = (cells[:, 1:] > cells[:, :-1]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
