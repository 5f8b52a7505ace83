"""MagicBrush (Zhang et al., NeurIPS 2023, arXiv 2306.10012): edits by hand, several turns a photograph.

In: a local copy of `osunlp/MagicBrush` (Parquet, Arrow, or rows as JSON with image files). Columns: `img_id`,
`turn_index`, `source_img`, `target_img`, `instruction`, and optionally `mask_img`. Out: one item a turn, id
`IMAGE_TURN`; the mask (edited region white) is kept as a file beside the images, named under `mask_file_name`.

Quirk honoured: the source of turn 2 is the target of turn 1, so an image that occurs in two splits leaks; such
sessions are counted in a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from blip2idc.data.readers.benchmark import BenchmarkItem, ReadOptions, Tally, pair_record, select_captions
from blip2idc.data.readers.files.source import as_id, as_text
from blip2idc.data.readers.files.tables import Row, extension, read_rows

COLUMNS = ("img_id", "turn_index", "source_img", "mask_img", "instruction", "target_img")


def read(source: Path, options: ReadOptions, tally: Tally) -> Iterator[BenchmarkItem]:
    """Read MagicBrush.

    Raises:
        InputError: no table, or a row without its ids, its instruction or one of its images.
    """
    split_of: dict[str, str] = {}
    leaking: set[str] = set()
    for row in read_rows(source, COLUMNS):
        image_id = as_id(row.get("img_id"), row.where, "img_id")
        if split_of.setdefault(image_id, row.split) != row.split:
            leaking.add(image_id)
        if options.wants(row.split):
            yield from tally.attempt(_item, row, image_id, options, tally)
    if leaking:
        tally.warn(f"{source}: {len(leaking)} img_id occur in more than one split, which leaks images.")


def _item(row: Row, image_id: str, options: ReadOptions, tally: Tally) -> BenchmarkItem:
    turn = as_id(row.get("turn_index"), row.where, "turn_index")
    pair_id = f"{image_id}_{turn}"
    before, after = row.image("source_img"), row.image("target_img")
    names = (f"images/{pair_id}_before{extension(before)}", f"images/{pair_id}_after{extension(after)}")
    images = {names[0]: before, names[1]: after}
    extra = {"img_id": image_id, "turn_index": turn}
    if row.values.get("mask_img"):
        mask = row.image("mask_img")
        extra["mask_file_name"] = f"images/{pair_id}_mask{extension(mask)}"
        images[extra["mask_file_name"]] = mask
    instruction = as_text(row.get("instruction"), row.where, "instruction").strip()
    captions = select_captions((instruction,), options, tally)
    return BenchmarkItem(row.split, pair_record(pair_id, names, captions, "magicbrush", extra=extra), images)
