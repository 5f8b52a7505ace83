"""Heatmap files and true places of a data set, for `evaluate --heatmaps`.

In: a folder of heatmaps, as `caption --data DATASET --heatmaps FOLDER` writes it, and the data set. Out: heatmaps and
what is known of their pairs, in the order of the records. Places are the records' boxes; masks are taken instead where
the data set holds them: `masks/{id}_before.png` and `masks/{id}_after.png`, or a file named by the key
`mask_file_name`, which then holds for both images (LEVIR-CC).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blip2idc.data.records import NO_CHANGE, Manifest, PairRecord, find_splits, read_records
from blip2idc.errors import InputError
from blip2idc.evaluation.maps.localization import Mask, Size, Truth, make_truth
from blip2idc.images.decoding.frames import read_frames, read_size
from blip2idc.images.decoding.limits import MAX_PIXELS
from blip2idc.images.heatmap import PairHeatmap, heatmap_path


@dataclass(frozen=True, eq=False)
class PlacedHeatmaps:
    """Heatmaps with the truth about their pairs.

    Attributes:
        heatmaps: One a pair.
        truths: Of the same pairs.
        unknown: Number of records left out because nothing is known of where they changed.
    """

    heatmaps: tuple[PairHeatmap, ...]
    truths: tuple[Truth, ...]
    unknown: int


def read_placed_heatmaps(
    folder: Path, dataset: Path, split: str | None = None, max_pixels: int = MAX_PIXELS
) -> PlacedHeatmaps:
    """Read heatmaps and places.

    Args:
        folder: Of heatmaps.
        dataset: A manifest.
        split: Of the manifest; `test` where it has several.
        max_pixels: Limit for each image and mask.

    Raises:
        InputError: The folder or a heatmap is missing, or no record tells where its change is.
    """
    if not folder.is_dir():
        raise InputError(
            f"--heatmaps {folder}: no such folder; write it with: blip2idc caption --data DATASET --heatmaps FOLDER"
        )
    if split is None and len(find_splits(dataset)) > 1 and "test" in find_splits(dataset):
        split = "test"  # as the references of the captions are chosen
    manifest = read_records(dataset, split)
    heatmaps, truths, unknown = [], [], 0
    for record in manifest.records:
        truth = _truth(manifest, record, max_pixels)
        if truth is None:
            unknown += 1
            continue
        heatmaps.append(PairHeatmap.load(heatmap_path(folder, record.id)))
        truths.append(truth)
    if not truths:
        raise InputError(
            f"{dataset}: none of its {unknown} records tells where it changed; expected before_box, after_box, masks,"
            f' or {{"change": {{"kind": "{NO_CHANGE}"}}}} for unchanged pairs'
        )
    return PlacedHeatmaps(tuple(heatmaps), tuple(truths), unknown)


def _truth(manifest: Manifest, record: PairRecord, max_pixels: int) -> Truth | None:
    """What the record says; None where it tells neither a place nor that nothing changed."""
    masks = tuple(_mask(manifest, record, side, max_pixels) for side in ("before", "after"))
    boxes = (record.before_box, record.after_box)
    places = tuple(box if mask is None else mask for mask, box in zip(masks, boxes, strict=True))
    changed = record.kind != NO_CHANGE
    if changed and all(place is None for place in places):
        return None
    sizes = tuple(_size(path, max_pixels) for path in manifest.paths(record))
    if not changed:
        places = (None, None)
    return make_truth((sizes[0], sizes[1]), (places[0], places[1]), changed=changed)


def _mask(manifest: Manifest, record: PairRecord, side: str, max_pixels: int) -> Mask | None:
    shared = record.extra.get("mask_file_name")
    name = shared if isinstance(shared, str) else f"masks/{record.id}_{side}.png"
    path = manifest.image_path(name)
    if not path.is_file():
        return None
    frame = next(read_frames(path, max_pixels=max_pixels))
    colours = len(frame.channels.removesuffix("A")) if frame.channels.endswith("A") else None
    mask: Mask = np.any(frame.values[:, :, :colours] > 0, axis=2)
    return mask if mask.any() else None


def _size(path: Path, max_pixels: int) -> Size:
    """(height, width) from the head of an image file, turned as its EXIF says."""
    width, height = read_size(path, max_pixels=max_pixels)
    return height, width
