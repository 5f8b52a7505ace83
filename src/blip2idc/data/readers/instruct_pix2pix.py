"""InstructPix2Pix training pairs (Brooks et al., CVPR 2023, arXiv 2211.09800): generated edits.

In: a local copy of `timbrooks/instructpix2pix-clip-filtered` (Parquet, Arrow, or rows as JSON with image files).
Columns: `original_prompt`, `original_image`, `edit_prompt`, `edited_prompt`, `edited_image`. Out: one item a row,
numbered in the order of reading; the caption is the edit prompt.

Quirk honoured: the set has one split. `ReadOptions.holdout` sets a share aside as `val` and again as `test`, by a
hash of the original prompt, so that no prompt is in two splits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from blip2idc.data.readers.benchmark import BenchmarkItem, ReadOptions, Tally, pair_record, select_captions
from blip2idc.data.readers.files.source import as_text
from blip2idc.data.readers.files.tables import extension, read_rows

COLUMNS = ("original_prompt", "original_image", "edit_prompt", "edited_prompt", "edited_image")


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read InstructPix2Pix.

    Raises:
        InputError: no table, or a row without a prompt or an image.
    """
    for number, row in enumerate(read_rows(source, COLUMNS)):
        original = as_text(row.get("original_prompt"), row.where, "original_prompt")
        split = split_by_prompt(original, options.holdout)
        if not options.wants(split):
            continue
        pair_id = f"{number:06d}"
        before, after = row.image("original_image"), row.image("edited_image")
        names = (f"images/{pair_id}_before{extension(before)}", f"images/{pair_id}_after{extension(after)}")
        edit = as_text(row.get("edit_prompt"), row.where, "edit_prompt").strip()
        extra = {"original_prompt": original}
        if isinstance(row.values.get("edited_prompt"), str):
            extra["edited_prompt"] = as_text(row.values["edited_prompt"], row.where, "edited_prompt")
        captions = select_captions((edit,), options, tally)
        record = pair_record(pair_id, names, captions, "instruct-pix2pix", extra=extra)
        yield BenchmarkItem(split, record, {names[0]: before, names[1]: after})


def split_by_prompt(prompt: str, holdout: float) -> str:
    """The split of a prompt: the same on every machine, and near `holdout` of all prompts in `val` and in `test`.

    >>> split_by_prompt("a red barn", 0.0)
    'train'
    """
    digest = hashlib.sha256(prompt.strip().lower().encode("utf-8")).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    if share < holdout:
        return "val"
    return "test" if share < 2 * holdout else "train"
