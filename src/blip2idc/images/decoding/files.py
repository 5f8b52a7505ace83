"""Read the bytes of an image file that may be anything, with sentences about images."""

from __future__ import annotations

from pathlib import Path

from blip2idc.errors import ImageError
from blip2idc.regular_files import IrregularFileError, LargeFileError, path_is_folder
from blip2idc.regular_files import read_regular as read_bytes


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
        return read_bytes(path, max_bytes)
    except FileNotFoundError:
        raise ImageError(f"{name}: no such file; expected an image") from None
    except LargeFileError as error:
        raise ImageError(
            f"{name}: has {error.size:,} bytes, more than the limit of {max_bytes:,}; make it smaller or raise "
            "--max-pixels (max_pixels), which this limit is eight times of"
        ) from None
    except IrregularFileError as error:
        expected = "an image file" if path_is_folder(path) else "a regular file with an image"
        raise ImageError(f"{name}: {error.strerror}; expected {expected}") from None
    except OSError as error:
        reason = error.strerror or error
        raise ImageError(f"{name}: cannot be read ({reason}); check the path and its permissions") from None
