"""The audit of a benchmark as one self-contained HTML page: sentences first, then plots and tables.

In: the mapping that `evaluation.audit.audit` makes (or its JSON, read back). Out: HTML that loads nothing from
anywhere. Everything that comes from the data set is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup

from blip2idc.report.html import audit_plots
from blip2idc.version import __version__

_SHOWN = ("bleu_4", "meteor", "rouge_l", "cider_d")


def audit_page(audit: Mapping[str, Any]) -> str:
    """Render an audit.

    Args:
        audit: what `audit` returned.

    Returns:
        A whole HTML document.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("blip2idc.report.html", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(times100=_times100, interval=_interval, percent=_percent, count=_count)
    shown = [
        name for name in _SHOWN if any(name in row["metrics"] for row in audit["baselines"]["baselines"])
    ]
    page: str = environment.get_template("audit.html.j2").render(
        audit=audit,
        plots={name: Markup(svg) for name, svg in _plots(audit).items()},
        shown=shown,
        titles=audit_plots.TITLES,
        version=__version__,
    )
    return page


def _plots(audit: Mapping[str, Any]) -> dict[str, str]:
    tested = audit["splits"][audit["tested"]]
    baselines = audit["baselines"]
    metric = "bleu_4" if audit["cider_undefined"] else "cider_d"
    plots = {
        "lengths": audit_plots.lengths_plot(
            {name: split["lengths"]["histogram"] for name, split in audit["splits"].items()}
        ),
    }
    if len(tested["references_a_pair"]) > 1:
        plots["references"] = audit_plots.references_plot(tested["references_a_pair"])
    if audit["curve"]:
        plots["curve"] = audit_plots.curve_plot(audit["curve"])
    if baselines["baselines"]:
        plots["baselines"] = audit_plots.baselines_plot(
            baselines["baselines"], baselines["published"], metric
        )
    if audit["resolution"]:
        plots["resolution"] = audit_plots.resolution_plot(audit["resolution"], metric)
    return plots


def _times100(value: float) -> str:
    return f"{100 * value:.1f}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _count(value: int) -> str:
    return f"{value:,}"


def _interval(row: Mapping[str, Any]) -> str:
    return "" if row["low"] is None else f"{100 * row['low']:.1f} – {100 * row['high']:.1f}"
