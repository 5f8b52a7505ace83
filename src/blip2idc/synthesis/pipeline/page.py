"""From a plan and its journal to the page that shows what came out.

In: the folder of a data set, its plan, journal and selection. Out: the HTML of `report.synthesis_page`; of many edits
no more than `MOST_SHOWN`, spread evenly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.report.html.page import thumbnail_uri
from blip2idc.report.html.synthesis_page import CandidateEntry, EditEntry, synthesis_page
from blip2idc.runs.journal import Journal
from blip2idc.synthesis.pipeline.plan import WorkItem
from blip2idc.synthesis.pipeline.report import SynthesisReport
from blip2idc.synthesis.pipeline.selection import EDITED, Selection

#: Edits that a page shows.
MOST_SHOWN = 120

_NUMBERS = {
    "image_similarity": "image",
    "text_similarity": "caption",
    "direction_similarity": "direction",
    "change_share": "changed pixels",
}


def write_page(
    store: Path,
    items: Sequence[WorkItem],
    journal: Journal,
    selection: Selection,
    report: SynthesisReport,
    thresholds: Mapping[str, Any],
    run: Mapping[str, Any],
    title: str,
) -> str:
    """The page as text.

    Args:
        store: Folder of the candidates' images.
        items: The plan.
        journal: What was made of it.
        selection: The verdicts.
        report: The account.
        thresholds: What was accepted.
        run: Run record.
        title: Name of the data set.
    """
    made = [item for item in items if journal.get(EDITED, item.key) is not None]
    step = max(1, -(-len(made) // MOST_SHOWN))
    entries = [_entry(store, item, journal, selection) for item in made[::step]]
    return synthesis_page(entries, title, report.rows(), thresholds, run, total=len(made))


def _entry(store: Path, item: WorkItem, journal: Journal, selection: Selection) -> EditEntry:
    entry = journal.get(EDITED, item.key)
    assert entry is not None
    candidates = tuple(
        CandidateEntry(
            thumbnail=_thumbnail(store, candidate["file"]),
            verdict=selection.verdicts[item.candidate_name(index)],
            numbers=_numbers(candidate),
            note=candidate["fault"] if candidate["fault"] and "(" in candidate["fault"] else None,
        )
        for index, candidate in enumerate(entry["candidates"])
    )
    instruction = item.instruction
    before = _thumbnail(store, f"{item.before_name}.png")
    return EditEntry(item.name, instruction.text, instruction.caption, instruction.origin, before, candidates)


def _thumbnail(store: Path, name: str | None) -> str | None:
    if name is None or not (store / name).is_file():
        return None
    with Image.open(store / name) as image:
        return thumbnail_uri(image.convert("RGB"), longest=260)


def _numbers(candidate: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    measures = candidate["measures"] or {}
    shown = [(short, measures.get(key)) for key, short in _NUMBERS.items()]
    numbers = [(short, f"{value:.3f}") for short, value in shown if value is not None]
    guidance = [("guidance", candidate["guidance"]), ("image guidance", candidate["image_guidance"])]
    return tuple(numbers + [(name, f"{value:g}") for name, value in guidance if value is not None])
