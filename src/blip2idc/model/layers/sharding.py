"""A frozen backbone spread over the processes that train an adapter of it (FSDP).

In: a network with an adapter, in each of several processes. Out: the same network, each layer of which holds a share of
its frozen weights and collects the others' while it works. The adapter's weights are no more than a few million; every
process keeps them whole, so that gradients, optimizer and checkpoints are what they are without sharding.
"""

from __future__ import annotations

from typing import Any

import torch


def shard_frozen(model: torch.nn.Module, device: str) -> int:
    """Spread the frozen weights of all layers over the processes of this run.

    Args:
        model: Whole, in each process; its trainable weights are left alone.
        device: Of the model, such as `cpu` or `cuda:1`.

    Returns:
        Number of layers that are shared now.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard
    from torch.nn.parallel import DistributedDataParallel
    from transformers.modeling_layers import GradientCheckpointingLayer

    mesh = init_device_mesh(torch.device(device).type, (torch.distributed.get_world_size(),))
    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    for layer in layers:
        trained = {parameter for parameter in layer.parameters() if parameter.requires_grad}
        fully_shard(layer, mesh=mesh, ignored_params=trained)
    frozen = [name for name, parameter in model.named_parameters() if not parameter.requires_grad]
    # gradients of the adapter are averaged by what wraps the model; the weights are alike in all processes already
    wrapper: Any = DistributedDataParallel
    wrapper._set_params_and_buffers_to_ignore_for_model(model, frozen)
    return len(layers)
