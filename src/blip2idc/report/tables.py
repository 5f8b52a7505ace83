"""Scores as tables for a terminal, a pipe, a paper or another program; scores times 100, as papers print them.

In: an `Assessment` or several, or rows of `Scores`. Out: text on a `rich` console. Piped output is never wrapped;
tables fit in 100 columns where the names of systems do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console

from blip2idc.errors import printable
from blip2idc.evaluation.assess import Assessment, SectionScores
from blip2idc.evaluation.no_change import NoChangeScores
from blip2idc.evaluation.scores import MetricScore, Scores, describe_counts
from blip2idc.evaluation.significance import Comparison
from blip2idc.report.sheets import Justify, Sheet

if TYPE_CHECKING:
    from blip2idc.evaluation.judge import JudgeScores
    from blip2idc.evaluation.maps.localization import LocalizationScores

TITLES = {
    "bleu_1": "BLEU-1",
    "bleu_2": "BLEU-2",
    "bleu_3": "BLEU-3",
    "bleu_4": "BLEU-4",
    "meteor": "METEOR",
    "rouge_l": "ROUGE-L",
    "cider_d": "CIDEr-D",
    "cider": "CIDEr",
}
# What a table with one row a system or section shows.
COMPACT = ("bleu_4", "meteor", "rouge_l", "cider_d", "cider")
#: Beside a score that differs from the first system's, and the p-value from which on it does.
MARK, LEVEL = "*", 0.05
# Wide enough that nothing wraps where no terminal limits the width.
_PIPED_WIDTH = 1000


class _Console(Console):
    """One that prints no control character of a text, whosoever wrote it."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(_escaped(one) if isinstance(one, str) else one for one in objects), **options)


