"""Rows of the data sets that live on the Hugging Face hub, from a local copy.

In: a folder (or one file) with `*.parquet` (as downloaded), `*.arrow` (`save_to_disk`), or `metadata.jsonl`,
`*.jsonl`, `*.json` with image files beside it. Out: rows, each with the split its file name or folder tells,
and images as bytes or as paths. Parquet and Arrow need the extra `datasets` (pyarrow); JSON needs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import describe, parse_lines
from blip2idc.data.links import check_read
from blip2idc.data.readers.benchmark import SPLIT_NAMES, ImageContent
from blip2idc.data.readers.files.source import as_file_name, entries, read_text, require
from blip2idc.errors import InputError, MissingExtraError

#: Of a column of Parquet: bytes unpacked below which nothing is refused, and how many times the packed ones above it.
_UNPACKED, _RATIO = 64 << 20, 50
#: Numbers of fields, and of a kind, in Arrow's Message.fbs.
_HEADER_TYPE, _HEADER, _DATA, _COMPRESSION, _DICTIONARY = 1, 2, 1, 3, 2
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
    check_read(path)
    try:
        if path.suffix == ".arrow":
            with pyarrow.memory_map(str(path)) as mapped:
                _refuse_compressed(path, pyarrow.ipc.MessageReader.open_stream(mapped))
            batches = iter(pyarrow.ipc.open_stream(pyarrow.memory_map(str(path))))
        else:
            table = pyarrow.parquet.ParquetFile(path)
            there = [name for name in columns if name in table.schema_arrow.names]
            _refuse_swelling(path, table.metadata, there)
            batches = table.iter_batches(batch_size=_BATCH, columns=there)
        for batch in batches:
            yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError, struct.error) as error:
        sentence = " ".join(str(error).split())
        raise InputError(f"{path} is damaged or no {path.suffix[1:]} file ({sentence})") from error


def _refuse_swelling(path: Path, metadata: Any, columns: Sequence[str]) -> None:
    """Refuse a Parquet file some kilobytes of which unpack to gigabytes; images and captions do not shrink so much.

    Raises:
        InputError: It is one.
    """
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            part = metadata.row_group(group).column(number)
            unpacked, packed = part.total_uncompressed_size, max(1, part.total_compressed_size)
            if part.path_in_schema.split(".")[0] in columns and unpacked > max(_UNPACKED, _RATIO * packed):
                raise InputError(
                    f"{path}: {packed:,} bytes of column {part.path_in_schema} unpack to {unpacked:,}; expected"
                    f" images and texts, which shrink to no less than a {_RATIO}th"
                )


def _refuse_compressed(path: Path, messages: Any) -> None:
    """Refuse an Arrow stream of compressed batches: `save_to_disk` writes none, and nothing bounds what they hold.

    Raises:
        InputError: It is one.
    """
    for message in messages:
        if message.type in ("record batch", "dictionary") and _is_compressed(message.metadata.to_pybytes()):
            raise InputError(
                f"{path}: its batches are compressed, which save_to_disk does not do; save it anew"
            )


def _is_compressed(metadata: bytes) -> bool:
    """Whether the FlatBuffers table of a message (Message.fbs, Arrow 1.0 and later) names a compression of its body."""

    def follow(at: int, number: int) -> int | None:
        """Where a field of the table at a place lies; None where it is absent."""
        names = at - struct.unpack_from("<i", metadata, at)[0]
        (size,) = struct.unpack_from("<H", metadata, names)
        place = 4 + 2 * number
        offset = struct.unpack_from("<H", metadata, names + place)[0] if place < size else 0
        return at + offset if offset else None

    def inner(at: int | None) -> int | None:
        return None if at is None else at + int(struct.unpack_from("<I", metadata, at)[0])

    root = inner(0)
    assert root is not None
    kind, batch = follow(root, _HEADER_TYPE), inner(follow(root, _HEADER))
    if batch is not None and kind is not None and metadata[kind] == _DICTIONARY:
        batch = inner(follow(batch, _DATA))
    return batch is not None and follow(batch, _COMPRESSION) is not None
