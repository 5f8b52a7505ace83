"""Files of somebody else's folder stay inside it, symbolic links resolved: images that are placed, texts that are read.

In: a file, and the folder that was handed over. Out: the file it really is, or an `InputError`. While a source is
imported (`reading_from`) every text and table of it is checked by the functions that read them (`check_read`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from blip2idc.errors import InputError

_SOURCE: ContextVar[Path | None] = ContextVar("source that is read", default=None)


def resolve_inside(file: Path, folder: Path) -> Path:
    """The file itself, which lies inside the folder.

    Raises:
        InputError: A link leads elsewhere, or round and round.
    """
    try:
        real, inside = file.resolve(), folder.resolve()
    except (OSError, RuntimeError) as error:  # a link to itself
        raise InputError(f"{file}: is a symbolic link that leads nowhere ({error})") from None
    if real != inside and inside not in real.parents:
        raise InputError(
            f"{file}: leads out of {folder} through a symbolic link; put the files there, or add --follow-links "
            "where you know the links"
        )
    return real


@contextmanager
def reading_from(source: Path, *, follow_links: bool) -> Iterator[None]:
    """What is read while the block lasts lies inside the source, unless links are followed; a single file is free."""
    before = _SOURCE.set(source if source.is_dir() and not follow_links else None)
    try:
        yield
    finally:
        _SOURCE.reset(before)


def check_read(file: Path) -> None:
    """Refuse a file that leads out of the source that is read.

    Raises:
        InputError: It does.
    """
    source = _SOURCE.get()
    if source is not None:
        try:
            resolve_inside(file, source)
        except ValueError:  # a NUL in the name, which reading tells
            return