def _escaped(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def console(stream: IO[str] | None = None) -> Console:
    """A console that takes text literally, as wide as the terminal, or unlimited for a pipe."""
    stream = stream or sys.stdout
    width = None if stream.isatty() else _PIPED_WIDTH
    return _Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def print_assessment(
    assessment: Assessment, out: Console, form: str = "text", others: Sequence[Assessment] = ()
) -> None:
    """Everything an evaluation found.

    Args:
        assessment: The system, or the first of several.
        out: Where to.
        form: One of `sheets.FORMATS`; CSV is the first table alone.
        others: Further systems, each tested against the first.
    """
    if form == "text":
        _print_text(assessment, out, others)
        return
    if form == "csv" and others:  # numbers that a program can read, without marks
        sheets = [systems_table([(one, {}) for one in (assessment, *others)])]
    else:
        sheets = _sheets(assessment, others)
    written = [sheet.written(form) for sheet in (sheets[:1] if form == "csv" else sheets)]
    out.print("\n\n".join(written), soft_wrap=True)


def _print_text(assessment: Assessment, out: Console, others: Sequence[Assessment]) -> None:
    main = assessment.main
    for one in (assessment, *others):
        out.print(printable(f"predictions  {one.predictions}"))
    out.print(printable(f"references   {assessment.references}: {_size(main)}"))
    if assessment.options.protocol is not None:
        out.print(f"protocol     {assessment.options.protocol}: {main.section.title}")
    for sheet in _sheets(assessment, others):
        out.print(sheet.text())
    if assessment.against is not None:
        out.print(f"the last table is against {assessment.against[0]}")
    for other in others:
        out.print(f"{_name(other)}: {MARK} p < {LEVEL:g} in the paired bootstrap against {_name(assessment)}")
    for line in (*_signatures(main.scores), *_remarks(assessment)):
        out.print(line)


def _sheets(assessment: Assessment, others: Sequence[Assessment]) -> list[Sheet]:
    """The tables of a report, the main one first."""
    main = assessment.main
    if others:
        tested = [(one, {test.metric: test for test in one.against[1]}) for one in others if one.against]
        return [
            systems_table([(assessment, {}), *tested]),
            *(comparison_table(found.values(), _name(one), _name(assessment)) for one, found in tested),
        ]
    sheets = [score_table(main.scores, assessment.options.resampling.confidence)]
    if main.no_change is not None:
        sheets.append(no_change_table(main.no_change))
    for title, parts in (("section", assessment.sections), ("kind of change", assessment.kinds)):
        if len(parts) > (title == "section"):
            sheets.append(
                compact_table(title, [(part.section.title, part.scores, part.no_change) for part in parts])
            )
    if assessment.against is not None:
        sheets.append(comparison_table(assessment.against[1]))
    return sheets


def systems_table(rows: Sequence[tuple[Assessment, Mapping[str, Comparison]]]) -> Sheet:
    """One row a system; a mark where a score differs from the first system's by more than chance explains."""
    shown = [name for name in TITLES if any(name in one.main.scores for one, _ in rows)]
    table = _table(("system", "left"), ("items", "right"), *((TITLES[name], "right") for name in shown))
    for one, tests in rows:
        cells = []
        for name in shown:
            metric = one.main.scores.get(name)
            mark = MARK if name in tests and tests[name].p_bootstrap < LEVEL else ""
            cells.append("-" if metric is None else f"{100 * metric.score:.2f}{mark}")
        table.add_row(_name(one), str(len(one.main.scores.ids)), *cells)
    return table


def _name(assessment: Assessment) -> str:
    """What a system is called in a table: the name of its file without the ending."""
    return (
        assessment.predictions.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        or assessment.predictions
    )


def _signatures(scores: Scores) -> list[str]:
    """The recipe of each score, once for those that share it."""
    sharing: dict[str, list[str]] = {}
    for name, metric in scores.items():
        sharing.setdefault(metric.signature.removeprefix(f"{name}|"), []).append(name)
    return [
        f"{', '.join(TITLES[name] for name in names)}: {names[0]}|{recipe}"
        for recipe, names in sharing.items()
    ]


def score_table(scores: Scores, confidence: float = 0.95) -> Sheet:
    """One row a metric: score and interval."""
    table = _table(
        ("metric", "left"),
        ("score", "right"),
        (f"{confidence:.0%} interval", "center"),
    )
    for name, metric in scores.items():
        table.add_row(TITLES[name], f"{100 * metric.score:.2f}", _interval(metric.low, metric.high))
    for name in scores.absent:
        table.add_row(TITLES[name], "-", "not computed, see below")
    return table


def compact_table(
    heading: str, rows: Sequence[tuple[str, Scores, NoChangeScores | None]], metrics: Sequence[str] = COMPACT
) -> Sheet:
    """One row a section: the main metrics with half the width of their intervals, and no-change accuracy."""
    shown = [name for name in metrics if any(name in scores for _, scores, _ in rows)]
    judged = any(found is not None for _, _, found in rows)
    columns: list[tuple[str, Justify]] = [
        (heading, "left"),
        ("items", "right"),
        ("refs", "right"),
        *((TITLES[name], "right") for name in shown),
    ]
    if judged:
        columns += [("no change", "right"), ("recall / specificity", "right")]
    table = _table(*columns)
    for title, scores, found in rows:
        cells = [_cell(scores.get(name)) for name in shown]
        told = _told_apart(found) if judged else ()
        table.add_row(title, str(len(scores.ids)), describe_counts(scores.reference_counts), *cells, *told)
    return table


def _told_apart(found: NoChangeScores | None) -> tuple[str, str]:
    """Accuracy, and recall of changes beside specificity of no-change."""
    if found is None:
        return "", ""
    shares = ("-" if share is None else f"{100 * share:.1f}" for share in (found.recall, found.specificity))
    return f"{100 * found.accuracy:.1f}", " / ".join(shares)


def no_change_table(found: NoChangeScores) -> Sheet:
    """How well changed and unchanged pairs are told apart."""
    table = _table(
        ("change or no change", "left"), ("score", "right"), ("interval", "center"), ("items", "left")
    )
    counts = f"{found.changed} changed, {found.unchanged} unchanged"
    table.add_row(
        "accuracy (captions)",
        f"{100 * found.accuracy:.2f}",
        _interval(*(found.accuracy_interval or (None, None))),
        counts,
    )
    for title, share, ends_of in (
        ("recall of changes (captions)", found.recall, found.recall_interval),
        ("specificity of no-change (captions)", found.specificity, found.specificity_interval),
    ):
        if share is not None:
            table.add_row(title, f"{100 * share:.2f}", _interval(*(ends_of or (None, None))), "")
    if found.balanced_accuracy is not None:
        ends = _interval(*(found.balanced_accuracy_interval or (None, None)))
        table.add_row("balanced accuracy (captions)", f"{100 * found.balanced_accuracy:.2f}", ends, "")
    if found.roc_auc is not None:
        table.add_row("ROC-AUC (change probability)", f"{100 * found.roc_auc:.2f}", "", "")
    return table


def judge_table(found: JudgeScores) -> Sheet:
    """What a language model says of the predictions: a table of its own, since it is no exact metric."""
    counts = found.counts
    items = {
        "accuracy": f"{counts['changed'] + counts['unchanged']} pairs",
        "recall": f"{counts['correct']} correct, {counts['partial']} partial, {counts['missed']} missed",
        "specificity": f"{counts['hallucinated']} changes made up",
    }
    titles = {
        "accuracy": "accuracy",
        "recall": "recall of changes",
        "specificity": "specificity of no-change",
    }
    table = _table(("judged by a model", "left"), ("score", "right"), ("interval", "center"), ("", "left"))
    for name, (score, low, high) in found.scores.items():
        table.add_row(titles[name], f"{100 * score:.2f}", _interval(low, high), items[name])
    return table


def localization_table(found: LocalizationScores) -> Sheet:
    """How well heatmaps point at the changes, beside the same with the maps of other pairs."""
    table = _table(
        ("heatmaps", "left"), ("score", "right"), ("interval", "center"), ("maps of other pairs", "right")
    )
    rows = (
        (f"pointing game ({found.places} places)", "pointing", found.control_pointing),
        ("coverage", "coverage", None),
        ("IoU at half of the peak", "iou", None),
        (f"PG+ ({found.pairs} pairs, {found.unchanged} unchanged)", "pg_plus", found.control_pg_plus),
    )
    for title, name, control in rows:
        score = getattr(found, name)
        if score is not None:
            other = "" if control is None else f"{100 * control:.2f}"
            table.add_row(
                title, f"{100 * score:.2f}", _interval(*found.intervals.get(name, (None, None))), other
            )
    if found.p_value is not None:
        verdict = "a finding" if found.is_finding else "no finding: chance would do as well"
        table.add_row(f"p-value {found.p_value:.3f}", verdict, "", "")
    return table


def comparison_table(tests: Iterable[Comparison], this: str = "this", other: str = "other") -> Sheet:
    """Paired tests of two systems, one row a metric.

    Args:
        tests: Of each metric.
        this: What the tested system is called.
        other: What it is tested against.
    """
    table = _table(
        ("metric", "left"),
        (printable(this), "right"),
        (printable(other), "right"),
        ("difference", "right"),
        ("interval", "center"),
        ("p (bootstrap)", "right"),
        ("p (randomization)", "right"),
    )
    for test in tests:
        table.add_row(
            TITLES[test.metric],
            f"{100 * test.score:.2f}",
            f"{100 * test.other:.2f}",
            f"{100 * test.difference:+.2f}",
            _interval(test.low, test.high),
            f"{test.p_bootstrap:.3f}",
            f"{test.p_randomization:.3f}",
        )
    return table


def _table(*columns: tuple[str, Justify]) -> Sheet:
    return Sheet(columns)


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{100 * low:.2f}, {100 * high:.2f}]"


def _cell(metric: MetricScore | None) -> str:
    if metric is None:
        return "-"
    if metric.low is None or metric.high is None:
        return f"{100 * metric.score:.2f}"
    return f"{100 * metric.score:.2f} ±{50 * (metric.high - metric.low):.1f}"


def _size(main: SectionScores) -> str:
    counts = main.scores.reference_counts
    return f"{len(counts)} items, {int(counts.sum())} references, {describe_counts(counts)} an item"


def _remarks(assessment: Assessment) -> list[str]:
    """Notes, cautions and absent metrics, each said once."""
    absent: dict[tuple[str, str], list[str]] = {}
    told = set(assessment.main.scores.absent.values())
    for part in (assessment.main, *assessment.sections[1:], *assessment.kinds):
        whole = part is assessment.main
        for name, why in part.scores.absent.items():
            if whole or why not in told:
                absent.setdefault(("" if whole else f" in '{part.section.title}'", why), []).append(
                    TITLES[name]
                )
    lines = [f"not computed{where}: {', '.join(names)}. {why}" for (where, why), names in absent.items()]
    return [*lines, *(f"note: {line}" for line in (*assessment.notes, *assessment.main.scores.cautions))]
