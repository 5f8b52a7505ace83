"""Recipes: those written under former names still load."""

from __future__ import annotations

from pathlib import Path

from blip2idc.config import load_config
from blip2idc.training.recipe import TrainConfig


def test_recipes_written_before_still_load(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("accumulate: 3\nwarmup: 0.5\nmax_gradient_norm: 2.0\nlora: {rank: 8, parts: [vision]}")
    recipe = load_config(TrainConfig, path, ["accumulate=4"])
    assert (recipe.gradient_accumulation_steps, recipe.warmup_ratio, recipe.max_grad_norm) == (4, 0.5, 2.0)
    assert recipe.lora.effective_alpha == 16
    assert set(recipe.to_dict()) & set(TrainConfig.FORMER_NAMES) == set()
