"""Pieces of a page: words, icons, pictures, each what stands apart from the ground around it; and where they are now.

In: two images of one size. Out: the pieces that changed, paired with where they are found again. What is found in its
place did not change; what is found elsewhere gave way to something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.pictures import Pixels
from blip2idc.images.changes.result import Box

#: Levels by which neighbouring pixels of a piece differ.
_EDGE = 16
#: Pixels (across, down) up to which what stands beside each other is one piece: words of a line, letters of a word.
_LINE, _WORD = (13, 3), (3, 3)
#: Ways that most pieces went, levels by which a piece may differ from what is seen there, and share of its pixels that
#: differ by less.
_WAYS, _LIKE, _MOSTLY = 2, 24, 0.9
#: Pixels of a piece: less is a dot or a rest of another.
_LEAST = 6
#: Pieces that are paired at most: of more, a page is another one.
_MOST = 240
#: Pixels across of what is left of the end of a word where what follows it differs.
_SLIVER = 2
#: Pixels of the shorter side of a frame, share of its box that it takes at most, and pixels for one of its length.
_ROOMY, _THIN, _OUTLINE = 24, 0.3, 12
#: Of the way from the ground to the farthest colour, from which on a pixel is ink.
_INKED = 0.6
#: Likeness of two pieces that are the same, up to a shift by parts of a pixel.
_SAME = 0.8
#: Pixels by which the sides of the same piece differ, drawn at another part of a pixel.
_OFF = 2


@dataclass(frozen=True, eq=False)
class Piece:
    """Something that stands apart on a page.

    Attributes:
        box: In its image.
        levels: float32 [h, w, 3], apart from the ground around it.
        colors: uint8 [h, w, 3], as they are.
        mask: bool [h, w], the pixels of it that differ from their neighbours.
    """

    box: Box
    levels: np.ndarray
    colors: np.ndarray
    mask: np.ndarray

    @property
    def pixels(self) -> int:
        """How many pixels of it differ from their neighbours."""
        return int(self.mask.sum())

    @property
    def inked(self) -> np.ndarray:
        """The pixels of it that are more than half of the way from the ground to the farthest colour, bool [h, w]."""
        apart = np.abs(self.levels).max(axis=2)
        inked: np.ndarray = self.mask & (apart > _INKED * apart.max(initial=1.0))
        return inked

    @property
    def contrast(self) -> float:
        """Levels between the ground and what is farthest from it."""
        return float(np.abs(self.levels).max(initial=0.0))

    @property
    def is_frame(self) -> bool:
        """Whether it is the outline of a box, or of several, rather than what stands in one."""
        _, _, width, height = self.box
        most = min(_THIN * width * height, _OUTLINE * (width + height))
        return min(width, height) > _ROOMY and self.pixels < most


@dataclass(frozen=True)
class Found:
    """A piece that is found elsewhere.

    Attributes:
        before: Where it was.
        after: Where it is.
    """

    before: Piece
    after: Piece

    @property
    def by(self) -> tuple[int, int]:
        """Its displacement."""
        return self.after.box[0] - self.before.box[0], self.after.box[1] - self.before.box[1]


@dataclass(frozen=True)
class Pieces:
    """What changed on a page, piece by piece.

    Attributes:
        found: Elsewhere.
        lost: In the image before alone.
        new: In the image after alone.
        still: Boxes of what stands in both images in one place.
    """

    found: tuple[Found, ...]
    lost: tuple[Piece, ...]
    new: tuple[Piece, ...]
    still: tuple[Box, ...]


def pair_pieces(before: Pixels, after: Pixels, touched: np.ndarray, floor: int) -> Pieces | None:
    """The pieces that changed, paired; None where they are too many.

    Args:
        before: uint8 [H, W, 3].
        after: Of the same size.
        touched: bool [H, W], where they differ.
        floor: Levels up to which neighbouring pixels differ where nothing is drawn.
    """
    touched = cv2.dilate(touched.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    edge = max(_EDGE, floor)
    inks = [(_steps(image) > edge).astype(np.uint8) for image in (before, after)]
    (lost, still), (new, _) = (
        _pieces(image, ink, touched) for image, ink in zip((before, after), inks, strict=True)
    )
    if max(len(lost), len(new)) > _MOST:
        return None
    found: list[Found] = []
    for cut in (_whole, _where_touched, _words):
        lost, new = (
            [part for piece in pieces for part in cut(image, ink, touched, piece)]
            for pieces, image, ink in zip((lost, new), (before, after), inks, strict=True)
        )
        if max(len(lost), len(new)) > _MOST:
            return None
        pairs, lost, new = _paired(lost, new, found)
        found += pairs
    ways = _ways(found)
    lost = [piece for piece in lost if not any(_is_at(piece, after, way) for way in ways)]
    new = [piece for piece in new if not any(_is_at(piece, before, (-dx, -dy)) for dx, dy in ways)]
    stay = 0 if floor < _EDGE else 1
    held = [pair for pair in found if max(map(abs, pair.by)) <= stay]
    return Pieces(
        tuple(pair for pair in found if max(map(abs, pair.by)) > stay),
        tuple(lost),
        tuple(new),
        (*still, *(pair.before.box for pair in held)),
    )


def is_bare(image: Pixels, box: Box, floor: int) -> bool:
    """Whether nothing is drawn in a place: neighbouring pixels differ by `floor` levels at most."""
    x, y, width, height = box
    window = image[max(0, y) : y + height, max(0, x) : x + width]
    return bool(_steps(window).max(initial=0) <= floor)


def _steps(image: Pixels) -> np.ndarray:
    """By how much the pixels around each pixel differ, uint8 [H, W]."""
    one, two, three = cv2.split(cv2.morphologyEx(image, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    steps: np.ndarray = cv2.max(cv2.max(one, two), three)
    return steps


def _pieces(image: Pixels, ink: np.ndarray, touched: np.ndarray) -> tuple[list[Piece], list[Box]]:
    """The pieces that differ anywhere, and the boxes of the others."""
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones(_LINE[::-1], np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    changed = np.zeros(count, bool)
    changed[np.unique(labels[touched & (joined > 0)])] = True
    pieces, still = [], []
    for index in range(1, count):
        x, y, width, height, _ = (int(value) for value in stats[index])
        if not changed[index]:
            still.append((x, y, width, height))
            continue
        window = slice(y, y + height), slice(x, x + width)
        pieces += _as_piece(image, (x, y, width, height), (labels[window] == index) & (ink[window] > 0))
    return pieces, still


def _whole(image: Pixels, ink: np.ndarray, touched: np.ndarray, piece: Piece) -> list[Piece]:
    """The piece itself."""
    return [piece]


def _where_touched(image: Pixels, ink: np.ndarray, touched: np.ndarray, piece: Piece) -> list[Piece]:
    """A piece without its beginning and its end where these are in both images: they stand beside what changed."""
    x, y, width, height = piece.box
    columns = np.flatnonzero(touched[y : y + height, x : x + width].any(axis=0))
    if piece.is_frame or not len(columns):
        return [piece]
    left, right = int(columns[0]), int(columns[-1]) + 1
    mask = piece.mask[:, left:right]
    return _as_piece(image, (x + left, y, right - left, height), mask) if right - left > _SLIVER else []


def _words(image: Pixels, ink: np.ndarray, touched: np.ndarray, piece: Piece) -> list[Piece]:
    """The words of a line, or what else a piece falls into where less is taken together."""
    x, y, _, _ = piece.box
    if piece.is_frame:
        return [piece]
    joined = cv2.morphologyEx(piece.mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones(_WORD[::-1], np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    parts: list[Piece] = []
    for index in range(1, count):
        left, top, across, down, _ = (int(value) for value in stats[index])
        window = slice(top, top + down), slice(left, left + across)
        if across > _SLIVER or count == 2:
            parts += _as_piece(
                image, (x + left, y + top, across, down), (labels[window] == index) & piece.mask[window]
            )
    return parts


def _as_piece(image: Pixels, box: Box, mask: np.ndarray) -> list[Piece]:
    """What is inked in a box as a piece, cut to the ink; nothing where that is next to nothing."""
    if mask.sum() < _LEAST:
        return []
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left, bottom, right = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
    return [
        _piece(image, (box[0] + left, box[1] + top, right - left, bottom - top), mask[top:bottom, left:right])
    ]


def _piece(image: Pixels, box: Box, mask: np.ndarray) -> Piece:
    x, y, width, height = box
    levels = image[y : y + height, x : x + width].astype(np.float32)
    rim = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    levels = levels - np.median(rim, axis=0)
    levels[~mask] = 0
    return Piece(box, levels, image[y : y + height, x : x + width], mask)


def _ways(found: Sequence[Found]) -> list[tuple[int, int]]:
    """How most of what is found elsewhere went, two ways at most."""
    ways: Counter[tuple[int, int]] = Counter()
    for pair in found:
        ways[pair.by] += pair.before.pixels
    return [way for way, _ in ways.most_common(_WAYS) if way != (0, 0)]


def _is_at(piece: Piece, other: Pixels, way: tuple[int, int]) -> bool:
    """Whether a piece is seen in the other image where it would be if it had gone that way."""
    x, y, width, height = piece.box
    left, top = x + way[0], y + way[1]
    if left < 0 or top < 0 or left + width > other.shape[1] or top + height > other.shape[0]:
        return False
    levels = other[top : top + height, left : left + width].astype(np.float32)
    there = _piece(other, (left, top, width, height), piece.mask).levels if levels.size else piece.levels
    apart = np.abs(there - piece.levels).max(axis=2)[piece.mask]
    return bool((apart <= _LIKE).mean() >= _MOSTLY)


def _paired(
    lost: Sequence[Piece], new: Sequence[Piece], known: Sequence[Found]
) -> tuple[list[Found], list[Piece], list[Piece]]:
    """Pieces that are the same; of several those that went the same way as others."""
    pairs: list[tuple[float, int, int]] = []
    for row, one in enumerate(lost):
        for column, other in enumerate(new):
            if max(abs(a - b) for a, b in zip(one.box[2:], other.box[2:], strict=True)) > _OFF:
                continue
            likeness = _likeness(one, other)
            if likeness >= _SAME:
                pairs.append((likeness, row, column))
    ways: Counter[tuple[int, int]] = Counter()
    for pair in known:
        ways[pair.by] += pair.before.pixels
    for _, row, column in pairs:
        by = Found(lost[row], new[column]).by
        ways[by] += lost[row].pixels

    def rank(item: tuple[float, int, int]) -> tuple[float, float]:
        likeness, row, column = item
        dx, dy = Found(lost[row], new[column]).by
        together = sum(ways[dx + x, dy + y] for x in (-1, 0, 1) for y in (-1, 0, 1))
        return together, likeness

    found: list[Found] = []
    rows: set[int] = set()
    columns: set[int] = set()
    for _, row, column in sorted(pairs, key=rank, reverse=True):
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            found.append(Found(lost[row], new[column]))
    return (
        found,
        [piece for index, piece in enumerate(lost) if index not in rows],
        [piece for index, piece in enumerate(new) if index not in columns],
    )


def _likeness(one: Piece, other: Piece) -> float:
    """How far one piece is the other, drawn up to a pixel elsewhere: from 0 for nothing in common to 1 for the same."""
    height, width = (max(a, b) + 2 for a, b in zip(one.levels.shape[:2], other.levels.shape[:2], strict=True))
    fixed = np.zeros((height, width, 3), np.float32)
    fixed[1 : 1 + one.levels.shape[0], 1 : 1 + one.levels.shape[1]] = one.levels
    power = float((one.levels**2).sum() + (other.levels**2).sum())
    if not power:
        return 0.0
    best = 0.0
    rows, columns = other.levels.shape[:2]
    for top in range(height - rows + 1):
        for left in range(width - columns + 1):
            common = float((fixed[top : top + rows, left : left + columns] * other.levels).sum())
            best = max(best, 2 * common / power)
    return best
