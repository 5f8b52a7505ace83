"""What commands write: lines on the terminal, files, progress bars.

In: what is to be told. Out: results on stdout, everything else on stderr, files whole or not at all. Text that came
from outside (file names, captions) is printed with its control characters escaped, so that it can neither move the
cursor nor forge a line. A bar appears with the first thing done, so that a setting that is refused shows none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from blip2idc.errors import InputError, printable


def say(line: str) -> None:
    """One line of the result, on stdout."""
    print(printable(line), flush=True)


def note(line: str) -> None:
    """One line beside the result, on stderr."""
    print(printable(line), file=sys.stderr, flush=True)


def warn(sentence: str) -> None:
    """Something that the user should know of, on stderr."""
    note(f"warning: {sentence}")


def say_json(value: Any) -> None:
    """One JSON object as one line of the result, on stdout."""
    say(json.dumps(value, ensure_ascii=False, allow_nan=False))


def write_text(path: Path, text: str) -> None:
    """Write a file, whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    from blip2idc.runs.files import atomic_write

    with atomic_write(path) as handle:
        handle.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def every_output() -> Iterator[Callable[..., bool]]:
    """Several outputs of one result: each is tried, so that one that cannot be written takes no other with it.

    Yields:
        Calls a function with its arguments, now; whether it got through.

    Raises:
        InputError: At the end, the first that a function raised.
    """
    faults: list[InputError] = []

    def attempt(write: Callable[..., object], *arguments: Any, **options: Any) -> bool:
        try:
            write(*arguments, **options)
        except InputError as error:
            faults.append(error)
            return False
        return True

    yield attempt
    if faults:
        raise faults[0]


@contextmanager
def progress_bar(unit: str) -> Iterator[Callable[[int, int], None]]:
    """One bar.

    Args:
        unit: What is counted: `pairs`.

    Yields:
        A function to be told (done, of how many).
    """
    with stage_bars() as report:
        yield lambda done, count: report(unit, done, count)


@contextmanager
def stage_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stage of a command, one below the other, with rate and time left.

    Yields:
        A function to be told (unit, done, of how many).
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=Console(stderr=True))
    tasks: dict[str, TaskID] = {}

    def report(unit: str, done: int, count: int) -> None:
        if unit not in tasks:
            tasks[unit] = bars.add_task(unit, total=count, completed=done, rate="")
            bars.start()
        speed = bars.tasks[list(tasks).index(unit)].speed
        bars.update(tasks[unit], completed=done, total=count, rate=f"{speed:.1f} {unit}/s" if speed else "")

    try:
        yield report
    finally:
        if tasks:  # a bar that never began would leave an empty line
            with suppress(
                IndexError
            ):  # Ctrl-C in the middle of its start: what it would take away is not there yet
                bars.stop()


def print_rows(rows: Sequence[tuple[str, int]]) -> None:
    """A table of counts on stderr.

    Args:
        rows: (what, how many).
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for what, number in rows:
        table.add_row(Text(printable(what)), f"{number:,}")
    Console(stderr=True).print(table)
