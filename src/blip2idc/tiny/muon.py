"""The Muon optimizer for the matrices of small networks, shared among processes.

In: gradients of weight matrices, already averaged. Out: updated weights. The momentum of each matrix is replaced by the
nearest half-orthogonal matrix, found by Newton-Schulz iteration (Jordan et al., 2024). `torch.optim.Muon` iterates in
bfloat16, which a CPU without bfloat16 units emulates; here the type is chosen, matrices of one shape go through it
together, and each process does its share of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration, from the authors' write-up
_STEPS = 5


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised.

    Args:
        parameters: Matrices only.
        lr: Learning rate, comparable with AdamW's (updates are scaled to its usual size, arXiv 2502.16982).
        momentum: Decay of the running gradient.
        weight_decay: Decoupled, relative to `lr`.
        dtype: Of the iteration.
    """

    def __init__(
        self,
        parameters: Iterable[torch.nn.Parameter],
        lr: float = 2e-3,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._dtype = dtype
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update of every matrix that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[tuple[int, int], list[torch.nn.Parameter]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    rows, columns = parameter.shape
                    by_shape.setdefault((min(rows, columns), max(rows, columns)), []).append(parameter)
            for shape in sorted(by_shape):
                self._update(by_shape[shape], group)

    def _update(self, parameters: list[torch.nn.Parameter], group: dict[str, Any]) -> None:
        wanted = []
        for parameter in parameters:
            assert parameter.grad is not None
            state = self.state[parameter]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(parameter)
            running = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            nesterov = parameter.grad.lerp(running, group["momentum"])
            wanted.append(nesterov if nesterov.shape[0] <= nesterov.shape[1] else nesterov.T)
        directions = _shared_orthogonal(torch.stack(wanted).to(self._dtype))
        for parameter, direction in zip(parameters, directions, strict=True):
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            scale = 0.2 * max(parameter.shape) ** 0.5
            straight = direction if parameter.shape[0] <= parameter.shape[1] else direction.T
            parameter.add_(straight.to(parameter.dtype), alpha=-group["lr"] * scale)


def _shared_orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """`orthogonal` of (N, R, C), each process doing every n-th matrix."""
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return orthogonal(matrices)
    rank, processes = dist.get_rank(), dist.get_world_size()
    found = torch.zeros_like(matrices, dtype=torch.float32)
    if len(matrices) > rank:
        found[rank::processes] = orthogonal(matrices[rank::processes]).float()
    dist.all_reduce(found)
    return found


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """Nearly the nearest half-orthogonal matrices to (N, R, C), R <= C: singular values between about 0.7 and 1.2."""
    a, b, c = _COEFFICIENTS
    x: torch.Tensor = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x
