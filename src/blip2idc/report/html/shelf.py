"""Where the pictures of a page lie: in the page, or as files beside it.

In: pictures. Out: addresses for the page. Files are PNG, so that nothing is lost on the way to the eye.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from PIL import Image

from blip2idc.report.html.page import data_uri

#: What the files of pictures are called.
PICTURE_NAME = re.compile(r"\d{4,}-(\d+-)?(before|after|difference)\.png")

_FAST = 1  # of PNG's nine levels of compression: pages of hundreds of screenshots have to be written


class Shelf(Protocol):
    """Takes pictures and tells where they are."""

    beside: bool
    """Whether the page has to load files."""

    def place(self, image: Image.Image, name: str) -> str:
        """Keep a picture, RGB or RGBA, under a name that is unique on the page; return its address."""


class EmbeddedShelf:
    """Pictures inside the page."""

    beside = False

    def place(self, image: Image.Image, name: str) -> str:
        """The picture as a data URI; see `Shelf.place`."""
        buffer = io.BytesIO()
        image.save(buffer, "PNG", compress_level=6)
        return data_uri(buffer.getvalue(), "image/png")


class FolderShelf:
    """Pictures as files of a folder beside the page.

    Args:
        folder: Where they are written; it exists.
        address: What the page calls that folder, relative to itself.
    """

    beside = True

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def place(self, image: Image.Image, name: str) -> str:
        """Write the picture; see `Shelf.place`."""
        image.save(self.folder / f"{name}.png", "PNG", compress_level=_FAST)
        return f"{quote(self.address)}/{quote(name)}.png"
