"""Finds lines of text on any ground with the detector of RapidOCR (extra `[ocr]`), whose model is in its wheel too.

In: a picture and a box. Out: the lines that stand there, read. It costs about as much as reading a line, and is asked
where the lines that are found from what changed told nothing: beside walls, on grounds of their own, in pictures.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Picture, Pixels, largest_channel
from blip2idc.images.changes.result import Box
from blip2idc.images.changes.texts.reading import ONE_THREAD, read_line
from blip2idc.images.changes.texts.written import RIM, Written

#: Pixels that are looked at most, and of windows that are enlarged: small letters are found better.
_MOST, _ENLARGED, _FACTOR = 100_000, 24_000, 2
#: Pixels around a window that repeat its edge, at which nothing is found.
_EDGE = 16
#: Of their height, by which lines beside each other may stand apart.
_BESIDE = 0.5
#: Of their height, the ground on each side of a line, and share of the rest that stands in a box it belongs to.
_GROUND, _INSIDE = 0.2, 0.7
#: Of its width, to which a line is drawn out for the reader, and heights up to which one is short enough as it is.
_WIDER, _SHORT = 1.25, 2.0
#: Levels by which letters differ from their ground at least, and by which their strokes do mostly.
_CONTRAST, _INK = 12, 60
#: Pixels between words at least.
_GAP = 3
_lock = threading.Lock()


def find_lines(picture: Picture, box: Box, air: int = 4, *, whole: bool = False) -> list[tuple[Pixels, Box]]:
    """The lines that stand in a box, in the order in which they are read: for the reader, and their boxes in the image.

    Args:
        picture: Where they are written.
        box: The place; of a large one only the upper part is looked at.
        air: Pixels around it that are looked at as well.
        whole: Whether to leave out lines that go on beyond these.
    """
    left, top = max(0, box[0] - air), max(0, box[1] - air)
    right = min(picture.width, box[0] + box[2] + air)
    bottom = min(picture.height, box[1] + box[3] + air, top + max(1, _MOST // max(1, right - left)))
    if right <= left or bottom <= top:
        return []
    window = picture.window((left, top, right - left, bottom - top))
    rim = air + RIM
    if is_bare(window[rim:-rim, rim:-rim]):
        return []
    found = []
    for x, y, width, height in _in_order(_detected(window)):
        line = left + x, top + y, width, height
        ends = left == 0, right == picture.width
        if _is_in(line, box) and not (whole and _is_cut(window[y : y + height], x, x + width, ends)):
            found.append((_wider(window[y : y + height, x : x + width]), line))
    return found


def _wider(crop: Pixels) -> Pixels:
    """A line as it is read best: with the ground that the detector leaves its letters are too narrow for the reader."""
    if crop.shape[1] < _SHORT * crop.shape[0]:
        return crop
    size = round(_WIDER * crop.shape[1]), crop.shape[0]
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC))


def written_in(picture: Picture, box: Box, most: int, *, whole: bool = False) -> list[Written]:
    """The same, the first of them read, however unsure.

    Args:
        picture: Where they are written.
        box: The place.
        most: How many are read.
        whole: Whether to leave out lines that go on beyond the place.
    """
    return [Written(*read_line(crop), line) for crop, line in find_lines(picture, box, whole=whole)[:most]]


def _detected(window: Pixels) -> list[Box]:
    """The boxes of lines in a window, in its pixels."""
    height, width = window.shape[:2]
    factor = _FACTOR if height * width <= _ENLARGED else 1
    image = cv2.resize(window, (factor * width, factor * height), interpolation=cv2.INTER_CUBIC)
    image = cv2.copyMakeBorder(image, _EDGE, _EDGE, _EDGE, _EDGE, cv2.BORDER_REPLICATE)
    with _lock:
        found = _finder()(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), use_det=True, use_cls=False, use_rec=False)
    boxes: list[Box] = []
    for corners in () if found.boxes is None else found.boxes:
        ends = (np.array([corners.min(axis=0), corners.max(axis=0)]) - _EDGE) / factor
        (left, top), (right, bottom) = np.clip(np.round(ends).astype(int), 0, (width, height))
        if right > left and bottom > top:
            boxes.append((int(left), int(top), int(right - left), int(bottom - top)))
    return boxes


def _in_order(boxes: list[Box]) -> list[Box]:
    """From top to bottom, those beside each other from left to right."""
    ordered: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box[1] + box[3] / 2):
        row = ordered[-1] if ordered else []
        if row and box[1] + box[3] / 2 - row[0][1] - row[0][3] / 2 < _BESIDE * min(box[3], row[0][3]):
            row.append(box)
        else:
            ordered.append([box])
    return [box for row in ordered for box in sorted(row)]


def _is_cut(rows: Pixels, start: int, stop: int, ends: tuple[bool, bool]) -> bool:
    """Whether a line goes on where a window ends, in the midst of a word.

    Args:
        rows: uint8 [H, W, 3], of the window, in which the line is.
        start: Column where it begins.
        stop: Column behind it.
        ends: Whether the image ends left and right of the window.
    """
    middle = rows[len(rows) // 4 : -len(rows) // 4 or None].astype(np.int16)
    ground = np.median(rows.reshape(-1, 3), axis=0)
    inked = np.asarray((largest_channel(np.abs(middle - ground)) > _INK).any(axis=0))
    touched = start <= 1 and not ends[0], stop >= rows.shape[1] - 1 and not ends[1]
    return any(
        at_edge and bool(inked[side].any())
        for at_edge, side in zip(touched, (np.s_[:_GAP], np.s_[-_GAP:]), strict=True)
    )


def is_bare(window: Pixels) -> bool:
    """Whether a place is of one colour, so that nothing is written there."""
    if not window.size:
        return True
    ground = np.median(window.reshape(-1, 3), axis=0)
    return int(largest_channel(np.abs(window - ground)).max()) < _CONTRAST


def _is_in(line: Box, box: Box) -> bool:
    """Whether a line, which the detector finds with some ground around it, stands in a box."""
    ground = _GROUND * line[3]
    start, stop = line[0] + ground, line[0] + line[2] - ground
    inside = min(stop, box[0] + box[2]) - max(start, box[0])
    middle = line[1] + line[3] / 2
    return box[1] <= middle <= box[1] + box[3] and inside >= _INSIDE * max(1.0, stop - start)


@lru_cache(maxsize=1)
def _finder() -> Any:
    from rapidocr import RapidOCR

    settings = {"Global.log_level": "error", "Det.limit_side_len": 32, "Det.limit_type": "min"}
    return RapidOCR(params={**settings, **ONE_THREAD})
