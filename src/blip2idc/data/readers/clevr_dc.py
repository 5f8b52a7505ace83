"""CLEVR-DC (Kim et al., ICCV 2021): rendered scenes under large changes of viewpoint.

In: `captions.json` (`{"0": ["..."]}`) and `split.json` (or the names `captions_dc.json`, `split_dc.json`);
images in `bef/` and `aft/`, named by the number, padded to six digits or not. Out: one item a number. The files
say nothing of the kind of change, so `change` stays empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blip2idc.data.readers.benchmark import (
    SPLIT_NAMES,
    BenchmarkItem,
    ReadOptions,
    Tally,
    pair_record,
    select_captions,
)
from blip2idc.data.readers.files.source import (
    as_id,
    as_texts,
    find_file,
    find_optional,
    read_mapping,
    require_folder,
)
from blip2idc.errors import InputError


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read CLEVR-DC.

    Raises:
        InputError: a file is missing or malformed, or a listed number has no captions.
    """
    require_folder(source)
    captions_path = find_file(source, ("captions.json", "captions_dc.json"), "captions of CLEVR-DC")
    splits_path = find_file(source, ("split.json", "split_dc.json", "splits.json"), "splits of CLEVR-DC")
    captions = read_mapping(captions_path)

    def item(split: str, value: Any, listed: str) -> BenchmarkItem:
        number = as_id(value, listed)
        where = f"{captions_path}, key {number!r}"
        if number not in captions:
            raise InputError(f"{where} is missing, although {splits_path.name} lists it")
        texts = select_captions(as_texts(captions[number], where, "the captions"), options, tally)
        names = (f"bef/{number}.png", f"aft/{number}.png")
        record = pair_record(number, names, texts, "clevr-dc")
        return BenchmarkItem(split, record, {name: _locate(source, name) for name in names})

    for name, numbers in read_mapping(splits_path).items():
        split = SPLIT_NAMES.get(name)
        if split is None or not isinstance(numbers, list):
            tally.fault(f"{splits_path}: key {name!r}, expected lists of integers under train, val and test")
        elif options.wants(split):
            for position, value in enumerate(numbers):
                yield from tally.attempt(item, split, value, f"{splits_path}, {name}[{position}]")


def _locate(source: Path, name: str) -> Path:
    """The image under its number, padded or not."""
    folder, file_name = name.split("/", 1)
    padded = f"{folder}/{file_name.zfill(len('000000.png'))}"
    return find_optional(source, (name, padded)) or source / name
