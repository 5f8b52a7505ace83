"""The page of a data set: every pair with what was said of it, filtered and sorted by the reader.

In: `GalleryEntry` objects (pictures already made small), scores by name. Out: one self-contained HTML document of
about 20 kB a pair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blip2idc.report.html.page import flat_facts, render


@dataclass(frozen=True)
class GalleryEntry:
    """One pair of a data set.

    Attributes:
        id: Of the record.
        thumbnails: Addresses of both small pictures.
        sizes: (width, height) of both pictures, for their aspect.
        caption: What was predicted.
        references: What people said.
        kind: Kind of the change; None where unknown.
        change_probability: None where the predictions have none.
        exact: Whether the caption equals a reference; None without references.
        verdict_right: Whether "changed" was told rightly; None where the truth or the verdict is unknown.
        scores: By metric; higher is better.
        heat: Addresses of the layers of both pictures; None without a heatmap.
    """

    id: str
    thumbnails: tuple[str, str]
    sizes: tuple[tuple[int, int], tuple[int, int]]
    caption: str
    references: tuple[str, ...] = ()
    kind: str | None = None
    change_probability: float | None = None
    exact: bool | None = None
    verdict_right: bool | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    heat: tuple[str, str] | None = None

    @property
    def has_changed(self) -> bool | None:
        """Whether the pair changed in truth; None where unknown."""
        return None if self.kind is None else self.kind != "none"


def gallery_page(
    entries: Sequence[GalleryEntry],
    title: str,
    run: Mapping[str, Any],
    *,
    corpus_scores: Mapping[str, float] | None = None,
    total: int | None = None,
) -> str:
    """Write the page.

    Args:
        entries: In the order of the data set.
        title: Name of the data set.
        run: Run record.
        corpus_scores: Scores of the whole set, raw, shown times 100.
        total: Pairs the data set has, where only some are shown.
    """
    metrics = sorted({name for entry in entries for name in entry.scores})
    return render(
        "gallery.html",
        title=title,
        entries=entries,
        kinds=sorted({entry.kind for entry in entries if entry.kind is not None}),
        metrics=metrics,
        has_exact=any(entry.exact is not None for entry in entries),
        has_verdict=any(entry.verdict_right is not None for entry in entries),
        has_probability=any(entry.change_probability is not None for entry in entries),
        has_heat=any(entry.heat is not None for entry in entries),
        counts=_counts(entries),
        corpus_scores=dict(corpus_scores or {}),
        total=total if total is not None else len(entries),
        facts=flat_facts(run),
    )


def same_words(caption: str, references: Sequence[str]) -> bool | None:
    """Whether a caption equals one of its references but for case, spaces and the full stop; None without any."""
    if not references:
        return None
    return _plain(caption) in {_plain(reference) for reference in references}


def _plain(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(" .")


def _counts(entries: Sequence[GalleryEntry]) -> list[tuple[str, str]]:
    """What stands above the gallery: (number, words)."""
    counts = [(str(len(entries)), "pairs")]
    for words, values in (
        ("equal to a reference", [entry.exact for entry in entries]),
        ("told rightly whether anything changed", [entry.verdict_right for entry in entries]),
    ):
        known = [value for value in values if value is not None]
        if known:
            counts.append((f"{math.floor(100 * sum(known) / len(known))}%", words))
    return counts
