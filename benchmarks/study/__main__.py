"""Runs the study: the neutral backbone, then every cell that is not there yet, then the page.

    python -m benchmarks.study --quick                   # about 30 minutes on two cores
    python -m benchmarks.study                           # up to six hours on two cores
    python -m benchmarks.study --quick --minutes 5       # some cells more; the same command goes on
    python -m benchmarks.study --quick --report          # the page of what is there, and nothing else

In: nothing. Out: `runs/study-quick/` (or `runs/study/`): data, backbone, one JSON file a cell; beside this file
`quick.json` (or `full.json`) with all of them, and `docs/study.md` with the tables, the plots and the verdicts. A cell
that was not run is told as not run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import torch
from benchmarks.study.backbone import IMAGES, PICTURES, QUICK_IMAGES, QUICK_PICTURES, train_backbone
from benchmarks.study.cells import FULL, QUICK, Cell, Scale, cells
from benchmarks.study.run import blind, dataset, run_cell

_ROOT = Path(__file__).parents[2]
_MORE = 3  # exit status where more remains to be done


def say(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this package."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the smaller table")
    parser.add_argument("--folder", type=Path, help="working folder; default runs/study or runs/study-quick")
    parser.add_argument("--minutes", type=float, help="begin no cell after so many minutes")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes of one thread each"
    )
    parser.add_argument("--report", action="store_true", help="write the page of what is there")
    options = parser.parse_args(arguments)
    scale = QUICK if options.quick else FULL
    folder = options.folder or _ROOT / "runs" / ("study-quick" if options.quick else "study")
    done = options.report or _compute(folder, scale, options.minutes, options.workers)
    from benchmarks.study.report import write_report

    write_report(folder, scale, _ROOT / "docs" / "study.md")
    return 0 if done else _MORE


def _compute(folder: Path, scale: Scale, minutes: float | None, workers: int) -> bool:
    """Everything that is not there yet, or as much as fits; whether nothing is left."""
    torch.set_num_threads(1)
    ends = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
    sizes = (QUICK_PICTURES, QUICK_IMAGES) if scale is QUICK else (PICTURES, IMAGES)
    if not train_backbone(folder / "neutral", *sizes, minutes=minutes):
        return False
    blind(folder, scale)
    waiting = [cell for cell in cells(scale) if not (folder / "cells" / f"{cell.name}.json").is_file()]
    for kind, count in dict.fromkeys(data for cell in waiting for data in cell.data):
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


if __name__ == "__main__":
    raise SystemExit(main())
