"""Photographs of the package, small, for the tests of whole pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.images.changes.pictures import Pixels
from blip2idc.worlds.edits.photographs import packaged_photographs


@pytest.fixture(scope="session")
def pictures() -> list[Pixels]:
    """Four photographs, uint8 [H, W, 3], the longer side 360 pixels."""
    found = []
    for path in packaged_photographs("train"):
        if path.stem in ("astronaut", "canyon", "house", "macaque"):
            image = Image.open(path).convert("RGB")
            image.thumbnail((360, 360))
            found.append(np.asarray(image))
    return found
