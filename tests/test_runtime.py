"""Choices with reasons, and generators of random numbers."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from blip2idc.errors import ConfigError
from blip2idc.runtime import Choice, choose_device, choose_dtype, seed_everything

# --- choices ---


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Pretend a machine: machine(cuda=2, mps=False, bf16=True)."""

    def pretend(cuda: int = 0, mps: bool = False, bf16: bool = True) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "Pretended GPU")
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


def test_auto_takes_the_best_device_there_is(machine) -> None:
    machine()
    assert choose_device() == Choice("cpu", "no GPU was found")
    machine(mps=True)
    assert choose_device().value == "mps"
    machine(cuda=1, mps=True)
    assert str(choose_device()) == "cuda (a GPU was found: Pretended GPU)"


def test_a_device_asked_for_is_taken_where_it_exists(machine) -> None:
    machine(cuda=2)
    assert choose_device("cpu") == Choice("cpu", "as asked")
    assert choose_device("cuda:1") == Choice("cuda:1", "as asked")
    machine(mps=True)
    assert choose_device("mps").value == "mps"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("gpu", "device is 'gpu'; expected auto, cpu, cuda, cuda:N or mps"),
        ("cuda", "device is 'cuda' but torch sees 0 CUDA devices"),
        ("cuda:1", "device is 'cuda:1' but torch sees 0 CUDA devices"),
        ("mps", "device is 'mps' but torch finds no Apple GPU"),
    ],
)
def test_a_device_that_is_not_there_is_refused(machine, asked: str, sentence: str) -> None:
    machine()
    with pytest.raises(ConfigError) as caught:
        choose_device(asked)
    assert str(caught.value).startswith(sentence)


def test_dtype_follows_the_device(machine) -> None:
    assert choose_dtype().value == "float32"
    assert choose_dtype("auto", "mps").value == "float32"
    machine(cuda=1, bf16=True)
    assert choose_dtype("auto", "cuda:0").value == "bfloat16"
    machine(cuda=1, bf16=False)
    assert choose_dtype("auto", "cuda").value == "float32"


def test_dtype_asked_for() -> None:
    assert choose_dtype("bfloat16") == Choice("bfloat16", "as asked")
    assert getattr(torch, choose_dtype("float16").value) is torch.float16
    with pytest.raises(ConfigError, match="dtype is 'fp16'; expected auto, float32, bfloat16, float16"):
        choose_dtype("fp16")


def test_seeding_reaches_all_three_generators() -> None:
    def draw() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(1))  # noqa: NPY002

    seed_everything(2**32 + 7)
    first = draw()
    assert draw() != first
    seed_everything(2**32 + 7)
    assert draw() == first
