"""Caption a whole data set: records and a captioner in, a predictions file out.

For `blip2idc caption --data`. Predictions are COCO results: a JSON list, or the same objects as JSONL. Until all
pairs are done they lie in `OUTPUT.progress.jsonl`, one line a pair; a run that was interrupted goes on from there
where weights, settings and the bytes of the images are the same. The predictions file itself appears whole or not at
all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from blip2idc.data.records import Manifest
from blip2idc.errors import PredictionError
from blip2idc.model.pair_captioner import BATCH_SIZE, PairCaptioner
from blip2idc.prediction.fingerprint import content_of, describe_captioner
from blip2idc.runs.files import atomic_write
from blip2idc.runs.journal import Journal
from blip2idc.runs.resume import resume_file

FORMATS = (".json", ".jsonl")
CAPTIONED = "captioned"  # kind of the journal's entries


class Task(NamedTuple):
    """A pair to caption."""

    name: str
    before: Path
    after: Path


#: Name of a pair, a hash of what its files held, and the difference as JSON values.
Said: TypeAlias = tuple[str, str | None, dict[str, Any]]

#: Captions pairs, so many together, in whatever order.
Way: TypeAlias = Callable[[PairCaptioner, Sequence[Task], int, Mapping[str, Any]], Iterator[Said]]


def caption_here(
    captioner: PairCaptioner, tasks: Sequence[Task], batch_size: int, decoding: Mapping[str, Any]
) -> Iterator[Said]:
    """Caption pairs in this process, in their order.

    Args:
        captioner: The captioner.
        tasks: The pairs.
        batch_size: That go through the model together.
        decoding: Fields of `Decoding`.
    """
    contents: dict[str, str | None] = {}

    def pairs() -> Iterator[tuple[Path, Path]]:
        for task in tasks:
            contents[task.name] = content_of(task[1:], captioner.max_pixels)
            yield task.before, task.after

    found = captioner.stream(pairs(), batch_size, **decoding)
    for task, difference in zip(tasks, found, strict=True):
        yield task.name, contents.pop(task.name), difference.to_dict()


def predict(
    captioner: PairCaptioner,
    manifest: Manifest,
    output: Path,
    *,
    batch_size: int = BATCH_SIZE,
    way: Way = caption_here,
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
        way: Who captions: this process, or `prediction.on_ray.OnRay`, whose workers load a captioner like this one.
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
        done = _done_before(journal, manifest, captioner.max_pixels)
        resumed = len(done)
        on_progress(resumed, len(manifest))
        tasks = [Task(one.id, *manifest.paths(one)) for one in manifest if one.id not in done]
        for name, content, difference in way(captioner, tasks, batch_size, decoding):
            done[name] = {"image_id": name, **difference, **captioner.marks()}
            journal.add([{"kind": CAPTIONED, "key": name, "content": content, "prediction": done[name]}])
            on_progress(len(done), len(manifest))
        _write(output, [done[record.id] for record in manifest])
    return resumed


def _done_before(journal: Journal, manifest: Manifest, max_pixels: int) -> dict[str, dict[str, Any]]:
    """The predictions that an interrupted run made of the same images; only theirs are read for it."""
    found = ((record, journal.get(CAPTIONED, record.id)) for record in manifest)
    return {
        record.id: dict(entry["prediction"])
        for record, entry in found
        if entry is not None
        and "prediction" in entry
        and entry.get("content") == content_of(manifest.paths(record), max_pixels) is not None
    }


def _write(output: Path, entries: list[dict[str, Any]]) -> None:
    with atomic_write(output) as handle:
        if output.suffix == ".jsonl":
            handle.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        else:
            lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
            handle.write(f"[\n{lines}\n]\n")
