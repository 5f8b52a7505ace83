"""A process that uses files which may kill it, watched from outside: uncaught errors, hangs, deaths, memory.

Seconds are those that the process computed for, so that a busy machine counts for nothing; a process that waits without
computing is ended after two minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

HANGS_AFTER = 10.0
LARGEST_MEMORY = 600.0  # MB above the start
_STARTING = 180.0
_WAITING = 120.0
_TOLD = 500

#: Uses the file of a number; raises `Blip2idcError` where it refuses it.
Use = Callable[[int], None]


def attack(make_uses: Callable[..., Sequence[Use]], arguments: tuple[Any, ...], count: int) -> dict[str, Any]:
    """Use files 0 to count - 1 in every way.

    Args:
        make_uses: Called in the watched process with `arguments`; a module's function.
        arguments: What it takes.
        count: How many files.

    Returns:
        Counts, what was not caught, what hung or died by its number, seconds and memory.
    """
    report: dict[str, Any] = {"files": 0, "used": 0, "refused": 0, "uncaught": [], "hangs": [], "died": []}
    peak = slowest = 0.0
    waiting = list(range(count))
    while waiting:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_use_all, args=(theirs, make_uses, arguments, waiting), daemon=True)
        process.start()
        theirs.close()
        allowed = _STARTING
        while waiting:
            if not _answers(ours, process.pid or 0, allowed):
                report["hangs"].append(waiting.pop(0))
                print(f"hangs: {report['hangs'][-1]}", file=sys.stderr, flush=True)
                break
            try:
                message = ours.recv()
            except EOFError:
                report["died"].append(waiting.pop(0))
                print(f"died: {report['died'][-1]}", file=sys.stderr, flush=True)
                break
            allowed = HANGS_AFTER
            if message is not None:
                number, outcome, above, seconds = message
                slowest = max(slowest, seconds)
                waiting.remove(number)
                peak = max(peak, above)
                report["files"] += 1
                if report["files"] % _TOLD == 0:
                    print(f"{report['files']} of {count}, {peak:.0f} MB", file=sys.stderr, flush=True)
                for kind in outcome:
                    if kind in ("used", "refused"):
                        report[kind] += 1
                    else:
                        report["uncaught"].append((number, kind))
        process.kill()
        process.join()
    return {**report, "slowest_seconds": round(slowest, 2), "peak_mb_above_start": round(peak)}


def _use_all(
    pipe: Connection,
    make_uses: Callable[..., Sequence[Use]],
    arguments: tuple[Any, ...],
    numbers: Sequence[int],
) -> None:
    """The watched process: one message when it has started, then one a file."""
    import warnings

    from blip2idc.errors import Blip2idcError

    warnings.simplefilter("ignore")
    uses = make_uses(*arguments)
    start = peak_memory()
    pipe.send(None)
    for number in numbers:
        outcome, began = [], time.process_time()
        for use in uses:
            try:
                use(number)
                outcome.append("used")
            except Blip2idcError:
                outcome.append("refused")
            except BaseException as error:  # what this program looks for
                outcome.append(f"uncaught {type(error).__name__}: {error}"[:300])
        pipe.send((number, outcome, peak_memory() - start, time.process_time() - began))


def _answers(pipe: Connection, process: int, seconds: float) -> bool:
    """Wait for a message until the process has computed for so long, or waited without computing."""
    began, computed = time.perf_counter(), _computed(process)
    while not pipe.poll(0.2):
        if _computed(process) - computed > seconds or time.perf_counter() - began > _WAITING + seconds:
            return False
    return True


def _computed(process: int) -> float:
    """Seconds that a process has computed for; 0 for one that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory() -> float:
    """The most that this process has had, in MB; `ru_maxrss` begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def command(doc: str, run: Callable[[int, int], dict[str, Any]], count: int) -> int:
    """Attack as the command line asks, print the report as JSON; 1 where something was found."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    report = {"seed": chosen.seed, **run(chosen.count, chosen.seed)}
    print(json.dumps(report, indent=1))
    found = report["uncaught"] or report["hangs"] or report["died"]
    return int(bool(found) or report["peak_mb_above_start"] > LARGEST_MEMORY)
