"""Progress bars on stderr with rate and time left, and the table at the end, for commands that make a data set.

In: calls that tell how much is done. Out: what a person sees. A bar appears with the first call, so that a setting that
is refused shows none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


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
    """A bar for each stage of a command, one below the other.

    Yields:
        A function to be told (unit, done, of how many).
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
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
        bars.stop()


def print_rows(rows: Sequence[tuple[str, int]]) -> None:
    """A table of counts on stderr.

    Args:
        rows: (what, how many).
    """
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for what, number in rows:
        table.add_row(what, f"{number:,}")
    Console(stderr=True).print(table)
