"""Every recipe of a benchmark, for every machine, is carried through to a trainer that is ready for its first step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.checkpoints import write_dataset
from transformers import EarlyStoppingCallback

from blip2idc.cli.commands.reproduce import HARDWARE, recipe_paths
from blip2idc.config import load_config
from blip2idc.data.readers import BENCHMARKS
from blip2idc.training import run
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.trainer import CaptionTrainer


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("recipes") / "data", 6)


@pytest.mark.parametrize("hardware", [None, *HARDWARE])
@pytest.mark.parametrize("benchmark", sorted(BENCHMARKS.keys() - {"table"}))
def test_every_recipe_builds_its_trainer(
    benchmark: str,
    hardware: str | None,
    dataset: Path,
    opt_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[CaptionTrainer] = []

    def ready(trainer: CaptionTrainer, **_: Any) -> None:
        built.append(trainer)
        raise KeyboardInterrupt

    monkeypatch.setattr(CaptionTrainer, "train", ready)
    paths = recipe_paths(benchmark, None, hardware)
    recipe = load_config(TrainConfig, paths)
    # the 2.7B's place is taken by a small checkpoint of the same make
    smaller = [] if recipe.model is None else [f"model={opt_checkpoint}"]
    with pytest.raises(KeyboardInterrupt):
        run.train([dataset], tmp_path / "adapter", load_config(TrainConfig, paths, [*smaller, "device=cpu"]))
    (trainer,) = built
    arguments: Any = trainer.args
    assert arguments.learning_rate == recipe.learning_rate
    assert arguments.num_train_epochs == recipe.epochs
    assert arguments.per_device_train_batch_size == recipe.batch_size
    assert arguments.gradient_accumulation_steps == recipe.gradient_accumulation_steps
    callbacks = trainer.callback_handler.callbacks
    assert any(isinstance(one, EarlyStoppingCallback) for one in callbacks) == bool(recipe.patience)
    network: Any = trainer.model
    (adapter,) = network.peft_config.values()
    assert adapter.r == recipe.lora.rank
    trained = [name for name, one in network.named_parameters() if one.requires_grad]
    for part in ("vision_model", "qformer", "language_model"):
        assert any(part in name for name in trained)
    batch = next(iter(trainer.get_train_dataloader()))
    if recipe.layout is not None:
        assert tuple(batch["pixel_values"].shape[-2:]) == (recipe.layout.height, recipe.layout.width)
