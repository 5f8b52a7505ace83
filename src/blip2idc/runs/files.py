"""Files that appear whole or not at all: temporary names, renamed at the end."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from blip2idc.errors import InputError

PARTIAL_MARK = ".partial-"


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`, for a file or a folder; rename it to `path` when the block ends well.

    A reader, or a run after SIGKILL, sees the old content or the new, never half of it. The suffix is kept, so that
    writers which look at it choose the same format. What a killed run leaves is found by `discard_partials`.

    Raises:
        InputError: The parent folder cannot be made, or a folder is in the way of a file or the reverse.
    """
    target = Path(path)
    partial = target.with_name(f".{target.stem}{PARTIAL_MARK}{secrets.token_hex(4)}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{target.parent}: cannot make this folder for the output ({error.strerror})"
        ) from None
    try:
        yield partial
        _move_into_place(partial, target)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


def _move_into_place(partial: Path, target: Path) -> None:
    """Rename; a folder that is in the way of a folder is briefly absent between two renames, never half written."""
    if partial.is_dir() and target.is_dir():
        old = target.with_name(f".{target.name}{PARTIAL_MARK}{secrets.token_hex(4)}")
        os.replace(target, old)
        os.replace(partial, target)
        shutil.rmtree(old)
        return
    try:
        os.replace(partial, target)
    except (IsADirectoryError, NotADirectoryError):
        expected = "folder" if partial.is_dir() else "file"
        raise InputError(
            f"{target}: cannot be replaced by the output; expected a {expected} or a free name"
        ) from None


@contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a handle whose content appears at `path` when the block ends well, and not at all otherwise.

    Args:
        path: Where the file shall be; parent folders are made.
        mode: ``"w"`` for UTF-8 text with newlines as written, ``"wb"`` for bytes.

    Raises:
        InputError: The file cannot be written.
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode is {mode!r}; expected 'w' or 'wb'")
    # a file name may hold bytes that are no UTF-8: half characters, written as JSON escapes them
    text = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""} if mode == "w" else {}
    with atomic_path(path) as partial:
        try:
            handle = open(partial, mode, **text)  # type: ignore[call-overload]  # noqa: SIM115 - closed below
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None
        with handle:
            yield handle


def discard_partials(folder: str | os.PathLike[str]) -> None:
    """Remove from `folder` (not below it) the temporary files that a killed run left."""
    for leftover in Path(folder).glob(f".*{PARTIAL_MARK}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)
