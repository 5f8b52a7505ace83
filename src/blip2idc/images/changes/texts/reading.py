"""Reads lines of text with RapidOCR (extra `[ocr]`), whose models come in its wheel: nothing is loaded from anywhere.

In: crops of lines. Out: the text of each and how sure the reader is. Only the recogniser runs; where lines are is found
from what changed.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from blip2idc.errors import MissingExtraError
from blip2idc.images.changes.pictures import Pixels

_HEIGHT = 36  # pixels to which a line is enlarged or reduced
_PADDING = 8  # pixels of ground around it: together near the 48 of the recogniser
_WIDEST = 2400  # pixels
#: One reads as fast as two where others compute, and spends half the time of processors.
_THREADS = 1
ONE_THREAD = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": _THREADS for kind in ("intra", "inter")}
#: Channels, height and least width of what the recogniser is given: short words are not padded to 320 pixels.
_SHAPE = [3, 48, 160]
_lock = threading.Lock()
#: Lines that were read, by shape and pixels.
_Known = dict[tuple[tuple[int, ...], bytes], tuple[str, float]]
_known: ContextVar[_Known | None] = ContextVar("_known", default=None)


def can_read() -> bool:
    """Whether the extra is installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


@contextmanager
def each_line_once() -> Iterator[None]:
    """Within it no line is read twice: what moved is the same in both images."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def read_line(line: Pixels) -> tuple[str, float]:
    """The text of one line and how sure it is (0..1).

    Args:
        line: uint8 [H, W, 3], RGB, a line with a little ground around it.

    Raises:
        MissingExtraError: The extra `[ocr]` is not installed.
    """
    known = _known.get()
    if known is None:
        return _read(line)
    key = line.shape, line.tobytes()
    if key not in known:
        known[key] = _read(line)
    return known[key]


def _read(line: Pixels) -> tuple[str, float]:
    factor = _HEIGHT / line.shape[0]
    size = min(_WIDEST, max(8, round(line.shape[1] * factor))), _HEIGHT
    image = cv2.resize(line, size, interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)
    ground = [int(value) for value in np.median(np.concatenate([line[0], line[-1]]), axis=0)]
    sides = _PADDING, _PADDING, 2 * _PADDING + 4, 2 * _PADDING + 4
    image = cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=ground)
    with _lock:
        found = _reader()(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), use_det=False, use_cls=False, use_rec=True)
    if not found.txts:
        return "", 0.0
    return without_icons(str(found.txts[0])), float(found.scores[0])


def without_icons(text: str) -> str:
    """A text without the signs as which icons beside Latin words are read.

    >>> without_icons("三 Home"), without_icons("登录 OK")
    ('Home', '登录 OK')
    """
    signs = sum(_is_sign(letter) for letter in text)
    latin = sum(letter.isalnum() and not _is_sign(letter) for letter in text)
    return (text if signs >= latin else "".join(letter for letter in text if not _is_sign(letter))).strip()


def _is_sign(letter: str) -> bool:
    """Whether a letter is one of East Asia, or one in a circle."""
    return letter >= "\u2e80" or "\u2460" <= letter <= "\u24ff"


@lru_cache(maxsize=1)
def _reader() -> Any:
    if not can_read():
        raise MissingExtraError("ocr", "reading texts")
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "error", "Rec.rec_img_shape": _SHAPE, **ONE_THREAD})
