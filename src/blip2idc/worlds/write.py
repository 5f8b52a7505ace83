"""Writes the pairs of a world as a data set that `datasets.load_dataset("imagefolder", ...)` opens.

In: a world, a folder, a count. Out: `images/{id}_before.png`, `images/{id}_after.png`, on request
`masks/{id}_before.png` and `masks/{id}_after.png`, and `metadata.jsonl`, which appears last. Every file appears whole
or not at all, and its bytes depend on world and index only: a run that was killed is finished by running it again, and
the number of processes does not matter. The settings are kept in `.synthesis/settings.json`; a run with other settings
into the same folder is refused.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blip2idc.data.records import MANIFEST_NAME, PairRecord, read_manifest, write_manifest
from blip2idc.errors import ConfigError, InputError
from blip2idc.runs.files import atomic_write, discard_partials
from blip2idc.runs.folder import STATE as STATE
from blip2idc.runs.folder import open_folder
from blip2idc.worlds.pair import World, WorldPair

#: Pairs that are made, and lost when the run is killed, together.
CHUNK = 16

#: zlib level of the PNG files: about half of the time of the default, a few per cent larger.
PNG_LEVEL = 4

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
    progress: Progress | None = None,
) -> Path:
    """Writes pairs 0 to `count` - 1 of a world, or finishes what an earlier run began.

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
    open_folder(folder, wanted, (f"{STATE}/records", "images", "masks"))
    if _is_complete(folder, count):
        _tidy(folder)
        if progress is not None:
            progress(count, count)
        return folder / MANIFEST_NAME
    writer = _Writer(world, folder, count, masks)
    done = {chunk: records for chunk in writer.chunks if (records := writer.read_back(chunk)) is not None}
    finished = sum(len(records) for records in done.values())
    if progress is not None:
        progress(finished, count)
    for chunk, records in _make_all(writer, [chunk for chunk in writer.chunks if chunk not in done], workers):
        done[chunk] = records
        finished += len(records)
        if progress is not None:
            progress(finished, count)
    manifest = write_manifest(folder, (record for chunk in writer.chunks for record in done[chunk]))
    _tidy(folder)
    return manifest


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
        """Writes the images of a chunk, then its records."""
        records = [self._write_pair(index) for index in range(chunk, min(chunk + CHUNK, self.count))]
        with atomic_write(self._records_file(chunk)) as handle:
            handle.writelines(json.dumps(record.to_json(), ensure_ascii=False) + "\n" for record in records)
        return records

    def read_back(self, chunk: int) -> list[PairRecord] | None:
        """The records of a chunk that an earlier run finished; None where it did not."""
        file = self._records_file(chunk)
        if not file.is_file():
            return None
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        records = [_record(line) for line in lines]
        return records if all(_files_exist(self.folder, record) for record in records) else None

    def _records_file(self, chunk: int) -> Path:
        return self.folder / STATE / "records" / f"{chunk:08d}.jsonl"

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
    """A record from what `PairRecord.to_json` wrote."""
    boxes = {key: tuple(line[key]) if line[key] is not None else None for key in ("before_box", "after_box")}
    return PairRecord(**{**line, **boxes, "captions": tuple(line["captions"])})


def _files_exist(folder: Path, record: PairRecord) -> bool:
    return (folder / record.before_file_name).is_file() and (folder / record.after_file_name).is_file()


def _is_complete(folder: Path, count: int) -> bool:
    if not (folder / MANIFEST_NAME).is_file():
        return False
    manifest = read_manifest(folder)
    if len(manifest) == count and all(_files_exist(folder, record) for record in manifest):
        return True
    (folder / MANIFEST_NAME).unlink()
    return False


def _tidy(folder: Path) -> None:
    """Removes what only an unfinished run needs."""
    shutil.rmtree(folder / STATE / "records", ignore_errors=True)
    for part in (folder, folder / "images", folder / "masks"):
        if part.is_dir():
            discard_partials(part)


def _make_all(writer: _Writer, chunks: Sequence[int], workers: int) -> Iterator[tuple[int, list[PairRecord]]]:
    """Makes chunks, in this process or in others; they come in the order in which they are done."""
    if workers == 1 or len(chunks) <= 1:
        for chunk in chunks:
            yield chunk, writer.make(chunk)
        return
    pool = ProcessPoolExecutor(
        min(workers, len(chunks)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(writer,),
    )
    try:
        yield from _collect(pool, chunks, 2 * workers)
    except BrokenProcessPool:
        raise InputError(
            "a process that makes pairs was killed, perhaps for want of memory; run the command again to go on, "
            "with fewer workers if it happens again"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _collect(
    pool: ProcessPoolExecutor, chunks: Sequence[int], ahead: int
) -> Iterator[tuple[int, list[PairRecord]]]:
    """Keeps `ahead` chunks with the pool, so that a long list of them needs no memory."""
    waiting = iter(chunks)
    running: dict[Future[list[PairRecord]], int] = {}
    while True:
        while len(running) < ahead and (chunk := next(waiting, None)) is not None:
            running[pool.submit(_make_in_worker, chunk)] = chunk
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


#: The writer of a worker process, set once when the process starts.
_writer_here: _Writer | None = None


def _start_worker(writer: _Writer) -> None:
    global _writer_here
    _writer_here = writer
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends this process when the one that started it is gone; a killed parent cannot say goodbye."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make_in_worker(chunk: int) -> list[PairRecord]:
    if _writer_here is None:
        raise RuntimeError("the worker was not started with a writer")
    return _writer_here.make(chunk)
