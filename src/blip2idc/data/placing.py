"""The one place that puts images into a data set that is being made from somebody else's files.

In: an image (a file, or bytes out of a table) and the name it shall have. Out: it lies there, a hard link or a copy.
Before anything is written the name is known to stay inside the folder and to be that of an image, the file to lie
inside its source, links resolved, and the content to be an image, decoded to its end. Names and contents come from
archives that nobody has looked at.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from blip2idc.data.links import resolve_inside
from blip2idc.data.records import FolderGuard
from blip2idc.errors import ImageError, InputError
from blip2idc.images.decoding.frames import read_size
from blip2idc.images.pair import MAX_PIXELS, check_image
from blip2idc.runs.files import atomic_path, atomic_write

#: What the name of a placed file may end with: those of the formats that are opened.
SUFFIXES = frozenset(
    (
        *(
            ".png",
            ".apng",
            ".jpg",
            ".jpeg",
            ".jpe",
            ".jfif",
            ".mpo",
            ".gif",
            ".webp",
            ".bmp",
            ".dib",
            ".tif",
            ".tiff",
        ),
        *(".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".ico", ".avif", ".avifs", ".tga", ".vda", ".icb", ".vst"),
        *(".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc"),
    )
)


@dataclass(frozen=True)
class ImagePlacer:
    """Puts images into one folder.

    Attributes:
        folder: The data set.
        source: Folder in which the files lie, however they are linked; None where the caller made them itself.
        copy: Copy files instead of hard-linking them.
        follow_links: Take files that a link in the source leads to elsewhere.
        max_pixels: Limit for each image.
        heads_only: Look at the head of an image alone, not whether it is whole.
    """

    folder: Path
    source: Path | None = None
    copy: bool = False
    follow_links: bool = False
    max_pixels: int = MAX_PIXELS
    heads_only: bool = False
    _guard: list[FolderGuard] = field(default_factory=list, repr=False, compare=False)

    def check_name(self, name: str) -> None:
        """Refuse a name that leads out of the folder or is not that of an image.

        Raises:
            InputError: It is one.
        """
        if not self._guard:
            self._guard.append(FolderGuard(self.folder))
        fault = self._guard[0].fault(name)
        if fault:
            raise InputError(f"{self.folder}: file name {name!r} {fault}")
        if PurePosixPath(name).suffix.lower() not in SUFFIXES:
            raise InputError(
                f"{self.folder}: file name {name!r} is not that of an image; expected one that ends with .png, .jpg "
                "or another suffix of an image"
            )

    def place(self, content: Path | bytes, name: str) -> None:
        """Put one image there.

        Args:
            content: A file, or the bytes of one.
            name: Relative to the folder, with forward slashes.

        Raises:
            InputError: The name or the file is refused, or it is no image.
        """
        self.check_name(name)
        target = self.folder / name
        if isinstance(content, bytes):
            self._check_image(content, f"the image for {target}")
            with atomic_write(target, "wb") as handle:
                handle.write(content)
            return
        real = self._resolve(content)
        if target.exists() and not self.copy and os.path.samefile(real, target):
            return
        self._check_image(real, os.fspath(content))
        place_file(real, target, copy=self.copy)

    def _resolve(self, file: Path) -> Path:
        """The file itself, which lies inside the source."""
        if self.source is None or self.follow_links:
            return file.resolve()
        return resolve_inside(file, self.source)

    def _check_image(self, content: Path | bytes, name: str) -> None:
        check = read_size if self.heads_only else check_image
        try:
            check(content, name=name, max_pixels=self.max_pixels)
        except ImageError as error:
            raise InputError(f"{error}; nothing but images is put into a data set") from None


def place_file(source: Path, target: Path, *, copy: bool = False) -> None:
    """Put a file at `target`: a hard link, or a copy where links are unwanted or impossible.

    Symbolic links are followed first, so that nothing in the data set points out of it. Nothing is checked: for files
    that somebody else named there is `ImagePlacer`.
    """
    real = source.resolve()
    if target.exists() and not copy and os.path.samefile(real, target):
        return
    with atomic_path(target) as partial:
        if not copy:
            try:
                os.link(real, partial)
                return
            except OSError:  # another file system, or one without links
                pass
        shutil.copyfile(real, partial)
