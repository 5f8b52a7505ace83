"""A data set's captions as something to score against, its items and captions kept side by side.

In: a `Manifest`. Out: a `ReferencedSplit`: the pairs that have references, encoded once. For `baselines` and `audit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from blip2idc.data.records import PairRecord, find_splits, read_records
from blip2idc.errors import InputError
from blip2idc.evaluation.metrics.corpus import References, Tokenizer
from blip2idc.evaluation.tokenizer.tokenize import tokenize_corpus


@dataclass(frozen=True, eq=False)
class ReferencedSplit:
    """The pairs of one split that have references.

    Attributes:
        root: folder of the manifest.
        split: its name, where it has one.
        records: `N` records, in the order of the manifest.
        references: their captions, encoded; empty references of a benchmark included.
        without: records left out because they have no reference at all.
    """

    root: Path
    split: str | None
    records: tuple[PairRecord, ...]
    references: References
    without: int

    @classmethod
    def build(
        cls,
        records: Sequence[PairRecord],
        root: Path = Path(),
        split: str | None = None,
        tokenizer: Tokenizer = tokenize_corpus,
    ) -> ReferencedSplit:
        """From records.

        Raises:
            InputError: no record has a reference.
        """
        kept = tuple(record for record in records if record.references)
        if not kept:
            raise InputError(f"{root}: none of the {len(records)} pairs has a caption, expected references")
        references = References.build(
            [record.id for record in kept], [record.references for record in kept], tokenizer
        )
        return cls(root, split, kept, references, len(records) - len(kept))

    @classmethod
    def read(cls, path: Path, split: str | None = None) -> ReferencedSplit:
        """From a data set; `split` is needed where it holds several."""
        manifest = read_records(path, split)
        return cls.build(manifest.records, manifest.root, split)

    def __len__(self) -> int:
        return len(self.records)

    @property
    def captions(self) -> tuple[str, ...]:
        """The `R` references as written, item after item."""
        return tuple(chain.from_iterable(record.references for record in self.records))

    @property
    def source(self) -> str | None:
        """The benchmark or world that all records come from; None where there are several."""
        sources = {record.source for record in self.records}
        return next(iter(sources)) if len(sources) == 1 else None

    @property
    def label(self) -> str:
        """Folder and split, for the screen."""
        return (
            f"{self.root}"
            if self.split is None or self.root.name == self.split
            else f"{self.root} ({self.split})"
        )

    def image_paths(self) -> list[tuple[Path, Path]]:
        """Paths (before, after) of every pair; `read` has checked that they stay inside the folder."""
        return [(self.root / r.before_file_name, self.root / r.after_file_name) for r in self.records]

    def missing_images(self) -> int:
        """How many images are not there, as after `import --annotations-only`."""
        return sum(not path.is_file() for path in chain.from_iterable(self.image_paths()))


def choose_split(path: Path, preferred: Sequence[str]) -> str | None:
    """The first preferred split that a data set holds; None for a single manifest.

    Raises:
        InputError: the data set has splits, but none of these.
    """
    splits = find_splits(path)
    if not splits:
        return None
    found = next((split for split in preferred if split in splits), None)
    if found is None:
        raise InputError(f"{path} holds the splits {', '.join(splits)}, expected {' or '.join(preferred)}")
    return found
