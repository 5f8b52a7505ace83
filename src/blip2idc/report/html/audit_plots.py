"""Plots of an audit, as SVG text to stand inside a page.

In: parts of the audit's mapping. Out: SVG elements, the same bytes for the same numbers: no date, no random
ids, letters as outlines.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

TITLES = {
    "bleu_1": "BLEU-1",
    "bleu_4": "BLEU-4",
    "meteor": "METEOR",
    "rouge_l": "ROUGE-L",
    "cider_d": "CIDEr-D",
}
_INK, _FAINT, _GRID = "#1c2028", "#5f6875", "#dfe3e8"
_PEOPLE, _BLIND, _PUBLISHED = "#1f6f8b", "#c44a2c", "#9aa3ae"
_WIDTH = 7.6  # inches


class _Plot:
    """One figure with its axes, turned into SVG at the end."""

    def __init__(self, height: float, columns: int = 1) -> None:
        self.figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        self.axes: list[Axes] = list(self.figure.subplots(1, columns, squeeze=False)[0])
        for axes in self.axes:
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set_color(_GRID)
            axes.tick_params(colors=_FAINT, labelsize=8, length=0)
            axes.set_axisbelow(True)

    def svg(self) -> str:
        """The figure as one SVG element."""
        with _fixed_ids():
            canvas, out = FigureCanvasSVG(self.figure), io.StringIO()
            canvas.print_svg(out, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
        text = out.getvalue()
        element = text[text.index("<svg") :]
        return re.sub(r'width="[^"]*pt" height="[^"]*pt"', 'width="100%"', element, count=1)


@contextmanager
def _fixed_ids() -> Iterator[None]:
    """Names inside the SVG that do not change from run to run."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "blip2idc", "svg.fonttype": "path"}):
        yield


def references_plot(histogram: Mapping[str, int]) -> str:
    """Bars: how many pairs have how many references."""
    plot = _Plot(2.0)
    axes = plot.axes[0]
    labels = sorted(histogram, key=int)
    bars = axes.bar(labels, [histogram[label] for label in labels], color=_PEOPLE, width=0.7)
    axes.bar_label(bars, fontsize=8, color=_INK, padding=2)
    axes.set_xlabel("references a pair", fontsize=8, color=_FAINT)
    axes.set_ylabel("pairs", fontsize=8, color=_FAINT)
    axes.margins(y=0.18)
    return plot.svg()


def lengths_plot(splits: Mapping[str, Sequence[int]]) -> str:
    """Lines: share of the references with so many words, a line a split."""
    plot = _Plot(2.2)
    axes = plot.axes[0]
    colours = (_PEOPLE, _BLIND, _PUBLISHED)
    for (name, counts), colour in zip(splits.items(), colours, strict=False):
        total = max(sum(counts), 1)
        axes.plot([100 * count / total for count in counts], label=name, color=colour, linewidth=1.6)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("words a reference", fontsize=8, color=_FAINT)
    axes.set_ylabel("% of references", fontsize=8, color=_FAINT)
    axes.grid(axis="y", color=_GRID, linewidth=0.6)
    axes.legend(frameon=False, fontsize=8, labelcolor=_INK)
    return plot.svg()


def curve_plot(points: Sequence[Mapping[str, Any]]) -> str:
    """Small multiples: a metric each, score against number of references, people and constant caption."""
    metrics = [name for name in TITLES if all(name in point["metrics"] for point in points)]
    plot = _Plot(2.4, len(metrics))
    for axes, metric in zip(plot.axes, metrics, strict=True):
        for speaker, colour in (("people", _PEOPLE), ("constant caption", _BLIND)):
            own = [point for point in points if point["speaker"] == speaker]
            if not own:
                continue
            given = [point["given"] for point in own]
            rows = [point["metrics"][metric] for point in own]
            axes.plot(given, [100 * row["score"] for row in rows], color=colour, marker="o", markersize=3.5)
            if all(row["low"] is not None for row in rows):
                low, high = [100 * row["low"] for row in rows], [100 * row["high"] for row in rows]
                axes.fill_between(given, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.set_title(TITLES[metric], fontsize=9, color=_INK)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=_GRID, linewidth=0.6)
    plot.figure.supxlabel("references scored against", fontsize=8, color=_FAINT)
    return plot.svg()


def baselines_plot(
    rows: Sequence[Mapping[str, Any]], published: Sequence[Mapping[str, Any]], metric: str = "cider_d"
) -> str:
    """Dots with intervals: every baseline, and published methods as ticks below them."""
    rows = [row for row in rows if metric in row["metrics"]]
    values = sorted(row[metric] for row in published if row[metric] is not None)
    plot = _Plot(0.7 + 0.3 * (len(rows) + bool(values)))
    axes = plot.axes[0]
    labels = [row["name"] for row in rows]
    for place, row in enumerate(rows):
        score = row["metrics"][metric]
        colour = _PEOPLE if row["name"].startswith("human") else _BLIND
        if score["low"] is not None:
            axes.plot(
                [100 * score["low"], 100 * score["high"]],
                [place, place],
                color=colour,
                linewidth=3,
                alpha=0.3,
            )
        axes.plot(100 * score["score"], place, "o", color=colour, markersize=6)
    if values:
        labels.append("published methods")
        axes.plot(
            values, [len(rows)] * len(values), "|", color=_PUBLISHED, markersize=12, markeredgewidth=1.4
        )
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(y=0.12)
    axes.set_xlim(left=0)
    axes.grid(axis="x", color=_GRID, linewidth=0.6)
    axes.set_xlabel(f"{TITLES[metric]} (x 100)", fontsize=8, color=_FAINT)
    return plot.svg()


def resolution_plot(twins: Sequence[Mapping[str, Any]], metric: str = "cider_d") -> str:
    """Bars: the difference that is chance, and the one that would be found four times in five."""
    plot = _Plot(0.7 + 0.4 * len(twins))
    axes = plot.axes[0]
    for place, twin in enumerate(twins):
        numbers = twin["metrics"][metric]
        axes.barh(place, 100 * numbers["detectable"], color=_PEOPLE, alpha=0.25, height=0.5)
        axes.barh(place, 100 * numbers["significant"], color=_PEOPLE, height=0.5)
        axes.annotate(
            f"{100 * numbers['significant']:.1f} / {100 * numbers['detectable']:.1f}",
            (100 * numbers["detectable"], place),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=_INK,
        )
    axes.set_yticks(range(len(twins)), [twin["name"] for twin in twins])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlabel(f"difference in {TITLES[metric]} (x 100)", fontsize=8, color=_FAINT)
    return plot.svg()
