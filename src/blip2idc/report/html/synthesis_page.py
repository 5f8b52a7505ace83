"""The page of a synthesis run: what was asked for, what came out, and what the filters said, candidate by candidate.

In: `EditEntry` objects (pictures already made small), counts by verdict. Out: one self-contained HTML document of about
10 kB a candidate. It is made for choosing thresholds: every picture stands beside its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blip2idc.report.html.page import flat_facts, render


@dataclass(frozen=True)
class CandidateEntry:
    """One edited image.

    Attributes:
        thumbnail: Address of the small picture; None where there is none.
        verdict: `accepted`, or the reason against it.
        numbers: (name, value) as shown.
        note: Details of a fault, or None.
    """

    thumbnail: str | None
    verdict: str
    numbers: tuple[tuple[str, str], ...] = ()
    note: str | None = None


@dataclass(frozen=True)
class EditEntry:
    """One edit with its candidates.

    Attributes:
        name: Of the source image.
        instruction: What the editor was told.
        caption: What is said of the pair.
        origin: Where the instruction is from.
        thumbnail: Address of the image before; None where it cannot be opened.
        candidates: What came out.
    """

    name: str
    instruction: str
    caption: str
    origin: str
    thumbnail: str | None
    candidates: tuple[CandidateEntry, ...]

    @property
    def verdicts(self) -> str:
        """The verdicts on its candidates, each once, with spaces between."""
        return " ".join(dict.fromkeys(candidate.verdict for candidate in self.candidates))


def synthesis_page(
    entries: Sequence[EditEntry],
    title: str,
    rows: Sequence[tuple[str, int]],
    thresholds: Mapping[str, Any],
    run: Mapping[str, Any],
    *,
    total: int,
) -> str:
    """Write the page.

    Args:
        entries: In the order of the plan.
        title: Name of the data set.
        rows: (what, how many) of the account.
        thresholds: What was accepted.
        run: Run record.
        total: Edits that there are, where only some are shown.
    """
    verdicts = dict.fromkeys(candidate.verdict for entry in entries for candidate in entry.candidates)
    return render(
        "synthesis.html",
        title=title,
        entries=entries,
        rows=[(what.strip(), number, what.startswith(" ")) for what, number in rows],
        thresholds=[
            (key.replace("_", " "), "off" if value is None else value) for key, value in thresholds.items()
        ],
        verdicts=list(verdicts),
        total=total,
        facts=flat_facts(run),
    )
