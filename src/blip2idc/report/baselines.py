"""The table of baselines beside published scores, for reading."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from blip2idc.errors import printable
from blip2idc.evaluation.benchmark.baseline_report import BaselineReport, score_of
from blip2idc.evaluation.benchmark.baselines import SHOWN, Baseline
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.scores import describe_counts
from blip2idc.report.tables import TITLES

#: Methods named in a line of text; the rest is counted.
_NAMED = 8


def print_baselines(report: BaselineReport, out: Console) -> None:
    """The report for reading; scores times 100."""
    out.print(printable(f"train  {_size(report.train)}"))
    out.print(printable(f"test   {_size(report.test)}"))
    out.print(baseline_table(report))
    for row in report.rows:
        said = f'"{row.caption}": ' if row.caption is not None else ""
        out.print(f"{row.name}: {said}{row.how}")
    for line in published_lines(report):
        out.print(line)
    if report.cider_undefined is not None:
        out.print(f"not computed: CIDEr-D. {report.cider_undefined}")
    if report.not_comparable is not None:
        out.print(f"note: {report.not_comparable}")


def baseline_table(report: BaselineReport) -> Table:
    """One row a baseline, and the shown metrics with their intervals."""
    shown = [name for name in SHOWN if any(name in row.metrics for row in report.rows)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("baseline")
    for name in shown:
        table.add_column(TITLES[name], justify="right")
    for row in report.rows:
        table.add_row(row.name, *(_cell(row, name) for name in shown))
    return table


def published_lines(report: BaselineReport) -> list[str]:
    """How many published methods each constant caption beats, in words."""
    lines = []
    for row in report.rows:
        if row.caption is None:
            continue
        for metric, found in report.beaten_by(row).items():
            names, stated = found["beaten"], found["published"]
            if isinstance(names, list) and names:
                rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
                listed = ", ".join(names[:_NAMED])
                lines.append(
                    f"{row.name} beats {len(names)} of {stated} published {TITLES[metric]} scores: {listed}{rest}"
                )
    return lines


def _cell(row: Baseline, metric: str) -> str:
    if metric not in row.metrics:
        return "-"
    low, high = row.metrics[metric]["low"], row.metrics[metric]["high"]
    ends = ""
    if isinstance(low, float) and isinstance(high, float):
        ends = f" [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * score_of(row, metric):.2f}{ends}"


def _size(data: ReferencedSplit) -> str:
    counts = data.references.counts
    return f"{data.label}: {len(data):,} pairs, {int(counts.sum()):,} references, {describe_counts(counts)} a pair"
