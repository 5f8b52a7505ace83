"""Files that cannot be read are told all at once, before anything begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.checkpoints import write_dataset

from blip2idc.data.dataset import Sample
from blip2idc.data.readable import readable, unreadable_files
from blip2idc.data.records import read_records
from blip2idc.errors import ImageError
from blip2idc.training.data import gather_data


def damaged(folder: Path, *numbers: int) -> list[Sample]:
    manifest = read_records(write_dataset(folder, 8))
    for number in numbers:
        path = folder / f"images/{number}_after.png"
        path.write_bytes(path.read_bytes()[:-300])
    return [Sample(manifest, record) for record in manifest]


def test_one_sentence_with_the_number_of_files(tmp_path: Path) -> None:
    samples = damaged(tmp_path / "data", 2, 5)
    with pytest.raises(
        ImageError, match=r"^2 of 16 image files cannot be read \(first: .*2_after\.png.*show them \(2\)$"
    ):
        readable(samples)
    assert [path.name for path in unreadable_files(samples)] == ["2_after.png", "5_after.png"]


def test_they_are_left_out_on_request(tmp_path: Path) -> None:
    samples, lines = damaged(tmp_path / "data", 2), []
    kept = readable(samples, skip=True, say=lines.append)
    assert [number for number, one in enumerate(samples) if not kept[id(one)]] == [2]
    assert lines[0].endswith("; their 1 pairs are left out")


def test_neither_training_nor_validation_has_them(tmp_path: Path) -> None:
    damaged(tmp_path / "data", 2, 3)
    found = gather_data([tmp_path / "data"], share=0.3, keep=lambda samples: readable(samples, skip=True))
    assert len(found.train) + len(found.validation) == 6
    assert found.account["unreadable_pairs_left_out"] == 2
