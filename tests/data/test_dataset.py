"""Examples depend on (seed, epoch, id) alone; held-out pairs share no image with the others."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.checkpoints import write_dataset

from blip2idc.data.collate import ImageStatistics, Preprocessor
from blip2idc.data.dataset import CaptionDataset, EpochSampler, Sample, all_samples, draw_caption, hold_out
from blip2idc.data.records import Manifest, PairRecord, read_records
from blip2idc.errors import ManifestError
from blip2idc.images.joint import JointLayout

PREPROCESSOR = Preprocessor(JointLayout("vertical", 32, 32), ImageStatistics((0.5,) * 3, (0.5,) * 3))
RECORD = PairRecord("7", "a.png", "b.png", captions=("one", "two", "three", "four"))


def identity(batch: list[object]) -> list[object]:
    return batch


def test_captions_are_drawn_evenly_and_repeatably() -> None:
    drawn = [draw_caption(RECORD, 0, epoch) for epoch in range(4000)]
    assert drawn == [draw_caption(RECORD, 0, epoch) for epoch in range(4000)]
    assert all(900 < count < 1100 for count in Counter(drawn).values())
    assert drawn != [draw_caption(RECORD, 1, epoch) for epoch in range(4000)]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more processes than cores change nothing
@pytest.mark.parametrize("workers", [1, 2])
def test_workers_do_not_matter(tmp_path: Path, workers: int) -> None:
    manifest = read_records(write_dataset(tmp_path / "data", 9))
    dataset = CaptionDataset(all_samples([manifest]), PREPROCESSOR, seed=3)

    def epoch(number: int, processes: int) -> list[tuple[str, str, bytes]]:
        sampler = EpochSampler(len(dataset), seed=3)
        sampler.set_epoch(number)
        loader = torch.utils.data.DataLoader(
            dataset, batch_size=2, sampler=sampler, num_workers=processes, collate_fn=identity
        )
        return [(item["id"], item["caption"], item["pixels"].tobytes()) for batch in loader for item in batch]

    for number in (0, 1):
        assert epoch(number, workers) == epoch(number, 0)
    assert epoch(0, 0) != epoch(1, 0)
    assert sorted(item[0] for item in epoch(0, 0)) == sorted(record.id for record in manifest)


def test_record_without_captions_is_refused(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path, (PairRecord("1", "a.png", "b.png"),))
    with pytest.raises(ManifestError, match="'1' has no captions"):
        CaptionDataset(all_samples([manifest]), PREPROCESSOR)


@given(
    files=st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), min_size=2, max_size=40),
    share=st.floats(0.05, 0.5),
    seed=st.integers(0, 5),
)
def test_no_image_is_on_both_sides(files: list[tuple[int, int]], share: float, seed: int) -> None:
    records = tuple(PairRecord(str(i), f"{a}.png", f"{b}.png", ("x",)) for i, (a, b) in enumerate(files))
    samples = all_samples([Manifest(Path("data"), records)])
    train, held = hold_out(samples, share, seed)
    assert sorted([*train, *held], key=lambda sample: int(sample.record.id)) == samples
    assert train
    assert images(train).isdisjoint(images(held))
    assert (train, held) == hold_out(samples, share, seed)


def images(samples: list[Sample]) -> set[str]:
    names = [(sample.record.before_file_name, sample.record.after_file_name) for sample in samples]
    return set(np.asarray(names).reshape(-1).tolist())


def test_share_is_about_right(tmp_path: Path) -> None:
    records = tuple(PairRecord(str(i), f"{i}a.png", f"{i}b.png", ("x",)) for i in range(200))
    train, held = hold_out(all_samples([Manifest(tmp_path, records)]), 0.1, 0)
    assert (len(train), len(held)) == (180, 20)
