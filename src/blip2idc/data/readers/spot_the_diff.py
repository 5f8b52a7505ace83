"""Spot-the-Diff (Jhamtani and Berg-Kirkpatrick, EMNLP 2018, arXiv 1808.10584): surveillance frames.

In: the official annotations (`train.json`, `val.json`, `test.json`, in the source itself, in `annotations/` or
in `data/annotations/`), or CARD's `change_multi_captions.json` with `splits.json`; images in `resized_images/`
(`256.png`, `256_2.png`), in `original/` and `modified/`, or in `images/` and `sc_images/` (`000256.png`).
Out: one item a pair, the id being the official number without leading zeros.

Quirks honoured: several entries share an `img_id` and are merged in file order (9,524 / 1,634 / 1,404 entries
are 8,566 / 1,493 / 1,270 pairs); some references are empty (7 in test: kept unless asked otherwise); the
*single* protocol takes each sentence as a reference, the *multi* protocol joins them into one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from blip2idc.data.readers.benchmark import BenchmarkItem, ReadOptions, Tally, pair_record, select_captions
from blip2idc.data.readers.files.source import (
    as_id,
    as_text,
    as_texts,
    entries,
    find_optional,
    read_mapping,
    require,
    require_folder,
    without_zeros,
)
from blip2idc.data.records import EMPTY_REFERENCES
from blip2idc.errors import InputError

_ANNOTATION_FOLDERS = (".", "annotations", "data/annotations", "data")
_JOINED = "change_multi_captions.json"

#: Where the two images of a pair may lie, in the order of trying; `{id}` and `{padded}` are filled in.
_IMAGE_LAYOUTS = (
    ("resized_images/{id}.png", "resized_images/{id}_2.png"),
    ("data/resized_images/{id}.png", "data/resized_images/{id}_2.png"),
    ("original/{id}.png", "modified/{id}_2.png"),
    ("original/{id}.png", "modified/{id}.png"),
    ("images/{padded}.png", "sc_images/{padded}.png"),
    ("{id}.png", "{id}_2.png"),
)


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read Spot-the-Diff from its official folder or from CARD's files.

    Raises:
        InputError: no annotations, a malformed file, or joined references asked to be single ones.
    """
    require_folder(source)
    joined = find_optional(source, [f"{folder}/{_JOINED}" for folder in _ANNOTATION_FOLDERS])
    pairs = _joined_pairs(joined, options) if joined else _official_pairs(source, options, tally)
    for split, pair_id, sentences in pairs:
        captions = select_captions(sentences, options, tally)
        if options.protocol == "multi" and joined is None:
            captions = (". ".join(captions),) if captions else ()
        yield _item(source, split, pair_id, captions)


def _official_pairs(
    source: Path, options: ReadOptions, tally: Tally
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(split, id, sentences) with the entries of one id merged in file order."""
    found = False
    for split, names in (("train", ("train",)), ("val", ("val", "valid")), ("test", ("test",))):
        candidates = [f"{folder}/{name}.json" for folder in _ANNOTATION_FOLDERS for name in names]
        path = find_optional(source, candidates)
        found = found or path is not None
        if path is None or not options.wants(split):
            continue
        merged: dict[str, list[str]] = {}
        read = [tally.attempt(_entry, *one) for listed in tally.attempt(_entries, path) for one in listed]
        for pair_id, sentences in chain.from_iterable(read):
            if pair_id in merged:
                tally.count("entries merged into an earlier entry of the same id")
            merged.setdefault(pair_id, []).extend(sentences)
        for pair_id, texts in merged.items():
            yield split, pair_id, tuple(texts)
    if not found:
        raise InputError(
            f"{source} holds no annotations of Spot-the-Diff: expected train.json, val.json and test.json "
            f"(here, in annotations/ or in data/annotations/), or {_JOINED} with splits.json"
        )


def _entries(path: Path) -> list[tuple[str, Mapping[str, Any]]]:
    return list(entries(path))


def _entry(where: str, entry: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """(id, sentences) of one entry."""
    pair_id = without_zeros(as_id(require(entry, "img_id", where), where, "img_id"))
    return pair_id, as_texts(require(entry, "sentences", where), where, "sentences")


def _joined_pairs(path: Path, options: ReadOptions) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(split, id, the one joined reference) of CARD's files."""
    if options.protocol != "multi":
        raise InputError(
            f"{path} holds joined references, which cannot be taken apart again; import them with "
            "--protocol multi, or take the official annotations for single references"
        )
    captions = read_mapping(path)
    splits_path = path.with_name("splits.json")
    if not splits_path.is_file():
        raise InputError(f"{splits_path} is missing; CARD's {_JOINED} needs it beside itself")
    by_number = {without_zeros(Path(name).stem): (name, texts) for name, texts in captions.items()}
    for split, numbers in read_mapping(splits_path).items():
        if split not in ("train", "val", "test") or not isinstance(numbers, list):
            raise InputError(f"{splits_path}: key {split!r}, expected lists under train, val and test")
        if not options.wants(split):
            continue
        for position, number in enumerate(numbers):
            where = f"{splits_path}, {split}[{position}]"
            pair_id = without_zeros(as_id(number, where))
            if pair_id not in by_number:
                raise InputError(f"{where}: id {number!r} has no caption in {path.name}")
            name, texts = by_number[pair_id]
            yield split, pair_id, as_texts(texts, f"{path}, key {name!r}", "the captions")


def _item(source: Path, split: str, pair_id: str, captions: tuple[str, ...]) -> BenchmarkItem:
    """The item of one pair, with its images where they are, or where they ought to be."""
    as_text(pair_id, str(source), "img_id")
    padded = pair_id.zfill(6)
    layouts = [
        (b.format(id=pair_id, padded=padded), a.format(id=pair_id, padded=padded)) for b, a in _IMAGE_LAYOUTS
    ]
    before, after = next(
        (p for p in layouts if (source / p[0]).exists() and (source / p[1]).exists()), layouts[0]
    )
    names = (f"images/{pair_id}.png", f"images/{pair_id}_2.png")
    # A key in every record: `datasets.load_dataset` wants the same columns in every split.
    record = pair_record(pair_id, names, captions, "spot-the-diff", extra={EMPTY_REFERENCES: 0})
    return BenchmarkItem(split, record, {names[0]: source / before, names[1]: source / after})
