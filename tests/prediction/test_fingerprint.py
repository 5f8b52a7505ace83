"""What is told apart: weights to the last bit, files to the last byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from blip2idc.model.files.digest import weights_digest
from blip2idc.prediction.fingerprint import content_of


def network(dtype: torch.dtype = torch.float32) -> torch.nn.Module:
    made = torch.nn.Linear(300, 200)
    with torch.no_grad():
        made.weight.copy_(torch.arange(60_000).reshape(200, 300) / 7)
        made.bias.zero_()
    return made.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_one_value_of_many(dtype: torch.dtype) -> None:
    changed = network(dtype)
    with torch.no_grad():
        changed.weight[117, 3] *= 1.5  # not among those that are sampled
    assert weights_digest(network(dtype)) == weights_digest(network(dtype)) != weights_digest(changed)


def test_two_values_exchanged() -> None:
    """Their sum stays the same."""
    swapped = network()
    with torch.no_grad():
        swapped.weight[0] = swapped.weight[0].flip(0)
    assert weights_digest(network()) != weights_digest(swapped)


def test_an_empty_tensor_and_a_flag() -> None:
    model = torch.nn.Module()
    model.register_buffer("empty", torch.zeros(0))
    model.register_buffer("flag", torch.tensor([True, False]))
    first = weights_digest(model)
    model.register_buffer("flag", torch.tensor([False, False]))
    assert weights_digest(model) != first


def test_files(tmp_path: Path) -> None:
    paths = tmp_path / "a", tmp_path / "b"
    assert content_of(paths, 10_000) is None
    for path in paths:
        path.write_bytes(b"1")
    first = content_of(paths, 10_000)
    paths[1].write_bytes(b"2")
    assert content_of(paths, 10_000) not in (None, first)
    assert content_of(reversed(paths), 10_000) != content_of(paths, 10_000)


def test_images_that_never_end(tmp_path: Path) -> None:
    """They are refused where they are opened; the hash of their bytes must not wait for the end of them before."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "holes").touch()
    os.truncate(tmp_path / "holes", 30_000_000_000)
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path / "holes"):
        assert content_of([path], 10_000) is None
