"""The hidden folder in which an unfinished data set keeps what it was begun with.

In: the folder of a data set and the settings of a run. Out: the folder made ready, or one sentence against it: it holds
something else, or was begun with other settings. `datasets` and `read_records` do not look into `STATE`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.files import PARTIAL_MARK, atomic_write, discard_partials

#: Folder of the settings and of what only an unfinished run needs; hidden, so that loaders of images skip it.
STATE = ".synthesis"

#: Files in it.
SETTINGS, JOURNAL, LOCK = "settings.json", "journal.jsonl", "lock"


def open_folder(
    folder: Path, settings: Mapping[str, Any], parts: tuple[str, ...] = (), *, changeable: bool = False
) -> None:
    """Makes the folder ready, and clears it of the temporary files of a killed run.

    Args:
        folder: Of the data set; made if missing, else empty or begun with the same settings.
        settings: What makes the data set what it is, in plain JSON values.
        parts: Folders below it in which temporary files may lie.
        changeable: Take the settings in the place of those it was begun with.

    Raises:
        ConfigError: It was begun with other settings, and something was done.
        InputError: It holds something else, or cannot be used.
    """
    file = folder / STATE / SETTINGS
    wanted = json.loads(json.dumps(settings))
    begun = file.is_file() and not _holds_nothing(folder)
    if begun:
        if not changeable:
            _refuse_other_settings(file, wanted)
    else:
        refuse_foreign(folder)
    for part in (folder, folder / STATE, *(folder / name for name in parts)):
        if part.is_dir():
            discard_partials(part)
    if changeable or not begun:
        with atomic_write(file) as handle:
            handle.write(json.dumps(wanted, indent=2) + "\n")


def refuse_foreign(folder: Path) -> None:
    """Refuses a place that holds something else than a data set of this program.

    Raises:
        InputError: It does.
    """
    if not folder.exists() or (folder / STATE / SETTINGS).is_file():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file; expected a folder, or a free name, for the data set")
    if not _holds_nothing(folder):
        raise InputError(f"{folder}: holds other files; expected an empty folder, or a free name")


def read_settings(folder: Path) -> dict[str, Any] | None:
    """What a data set was begun with; None where the folder was not begun by this program."""
    file = folder / STATE / SETTINGS
    return _read(file) if file.is_file() else None


def _holds_nothing(folder: Path) -> bool:
    """Whether a folder is empty, or holds no more than what a run leaves that ended before anything was done."""
    files = (path for path in folder.rglob("*") if not path.is_dir())
    return all(path.parent == folder / STATE and _tells_nothing(path) for path in files)


def _tells_nothing(file: Path) -> bool:
    """Whether a file of `STATE` is there before anything is done: settings by themselves, an empty journal."""
    if file.suffix == Path(JOURNAL).suffix:
        return file.stat().st_size == 0
    return PARTIAL_MARK in file.name or file.name in (LOCK, SETTINGS)


def _refuse_other_settings(file: Path, wanted: Mapping[str, Any]) -> None:
    found = _read(file)
    for key in dict.fromkeys([*wanted, *found]):
        if found.get(key) != wanted.get(key):
            raise ConfigError(
                f"{file.parent.parent}: was begun with {key} {_short(found.get(key))}, "
                f"not {_short(wanted.get(key))}; choose another folder, or the settings it was begun with"
            )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: cannot be read ({error}); remove the data set and make it again") from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: holds no settings; remove the data set and make it again")
    return content


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
