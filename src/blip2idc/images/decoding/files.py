"""Read the bytes of a file that may be anything: a pipe without a writer, a device without an end, 30 GB of holes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from blip2idc.errors import ImageError

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
# Opening a pipe waits for its writer unless told otherwise; Windows knows neither the flag nor such pipes.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: Path, max_bytes: int, name: str) -> bytes:
    """The bytes of a regular file.

    Args:
        path: Links are followed.
        max_bytes: Larger files are refused before anything is read.
        name: What to call the file in errors.

    Raises:
        ImageError: Missing, unreadable, a folder, a pipe, a device, or larger than `max_bytes`.
    """
    try:
        with open(os.open(path, _FLAGS), "rb") as file:
            state = os.fstat(file.fileno())
            _check_kind(state.st_mode, name)
            content = b"" if state.st_size > max_bytes else file.read(max_bytes + 1)
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file; expected an image") from None
    except IsADirectoryError:
        raise ImageError(f"{name}: is a folder; expected an image file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if path_is_folder(path):  # Windows calls it a lack of permission
            raise ImageError(f"{name}: is a folder; expected an image file") from None
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"{name}: cannot be read ({reason}); check the path and its permissions") from None
    size = max(state.st_size, len(content))
    if size > max_bytes:
        raise ImageError(
            f"{name}: has {size:,} bytes, more than the limit of {max_bytes:,}; make it smaller or raise "
            "--max-pixels (max_pixels), which this limit is eight times of"
        )
    return content


def path_is_folder(path: Path) -> bool:
    """Whether there is a folder; False for a name that no file can have."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _check_kind(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise ImageError(f"{name}: is a folder; expected an image file")
    kind = next((kind for test, kind in _KINDS if test(mode)), "not a file")
    raise ImageError(f"{name}: is {kind}; expected a regular file with an image")
