"""Anybody's own table of pairs: CSV, TSV, JSON lines, Parquet, Arrow, or a data set of the Hugging Face hub.

In: a file (or a folder of tables, or a hub id) and the names of its columns (`TableColumns`). Out: one item a pair;
rows of one pair are merged, their captions being its references. Image columns hold file names, relative to the table
or to `images`, or images themselves. Hub data sets need the extra `datasets`; they are loaded without running any code
of theirs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import describe
from blip2idc.data.readers.benchmark import (
    SPLIT_NAMES,
    BenchmarkItem,
    ImageContent,
    ReadOptions,
    TableColumns,
    Tally,
    pair_record,
    select_captions,
)
from blip2idc.data.readers.files.source import as_file_name, as_id, as_text, read_text
from blip2idc.data.readers.files.tables import Row, extension, read_rows
from blip2idc.errors import ConfigError, InputError, MissingExtraError

_DELIMITED = {".csv": ",", ".tsv": "\t"}


@dataclass
class _Pair:
    """What the rows of one pair say."""

    where: str
    split: str
    images: tuple[ImageContent, ImageContent]
    captions: list[str] = field(default_factory=list)


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read a table.

    Raises:
        ConfigError: the columns were not named.
        InputError: no table, a column that is not there, or a row without an image or an id.
        MissingExtraError: Parquet, Arrow or a hub data set without the extra.
    """
    columns = options.columns
    if columns is None:
        raise ConfigError("import table: say --before COLUMN, --after COLUMN and --caption COLUMN")
    pairs: dict[tuple[str, str], _Pair] = {}
    checked: set[Path] = set()
    for row in _rows(source, columns):
        if row.folder not in checked:  # a column that is missing is missing from every row
            checked.add(row.folder)
            _check_columns(row, columns)
        for split in tally.attempt(_split, row, columns):
            if options.wants(split):
                tally.attempt(_merge, pairs, row, split, columns)
    for number, ((_, name), pair) in enumerate(pairs.items()):
        yield from tally.attempt(_item, name if columns.id else f"{number:06d}", number, pair, options, tally)


def is_hub_id(source: Path) -> bool:
    """Whether this can only be meant as a data set of the hub: `owner/name`, and no such file."""
    return not source.exists() and not source.is_absolute() and len(source.parts) == 2 and not source.suffix


def _rows(source: Path, columns: TableColumns) -> Iterator[Row]:
    if is_hub_id(source):
        yield from _hub_rows(source.as_posix(), columns)
    elif source.suffix.lower() in _DELIMITED and source.is_file():
        yield from _delimited(source)
    else:
        yield from read_rows(source, columns.names)


def _delimited(path: Path) -> Iterator[Row]:
    text = read_text(path)
    first = text.partition("\n")[0]
    delimiter = _DELIMITED[path.suffix.lower()]
    if delimiter == "," and first.count(";") > first.count(","):
        delimiter = ";"  # as spreadsheets write it where the comma is the decimal mark
    # not splitlines: a caption may hold a line end of Unicode's
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    split = _named_split(path)
    try:
        for values in reader:
            yield Row(f"{path}, line {reader.line_num}", split, path.parent, values)
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}") from None


def _named_split(path: Path) -> str:
    return SPLIT_NAMES.get(path.stem.lower(), "train")


def _hub_rows(name: str, columns: TableColumns) -> Iterator[Row]:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError("datasets", f"loading {name} from the hub") from error
    try:
        found: Any = datasets.load_dataset(name)
    except Exception as error:  # whatever the hub, the network or the files give
        raise InputError(f"{name}: cannot be loaded from the hub ({' '.join(str(error).split())})") from None
    for split_name, part in found.items():
        for column in (columns.before, columns.after):
            if isinstance(part.features.get(column), datasets.Image):
                part = part.cast_column(column, datasets.Image(decode=False))
        split = SPLIT_NAMES.get(split_name.lower(), "train")
        for number, values in enumerate(part, start=1):
            yield Row(f"{name}, {split_name}, row {number}", split, Path(), values)


def _check_columns(row: Row, columns: TableColumns) -> None:
    for name in columns.names:
        if name not in row.values:
            there = ", ".join(repr(key) for key in row.values if isinstance(key, str))
            raise InputError(f"{row.where}: there is no column {name!r}; the columns are {there}")


def _split(row: Row, columns: TableColumns) -> str:
    if columns.split is None:
        return row.split
    name = str(row.get(columns.split)).strip().lower()
    if name not in SPLIT_NAMES:
        raise InputError(
            f"{row.where}: {columns.split} is {row.get(columns.split)!r}, expected train, val or test"
        )
    return SPLIT_NAMES[name]


def _merge(pairs: dict[tuple[str, str], _Pair], row: Row, split: str, columns: TableColumns) -> None:
    """Add a row to its pair: the pair of the same id, or of the same two files where no id is given."""
    images = _image(row, columns.before, columns), _image(row, columns.after, columns)
    captions = [text for name in columns.captions for text in _captions(row, name)]
    if columns.id is not None:
        key = as_id(row.get(columns.id), row.where, columns.id)
    elif all(isinstance(image, Path) for image in images):
        key = "\0".join(str(image) for image in images)
    else:
        key = f"row {len(pairs)}"
    pair = pairs.setdefault((split, key), _Pair(row.where, split, images))
    if pair.images != images:
        raise InputError(f"{row.where}: id {key!r} has other images than in {pair.where}")
    pair.captions.extend(captions)


def _image(row: Row, column: str, columns: TableColumns) -> ImageContent:
    value = row.get(column)
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, bytes) and value:
        return value
    root = columns.images or row.folder
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{row.where}: {column} holds {describe(value)}, expected an image or its file name")
    path = Path(value)
    if path.is_absolute() and path.is_relative_to(root.absolute()):
        return path
    return root / as_file_name(value, row.where, column)


def _captions(row: Row, column: str) -> Sequence[str]:
    value = row.get(column)
    if value is None:
        return [""]
    if isinstance(value, list):
        return [as_text(text, row.where, column).strip() for text in value]
    return [as_text(value, row.where, column).strip()]


def _item(name: str, number: int, pair: _Pair, options: ReadOptions, tally: Tally) -> BenchmarkItem:
    before, after = pair.images
    names = (f"images/{number:06d}_before{extension(before)}", f"images/{number:06d}_after{extension(after)}")
    captions = select_captions(tuple(dict.fromkeys(pair.captions)), options, tally)
    record = pair_record(name, names, captions, "table")
    return BenchmarkItem(pair.split, record, {names[0]: before, names[1]: after})
