"""Memory that is given back to the system as soon as it is free, once a large image is decoded.

The allocator of Linux keeps freed blocks of up to 32 MB for later, one store a thread; Pillow asks for blocks of 16 MB,
so that what one image took would not be there for the next one, and add up.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from functools import cache

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
_KEPT = 1 << 20  # bytes of a block up to which it may be kept


@cache
def give_back_large_blocks() -> None:
    """Ask the allocator to keep none, where it is one that knows the question."""
    if sys.platform.startswith("linux"):
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _KEPT)
