"""What all pages share: templates, pictures as data URIs, and the promise that a page asks nobody for anything.

In: the name of a template and its values. Out: one HTML document with its style, scripts and pictures inside. Templates
are autoescaped, an unknown value is an error, and a content security policy forbids every request.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image

from blip2idc.version import __version__

TEMPLATES = Path(__file__).parent / "templates"
_LOSSLESS_BYTES = 1_500_000  # a picture that takes more as PNG is stored as JPEG
_JPEG_QUALITY, _THUMBNAIL_QUALITY = 92, 78


def render(template: str, **values: Any) -> str:
    """Fill a template.

    Args:
        template: File name in `templates/`.
        **values: All that the template asks for.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return environment.get_template(template).render(version=__version__, **values)


def percent(share: float) -> str:
    """A share as a percentage that does not round a doubt away: 99.97 % is not 100 %.

    Example:
        >>> percent(0.9997), percent(1.0), percent(0.341)
        ('>99%', '100%', '34%')
    """
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return ">99%"
    return "<1%" if rounded == 0 and share > 0 else f"{rounded}%"


def picture_uri(image: Image.Image, longest: int = 1600) -> str:
    """A picture for close inspection: PNG where that is small enough, JPEG otherwise.

    Args:
        image: RGB or RGBA.
        longest: Pixels of the longer side beyond which it is made smaller.
    """
    fitted = fit(image, longest)
    content = _encoded(fitted, "PNG", optimize=fitted.width * fitted.height < 300_000)
    if len(content) <= _LOSSLESS_BYTES:
        return data_uri(content, "image/png")
    return data_uri(_encoded(fitted.convert("RGB"), "JPEG", quality=_JPEG_QUALITY), "image/jpeg")


def thumbnail_uri(image: Image.Image, longest: int = 360) -> str:
    """A small picture, as WebP, for pages that hold hundreds."""
    return data_uri(_encoded(fit(image, longest), "WEBP", quality=_THUMBNAIL_QUALITY), "image/webp")


def fit(image: Image.Image, longest: int) -> Image.Image:
    """The image with its longer side at most so long; the image itself where it is no larger."""
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def data_uri(content: bytes, media_type: str) -> str:
    """Bytes as an address that holds them."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def file_facts(path: Path) -> dict[str, Any]:
    """Name, size in bytes and SHA-256 of a file, for the record."""
    content = path.read_bytes()
    return {"file": str(path), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def flat_facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A run record as rows of a table: nested keys joined by a space, None left out."""
    rows: list[tuple[str, str]] = []
    for key, value in record.items():
        if isinstance(value, Mapping):
            rows += [(f"{key} {inner}", text) for inner, text in flat_facts(value)]
        elif isinstance(value, list | tuple):
            rows.append((key, " ".join(str(item) for item in value)))
        elif value is not None:
            rows.append((key, str(value)))
    return rows


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()
