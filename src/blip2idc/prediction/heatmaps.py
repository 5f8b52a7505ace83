"""Heatmaps of a whole data set: records and a captioner in, one small file a pair out.

For `blip2idc caption --data DATASET --heatmaps FOLDER`. The folder also gets `heatmaps.json`, which says how the maps
were made; a run that was interrupted, or finds images exchanged, does what is left.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blip2idc.data.records import Manifest
from blip2idc.images.heatmap import SUFFIX, heatmap_path
from blip2idc.model.explain.choice import BATCH_SIZE, check_method
from blip2idc.prediction.fingerprint import content_of, describe_captioner
from blip2idc.runs.files import atomic_write, discard_partials
from blip2idc.runs.journal import Journal
from blip2idc.runs.resume import resume_file

if TYPE_CHECKING:
    from blip2idc.model.pair_captioner import PairCaptioner

STATE_FILE = "heatmaps.json"
JOURNAL = ".heatmaps.journal.jsonl"
DRAWN = "drawn"  # kind of the journal's entries


def write_heatmaps(
    captioner: PairCaptioner,
    manifest: Manifest,
    folder: Path,
    method: str | None = None,
    *,
    batch_size: int = BATCH_SIZE,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    **decoding: Any,
) -> int:
    """Write the sentence's heatmap of every record; empty where the pair counts as unchanged.

    Args:
        captioner: The captioner.
        manifest: The data set.
        folder: Of the files; made.
        method: One of `blip2idc.model.explain.choice.METHODS`; None for what suits the captioner best.
        batch_size: Pairs that go through the model together.
        on_progress: Called with the number of pairs done and of all.
        **decoding: Fields of `Decoding`.

    Returns:
        Number of pairs that an interrupted run had done before.
    """
    method = method or captioner.default_method
    check_method(method)
    description = describe_captioner(captioner, decoding) | {"method": method}
    with resume_file(folder / JOURNAL, description, folder, keep=True) as journal:
        discard_partials(folder)
        if len(journal) == 1:  # nothing but what it was begun with
            _begin(folder, description)
        contents = {
            record.id: content_of(manifest.paths(record), captioner.max_pixels) for record in manifest
        }
        rest = [
            record for record in manifest if not _is_done(journal, folder, record.id, contents[record.id])
        ]
        before = done = len(manifest) - len(rest)
        on_progress(done, len(manifest))
        pairs = (manifest.paths(record) for record in rest)
        found = captioner.explain_stream(pairs, method, batch_size, words=False, **decoding)
        for record, explanation in zip(rest, found, strict=True):
            explanation.sentence.save(heatmap_path(folder, record.id))
            journal.add([{"kind": DRAWN, "key": record.id, "content": contents[record.id]}])
            done += 1
            on_progress(done, len(manifest))
    return before


def _is_done(journal: Journal, folder: Path, name: str, content: str | None) -> bool:
    """Whether an earlier run drew the map of this very pair, and it is still there."""
    entry = journal.get(DRAWN, name)
    return (
        entry is not None
        and entry.get("content") == content is not None
        and heatmap_path(folder, name).is_file()
    )


def _begin(folder: Path, description: dict[str, Any]) -> None:
    """Remove maps that were made another way, and say how those to come are made."""
    state = folder / STATE_FILE
    if state.is_file():  # written by this function, so the maps beside it are ours to replace
        for path in folder.glob(f"*{SUFFIX}"):
            path.unlink()
    with atomic_write(state) as handle:
        json.dump(description, handle, indent=1)
