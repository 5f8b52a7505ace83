"""Caption a whole data set: records and a captioner in, a predictions file out.

For `blip2idc caption --data`. Predictions are COCO results: a JSON list, or the same objects as JSONL. Until all
pairs are done they lie in `OUTPUT.progress.jsonl`, one line a pair; a run that was interrupted goes on from there
where weights, settings and the bytes of the images are the same. The predictions file itself appears whole or not at
all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from blip2idc.data.records import Manifest
from blip2idc.difference import Difference
from blip2idc.errors import PredictionError
from blip2idc.model.pair_captioner import BATCH_SIZE, PairCaptioner
from blip2idc.prediction.fingerprint import content_of, describe_captioner
from blip2idc.runs.files import atomic_write
from blip2idc.runs.journal import Journal
from blip2idc.runs.resume import resume_file

FORMATS = (".json", ".jsonl")
CAPTIONED = "captioned"  # kind of the journal's entries


def predict(
    captioner: PairCaptioner,
    manifest: Manifest,
    output: Path,
    *,
    batch_size: int = BATCH_SIZE,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    **decoding: Any,
) -> int:
    """Caption every record.

    Example::

        captioner = DifferenceCaptioner.from_pretrained()
        predict(captioner, read_records("data/"), Path("predictions.json"))

    Args:
        captioner: The captioner.
        manifest: The data set.
        output: File ending in `.json` or `.jsonl`; replaced if it is there.
        batch_size: Pairs that go through the model together.
        on_progress: Called with the number of pairs done and of all, first with what an interrupted run left.
        **decoding: Fields of `Decoding`.

    Returns:
        Number of pairs that an interrupted run had done before.

    Raises:
        PredictionError: The output has another ending.
        InputError: Another run is writing it, or it cannot be written; what was done so far is kept.
        ImageError: An image cannot be used; what was done so far is kept.
    """
    if output.suffix not in FORMATS:
        raise PredictionError(f"output {output}: expected a file name ending in {' or '.join(FORMATS)}")
    progress = output.with_name(f"{output.name}.progress.jsonl")
    with resume_file(progress, describe_captioner(captioner, decoding), output) as journal:
        contents = {record.id: content_of(manifest.paths(record)) for record in manifest}
        done = _done_before(journal, contents)
        resumed = len(done)
        on_progress(resumed, len(manifest))
        rest = [record for record in manifest if record.id not in done]
        found = captioner.stream((manifest.paths(record) for record in rest), batch_size, **decoding)
        for record, difference in zip(rest, found, strict=True):
            done[record.id] = {**prediction(record.id, difference), **captioner.marks()}
            entry = {"kind": CAPTIONED, "key": record.id, "content": contents[record.id]}
            journal.add([{**entry, "prediction": done[record.id]}])
            on_progress(len(done), len(manifest))
        _write(output, [done[record.id] for record in manifest])
    return resumed


def _done_before(journal: Journal, contents: Mapping[str, str | None]) -> dict[str, dict[str, Any]]:
    """The predictions that an interrupted run made of the same images."""
    found = {name: journal.get(CAPTIONED, name) for name in contents}
    return {
        name: dict(entry["prediction"])
        for name, entry in found.items()
        if entry is not None and entry["content"] == contents[name] is not None
    }


def prediction(image_id: str, difference: Difference) -> dict[str, Any]:
    """One entry of a predictions file."""
    return {"image_id": image_id, **difference.to_dict()}


def _write(output: Path, entries: list[dict[str, Any]]) -> None:
    with atomic_write(output) as handle:
        if output.suffix == ".jsonl":
            handle.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        else:
            json.dump(entries, handle, ensure_ascii=False, indent=1)
            handle.write("\n")
