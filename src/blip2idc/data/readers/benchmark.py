"""What every benchmark reader takes and gives.

A reader turns the official files of one benchmark into `BenchmarkItem`s, one a pair: the split, the record
as it will stand in the manifest, and where the content of its images is. In: the folder (or file) that the
benchmark's authors hand out, and `ReadOptions`. Out: an iterator of items; what the reader noticed on the way
(merged entries, empty references, suspicious split sizes) is counted in a `Tally`, never printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from blip2idc.data.records import EMPTY_REFERENCES, Box, PairRecord
from blip2idc.errors import ConfigError, InputError, WriteError

#: Content of one image: a file beside the annotations, or the encoded bytes out of a table.
ImageContent = Path | bytes

Made = TypeVar("Made")

EmptyReferences = Literal["keep", "drop"]
Protocol = Literal["single", "multi"]

#: Names that benchmarks give their splits, and ours.
SPLIT_NAMES: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
}


@dataclass(frozen=True)
class TableColumns:
    """Columns of somebody's own table (`readers.table`).

    Attributes:
        before: Image before, or its file name.
        after: Image after, or its file name.
        captions: One or more columns of captions; a cell may hold a list.
        id: Of the pair; None to number the pairs.
        split: `train`, `val` or `test`; None where file names tell it.
        images: Folder that file names are relative to; None for the table's own.
    """

    before: str
    after: str
    captions: tuple[str, ...]
    id: str | None = None
    split: str | None = None
    images: Path | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (self.before, self.after, *self.captions, *filter(None, (self.id, self.split)))


@dataclass(frozen=True)
class ReadOptions:
    """Choices that a benchmark leaves open.

    Attributes:
        splits: only these splits (`train`, `val`, `test`); empty for all that are there.
        protocol: Spot-the-Diff only: `single` keeps each sentence as a reference, `multi` joins the sentences
            of a pair into one reference (the protocol of CARD).
        empty_references: whether references without a word are kept (as the official numbers have them) or
            dropped; the count is reported either way.
        holdout: share of the pairs set aside as `val`, and again as `test`, where a benchmark has one split
            only (InstructPix2Pix); 0 keeps everything in `train`.
        columns: somebody's own table only: what its columns are called.
    """

    splits: tuple[str, ...] = ()
    protocol: Protocol = "single"
    empty_references: EmptyReferences = "keep"
    holdout: float = 0.0
    columns: TableColumns | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.splits if name not in ("train", "val", "test")]
        if unknown:
            raise ConfigError(f"--split is {unknown[0]!r}, expected one of train, val, test")
        if self.protocol not in ("single", "multi"):
            raise ConfigError(f"--protocol is {self.protocol!r}, expected single or multi")
        if self.empty_references not in ("keep", "drop"):
            raise ConfigError(f"--empty-references is {self.empty_references!r}, expected keep or drop")
        if not 0.0 <= self.holdout < 0.5:
            raise ConfigError(
                f"--holdout is {self.holdout!r}, expected a share from 0 up to, not including, 0.5"
            )

    def wants(self, split: str) -> bool:
        """Whether the split was asked for."""
        return not self.splits or split in self.splits


@dataclass(frozen=True)
class BenchmarkItem:
    """One pair of a benchmark.

    Attributes:
        split: `train`, `val` or `test`.
        record: the record; its file names are those inside the data set to be written.
        images: file name inside the data set -> content, for the two images of the pair and anything that
            belongs to it (a mask).
    """

    split: str
    record: PairRecord
    images: Mapping[str, ImageContent] = field(default_factory=dict)


@dataclass
class Tally:
    """What a reader noticed: counts by name, and sentences for the user.

    Attributes:
        counts: By name.
        warnings: Sentences for the user.
        faults: What is wrong with the files; nothing is written where there are any.
    """

    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a named count."""
        if amount:
            self.counts[name] += amount

    def warn(self, sentence: str) -> None:
        """Keep a sentence for the user, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def fault(self, sentence: str) -> None:
        """Keep what is wrong, once, and go on: whoever puts the files right wants to know all of it."""
        if sentence not in self.faults:
            self.faults.append(sentence)

    def attempt(self, make: Callable[..., Made], *arguments: Any, **settings: Any) -> tuple[Made, ...]:
        """What `make` gives, as a tuple of one; of none where an entry is wrong, which is kept as a fault.

        Raises:
            WriteError: The output cannot be written, for which no entry is to blame.
        """
        try:
            return (make(*arguments, **settings),)
        except WriteError:
            raise
        except InputError as error:
            self.fault(str(error))
            return ()


#: A reader: (source, options, tally) -> items.
Reader = Callable[[Path, ReadOptions, Tally], Iterator[BenchmarkItem]]


def select_captions(captions: tuple[str, ...], options: ReadOptions, tally: Tally) -> tuple[str, ...]:
    """Apply `empty_references` to the captions of one pair and count what it met.

    Returns:
        The captions, without the empty ones where those are dropped.
    """
    empty = sum(not caption.strip() for caption in captions)
    if not empty:
        return captions
    if options.empty_references == "keep":
        tally.count("empty references kept", empty)
        return captions
    tally.count("empty references dropped", empty)
    kept = tuple(caption for caption in captions if caption.strip())
    if not kept:
        tally.count("pairs left without a reference")
    return kept


def pair_record(
    pair_id: str,
    file_names: tuple[str, str],
    captions: tuple[str, ...],
    source: str,
    change: Mapping[str, Any] | None = None,
    boxes: tuple[Box | None, Box | None] = (None, None),
    extra: Mapping[str, Any] | None = None,
) -> PairRecord:
    """A record of a benchmark.

    A manifest holds no empty captions, so that nobody trains on them; how many empty references the benchmark
    gives a pair is kept under the key `empty_references`, and `PairRecord.references` gives them back for scoring.
    """
    empty = sum(not caption.strip() for caption in captions)
    kept = {EMPTY_REFERENCES: empty} if empty else {}
    return PairRecord(
        id=pair_id,
        before_file_name=file_names[0],
        after_file_name=file_names[1],
        captions=tuple(caption for caption in captions if caption.strip()),
        change=change,
        before_box=boxes[0],
        after_box=boxes[1],
        source=source,
        extra={**(extra or {}), **kept},
    )
