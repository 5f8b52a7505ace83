"""Runs the study: the neutral backbone, then every cell that is not there yet, then the page.

    python -m benchmarks.study --quick                   # about 30 minutes on two cores
    python -m benchmarks.study                           # up to six hours on two cores
    python -m benchmarks.study --quick --minutes 5       # some cells more; the same command goes on
    python -m benchmarks.study --quick --longer          # and the encodings with a larger budget, half an hour more
    python -m benchmarks.study --quick --report          # the page of what is there, and nothing else

In: nothing. Out: `runs/study-quick/` (or `runs/study/`): data, backbone, one JSON file a cell; beside this file
`quick.json` (or `full.json`) with all of them, and `docs/study.md` with the tables, the plots and the verdicts. A cell
that was not run is told as not run.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.study.cells import FULL, QUICK
from benchmarks.study.compute import compute

_ROOT = Path(__file__).parents[2]
_MORE = 3  # exit status where more remains to be done


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this package."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the smaller table")
    parser.add_argument(
        "--longer",
        action="store_true",
        help="with --quick: the encodings with 900 steps on 1,000 pairs as well",
    )
    parser.add_argument("--folder", type=Path, help="working folder; default runs/study or runs/study-quick")
    parser.add_argument("--minutes", type=float, help="begin no cell after so many minutes")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes of one thread each"
    )
    parser.add_argument("--report", action="store_true", help="write the page of what is there")
    options = parser.parse_args(arguments)
    scale = (replace(QUICK, longer=(1000, 900)) if options.longer else QUICK) if options.quick else FULL
    folder = options.folder or _ROOT / "runs" / ("study-quick" if options.quick else "study")
    done = options.report or compute(folder, scale, options.minutes, options.workers)
    from benchmarks.study.report import write_report

    write_report(folder, scale, _ROOT / "docs" / "study.md")
    return 0 if done else _MORE


if __name__ == "__main__":
    raise SystemExit(main())
