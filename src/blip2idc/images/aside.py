"""Large arrays laid aside in a temporary file, so that a pair of images takes no more memory than one that is decoded.

In: an array. Out: the same values, read from the file where they are looked at; an array that is small, or for which
the disk has no room, stays as it is. Who goes over one from strip to strip lets go of it in between (`let_go`): the
system then forgets the pages, and reads them again when they are wanted.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator

import numpy as np

LARGE = 100_000_000  # bytes: a picture of 33 megapixels
#: Values that are looked at in one go: bounds what work on arrays needs beside them.
STRIP_VALUES = 4_000_000


def laid_aside(values: np.ndarray) -> np.ndarray:
    """The same values, in a temporary file where they are large."""
    if values.nbytes < LARGE or _file_of(values) is not None:
        return values
    kept = empty_aside(values.shape, values.dtype)
    if _file_of(kept) is None:
        return values
    for strip in strips(kept):
        kept[strip] = values[strip]
    return kept


def empty_aside(shape: tuple[int, ...], dtype: np.dtype | type) -> np.ndarray:
    """An array to be filled, in a temporary file where it is large and the disk has room."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if size >= LARGE and hasattr(os, "posix_fallocate") and hasattr(mmap.mmap, "madvise"):
        try:
            with tempfile.TemporaryFile(prefix="blip2idc-") as file:
                os.posix_fallocate(
                    file.fileno(), 0, size
                )  # a write into a map of a full disk would kill the process
                return np.memmap(file, dtype, "r+", shape=shape)
        except OSError:
            pass
    return np.empty(shape, dtype)


def strips(*arrays: np.ndarray) -> Iterator[slice]:
    """Slices of rows that together are arrays of one shape [H, W, ...]; each is let go of when the next is wanted."""
    shape = arrays[0].shape
    step = max(1, STRIP_VALUES // max(1, int(np.prod(shape[1:], dtype=np.int64))))
    for top in range(0, shape[0], step):
        yield slice(top, min(shape[0], top + step))
        let_go(*arrays)


def let_go(*arrays: np.ndarray) -> None:
    """Keep what was read or written of arrays that were laid aside in their files alone."""
    for array in arrays:
        file = _file_of(array)
        if file is not None:
            file.madvise(mmap.MADV_DONTNEED)


def _file_of(array: np.ndarray) -> mmap.mmap | None:
    """What an array, a view of one, or a view of an image that is laid aside (`images.large`) is mapped to."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
        base = getattr(base, "packed", base)
    return base if isinstance(base, mmap.mmap) else None
