"""Image-Editing-Request (Tan et al., ACL 2019, arXiv 1906.08500): edits asked for in forums.

In: `train.json`, `valid.json`, `test.json` (in the source, or in `dataset/adobe/`), each a list of
`{"img0", "img1", "sents", "uid"}`; images in `images/` or beside the annotations. Out: one item a `uid`.

Quirks honoured: train has one sentence a pair, valid and test three; the two images may differ in size; one
original photograph serves several pairs, also across splits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blip2idc.data.readers.benchmark import BenchmarkItem, ReadOptions, Tally, pair_record, select_captions
from blip2idc.data.readers.files.source import (
    as_file_name,
    as_id,
    as_texts,
    entries,
    find_optional,
    require,
    require_folder,
)
from blip2idc.errors import InputError

_FOLDERS = (".", "dataset/adobe", "adobe")
_IMAGE_FOLDERS = ("images", "dataset/images", "dataset/adobe/images", "adobe/images", "image", ".")


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read Image-Editing-Request.

    Raises:
        InputError: no annotations, or a malformed entry.
    """
    require_folder(source)
    found = False
    for split, names in (("train", ("train",)), ("val", ("valid", "val")), ("test", ("test",))):
        path = find_optional(source, [f"{folder}/{name}.json" for folder in _FOLDERS for name in names])
        found = found or path is not None
        if path is None or not options.wants(split):
            continue
        for listed in tally.attempt(_entries, path):
            for where, entry in listed:
                yield from tally.attempt(_item, source, split, entry, where, options, tally)
    if not found:
        raise InputError(
            f"{source} holds no annotations of Image-Editing-Request: expected train.json, valid.json and "
            "test.json here or in dataset/adobe/"
        )


def _entries(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    return list(entries(path))


def _item(
    source: Path, split: str, entry: Mapping[str, Any], where: str, options: ReadOptions, tally: Tally
) -> BenchmarkItem:
    before = as_file_name(require(entry, "img0", where), where, "img0")
    after = as_file_name(require(entry, "img1", where), where, "img1")
    sentences = as_texts(require(entry, "sents", where), where, "sents")
    captions = select_captions(tuple(text.strip() for text in sentences), options, tally)
    pair_id = as_id(require(entry, "uid", where), where, "uid")
    record = pair_record(pair_id, (f"images/{before}", f"images/{after}"), captions, "image-editing-request")
    images = {f"images/{name}": _locate(source, name) for name in (before, after)}
    return BenchmarkItem(split, record, images)


def _locate(source: Path, name: str) -> Path:
    """Where an image is, or where it ought to be."""
    return (
        find_optional(source, [f"{folder}/{name}" for folder in _IMAGE_FOLDERS]) or source / "images" / name
    )
