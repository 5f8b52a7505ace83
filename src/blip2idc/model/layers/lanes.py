"""Parts of a batch side by side on a processor's cores, each with its share of them.

Products of small matrices and the Python around them leave most cores idle where one batch is spread over all of them;
a batch apiece keeps them busy. For networks whose layers are small; large ones fill the cores by themselves, and where
layers turn their weights into another type while they work, each lane would do so anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

from blip2idc.runtime import SMALL_NETWORK, choose_lanes

Part = TypeVar("Part")
Result = TypeVar("Result")

_CACHE = 2_250_000  # bytes of activations of one layer that stay near the core until the next one reads them


def lanes_for(device: str, weights: int) -> int:
    """How many parts of a batch to work on side by side.

    Args:
        device: Where the network is.
        weights: How many it has.
    """
    return choose_lanes(torch.get_num_threads(), weights) if device == "cpu" else 1


def slice_for(device: str, weights: int, activations: int) -> int | None:
    """How many images to see at a time, so that what a layer hands to the next one is still in the cache.

    Args:
        device: Where the network is.
        weights: How many it has; those of a large network are not read again for every slice.
        activations: Of one image in the widest layer.

    Returns:
        The number; None for all at once.
    """
    if device != "cpu" or weights > SMALL_NETWORK:
        return None
    return max(1, _CACHE // (4 * activations))


@contextmanager
def one_thread() -> Iterator[None]:
    """While the block lasts, torch works in this thread alone: a second one would mostly wait where cores are taken."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def side_by_side(work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
    """Work on parts in threads, each with its share of the threads that torch has here.

    Args:
        work: From a part to its result.
        parts: One or more.
    """
    if len(parts) == 1:
        return [work(parts[0])]
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(
            len(parts), "lane", torch.set_num_threads, (max(1, threads // len(parts)),)
        ) as pool:
            return list(pool.map(work, parts))
    finally:
        torch.set_num_threads(threads)  # what the lanes chose is what later threads would begin with
