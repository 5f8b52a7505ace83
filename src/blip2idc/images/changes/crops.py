"""The close look at a change: a window around it in both images, at their own resolution.

In: two images, the boxes of one change, and how the images lie on each other. Out: the two crops as an `ImagePair`,
which is captioned and trained on as any other pair. Both windows show the same part of the scene at the same scale,
with room around the change, because "added" and "recoloured" are told apart by what is beside it.
"""

from __future__ import annotations

from blip2idc.errors import ImageError
from blip2idc.images.changes.result import Alignment, Box
from blip2idc.images.pair import ImagePair

#: Room on each side of a change, as a share of its own side.
CONTEXT = 0.5
#: Pixels of room on each side, at least.
LEAST_CONTEXT = 48
#: The longer side of a window is at most so many times the shorter one, where the image has room.
ELONGATION = 2
#: A window that covers more of an image than this share of its pixels becomes the whole image.
MOST = 0.6

Size = tuple[int, int]
_Span = tuple[float, float, float, float]  # x, y, width, height in fractions of pixels


def crop_change(
    pair: ImagePair, before_box: Box | None, after_box: Box | None, alignment: Alignment | None = None
) -> ImagePair:
    """Cut both images around one change.

    Args:
        pair: The images.
        before_box: The place in the image before; None where the thing is not there.
        after_box: The place in the image after; None where the thing is not there.
        alignment: How the images lie on each other; None for pixel on pixel.

    Returns:
        Crops of `change_windows`, not resized; the images themselves where the change covers most of them.

    Raises:
        ImageError: There is no box.
    """
    first, second = change_windows(pair.before.size, pair.after.size, before_box, after_box, alignment)
    return ImagePair(pair.before.crop(_corners(first)), pair.after.crop(_corners(second)))


def change_windows(
    before_size: Size,
    after_size: Size,
    before_box: Box | None,
    after_box: Box | None,
    alignment: Alignment | None = None,
) -> tuple[Box, Box]:
    """Where `crop_change` cuts.

    Args:
        before_size: (width, height) of the image before.
        after_size: (width, height) of the image after.
        before_box: The place in the image before, or None.
        after_box: The place in the image after, or None.
        alignment: How the images lie on each other; None for pixel on pixel.

    Returns:
        The windows in before and in after, each inside its image.

    Raises:
        ImageError: There is no box.

    >>> change_windows((640, 480), (640, 480), (300, 200, 40, 30), (300, 200, 40, 30))
    ((252, 152, 136, 126), (252, 152, 136, 126))
    """
    if before_box is None and after_box is None:
        raise ImageError("crop of a change: neither image has a box; expected one at least")
    lie = alignment or Alignment("aligned")
    boxes = [
        [_as_span(before_box), _to_before(after_box, lie)],
        [_to_after(before_box, lie), _as_span(after_box)],
    ]
    places = [_union([span for span in spans if span is not None]) for spans in boxes]
    scales = (1.0, lie.scale)
    areas = [place[2] * place[3] / scale**2 for place, scale in zip(places, scales, strict=True)]
    seen_from = (
        1 if areas[1] > areas[0] * 1.001 else 0
    )  # rows that came have no height where they are missing
    sizes = (before_size, after_size)
    windows = _windows(places[seen_from], seen_from, sizes, scales, lie)
    if any(
        w * h > MOST * width * height for (_, _, w, h), (width, height) in zip(windows, sizes, strict=True)
    ):
        return (0, 0, *before_size), (0, 0, *after_size)
    return windows[0], windows[1]


def _windows(
    place: _Span, seen_from: int, sizes: tuple[Size, Size], scales: tuple[float, float], lie: Alignment
) -> list[Box]:
    """Both windows around a place in one of the images (0 before, 1 after), each inside its image."""
    ahead, back = (_to_after, _to_before) if seen_from == 0 else (_to_before, _to_after)
    own, other = sizes[seen_from], sizes[1 - seen_from]
    ratio = scales[1 - seen_from] / scales[seen_from]
    wanted = _around(place, scales[seen_from])
    first = _inside(wanted, own)
    mapped = ahead(first, lie)
    assert mapped is not None
    second = _inside((mapped[0], mapped[1], first[2] * ratio, first[3] * ratio), other)
    returned = back(second, lie)
    assert returned is not None
    again = _inside((returned[0], returned[1], first[2], first[3]), own)
    if _holds(again, place):  # both keep off the border, so that pixel still meets pixel
        first = again
    return [first, second] if seen_from == 0 else [second, first]


