"""METEOR's tables in one file of the user's cache folder, mapped into memory: made once, opened in milliseconds.

In: `Sources`. Out: `Tables`. The file's name holds the hash of what it was made of, so that other data, or another
form of the tables, make another file. It appears whole or not at all (`atomic_path`), whatever number of processes
make it at once; one that is damaged is made again; where the folder cannot be written the tables live in a temporary
file, which is said.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np

from blip2idc.errors import InputError
from blip2idc.evaluation.metrics.meteor.sources import Sources
from blip2idc.evaluation.metrics.meteor.tables import Array, Tables, compile_tables
from blip2idc.runs.files import PARTIAL_MARK, atomic_path, cache_folder

FORM = 1  # rises whenever the arrays, or what they mean, change
_MAGIC = b"blip2idc METEOR tables\n"
_ALIGNMENT = 64
_SUMMED = 1 << 20  # bytes that share a checksum
_ABANDONED = 3600.0  # seconds after which a file that is being written is nobody's any more
Report = Callable[[float], None]


class _DamagedError(Exception):
    """A cache file is not what was written."""


def load_tables(
    sources: Sources, folder: Path | None = None, report: Report | None = None
) -> tuple[Tables, str | None]:
    """METEOR's tables, from the cache or into it.

    Args:
        sources: METEOR's files.
        folder: of the cache; default: this package's in the user's cache folder.
        report: is told the share of the work that is done, where there is any.

    Returns:
        The tables, and where they could not be kept one sentence why.

    Raises:
        ConfigError: METEOR's files are damaged.
    """
    fingerprint = f"{sources.fingerprint}-{FORM}"
    path = (folder or cache_folder()) / f"meteor-{fingerprint}.tables"
    known = _open_if_whole(path, fingerprint)
    if known is not None:
        return known, None
    tables = compile_tables(sources, report or (lambda share: None))
    blob, header = _layout(tables.to_arrays(), fingerprint)
    try:
        with atomic_path(path) as partial, partial.open("wb") as file:
            _write(file, header, blob)
            file.flush()
            os.fsync(file.fileno())
        _discard_old_partials(path.parent)
        return _open(path, fingerprint), None
    except (OSError, InputError, _DamagedError) as error:
        note = (
            f"METEOR's tables could not be kept in {path.parent} ({error}), so that each run makes them anew "
            "for about twenty seconds; set XDG_CACHE_HOME to a folder that can be written."
        )
        return _in_temporary_file(header, blob, fingerprint) or tables, note


def _in_temporary_file(header: bytes, blob: list[Array], fingerprint: str) -> Tables | None:
    """The tables mapped from a file that is gone with the process, so that they need no memory; None if that fails."""
    try:
        with tempfile.TemporaryFile() as file:
            _write(file, header, blob)
            file.flush()
            return _map(np.memmap(file, dtype=np.uint8, mode="r"), fingerprint)
    except (OSError, ValueError, _DamagedError):
        return None


def _layout(arrays: Mapping[str, Array], fingerprint: str) -> tuple[list[Array], bytes]:
    """The arrays as bytes, padded, and the header that says where each begins."""
    parts, known, offset = list[Array](), dict[str, Any](), 0
    for name, array in arrays.items():
        flat = np.ascontiguousarray(array).view(np.uint8).ravel()
        known[name] = {"type": array.dtype.str, "shape": array.shape, "offset": offset}
        padding = -len(flat) % _ALIGNMENT
        parts += [flat, np.zeros(padding, dtype=np.uint8)]
        offset += len(flat) + padding
    whole = np.concatenate([*parts, np.zeros(-offset % _SUMMED, dtype=np.uint8)])
    text = json.dumps({"fingerprint": fingerprint, "arrays": known, "sums": _sums(whole)}).encode()
    header = b"%s%08x %08x\n%s" % (_MAGIC, len(text), zlib.crc32(text), text)
    return [whole], header + b"\n" * (-len(header) % _ALIGNMENT)


def _sums(whole: Array) -> list[int]:
    """Sum of the 8-byte words of each MiB: found in ten milliseconds for all, and any byte changes one."""
    words = whole.view(np.uint64).reshape(-1, _SUMMED // 8)
    return [int(value) for value in words.sum(axis=1, dtype=np.uint64)]


def _write(file: IO[bytes], header: bytes, blob: list[Array]) -> None:
    file.write(header)
    for part in blob:
        file.write(part.data)


def _open_if_whole(path: Path, fingerprint: str) -> Tables | None:
    try:
        return _open(path, fingerprint)
    except (OSError, _DamagedError):
        return None


def _discard_old_partials(folder: Path) -> None:
    """Remove what killed processes left; what is younger may still be written by another one."""
    for path in folder.glob(f".meteor-*{PARTIAL_MARK}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink()


def _open(path: Path, fingerprint: str) -> Tables:
    """The tables of a file.

    Raises:
        OSError: there is none, or it cannot be read.
        _DamagedError: it is not what was written.
    """
    try:
        return _map(np.memmap(path, dtype=np.uint8, mode="r"), fingerprint)
    except ValueError as error:  # an empty file cannot be mapped
        raise _DamagedError(str(error)) from None


def _map(content: Array, fingerprint: str) -> Tables:
    """The tables in the bytes of a file, none of them copied."""
    start = len(_MAGIC)
    try:
        if content[:start].tobytes() != _MAGIC:
            raise _DamagedError("it does not begin like a file of METEOR's tables")
        length, check = (int(word, 16) for word in content[start : start + 18].tobytes().split())
        text = content[start + 18 : start + 18 + length].tobytes()
        if zlib.crc32(text) != check:
            raise _DamagedError("its header is damaged")
        header = json.loads(text)
        begin = start + 18 + length
        whole = content[begin + -begin % _ALIGNMENT :]
        if header["fingerprint"] != fingerprint or len(whole) % _SUMMED or _sums(whole) != header["sums"]:
            raise _DamagedError("its content is damaged")
        return Tables(**{name: _view(whole, place) for name, place in header["arrays"].items()})
    except (ValueError, KeyError, TypeError) as error:
        raise _DamagedError(str(error)) from None


def _view(whole: Array, place: dict[str, Any]) -> Array:
    """One array."""
    kind = np.dtype(place["type"])
    stop = place["offset"] + int(np.prod(place["shape"])) * kind.itemsize
    array: Array = np.asarray(whole[place["offset"] : stop]).view(kind).reshape(place["shape"])
    return array
