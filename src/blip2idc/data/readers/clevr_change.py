"""CLEVR-Change (Park et al., ICCV 2019, arXiv 1901.02527): rendered scenes, each with a change and a distractor.

In: the folder `data/` of the official archive: `change_captions.json`, `no_change_captions.json`, `splits.json`,
and, where they are, `type_mapping.json`, `change_captions_with_bbox.json`, `change_captions_by_IOU.json`; images
in `images/`, `sc_images/`, `nsc_images/`. Out: two items an index: the change, id `000000.png`, and the
distractor (another camera and light, nothing changed), id `000000.png_n`, as in the COCO reference file.

Quirks honoured: an integer of `splits.json` is a position in the *sorted* list of `images/`, not a number in a
file name; names in `type_mapping.json` lack the `CLEVR_default_` prefix; `add` has no box before and `drop` none
after. Boxes are pixels of the 480 x 320 images: the pointing code of the authors rasterises them on 480 x 360.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import describe
from blip2idc.data.readers.benchmark import BenchmarkItem, ReadOptions, Tally, pair_record, select_captions
from blip2idc.data.readers.files.source import (
    as_box,
    as_file_name,
    as_index,
    as_texts,
    find_file,
    find_optional,
    is_share,
    read_mapping,
    require_folder,
    without_zeros,
)
from blip2idc.data.records import NO_CHANGE, Box, PairRecord
from blip2idc.errors import InputError

_PREFIX = "CLEVR_default_"
_IMAGE_SIZE = (480, 320)  # width, height of the official images


@dataclass(frozen=True)
class _Annotations:
    """The official files of one folder, read once."""

    folder: Path
    change: Mapping[str, Any] | None  # None where the file is damaged, which is a fault already
    no_change: Mapping[str, Any] | None
    kinds: Mapping[str, str]
    boxes: Mapping[str, Any]
    overlaps: Mapping[str, Any]
    names: tuple[str, ...]  # sorted default images, those of the captions among them; what the splits index


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read CLEVR-Change.

    Raises:
        InputError: a file is missing or malformed, or an index points nowhere.
    """
    annotations = _load(require_folder(source), tally)
    shorts = [_names(annotations, index)[1] for index in range(len(annotations.names))]
    typed = (annotations.folder / "type_mapping.json").exists()
    if typed and shorts and not tally.faults and annotations.kinds.keys().isdisjoint(shorts):
        raise InputError(
            f"{annotations.folder / 'type_mapping.json'}: names none of the {len(shorts)} images of"
            f" change_captions.json, such as {shorts[0]!r}; expected the types of this very data set,"
            " or no such file"
        )
    path = find_file(annotations.folder, ("splits.json",), "splits of CLEVR-Change")
    for splits in tally.attempt(read_mapping, path):
        for split, indices in splits.items():
            if split not in ("train", "val", "test") or not isinstance(indices, list):
                tally.fault(f"{path}: key {split!r}, expected lists of integers under train, val and test")
            elif options.wants(split):
                yield from _items(annotations, split, indices, path, options, tally)


def _items(
    annotations: _Annotations,
    split: str,
    indices: list[Any],
    path: Path,
    options: ReadOptions,
    tally: Tally,
) -> Iterator[BenchmarkItem]:
    """The two pairs of every index of a split."""
    for position, value in enumerate(indices):
        where = f"{path}, {split}[{position}]"
        for index in tally.attempt(as_index, value, where, len(annotations.names)):
            yield from tally.attempt(_change_item, annotations, split, index, options, tally)
            yield from tally.attempt(_distractor_item, annotations, split, index, options, tally)


def _load(source: Path, tally: Tally) -> _Annotations:
    """Read every annotation file except the splits."""
    change_path = find_file(
        source, ("change_captions.json", "data/change_captions.json"), "CLEVR-Change captions"
    )
    folder = change_path.parent
    no_change_path = find_file(folder, ("no_change_captions.json",), "CLEVR-Change captions")
    change, no_change = (
        next(iter(tally.attempt(read_mapping, path)), None) for path in (change_path, no_change_path)
    )
    images = folder / "images"
    # an image that is missing keeps its place, or every later index would lead to another pair
    names = {*(path.name for path in images.glob("*.png")), *(change or {})}
    return _Annotations(
        folder=folder,
        change=change,
        no_change=no_change,
        kinds=next(iter(tally.attempt(_kinds, folder)), {}),
        boxes=next(iter(tally.attempt(_optional, folder, "change_captions_with_bbox.json")), {}),
        overlaps=next(iter(tally.attempt(_optional, folder, "change_captions_by_IOU.json")), {}),
        names=tuple(sorted(names)),
    )


