"""The processes of a training run, as torchrun or accelerate started them, and what their number means for a batch.

In: the recipe, and what an interrupted run recorded. Out: the recipe under which a run with another number of processes
takes the steps that the first one would have taken.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from accelerate import PartialState

from blip2idc.errors import ConfigError
from blip2idc.training.recipe import TrainConfig


def processes_of(device: str) -> PartialState:
    """The processes of this run; asking joins them."""
    return PartialState(cpu=device == "cpu" or not torch.cuda.is_available())


def device_of_process(requested: str) -> str:
    """Under torchrun every process has a GPU of its own."""
    processes = processes_of(requested)
    if processes.num_processes > 1 and requested in ("auto", "cuda") and torch.cuda.is_available():
        return f"cuda:{processes.local_process_index}"
    return requested


def check_sharding(config: TrainConfig, processes: int) -> None:
    """Refuse to spread what one process holds, or what is trained.

    Raises:
        ConfigError: `shard` is on without several processes, or with mode full.
    """
    if config.shard and config.mode == "full":
        raise ConfigError(
            "shard is true and mode is full; expected mode lora, whose frozen backbone can be shared"
        )
    if config.shard and processes == 1:
        raise ConfigError(
            "shard is true and there is one process; start several, as with"
            " torchrun --nproc-per-node 2 -m blip2idc train ..., or set shard to false"
        )


def with_same_step(config: TrainConfig, before: int, now: int) -> TrainConfig:
    """The recipe with which some processes take the steps that another number of them began.

    Args:
        config: The recipe as given.
        before: Processes that the run was begun with.
        now: Processes that go on.

    Returns:
        The recipe with other `gradient_accumulation_steps`, or where they do not divide, another `batch_size`; so that
        as many pairs go into a step as before.

    Raises:
        ConfigError: The pairs of a step cannot be divided by the processes.
    """
    if before == now:
        return config
    accumulated = config.gradient_accumulation_steps * before
    if accumulated % now == 0:
        return replace(config, gradient_accumulation_steps=accumulated // now)
    pairs = config.batch_size * accumulated
    if pairs % now == 0:
        return replace(config, gradient_accumulation_steps=1, batch_size=pairs // now)
    raise ConfigError(
        f"{now} processes go on with a run of {before}, which took {pairs} pairs a step; expected a number of processes"
        f" that divides {pairs}"
    )
