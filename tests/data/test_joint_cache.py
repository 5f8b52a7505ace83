"""Joint images are opened once, and come back as they were."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.checkpoints import write_dataset

from blip2idc.data.collate import ImageStatistics, Preprocessor
from blip2idc.data.dataset import CaptionDataset, all_samples
from blip2idc.data.joint_cache import JointCache
from blip2idc.data.records import read_records
from blip2idc.images.joint import JointLayout

LAYOUT = JointLayout("vertical", 32, 32)


def test_what_was_put_comes_back(tmp_path: Path, rng: np.random.Generator) -> None:
    cache = JointCache(tmp_path, 3, LAYOUT.size)
    joints = [np.zeros((32, 32, 3), np.uint8), rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)]
    assert cache.get(0) is None
    cache.put(2, joints[1])
    assert cache.get(0) is None, "a hole in the file is no image"
    cache.put(0, joints[0])
    cache.put(5, joints[1])  # beyond its room
    for index, expected in ((0, joints[0]), (2, joints[1])):
        found = cache.get(index)
        assert found is not None
        assert (found == expected).all()
    assert cache.get(1) is None
    assert cache.get(5) is None
    assert not list(tmp_path.iterdir()), "the file has no name, so that a killed run leaves none"
    assert pickle.loads(pickle.dumps(cache)).get(0) is None


def test_half_an_image_is_none(tmp_path: Path, rng: np.random.Generator) -> None:
    cache = JointCache(tmp_path, 1, LAYOUT.size)
    cache.put(0, rng.integers(0, 256, (32, 32, 3), dtype=np.uint8))
    assert cache._file is not None
    os.pwrite(cache._file.fileno(), b"\0\0\0\0\0\0\0\0", 1000)
    assert cache.get(0) is None


def test_a_full_disk_only_ends_the_keeping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = JointCache(tmp_path, 2, LAYOUT.size)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    cache.put(0, np.ones((32, 32, 3), np.uint8))
    cache.put(1, np.ones((32, 32, 3), np.uint8))
    assert cache.get(0) is None


def test_room_for_as_many_as_fit(tmp_path: Path) -> None:
    assert JointCache.within(tmp_path, 0, 10, LAYOUT) is None
    small = JointCache.within(tmp_path, 10_000 / 1e9, 10, LAYOUT)
    assert small is not None
    assert small.count == 3
    large = JointCache.within(tmp_path, 1, 10, LAYOUT)
    assert large is not None
    assert large.count == 10


def test_a_data_set_opens_each_pair_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_dataset(tmp_path / "data", 3)
    preprocessor = Preprocessor(LAYOUT, ImageStatistics((0.5,) * 3, (0.5,) * 3))
    samples = all_samples([read_records(folder)])
    plain = CaptionDataset(samples, preprocessor)
    cached = CaptionDataset(samples, preprocessor, cache=JointCache(tmp_path, 2, LAYOUT.size))
    first = [cached[1, index]["pixels"] for index in range(3)]
    opened: list[int] = []
    monkeypatch.setattr(
        Preprocessor, "join", lambda self, pair: opened.append(1) or np.zeros((32, 32, 3), np.uint8)
    )
    again = [cached[2, index]["pixels"] for index in range(3)]
    assert len(opened) == 1, "the third had no room"
    monkeypatch.undo()
    for index in range(3):
        assert (first[index] == plain[index]["pixels"]).all()
        assert index == 2 or (again[index] == first[index]).all()
