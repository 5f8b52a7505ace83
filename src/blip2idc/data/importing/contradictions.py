"""What the official files of a benchmark say against themselves: told, and with `--strict` refused.

In: records as they are read, and their images. Out: counts and first examples: captions against the flag of change,
captions against one another, identical images told as changed, one pair in two splits; and how many pairs the official
splits have. None of them stops an import by itself: LEVIR-CC as it is handed out holds hundreds.
"""

from __future__ import annotations

import filecmp
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blip2idc.data.no_change import is_unchanged, says_no_change
from blip2idc.data.readers.benchmark import BenchmarkItem, ImageContent

#: Pairs of the official splits, where they are known. Sources: the authors' files and descriptions (docs/importing.md).
OFFICIAL: Mapping[str, Mapping[str, int]] = {
    "clevr-change": {"train": 67_660, "val": 3_976, "test": 7_970},
    "clevr-dc": {"train": 40_800, "val": 2_400, "test": 4_800},
    "spot-the-diff": {"train": 8_566, "val": 1_493, "test": 1_270},
    "image-editing-request": {"train": 3_061, "val": 383, "test": 495},
    "emu-edit": {"val": 3_589, "test": 2_022},
    "magicbrush": {"train": 8_807, "val": 528},
    "syned": {"test": 2_022},
    "levir-cc": {"train": 6_815, "val": 1_333, "test": 1_929},
}

_FLAG_CHANGED = "told as changed, although every caption says that nothing changed"
_FLAG_UNCHANGED = "told as unchanged, although no caption says so"
_CAPTIONS = "with captions that disagree on whether anything changed"
_IDENTICAL = "told as changed, although the two image files are identical"
_SPLITS = "in more than one split"


@dataclass
class Contradictions:
    """Counts by kind, with the first pair of each.

    Attributes:
        found: kind -> (number of pairs, first one as `split id`).
        pairs: Pairs looked at.
    """

    found: dict[str, tuple[int, str]] = field(default_factory=dict)
    pairs: int = 0
    _shown: dict[tuple[object, object], str] = field(default_factory=dict, repr=False)

    def look(self, item: BenchmarkItem, *, images: bool) -> None:
        """Look at one pair.

        Args:
            item: The pair.
            images: Whether its images are there to be compared.
        """
        self.pairs += 1
        record, where = item.record, f"{item.split} {item.record.id!r}"
        said = [says_no_change(caption) for caption in record.captions]
        kind = record.kind if record.kind != "unknown" else None
        if said and kind == "none" and not any(said):
            self._add(_FLAG_UNCHANGED, where)
        if said and kind not in (None, "none") and all(said):
            self._add(_FLAG_CHANGED, where)
        if said and any(said) != all(said):
            self._add(_CAPTIONS, where)
        contents = (item.images.get(record.before_file_name), item.images.get(record.after_file_name))
        if contents[0] is None or contents[1] is None:
            return
        if all(isinstance(content, Path) for content in contents):
            split = self._shown.setdefault(contents, item.split)
            if split != item.split:
                self._add(_SPLITS, where)
        changed = not is_unchanged(kind, record.captions)
        if images and changed and (kind or said) and _identical(contents[0], contents[1]):
            self._add(_IDENTICAL, where)

    def sentences(self) -> list[str]:
        """One a kind, most frequent first."""
        ordered = sorted(self.found.items(), key=lambda entry: -entry[1][0])
        return [
            f"{count:,} of {self.pairs:,} pairs are {kind} (first: {first})".replace("are with", "have")
            for kind, (count, first) in ordered
        ]

    def _add(self, kind: str, where: str) -> None:
        count, first = self.found.get(kind, (0, where))
        self.found[kind] = count + 1, first


def _identical(before: ImageContent, after: ImageContent) -> bool:
    if isinstance(before, bytes) or isinstance(after, bytes):
        return before == after
    return before.is_file() and after.is_file() and filecmp.cmp(before, after, shallow=False)


def unofficial(benchmark: str, pairs: Mapping[str, int]) -> str | None:
    """A sentence where the splits do not have the official sizes; None where they do, or where these are not known.

    >>> unofficial("levir-cc", {"test": 1929}), unofficial("levir-cc", {"test": 10})
    (None, 'test has 10 pairs, officially 1,929: scores on it are not those of levir-cc')
    """
    known = OFFICIAL.get(benchmark, {})
    other = [split for split in pairs if split in known and pairs[split] != known[split]]
    if not other:
        return None
    told = ", ".join(f"{split} has {pairs[split]:,} pairs, officially {known[split]:,}" for split in other)
    return f"{told}: scores on {'them' if len(other) > 1 else 'it'} are not those of {benchmark}"
