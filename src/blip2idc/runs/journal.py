"""The journal of a synthesis run: an append-only file of what is done, so that nothing is done twice.

In: entries, each a JSON object with a `kind` and a `key`. Out: on the next run, the last entry of each key. An entry
is written whole before the next begins; a line that a killed run left half written is cut off. One process writes. In
memory are the places of the entries alone, so that a journal of millions can be kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from blip2idc.errors import InputError

Entry = Mapping[str, Any]


class Journal:
    """An open journal.

    Args:
        path: Its file; made where it is missing.

    Raises:
        InputError: A line before the last one is no entry, so that the file is not a journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._places: dict[tuple[str, str], int] = {}  # where the line of an entry begins, in bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = path.open("a+b")
        try:
            self._end = self._find_entries()
        except BaseException:
            self._handle.close()
            raise
        self._handle.truncate(self._end)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()

    def get(self, kind: str, key: str) -> Entry | None:
        """The last entry of that kind and key."""
        place = self._places.get((kind, key))
        if place is None:
            return None
        self._handle.seek(place)
        entry: Entry = json.loads(self._handle.readline())
        return entry

    def add(self, entries: Iterable[Entry]) -> None:
        """Write entries, all in one go, and make sure that they are on the disk."""
        content = b""
        for entry in entries:
            self._places[entry["kind"], entry["key"]] = self._end + len(content)
            content += json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        self._handle.write(content)  # a file opened for appending writes at its end, wherever it was read
        self._handle.flush()
        os.fsync(self._handle.fileno())
        self._end += len(content)

    def _find_entries(self) -> int:
        """Note the places of all entries; returns how many bytes of the file are whole lines."""
        self._handle.seek(0)
        place = 0
        for number, line in enumerate(self._handle, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                entry = json.loads(line)
                self._places[entry["kind"], entry["key"]] = place
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{self.path}, line {number}: is not an entry of a journal; remove the data set and make it again"
                ) from None
            place += len(line)
        return place
