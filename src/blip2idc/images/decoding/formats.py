"""Which formats are opened, told from the first bytes.

Pillow knows about fifty formats. One starts a program (PostScript runs ghostscript), others hand over to whoever has
registered, and many have decoders that nobody has hardened. Only those of `FORMATS` are opened; the environment
variable `BLIP2IDC_IMAGE_FORMATS` adds others by Pillow's name, separated by commas, bounded by the pixel limit alone.
"""

from __future__ import annotations

import os

from PIL import Image

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.decoding.by_format.heif import enable_heif, is_heif

FORMATS = (
    "PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "ICO", "JPEG2000", "AVIF",
    "TGA",  # last: it has no mark of its own, anything may be tried as one
)  # fmt: skip
VARIABLE = "BLIP2IDC_IMAGE_FORMATS"
_NEVER = {"EPS": "ghostscript", "WMF": "the graphics system", "FPX": "OLE streams", "MIC": "OLE streams"}
_LONGEST_MARK = 16  # bytes that Pillow looks at


def opened_formats() -> tuple[str, ...]:
    """`FORMATS` and those of the environment variable.

    Raises:
        ConfigError: It names one that Pillow does not have, or that runs a program.
    """
    Image.init()  # imports Pillow's plugins, once; it runs nothing
    added = [name.strip().upper() for name in os.environ.get(VARIABLE, "").split(",") if name.strip()]
    for name in added:
        if name in _NEVER:
            raise ConfigError(
                f"{VARIABLE} names {name}, which is drawn by {_NEVER[name]}; convert such files"
            )
        if name not in Image.OPEN:
            raise ConfigError(f"{VARIABLE} names {name!r}; expected formats of Pillow, e.g. FITS,DDS")
    return (*added, *FORMATS)


def format_of(content: bytes, name: str) -> str:
    """The format of a file, from its first bytes.

    Args:
        content: The file.
        name: What to call it in errors.

    Raises:
        ImageError: It is no image, or of a format that is not opened; the sentence names that one.
    """
    formats = opened_formats()
    mark = content[:_LONGEST_MARK]
    for known in formats:
        if known in Image.OPEN and _accepts(known, mark):
            return known
    if is_heif(mark):
        return enable_heif(name)
    marked = (other for other in sorted(Image.OPEN) if Image.OPEN[other][1] is not None)
    for other in marked:
        if other not in formats and _accepts(other, mark):
            remedy = "convert it" if other in _NEVER else f"convert it, or set {VARIABLE}={other}"
            raise ImageError(
                f"{name}: is of format {other}, which is not opened; {remedy} (docs/security.md)"
            )
    raise ImageError(f"{name}: is not an image, or of a format that is not opened (see docs/security.md)")


def _accepts(known: str, mark: bytes) -> bool:
    accept = Image.OPEN[known][1]
    if known == "TGA":
        return len(mark) >= _LONGEST_MARK and mark[1] in (0, 1) and mark[2] in (1, 2, 3, 9, 10, 11)
    try:
        return (
            accept is None or accept(mark) is True
        )  # a text says: it would be one, but the library is missing
    except Exception:  # a mark that is shorter than the plugin expects
        return False
