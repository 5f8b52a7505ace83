"""All that the study computes: the neutral backbone, then the cells that are not there yet, in processes of one thread.

In: a working folder and a scale. Out: what `run` writes there. It is apart from the command, since processes that are
started anew cannot import a package's `__main__`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import torch
from benchmarks.study.backbone import IMAGES, PICTURES, QUICK_IMAGES, QUICK_PICTURES, train_backbone
from benchmarks.study.cells import QUICK, Cell, Scale, cells
from benchmarks.study.run import VALIDATION, blind, dataset, run_cell


def say(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def compute(folder: Path, scale: Scale, minutes: float | None, workers: int) -> bool:
    """Everything that is not there yet, or as much as fits; whether nothing is left."""
    torch.set_num_threads(1)
    ends = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    sizes = (QUICK_PICTURES, QUICK_IMAGES) if scale.name == QUICK.name else (PICTURES, IMAGES)
    if not train_backbone(folder / "neutral", *sizes, minutes=minutes):
        return False
    blind(folder, scale)
    waiting = [cell for cell in cells(scale) if not (folder / "cells" / f"{cell.name}.json").is_file()]
    shared = [("validation", VALIDATION), ("test", scale.test), ("test-unseen", scale.test)]
    for kind, count in dict.fromkeys((*shared, *(data for cell in waiting for data in cell.data))):
        dataset(folder, kind, count)  # once, before processes ask for it
    if workers > 1 and minutes is None:
        return _in_processes(folder, waiting, scale, workers)
    for cell in waiting:
        if time.monotonic() > ends:
            return False
        run_cell(folder, cell, scale, say)
    return True


def _in_processes(folder: Path, waiting: Sequence[Cell], scale: Scale, workers: int) -> bool:
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = [pool.submit(run_cell, folder, cell, scale, say) for cell in waiting]
        for number, job in enumerate(as_completed(jobs), start=1):
            job.result()
            say(f"{number} of {len(jobs)} cells")
    return True


def _one_thread() -> None:
    torch.set_num_threads(1)
