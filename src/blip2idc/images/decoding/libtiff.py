"""Hear what libtiff writes to the terminal: it tells errors there, and may go on with a broken picture."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_AT_A_TIME = threading.Lock()  # the descriptor belongs to the process
_SAID_BY_LIBTIFF = re.compile(  # the function or the file that it is about, a colon, a sentence
    rb"(?!(WARNING|ERROR|INFO|DEBUG|CRITICAL):)(tempfile\.tif|[A-Z_][A-Za-z0-9_]+): "
)
_DAMAGE = re.compile(  # what its decoders say; a missing tag that it can do without is not damage
    rb"(tempfile\.tif|TIFF|ZIP|LZW|JPEG|JPEGLib|Fax|PackBits|LERC|LZMA|ZSTD|WebP|LogLuv|Pixar|OJPEG|_tiff)\w*:"
)


@contextmanager
def libtiff_heard() -> Iterator[list[str]]:
    """Collect libtiff's error lines; what anything else writes to stderr meanwhile is passed on.

    Yields:
        A list that holds the lines once the block has ended.
    """
    said: list[str] = []
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as kept:
        try:
            sys.stderr.flush()
            terminal = os.dup(2)
        except (OSError, ValueError, AttributeError):  # a process without a stderr
            yield said
            return
        os.dup2(kept.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(terminal, 2)
            kept.seek(0)
            for line in kept.read().splitlines(keepends=True):
                if _DAMAGE.match(line):
                    said.append(" ".join(line.decode("latin-1").split()).rstrip("."))
                elif not _SAID_BY_LIBTIFF.match(line):
                    os.write(terminal, line)
            os.close(terminal)
