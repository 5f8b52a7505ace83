"""A comparison as a small table, for people who look at a terminal.

In: a `Comparison`. Out: the table on stdout: one row a file that is not the same, the gravest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blip2idc.comparison.outcome import Comparison, Entry
from blip2idc.comparison.words import headline
from blip2idc.errors import printable
from blip2idc.images.pixels import share_in_words

if TYPE_CHECKING:
    from rich.console import Console

_ORDER = ("error", "changed", "added", "removed", "same")
_STYLES = {"error": "bold red", "changed": "red", "added": "green", "removed": "yellow", "same": "dim"}


def print_table(comparison: Comparison, console: Console | None = None) -> None:
    """Print the table; nothing where every file is the same.

    Args:
        comparison: What to tell.
        console: Of rich; one on stdout by default.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [entry for entry in comparison.entries if entry.status != "same" or entry.pixels_differ]
    if not shown:
        return
    shown.sort(key=lambda entry: (_ORDER.index(entry.status), entry.name))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("file", overflow="fold")
    table.add_column("what", overflow="fold", ratio=1)
    table.add_column("pixels", justify="right", no_wrap=True)
    asked = any(entry.change_probability is not None for entry in shown)
    if asked:
        table.add_column("change", justify="right", no_wrap=True)
    for entry in shown:
        status = "approved" if entry.approved else entry.status
        cells = [printable(entry.name), printable(_what(entry)), _pixels(entry)]
        cells += [_probability(entry)] if asked else []
        table.add_row(Text(status, style=_STYLES[entry.status]), *map(Text, cells))
    (console or Console()).print(table)


def _what(entry: Entry) -> str:
    said = headline(entry)
    return said if said == entry.reason or entry.status == "error" else f"{said} ({entry.reason})"


def _pixels(entry: Entry) -> str:
    return share_in_words(entry.pixels.share) if entry.pixels else ""


def _probability(entry: Entry) -> str:
    return "" if entry.change_probability is None else f"{entry.change_probability:.0%}"
