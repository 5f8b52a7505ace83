"""The same words drawn otherwise, where they were read: `resized`, `recoloured`, `italic`, `bold`, `spaced`, `moved`.

In: the lines of a place in both images, read as the same words. Out: the fact. That the words are the same need not be
told from their ink here, so that larger steps are told than `facts.pages.letters` can be sure of.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from blip2idc.images.changes.facts.colors import recoloured
from blip2idc.images.changes.facts.pages.letters import (
    SLANTED,
    Line,
    aligned_of,
    course_gap,
    is_bold,
    is_larger,
    line_spacing,
    part_of,
    shapes,
    words_of,
)
from blip2idc.images.changes.lines import lean
from blip2idc.images.changes.result import Fact
from blip2idc.images.color_names import color_name

_GROUND, _OTHER_COLOR = (
    10.0,
    60.0,
)  # levels by which grounds may differ, and from which on letters are recoloured
_LARGER, _LARGER_PIXELS = 1.07, 2  # ratio of the heights of letters, and pixels, that are another size
_PROPORTION = 0.13  # by which the ratios of width and height may differ
_LETTERS = 1.5  # heights of a line that tells whether its letters are italic
_REACH = 2  # pixels by which lines with italic letters may be higher
_BOLDER, _BOLD_WIDTH = 1.17, (0.96, 1.3)  # ratios of the widths of strokes, and of lines, of bold letters
_WIDER, _WIDER_PIXELS = 1.045, 4  # ratio of the widths of lines with other spaces between letters, and pixels
_AS_THICK, _COURSE = 1.12, 0.08  # of their strokes at most, and difference of the ink's course along them
_MORE_INK = 0.5  # power of the ratio of widths by which larger letters have more ink: 1 to 2; of others it is the same
_WORD = 5  # pixels of a word, and of no dot between two
_SAME_WORD = 0.85  # correlation of the ink of a word that is drawn as it was
_SAME_WIDTH = 3  # pixels by which lines may differ that are as wide
_SAME_SHAPES = 0.9  # correlation of the ink of lines that only moved
_AS_FAR = 1  # pixels by which displacements may differ that are one
_BLOCK = 4  # lines that gave way together, rather than moved


def same_words(pairs: Sequence[tuple[Line, Line]]) -> Fact | None:
    """What happened to lines whose words stayed, or to some of their words; None where that is not clear.

    Args:
        pairs: Each line before and after, from top to bottom; at least one.
    """
    if not all(line.is_written for pair in pairs for line in pair):
        return None
    if (fact := _italic(pairs)) is not None:
        return fact
    words = _restyled_words(pairs)
    if words is not None and (fact := _of_lines(words)) is not None and fact.kind not in ("moved", "gap"):
        return fact
    return _of_lines(pairs)


def swapped_words(before: str, after: str) -> tuple[str, str] | None:
    """What stood first and what stands first now, where words only changed their order; signs alone are no words.

    >>> swapped_words("My account | Close | Portfolio", "My account | Portfolio | Close")
    ('Close', 'Portfolio')
    """
    one, other = ([word for word in text.split() if any(map(str.isalnum, word))] for text in (before, after))
    if one == other or sorted(one) != sorted(other):
        return None
    start = next(index for index, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
    end = next(
        index for index, pair in enumerate(zip(one[::-1], other[::-1], strict=True)) if pair[0] != pair[1]
    )
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    for first in range(1, len(one)):
        for last in range(first, len(one)):  # what is between stays between
            if one[last:] + one[first:last] + one[:first] == other:
                return " ".join(one[:first]), " ".join(one[last:])
    return None


def _restyled_words(pairs: Sequence[tuple[Line, Line]]) -> list[tuple[Line, Line]] | None:
    """The words that were drawn otherwise, where others of their line merely gave way; None where all were, or none."""
    restyled: list[tuple[Line, Line]] = []
    total = 0
    for one, other in pairs:
        first, second = ([word for word in words_of(line) if word.box[2] >= _WORD] for line in (one, other))
        start = _alike_from_the_left(first, second)
        end = _alike_from_the_left(first[start:][::-1], second[start:][::-1])
        mine, theirs = first[start : len(first) - end], second[start : len(second) - end]
        total += start + end + len(mine)
        if bool(mine) != bool(theirs):
            return None
        if len(mine) == len(theirs):
            restyled += [pair for pair in zip(mine, theirs, strict=True) if not _is_same(*pair)]
        elif mine:  # letters so far apart that each is a word
            restyled.append((part_of(one, mine), part_of(other, theirs)))
    return restyled if 0 < len(restyled) < total else None


def _alike_from_the_left(one: Sequence[Line], other: Sequence[Line]) -> int:
    return next(
        (count for count, pair in enumerate(zip(one, other, strict=False)) if not _is_same(*pair)),
        min(len(one), len(other)),
    )


def _is_same(one: Line, other: Line) -> bool:
    """Whether a word is drawn as it was, wherever it is now."""
    if max(abs(one.box[side] - other.box[side]) for side in (2, 3)) > 1:
        return False
    thicker = max(one.stroke / other.stroke, other.stroke / one.stroke)
    return thicker <= _AS_THICK and shapes(one.ink, other.ink) >= _SAME_WORD


def _of_lines(pairs: Sequence[tuple[Line, Line]]) -> Fact | None:
    if any(np.abs(one.ground - other.ground).max() > _GROUND for one, other in pairs):
        return None
    boxes = np.array([(one.box, other.box) for one, other in pairs], float)  # [N, 2, 4]
    widths, heights = boxes[:, :, 2], boxes[:, :, 3]
    across, down = (float(np.median(side[:, 1] / side[:, 0])) for side in (widths, heights))
    taller = float(np.abs(np.diff(heights, axis=1)).max())
    strokes = float(np.median([other.stroke / one.stroke for one, other in pairs]))
    thicker = max(strokes, 1 / strokes)
    if (fact := _italic(pairs) or (_recoloured(pairs) if taller <= 1 else None)) is not None:
        return fact
    if taller >= 1 and is_larger(strokes, across, down):
        return Fact("resized", {"factor": round(across, 2)})
    if is_bold(thicker, taller) and (fact := _bold(strokes, across)) is not None:
        return fact
    if (
        max(down, 1 / down) >= _LARGER
        and taller >= _LARGER_PIXELS
        and abs(across / down - 1) <= _PROPORTION
        and (across - 1) * (down - 1) > 0
    ):
        return Fact("resized", {"factor": round((across * down) ** 0.5, 2)})
    if taller > 1:
        return None
    return _bold(strokes, across) or _spaced(pairs, strokes, across, widths) or _displaced(pairs, boxes)


def _recoloured(pairs: Sequence[tuple[Line, Line]]) -> Fact | None:
    """Letters of another colour, on the same ground."""
    one, other = (np.median([pair[side].color for pair in pairs], axis=0) for side in (0, 1))
    if float(np.abs(one - other).max()) < _OTHER_COLOR or color_name(one) == color_name(other):
        return None
    if any(
        abs(first.box[2] - second.box[2]) > _SAME_WIDTH or shapes(first.ink, second.ink) < _SAME_WORD
        for first, second in pairs
    ):
        return None
    return recoloured(one, other)


def _italic(pairs: Sequence[tuple[Line, Line]]) -> Fact | None:
    if max(abs(one.box[3] - other.box[3]) for one, other in pairs) > _REACH:
        return None
    steps = [lean(one.ink, other.ink) for one, other in pairs if one.box[2] >= _LETTERS * one.box[3]]
    if not steps or min(np.abs(steps)) < SLANTED or len(set(np.sign(steps))) > 1:
        return None
    return Fact("italic", {"in": "after" if steps[0] > 0 else "before"})


def _bold(strokes: float, across: float) -> Fact | None:
    wide = across if strokes > 1 else 1 / across
    if max(strokes, 1 / strokes) < _BOLDER or not _BOLD_WIDTH[0] <= wide <= _BOLD_WIDTH[1]:
        return None
    return Fact("bold", {"in": "after" if strokes > 1 else "before"})


def _spaced(
    pairs: Sequence[tuple[Line, Line]], strokes: float, across: float, widths: np.ndarray
) -> Fact | None:
    """Lines that are wider: by the spaces between their letters, or because these are larger by less than a pixel."""
    wider = max(across, 1 / across) >= _WIDER and np.abs(np.diff(widths, axis=1)).min() >= _WIDER_PIXELS
    if not wider or max(strokes, 1 / strokes) > _AS_THICK:
        return None
    if max(course_gap(one.ink, other.ink) for one, other in pairs) > _COURSE:
        return None
    ink = float(np.median([other.ink.sum() / one.ink.sum() for one, other in pairs]))
    if np.log(ink) / np.log(across) > _MORE_INK:
        return Fact("resized", {"factor": round(across, 2)})
    return Fact("spaced", {"in": "after" if across > 1 else "before", "mode": "letters"})


def _displaced(pairs: Sequence[tuple[Line, Line]], boxes: np.ndarray) -> Fact | None:
    """Where lines of one width lie now."""
    if np.abs(np.diff(boxes[:, :, 2], axis=1)).max() > _SAME_WIDTH:
        return None
    if len(pairs) > 1 and (fact := line_spacing(list(pairs)) or aligned_of(list(pairs))):
        return fact
    steps = boxes[:, 1, :2] - boxes[:, 0, :2]
    if np.ptp(steps, axis=0).max() > _AS_FAR or np.abs(steps).max() <= _AS_FAR:
        return None
    if min(shapes(one.ink, other.ink) for one, other in pairs) < _SAME_SHAPES:
        return None
    dx, dy = (round(float(value)) for value in np.median(steps, axis=0))
    if not dx and len(pairs) >= _BLOCK:
        return Fact("gap", {"pixels": dy})
    return Fact("moved", {"dx": dx, "dy": dy})
