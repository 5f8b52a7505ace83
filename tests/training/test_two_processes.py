"""Two processes take the same step as one with the same global batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tests.fixtures.checkpoints import write_dataset
from tests.training.test_run import without_dropout

RATE = 1e-3


def one_step(
    checkpoint: Path, dataset: Path, output: Path, batch_size: int, processes: int
) -> dict[str, torch.Tensor]:
    """Train every weight for one step on the command line; give the weights with `loss` and `grad_norm` of the log."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    settings = [
        "mode=full",
        "max_steps=1",
        "warmup_ratio=0",
        f"learning_rate={RATE}",
        "weight_decay=0",
        f"batch_size={batch_size}",
        "workers=0",
        "validation_share=0.2",
        "calibration_pairs=0",
        "log_every=1",
        "max_grad_norm=1000",
    ]
    command = [sys.executable, *(launcher if processes > 1 else []), "-m", "blip2idc", "train"]
    command += ["--data", str(dataset), "--output", str(output), "--model", str(checkpoint)]
    command += [part for setting in settings for part in ("--set", setting)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(command, check=True, env=environment, capture_output=True)
    weights = dict(load_file(output / "model.safetensors"))
    for line in (output / "training_log.jsonl").read_text().splitlines():
        weights |= {
            key: torch.tensor(value)
            for key, value in json.loads(line).items()
            if key in ("loss", "grad_norm")
        }
    return weights


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("language", ["opt", "t5"])
def test_two_processes_are_one(tmp_path: Path, request: pytest.FixtureRequest, language: str) -> None:
    checkpoint = without_dropout(request.getfixturevalue(f"{language}_checkpoint"), tmp_path / "model")
    dataset = write_dataset(tmp_path / "data", 20)
    one = one_step(checkpoint, dataset, tmp_path / "one", 8, 1)
    two = one_step(checkpoint, dataset, tmp_path / "two", 4, 2)
    assert one.keys() == two.keys()
    for name in ("loss", "grad_norm"):
        assert two[name].item() == pytest.approx(one[name].item(), rel=1e-5)
    # Adam's first step is the sign of the gradient times the rate, so that rounding shows only where a gradient is zero
    # but for rounding (the language model's rows of tokens that never occur, biases that softmax ignores)
    moved = sum(int(((two[key] - one[key]).abs() > 1e-5).sum()) for key in one)
    total = sum(value.numel() for value in one.values())
    assert moved < 5e-3 * total
    other = one_step(checkpoint, dataset, tmp_path / "half", 4, 1)
    assert abs(other["loss"].item() - one["loss"].item()) > 1e-3, "another global batch must show"
