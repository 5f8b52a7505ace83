"""Emu Edit test set with generations (Sheynin et al., CVPR 2024, arXiv 2311.10089): instructed edits of photographs.

In: a local copy of `facebook/emu_edit_test_set_generations` (Parquet, Arrow, or rows as JSON with image files).
Columns: `instruction`, `image`, `edited_image`, `task`, `idx`, and optionally `split`, `hash`, `input_caption`,
`output_caption`, `model`. Out: one item a row; the caption is the instruction, the kind of change is the task.

Quirk honoured: the generations list 3,589 validation and 2,022 test rows, the card of `facebook/emu_edit_test_set`
the same numbers the other way round; a source with fewer validation than test rows is warned about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from blip2idc.data.readers.benchmark import (
    SPLIT_NAMES,
    BenchmarkItem,
    ReadOptions,
    Tally,
    pair_record,
    select_captions,
)
from blip2idc.data.readers.files.source import as_id, as_text
from blip2idc.data.readers.files.tables import Row, extension, read_rows

_KEPT = ("hash", "input_caption", "output_caption", "model")
COLUMNS = ("instruction", "image", "edited_image", "task", "idx", "split", *_KEPT)


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read Emu Edit.

    Raises:
        InputError: no table, or a row without an instruction, an index or one of its images.
    """
    sizes: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for row in read_rows(source, COLUMNS):
        split = SPLIT_NAMES.get(str(row.values.get("split")), row.split)
        sizes[split] += 1
        if not options.wants(split):
            continue
        pair_id = as_id(row.get("idx"), row.where, "idx")
        if (split, pair_id) in seen:  # the same edit by a second model
            pair_id = f"{pair_id}_{as_id(row.get('model'), row.where, 'model')}"
        seen.add((split, pair_id))
        yield from tally.attempt(_item, row, split, pair_id, options, tally)
    if sizes["val"] and sizes["test"] and sizes["val"] < sizes["test"]:
        tally.warn(
            f"{source} has {sizes['val']} validation and {sizes['test']} test rows; the generations set has the larger "
            "one (3,589) as validation and 2,022 as test: the two may be swapped, compare before quoting scores."
        )


def _item(row: Row, split: str, pair_id: str, options: ReadOptions, tally: Tally) -> BenchmarkItem:
    instruction = as_text(row.get("instruction"), row.where, "instruction").strip()
    before, after = row.image("image"), row.image("edited_image")
    names = (f"images/{pair_id}_before{extension(before)}", f"images/{pair_id}_after{extension(after)}")
    task = row.values.get("task")
    kept = {name: row.values[name] for name in _KEPT if isinstance(row.values.get(name), str)}
    captions = select_captions((instruction,), options, tally)
    change = {"kind": task} if isinstance(task, str) and task else None
    record = pair_record(pair_id, names, captions, "emu-edit", change, extra=kept)
    return BenchmarkItem(split, record, {names[0]: before, names[1]: after})
