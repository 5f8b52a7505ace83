"""The journal of a long job: an append-only file of what is done, so that nothing is done twice.

In: entries, each a JSON object with a `kind` and a `key`. Out: on the next run, the last entry of each key. An entry
is written whole before the next begins; a line that a killed run, or a full disk, left half written is cut off. One
process writes (see `runs.resume`). In memory are the places of the entries alone, so that a journal of millions can be
kept.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from blip2idc.errors import InputError

Entry = Mapping[str, Any]

#: Between two waits for the disk, each of which takes longer than a caption.
SYNC_SECONDS = 1.0


class ForeignFileError(InputError):
    """What is there under a journal's name is none."""


class Journal:
    """An open journal.

    Args:
        path: Its file; made where it is missing.

    Raises:
        ForeignFileError: A line before the last one is no entry, so that the file is not a journal.
        InputError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = time.monotonic()
        self._places: dict[
            tuple[str, str], tuple[int, int]
        ] = {}  # where the line of an entry begins and ends
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = path.open("a+b", buffering=0)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
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

    def __len__(self) -> int:
        return len(self._places)

    def get(self, kind: str, key: str) -> Entry | None:
        """The last entry of that kind and key."""
        place = self._places.get((kind, key))
        if place is None:
            return None
        self._handle.seek(place[0])
        entry: Entry = json.loads(self._handle.read(place[1] - place[0]))
        return entry

    def add(self, entries: Iterable[Entry]) -> None:
        """Write entries, all in one go; a killed process loses none of them, a power failure the last second's.

        Raises:
            InputError: They cannot be written; what was written before is kept.
        """
        content = b""
        places = {}
        for entry in entries:
            line = (
                json.dumps(entry, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
                + b"\n"
            )
            start = self._end + len(content)
            places[entry["kind"], entry["key"]] = (start, start + len(line))
            content += line
        try:
            written = 0
            while written < len(
                content
            ):  # a file opened for appending writes at its end, wherever it was read
                written += self._handle.write(content[written:])
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._handle.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror or error}); what was done until now is kept,"
                " and the same command goes on from there"
            ) from None
        self._places.update(places)
        self._end += len(content)

    def remove(self) -> None:
        """Close and delete the file, when the output is done."""
        self._handle.close()
        self.path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all entries."""
        self._handle.truncate(0)
        self._places.clear()
        self._end = 0

    def _find_entries(self) -> int:
        """Note the places of all entries; returns how many bytes of the file are whole lines."""
        place = 0
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    entry = json.loads(line)
                    self._places[entry["kind"], entry["key"]] = (place, place + len(line))
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise ForeignFileError(
                        f"{self.path}, line {number}: is not an entry of a journal;"
                        " remove the data set and make it again"
                    ) from None
                place += len(line)
        return place
