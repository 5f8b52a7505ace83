"""How every long job is stopped at any moment and goes on: a lock, what it was begun with, a journal of what is done.

In: the place of the output, and everything that decides its content. Out: an open `Journal` with the entries of an
earlier run of the same kind. A data set keeps its state in its hidden folder and is never begun twice in different
ways; a single file has its journal beside it, and a journal of another kind is thrown away.

    with resume_file(output.with_name("out.json.progress.jsonl"), settings, output) as journal:
        for item in items:
            if journal.get("done", item.key) is None:
                journal.add([{"kind": "done", "key": item.key, "result": work(item)}])
        write(output)
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from blip2idc.runs.folder import JOURNAL, LOCK, STATE, open_folder, refuse_foreign
from blip2idc.runs.journal import ForeignFileError, Journal
from blip2idc.runs.lock import only_run

BEGUN = "begun"


@contextlib.contextmanager
def resume_folder(
    folder: Path,
    settings: Mapping[str, Any] | None,
    parts: tuple[str, ...] = (),
    *,
    journal_name: str = JOURNAL,
    changeable: Callable[[], bool] = lambda: False,
) -> Iterator[Journal]:
    """The journal of a data set, while no other process writes into its folder.

    Args:
        folder: Of the data set.
        settings: What it is begun with; None for whatever it was begun with.
        parts: Folders below it in which temporary files may lie.
        journal_name: Of the journal, in the hidden folder.
        changeable: Asked whether the settings may still take the place of those it was begun with.

    Raises:
        ConfigError: It was begun with other settings.
        InputError: Another run is at it; it holds something else, or cannot be written.
    """
    if settings is not None:
        refuse_foreign(folder)  # before the lock puts a file there
    with only_run(folder / STATE / LOCK, folder):
        if settings is not None:
            open_folder(folder, settings, parts, changeable=changeable())
        with Journal(folder / STATE / journal_name) as journal:
            yield journal


@contextlib.contextmanager
def resume_file(
    path: Path, settings: Mapping[str, Any], output: Path, *, keep: bool = False
) -> Iterator[Journal]:
    """The journal of an output, while no other process writes it.

    Args:
        path: File of the journal.
        settings: Everything that decides the output, in plain JSON values; the entries of a run with others go.
        output: What is written, for the sentence.
        keep: Leave the journal when the output is done, for outputs that are finished again.

    Raises:
        InputError: Another run is at it, or its folder cannot be written.
    """
    lock = path.with_name(f".{path.name.lstrip('.')}.lock")
    plain = json.loads(json.dumps(settings))
    with only_run(lock, output, remove=True), _begun(path, plain) as journal:
        yield journal
        if not keep:
            journal.remove()


def _begun(path: Path, settings: Mapping[str, Any]) -> Journal:
    """The journal, emptied where it tells of a run with other settings, or is none."""
    try:
        journal = Journal(path)
    except ForeignFileError:
        path.unlink()
        journal = Journal(path)
    begun = journal.get(BEGUN, "")
    if begun is None or begun["settings"] != settings:
        journal.clear()
        journal.add([{"kind": BEGUN, "key": "", "settings": settings}])
    return journal
