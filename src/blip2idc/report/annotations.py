"""A comparison as annotations of GitHub Actions.

In: a `Comparison`. Out: one workflow command a file that is not the same, which GitHub shows beside the file and in the
summary of the run. https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from pathlib import Path

from blip2idc.comparison.outcome import Comparison, Entry
from blip2idc.comparison.words import entry_message
from blip2idc.errors import printable

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def github_annotations(comparison: Comparison, root: Path | None = None) -> list[str]:
    """One line for each entry that is not the same, errors first; a notice for those whose differences passed.

    Args:
        comparison: What to tell.
        root: The folder that paths are told relative to; the working directory by default.
    """
    told = [entry for entry in comparison.entries if entry.status != "same" or entry.pixels_differ]
    told.sort(key=lambda entry: ("error", "changed", "added", "removed", "same").index(entry.status))
    return [_annotation(entry, (root or Path.cwd()).resolve()) for entry in told]


def _annotation(entry: Entry, root: Path) -> str:
    level = "notice" if entry.status == "same" or entry.approved else "error"
    file = entry.files[1] or entry.files[0]
    path = _relative(file, root) if file else entry.name
    title = f"{entry.status}: {entry.name}"
    return f"::{level} file={_escaped(path, _PROPERTY)},title={_escaped(title, _PROPERTY)}::" + _escaped(
        entry_message(entry), _DATA
    )


def _relative(path: Path, root: Path) -> str:
    """With forward slashes, relative where that is below the root."""
    whole = Path(os.path.abspath(path))
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.as_posix()


def _escaped(text: str, table: dict[str, str]) -> str:
    return printable("".join(table.get(letter, letter) for letter in text))
