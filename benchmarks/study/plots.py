"""Plots of the study as SVG files: one a question, facts right with intervals over seeds.

In: rows. Out: `study-QUESTION.svg`, the same bytes for the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from benchmarks.study.cells import BASE, Scale, questions
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from benchmarks.study.report import Row

_INK, _BAR = "#1c2028", "#1f6f8b"


def write_plots(scale: Scale, rows: Mapping[str, Row], folder: Path) -> None:
    """Write the plot of every question that has two variants or more."""
    folder.mkdir(parents=True, exist_ok=True)
    for question in questions(scale):
        there = [rows[name] for name in question.variants if name in rows]
        if len(there) < 2:
            continue
        figure = _over_time(there) if question.name == "time" else _bars(there)
        with mpl.rc_context({"svg.hashsalt": "study", "svg.fonttype": "none"}):
            figure.savefig(folder / f"study-{question.name}.svg", metadata={"Date": None})


def _bars(there: list[Row]) -> Figure:
    figure = Figure(figsize=(7.6, 0.45 + 0.36 * len(there)), layout="constrained")
    axes = figure.add_subplot()
    means = [float(np.mean(row.values["facts"])) for row in there]
    names = [f"{row.variant} (base)" if row.variant == BASE else row.variant for row in there]
    axes.barh(names, means, color=_BAR, height=0.6)
    for place, row in enumerate(there):
        axes.plot(row.values["facts"], [place] * row.seeds, "o", color=_INK, markersize=3)
    axes.invert_yaxis()
    axes.set_xlabel("facts right (%); dots are seeds")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _over_time(there: list[Row]) -> Figure:
    figure = Figure(figsize=(7.6, 3.2), layout="constrained")
    axes = figure.add_subplot()
    ordered = sorted(there, key=lambda row: float(np.mean(row.values["minutes"])))
    across = [float(np.mean(row.values["minutes"])) for row in ordered]
    axes.plot(across, [float(np.mean(row.values["facts"])) for row in ordered], color=_BAR)
    for place, row in zip(across, ordered, strict=True):
        axes.plot([place] * row.seeds, row.values["facts"], "o", color=_INK, markersize=3)
    axes.set_xlabel("minutes of training (one core)")
    axes.set_ylabel("facts right (%)")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
