"""Caption a whole data set: records and a captioner in, a predictions file out.

For `blip2idc caption --data`. Predictions are COCO results: a JSON list, or the same objects as JSONL. Until all
pairs are done they lie in `OUTPUT.progress.jsonl`, one line a pair; a run that was interrupted goes on from there,
provided that model, settings and data are the same, and the predictions file itself appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from blip2idc.data.records import Manifest
from blip2idc.difference import Difference
from blip2idc.errors import PredictionError
from blip2idc.model.captioner import BATCH_SIZE, DifferenceCaptioner
from blip2idc.runs.files import atomic_write
from blip2idc.version import __version__

FORMATS = (".json", ".jsonl")


def predict(
    captioner: DifferenceCaptioner,
    manifest: Manifest,
    output: Path,
    *,
    batch_size: int = BATCH_SIZE,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    **decoding: Any,
) -> int:
    """Caption every record.

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
        ImageError: An image cannot be used; what was done so far is kept.
    """
    if output.suffix not in FORMATS:
        raise PredictionError(f"output {output}: expected a file name ending in {' or '.join(FORMATS)}")
    progress = output.with_name(f"{output.name}.progress.jsonl")
    fingerprint = _fingerprint(captioner, manifest, decoding)
    done = _read_progress(progress, fingerprint)
    resumed = len(done)
    rest = [record for record in manifest if record.id not in done]
    on_progress(resumed, len(manifest))
    progress.parent.mkdir(parents=True, exist_ok=True)
    with progress.open("a", encoding="utf-8") as handle:
        if not resumed:
            handle.truncate(0)
            handle.write(json.dumps({"fingerprint": fingerprint}) + "\n")
        found = captioner.stream((manifest.paths(record) for record in rest), batch_size, **decoding)
        for record, difference in zip(rest, found, strict=True):
            done[record.id] = prediction(record.id, difference)
            handle.write(json.dumps(done[record.id], ensure_ascii=False) + "\n")
            handle.flush()
            on_progress(len(done), len(manifest))
    _write(output, [done[record.id] for record in manifest])
    progress.unlink()
    return resumed


def prediction(image_id: str, difference: Difference) -> dict[str, Any]:
    """One entry of a predictions file."""
    return {"image_id": image_id, **difference.to_dict()}


def _fingerprint(captioner: DifferenceCaptioner, manifest: Manifest, decoding: dict[str, Any]) -> str:
    """Hash of everything that decides what is predicted."""
    settings = captioner.settings.to_dict()
    settings.pop("run_record")
    content = {
        "version": __version__,
        "captioner": captioner.describe(),
        "revision": captioner.backbone.source.revision,
        "dtype": captioner.backbone.dtype.value,
        "settings": settings,
        "decoding": decoding,
        "pairs": [[record.id, record.before_file_name, record.after_file_name] for record in manifest],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _read_progress(path: Path, fingerprint: str) -> dict[str, dict[str, Any]]:
    """What an interrupted run of the same kind left; a last line cut short is dropped from the file as well."""
    if not path.is_file():
        return {}
    lines = path.read_bytes().split(b"\n")
    whole = [line for line in lines[:-1] if line]  # after the last line feed stands nothing, or half a line
    if not whole or json.loads(whole[0]).get("fingerprint") != fingerprint:
        return {}
    entries = [json.loads(line) for line in whole[1:]]
    path.write_bytes(b"\n".join(whole) + b"\n")
    return {entry["image_id"]: entry for entry in entries}


def _write(output: Path, entries: list[dict[str, Any]]) -> None:
    with atomic_write(output) as handle:
        if output.suffix == ".jsonl":
            handle.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        else:
            json.dump(entries, handle, ensure_ascii=False, indent=1)
            handle.write("\n")
