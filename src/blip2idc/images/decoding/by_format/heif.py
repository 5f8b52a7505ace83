"""HEIC photographs, as telephones store them: read through pillow-heif (extra ``[heif]``), else refused by name."""

from __future__ import annotations

from blip2idc.errors import ImageError

#: ISO/IEC 23008-12, 10.2: brands of HEIF files with HEVC pictures, and those that do not say.
_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)


def is_heif(content: bytes) -> bool:
    """Whether a file begins as HEIF; AVIF, which is of the same family, is asked for before."""
    return content[4:8] == b"ftyp" and content[8:12] in _BRANDS


def enable_heif(name: str) -> str:
    """Let Pillow read HEIC, and give the name of the format.

    Args:
        name: What to call the image in errors.

    Raises:
        ImageError: pillow-heif is not installed; the sentence says how to.
    """
    try:
        import pillow_heif
    except ImportError:
        raise ImageError(
            f"{name}: is a HEIC photograph, which needs pillow-heif; run: pip install 'blip2idc[heif]', or convert it"
        ) from None
    pillow_heif.register_heif_opener()
    return "HEIF"
