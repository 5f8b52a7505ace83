"""Two processes take the same step as one with the same global batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file
from tests.fixtures.checkpoints import write_dataset
from tests.training.test_run import without_dropout

RATE = 1e-3
SETTINGS = {
    "mode": "full", "max_steps": 1, "warmup_ratio": 0, "learning_rate": RATE, "weight_decay": 0, "workers": 0,
    "validation_share": 0.2, "calibration_pairs": 0, "log_every": 1, "max_grad_norm": 1000,
}  # fmt: skip


def command(
    checkpoint: Path, dataset: Path, output: Path, processes: int, launcher: str = "torchrun", **settings: Any
) -> list[str]:
    """Training on the command line, by one process or more."""
    launchers = {
        "torchrun": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)],
        "accelerate": ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", str(processes),
                       "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no",
                       "--main_process_port", "0"],
    }  # fmt: skip
    words = [sys.executable, *(launchers[launcher] if processes > 1 else []), "-m", "blip2idc", "train"]
    words += ["--data", str(dataset), "--output", str(output), "--model", str(checkpoint)]
    chosen = {**SETTINGS, **settings}
    return words + [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]


ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def trained(output: Path) -> dict[str, torch.Tensor]:
    """Trained weights, with `loss` and `grad_norm` of the last step in the log."""
    (file,) = [*output.glob("model.safetensors"), *output.glob("adapter_model.safetensors")]
    weights = dict(load_file(file))
    for line in (output / "training_log.jsonl").read_text().splitlines():
        weights |= {
            key: torch.tensor(value)
            for key, value in json.loads(line).items()
            if key in ("loss", "grad_norm")
        }
    return weights


def one_step(
    checkpoint: Path, dataset: Path, output: Path, batch_size: int, processes: int, **settings: Any
) -> dict[str, torch.Tensor]:
    """Train for one step; give what was trained."""
    words = command(checkpoint, dataset, output, processes, batch_size=batch_size, **settings)
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return trained(output)


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


LORA = {"mode": "lora", "lora.rank": 4, "lora.dropout": 0}


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("launcher", ["torchrun", "accelerate"])
def test_a_backbone_in_shares_trains_the_same_adapter(
    tmp_path: Path, opt_checkpoint: Path, launcher: str
) -> None:
    checkpoint = without_dropout(opt_checkpoint, tmp_path / "model")
    dataset = write_dataset(tmp_path / "data", 20)
    settings = {**LORA, "max_steps": 3, "calibration_pairs": 4}
    one = one_step(checkpoint, dataset, tmp_path / "one", 8, 1, **settings)
    for checkpointing in (False, True):
        shared = one_step(
            checkpoint, dataset, tmp_path / f"shared-{checkpointing}", 4, 2,
            **settings, launcher=launcher, shard=True, gradient_checkpointing=checkpointing,
        )  # fmt: skip
        for name in ("loss", "grad_norm"):
            assert shared[name].item() == pytest.approx(one[name].item(), rel=1e-4)
        assert shared.keys() == one.keys()
        found = json.loads((tmp_path / f"shared-{checkpointing}" / "blip2idc.json").read_text())
        assert found["calibration"]["pairs"] > 0


def kill_all(number: int) -> None:
    """Kill a process and those it began, which have sessions of their own under torchrun."""
    process = psutil.Process(number)
    family = [process, *process.children(recursive=True)]
    for one in family:
        one.kill()
    _, alive = psutil.wait_procs(family[1:], timeout=60)
    assert not alive


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_another_number_of_processes_goes_on(
    tmp_path: Path, opt_checkpoint: Path, before: int, after: int
) -> None:
    """Killed after a checkpoint, and gone on with by more or fewer: the steps are those of an undisturbed run."""
    checkpoint = without_dropout(opt_checkpoint, tmp_path / "model")
    dataset = write_dataset(tmp_path / "data", 30)
    settings = {
        **LORA, "max_steps": 24, "evaluate_every": 2, "batch_size": 4, "gradient_accumulation_steps": 2 // before,
        "keep_checkpoints": True,
    }  # fmt: skip
    whole = tmp_path / "whole"
    undisturbed = command(checkpoint, dataset, whole, 1, **{**settings, "gradient_accumulation_steps": 2})
    subprocess.run(undisturbed, check=True, env=ENVIRONMENT)
    output = tmp_path / "broken"
    log = tmp_path / "broken.training" / "log.jsonl"
    begun = command(checkpoint, dataset, output, before, **settings)
    process = subprocess.Popen(begun, env=ENVIRONMENT)
    while process.poll() is None and not (log.is_file() and '"step": 7' in log.read_text()):
        time.sleep(0.02)
    assert process.poll() is None, "it was done before it could be killed"
    kill_all(process.pid)
    process.wait()
    words = command(checkpoint, dataset, output, after, **settings)
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"going on with {after} processes instead of {before}" in done.stderr
    losses = [
        {entry["step"]: entry["loss"] for line in lines if "loss" in (entry := json.loads(line))}
        for lines in ((folder / "training_log.jsonl").read_text().splitlines() for folder in (whole, output))
    ]
    assert losses[0].keys() == losses[1].keys() == set(range(1, 25))
    first = [
        step for step in losses[0] if step <= 3
    ]  # of the first epoch, whose last step is filled up by two
    for step in first:
        assert losses[1][step] == pytest.approx(losses[0][step], rel=1e-4)
    assert losses[1][24] == pytest.approx(losses[0][24], rel=0.2)
