"""Baselines beside published scores.

In: a training and a test `ReferencedSplit` and the `Baseline`s found. Out: a `BaselineReport`, as JSON;
`report.baselines` prints it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blip2idc.evaluation.benchmark.baselines import SHOWN, Baseline
from blip2idc.evaluation.benchmark.published import (
    PublishedScore,
    beaten,
    protocol_of,
    published,
    why_not_comparable,
)
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.scores import why_no_cider
from blip2idc.runs.files import atomic_write


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

    train: ReferencedSplit
    test: ReferencedSplit
    rows: tuple[Baseline, ...]
    benchmark: str | None
    protocol: str

    @classmethod
    def build(
        cls,
        train: ReferencedSplit,
        test: ReferencedSplit,
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
        """The published rows that the baselines stand beside; none where the test set is not the one they are of."""
        return [] if self.not_comparable else published(self.benchmark, self.protocol)

    @property
    def not_comparable(self) -> str | None:
        """Why published scores are left out, where there are any."""
        pairs = len(self.test) + self.test.without
        return why_not_comparable(self.benchmark, self.protocol, pairs, self.test.split)

    @property
    def cider_undefined(self) -> str | None:
        """Why no row has a CIDEr, where that is so."""
        return why_no_cider(self.test.references)

    def beaten_by(self, row: Baseline) -> dict[str, dict[str, object]]:
        """For every metric: which published methods score lower than this baseline, and of how many."""
        found: dict[str, dict[str, object]] = {}
        for metric in SHOWN:
            if metric in row.metrics and self.published:
                names, stated = beaten(self.published, metric, 100 * score_of(row, metric))
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
            "not_comparable": self.not_comparable,
            "cider_undefined": self.cider_undefined,
        }


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


def score_of(row: Baseline, metric: str) -> float:
    """The raw score of one metric; 0 where it has none."""
    value = row.metrics[metric]["score"]
    return float(value) if isinstance(value, int | float) else 0.0


def _describe(data: ReferencedSplit) -> dict[str, object]:
    return {
        "data": str(data.root),
        "split": data.split,
        "pairs": len(data),
        "references": len(data.references.tokens),
        "without_reference": data.without,
    }
