"""Two folders of images: which files belong together."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from blip2idc.errors import InputError


@dataclass(frozen=True)
class FolderPairs:
    """The image files of two folders by their names relative to the folder, with forward slashes, sorted.

    Attributes:
        common: In both.
        added: Only in the second folder.
        removed: Only in the first.
    """

    before: Path
    after: Path
    common: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def paths(self, name: str) -> tuple[Path, Path]:
        """Where the two files of a name are."""
        return self.before / name, self.after / name


def pair_folders(before: Path, after: Path) -> FolderPairs:
    """Find what belongs together.

    Files whose suffix is that of no image format, and hidden files, are not looked at.

    Raises:
        InputError: One of the two is not a folder, or neither holds an image.
    """
    first, second = set(image_names(before)), set(image_names(after))
    if not first | second:
        raise InputError(f"{before} and {after}: neither folder holds an image file; check the two paths")
    return FolderPairs(
        before, after, _sorted(first & second), _sorted(second - first), _sorted(first - second)
    )


def image_names(folder: Path) -> list[str]:
    """Names of the image files below a folder, relative to it, with forward slashes.

    Raises:
        InputError: There is no such folder, or it cannot be listed.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected a folder of images")
    suffixes = Image.registered_extensions()
    names = []
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes:
                names.append(Path(parent, name).relative_to(folder).as_posix())
    return names


def _sorted(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _refuse(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be listed ({error.strerror}); check its permissions")
