"""Two folders of images: which files belong together, and what is not compared.

In: two folders, or two files. Out: `FolderPairs`. Symbolic links are followed, each folder once on its own path; names
that are equal after Unicode normalisation, or after the mappings that were asked for, belong together.
"""

from __future__ import annotations

import fnmatch
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from blip2idc.errors import ConfigError, InputError, printable

#: Suffixes of images that Pillow reads with a plugin or not at all; such files are told, not left out.
IMAGE_LIKE = frozenset({
    ".heic", ".heif", ".hif", ".jxl", ".jxr", ".svg", ".svgz", ".exr", ".hdr", ".webp", ".avif", ".jp2", ".dng", ".cr2",
    ".cr3", ".nef", ".arw", ".orf", ".raf", ".rw2",
})  # fmt: skip


@dataclass(frozen=True)
class NameRules:
    """Which names count, and what they are called.

    Attributes:
        exclude: Globs of names that are left out, relative to the folder; one without a slash holds in every folder.
        mappings: (regular expression, replacement): applied to the names of both folders in turn before they are
            paired, so that ``x-actual.png`` meets ``x-expected.png``.
    """

    exclude: tuple[str, ...] = ()
    mappings: tuple[tuple[str, str], ...] = ()

    def excludes(self, name: str) -> bool:
        """Whether a name is left out."""
        base = name.rpartition("/")[2]
        return any(
            fnmatch.fnmatchcase(name, glob) or ("/" not in glob and fnmatch.fnmatchcase(base, glob))
            for glob in self.exclude
        )

    def key(self, name: str) -> str:
        """What a file is called for pairing and in reports."""
        key = unicodedata.normalize("NFC", name)
        for pattern, replacement in self.mappings:
            key = re.sub(pattern, replacement, key)
        return key


@dataclass(frozen=True)
class FolderPairs:
    """The image files of two folders by their names, sorted.

    Attributes:
        before: The first folder, or file.
        after: The second.
        files: By name: the file of each folder that has it.
        left_out: How many files were not compared, by suffix, hidden or excluded.
        notes: What else is to be told.
    """

    before: Path
    after: Path
    files: Mapping[str, tuple[Path | None, Path | None]]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def common(self) -> tuple[str, ...]:
        """In both folders."""
        return tuple(name for name, pair in self.files.items() if None not in pair)

    @property
    def added(self) -> tuple[str, ...]:
        """Only in the second folder."""
        return tuple(name for name, pair in self.files.items() if pair[0] is None)

    @property
    def removed(self) -> tuple[str, ...]:
        """Only in the first folder."""
        return tuple(name for name, pair in self.files.items() if pair[1] is None)

    def paths(self, name: str) -> tuple[Path, Path]:
        """Where the two files of a common name are."""
        before, after = self.files[name]
        assert before is not None
        assert after is not None
        return before, after


def pair_folders(before: Path, after: Path, rules: NameRules | None = None) -> FolderPairs:
    """Find what belongs together.

    Args:
        before: The first folder; or a file, if the second is one too.
        after: The second.
        rules: Which names count.

    Raises:
        InputError: One of the two is no folder, neither holds an image, or two files of a folder get one name.
    """
    rules = rules or NameRules()
    if before.is_file() and after.is_file():
        return FolderPairs(before, after, {after.name: (before, after)})
    for path, other in ((before, after), (after, before)):
        if path.is_file() and other.is_dir():
            raise InputError(f"{path}: is a file and {other} is a folder; expected two folders or two files")
    left_out: Counter[str] = Counter()
    notes: list[str] = []
    names = [_names(folder, rules, left_out, notes) for folder in (before, after)]
    both_forms = {key for side in names for key, count in Counter(map(rules.key, side)).items() if count > 1}
    first, second = (
        _keyed(folder, side, rules, both_forms) for folder, side in zip((before, after), names, strict=True)
    )
    if not first and not second:
        raise InputError(f"{before} and {after}: neither folder holds an image file; check the two paths")
    files = {key: (first.get(key), second.get(key)) for key in sorted({*first, *second})}
    return FolderPairs(before, after, files, dict(sorted(left_out.items())), tuple(notes))


