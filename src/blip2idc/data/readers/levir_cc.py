"""LEVIR-CC and LEVIR-MCI (Liu et al., TGRS 2022; 2024): two satellite photographs of one place.

In: `LevirCCcaptions.json` (or any `*captions.json` of the same form, as Dubai-CC has) and
`images/{train,val,test}/{A,B}/`, optionally with `label/` masks. Out: one item an image pair, the id being the
file name; five captions each, `raw` as written.

Quirks honoured: `changeflag` 0 is no change (kind `none`), 1 a change of unknown kind (`changed`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import describe
from blip2idc.data.readers.benchmark import (
    SPLIT_NAMES,
    BenchmarkItem,
    ReadOptions,
    Tally,
    pair_record,
    select_captions,
)
from blip2idc.data.readers.files.source import (
    as_file_name,
    as_text,
    read_mapping,
    require,
    require_folder,
)
from blip2idc.data.records import NO_CHANGE
from blip2idc.errors import InputError


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read LEVIR-CC.

    Raises:
        InputError: no caption file, or a malformed entry.
    """
    path = _caption_file(require_folder(source))
    images = read_mapping(path).get("images")
    if not isinstance(images, list):
        raise InputError(f"{path}: key 'images' is {describe(images)}, expected a list")
    for number, entry in enumerate(images, start=1):
        where = f"{path}, images, entry {number}"
        for split in tally.attempt(_split, entry, where):
            if options.wants(split):
                yield from tally.attempt(_item, source, split, entry, where, options, tally)


def _split(entry: Any, where: str) -> str:
    if not isinstance(entry, dict):
        raise InputError(f"{where} is {describe(entry)}, expected an object")
    name = require(entry, "split", where) if "split" in entry else require(entry, "filepath", where)
    split = SPLIT_NAMES.get(str(name))
    if split is None:
        raise InputError(f"{where}: split is {name!r}, expected train, val or test")
    return split


def _caption_file(source: Path) -> Path:
    files = sorted(source.glob("*captions.json")) or sorted(source.glob("*Captions.json"))
    if not files:
        raise InputError(f"{source} holds no LevirCCcaptions.json, the captions of LEVIR-CC")
    if len(files) > 1:
        raise InputError(f"{source} holds {len(files)} caption files, expected one ({files[0].name})")
    return files[0]


def _item(
    source: Path, split: str, entry: Mapping[str, Any], where: str, options: ReadOptions, tally: Tally
) -> BenchmarkItem:
    file_name = as_file_name(require(entry, "filename", where), where, "filename")
    folder = as_file_name(entry.get("filepath", split), where, "filepath")
    names = (f"A/{file_name}", f"B/{file_name}")
    images = {name: source / "images" / folder / name for name in names}
    extra: dict[str, Any] = {}
    mask = source / "images" / folder / "label" / file_name
    if mask.is_file():
        extra["mask_file_name"] = f"label/{file_name}"
        images[f"label/{file_name}"] = mask
    captions = select_captions(_sentences(entry, where), options, tally)
    record = pair_record(file_name, names, captions, "levir-cc", _change(entry, where), extra=extra)
    return BenchmarkItem(split, record, images)


def _sentences(entry: Mapping[str, Any], where: str) -> tuple[str, ...]:
    sentences = require(entry, "sentences", where)
    if not isinstance(sentences, list) or not all(isinstance(sentence, dict) for sentence in sentences):
        raise InputError(
            f"{where}: sentences is {describe(sentences)}, expected a list of objects with 'raw'"
        )
    return tuple(as_text(require(s, "raw", where), where, "raw").strip() for s in sentences)


def _change(entry: Mapping[str, Any], where: str) -> dict[str, str] | None:
    flag = entry.get("changeflag")
    if flag is None:
        return None
    if isinstance(flag, bool) or flag not in (0, 1):
        raise InputError(f"{where}: changeflag is {flag!r}, expected 0 or 1")
    return {"kind": "changed" if flag else NO_CHANGE}
