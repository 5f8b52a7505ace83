"""Birds-to-Words (Forbes et al., EMNLP 2019, arXiv 1909.04341): what tells two birds apart.

In: `birds-to-words-v1.0.tsv` (columns `img1ImgURL`, `img2ImgURL`, `split`, `description`, ...), images in `images/`
under the number in their iNaturalist address (`12345.jpg`), since the set hands out addresses only. Out: one item
a pair of images, the descriptions of its annotators being its captions. Nothing changed here: the pair shows two
birds, and `change` stays empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from blip2idc.data.readers.benchmark import (
    SPLIT_NAMES,
    BenchmarkItem,
    ReadOptions,
    Tally,
    pair_record,
    select_captions,
)
from blip2idc.data.readers.files.source import as_text, read_text, require_folder
from blip2idc.errors import InputError

_COLUMNS = ("img1ImgURL", "img2ImgURL", "split", "description")


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read Birds-to-Words.

    Raises:
        InputError: no table, or a line without its columns.
    """
    path = next(iter(sorted(require_folder(source).glob("*.tsv"))), None)
    if path is None:
        raise InputError(f"{source} holds no birds-to-words-v1.0.tsv")
    merged: dict[tuple[str, str, str], list[str]] = {}
    for where, row in _rows(path):
        split = SPLIT_NAMES.get(row["split"])
        if split is None:
            raise InputError(f"{where}: split is {row['split']!r}, expected train, val or test")
        key = (split, photo_number(row["img1ImgURL"], where), photo_number(row["img2ImgURL"], where))
        merged.setdefault(key, []).append(as_text(row["description"], where, "description").strip())
    for (split, before, after), texts in merged.items():
        if not options.wants(split):
            continue
        names = (f"images/{before}.jpg", f"images/{after}.jpg")
        captions = select_captions(tuple(texts), options, tally)
        record = pair_record(f"{before}_{after}", names, captions, "birds-to-words")
        yield BenchmarkItem(split, record, {name: source / name for name in names})


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    # not splitlines: a description may hold a line end of Unicode's
    lines = io.StringIO(read_text(path), newline="")
    reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(f"{path}: column {missing[0]!r} is missing from the first line")
    for row in _read(reader, path):
        where = f"{path}, line {reader.line_num}"
        if any(row[name] is None for name in _COLUMNS):
            raise InputError(f"{where} has too few columns, expected {len(reader.fieldnames or ())}")
        yield where, row


def _read(reader: csv.DictReader[str], path: Path) -> Iterator[dict[str, str]]:
    """The rows; the module's own errors, such as a field of more than 131,072 characters, as a sentence."""
    try:
        yield from reader
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: is no table ({error})") from None


def photo_number(url: str, where: str) -> str:
    """The number of a photograph in its iNaturalist address.

    >>> photo_number("https://static.example.org/photos/1234/large.jpg?1545", "line 2")
    '1234'
    """
    parts = urlsplit(url).path.split("/")
    number = next((part for part in reversed(parts) if part.isascii() and part.isdigit()), None)
    if number is None:
        raise InputError(f"{where}: image address {url!r} holds no photo number")
    return number
