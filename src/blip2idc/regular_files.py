"""Read files that may be anything: a pipe without a writer, a device without an end, 30 GB of holes.

In: a path and the most bytes that make sense. Out: the bytes; or the `OSError` of the system, or one whose text tells
what the file is. Everything that reads a file of somebody else's goes through here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

#: Bytes of a text at most: a manifest of ten million records.
LARGEST_TEXT = 2_000_000_000

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
# Opening a pipe waits for its writer unless told otherwise; Windows knows neither the flag nor such pipes.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_OPEN_ALREADY = ("/dev/fd/", "/dev/stdin", "/proc/")  # `<(command)` of a shell has its writer


class IrregularFileError(OSError):
    """It is no regular file."""


class LargeFileError(OSError):
    """It is larger than what was asked for.

    Attributes:
        size: In bytes, at least.
    """

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(errno.EFBIG, f"has {size:,} bytes, more than the limit of {limit:,}")
        self.size = size


def read_regular(path: str | os.PathLike[str], max_bytes: int = LARGEST_TEXT) -> bytes:
    """The bytes of a regular file, or of a pipe that the shell has opened.

    Args:
        path: Links are followed.
        max_bytes: Larger files are refused before anything is read.

    Raises:
        IrregularFileError: A folder, a named pipe, a device or a socket.
        LargeFileError: It is larger than `max_bytes`.
        OSError: It is missing or cannot be read.
    """
    with open_regular(path, max_bytes) as file:
        content: bytes = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise LargeFileError(len(content), max_bytes)
    return content


@contextmanager
def open_regular(path: str | os.PathLike[str], max_bytes: int | None = None) -> Iterator[BufferedReader]:
    """A handle on what `read_regular` reads, for files that are not wanted as a whole.

    Args:
        path: Links are followed.
        max_bytes: Larger files are refused; None for no limit.

    Raises:
        OSError: As `read_regular`.
    """
    with _opened(path) as file:
        state = os.fstat(file.fileno())
        if stat.S_ISFIFO(state.st_mode) and os.fspath(path).startswith(_OPEN_ALREADY):
            os.set_blocking(file.fileno(), True)
        else:
            _check_kind(state.st_mode)
        if max_bytes is not None and state.st_size > max_bytes:
            raise LargeFileError(state.st_size, max_bytes)
        yield file


def _opened(path: str | os.PathLike[str]) -> BufferedReader:
    try:
        return open(os.open(path, _FLAGS), "rb")
    except ValueError:  # a NUL in the name
        raise OSError(errno.EINVAL, "its name holds a zero byte") from None
    except IsADirectoryError:
        raise _folder() from None
    except PermissionError:
        if path_is_folder(path):  # Windows calls it a lack of permission
            raise _folder() from None
        raise


def path_is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder; False for a name that no file can have."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _folder() -> IrregularFileError:
    return IrregularFileError(errno.EISDIR, "is a folder")


def _check_kind(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise _folder()
    if not stat.S_ISREG(mode):
        kind = next((kind for test, kind in _KINDS if test(mode)), "not a file")
        raise IrregularFileError(errno.EINVAL, f"is {kind}")
