"""Pairs without a manifest: a table of file names, or a folder and what the names of its files look like.

In: a CSV or TSV file with the columns `before`, `after` and perhaps `id`; or a folder and two patterns. Out: a
`Manifest` without captions, for commands that say something of pairs. The names of a table may lead anywhere, as its
writer meant them; those that are relative are so to the table's folder.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blip2idc.data.json_files import read_text
from blip2idc.data.records import Manifest, PairRecord, read_records
from blip2idc.errors import ManifestError, shortened, utf8

TABLES = (".csv", ".tsv")
_COLUMNS = ("before", "after", "id")


@dataclass(frozen=True)
class PairList(Manifest):
    """Pairs of a table, whose images may lie outside of its folder."""

    def image_path(self, file_name: str) -> Path:
        """Path of an image."""
        return self.root / file_name


def read_pairs(path: Path, split: str | None = None, patterns: Sequence[str] | None = None) -> Manifest:
    """The pairs that `--data` names: a data set, a table, or with patterns a folder.

    Args:
        path: The data set, a `.csv` or `.tsv` file, or a folder.
        split: Of a data set.
        patterns: Of the files before and of those after, for a folder of pairs.

    Raises:
        ManifestError: It is none, or not as expected.
    """
    if patterns:
        return match_pairs(path, patterns)
    if path.suffix.lower() in TABLES:
        if split is not None:
            raise ManifestError(f"--split is {split!r}, and {path} is a table, which has none; leave it out")
        return read_pair_list(path)
    return read_records(path, split)


def read_pair_list(path: Path) -> PairList:
    """The pairs of a table; the first line names its columns, or is a pair already.

    A pair without an `id` is called by its number, from 1 on.

    Raises:
        ManifestError: It cannot be read, a row has no two names, or an id is there twice.
    """
    rows = list(_rows(path))
    header = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    named = bool({"before", "after"} & set(header))
    if named:
        _check_header(path, header)
    columns = [header.index(name) if name in header else None for name in _COLUMNS] if named else [0, 1, 2]
    records: dict[str, PairRecord] = {}
    for number, (line, cells) in enumerate(rows[1:] if named else rows, start=1):
        before, after, name = (
            cells[place].strip() if place is not None and place < len(cells) else "" for place in columns
        )
        where = f"{path}, line {line}"
        if not before or not after:
            raise ManifestError(
                f"{where}: {shortened(repr(cells), 200)}; expected the columns before, after[, id]"
            )
        record = PairRecord(name or str(number), before, after)
        if record.id in records:
            raise ManifestError(
                f"{where}: id {shortened(repr(record.id), 200)} is there already; ids are unique"
            )
        records[record.id] = record
    if not records:
        raise ManifestError(f"{path}: names no pairs; expected the columns before, after[, id]")
    return PairList(path.parent, tuple(records.values()))


def _check_header(path: Path, header: Sequence[str]) -> None:
    """Refuse a first line that names one of the columns alone, or one of them twice."""
    for name in _COLUMNS:
        count = header.count(name)
        if count > 1 or (count == 0 and name != "id"):
            there = "is there twice" if count else "is missing"
            raise ManifestError(f"{path}: column {name!r} {there}; expected the columns before, after[, id]")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row that is not empty."""
    text = read_text(path, ManifestError)
    first = text.partition("\n")[0]
    semicolons = ";" in first and "," not in first  # as spreadsheets write where the comma is in numbers
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ";" if semicolons else ","
    # not splitlines: a name may hold a line end of Unicode's
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ManifestError(f"{path}, line {reader.line_num}: is no table ({error})") from None


def match_pairs(folder: Path, patterns: Sequence[str]) -> Manifest:
    """The pairs of a folder by what the names of their files look like.

    Args:
        folder: Where they are; patterns may name folders in it: `before/*.png`.
        patterns: Of the files before and after. What `*` stands for is the same in both files of a pair, and its id.

    Raises:
        ManifestError: There are no two patterns with a `*`, or a file has no partner.
    """
    if len(set(patterns)) != 2 or len(patterns) != 2 or any("*" not in pattern for pattern in patterns):
        raise ManifestError(
            f"--pattern is given as {', '.join(map(repr, patterns))}; expected two, each with a * and not the same,"
            " such as --pattern '*_before.png' --pattern '*_after.png'"
        )
    if not folder.is_dir():
        raise ManifestError(f"{folder}: no such folder; expected one with pairs of images")
    befores, afters = (_matched(folder, pattern) for pattern in patterns)
    alone = sorted(befores.keys() ^ afters.keys())
    if alone:
        name = (befores | afters)[alone[0]]
        raise ManifestError(f"{folder}: {len(alone)} files have no partner, such as {name}; check --pattern")
    if not befores:
        raise ManifestError(f"{folder}: no file is called {patterns[0]!r}; check --pattern")
    records = (PairRecord(key, befores[key], afters[key]) for key in sorted(befores))
    return Manifest(folder, tuple(records))


def _matched(folder: Path, pattern: str) -> dict[str, str]:
    """Id -> name of each file that a pattern fits."""
    parts = [re.escape(part) for part in pattern.split("*")]
    shape = re.compile("([^/]*)".join(parts))
    found = {}
    try:
        paths = list(folder.glob(pattern))
    except (NotImplementedError, ValueError) as error:  # an absolute one, or ** beside other characters
        raise ManifestError(f"--pattern is {pattern!r}; expected names in {folder} ({error})") from None
    for path in paths:
        name = path.relative_to(folder).as_posix()
        fit = shape.fullmatch(name)
        if fit is not None and path.is_file():
            found[utf8("-".join(fit.groups()))] = name
    return found
