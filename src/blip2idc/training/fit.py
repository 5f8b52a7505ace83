"""Defaults of a training that fit the size of the backbone and the amount of data.

In: a recipe with gaps (None), the number of weights of the backbone and of pairs. Out: the recipe without gaps, and one
line that says what was filled in. What a recipe states is left as it is.

The numbers for large backbones are the paper's (Evennou et al., WACV 2025, arXiv 2412.15939); those for small ones were
found with `benchmarks/own_data.py`: a small network needs a tenfold rate, and seconds a step instead of hours an epoch,
so that it can see few pairs often.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from blip2idc.model.adapters.adapter import SMALL_BACKBONE
from blip2idc.training.recipe import TrainConfig


@dataclass(frozen=True)
class Defaults:
    """What fills the gaps.

    Attributes:
        learning_rate: At its highest, of an adapter.
        full_learning_rate: The same where every weight is trained.
        epochs: At least.
        steps: Optimizer steps that are wanted in all, for which epochs are added.
        most_epochs: At most.
        patience: Validations without improvement.
    """

    learning_rate: float
    full_learning_rate: float
    epochs: float
    steps: int
    most_epochs: float
    patience: int


LARGE = Defaults(1e-4, 1e-5, epochs=10, steps=0, most_epochs=10, patience=3)
SMALL = Defaults(5e-4, 5e-4, epochs=3, steps=900, most_epochs=20, patience=6)


def fit_to_backbone(config: TrainConfig, parameters: int, pairs: int) -> tuple[TrainConfig, str]:
    """Fill the gaps of a recipe.

    Args:
        config: The recipe.
        parameters: Weights of the backbone.
        pairs: To train on.

    Returns:
        The recipe without gaps, and a line for a person.
    """
    defaults = SMALL if parameters < SMALL_BACKBONE else LARGE
    steps_an_epoch = max(1, math.ceil(pairs / (config.batch_size * config.gradient_accumulation_steps)))
    epochs = min(defaults.most_epochs, max(defaults.epochs, math.ceil(defaults.steps / steps_an_epoch)))
    rate = defaults.full_learning_rate if config.mode == "full" else defaults.learning_rate
    values = {"epochs": epochs, "learning_rate": rate, "patience": defaults.patience}
    filled: dict[str, Any] = {name: value for name, value in values.items() if getattr(config, name) is None}
    lora = config.lora.fitted(parameters)
    told = {**filled}
    if config.mode == "lora":
        told |= {
            f"lora.{name}": getattr(lora, name)
            for name in ("rank", "dropout", "layers")
            if getattr(config.lora, name) is None
        }
    line = ", ".join(
        f"{name} {value:g}" if isinstance(value, float | int) else f"{name} {value}"
        for name, value in told.items()
    )
    size = "small" if defaults is SMALL else "large"
    return replace(
        config, lora=lora, **filled
    ), f"defaults for a {size} backbone and {pairs:,} pairs: {line or 'none'}"
