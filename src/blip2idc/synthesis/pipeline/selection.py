"""From edited candidates to a data set: which are accepted, and the manifest of those.

In: the plan, the journal, thresholds. Out: `images/` and `metadata.jsonl`, and a `Selection` with every verdict.
Nothing is generated, so that thresholds can be set anew at any time. Images come first, then the manifest, then images
that are no longer in it go, so that a killed run leaves a manifest whose images are all there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blip2idc.data.placing import place_file
from blip2idc.data.records import MANIFEST_NAME, NO_CHANGE, NO_CHANGE_CAPTIONS, PairRecord, write_records
from blip2idc.runs.folder import STATE
from blip2idc.runs.journal import Entry, Journal
from blip2idc.synthesis.filters.filters import Duplicates, Measures, Thresholds, best_of
from blip2idc.synthesis.pipeline.plan import WorkItem
from blip2idc.synthesis.pipeline.work import FAILURES, Outcome

EDITED = "edited"
CANDIDATES = "candidates"
ACCEPTED, DUPLICATE = "accepted", "duplicate"


@dataclass
class Selection:
    """What became of all edits.

    Attributes:
        records: The accepted pairs, in the order of the plan.
        verdicts: Of each candidate, by name of its image: `accepted`, or the code of the reason against it.
        edits: Edits that were made.
        pending: Edits of the plan that were not made yet.
    """

    records: list[PairRecord] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)
    edits: int = 0
    pending: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Number of candidates by verdict, the accepted ones first, then the most frequent."""
        found = Counter(self.verdicts.values())
        return {ACCEPTED: found.pop(ACCEPTED, 0), **dict(found.most_common())}

    @property
    def failures(self) -> int:
        """Candidates that an error cost, not a filter."""
        return sum(verdict in FAILURES for verdict in self.verdicts.values())


def entry_of(outcome: Outcome) -> Entry:
    """What the journal keeps of an edit: every candidate with all its numbers."""
    item = outcome.item
    candidates = [
        {
            "seed": plan.seed,
            "guidance": plan.guidance,
            "image_guidance": plan.image_guidance,
            "file": None if image is None else f"{item.candidate_name(index)}.png",
            "fault": fault,
            "measures": None if measures is None else measures.to_dict(),
        }
        for index, (plan, image, fault, measures) in enumerate(
            zip(item.candidates, outcome.images, outcome.faults, outcome.measures, strict=True)
        )
    ]
    return {"kind": EDITED, "key": item.key, "candidates": candidates}


def has_failed(entry: Entry) -> bool:
    """Whether an error cost a candidate, so that the edit is worth another try."""
    return any(code_of(candidate["fault"]) in FAILURES for candidate in entry["candidates"])


def code_of(fault: str | None) -> str | None:
    """The code of a fault, without its details."""
    return None if fault is None else fault.split(" (", 1)[0]


def select(items: Sequence[WorkItem], journal: Journal, thresholds: Thresholds, source: str) -> Selection:
    """Judge all candidates; nothing is written.

    Args:
        items: The plan.
        journal: What was made of it.
        thresholds: What is accepted.
        source: Name of the editor, the `source` of the records.
    """
    selection = Selection()
    duplicates = Duplicates(thresholds.duplicate_distance)
    for item in items:
        entry = journal.get(EDITED, item.key)
        if entry is None:
            selection.pending += 1
            continue
        selection.edits += 1
        _judge(item, entry["candidates"], thresholds, duplicates, selection, source)
    return selection


def _judge(
    item: WorkItem,
    candidates: Sequence[Mapping[str, Any]],
    thresholds: Thresholds,
    duplicates: Duplicates,
    selection: Selection,
    source: str,
) -> None:
    verdicts = {index: code_of(candidate["fault"]) for index, candidate in enumerate(candidates)}
    measured = {
        index: Measures.from_dict(candidate["measures"])
        for index, candidate in enumerate(candidates)
        if candidate["measures"] is not None
    }
    places = list(measured)
    choice = best_of(list(measured.values()), thresholds, kept=item.keeps)
    verdicts.update(zip(places, choice.reasons, strict=True))
    if choice.index is not None:
        best = places[choice.index]
        repeated = duplicates.seen((item.digest, item.keeps), measured[best].fingerprint)
        verdicts[best] = DUPLICATE if repeated else ACCEPTED
        if not repeated:
            selection.records.append(_record(item, candidates[best], source))
    for index, verdict in verdicts.items():
        selection.verdicts[item.candidate_name(index)] = verdict or ACCEPTED


def _record(item: WorkItem, candidate: Mapping[str, Any], source: str) -> PairRecord:
    instruction = item.instruction
    measures = {
        key: value for key, value in candidate["measures"].items() if key not in ("fingerprint", "print")
    }
    return PairRecord(
        id=item.identity,
        before_file_name=f"images/{item.before_name}.png",
        after_file_name=f"images/{item.identity}_after.png",
        captions=NO_CHANGE_CAPTIONS if item.keeps else (instruction.caption,),
        change={"kind": NO_CHANGE if item.keeps else "edit", "instruction": instruction.text},
        source=source,
        extra={
            "picture": item.name,
            "before_caption": instruction.before_caption,
            "after_caption": instruction.after_caption,
            "synthesis": {
                "origin": instruction.origin,
                "candidate": candidate["file"],
                **{key: candidate[key] for key in ("seed", "guidance", "image_guidance")},
                **measures,
            },
        },
    )


def write_selection(folder: Path, selection: Selection) -> Path:
    """Place the images of the accepted pairs and write the manifest.

    Returns:
        Path of the manifest.
    """
    store = folder / STATE / CANDIDATES
    wanted = {MANIFEST_NAME}
    for record in selection.records:
        kept = {
            record.before_file_name: Path(record.before_file_name).name,
            record.after_file_name: record.extra["synthesis"]["candidate"],
        }
        for name, candidate in kept.items():
            wanted.add(name)
            place_file(store / candidate, folder / name)
    manifest = write_records(folder, selection.records)
    remove_others(folder / "images", (Path(name).name for name in wanted))
    return manifest


def remove_others(folder: Path, wanted: Iterable[str]) -> None:
    """Remove the files of a folder that are not among the wanted names."""
    names = set(wanted)
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.name not in names:
            file.unlink()
