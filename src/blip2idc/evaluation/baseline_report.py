"""The table of baselines beside published scores.

In: a training and a test `ReferenceSet` and the `Baseline`s found. Out: a `BaselineReport`, as JSON and as text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from blip2idc.evaluation.baselines import SHOWN, Baseline
from blip2idc.evaluation.published import PublishedScore, beaten, protocol_of, published
from blip2idc.evaluation.reference_sets import ReferenceSet
from blip2idc.evaluation.scores import describe_counts
from blip2idc.evaluation.tables import TITLES
from blip2idc.runtime import atomic_write

#: Methods named in a line of text; the rest is counted.
_NAMED = 8


@dataclass(frozen=True, eq=False)
class BaselineReport:
    """Baselines of one benchmark.

    Attributes:
        train: where constants come from.
        test: what was scored.
        rows: the baselines, in the order of the table.
        benchmark: whose published scores stand beside; None where unknown.
        protocol: which of its protocols the test set follows.
    """

    train: ReferenceSet
    test: ReferenceSet
    rows: tuple[Baseline, ...]
    benchmark: str | None
    protocol: str

    @classmethod
    def build(
        cls,
        train: ReferenceSet,
        test: ReferenceSet,
        rows: Sequence[Baseline],
        benchmark: str | None = None,
        protocol: str | None = None,
    ) -> BaselineReport:
        """With benchmark and protocol told by the records where they are not given."""
        benchmark = benchmark or test.source
        counts = test.references.counts.tolist()
        told = protocol_of(benchmark, counts, (record.kind for record in test.records))
        return cls(train, test, tuple(rows), benchmark, protocol or told)

    @property
    def published(self) -> list[PublishedScore]:
        """The published rows that the baselines stand beside."""
        return published(self.benchmark, self.protocol)

    def beaten_by(self, row: Baseline) -> dict[str, dict[str, object]]:
        """For every metric: which published methods score lower than this baseline, and of how many."""
        found: dict[str, dict[str, object]] = {}
        for metric in SHOWN:
            if metric in row.metrics and self.published:
                names, stated = beaten(self.published, metric, 100 * _score(row, metric))
                found[metric] = {"beaten": names, "published": stated}
        return found

    def to_dict(self) -> dict[str, object]:
        """The report as JSON: raw scores, and the published rows (times 100) with their sources."""
        return {
            "train": _describe(self.train),
            "test": _describe(self.test),
            "benchmark": self.benchmark,
            "protocol": self.protocol,
            "baselines": [{**row.to_dict(), "beats": self.beaten_by(row)} for row in self.rows],
            "published": [vars(row) for row in self.published],
        }

    def print(self, out: Console) -> None:
        """The report for reading; scores times 100."""
        out.print(f"train  {_size(self.train)}")
        out.print(f"test   {_size(self.test)}")
        out.print(self.table())
        for row in self.rows:
            said = f'"{row.caption}": ' if row.caption is not None else ""
            out.print(f"{row.name}: {said}{row.how}")
        for line in self.published_lines():
            out.print(line)

    def table(self) -> Table:
        """One row a baseline, and the shown metrics with their intervals."""
        shown = [name for name in SHOWN if any(name in row.metrics for row in self.rows)]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        table.add_column("baseline")
        for name in shown:
            table.add_column(TITLES[name], justify="right")
        for row in self.rows:
            table.add_row(row.name, *(_cell(row, name) for name in shown))
        return table

    def published_lines(self) -> list[str]:
        """How many published methods each constant caption beats, in words."""
        lines = []
        for row in self.rows:
            if row.caption is None:
                continue
            for metric, found in self.beaten_by(row).items():
                names, stated = found["beaten"], found["published"]
                if isinstance(names, list) and names:
                    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
                    listed = ", ".join(names[:_NAMED])
                    lines.append(
                        f"{row.name} beats {len(names)} of {stated} published {TITLES[metric]} scores: {listed}{rest}"
                    )
        return lines


def write_predictions(folder: Path, report: BaselineReport) -> list[Path]:
    """Write what each baseline says of the test pairs, a COCO results file each, for `evaluate`."""
    paths = []
    for row in report.rows:
        if not row.predictions:
            continue
        path = folder / f"{row.name.replace(',', '').replace(' ', '-').lower()}.json"
        rows = [
            {"image_id": record.id, "caption": caption}
            for record, caption in zip(report.test.records, row.predictions, strict=True)
        ]
        with atomic_write(path) as handle:
            json.dump(rows, handle, ensure_ascii=False)
        paths.append(path)
    return paths


def _score(row: Baseline, metric: str) -> float:
    value = row.metrics[metric]["score"]
    return float(value) if isinstance(value, int | float) else 0.0


def _cell(row: Baseline, metric: str) -> str:
    if metric not in row.metrics:
        return "-"
    low, high = row.metrics[metric]["low"], row.metrics[metric]["high"]
    ends = ""
    if isinstance(low, float) and isinstance(high, float):
        ends = f" [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{100 * _score(row, metric):.2f}{ends}"


def _describe(data: ReferenceSet) -> dict[str, object]:
    return {
        "data": str(data.root),
        "split": data.split,
        "pairs": len(data),
        "references": len(data.references.tokens),
        "without_reference": data.without,
    }


def _size(data: ReferenceSet) -> str:
    counts = data.references.counts
    return f"{data.label}: {len(data):,} pairs, {int(counts.sum()):,} references, {describe_counts(counts)} a pair"
