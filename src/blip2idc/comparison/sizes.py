"""Two pictures of different sizes: what only one of them has, and what differs in the rest.

In: the pair, and what is ignored. Out: a `Comparison` whose changes hold the strips that came or went, and how many
pixels are really other.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blip2idc.images.changes import Alignment, Box, Comparison, Fact, MeasuredChange, find_changes
from blip2idc.images.pair import ImagePair


def compare_sizes(pair: ImagePair, ignored: np.ndarray | None) -> tuple[Comparison, int, int]:
    """Find what is new between two pictures of different sizes.

    Args:
        pair: 8-bit RGB.
        ignored: bool [H, W] of the larger height and width: what does not count.

    Returns:
        The comparison with a change for each strip that only one of them has; pixels that differ; of how many.
    """
    found = _padded(pair) or find_changes(pair.before, pair.after)
    total = max(pair.before.width * pair.before.height, pair.after.width * pair.after.height)
    if found.judgement == "unaligned":
        return found, total - _covered(ignored, pair), total
    changes = list(found.changes)
    dx, dy = (round(value) for value in found.alignment.shift)
    if found.alignment.kind in ("aligned", "shifted"):
        overlap = _overlap(pair, dx, dy)
        inside = round(found.share * overlap[2] * overlap[3])
        strips = _strips(overlap, pair.before.size, before=True)
        strips += _strips((overlap[0] + dx, overlap[1] + dy, *overlap[2:]), pair.after.size, before=False)
        total = overlap[2] * overlap[3] + sum(strip.pixels for strip in strips)
        changed = inside + sum(strip.pixels for strip in strips)
        changes = strips + changes
    else:
        changed = round(found.share * total)
    kept = [change for change in changes if not is_ignored(change, ignored)]
    changed -= sum(_ignored_pixels(change, ignored) for change in changes)
    kept.sort(key=lambda change: -change.pixels * max(1.0, change.difference))
    found = replace(found, changes=tuple(kept), judgement="compact" if kept else found.judgement)
    return found, max(0, changed), total


def _padded(pair: ImagePair) -> Comparison | None:
    """The comparison where one image is the other with rows and columns added or cut at its edges, else equal."""
    one, other = np.asarray(pair.before), np.asarray(pair.after)
    wider, taller = (pair.after.size[axis] - pair.before.size[axis] for axis in (0, 1))
    for dx in dict.fromkeys((0, wider)):
        for dy in dict.fromkeys((0, taller)):
            x, y, width, height = _overlap(pair, dx, dy)
            inside = one[y : y + height, x : x + width]
            if np.array_equal(inside, other[y + dy : y + dy + height, x + dx : x + dx + width]):
                matrix = ((1.0, 0.0, float(dx)), (0.0, 1.0, float(dy)))
                alignment = Alignment("shifted" if dx or dy else "aligned", matrix)
                return Comparison(pair.before.size, pair.after.size, alignment, "diffuse")
    return None


def is_ignored(change: MeasuredChange, ignored: np.ndarray | None) -> bool:
    """Whether a change lies wholly where differences do not count."""
    boxes = [box for box in (change.before_box, change.after_box) if box is not None]
    return ignored is not None and all(ignored[_window(box)].all() for box in boxes)


def _ignored_pixels(change: MeasuredChange, ignored: np.ndarray | None) -> int:
    """How many pixels of a change do not count."""
    box = change.after_box or change.before_box
    if ignored is None or box is None or (change.before_box and change.after_box):
        return change.pixels if is_ignored(change, ignored) else 0
    return int(np.count_nonzero(ignored[_window(box)]))


def _covered(ignored: np.ndarray | None, pair: ImagePair) -> int:
    larger = max((pair.before, pair.after), key=lambda image: image.width * image.height)
    return 0 if ignored is None else int(np.count_nonzero(ignored[: larger.height, : larger.width]))


def _window(box: Box) -> tuple[slice, slice]:
    x, y, width, height = box
    return slice(y, y + height), slice(x, x + width)


def _overlap(pair: ImagePair, dx: int, dy: int) -> Box:
    """What both images show, in pixels of the image before."""
    left, top = max(0, -dx), max(0, -dy)
    right = min(pair.before.width, pair.after.width - dx)
    bottom = min(pair.before.height, pair.after.height - dy)
    return left, top, max(0, right - left), max(0, bottom - top)


def _strips(inner: Box, size: tuple[int, int], *, before: bool) -> list[MeasuredChange]:
    """What lies around a box in an image of a (width, height), as at most four changes."""
    x, y, width, height = inner
    boxes: list[Box] = [
        (0, 0, size[0], y),
        (0, y + height, size[0], size[1] - y - height),
        (0, y, x, height),
        (x + width, y, size[0] - x - width, height),
    ]
    kind, verb = ("disappeared", "were removed") if before else ("appeared", "were added")
    changes = []
    for box, side in zip(boxes, ("top", "bottom", "left", "right"), strict=True):
        count = box[3] if side in ("top", "bottom") else box[2]
        if min(box[2:]) < 1:
            continue
        lines = "row" if side in ("top", "bottom") else "column"
        place = f"at the {side}" if lines == "row" else f"on the {side}"
        sentence = f"{count} {lines}{'s' * (count != 1)} {verb} {place}"
        if count == 1:
            sentence = sentence.replace("were", "was")
        changes.append(
            MeasuredChange(
                box if before else None,
                None if before else box,
                (Fact(kind),),
                sentence,
                pixels=box[2] * box[3],
                difference=128.0,
            )
        )
    return changes