def _optional(folder: Path, name: str) -> Mapping[str, Any]:
    path = find_optional(folder, (name,))
    return read_mapping(path) if path is not None else {}


def _kinds(folder: Path) -> dict[str, str]:
    """File name without prefix -> kind of change."""
    kinds: dict[str, str] = {}
    for kind, names in _optional(folder, "type_mapping.json").items():
        where = f"{folder / 'type_mapping.json'}, key {kind!r}"
        for name in as_texts(names, where, "the names"):
            if kinds.setdefault(name, kind) != kind:
                raise InputError(f"{where}: {name!r} is listed under {kinds[name]!r} too")
    return kinds


def _change_item(
    annotations: _Annotations, split: str, index: int, options: ReadOptions, tally: Tally
) -> BenchmarkItem:
    """The pair with a real change."""
    default, short, number = _names(annotations, index)
    boxes = _boxes(annotations, number, tally)
    overlap = annotations.overlaps.get(number)
    if overlap is not None and not is_share(overlap):
        raise InputError(
            f"change_captions_by_IOU.json, key {number!r}: {overlap!r}, expected a number from 0 to 1"
        )
    kind = annotations.kinds.get(short)
    if annotations.kinds and kind is None:
        tally.count("changes without a type in type_mapping.json")
    change: dict[str, Any] = {"kind": kind or "unknown"}
    if overlap is not None:
        change["iou"] = float(overlap)
    captions = _captions(annotations, annotations.change, "change_captions.json", default, options, tally)
    names = (f"images/{default}", f"sc_images/{default.replace('default', 'semantic')}")
    record = pair_record(short, names, captions, "clevr-change", change, boxes)
    return _with_images(annotations, split, record)


def _distractor_item(
    annotations: _Annotations, split: str, index: int, options: ReadOptions, tally: Tally
) -> BenchmarkItem:
    """The pair in which only camera and light differ."""
    default, short, _ = _names(annotations, index)
    captions = _captions(
        annotations, annotations.no_change, "no_change_captions.json", default, options, tally
    )
    names = (f"images/{default}", f"nsc_images/{default.replace('default', 'nonsemantic')}")
    # The same keys as a change has: `datasets.load_dataset` wants the same columns in every line.
    change = {"kind": NO_CHANGE, **({"iou": None} if annotations.overlaps else {})}
    record = pair_record(f"{short}_n", names, captions, "clevr-change", change)
    return _with_images(annotations, split, record)


def _with_images(annotations: _Annotations, split: str, record: PairRecord) -> BenchmarkItem:
    names = (record.before_file_name, record.after_file_name)
    return BenchmarkItem(split, record, {name: annotations.folder / name for name in names})


def _names(annotations: _Annotations, index: int) -> tuple[str, str, str]:
    """(default file name, name without prefix, number as the box and IoU files key it)."""
    default = as_file_name(annotations.names[index], str(annotations.folder), "an image name")
    short = default.removeprefix(_PREFIX)
    digits = Path(short).stem
    return default, short, without_zeros(digits)


def _captions(
    annotations: _Annotations,
    captions: Mapping[str, Any] | None,
    file_name: str,
    default: str,
    options: ReadOptions,
    tally: Tally,
) -> tuple[str, ...]:
    where = f"{annotations.folder / file_name}, key {default!r}"
    if captions is None:
        return ()
    if default not in captions:
        raise InputError(f"{where} is missing, although splits.json lists this image")
    return select_captions(as_texts(captions[default], where, "the captions"), options, tally)


def _boxes(annotations: _Annotations, number: str, tally: Tally) -> tuple[Box | None, Box | None]:
    """The boxes before and after, checked against the size of the images."""
    value = annotations.boxes.get(number)
    if value is None:
        return None, None
    where = f"{annotations.folder / 'change_captions_with_bbox.json'}, key {number!r}"
    if not isinstance(value, dict):
        raise InputError(f"{where} is {describe(value)}, expected an object with bbox_before and bbox_after")
    before = as_box(value.get("bbox_before"), where, "bbox_before")
    after = as_box(value.get("bbox_after"), where, "bbox_after")
    width, height = _IMAGE_SIZE
    for box in (before, after):
        if box is not None and (box[0] + box[2] > width or box[1] + box[3] > height):
            tally.count("boxes that reach beyond 480 x 320 pixels")
    return before, after
