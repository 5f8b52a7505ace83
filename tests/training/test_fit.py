"""Defaults that fit the backbone."""

from __future__ import annotations

from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.training.fit import fit_to_backbone
from blip2idc.training.recipe import TrainConfig


def test_large_backbones_get_the_papers_settings() -> None:
    config, line = fit_to_backbone(TrainConfig(), 3_700_000_000, 5000)
    assert (config.learning_rate, config.epochs, config.patience) == (1e-4, 10, 3)
    assert config.lora == LoraSettings(rank=16, dropout=0.05, layers="attention")
    assert "large" in line


def test_small_backbones_see_few_pairs_often_and_many_pairs_seldom() -> None:
    few, line = fit_to_backbone(TrainConfig(), 2_900_000, 228)
    many, _ = fit_to_backbone(TrainConfig(), 2_900_000, 100_000)
    assert few.epochs == 20
    assert many.epochs == 3
    assert few.learning_rate == many.learning_rate == 5e-4
    assert few.lora.layers == "linear"
    assert "lora.rank 32" in line


def test_what_a_recipe_states_is_left_alone() -> None:
    config, line = fit_to_backbone(
        TrainConfig(
            epochs=2,
            learning_rate=1e-5,
            patience=0,
            lora=LoraSettings(rank=4, dropout=0.1, layers="attention"),
        ),
        2_900_000,
        100,
    )
    assert (config.epochs, config.learning_rate, config.patience, config.lora.rank) == (2, 1e-5, 0, 4)
    assert line.endswith("none")
