"""CLEVR-Change and CLEVR-DC: indices, ids, types, boxes, IoU."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.benchmarks import put_clevr_change, put_image, put_json, read_all

from blip2idc.data.readers.benchmark import ReadOptions
from blip2idc.data.readers.files.source import as_box, without_zeros
from blip2idc.errors import InputError


def test_an_index_is_a_position_in_the_sorted_list(tmp_path: Path) -> None:
    items, _ = read_all("clevr-change", put_clevr_change(tmp_path, images=False))
    found = {item.split: item.record.id for item in items if not item.record.id.endswith("_n")}
    assert found == {"train": "000002.png", "val": "000009.png", "test": "000005.png"}


def test_images_decide_the_list_where_they_are(tmp_path: Path) -> None:
    root = put_clevr_change(tmp_path)
    put_image(root / "images/CLEVR_default_000001.png")
    captions = {f"CLEVR_default_00000{n}.png": ["x"] for n in (1, 2, 5, 9)}
    put_json(root / "change_captions.json", captions)
    put_json(root / "no_change_captions.json", captions)
    items, _ = read_all("clevr-change", root, ReadOptions(splits=("train",)))
    assert items[0].record.id == "000001.png"


def test_a_missing_image_keeps_its_place(tmp_path: Path) -> None:
    """Else every later index would lead to another pair, one of another split among them."""
    root = put_clevr_change(tmp_path)
    (root / "images/CLEVR_default_000002.png").unlink()
    items, _ = read_all("clevr-change", root)
    found = {item.split: item.record.id for item in items if not item.record.id.endswith("_n")}
    assert found == {"train": "000002.png", "val": "000009.png", "test": "000005.png"}


def test_each_index_gives_a_change_and_a_distractor(tmp_path: Path) -> None:
    items, _ = read_all("clevr-change", put_clevr_change(tmp_path), ReadOptions(splits=("train",)))
    change, distractor = (item.record for item in items)
    assert (change.id, distractor.id) == ("000002.png", "000002.png_n")
    assert (change.kind, distractor.kind) == ("color", "none")
    assert change.after_file_name == "sc_images/CLEVR_semantic_000002.png"
    assert distractor.after_file_name == "nsc_images/CLEVR_nonsemantic_000002.png"
    assert change.before_file_name == distractor.before_file_name
    assert distractor.captions == ("nothing has changed",)


def test_types_boxes_and_iou_are_kept(tmp_path: Path) -> None:
    items, tally = read_all("clevr-change", put_clevr_change(tmp_path))
    by_id = {item.record.id: item.record for item in items}
    assert by_id["000002.png"].change == {"kind": "color", "iou": 0.4}
    assert by_id["000002.png"].before_box == (1, 2, 30, 40)
    assert by_id["000005.png"].before_box is None
    assert by_id["000009.png"].after_box is None
    assert by_id["000002.png_n"].after_box is None
    assert tally.counts["boxes that reach beyond 480 x 320 pixels"] == 1


def test_side_files_are_optional(tmp_path: Path) -> None:
    root = put_clevr_change(tmp_path)
    for name in ("type_mapping.json", "change_captions_with_bbox.json", "change_captions_by_IOU.json"):
        (root / name).unlink()
    items, _ = read_all("clevr-change", root, ReadOptions(splits=("train",)))
    assert items[0].record.change == {"kind": "unknown"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("splits.json", {"train": [3]}, "index 3, expected an integer from 0 to 2"),
        ("splits.json", {"train": [True]}, "index True"),
        ("splits.json", {"training": []}, "key 'training'"),
        ("no_change_captions.json", {}, "is missing, although splits.json lists this image"),
        ("change_captions_with_bbox.json", {"2": {"bbox_before": [1, 2, 0, 4]}}, "positive width"),
        ("change_captions_with_bbox.json", {"2": {"bbox_before": [1, 2]}}, "bbox_before is [1, 2]"),
        ("change_captions_by_IOU.json", {"2": "high"}, "'high', expected a number"),
        ("type_mapping.json", {"add": ["000002.png"], "drop": ["000002.png"]}, "listed under 'add' too"),
        ("type_mapping.json", {"add": ["CLEVR_default_000002.png"]}, "names none of the 3 images"),
        ("type_mapping.json", {}, "names none of the 3 images"),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, name: str, value: object, message: str) -> None:
    root = put_clevr_change(tmp_path)
    put_json(root / name, value)
    with pytest.raises(InputError) as caught:
        read_all("clevr-change", root)
    assert name in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize("suffix", ["", "_dc"])
def test_clevr_dc(tmp_path: Path, suffix: str) -> None:
    put_json(tmp_path / f"captions{suffix}.json", {"0": ["a"], "6800": ["b", "c"], "7200": ["d"]})
    put_json(tmp_path / f"split{suffix}.json", {"train": [0], "val": [6800], "test": [7200]})
    put_image(tmp_path / "bef/0.png")
    put_image(tmp_path / "aft/000000.png")
    items, _ = read_all("clevr-dc", tmp_path)
    assert [(item.split, item.record.id) for item in items] == [
        ("train", "0"),
        ("val", "6800"),
        ("test", "7200"),
    ]
    assert items[0].images["aft/0.png"] == tmp_path / "aft/000000.png"
    assert items[0].record.change is None


def test_clevr_dc_without_captions_of_a_number(tmp_path: Path) -> None:
    put_json(tmp_path / "captions.json", {})
    put_json(tmp_path / "split.json", {"test": [5]})
    with pytest.raises(InputError, match=r"captions\.json, key '5' is missing"):
        read_all("clevr-dc", tmp_path)


def test_numbers_of_any_length_are_refused_or_names(tmp_path: Path) -> None:
    root = put_clevr_change(tmp_path, images=False)
    boxes = root / "change_captions_by_IOU.json"
    put_json(boxes, {str(number): 10**400 for number in range(10)})
    with pytest.raises(InputError, match="expected a number from 0 to 1"):
        read_all("clevr-change", root)
    assert without_zeros("0" * 5000 + "12") == "12"
    assert without_zeros("1" * 5000) == "1" * 5000
    with pytest.raises(InputError, match="expected x, y >= 0 and a positive width"):
        as_box([0, 0, 10**400, 1], "boxes.json", "bbox_before")
