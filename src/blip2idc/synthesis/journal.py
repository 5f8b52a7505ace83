"""The journal of a synthesis run: an append-only file of what is done, so that nothing is done twice.

In: entries, each a JSON object with a `kind` and a `key`. Out: on the next run, the last entry of each key. An entry
is written whole before the next begins; a line that a killed run left half written is cut off. One process writes.
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
        self._entries: dict[tuple[str, str], Entry] = {}
        kept = self._read()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = path.open("ab")
        self._handle.truncate(kept)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.close()

    def get(self, kind: str, key: str) -> Entry | None:
        """The last entry of that kind and key."""
        return self._entries.get((kind, key))

    def add(self, entries: Iterable[Entry]) -> None:
        """Write entries, all in one go, and make sure that they are on the disk."""
        text = ""
        for entry in entries:
            self._entries[entry["kind"], entry["key"]] = entry
            text += json.dumps(entry, ensure_ascii=False) + "\n"
        self._handle.write(text.encode())
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def _read(self) -> int:
        """Take in the entries of the file; returns how many of its bytes are whole lines."""
        content = self.path.read_bytes() if self.path.is_file() else b""
        kept = content.rfind(b"\n") + 1
        for number, line in enumerate(content[:kept].splitlines(), start=1):
            try:
                entry = json.loads(line)
                self._entries[entry["kind"], entry["key"]] = entry
            except (ValueError, KeyError, TypeError):
                raise InputError(
                    f"{self.path}, line {number}: is not an entry of a journal; remove the data set and make it again"
                ) from None
        return kept
