"""Reading the benchmarks' own JSON files strictly.

For: every reader. In: a file of a benchmark. Out: checked Python values. Every fault is an
`InputError` of one sentence that names the file and the entry.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from blip2idc.data import json_files
from blip2idc.data.json_files import describe
from blip2idc.data.links import check_read
from blip2idc.errors import InputError


def find_file(source: Path, names: Sequence[str], what: str) -> Path:
    """The first of `names` that exists under `source`.

    Raises:
        InputError: none of them is there.
    """
    found = find_optional(source, names)
    if found is None:
        raise InputError(f"{source} holds no {what}: expected {' or '.join(names)} in it")
    return found


def find_optional(source: Path, names: Iterable[str]) -> Path | None:
    """The first of `names` that exists under `source`, or None."""
    return next((source / name for name in names if _is_there(source / name)), None)


def _is_there(path: Path) -> bool:
    """Whether there is something, a link that leads nowhere included: what is read of it then says so."""
    try:
        return os.path.lexists(path)
    except ValueError:  # a NUL in the name
        return False


def require_folder(source: Path) -> Path:
    """The source itself, which must be a folder."""
    if not source.is_dir():
        state = "a file" if source.exists() else "missing"
        raise InputError(f"{source} is {state}, expected the folder of the benchmark's official files")
    return source


def read_text(path: Path) -> str:
    """The text of a UTF-8 file (a byte order mark is skipped) inside the source."""
    check_read(path)
    return json_files.read_text(path, InputError)


def read_json(path: Path) -> Any:
    """The value of a JSON file inside the source; a fault names the line."""
    check_read(path)
    return json_files.read_json(path, InputError)


def read_list(path: Path) -> list[Any]:
    """The list in a JSON file."""
    value = read_json(path)
    if not isinstance(value, list):
        raise InputError(f"{path} holds {describe(value)}, expected a list of entries")
    return value


def read_mapping(path: Path) -> dict[str, Any]:
    """The object in a JSON file."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path} holds {describe(value)}, expected an object")
    return value


def entries(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(`file, entry N`, entry) for every object in a JSON list; entries count from 1."""
    for number, entry in enumerate(read_list(path), start=1):
        where = f"{path}, entry {number}"
        if not isinstance(entry, dict):
            raise InputError(f"{where} is {describe(entry)}, expected an object")
        yield where, entry


def require(entry: Mapping[str, Any], key: str, where: str) -> Any:
    """The value under a key that must be there."""
    if key not in entry:
        raise InputError(f"{where} has no {key!r}; its keys are {', '.join(map(repr, entry)) or 'none'}")
    return entry[key]


def as_text(value: Any, where: str, what: str) -> str:
    """A string that can be written as UTF-8."""
    if not isinstance(value, str):
        raise InputError(f"{where}: {what} is {describe(value)}, expected a string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{where}: {what} holds half of a surrogate pair at character {error.start}"
        ) from error
    return value


def as_texts(value: Any, where: str, what: str) -> tuple[str, ...]:
    """A list of strings."""
    if not isinstance(value, list):
        raise InputError(f"{where}: {what} is {describe(value)}, expected a list of strings")
    return tuple(as_text(text, where, f"{what}[{index}]") for index, text in enumerate(value))


def as_id(value: Any, where: str, what: str = "the id") -> str:
    """An id: a string that is not blank, or an integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    text = as_text(value, where, what).strip()
    if not text:
        raise InputError(f"{where}: {what} is blank")
    return text


def as_index(value: Any, where: str, size: int) -> int:
    """An integer from 0 to size - 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < size:
        raise InputError(f"{where}: index {value!r}, expected an integer from 0 to {size - 1}")
    return value


def as_file_name(value: Any, where: str, what: str) -> str:
    """A relative file name that stays inside its folder."""
    name = as_text(value, where, what)
    path = PurePosixPath(name)
    if not name.strip() or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise InputError(
            f"{where}: {what} is {name!r}, expected a relative file name that stays inside the folder"
        )
    return name


def as_box(value: Any, where: str, what: str) -> tuple[float, float, float, float] | None:
    """A box [x, y, width, height] in pixels, or None."""
    if value is None:
        return None
    numbers = isinstance(value, list) and len(value) == 4
    if not numbers or any(isinstance(v, bool) or not isinstance(v, int | float) for v in value):
        raise InputError(f"{where}: {what} is {value!r}, expected [x, y, width, height] or null")
    x, y, width, height = value  # compared before they become floats, which integers may be too large for
    if not (x >= 0 and y >= 0 and width > 0 and height > 0 and max(x, y, width, height) < 1e6):
        raise InputError(f"{where}: {what} is {value!r}, expected x, y >= 0 and a positive width and height")
    return float(x), float(y), float(width), float(height)


def is_share(value: Any) -> bool:
    """Whether it is a number from 0 to 1."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def without_zeros(text: str) -> str:
    """A number without its leading zeros, so that `000256` and `256` are one; other text as it is.

    >>> without_zeros("000256"), without_zeros("000"), without_zeros("0a")
    ('256', '0', '0a')
    """
    return (text.lstrip("0") or "0") if text.isascii() and text.isdigit() else text