def parse_mapping(text: str) -> tuple[str, str]:
    """Read ``REGEX=REPLACEMENT``; the last ``=`` parts them.

    >>> parse_mapping("-(actual|chromium-linux)=")
    ('-(actual|chromium-linux)', '')

    Raises:
        ConfigError: There is no ``=``, or the regular expression or the replacement is none.
    """
    pattern, equals, replacement = text.rpartition("=")
    if not equals or not pattern:
        raise ConfigError(f"--name-map is {text!r}; expected REGEX=REPLACEMENT, such as '-actual=-expected'")
    try:
        re.sub(f"(?:{pattern})|", replacement, "")  # the empty match makes the replacement be read
    except (re.error, IndexError) as error:
        raise ConfigError(f"--name-map is {text!r}; expected REGEX=REPLACEMENT ({error})") from None
    return pattern, replacement


def _names(folder: Path, rules: NameRules, left_out: Counter[str], notes: list[str]) -> list[str]:
    """The names of one folder that take part."""
    return [name for name in _image_names(folder, left_out, notes) if not _is_left_out(name, rules, left_out)]


def _keyed(folder: Path, names: list[str], rules: NameRules, both_forms: set[str]) -> dict[str, Path]:
    """The files of one folder by what they are called; where a folder holds both forms of a name, by the name."""
    keyed: dict[str, str] = {}
    for name in sorted(names):
        key = rules.key(name)
        if key in both_forms and not rules.mappings:
            key = name
        if key in keyed:
            raise InputError(
                f"{folder}: {keyed[key]} and {name} both become {key}; "
                "expected names that stay different, check --name-map"
            )
        keyed[key] = name
    return {key: folder / name for key, name in keyed.items()}


def _is_left_out(name: str, rules: NameRules, left_out: Counter[str]) -> bool:
    excluded = rules.excludes(unicodedata.normalize("NFC", name))
    if excluded:
        left_out["excluded"] += 1
    return excluded


def _image_names(folder: Path, left_out: Counter[str], notes: list[str]) -> Iterator[str]:
    """Names of the image files below a folder, relative to it, with forward slashes.

    Raises:
        InputError: There is no such folder, or it cannot be listed.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected a folder of images, or two image files")
    suffixes = {*Image.registered_extensions(), *IMAGE_LIKE}
    for parent, files in _walk(folder, (), notes):
        for name in files:
            suffix = os.path.splitext(name)[1].lower()
            if name.startswith("."):
                left_out["hidden"] += 1
            elif suffix in suffixes:
                yield Path(parent, name).relative_to(folder).as_posix()
            else:
                left_out[printable(suffix) or "no suffix"] += 1


def _walk(
    folder: Path, above: tuple[tuple[int, int], ...], notes: list[str]
) -> Iterator[tuple[Path, list[str]]]:
    """Folders with the names of their files; a link back to a folder above is told and not followed."""
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(
            f"{error.filename}: cannot be listed ({error.strerror}); check its permissions"
        ) from None
    here = (status.st_dev, status.st_ino)
    if here in above:
        notes.append(f"{folder}: links back to a folder that holds it; not followed")
        return
    yield folder, [entry.name for entry in entries if not _is_folder(entry)]
    for entry in entries:
        if _is_folder(entry) and not entry.name.startswith("."):
            yield from _walk(folder / entry.name, (*above, here), notes)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is one; a link that leads in circles or where nobody may look is a file that cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def left_out_in_words(left_out: Mapping[str, int]) -> str:
    """What was not compared, in one sentence; empty where there is nothing.

    >>> left_out_in_words({".md": 1, "hidden": 2})
    '3 other files were not compared (1 .md, 2 hidden)'
    """
    total = sum(left_out.values())
    if not total:
        return ""
    parts = ", ".join(f"{count} {what}" for what, count in left_out.items())
    return f"{total} other file{'s were' if total != 1 else ' was'} not compared ({parts})"
