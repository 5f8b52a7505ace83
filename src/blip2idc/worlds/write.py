"""Writes the pairs of a world as a data set that `datasets.load_dataset("imagefolder", ...)` opens.

In: a world, a folder, a count. Out: `images/{id}_before.png`, `images/{id}_after.png`, on request
`masks/{id}_before.png` and `masks/{id}_after.png`, and `metadata.jsonl`, which appears last. Every file appears whole
or not at all, and its bytes depend on world and index only: a run that was killed is finished by running it again, and
the number of processes does not matter. The settings are kept in `.synthesis/settings.json`; a run with other settings
into the same folder is refused.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blip2idc.data.records import MANIFEST_NAME, PairRecord, read_records, write_records
from blip2idc.errors import ConfigError
from blip2idc.runs.files import atomic_write, discard_partials
from blip2idc.runs.journal import Entry, Journal
from blip2idc.runs.processes import in_processes
from blip2idc.runs.resume import resume_folder
from blip2idc.worlds.pair import World, WorldPair

#: Pairs that are made, and lost when the run is killed, together.
CHUNK = 16

#: zlib level of the PNG files: about half of the time of the default, a few per cent larger.
PNG_LEVEL = 4

#: Folders below the data set's into which files are written.
PARTS = ("images", "masks")
#: Entries of the journal: the records of a chunk.
CHUNK_DONE = "chunk"

#: Called with the number of pairs that are done and the number of all.
Progress: TypeAlias = Callable[[int, int], None]


def write_world(
    world: World,
    output: str | os.PathLike[str],
    count: int,
    *,
    settings: Mapping[str, Any],
    workers: int = 1,
    masks: bool = False,
    progress: Progress = lambda done, count: None,
) -> Path:
    """Writes pairs 0 to `count` - 1 of a world, or finishes what an earlier run began.

    Example::

        world = EditsWorld(seed=1)
        manifest = write_world(world, "data/", 1000, settings=world.settings(), workers=4)

    Args:
        world: Where the pairs come from; pickled to the other processes where there are any.
        output: Folder of the data set; made if missing, else empty or begun with the same settings.
        count: Number of pairs.
        settings: What makes the world what it is, in plain JSON values, to recognise a run to be continued.
        workers: Processes; 1 makes the pairs in this one.
        masks: Whether to write the masks of changed regions too.
        progress: Told after every few pairs.

    Returns:
        The path of the manifest.

    Raises:
        ConfigError: `count` or `workers` is below 1, or the folder was begun with other settings.
        InputError: The folder holds something else, or cannot be written.
    """
    for name, value in (("count", count), ("workers", workers)):
        if value < 1:
            raise ConfigError(f"{name} is {value}; expected a whole number of at least 1")
    folder = Path(output)
    wanted = {"world": world.name, "count": count, "masks": masks, **settings}
    with resume_folder(folder, wanted, PARTS) as journal:
        if _is_complete(folder, count):
            progress(count, count)
        else:
            writer = _Writer(world, folder, count, masks)
            done = _make_missing(writer, journal, workers, progress)
            write_records(folder, (record for chunk in writer.chunks for record in done[chunk]))
        journal.remove()
        for part in (folder, *(folder / name for name in PARTS)):
            if part.is_dir():
                discard_partials(part)
    return folder / MANIFEST_NAME


@dataclass(frozen=True, eq=False)
class _Writer:
    """Makes the files of one chunk of pairs; sent to the other processes."""

    world: World
    folder: Path
    count: int
    masks: bool

    @property
    def chunks(self) -> range:
        """First index of each chunk."""
        return range(0, self.count, CHUNK)

    def make(self, chunk: int) -> list[PairRecord]:
        """Writes the images of a chunk."""
        return [self._write_pair(index) for index in range(chunk, min(chunk + CHUNK, self.count))]

    def _write_pair(self, index: int) -> PairRecord:
        pair = self.world.pair(index)
        name = f"{index:06d}"
        before, after = f"images/{name}_before.png", f"images/{name}_after.png"
        _write_png(self.folder / before, pair.before)
        _write_png(self.folder / after, pair.after)
        if self.masks:
            self._write_masks(name, pair)
        return PairRecord(
            id=name,
            before_file_name=before,
            after_file_name=after,
            captions=pair.captions,
            change=dict(pair.change),
            before_box=pair.before_box,
            after_box=pair.after_box,
            source=self.world.name,
        )

    def _write_masks(self, name: str, pair: WorldPair) -> None:
        for side, mask in (("before", pair.before_mask), ("after", pair.after_mask)):
            if mask is not None:
                _write_png(self.folder / "masks" / f"{name}_{side}.png", mask.astype(np.uint8) * 255)


def _write_png(path: Path, values: NDArray[np.uint8]) -> None:
    with atomic_write(path, "wb") as handle:
        Image.fromarray(values).save(handle, "PNG", compress_level=PNG_LEVEL)


def _record(line: dict[str, Any]) -> PairRecord:
    """A record from what `PairRecord.to_dict` wrote."""
    boxes = {key: tuple(line[key]) if line[key] is not None else None for key in ("before_box", "after_box")}
    return PairRecord(**{**line, **boxes, "captions": tuple(line["captions"])})


def _records_of(folder: Path, entry: Entry | None) -> list[PairRecord] | None:
    """The records of a chunk that an earlier run finished; None where it did not, or an image is gone."""
    if entry is None:
        return None
    records = [_record(line) for line in entry["records"]]
    return records if all(_files_exist(folder, record) for record in records) else None


def _make_missing(
    writer: _Writer, journal: Journal, workers: int, progress: Progress
) -> dict[int, list[PairRecord]]:
    """Makes what the journal does not tell of; returns the records of every chunk."""
    done: dict[int, list[PairRecord]] = {}
    for chunk in writer.chunks:
        records = _records_of(writer.folder, journal.get(CHUNK_DONE, str(chunk)))
        if records is not None:
            done[chunk] = records
    finished = sum(map(len, done.values()))
    progress(finished, writer.count)
    missing = [chunk for chunk in writer.chunks if chunk not in done]
    with contextlib.closing(_make_all(writer, missing, workers)) as made:
        for chunk, records in made:
            lines = [record.to_dict() for record in records]
            journal.add([{"kind": CHUNK_DONE, "key": str(chunk), "records": lines}])
            done[chunk] = records
            finished += len(records)
            progress(finished, writer.count)
    return done


def _files_exist(folder: Path, record: PairRecord) -> bool:
    return (folder / record.before_file_name).is_file() and (folder / record.after_file_name).is_file()


def _is_complete(folder: Path, count: int) -> bool:
    if not (folder / MANIFEST_NAME).is_file():
        return False
    manifest = read_records(folder)
    if len(manifest) == count and all(_files_exist(folder, record) for record in manifest):
        return True
    (folder / MANIFEST_NAME).unlink()
    return False


def _make_all(
    writer: _Writer, chunks: Sequence[int], workers: int
) -> Generator[tuple[int, list[PairRecord]], None, None]:
    """Makes chunks, in this process or in others; they come in the order in which they are done."""
    if workers == 1 or len(chunks) <= 1:
        for chunk in chunks:
            yield chunk, writer.make(chunk)
        return
    yield from in_processes(_make_in_worker, chunks, min(workers, len(chunks)), _start_worker, writer)


#: The writer of a worker process, set once when the process starts.
_writer_here: _Writer | None = None


def _start_worker(writer: _Writer) -> None:
    global _writer_here
    _writer_here = writer


def _make_in_worker(chunk: int) -> list[PairRecord]:
    if _writer_here is None:
        raise RuntimeError("the worker was not started with a writer")
    return _writer_here.make(chunk)
