"""Joint images that were made before, so that a pair is opened, decoded and resized once and not every epoch.

In: the number of a pair and its joint image. Out: the same image again. They lie in a file without a name, which the
processes that open images share and which is gone with the last of them, however they end; what is read has a check
sum, so that an image half written is made anew.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from blip2idc.images.joint import JointLayout

_GB = 10**9
_CHECK_BYTES = 8


class JointCache:
    """Joint images of the first pairs of a data set.

    Args:
        folder: In which the file lies; it takes space as images are put into it.
        count: Pairs that it has room for.
        size: (height, width) of a joint image.
    """

    def __init__(self, folder: Path, count: int, size: tuple[int, int]) -> None:
        self.count = count
        self._shape = (*size, 3)
        self._bytes = size[0] * size[1] * 3
        self._file: IO[bytes] | None = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - open as long as we are

    @classmethod
    def within(cls, folder: Path, gigabytes: float, pairs: int, layout: JointLayout) -> JointCache | None:
        """A cache for as many of the pairs as fit; None where none do.

        Args:
            folder: In which the file lies.
            gigabytes: That it may take.
            pairs: Of the data set.
            layout: Of the joint images.
        """
        each = layout.height * layout.width * 3 + _CHECK_BYTES
        count = min(pairs, int(gigabytes * _GB) // each)
        usable = count and hasattr(os, "pread")  # not on Windows
        return cls(folder, count, (layout.height, layout.width)) if usable else None

    def get(self, index: int) -> npt.NDArray[np.uint8] | None:
        """The joint image of a pair, uint8 [H, W, 3]; None where it has not been put here."""
        if self._file is None or index >= self.count:
            return None
        size = self._bytes + _CHECK_BYTES
        found = os.pread(self._file.fileno(), size, index * size)
        content, check = found[: self._bytes], found[self._bytes :]
        if len(found) < size or check != _check_of(content):
            return None
        return np.frombuffer(content, dtype=np.uint8).reshape(self._shape)

    def put(self, index: int, joint: npt.NDArray[np.uint8]) -> None:
        """Keep the joint image of a pair, where there is room for it; a full disk only ends the keeping.

        Args:
            index: Of the pair.
            joint: uint8 [H, W, 3].
        """
        if self._file is None or index >= self.count:
            return
        content = np.ascontiguousarray(joint, dtype=np.uint8).tobytes()
        try:
            os.pwrite(self._file.fileno(), content + _check_of(content), index * (self._bytes + _CHECK_BYTES))
        except OSError:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        file = getattr(self, "_file", None)  # None where it could not be opened
        if file is not None:
            file.close()

    def __getstate__(self) -> dict[str, Any]:
        """A process that is started afresh, and shares no open files, opens its images itself."""
        return {**vars(self), "_file": None}


def _check_of(content: bytes) -> bytes:
    """The check sum, and 1: where nothing has been written yet there are zeros."""
    return zlib.crc32(content).to_bytes(4, "little") + (1).to_bytes(4, "little")
