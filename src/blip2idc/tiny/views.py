"""Shards of views for the tiny model, from data sets on disk: the whole pair, and the close look at its change.

In: manifests (any world's, with boxes where changes have places). Out: files of small pairs of images, each with
captions that can be right of what is seen: a view of the whole is left out where the change does not show at the
model's size; a close look is told without its place, which it does not show, and nothing is told in quoted words, which
cannot be read.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from blip2idc.data.dataset import Sample, all_samples
from blip2idc.data.records import MANIFEST_NAME, NO_CHANGE, PairRecord, read_records, write_records
from blip2idc.images.changes import Box, find_changes
from blip2idc.images.changes.crops import crop_change
from blip2idc.images.pair import ImagePair
from blip2idc.runs.files import atomic_path
from blip2idc.tiny.shards import CELL, HEIGHT, SHARD, WIDTH, save_shard, shrink

_SHOWS = 12  # levels of 255 by which a cell of the shrunk pair must differ, on average, for a change to show
_FOUND_SHARE = 0.2  # of the first close looks are at the box that `find_changes` finds
_OVERLAP = 0.2  # intersection over union from which on it is the box of this change
_JITTER = 0.15  # of the sides of a true box
_PLACE = re.compile(
    r",?\s*\b(?:in|at|on|near) the (?:very )?(?:top|bottom|middle|center|left|right|upper|lower)"
    r"(?:[ -](?:left|right|center|middle|half|part|corner|edge|side))*"
    r"(?: of the (?:picture|image|page|photo|window|screen))?"
    r"(?=$|,| was| is| has| turned| became| changed| disappeared| appeared| now)"
)
_UNREADABLE = re.compile(r"[\"“”„«»]|(?<!\w)'[^']+'|\d")
# what is left of a caption when the words on the page cannot be read: (where quoted words or numbers stand, what stays)
_QUOTE = r"[\"“„][^\"”]*[\"”]"
_WITHOUT_WORDS = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        (rf" that begins {_QUOTE}", ""),
        (rf" from (?:{_QUOTE}|[^ ]*\d[^ ]*) to (?:{_QUOTE}|[^ ]*\d[^ ]*)$", ""),
        (rf"\b(with|and|overlaps|covers|on top of|overlap) {_QUOTE}", r"\1 something else"),
        (
            rf"\b(the|a|new) {_QUOTE} (?!(?:is|has|was|no|now|became|turned|does|did|can|and|lost|got)\b)(?=[a-z])",
            r"\1 ",
        ),
        (rf" (?:of|in|for) {_QUOTE}", ""),
        (rf"(?<=[a-z]) {_QUOTE}(?= [a-z]|$|,)", ""),
    )
)
_LEFT_ALONE = re.compile(
    r"\b(?:reads|says|to|from|of|was|is|named|called|with|went|instead|changed)(?= and\b)|"
    r"\b(?:reads|says|to|from|of|was|is|named|called|with|went|instead)(?=$|,)"
)
_PARENT = re.compile(
    r" in the (?:(?:first|second|third|fourth|fifth|sixth|last) )?"
    r"(?:card|row|list item|navigation bar|footer|header|form|table|sidebar|list|section)\b"
)
_SCENE_NAMES = re.compile(r"\b(?:left of|right of|in front of|behind) the\b")


@dataclass(frozen=True)
class View:
    """One pair as the model sees it.

    Attributes:
        images: uint8 [2, 64, 128, 3].
        cells: bool [2, 8, 16], the cells in which something changed.
        kind: Of the change.
        color: That the change names, if any.
        captions: All that can be right of it.
        close: Whether it is a close look.
    """

    images: npt.NDArray[np.uint8]
    cells: npt.NDArray[np.bool_]
    kind: str
    captions: tuple[str, ...]
    close: bool
    color: str | None = None


def make_view_shards(
    samples: Sequence[Sample], folder: Path, name: str, seed: int, shard: int, looks: int = 1
) -> Iterator[Path]:
    """Writes `NAME_0000.npz`, ... of so many pairs each; those that are there are left as they are.

    Args:
        samples: The pairs, in a fixed order, which may grow at its end.
        folder: Where to.
        name: Beginning of the file names.
        seed: Of jitter and drawn places.
        shard: Pairs a file; a rest that is smaller waits for more pairs.
        looks: Close looks at each pair.

    Yields:
        The files that were written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(len(samples) // shard):
        path = folder / f"{name}_{number:04d}.npz"
        if path.exists():
            continue
        views = []
        for offset, sample in enumerate(samples[number * shard : (number + 1) * shard]):
            rng = np.random.default_rng((seed, number, offset))
            views += views_of(sample, rng, looks)
        facts = [
            {
                "change": {"kind": view.kind, "color": view.color},
                "captions": list(view.captions),
                "close": view.close,
            }
            for view in views
        ]
        save_shard(
            path,
            images=np.stack([view.images for view in views]),
            cells=np.stack([view.cells for view in views]),
            facts=np.array(json.dumps(facts)),
        )
        yield path


def write_views(samples: Iterable[Sample], folder: Path, seed: int, looks: int = 1) -> int:
    """Write views as a data set, for an adapter that has to know close looks as well.

    Args:
        samples: The pairs.
        folder: Where to; must not be there.
        seed: Of jitter and drawn places.
        looks: Close looks at each pair.

    Returns:
        Number of views.
    """
    records: list[PairRecord] = []
    with atomic_path(folder) as partial:
        (partial / "images").mkdir(parents=True)
        for number, sample in enumerate(samples):
            for view in views_of(sample, np.random.default_rng((seed, number)), looks):
                name = f"{len(records):06d}"
                before, after = (f"images/{name}_{side}.png" for side in ("before", "after"))
                for file, image in zip((before, after), view.images, strict=True):
                    Image.fromarray(image).save(partial / file)
                change = {"kind": view.kind}
                records.append(PairRecord(name, before, after, captions=view.captions, change=change))
        write_records(partial, records)
    return len(records)


def views_of(sample: Sample, rng: np.random.Generator, looks: int = 1) -> list[View]:
    """The whole of a pair and close looks at its change, those of them that can be captioned.

    Args:
        sample: A pair whose kind of change is known.
        rng: Draws jitter, and places to look at where nothing changed.
        looks: Close looks, each at a place of its own around the change; the first one only may be at a box that was
            found, which takes a second.
    """
    record = sample.record
    if record.kind is None or not record.captions:
        return []
    pair = sample.open()
    views = []
    whole = captions_of_whole(record.captions)
    images = _shrunk(pair)
    boxes = _whole_box(record.before_box), _whole_box(record.after_box)
    if record.kind == NO_CHANGE or (whole and _shows(images, boxes, pair)):
        cells = np.stack(
            [_cells(box, image.size) for box, image in zip(boxes, (pair.before, pair.after), strict=True)]
        )
        views.append(View(images, cells, record.kind, whole or record.captions, close=False))
    for number in range(looks):
        found_share = _FOUND_SHARE if number == 0 else 0.0
        close = _close_look(pair, record.kind, record.captions, boxes, rng, found_share)
        views += [close] if close is not None else []
    color = (record.change or {}).get("color")
    return [replace(view, color=color) for view in views] if isinstance(color, str) else views


def captions_of_whole(captions: Iterable[str]) -> tuple[str, ...]:
    """Captions without words or numbers that had to be read.

    >>> captions_of_whole(['the "Home" button has a shadow now', 'the heading reads "Now"', "a 3 became a 4"])
    ('the button has a shadow now',)
    """
    found = []
    for caption in captions:
        for pattern, kept in _WITHOUT_WORDS:
            caption = pattern.sub(kept, caption)
        if not _UNREADABLE.search(caption) and not _LEFT_ALONE.search(caption):
            found.append(" ".join(caption.split()))
    return tuple(dict.fromkeys(found))


def captions_of_close_look(captions: Iterable[str]) -> tuple[str, ...]:
    """The same without places in the whole picture, and without relations to what may not be in view.

    >>> captions_of_close_look(["a red block was added in the top left", "text at the bottom was removed"])
    ('a red block was added', 'text was removed')
    """
    stripped = (
        " ".join(_PLACE.sub("", _PARENT.sub("", caption)).split()).strip(" ,")
        for caption in captions_of_whole(captions)
        if not _SCENE_NAMES.search(caption)
    )
    return tuple(dict.fromkeys(caption for caption in stripped if caption))


def _close_look(
    pair: ImagePair,
    kind: str,
    captions: Sequence[str],
    boxes: tuple[Box | None, Box | None],
    rng: np.random.Generator,
    found_share: float,
) -> View | None:
    if kind == NO_CHANGE:
        place = _nuisance(pair, rng)
        return View(_shrunk(crop_change(pair, place, place)), _no_cells(), kind, tuple(captions), close=True)
    told = captions_of_close_look(captions)
    if boxes == (None, None) or not told:
        return None
    if rng.random() < found_share:
        boxes = _found(pair, boxes) or boxes
    else:
        boxes = _jittered(boxes[0], pair.before.size, rng), _jittered(boxes[1], pair.after.size, rng)
    crops = crop_change(pair, *boxes)
    images = _shrunk(crops)
    differs = np.abs(images[0].astype(np.int16) - images[1]).max(axis=-1)
    cells = differs.reshape(HEIGHT // CELL, CELL, WIDTH // CELL, CELL).mean(axis=(1, 3)) > _SHOWS / 2
    return View(images, np.stack([cells, cells]), kind, told, close=True)


def _shows(images: npt.NDArray[np.uint8], boxes: tuple[Box | None, Box | None], pair: ImagePair) -> bool:
    """Whether a change can be seen at the model's size; one without a place always counts as visible."""
    if boxes == (None, None):
        return True
    differs = np.abs(images[0].astype(np.int16) - images[1]).max(axis=-1)
    cells = differs.reshape(HEIGHT // CELL, CELL, WIDTH // CELL, CELL).mean(axis=(1, 3))
    return bool(cells.max() > _SHOWS)


def _nuisance(pair: ImagePair, rng: np.random.Generator) -> Box:
    """A place that did not change: about where the images differ most, or anywhere."""
    width, height = (min(a, b) for a, b in zip(pair.before.size, pair.after.size, strict=True))
    wide, high = (max(4, int(side * rng.uniform(0.02, 0.4))) for side in (width, height))
    x, y = int(rng.integers(0, max(1, width - wide))), int(rng.integers(0, max(1, height - high)))
    if rng.random() < 0.6:
        one, other = (
            np.asarray(image.convert("L"), np.int16)[:height, :width] for image in (pair.before, pair.after)
        )
        differs = np.abs(one - other)
        if differs.max() > 0:
            row, column = np.unravel_index(int(differs.argmax()), differs.shape)
            x, y = max(0, int(column) - wide // 2), max(0, int(row) - high // 2)
    return x, y, min(wide, width - x), min(high, height - y)


def _found(pair: ImagePair, boxes: tuple[Box | None, Box | None]) -> tuple[Box | None, Box | None] | None:
    """The boxes of the measured change that lies where the true one does, None where there is none."""
    best, boxes_of_best = _OVERLAP, None
    for change in find_changes(pair.before, pair.after).changes:
        both = zip(boxes, (change.before_box, change.after_box), strict=True)
        overlap = max((_iou(one, other) for one, other in both if one and other), default=0.0)
        if overlap > best:
            best, boxes_of_best = overlap, (change.before_box, change.after_box)
    return boxes_of_best


def _iou(one: Box, other: Box) -> float:
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0, wide) * max(0, high)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def _jittered(box: Box | None, size: tuple[int, int], rng: np.random.Generator) -> Box | None:
    if box is None:
        return None
    x, y, width, height = box
    moves = rng.uniform(-_JITTER, _JITTER, 4)
    left, top = int(x + moves[0] * width), int(y + moves[1] * height)
    right, bottom = int(x + width * (1 + moves[2])), int(y + height * (1 + moves[3]))
    left, top = min(max(0, left), size[0] - 1), min(max(0, top), size[1] - 1)
    return left, top, max(1, min(right, size[0]) - left), max(1, min(bottom, size[1]) - top)


def _whole_box(box: Sequence[float] | None) -> Box | None:
    if box is None:
        return None
    x, y, width, height = (round(value) for value in box)
    return x, y, max(1, width), max(1, height)


def _cells(box: Box | None, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Cells that a box covers at least a fifth of, or the one that its middle lies in, [8, 16]."""
    rows, columns = HEIGHT // CELL, WIDTH // CELL
    found = np.zeros((rows, columns), dtype=np.bool_)
    if box is None:
        return found
    x, y, width, height = (
        value * n / side for value, n, side in zip(box, (columns, rows) * 2, size * 2, strict=True)
    )
    across = np.clip(
        np.minimum(np.arange(1, columns + 1), x + width) - np.maximum(np.arange(columns), x), 0, 1
    )
    down = np.clip(np.minimum(np.arange(1, rows + 1), y + height) - np.maximum(np.arange(rows), y), 0, 1)
    found[:] = down[:, None] * across[None] > 0.2
    found[min(rows - 1, int(y + height / 2)), min(columns - 1, int(x + width / 2))] = True
    return found


def _no_cells() -> npt.NDArray[np.bool_]:
    return np.zeros((2, HEIGHT // CELL, WIDTH // CELL), dtype=np.bool_)


def _shrunk(pair: ImagePair) -> npt.NDArray[np.uint8]:
    """Both images at the model's size, uint8 [2, 64, 128, 3]; large ones are reduced first, as `JointLayout` would."""
    return np.stack([shrink(np.asarray(image)) for image in (pair.before, pair.after)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the shards of one data set, and goes on as it grows where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, action="append", required=True, help="data set; may be repeated")
    parser.add_argument("--name", required=True, help="beginning of the file names, such as pages")
    parser.add_argument("--output", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--looks", type=int, default=1, help="close looks at each pair")
    parser.add_argument("--watch", type=float, help="seconds after which to look for more pairs, for ever")
    parser.add_argument("--as-data", action="store_true", help="write a data set instead, at --output/NAME")
    options = parser.parse_args(arguments)
    if options.as_data:
        samples = all_samples([read_records(path) for path in options.data])
        count = write_views(samples, options.output / options.name, options.seed, options.looks)
        print(f"{count} views", file=sys.stderr)
        return
    while True:
        for number, path in enumerate(options.data):
            if not (path / MANIFEST_NAME).is_file():
                continue
            samples = all_samples([read_records(path)])
            name = f"{options.name}-{number}"
            for made in make_view_shards(
                samples, options.output, name, options.seed + number, SHARD, options.looks
            ):
                print(made.name, file=sys.stderr, flush=True)
        if options.watch is None:
            return
        time.sleep(options.watch)


if __name__ == "__main__":
    main()
