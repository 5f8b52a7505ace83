"""Reads files of edit instructions: TXT, JSONL, JSON, CSV.

In: a path. Out: `Row`s in the order of the file, each with the number of its line or entry. `instructions` makes
instructions for images of them.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import parse, parse_lines
from blip2idc.errors import InputError
from blip2idc.regular_files import read_regular

#: Columns and keys a row may have; `name` is another word for `file_name`.
KEYS = ("instruction", "caption", "file_name", "name", "before_caption", "after_caption")


@dataclass(frozen=True)
class Row:
    """One instruction of a file.

    Attributes:
        instruction: What to edit, as it stands there.
        caption: What is then said of the pair; None where the file does not say.
        name: The image it is for; None for every image.
        before_caption: What the image shows; None where the file does not say.
        after_caption: What it shall show; None where the file does not say.
    """

    instruction: str
    caption: str | None = None
    name: str | None = None
    before_caption: str | None = None
    after_caption: str | None = None


def read_rows(path: Path) -> tuple[list[Row], str]:
    """The rows of a file of instructions.

    Args:
        path: `.txt` with an instruction a line, or the name of an image, a tab and an instruction; `.jsonl` with an
            object a line, `.json` with a list of objects, `.csv` with a header; keys and columns are `KEYS`, of which
            `instruction` is required. Empty lines are skipped.

    Returns:
        The rows, at least one, and the SHA-256 of the file's bytes as hex.

    Raises:
        InputError: The file cannot be read or is of no such kind, a row lacks its instruction or has another key, or
            there is none; names the file and the line, for JSON the entry.
    """
    readers = {".txt": _of_text, ".jsonl": _of_json_lines, ".json": _of_json, ".csv": _of_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path}: the name ends in {path.suffix or 'nothing'!r}; expected a file of instructions named .txt,"
            " .jsonl, .json or .csv"
        )
    try:
        content = read_regular(path)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); expected a file of instructions"
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; expected a file of instructions") from None
    rows = list(reader(path, text))
    if not rows:
        raise InputError(f"{path}: holds no instruction; expected at least one")
    return rows, hashlib.sha256(content).hexdigest()


def _of_text(path: Path, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, tab, instruction = line.strip().partition("\t")
        if "\t" in instruction:
            raise InputError(
                f"{path}, line {number}: has several tabs; expected at most one, after a file name"
            )
        yield Row(instruction, name=name.strip()) if tab else Row(name)


def _of_json_lines(path: Path, text: str) -> Iterator[Row]:
    for number, values in parse_lines(text, str(path), InputError):
        yield _row(f"{path}, line {number}", values)


def _of_json(path: Path, text: str) -> Iterator[Row]:
    values = parse(text, str(path), InputError)
    if not isinstance(values, list):
        raise InputError(f"{path}: holds no list; expected a list of objects with an instruction each")
    for number, value in enumerate(values, 1):
        yield _row(f"{path}, entry {number}", value)


def _of_csv(path: Path, text: str) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if "instruction" not in (reader.fieldnames or ()):
            raise InputError(
                f"{path}, line 1: names no column 'instruction'; expected columns of {', '.join(KEYS)}"
            )
        for values in reader:
            where = f"{path}, line {reader.line_num}"
            if None in values or None in values.values():
                raise InputError(
                    f"{where}: has not as many cells as line 1 has columns; quote cells with commas"
                )
            yield _row(where, {key: value for key, value in values.items() if value != ""})
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: is not CSV ({error})") from None


def _row(where: str, values: Any) -> Row:
    if not isinstance(values, dict):
        raise InputError(f"{where}: is no object; expected one with an instruction")
    unknown = [key for key in values if key not in KEYS]
    if unknown:
        raise InputError(f"{where}: has the key {unknown[0]!r}; expected {', '.join(KEYS)}")
    instruction = _text(where, values, "instruction")
    if instruction is None:
        raise InputError(f"{where}: has no instruction; expected a sentence under this key")
    return Row(
        instruction,
        caption=_text(where, values, "caption"),
        name=_text(where, values, "file_name") or _text(where, values, "name"),
        before_caption=_text(where, values, "before_caption"),
        after_caption=_text(where, values, "after_caption"),
    )


def _text(where: str, values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{where}: {key} is {value!r}; expected text")
    return value.strip() or None if value is not None else None
