"""A process that uses files which may kill it, watched from outside: uncaught errors, hangs, deaths, memory."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

HANGS_AFTER = 10.0
LARGEST_MEMORY = 600.0  # MB above the start
_STARTING = 180.0

Use = Callable[[int], None]
"""Uses the file of a number; raises `Blip2idcError` where it refuses it."""


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
        began, allowed = None, _STARTING
        while waiting:
            if not ours.poll(allowed):
                report["hangs"].append(waiting.pop(0))
                break
            try:
                message = ours.recv()
            except EOFError:
                report["died"].append(waiting.pop(0))
                break
            now, allowed = time.perf_counter(), HANGS_AFTER
            if message is not None:
                number, outcome, above = message
                slowest = max(slowest, now - (began or now))
                waiting.remove(number)
                peak = max(peak, above)
                report["files"] += 1
                for kind in outcome:
                    if kind in ("used", "refused"):
                        report[kind] += 1
                    else:
                        report["uncaught"].append((number, kind))
            began = now
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
        outcome = []
        for use in uses:
            try:
                use(number)
                outcome.append("used")
            except Blip2idcError:
                outcome.append("refused")
            except BaseException as error:  # what this program looks for
                outcome.append(f"uncaught {type(error).__name__}: {error}"[:300])
        pipe.send((number, outcome, peak_memory() - start))


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
