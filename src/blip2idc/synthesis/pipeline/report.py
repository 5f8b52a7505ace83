"""What a synthesis run did, in numbers: for a person, for the run record, and for `--strict`.

In: sources, the journal's answers, the selection. Out: a `SynthesisReport`, as JSON and as rows of a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Examples of what failed that are told by name.
MOST_TOLD = 5


@dataclass(frozen=True)
class SynthesisReport:
    """The account of a run.

    Attributes:
        images: Source images that can be opened.
        skipped: Source images that cannot: name -> why.
        repeated: Files that hold the same picture as another one.
        instructions: Instructions that were taken.
        refused: Instructions that were not, by reason.
        uninstructed: Images for which instructions could not be had: name -> why.
        edits: Edits that were made.
        candidates: Candidates by verdict: `accepted`, or the reason against them.
        failed: Candidates that an error cost: name -> what happened.
        pairs: Accepted pairs, the records of the manifest.
    """

    images: int
    skipped: Mapping[str, str] = field(default_factory=dict)
    repeated: int = 0
    instructions: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    uninstructed: Mapping[str, str] = field(default_factory=dict)
    edits: int = 0
    candidates: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    pairs: int = 0

    @property
    def faults(self) -> int:
        """How many things failed: images, requests for instructions, candidates."""
        return len(self.skipped) + len(self.uninstructed) + len(self.failed)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {**asdict(self), "faults": self.faults}

    def rows(self) -> list[tuple[str, int]]:
        """(what, how many), for a table."""
        rows = [("source images", self.images), ("images skipped", len(self.skipped))]
        rows += [("files that repeat a picture", self.repeated)] if self.repeated else []
        rows += [("instructions", self.instructions)]
        rows += [(f"  refused: {reason}", count) for reason, count in self.refused.items()]
        rows += [("images without instructions", len(self.uninstructed))] if self.uninstructed else []
        rows += [("edits", self.edits), ("candidates", sum(self.candidates.values()))]
        rows += [(f"  {verdict}", count) for verdict, count in self.candidates.items()]
        return [*rows, ("pairs", self.pairs)]

    def warnings(self) -> list[str]:
        """One sentence for each kind of failure, with the first few by name."""
        told = (
            ("source images cannot be opened", self.skipped),
            ("images have no instructions", self.uninstructed),
            ("candidates failed", self.failed),
        )
        return [f"{len(found):,} {what}: {_examples(found)}" for what, found in told if found]


def _examples(found: Mapping[str, str]) -> str:
    shown = [f"{name}: {why}" for name, why in list(found.items())[:MOST_TOLD]]
    more = f"; and {len(found) - MOST_TOLD:,} more" if len(found) > MOST_TOLD else ""
    return "; ".join(shown) + more


def count_reasons(entries: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Refused instructions of the journal by reason, the most frequent first."""
    return dict(Counter(refusal["reason"] for entry in entries for refusal in entry["refused"]).most_common())
