"""Measure pairs in a process of their own, so that under load the model's thread and they do not wait for each other.

Measuring is thousands of short steps in Python; in a thread beside the model each of them takes Python's lock from it.
In: a pair that is open. Out: an `OpenedPair`. The process gets decoded pixels only, never a file of somebody else; it
imports no torch, and ends when its pipe does.
"""

from __future__ import annotations

import pickle
import sys
import threading
from typing import Any

from blip2idc.errors import ImageError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.model.pair_captioner import OpenedPair, measured
from blip2idc.runs.kept_process import KeptProcess


class Measurer:
    """Does `measured` in another process, which is kept and asked again; one pair at a time.

    Args:
        layout: Of the joint images.
    """

    def __init__(self, layout: JointLayout) -> None:
        self.layout = layout
        self._process = KeptProcess("blip2idc.app.measuring")
        self._lock = threading.Lock()

    def measure(self, pair: ImagePair) -> OpenedPair:
        """Measure a pair.

        Args:
            pair: Opened.

        Raises:
            ImageError: The process died, as where memory ran out.
        """
        with self._lock:
            process, _ = self._process.begin()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                pickle.dump((pair, self.layout), process.stdin, pickle.HIGHEST_PROTOCOL)
                process.stdin.flush()
                found: Any = pickle.load(process.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                self._process.end()
                raise ImageError(
                    "these images cannot be compared here: memory ran out, or it was ended"
                ) from None
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, OpenedPair)
        return found

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._process.end()


def main() -> None:
    """The process: a pair and a layout from stdin, an opened pair, or what went wrong, to stdout."""
    out = sys.stdout.buffer
    while True:
        try:
            pair, layout = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        found: OpenedPair | Exception
        try:
            found = measured(pair, layout)
        except Exception as error:
            found = error
        pickle.dump(found, out, pickle.HIGHEST_PROTOCOL)
        out.flush()


if __name__ == "__main__":
    main()
