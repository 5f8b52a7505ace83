"""Image difference captioning: say in a sentence what changed between two images, show where, and how sure.

The public names below are resolved on first use, so that ``import blip2idc`` loads no torch.

    from blip2idc import DifferenceCaptioner
    captioner = DifferenceCaptioner.from_pretrained()
    difference = captioner("before.png", "after.png")
    print(difference.caption, difference.change_probability)

Method: Evennou, Chaffin, Chappelier, Kijak, "Reframing Image Difference Captioning with BLIP2IDC and Synthetic
Augmentation", WACV 2025, arXiv 2412.15939.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from blip2idc.version import __version__

_HOMES = {
    "Blip2idcError": "blip2idc.errors",
    "Difference": "blip2idc.difference",
    "DifferenceCaptioner": "blip2idc.model.captioner",
    "ImagePair": "blip2idc.images.pair",
    "JointLayout": "blip2idc.images.joint",
    "Manifest": "blip2idc.data.records",
    "PairRecord": "blip2idc.data.records",
    "open_image": "blip2idc.images.pair",
    "read_manifest": "blip2idc.data.records",
    "write_manifest": "blip2idc.data.records",
}

if TYPE_CHECKING:
    from blip2idc.data.records import Manifest, PairRecord, read_manifest, write_manifest
    from blip2idc.difference import Difference
    from blip2idc.errors import Blip2idcError
    from blip2idc.images.joint import JointLayout
    from blip2idc.images.pair import ImagePair, open_image
    from blip2idc.model.captioner import DifferenceCaptioner

__all__ = [
    "Blip2idcError",
    "Difference",
    "DifferenceCaptioner",
    "ImagePair",
    "JointLayout",
    "Manifest",
    "PairRecord",
    "__version__",
    "open_image",
    "read_manifest",
    "write_manifest",
]


def __getattr__(name: str) -> object:
    """Import a public name from its home on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'blip2idc' has no attribute {name!r}")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
