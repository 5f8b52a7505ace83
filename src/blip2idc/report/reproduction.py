"""The table of a reproduced benchmark: this run, what needs no images, and the scores that papers print.

In: the JSON reports of `evaluate` and of `baseline`. Out: rows, best CIDEr-D last, as a `rich` table and as Markdown.
Published scores were read, not re-run (docs/baselines.md tells why small gaps mean nothing).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table

from blip2idc.evaluation.benchmark.published import METRICS
from blip2idc.evaluation.scores import is_defined
from blip2idc.report.tables import TITLES

THIS_RUN = "this run"


@dataclass(frozen=True)
class ReproductionRow:
    """One line of the table.

    Attributes:
        name: Of the method.
        scores: Metric -> score times 100, with its interval where it was computed here; absent where it is not stated.
        source: Paper or program that the scores come from.
    """

    name: str
    scores: Mapping[str, str]
    source: str


def reproduction_rows(scores: Mapping[str, Any], baselines: Mapping[str, Any]) -> list[ReproductionRow]:
    """All rows: baselines and published methods by CIDEr-D, then this run.

    Args:
        scores: What `evaluate --json` wrote.
        baselines: What `baseline --json` wrote.
    """
    found = [
        (
            _value(row["metrics"].get("cider_d")),
            ReproductionRow(row["name"], _computed(row["metrics"]), "here"),
        )
        for row in baselines["baselines"]
    ]
    for row in baselines["published"]:
        stated = {name: f"{row[name]:.1f}" for name in METRICS if row[name] is not None}
        found.append(((row["cider_d"] or 0.0) / 100, ReproductionRow(row["method"], stated, row["source"])))
    found.sort(key=lambda pair: pair[0])
    return [row for _, row in found] + [ReproductionRow(THIS_RUN, _computed(scores), "here")]


def reproduction_notes(scores: Mapping[str, Any]) -> list[str]:
    """Why this run has no score in a column, where there is a reason beside that nobody asked for it.

    Args:
        scores: What `evaluate --json` wrote.
    """
    return [
        f"not computed: {TITLES[one['metric']]}. {one['reason']}"
        for one in scores.get("not_computed", ())
        if one["metric"] in METRICS
    ]


def reproduction_table(rows: Sequence[ReproductionRow]) -> Table:
    """The rows for a terminal."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("method", overflow="fold")
    shown = _shown(rows)
    for name in shown:
        table.add_column(TITLES[name], justify="right")
    table.add_column("source", overflow="fold")
    for row in rows:
        table.add_row(row.name, *(row.scores.get(name, "-") for name in shown), row.source)
    return table


def reproduction_markdown(rows: Sequence[ReproductionRow], notes: Sequence[str] = ()) -> str:
    """The rows as a table in Markdown, with notes below."""
    shown = _shown(rows)
    lines = [["method", *(TITLES[name] for name in shown), "source"], ["---"] * (len(shown) + 2)]
    lines += [[row.name, *(row.scores.get(name, "-") for name in shown), row.source] for row in rows]
    table = "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
    return "\n".join([table, *(f"{one}\n" for one in notes)])


def _shown(rows: Sequence[ReproductionRow]) -> list[str]:
    return [name for name in METRICS if any(name in row.scores for row in rows)]


def _computed(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Scores of this package, with their intervals."""
    cells = {}
    for name in METRICS:
        metric = metrics.get(name)
        if metric is not None and is_defined(metric):
            low, high = metric.get("low"), metric.get("high")
            ends = "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
            cells[name] = f"{100 * metric['score']:.1f}{ends}"
    return cells


def _value(metric: Mapping[str, Any] | None) -> float:
    return 0.0 if metric is None else float(metric["score"])