def _around(place: _Span, scale: float) -> _Span:
    """A place with its context, widened to be no more elongated than wanted."""
    x, y, width, height = place
    least = LEAST_CONTEXT * scale
    wide, high = (side + 2 * max(least, CONTEXT * side) for side in (width, height))
    wide, high = max(wide, high / ELONGATION), max(high, wide / ELONGATION)
    return x + (width - wide) / 2, y + (height - high) / 2, wide, high


def _inside(span: _Span, size: Size) -> Box:
    """A window of whole pixels, moved and where need be cut so that it lies inside the image."""
    starts, lengths = [], []
    for start, length, limit in zip(span[:2], span[2:], size, strict=True):
        whole = min(max(1, round(length)), limit)
        starts.append(min(max(0, round(start)), limit - whole))
        lengths.append(whole)
    return starts[0], starts[1], lengths[0], lengths[1]


def _holds(window: Box, place: _Span) -> bool:
    return all(
        window[k] <= place[k] + 0.5 and window[k] + window[k + 2] >= place[k] + place[k + 2] - 0.5
        for k in (0, 1)
    )


def _to_after(box: Box | None, lie: Alignment) -> _Span | None:
    if box is None:
        return None
    if lie.kind == "rows":
        return _by_rows(box, [(run.before, run.after, run.length) for run in lie.rows])
    (a, b, dx), (c, d, dy) = lie.matrix
    return _bounds([(a * x + b * y + dx, c * x + d * y + dy) for x, y in _points(box)])


def _to_before(box: Box | None, lie: Alignment) -> _Span | None:
    if box is None:
        return None
    if lie.kind == "rows":
        return _by_rows(box, [(run.after, run.before, run.length) for run in lie.rows])
    (a, b, dx), (c, d, dy) = lie.matrix
    scale = (a * d - b * c) or 1.0
    moved = [(x - dx, y - dy) for x, y in _points(box)]
    return _bounds([((d * x - b * y) / scale, (a * y - c * x) / scale) for x, y in moved])


def _by_rows(box: Box, runs: list[tuple[int, int, int]]) -> _Span:
    """A box carried over by runs (start here, start there, length); rows between runs lie between them there too."""
    x, y, width, height = box
    top, bottom = _row(y, runs), _row(y + height - 1, runs) + 1
    return x, top, width, max(0, bottom - top)


def _row(row: int, runs: list[tuple[int, int, int]]) -> int:
    mapped = row
    for index, (here, there, length) in enumerate(runs):
        if row < here:
            return min(mapped, there) if index else max(0, there - (here - row))
        mapped = there + min(row - here, length) if row < here + length else there + length
    return mapped


def _points(box: Box) -> list[tuple[float, float]]:
    """The corners, as coordinates of pixel centres, which is what alignments map."""
    x, y, width, height = box
    return [(left - 0.5, top - 0.5) for left in (x, x + width) for top in (y, y + height)]


def _bounds(points: list[tuple[float, float]]) -> _Span:
    left, top = min(x for x, _ in points) + 0.5, min(y for _, y in points) + 0.5
    right, bottom = max(x for x, _ in points) + 0.5, max(y for _, y in points) + 0.5
    return left, top, right - left, bottom - top


def _as_span(box: Box | None) -> _Span | None:
    return None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def _union(spans: list[_Span]) -> _Span:
    left, top = min(span[0] for span in spans), min(span[1] for span in spans)
    right, bottom = max(span[0] + span[2] for span in spans), max(span[1] + span[3] for span in spans)
    return left, top, right - left, bottom - top


def _corners(box: Box) -> tuple[int, int, int, int]:
    x, y, width, height = box
    return x, y, x + width, y + height
