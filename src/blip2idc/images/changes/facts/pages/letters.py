"""The same words drawn otherwise: `bold`, `italic`, `underlined`, `spaced`, `aligned`, `resized` or `moved`.

In: the two images in one frame and a region. Out: the fact, where its line of text is the same before and after but for
that. Letters are told to be the same by their ink: its sum, how it is spread along the line, and its shapes where the
one line is stretched to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from blip2idc.images.changes.lines import lean, leaning, line_boxes
from blip2idc.images.changes.pictures import Pixels, largest_channel
from blip2idc.images.changes.regions.grouping import Region
from blip2idc.images.changes.result import Box, Fact

_TALLEST = 120  # pixels of a region that is a few lines of text
_ROOMY, _FILLED = (
    24,
    0.75,
)  # pixels of the shorter side, and share of it that differs, of a place of a picture
_GROUND, _WITHIN = 10.0, 0.9  # levels of both grounds, and share of what differs that lies in the lines
_INK = 50  # levels by which the full colour of both lines may differ
_MUCH_BOLDER, _ROUNDED = 1.35, 2  # the same of letters that are a little higher, and by how many pixels
_FULL, _PALER = (
    0.985,
    0.75,
)  # quantile of the ink of a line that is full, and of a word of its colour at least
_BOLDER, _AS_THICK = 1.2, 1.08  # ratio of the widths of strokes of bold letters at least, of others at most
_BOLD_SHAPES, _SHAPES = (
    0.84,
    0.85,
)  # correlation of bold letters with regular ones, of the same letters in two sizes
_BOLD_WIDTH = (0.97, 1.3)  # ratio of the widths of both lines
_STROKE = 0.36  # of the height of a line: the width of its strokes at most, if it is of letters
_SAME_INK = 0.06  # share by which the ink of spaced letters may differ
_SPREAD, _WIDER = 0.05, 1.06  # difference of the ink's course along the line, and ratio of their widths
_SAME, _SAME_GLYPHS = (
    0.93,
    0.9,
)  # correlation of the same letters elsewhere, and of each letter of a spaced line
_FEW_GLYPHS, _NEAR = 3, 4  # letters that tell, and pixels within which one is looked for
_FAINT, _APART = 0.25, 0.55  # ink of a letter, and of the height: the gap between two parts of a line
_SPACE = 0.3  # of the height: the least gap between two words
_LARGER = 1.07  # ratio of the sizes of letters
_PROPORTION = 0.06  # by which the ratios of width and height may differ
_ITALIC_SHAPES = 0.7  # correlation of italic letters with others that were sheared
SLANTED = 0.12  # tangent by which italic letters lean more than others, at least
_ITALIC_INK = 0.25  # share by which italic letters may have more or less ink
_LINE_THICK, _LINE_SPAN = 4, 0.85  # pixels of a line below letters, and the share of their width it takes
_LINE_ROUND = 24  # pixels of a place that noise around such a line makes higher
_LINE_STEP, _LINE_SEEN, _BESIDE_LINE = (
    0.4,
    0.45,
    0.2,
)  # of the difference, and of a row: of the line, and beside it
_ABOVE = 40  # pixels: the height of letters with a line


@dataclass(frozen=True, eq=False)
class Line:
    """One line of text.

    Attributes:
        box: In the frame.
        ink: float32 [height, width], 0 (ground) to 1.
        ground: float [3], the colour around it.
        color: float [3], of full ink.
        pixels: float32 [height, width, 3], as they are.
    """

    box: Box
    ink: np.ndarray
    ground: np.ndarray
    color: np.ndarray
    pixels: np.ndarray

    @property
    def stroke(self) -> float:
        """Mean width of a stroke: twice the area of ink over the length of its outline, in pixels."""
        steps = np.abs(np.diff(self.ink, axis=1)).sum() + np.abs(np.diff(self.ink, axis=0)).sum()
        return max(2 * float(self.ink.sum()) / max(float(steps), 1e-6), 1e-3)

    @property
    def is_written(self) -> bool:
        """Whether there is any ink at all."""
        return bool(self.ink.size and self.ink.max() > _FAINT)


def letters(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """What happened to the letters of a region whose words stayed.

    Args:
        before: uint8 [H, W, 3].
        after: uint8 [H, W, 3].
        region: Where the two differ.
    """
    if region.box[3] > _TALLEST or (min(region.box[2:]) >= _ROOMY and region.mask.mean() > _FILLED):
        return None
    line = _underline(before, after, region)
    if line is not None:
        return line
    boxes = [line_boxes(image, region.box) for image in (before, after)]
    if len(boxes[0]) != len(boxes[1]) or not boxes[0]:
        return None
    pairs = [
        tuple(line_of(image, box) for image, box in zip((before, after), pair, strict=True))
        for pair in zip(*boxes, strict=True)
    ]
    if not all(line.is_written for pair in pairs for line in pair):
        return None
    if any(np.abs(one.ground - other.ground).max() > _GROUND for one, other in pairs):
        return None
    if not _lies_in(region, [box for lines in boxes for box in lines]):
        return None
    facts = [_of_line(*pair) for pair in pairs]
    if len(facts) > 1 and None not in facts and {fact.kind for fact in facts if fact} <= {"moved", "same"}:
        return line_spacing(pairs) or aligned_of(pairs) or _agreed(facts)
    fact = _agreed(facts)
    if fact is not None and fact.kind == "italic" and region.box[2] < region.box[3]:
        return None  # one letter alone became another one
    return fact


def _lies_in(region: Region, boxes: list[Box]) -> bool:
    """Whether nearly all that differs lies in lines of text."""
    x, y = region.box[:2]
    inside = np.zeros_like(region.mask)
    for left, top, width, height in boxes:
        rows = slice(max(0, top - y - 2), max(0, top + height - y + 2))
        inside[rows, max(0, left - x - 2) : max(0, left + width - x + 2)] = True
    return bool(inside[region.mask].mean() >= _WITHIN)


def _agreed(facts: list[Fact | None]) -> Fact | None:
    """The one fact of all that changed; None where there is none, or more than one."""
    changed = [fact for fact in facts if fact is None or fact.kind != "same"]
    if not changed or changed[0] is None:
        return None
    first = changed[0]
    for fact in changed[1:]:
        if fact is None or fact.kind != first.kind:
            return None
        if first.kind == "moved" and fact.values != first.values:
            return None
    return first


def _of_line(one: Line, other: Line) -> Fact | None:
    """What happened to a line; where its parts differ in that, to those that did not merely give way."""
    fact = _redrawn(one, other)
    parts = [parts_of(line) for line in (one, other)]
    if fact is not None or len(parts[0]) != len(parts[1]) or len(parts[0]) < 2:
        return fact
    facts = [_redrawn(*pair) for pair in zip(*parts, strict=True)]
    kept = [fact for fact in facts if fact is None or fact.kind not in ("same", "moved")]
    return _agreed(kept) if kept else _agreed(facts)


def parts_of(line: Line, apart: float = _APART) -> list[Line]:
    """The parts of a line with gaps between them that are wider than a share of its height, by default half of it."""
    places = np.flatnonzero(line.ink.max(axis=0) > _FAINT)
    if not places.size:
        return []
    cuts = np.flatnonzero(np.diff(places) > apart * line.ink.shape[0])
    starts, stops = [places[0], *places[cuts + 1]], [*places[cuts], places[-1]]
    return _cut(line, [(int(start), int(stop) + 1) for start, stop in zip(starts, stops, strict=True)])


def words_of(line: Line) -> list[Line]:
    """The words of a line, each as one of its own."""
    return _cut(line, _words(line.ink, _SPACE))


def part_of(line: Line, words: Sequence[Line]) -> Line:
    """The part of a line from the first to the last of some of its words."""
    start = words[0].box[0] - line.box[0]
    stop = words[-1].box[0] + words[-1].box[2] - line.box[0]
    return _cut(line, [(start, stop)])[0]


def _cut(line: Line, columns: list[tuple[int, int]]) -> list[Line]:
    """The parts of a line in some of its columns (start, stop)."""
    x, y = line.box[:2]
    found = []
    for start, stop in columns:
        ink = line.ink[:, start:stop]
        rows = np.flatnonzero(ink.max(axis=1) > _FAINT)
        ink = ink[rows[0] : rows[-1] + 1]
        pixels = line.pixels[rows[0] : rows[-1] + 1, start:stop]
        box = x + start, y + int(rows[0]), ink.shape[1], ink.shape[0]
        color = line.color
        fullest = float(np.quantile(ink, _FULL))
        if _FAINT < fullest < _PALER:  # a word of another colour than the rest
            color = np.median(pixels[ink >= 0.9 * fullest], axis=0)
            ink = np.clip(ink / fullest, 0, 1)
        found.append(Line(box, ink, line.ground, color, pixels))
    return found


def line_of(image: Pixels, box: Box) -> Line:
    """The ink of a line of text in a box of an image, uint8 [H, W, 3], and its colours."""
    x, y, width, height = box
    top, left = max(0, y - 2), max(0, x - 2)
    window = image[top : y + height + 2, left : x + width + 2].astype(np.float32)
    ground = np.median(np.concatenate([window[0], window[-1]]), axis=0)
    gap = largest_channel(np.abs(window - ground))
    full = max(float(np.quantile(gap, _FULL)), 1.0)
    strong = gap >= 0.9 * full
    color = np.median(window[strong], axis=0) if strong.any() else ground
    inner = slice(y - top, y - top + height), slice(x - left, x - left + width)
    return Line(box, np.clip(gap[inner] / full, 0, 1), ground, color, window[inner])


def _redrawn(one: Line, other: Line) -> Fact | None:
    if np.abs(one.color - other.color).max() > _INK or min(one.box[2:] + other.box[2:]) < 5:
        return None
    if max(line.stroke / line.box[3] for line in (one, other)) > _STROKE:
        return None
    across, down = other.box[2] / one.box[2], other.box[3] / one.box[3]
    strokes = other.stroke / one.stroke
    level = abs(one.box[3] - other.box[3]) <= 1
    thicker = max(strokes, 1 / strokes)
    wide = across if strokes > 1 else 1 / across
    taller = abs(one.box[3] - other.box[3])
    larger = is_larger(strokes, across, down)
    if is_bold(thicker, taller) and not larger and _BOLD_WIDTH[0] <= wide <= _BOLD_WIDTH[1]:
        if shapes(one.ink, other.ink) >= _BOLD_SHAPES:
            return Fact("bold", {"in": "after" if strokes > 1 else "before"})
        return None
    spread = max(across, 1 / across)
    inks = float(other.ink.sum() / one.ink.sum())
    if level and thicker <= _AS_THICK and spread >= _WIDER and abs(inks - 1) <= _SAME_INK:
        narrow, wide_one = (one, other) if across > 1 else (other, one)
        if course_gap(one.ink, other.ink) <= _SPREAD and _holds_glyphs(narrow.ink, wide_one.ink):
            return Fact("spaced", {"in": "after" if across > 1 else "before", "mode": "letters"})
        return None
    alike = level and abs(one.box[2] - other.box[2]) <= 1 and thicker <= _AS_THICK
    if alike and shapes(one.ink, other.ink) >= _SAME:
        dx, dy = other.box[0] - one.box[0], other.box[1] - one.box[1]
        return Fact("moved", {"dx": dx, "dy": dy}) if max(abs(dx), abs(dy)) > 1 else Fact("same")
    size = (across * down) ** 0.5
    if max(size, 1 / size) >= _LARGER and abs(across / down - 1) <= _PROPORTION + 1.5 / min(
        one.box[3], other.box[3]
    ):
        same = shapes(one.ink, other.ink) >= _SHAPES
        return Fact("resized", {"factor": round(across, 2)}) if same else None  # heights are few pixels
    if abs(one.box[3] - other.box[3]) <= 2 and abs(inks - 1) <= _ITALIC_INK:
        slant = lean(one.ink, other.ink)
        if (
            abs(slant) >= SLANTED
            and course_gap(one.ink, other.ink) <= 2 * _SPREAD
            and shapes(leaning(one.ink, slant), other.ink) >= _ITALIC_SHAPES
        ):
            return Fact("italic", {"in": "after" if slant > 0 else "before"})
    return None


def is_bold(thicker: float, taller: float) -> bool:
    """Whether strokes are so much thicker than those of letters of another height would be, in pixels, by rounding."""
    return thicker >= (_BOLDER if taller <= 1 else _MUCH_BOLDER) and taller <= _ROUNDED


def is_larger(strokes: float, across: float, down: float) -> bool:
    """Whether letters grew or shrank as a whole, by these ratios: their strokes are rounded to whole pixels.

    Bold letters are wider, but no higher than others.
    """
    if across < 1:
        strokes, across, down = 1 / strokes, 1 / across, 1 / down
    return strokes < _MUCH_BOLDER and across >= _WIDER and down > 1 and abs(across / down - 1) <= _PROPORTION


def _holds_glyphs(narrow: np.ndarray, wide: np.ndarray) -> bool:
    """Whether the letters of a spaced line are those of the narrow one, in their order."""
    inked = np.concatenate([[0], (wide.max(axis=0) > _FAINT).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(inked))
    course = np.cumsum(narrow.sum(axis=0)) / max(float(narrow.sum()), 1e-6)
    whole = np.cumsum(wide.sum(axis=0)) / max(float(wide.sum()), 1e-6)
    found, weights = [], []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start < 2:
            continue
        place = int(np.searchsorted(course, whole[start - 1] if start else 0.0))
        window = narrow[:, max(0, place - _NEAR) : place + (stop - start) + _NEAR]
        height = min(len(window), len(wide))
        if window.shape[1] < stop - start:
            continue
        piece = np.ascontiguousarray(wide[:height, start:stop], np.float32)
        scores = cv2.matchTemplate(
            np.ascontiguousarray(window[:height], np.float32), piece, cv2.TM_CCORR_NORMED
        )
        found.append(float(scores.max()))
        weights.append(int(stop - start))
    return len(found) >= _FEW_GLYPHS and float(np.average(found, weights=weights)) >= _SAME_GLYPHS


def shapes(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of the ink of two lines, the first stretched to the second, word by word."""
    words = [_words(ink) for ink in (one, other)]
    if len(words[0]) != len(words[1]):
        words = [[(0, ink.shape[1])] for ink in (one, other)]
    found, weights = [], []
    for (start, stop), (begin, end) in zip(*words, strict=True):
        size = max(4, end - begin), other.shape[0]
        piece = cv2.resize(one[:, start:stop], size, interpolation=cv2.INTER_LINEAR)
        target = cv2.resize(other[:, begin:end], size, interpolation=cv2.INTER_LINEAR)
        piece, target = (cv2.GaussianBlur(ink, (0, 0), 1.0) for ink in (piece, target))
        if min(float(piece.std()), float(target.std())) < 1e-3:
            continue
        found.append(float(np.corrcoef(piece.ravel(), target.ravel())[0, 1]))
        weights.append(size[0])
    return float(np.average(found, weights=weights)) if found else 0.0


