"""Heatmaps of a whole data set: records and a captioner in, one small file a pair out.

For `blip2idc caption --data DATASET --heatmaps FOLDER`. The folder also gets `heatmaps.json`, which says how the maps
were made; a run that was interrupted goes on where it stopped, provided that it is made the same way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blip2idc.data.records import Manifest
from blip2idc.images.heatmap import heatmap_path
from blip2idc.model.explain.methods import BATCH_SIZE, DEFAULT_METHOD, check_method
from blip2idc.runs.files import atomic_write, discard_partials
from blip2idc.version import __version__

if TYPE_CHECKING:
    from blip2idc.model.captioner import DifferenceCaptioner

STATE_FILE = "heatmaps.json"


def write_heatmaps(
    captioner: DifferenceCaptioner,
    manifest: Manifest,
    folder: Path,
    method: str = DEFAULT_METHOD,
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
        method: One of `blip2idc.model.explain.methods.METHODS`.
        batch_size: Pairs that go through the model together.
        on_progress: Called with the number of pairs done and of all.
        **decoding: Fields of `Decoding`.

    Returns:
        Number of pairs that an interrupted run had done before.
    """
    check_method(method)
    folder.mkdir(parents=True, exist_ok=True)
    discard_partials(folder)
    _open(folder, _description(captioner, method, decoding))
    rest = [record for record in manifest.records if not heatmap_path(folder, record.id).is_file()]
    before = done = len(manifest) - len(rest)
    on_progress(done, len(manifest))
    pairs = (manifest.paths(record) for record in rest)
    found = captioner.explain_stream(pairs, method, batch_size, words=False, **decoding)
    for record, explanation in zip(rest, found, strict=True):
        explanation.sentence.save(heatmap_path(folder, record.id))
        done += 1
        on_progress(done, len(manifest))
    return before


def _description(captioner: DifferenceCaptioner, method: str, decoding: dict[str, Any]) -> dict[str, Any]:
    """Everything that decides what the maps look like, as JSON values."""
    settings = captioner.settings.to_dict()
    settings.pop("run_record")
    content = {
        "version": __version__,
        **captioner.describe(),
        "method": method,
        "decoding": decoding,
        "settings": settings,
    }
    values: dict[str, Any] = json.loads(json.dumps(content))
    return values


def _open(folder: Path, description: dict[str, Any]) -> None:
    """Keep the maps of an equal run; remove those of any other."""
    state = folder / STATE_FILE
    try:
        if json.loads(state.read_text(encoding="utf-8")) == description:
            return
    except (OSError, ValueError):
        pass
    else:  # written by this function, so the maps beside it are ours to replace
        for path in folder.glob("*.npz"):
            path.unlink()
    with atomic_write(state) as handle:
        json.dump(description, handle, indent=1)
