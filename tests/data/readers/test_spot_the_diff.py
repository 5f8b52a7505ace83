"""Spot-the-Diff: merged entries, empty references, both protocols, every image layout."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.benchmarks import put_image, put_json, put_spot_the_diff, read_all

from blip2idc.data.readers.benchmark import ReadOptions
from blip2idc.errors import InputError

TEST = ReadOptions(splits=("test",))


def test_entries_of_one_id_are_merged_in_file_order(tmp_path: Path) -> None:
    items, tally = read_all("spot-the-diff", put_spot_the_diff(tmp_path), TEST)
    assert [item.record.id for item in items] == ["256", "9", "10"]
    assert items[0].record.captions == ("the umbrella is gone", "the red coat moved", "a car is missing")
    assert tally.counts["entries merged into an earlier entry of the same id"] == 1


def test_empty_references_are_kept_and_counted(tmp_path: Path) -> None:
    items, tally = read_all("spot-the-diff", put_spot_the_diff(tmp_path), TEST)
    empty = items[1].record
    assert empty.captions == ()
    assert empty.references == ("",)
    assert sum(len(item.record.references) for item in items) == 5
    assert tally.counts["empty references kept"] == 1


def test_empty_references_are_dropped_on_request(tmp_path: Path) -> None:
    options = ReadOptions(splits=("test",), empty_references="drop")
    items, tally = read_all("spot-the-diff", put_spot_the_diff(tmp_path), options)
    assert items[1].record.references == ()
    assert tally.counts["empty references dropped"] == 1
    assert tally.counts["pairs left without a reference"] == 1


def test_multi_protocol_joins_the_sentences(tmp_path: Path) -> None:
    options = ReadOptions(splits=("test",), protocol="multi")
    items, _ = read_all("spot-the-diff", put_spot_the_diff(tmp_path), options)
    assert items[0].record.captions == ("the umbrella is gone. the red coat moved. a car is missing",)


def test_card_files_give_the_same_ids(tmp_path: Path) -> None:
    put_json(tmp_path / "change_multi_captions.json", {"000256.png": ["a. b"], "000009.png": ["c"]})
    put_json(tmp_path / "splits.json", {"train": [], "val": [9], "test": [256]})
    options = ReadOptions(protocol="multi")
    items, _ = read_all("spot-the-diff", tmp_path, options)
    assert [(item.split, item.record.id, item.record.captions) for item in items] == [
        ("val", "9", ("c",)),
        ("test", "256", ("a. b",)),
    ]


def test_card_files_cannot_be_single(tmp_path: Path) -> None:
    put_json(tmp_path / "change_multi_captions.json", {})
    with pytest.raises(InputError, match="--protocol multi"):
        read_all("spot-the-diff", tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("resized_images/256.png", "resized_images/256_2.png"),
        ("original/256.png", "modified/256_2.png"),
        ("original/256.png", "modified/256.png"),
        ("images/000256.png", "sc_images/000256.png"),
        ("256.png", "256_2.png"),
    ],
)
def test_image_layouts(tmp_path: Path, before: str, after: str) -> None:
    put_json(tmp_path / "test.json", [{"img_id": "256", "sentences": ["gone"]}])
    put_image(tmp_path / before)
    put_image(tmp_path / after)
    items, _ = read_all("spot-the-diff", tmp_path)
    assert dict(items[0].images) == {
        "images/256.png": tmp_path / before,
        "images/256_2.png": tmp_path / after,
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"img_id": "1"}]', "entry 1 has no 'sentences'"),
        ('[{"img_id": "1", "sentences": "gone"}]', "entry 1: sentences is 'gone', expected a list"),
        ('[{"img_id": "1", "sentences": ["a"]}, 3]', "entry 2 is 3, expected an object"),
        ('[{"img_id": null, "sentences": []}]', "entry 1: img_id is null"),
        ('{"img_id": "1"}', "expected a list of entries"),
        ('[\n{"img_id": \n', "line 3 column 1: not valid JSON"),
        ("", "is empty"),
        ('[{"img_id": "1", "sentences": ["\\ud800"]}]', "half of a surrogate pair"),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "test.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="test.json") as caught:
        read_all("spot-the-diff", tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected train\.json, val\.json and test\.json"):
        read_all("spot-the-diff", tmp_path)
