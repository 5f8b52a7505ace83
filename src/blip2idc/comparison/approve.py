"""Approving: new images become the references.

In: a comparison and what is approved. Out: the same comparison with those entries marked; then, when asked for, files.
All are copied beside their places before the first one is renamed, so that a full disk changes nothing.
"""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from blip2idc.comparison.outcome import Comparison, Entry
from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.files import atomic_path

_APPROVABLE = ("changed", "added")


def mark_approved(comparison: Comparison, patterns: Sequence[str]) -> Comparison:
    """Mark the changed and added entries that are meant; nothing is written yet.

    Args:
        comparison: What was found.
        patterns: Names, or globs of names.

    Raises:
        ConfigError: A pattern names no changed or added file, or the new image is of another format than the reference.
    """
    entries = []
    used: set[str] = set()
    for entry in comparison.entries:
        mine = {
            pattern
            for pattern in patterns
            if entry.name == pattern or fnmatch.fnmatchcase(entry.name, pattern)
        }
        approved = bool(mine) and entry.status in _APPROVABLE
        if approved:
            used |= mine
            _check_suffix(entry)
        entries.append(replace(entry, approved=approved))
    missed = [pattern for pattern in patterns if pattern not in used and pattern != "*"]
    if missed:
        known = [entry.name for entry in comparison.entries if entry.status in _APPROVABLE]
        raise ConfigError(
            f"--approve {missed[0]}: no changed or added file has this name; expected one of: "
            f"{', '.join(known) or 'none, as nothing changed'}"
        )
    return replace(comparison, entries=tuple(entries))


def copy_approved(comparison: Comparison) -> list[Path]:
    """Copy the new images of the marked entries over the references; a link is replaced, not written through.

    Returns:
        The references that were written.

    Raises:
        InputError: One of them cannot be written; then none was.
    """
    approved = [entry for entry in comparison.entries if entry.approved]
    targets = [_target(comparison, entry) for entry in approved]
    with ExitStack() as pending:
        for entry, target in zip(approved, targets, strict=True):
            source = entry.files[1]
            assert source is not None
            partial = pending.enter_context(atomic_path(target))
            try:
                shutil.copyfile(source, partial)
            except OSError as error:
                raise InputError(
                    f"{target}: cannot be written ({error.strerror}); no reference was changed"
                ) from None
    return targets


def _target(comparison: Comparison, entry: Entry) -> Path:
    """The reference of an entry: its own file, or the place of the new one's name in the first folder."""
    reference, new = entry.files
    if reference is not None:
        return reference
    assert new is not None
    return comparison.before / new.relative_to(comparison.after)


def _check_suffix(entry: Entry) -> None:
    reference, new = entry.files
    if reference and new and reference.suffix.lower() != new.suffix.lower():
        raise ConfigError(
            f"--approve {entry.name}: the reference is {reference.name} and the new image {new.name}; "
            "expected the same suffix, convert one of them"
        )
