"""The choices a run makes once: device, dtype, lanes, seed.

In: what the user asked for, mostly ``"auto"``. Out: a `Choice` with a reason that can be printed.
torch is imported only inside functions.
"""

from __future__ import annotations

import os
import platform
import random
from dataclasses import dataclass

from blip2idc.errors import ConfigError

DTYPES = ("float32", "bfloat16", "float16")
#: Weights in eight or four bits, see `model.layers.eight_bits` and `four_bits`: for captioners, not for training.
INT8, INT4 = "int8", "int4"

#: Weights of a network whose layers are too small to fill several cores, so that parts of a batch side by side do.
SMALL_NETWORK = 300_000_000
_MOST_LANES = 4  # Python's lock lets no more of them go on at once


@dataclass(frozen=True)
class Choice:
    """A setting that was decided once, and why.

    Attributes:
        value: The decision, in words torch understands, e.g. ``"cuda"`` or ``"bfloat16"``.
        reason: Why, as a clause that can follow the value: ``"no GPU was found"``.
    """

    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.value} ({self.reason})"


def usable_cores() -> int:
    """Cores that this process may use; all of the machine where the system does not tell (macOS, Windows)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def choose_lanes(cores: int, weights: int) -> int:
    """How many parts of a batch to work on side by side on a processor.

    Args:
        cores: That may work at once.
        weights: How many the network has.
    """
    return 1 if weights > SMALL_NETWORK else max(1, min(_MOST_LANES, cores))


def choose_device(requested: str = "auto") -> Choice:
    """Decide where the model runs.

    Args:
        requested: ``"auto"``, or a torch device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Raises:
        ConfigError: The name is not a device, or that device is not there.
    """
    import torch

    if requested == "auto":
        if torch.cuda.is_available():
            return Choice("cuda", f"a GPU was found: {torch.cuda.get_device_name(0)}")
        if torch.backends.mps.is_available():
            return Choice("mps", "an Apple GPU was found")
        return Choice("cpu", "no GPU was found")
    try:
        device = torch.device(requested)
    except RuntimeError:
        raise ConfigError(f"device is {requested!r}; expected auto, cpu, cuda, cuda:N or mps") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ConfigError(
            f"device is {requested!r} but torch sees {count} CUDA devices; use --device cpu or auto"
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("device is 'mps' but torch finds no Apple GPU; use --device cpu or auto")
    return Choice(requested, "as asked")


def choose_dtype(requested: str = "auto", device: str = "cpu") -> Choice:
    """Decide the floating-point type of the weights.

    bfloat16 where the GPU computes in it, else float32: BLIP-2 trained in float16 gives NaN (peft issue 376).

    Args:
        requested: ``"auto"`` or one of `DTYPES`.
        device: The device chosen before, e.g. ``"cuda:0"``.

    Returns:
        A choice whose value names an attribute of torch: ``getattr(torch, choice.value)``.

    Raises:
        ConfigError: The name is not one of `DTYPES`.
    """
    if requested != "auto":
        if requested not in DTYPES:
            raise ConfigError(f"dtype is {requested!r}; expected auto, {', '.join(DTYPES)}")
        return Choice(requested, "as asked")
    if not device.startswith("cuda"):
        return Choice("float32", f"the exact choice on {device}")
    import torch

    if torch.cuda.is_bf16_supported(including_emulation=False):
        return Choice("bfloat16", "the GPU computes in bfloat16")
    return Choice("float32", "the GPU does not compute in bfloat16")


def computes_in_bfloat16() -> bool:
    """Whether the processor has units for bfloat16; without, each product in it is emulated and many times slower."""
    import torch

    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True  # processors of other kinds that torch has fast paths for
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (every device), for code that draws from their global generators."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - libraries draw from the global generator
    torch.manual_seed(seed)
