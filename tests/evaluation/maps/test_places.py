"""Heatmap files and true places of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blip2idc.data.records import PairRecord, write_records
from blip2idc.errors import InputError
from blip2idc.evaluation.maps.places import read_placed_heatmaps
from blip2idc.images.heatmap import PairHeatmap, heatmap_path


def record(name: str, kind: str | None = None, **values: object) -> PairRecord:
    change = {"kind": kind} if kind else None
    return PairRecord(name, f"{name}_before.png", f"{name}_after.png", change=change, **values)  # type: ignore[arg-type]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    records = [
        record("moved", "move", before_box=(0.0, 0.0, 10.0, 10.0), after_box=(20.0, 10.0, 10.0, 10.0)),
        record("same", "none"),
        record("masked", "add"),
        record("unknown", "color"),
        record("levir", None, extra={"mask_file_name": "label/levir.png"}),
    ]
    for one in records:
        for name in (one.before_file_name, one.after_file_name):
            Image.new("RGB", (40, 20)).save(tmp_path / name)
        cells = np.zeros((2, 4))
        cells[0, 0] = float(one.id != "same")
        PairHeatmap(cells, cells).save(heatmap_path(tmp_path / "maps", one.id))
    mask = np.zeros((20, 40), dtype=np.uint8)
    mask[12:, 30:] = 255
    for name in ("masks/masked_after.png", "label/levir.png"):
        (tmp_path / name).parent.mkdir()
        Image.fromarray(mask).save(tmp_path / name)
    write_records(tmp_path, records)
    return tmp_path


def test_boxes_masks_and_unchanged_pairs(dataset: Path) -> None:
    found = read_placed_heatmaps(dataset / "maps", dataset)
    assert found.unknown == 1
    moved, same, masked, levir = found.truths
    assert moved.count == 2
    assert moved.before is not None
    assert moved.before.sum() == 100
    assert not same.changed
    assert same.count == 0
    assert masked.before is None
    assert masked.after is not None
    assert masked.after.sum() == 80
    assert levir.count == 2
    assert [heatmap.empty for heatmap in found.heatmaps] == [False, True, False, False]


def test_turned_photographs_have_turned_sizes(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("t_before.png", "t_after.png"):
        Image.new("RGB", (40, 20)).save(tmp_path / name, exif=exif)
    write_records(tmp_path, [record("t", "move", before_box=(0.0, 0.0, 5.0, 5.0))])
    PairHeatmap(np.ones((2, 2)), np.ones((2, 2))).save(heatmap_path(tmp_path / "maps", "t"))
    assert read_placed_heatmaps(tmp_path / "maps", tmp_path).truths[0].sizes == ((40, 20), (40, 20))


def test_says_what_is_missing(dataset: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_placed_heatmaps(dataset / "elsewhere", dataset)
    heatmap_path(dataset / "maps", "same").unlink()
    with pytest.raises(InputError, match=r"same\.npz: no such heatmap"):
        read_placed_heatmaps(dataset / "maps", dataset)


def test_refuses_a_data_set_without_places(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    write_records(tmp_path, [record("a", "color")])
    with pytest.raises(InputError, match="none of its 1 records tells where it changed"):
        read_placed_heatmaps(tmp_path / "maps", tmp_path)