def _words(ink: np.ndarray, gap: float = 0.22) -> list[tuple[int, int]]:
    """The columns (start, stop) of words: parts with gaps of some share of the height between them."""
    places = np.flatnonzero(ink.max(axis=0) > 0.25)
    if not places.size:
        return []
    cuts = np.flatnonzero(np.diff(places) > max(3, gap * ink.shape[0]))
    starts, stops = [places[0], *places[cuts + 1]], [*places[cuts], places[-1]]
    return [(int(start), int(stop) + 1) for start, stop in zip(starts, stops, strict=True)]


def course_gap(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of the share of ink up to the same share of both lines."""
    places = np.linspace(0, 1, 100)
    courses = []
    for ink in (one, other):
        course = np.concatenate([[0.0], np.cumsum(ink.sum(axis=0))])
        courses.append(np.interp(places, np.linspace(0, 1, course.size), course / max(course[-1], 1e-6)))
    return float(np.abs(courses[0] - courses[1]).max())


def _underline(before: Pixels, after: Pixels, region: Region) -> Fact | None:
    """`underlined` where all that differs is a thin line below letters, or through them."""
    rows = _rows_of_line(before, after, region)
    if rows is None:
        return None
    x, width = region.box[0], region.box[2]
    y, height = region.box[1] + rows[0], rows[1] - rows[0]
    top = max(0, y - _ABOVE)
    window = slice(top, y + height + _ABOVE // 2), slice(x, x + width)
    one, other = (image[window].astype(np.int16) for image in (before, after))
    band = slice(y - top, y - top + height)
    ground = np.median(one.reshape(-1, 3), axis=0)
    inks = [largest_channel(np.abs(image - ground)) for image in (one, other)]
    full = float(np.quantile(np.concatenate([ink.ravel() for ink in inks]), 0.98))
    if full < 24:
        return None
    spans = [float((ink[band] > 0.4 * full).any(axis=0).mean()) for ink in inks]
    if max(spans) < _LINE_SPAN or min(spans) > 0.7:
        return None
    same = inks[int(spans[0] > spans[1])] > 0.4 * full  # the image without the line
    above, below = same[: band.start], same[band.stop :]
    lettered = [columns for columns in (above[-_ABOVE:].any(axis=0), below.any(axis=0)) if columns.size]
    near = above[-6:].any(axis=0).mean() if len(above) else 0.0
    if not lettered or float(lettered[0].mean()) < 0.5 or near < 0.15:
        return None
    struck = below[:3].any(axis=0).mean() > 0.25
    how = "crossed out" if struck else "underlined"
    return Fact("underlined", {"in": "after" if spans[1] > spans[0] else "before", "as": how})


def _rows_of_line(before: Pixels, after: Pixels, region: Region) -> tuple[int, int] | None:
    """The rows (start, stop) of a region in which a thin line came or went, where hardly anything else differs."""
    x, y, width, height = region.box
    if height > _LINE_ROUND or width < 3 * min(height, _LINE_THICK):
        return None
    if height <= _LINE_THICK:
        return (0, height) if region.mask.any(axis=0).mean() >= 0.5 else None
    window = slice(y, y + height), slice(x, x + width)
    gap = largest_channel(np.abs(after[window].astype(np.int16) - before[window]))
    seen = (gap > _LINE_STEP * float(np.quantile(gap, 0.98))).mean(axis=1)
    rows = np.flatnonzero(seen >= _LINE_SEEN)
    if not rows.size or np.ptp(rows) + 1 > _LINE_THICK or rows.size <= np.ptp(rows):
        return None
    start, stop = int(rows[0]), int(rows[-1]) + 1
    beside = np.delete(seen, np.s_[max(0, start - 1) : stop + 1])
    return (start, stop) if beside.size and beside.max() <= _BESIDE_LINE else None


def aligned_of(pairs: list[tuple[Line, ...]]) -> Fact | None:
    """`aligned` where lines that had one edge or middle in common have another one now."""
    if any(abs(pair[0].box[1] - pair[1].box[1]) > 1 for pair in pairs):
        return None
    if np.ptp([pair[0].box[2] for pair in pairs]) <= _NEAR:
        return None
    now = []
    for side in (0, 1):
        lefts, widths = (np.array([pair[side].box[at] for pair in pairs]) for at in (0, 2))
        ways = {"left": lefts, "centre": lefts + widths / 2, "right": lefts + widths}
        now.append(min(ways, key=lambda way: float(np.ptp(ways[way]))))
        if np.ptp(ways[now[-1]]) > 3:
            return None
    return Fact("aligned", {"to": now[1]}) if now[0] != now[1] else None


def line_spacing(pairs: list[tuple[Line, ...]]) -> Fact | None:
    """`spaced` where the same lines are further apart."""
    if any(abs(one.box[2] - other.box[2]) > 2 or abs(one.box[3] - other.box[3]) > 2 for one, other in pairs):
        return None
    if any(shapes(one.ink, other.ink) < _SHAPES for one, other in pairs):
        return None
    steps = [np.diff([pair[side].box[1] for pair in pairs]) for side in (0, 1)]
    gaps = steps[1] - steps[0]
    if np.abs(gaps).min() < 2 or np.ptp(gaps) > 2:
        return None
    return Fact("spaced", {"in": "after" if gaps[0] > 0 else "before", "mode": "lines"})
