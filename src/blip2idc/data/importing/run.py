"""From a benchmark's official files to a data set in this package's own format.

In: the name of a benchmark, its folder, and options. Out: `OUTPUT/train/`, `val/`, `test/`, each with
`metadata.jsonl` and its images, as hard links where the file system allows them, else as copies; and an
`ImportReport`. Images come first and the manifests last, so that an interrupted import leaves no manifest and is
simply run again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from blip2idc.data.importing.contradictions import Contradictions, unofficial
from blip2idc.data.links import reading_from
from blip2idc.data.placing import ImagePlacer
from blip2idc.data.readers import get_reader
from blip2idc.data.readers.benchmark import BenchmarkItem, ImageContent, ReadOptions, Tally
from blip2idc.data.readers.table import is_hub_id
from blip2idc.data.records import MANIFEST_NAME, SPLITS, PairRecord, find_splits, write_records
from blip2idc.errors import InputError, WriteError
from blip2idc.images.decoding.limits import MAX_PIXELS
from blip2idc.runs.lock import only_run

#: File in the output while an import is at it.
LOCK = ".import.lock"

_TOLD = 30  # faults listed one by one


@dataclass(frozen=True)
class ImportReport:
    """What an import wrote.

    Attributes:
        pairs: split -> number of pairs.
        references: split -> number of references, empty ones included.
        notes: what the reader counted on the way, by name.
        warnings: sentences for the user.
    """

    pairs: dict[str, int]
    references: dict[str, int]
    notes: dict[str, int]
    warnings: tuple[str, ...]

    def lines(self) -> list[str]:
        """The report as lines for the screen."""
        splits = [
            f"{split}: {self.pairs[split]:,} pairs, {self.references[split]:,} references"
            for split in self.pairs
        ]
        return splits + [f"{name}: {count:,}" for name, count in self.notes.items()]


@dataclass
class _Writer:
    """Places images and collects records, split by split."""

    source: Path
    output: Path
    annotations_only: bool
    copy: bool
    follow_links: bool
    max_pixels: int
    heads_only: bool
    images: Path | None = None
    records: dict[str, list[PairRecord]] = field(default_factory=dict)
    placers: dict[str, ImagePlacer] = field(default_factory=dict)
    ids: set[tuple[str, str]] = field(default_factory=set)
    missing: dict[Path, None] = field(default_factory=dict)
    contradictions: Contradictions = field(default_factory=Contradictions)
    placed: dict[Path, str] = field(default_factory=dict)

    def add(self, item: BenchmarkItem) -> None:
        key = (item.split, item.record.id)
        if key in self.ids:
            raise InputError(
                f"{item.split}: id {item.record.id!r} occurs twice in the source; ids are unique"
            )
        self.ids.add(key)
        placer = self._placer(item.split)
        for name in (item.record.before_file_name, item.record.after_file_name, *item.images):
            placer.check_name(name)
        self.records.setdefault(item.split, []).append(item.record)
        if not self.annotations_only:
            for name, content in item.images.items():
                self._place(placer, content, name)
        self.contradictions.look(item, images=not self.annotations_only)

    def _placer(self, split: str) -> ImagePlacer:
        if split not in self.placers:
            within = self.images or (self.source if self.source.is_dir() else self.source.parent)
            self.placers[split] = ImagePlacer(
                self.output / split,
                within,
                self.copy,
                self.follow_links,
                self.max_pixels,
                self.heads_only,
            )
        return self.placers[split]

    def _place(self, placer: ImagePlacer, content: ImageContent, name: str) -> None:
        target = placer.folder / name
        known = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else str(content)
        if self.placed.setdefault(target, known) != known:
            raise InputError(f"{known} and {self.placed[target]} would both become {target}")
        if isinstance(content, Path) and not content.is_file():
            self.missing[content] = None
        else:
            placer.place(content, name)


def import_benchmark(
    benchmark: str,
    source: Path,
    output: Path,
    options: ReadOptions | None = None,
    *,
    annotations_only: bool = False,
    copy: bool = False,
    overwrite: bool = False,
    follow_links: bool = False,
    max_pixels: int = MAX_PIXELS,
    heads_only: bool = False,
    strict: bool = False,
) -> ImportReport:
    """Write a benchmark as a data set.

    Args:
        benchmark: a key of `readers.BENCHMARKS`.
        source: the benchmark's official folder.
        output: the folder of the data set; made where it is missing.
        options: choices that the benchmark leaves open.
        annotations_only: record the names of the images without asking for the files.
        copy: copy images instead of hard-linking them.
        overwrite: replace the manifests of an earlier import.
        follow_links: take files, images and annotations, that a symbolic link in the source leads to elsewhere.
        max_pixels: limit for each image.
        heads_only: look at the head of each image alone, not whether it is whole.
        strict: refuse a source that contradicts itself (`readers.contradictions`) instead of telling so.

    Raises:
        InputError: all faults at once: malformed source, missing images (all counted), a file name that leads out of
            the output, a link that leads out of the source, a file that is no image or not a whole one; or an output
            that holds a data set already, or one that another import is writing.
    """
    options = options or ReadOptions()
    read = get_reader(benchmark)
    if not source.exists() and not (benchmark == "table" and is_hub_id(source)):
        raise InputError(f"{source} does not exist, expected the official files of {benchmark}")
    _check_output(output, source, overwrite)
    tally = Tally()
    images = options.columns.images if options.columns is not None else None
    writer = _Writer(source, output, annotations_only, copy, follow_links, max_pixels, heads_only, images)
    try:
        with (
            reading_from(source, follow_links=follow_links),
            _output_errors(output),
            only_run(output / LOCK, output, remove=True),
        ):
            try:
                for item in read(source, options, tally):
                    tally.attempt(writer.add, item)
            except WriteError:
                raise
            except InputError as error:  # of a whole file: what was read before it counts all the same
                tally.fault(str(error))
            _check_result(writer, source, options, tally, strict)
            for split in sorted(writer.records, key=SPLITS.index):
                write_records(output / split, writer.records[split])
    finally:
        with suppress(OSError):  # it holds something
            output.rmdir()
    for sentence in writer.contradictions.sentences():
        tally.warn(f"{source}: {sentence}")
    other = unofficial(benchmark, {split: len(records) for split, records in writer.records.items()})
    if other is not None:
        tally.warn(f"{source}: {other}")
    return _report(writer, tally)


def _check_output(output: Path, source: Path, overwrite: bool) -> None:
    if output.exists() and not output.is_dir():
        raise InputError(f"--output {output} is a file, expected a folder")
    if output.resolve() == source.resolve():
        raise InputError(f"--output {output} is the source itself; name another folder")
    held = (output / MANIFEST_NAME).exists() or find_splits(output)
    if held and not overwrite:
        raise InputError(
            f"--output {output} holds a data set already; name another folder or add --overwrite"
        )


def _check_result(writer: _Writer, source: Path, options: ReadOptions, tally: Tally, strict: bool) -> None:
    """Refuse what cannot be written, with everything that is wrong in one list."""
    if writer.missing:
        first, rest = next(iter(writer.missing)), len(writer.missing) - 1
        more = f" and {rest:,} more image{'s' if rest > 1 else ''} are" if rest else " is"
        tally.fault(f"{first}{more} missing; put the images there, or import with --annotations-only")
    if strict or tally.faults:
        for sentence in writer.contradictions.sentences():
            tally.fault(f"{source}: {sentence}")
    if len(tally.faults) == 1:
        raise InputError(tally.faults[0])
    if tally.faults:
        told = "; ".join(
            f"{number}. {fault.rstrip('.')}" for number, fault in enumerate(tally.faults[:_TOLD], start=1)
        )
        more = f"; and {len(tally.faults) - _TOLD:,} more" if len(tally.faults) > _TOLD else ""
        raise InputError(f"{source}: {len(tally.faults):,} faults, and no data set was written: {told}{more}")
    if not writer.records:
        raise InputError(f"{source} holds no pairs of {', '.join(options.splits) or 'any split'}")


def _report(writer: _Writer, tally: Tally) -> ImportReport:
    splits = [split for split in SPLITS if split in writer.records]
    return ImportReport(
        pairs={split: len(writer.records[split]) for split in splits},
        references={split: sum(len(r.references) for r in writer.records[split]) for split in splits},
        notes=dict(tally.counts),
        warnings=tuple(tally.warnings),
    )


@contextmanager
def _output_errors(output: Path) -> Iterator[None]:
    """Turn a full disk or a folder that refuses writing into one sentence."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename or output}: {error.strerror or error}") from error
