"""Syned (Evennou et al., WACV 2025, arXiv 2412.15939): Emu Edit instructions with paraphrased references.

In: the folder of the released code: `splits.json`, `gt_augmented_test_clean.json`,
`instructions_with_idx_train_split.txt`, `instructions_with_idx_test_split.txt`; images, where somebody has them, in
`images/` as `SPLIT/INDEX_before.png` and `_after.png` (they are not released with the code). Out: one item an
index; train and val have the instruction, test the instruction first and then its paraphrases.

Quirks honoured: keys of the paraphrases end with a space; many paraphrases stand in quote marks, which are taken
off; paraphrases drift in meaning, so that the original is kept apart from them (`original_captions`,
`paraphrased_captions`); a few indices have no paraphrase at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    as_text,
    as_texts,
    find_file,
    find_optional,
    read_mapping,
    read_text,
    require_folder,
)
from blip2idc.errors import InputError

_MARK = "<INSTRUCT>"
_FOLDERS = (".", "Syned", "code_release/Syned")
_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"))


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read Syned.

    Raises:
        InputError: a file is missing or malformed, or indices do not match between files.
    """
    require_folder(source)
    yield from _training_items(source, options, tally)
    if options.wants("test"):
        yield from _test_items(source, options, tally)


def _training_items(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    path = _find(source, "splits.json")
    listing = _find(source, "instructions_with_idx_train_split.txt")
    instructions = _instructions(listing)
    for name, indices in read_mapping(path).items():
        split = SPLIT_NAMES.get(name)
        if split is None or not isinstance(indices, list):
            raise InputError(f"{path}: key {name!r}, expected lists of indices under train and validation")
        if not options.wants(split):
            continue
        for position, value in enumerate(indices):
            where = f"{path}, {name}[{position}]"
            index = as_id(value, where)
            if index not in instructions:
                raise InputError(f"{where}: index {index} has no instruction in {listing.name}")
            yield _item(source, split, index, instructions[index], (), options, tally)


def _test_items(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    path = _find(source, "gt_augmented_test_clean.json")
    paraphrases = {key.strip(): (key, value) for key, value in read_mapping(path).items()}
    instructions = _instructions(_find(source, "instructions_with_idx_test_split.txt"))
    unmatched = sorted(set(paraphrases) ^ set(instructions))
    if unmatched:
        raise InputError(
            f"{path}: {len(unmatched)} indices are not in both test files, the first is {unmatched[0]!r}"
        )
    for index, instruction in instructions.items():
        key, value = paraphrases[index]
        texts = tuple(unquote(text) for text in as_texts(value, f"{path}, key {key!r}", "the paraphrases"))
        tally.count("test pairs without a paraphrase", not texts)
        yield _item(source, "test", index, instruction, texts, options, tally)


def _find(source: Path, name: str) -> Path:
    return find_file(source, [f"{folder}/{name}" for folder in _FOLDERS], "Syned files")


def _instructions(path: Path) -> dict[str, str]:
    """Index -> instruction, from lines `INDEX <INSTRUCT> text`."""
    instructions: dict[str, str] = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        index, mark, text = line.partition(_MARK)
        where = f"{path}, line {number}"
        if not mark or not index.strip():
            raise InputError(f"{where} is {line[:40]!r}, expected 'INDEX {_MARK} instruction'")
        if index.strip() in instructions:
            raise InputError(f"{where}: index {index.strip()} occurs twice")
        instructions[index.strip()] = as_text(text, where, "the instruction").strip()
    return instructions


def unquote(text: str) -> str:
    """A paraphrase without the quote marks around all of it; quotes inside stay.

    >>> unquote('"Add a suitcase to the bed frame."')
    'Add a suitcase to the bed frame.'
    >>> unquote('"SWIM" on the "surfboard"')
    '"SWIM" on the "surfboard"'
    """
    text = text.strip()
    for opening, closing in _QUOTES:
        inner = text[1:-1]
        wrapped = len(text) > 2 and text.startswith(opening) and text.endswith(closing)
        if wrapped and opening not in inner and closing not in inner:
            return inner.strip()
    return text


def _item(
    source: Path,
    split: str,
    index: str,
    instruction: str,
    paraphrases: tuple[str, ...],
    options: ReadOptions,
    tally: Tally,
) -> BenchmarkItem:
    captions = select_captions((instruction, *paraphrases), options, tally)
    names = (f"images/{index}_before.png", f"images/{index}_after.png")
    extra: Mapping[str, Any] = {}
    if split == "test":
        extra = {
            "original_captions": [instruction] if instruction else [],
            "paraphrased_captions": [text for text in paraphrases if text],
        }
    record = pair_record(index, names, captions, "syned", extra=extra)
    return BenchmarkItem(split, record, {name: _locate(source, split, name) for name in names})


def _locate(source: Path, split: str, name: str) -> Path:
    """Where an image is, or where it ought to be."""
    file_name = name.removeprefix("images/")
    wanted = f"images/{split}/{file_name}"
    return find_optional(source, (wanted, f"{split}/{file_name}")) or source / wanted
