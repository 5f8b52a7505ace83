"""The pages of a world: which there are, and what tells that they are still the same.

In: a folder of HTML files, one file, or addresses. Out: addresses, and a fingerprint of their content.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from blip2idc.errors import InputError

_SCHEMES = ("http://", "https://", "file://")


def addresses_of(pages: str | Path | Sequence[str]) -> list[str]:
    """The addresses of the pages of a folder, a file, or a list of addresses, sorted for a folder.

    Raises:
        InputError: There is no page, or a page that is named is no address.
    """
    if not isinstance(pages, str | Path):
        found = list(pages)
    elif isinstance(pages, str) and pages.startswith(_SCHEMES):
        found = [page.strip() for page in pages.split(",") if page.strip()]
    elif Path(pages).is_dir():
        found = [path.resolve().as_uri() for path in _html_files(Path(pages))]
    elif Path(pages).is_file():
        found = [Path(pages).resolve().as_uri()]
    else:
        raise InputError(
            f"The pages {str(pages)!r} do not exist; expected a folder, an HTML file or addresses"
        )
    if not found:
        raise InputError(f"The pages {str(pages)!r} hold no file that ends in .html or .htm")
    for address in found:
        if not address.startswith(_SCHEMES):
            raise InputError(f"The page {address!r} is no address; expected http://, https:// or file://")
    return found


def fingerprint_of(pages: str | Path | Sequence[str]) -> str:
    """A hash of what the pages hold, 16 hexadecimal digits.

    Of a folder every file counts (style sheets and pictures too), but not where the folder lies; of other pages on
    this machine the file; of pages of the web the address alone.
    """
    digest = sha256()
    if isinstance(pages, str | Path) and Path(pages).is_dir():
        for path in sorted(path for path in Path(pages).rglob("*") if path.is_file()):
            digest.update(
                path.relative_to(pages).as_posix().encode("utf-8", "surrogateescape")
                + sha256(path.read_bytes()).digest()
            )
        return digest.hexdigest()[:16]
    for address in addresses_of(pages):
        file = _file_of(address)
        digest.update(
            address.encode("utf-8", "surrogateescape")
            if file is None or not file.is_file()
            else file.read_bytes()
        )
    return digest.hexdigest()[:16]


def names_of(addresses: Sequence[str]) -> dict[str, str]:
    """What a record calls each page: its path below the folder that holds all of them, or its address."""
    files = {address: file for address in addresses if (file := _file_of(address)) is not None}
    if not files:
        return {address: address for address in addresses}
    shared = Path(os.path.commonpath([file.parent for file in files.values()]))
    return {
        address: files[address].relative_to(shared).as_posix() if address in files else address
        for address in addresses
    }


def _file_of(address: str) -> Path | None:
    part = urlsplit(address)
    return Path(unquote(part.path)) if part.scheme == "file" else None


def _html_files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".html", ".htm") and path.is_file()
    ]
