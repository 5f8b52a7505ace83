"""Files that appear whole or not at all: temporary names, renamed at the end."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from blip2idc.errors import InputError, WriteError
from blip2idc.regular_files import open_regular

PARTIAL_MARK = ".partial-"
_ATTEMPTS = 100  # to replace a folder that others replace at the same time
_OPEN_ALREADY = (
    "/dev/fd/",
    "/dev/stdout",
    "/dev/stderr",
    "/proc/",
)  # where a file behind it is not replaced either
#: Characters of a file's name in its temporary name, which must not become longer than the 255 bytes of file systems.
LONGEST_PART = 30


def check_model_name(output: Path) -> None:
    """Refuse a folder for a model whose name the libraries that write weights cannot take.

    Raises:
        InputError: Its name holds bytes that are no UTF-8.
    """
    try:
        os.fspath(output.absolute()).encode()
    except UnicodeEncodeError:
        raise InputError(
            f"output {output}: the name is not UTF-8 text, which files of weights need; choose another"
        ) from None


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`, for a file or a folder; rename it to `path` when the block ends well.

    A reader, or a run after SIGKILL, sees the old content or the new, never half of it. The suffix is kept, so that
    writers which look at it choose the same format. What a killed run leaves is found by `discard_partials`.

    Raises:
        InputError: The name is that of a folder, a device or a pipe, the parent folder cannot be made, a folder is in
            the way of a file or the reverse, or the disk is full, read-only or failing; what was there before is kept.
    """
    target = Path(path)
    if not target.name:
        raise InputError(
            f"output '{target}': is the name of a folder alone; expected one for the output itself"
        )
    if is_special(target):
        raise InputError(
            f"{target}: is a device or a pipe, which is not replaced; expected a file or a free name"
        )
    suffix = target.suffix if len(target.suffix) <= LONGEST_PART else ""
    partial = target.with_name(f".{target.stem[:LONGEST_PART]}{PARTIAL_MARK}{secrets.token_hex(4)}{suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{target.parent}: cannot make this folder for the output ({error.strerror})"
        ) from None
    try:
        yield partial
        _move_into_place(partial, target)
    except Exception as error:
        reason = write_fault(error, partial)
        if reason is None:
            raise
        raise WriteError(
            f"{target}: cannot be written ({reason}); nothing of it was written, and what was there before is kept",
            str(target),
            reason,
        ) from error
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # a read-only disk says so even of a file that is not there
                partial.unlink(missing_ok=True)


_WRITE_FAULTS = frozenset(
    number
    for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO", "EACCES", "EPERM", "ENAMETOOLONG")
    if (number := getattr(errno, name, None)) is not None
)


def write_fault(error: Exception, partial: Path) -> str | None:
    """Why a file or folder could not be written; None where the error is about something else.

    The libraries that write weights are not Python's own, and tell the system's error in their text alone.
    """
    if isinstance(error, WriteError):  # a part of what is being written, whose name nobody has heard of
        return error.reason if error.path.startswith(str(partial)) else None
    if isinstance(error, OSError):
        names = [
            str(name) for name in (error.filename, error.filename2) if name is not None
        ]  # copies have two
        if any(name.startswith(str(partial)) for name in names):
            return error.strerror or str(error)
        return None if names or error.errno not in _WRITE_FAULTS else error.strerror
    told = re.search(r"os error (\d+)|\[Errno (\d+)\]", str(error))
    if told is None or isinstance(error, InputError):
        return None
    number = int(told[1] or told[2])
    return os.strerror(number) if number in _WRITE_FAULTS else None


def _move_into_place(partial: Path, target: Path) -> None:
    """Rename; a folder that is in the way of a folder is briefly absent between two renames, never half written."""
    try:
        if partial.is_dir():
            _replace_folder(partial, target)
        else:
            os.replace(partial, target)
    except (IsADirectoryError, NotADirectoryError):
        expected = "folder" if partial.is_dir() else "file"
        raise InputError(
            f"{target}: cannot be replaced by the output; expected a {expected} or a free name"
        ) from None


def is_special(path: str | os.PathLike[str]) -> bool:
    """Whether a name stands for a device, a pipe or a socket, which a file must not take the place of."""
    if os.path.abspath(path).startswith(_OPEN_ALREADY):
        return True
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _replace_folder(partial: Path, target: Path) -> None:
    """Put a folder in another's place, whoever else is doing the same; the last one stays."""
    for attempt in range(_ATTEMPTS):
        old = target.with_name(f".{target.stem[:LONGEST_PART]}{PARTIAL_MARK}{secrets.token_hex(4)}")
        if target.is_dir():
            with contextlib.suppress(FileNotFoundError):  # another process has just taken it away
                os.replace(target, old)
        try:
            os.replace(partial, target)
        except OSError as error:
            with contextlib.suppress(
                OSError
            ):  # what was there before, unless another process has put its own there
                os.replace(old, target)
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt + 1 == _ATTEMPTS:
                raise
        else:
            return
        finally:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _written_straight(path: Path, options: dict[str, Any]) -> Iterator[IO[Any]]:
    """A handle on a device or a pipe: `/dev/stdout`, or what `>(command)` of a shell reads."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0))
        os.set_blocking(number, True)  # only the opening of a pipe that nobody reads must not wait
        with open(number, **options) as handle:
            yield handle
    except OSError as error:
        if error.filename not in (None, path, str(path)):
            raise
        raise WriteError(
            f"{path}: cannot be written ({error.strerror or error})", str(path), error.strerror or str(error)
        ) from None


@contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a handle whose content appears at `path` when the block ends well, and not at all otherwise.

    Args:
        path: Where the file shall be; parent folders are made. A device or a pipe is written to as it is.
        mode: ``"w"`` for UTF-8 text with newlines as written, ``"wb"`` for bytes.

    Raises:
        InputError: The file cannot be written.
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode is {mode!r}; expected 'w' or 'wb'")
    # a file name may hold bytes that are no UTF-8: half characters, written as JSON escapes them
    text = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""} if mode == "w" else {}
    if is_special(path):
        with _written_straight(Path(path), {"mode": mode, **text}) as handle:
            yield handle
        return
    with atomic_path(path) as partial, open(partial, mode, **text) as handle:  # type: ignore[call-overload]
        yield handle


def file_digest(path: str | os.PathLike[str], max_bytes: int | None = None) -> str:
    """SHA-256 of a regular file's bytes, in hexadecimal.

    Args:
        path: Links are followed.
        max_bytes: Larger files are refused unread; None for no limit.

    Raises:
        OSError: It cannot be read, is no regular file, or is too large.
    """
    with open_regular(path, max_bytes) as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def discard_partials(folder: str | os.PathLike[str]) -> None:
    """Remove from `folder` (not below it) the temporary files that a killed run left."""
    for leftover in Path(folder).glob(f".*{PARTIAL_MARK}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)


def cache_folder() -> Path:
    """This package's folder in the user's cache folder: `$XDG_CACHE_HOME`, or what the system has for it."""
    chosen = os.environ.get("XDG_CACHE_HOME")
    if chosen:
        return Path(chosen) / "blip2idc"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "blip2idc"
    try:
        home = Path.home()
    except RuntimeError:
        return Path(tempfile.gettempdir()) / "blip2idc"
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "blip2idc"
