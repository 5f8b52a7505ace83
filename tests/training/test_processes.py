"""A run that goes on with other processes takes as many pairs a step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blip2idc.errors import ConfigError
from blip2idc.training.processes import check_sharding, with_same_step
from blip2idc.training.recipe import TrainConfig


@pytest.mark.parametrize(
    ("before", "now", "batch_size", "accumulate"),
    [(1, 1, 8, 3), (2, 1, 8, 6), (1, 3, 8, 1), (2, 3, 8, 2), (1, 2, 12, 1), (1, 4, 6, 1)],
)
def test_pairs_a_step_stay(before: int, now: int, batch_size: int, accumulate: int) -> None:
    config = TrainConfig(batch_size=8, gradient_accumulation_steps=3)
    taken = with_same_step(config, before, now)
    assert (taken.batch_size, taken.gradient_accumulation_steps) == (batch_size, accumulate)
    assert batch_size * accumulate * now == 24 * before


def test_what_cannot_be_divided_is_refused() -> None:
    with pytest.raises(ConfigError, match="7 processes go on with a run of 1, which took 24 pairs a step"):
        with_same_step(TrainConfig(batch_size=8, gradient_accumulation_steps=3), 1, 7)


def test_sharding_needs_processes_and_a_frozen_backbone() -> None:
    config = TrainConfig(shard=True)
    check_sharding(config, 2)
    with pytest.raises(ConfigError, match="shard is true and there is one process; start several"):
        check_sharding(config, 1)
    with pytest.raises(ConfigError, match="mode is full"):
        check_sharding(replace(config, mode="full"), 2)
