"""The lean step and the plain one learn the same; what a compiled one learns is the same too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.fixtures.checkpoints import write_dataset
from tests.training.test_run import trained, without_dropout

from blip2idc.model import blip2 as blip2_module
from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import train


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("step") / "data", 12)


def run(
    checkpoint: Path, dataset: Path, output: Path, **settings: Any
) -> tuple[list[float], dict[str, torch.Tensor]]:
    """Losses of three steps, validation losses among them, and what was learned."""
    chosen = {"lora": LoraSettings(rank=4, dropout=0.0, layers="linear"), **settings}
    config = TrainConfig(
        model=str(checkpoint), max_steps=3, batch_size=4, learning_rate=1e-3, warmup_ratio=0.0, workers=0,
        validation_share=0.2, calibration_pairs=0, log_every=1, **chosen,
    )  # fmt: skip
    train([dataset], output, config)
    log = [json.loads(line) for line in (output / "training_log.jsonl").read_text().splitlines()]
    losses = [entry[key] for entry in log for key in ("loss", "eval_loss") if key in entry]
    return losses, trained(output)


@pytest.mark.parametrize("language", ["opt", "t5"])
@pytest.mark.parametrize("mode", ["lora", "full"])
def test_lean_is_plain(
    dataset: Path, tmp_path: Path, request: pytest.FixtureRequest, language: str, mode: str
) -> None:
    checkpoint = without_dropout(request.getfixturevalue(f"{language}_checkpoint"), tmp_path / "model")
    plain, weights = run(checkpoint, dataset, tmp_path / "plain", step="plain", mode=mode, cache_gb=0)
    lean, found = run(checkpoint, dataset, tmp_path / "lean", step="lean", mode=mode)
    assert lean == pytest.approx(plain, abs=1e-5)
    assert plain[0] != pytest.approx(plain[-1], abs=1e-3), "nothing was learned, so that this shows nothing"
    assert found.keys() == weights.keys()
    # Adam's first steps have the size of the rate whatever the gradient's, see test_cutting_a_batch_into_steps
    differing = sum(int(((found[key] - weights[key]).abs() > 1e-4).sum()) for key in weights)
    assert differing < 5e-3 * sum(value.numel() for value in weights.values())


def test_lean_is_plain_in_bfloat16(
    dataset: Path, tmp_path: Path, opt_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight bits of mantissa: the two ways round at different places."""
    monkeypatch.setattr(blip2_module, "computes_in_bfloat16", lambda: True)
    checkpoint = without_dropout(opt_checkpoint, tmp_path / "model")
    plain, _ = run(checkpoint, dataset, tmp_path / "plain", step="plain", dtype="bfloat16")
    lean, found = run(checkpoint, dataset, tmp_path / "lean", step="lean", dtype="bfloat16")
    assert lean == pytest.approx(plain, rel=1e-2)
    assert all(weight.dtype == torch.float32 for weight in found.values()), "adapters are trained in float32"


@pytest.mark.slow
@pytest.mark.timeout(1200)  # compiling takes minutes where the machine has other work
@pytest.mark.filterwarnings("ignore")  # the compiler of torch does what torch warns of
def test_compiled_is_plain(dataset: Path, tmp_path: Path, opt_checkpoint: Path) -> None:
    checkpoint = without_dropout(opt_checkpoint, tmp_path / "model")
    plain, _ = run(checkpoint, dataset, tmp_path / "plain", step="plain")
    compiled, _ = run(checkpoint, dataset, tmp_path / "compiled", compile=True)
    assert compiled == pytest.approx(plain, abs=1e-4)
