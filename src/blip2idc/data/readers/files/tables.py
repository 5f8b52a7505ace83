"""Rows of the data sets that live on the Hugging Face hub, from a local copy.

In: a folder (or one file) with `*.parquet` (as downloaded), `*.arrow` (`save_to_disk`), or `metadata.jsonl`,
`*.jsonl`, `*.json` with image files beside it. Out: rows, each with the split its file name or folder tells,
and images as bytes or as paths. Parquet and Arrow need the extra `datasets` (pyarrow); JSON needs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import describe, parse_lines
from blip2idc.data.readers.benchmark import SPLIT_NAMES, ImageContent
from blip2idc.data.readers.files.source import as_file_name, entries, read_text, require
from blip2idc.errors import InputError, MissingExtraError

_BATCH = 64  # rows a time: each may hold two images
_SUFFIXES = (".parquet", ".arrow", ".jsonl", ".json")
_MAGIC = ((b"\x89PNG", ".png"), (b"\xff\xd8", ".jpg"), (b"RIFF", ".webp"), (b"GIF8", ".gif"), (b"BM", ".bmp"))


@dataclass(frozen=True)
class Row:
    """One row of a table: where it stands, the split of its file, and its values."""

    where: str
    split: str
    folder: Path
    values: Mapping[str, Any]

    def get(self, key: str) -> Any:
        """The value of a column that must be there."""
        return require(self.values, key, self.where)

    def image(self, key: str) -> ImageContent:
        """The content of an image column: its bytes, or the path of its file.

        Raises:
            InputError: the value is neither.
        """
        value = self.get(key)
        if isinstance(value, Mapping):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, bytes) and value:
            return value
        if isinstance(value, str):
            return self.folder / as_file_name(value, self.where, f"column {key!r}")
        raise InputError(
            f"{self.where}: column {key!r} holds {describe(value)}, expected an image as bytes or a file name"
        )


def extension(content: ImageContent) -> str:
    """The file name extension that fits an image's content; `.png` where it cannot be told."""
    if isinstance(content, Path):
        return content.suffix.lower() or ".png"
    return next((suffix for magic, suffix in _MAGIC if content.startswith(magic)), ".png")


def read_rows(source: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Every row of every table under `source`, file by file in the order of their names.

    Args:
        source: a folder or one file.
        columns: columns to read from Parquet files, where they are there; JSON rows come whole.

    Raises:
        InputError: no table, or a damaged one.
        MissingExtraError: Parquet or Arrow without pyarrow.
    """
    files = _table_files(source)
    if not files:
        raise InputError(
            f"{source} holds no table: expected *.parquet, *.arrow, or metadata.jsonl with image files beside it"
        )
    for path in files:
        split = _split_of(path, source)
        for number, values in enumerate(_rows_of(path, columns), start=1):
            yield Row(f"{path}, row {number}", split, path.parent, values)


def _table_files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    for suffix in _SUFFIXES:  # one kind of table only: the same rows may be there in several
        files = sorted(p for p in source.rglob(f"*{suffix}") if _is_table(p))
        if files:
            return files
    return []


def _is_table(path: Path) -> bool:
    """Neither a hidden file nor the side files of `save_to_disk` and of the hub."""
    side_files = {"dataset_info.json", "state.json", "dataset_dict.json", "dataset_infos.json"}
    return path.is_file() and not path.name.startswith((".", "cache-")) and path.name not in side_files


def _split_of(path: Path, source: Path) -> str:
    """The split by the file's name (`train-00000-of-00051.parquet`) or the folders it lies in."""
    names = [path.stem.split("-")[0], path.stem.split("_")[0]]
    if source.is_dir():
        names += reversed(path.relative_to(source).parts[:-1])
    return next((SPLIT_NAMES[name.lower()] for name in names if name.lower() in SPLIT_NAMES), "train")


def _rows_of(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    if path.suffix == ".jsonl":
        yield from _json_lines(path)
    elif path.suffix == ".json":
        yield from (entry for _, entry in entries(path))
    elif path.suffix in (".parquet", ".arrow"):
        yield from _arrow_rows(path, columns)
    else:
        raise InputError(f"{path} is no table, expected one of {', '.join(_SUFFIXES)}")


def _json_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, value in parse_lines(read_text(path), str(path), InputError):
        if not isinstance(value, dict):
            raise InputError(f"{path}, line {number} is {describe(value)}, expected an object")
        yield value


def _arrow_rows(path: Path, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("datasets", f"reading {path.name}") from error
    try:
        if path.suffix == ".arrow":
            batches = iter(pyarrow.ipc.open_stream(path.read_bytes()))
        else:
            table = pyarrow.parquet.ParquetFile(path)
            there = [name for name in columns if name in table.schema_arrow.names]
            batches = table.iter_batches(batch_size=_BATCH, columns=there)
        for batch in batches:
            yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        sentence = " ".join(str(error).split())
        raise InputError(f"{path} is damaged or no {path.suffix[1:]} file ({sentence})") from error
