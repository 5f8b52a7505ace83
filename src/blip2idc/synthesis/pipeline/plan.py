"""The plan of a synthesis run: which edits are made, in which batches, with which seeds.

In: source images with their instructions, and everything else that decides the result. Out: `WorkItem`s whose key is a
hash of all of that, so that equal work is recognised wherever and whenever it is met again, and batches of them that do
not depend on what is done already: the same edits share a batch in every run.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from blip2idc.runs.files import atomic_write
from blip2idc.synthesis.instructions.instruction import Instruction


class EditorChoice(Protocol):
    """What names an editor without loading it; `EditorSettings` is one."""

    @property
    def name(self) -> str:
        """The editor's name."""
        ...

    @property
    def image_guided(self) -> bool:
        """Whether its requests have a guidance of the image."""
        ...

    def describe(self) -> dict[str, Any]:
        """Everything that decides what comes out, in plain JSON values."""
        ...

    def target_size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height that the editor works at."""
        ...

    def load(self) -> Any:
        """The `Editor`."""
        ...


@dataclass(frozen=True)
class CandidatePlan:
    """One try at an edit: its seed and guidance."""

    seed: int
    guidance: float
    image_guidance: float | None


@dataclass(frozen=True)
class WorkItem:
    """One edit to make, with all its candidates.

    Attributes:
        key: Hash of everything that decides the result.
        path: File of the source image.
        name: What a person calls it.
        digest: Hash of its bytes.
        width: Of the edited image, in pixels.
        height: Of the edited image.
        instruction: What to do.
        candidates: The tries.
    """

    key: str
    path: str
    name: str
    digest: str
    width: int
    height: int
    instruction: Instruction
    candidates: tuple[CandidatePlan, ...]

    @property
    def keeps(self) -> bool:
        """Whether nothing shall change."""
        return not self.instruction.text

    @property
    def identity(self) -> str:
        """Id of the record, and stem of its image files."""
        return self.key[:16]

    @property
    def before_name(self) -> str:
        """Stem of the image before, which all edits of a source share."""
        return f"{self.digest[:16]}_before"

    def candidate_name(self, index: int) -> str:
        """Stem of a candidate's image."""
        return f"{self.identity}_{index}"

    def to_dict(self) -> dict[str, Any]:
        """As a line of the plan's file; the path of the source is left out, for data sets travel."""
        values = asdict(self)
        del values["path"]
        return values


def item_from_dict(values: Mapping[str, Any]) -> WorkItem:
    """A `WorkItem` from what `to_dict` gave, without the path of its source."""
    rest = {key: values[key] for key in ("key", "name", "digest", "width", "height")}
    return WorkItem(
        path="",
        instruction=Instruction(**values["instruction"]),
        candidates=tuple(CandidatePlan(**one) for one in values["candidates"]),
        **rest,
    )


def content_key(content: Any) -> str:
    """Hash of a JSON value."""
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogateescape")
    ).hexdigest()


def seed_of(key: str, index: int) -> int:
    """Seed of a candidate, from the key of its edit."""
    digest = hashlib.blake2b(f"{key}/{index}".encode("utf-8", "surrogateescape"), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1  # below 2**31, which every generator takes


def make_batches(items: Sequence[WorkItem], size: int) -> list[list[WorkItem]]:
    """Cuts the plan into batches of one image size, full but for the last of each, in the plan's order.

    Edits that change nothing have batches of their own: they go another way through the editor.
    """
    alike: dict[tuple[int, int, bool], list[WorkItem]] = {}
    for item in items:
        alike.setdefault((item.width, item.height, item.keeps), []).append(item)
    return [group[start : start + size] for group in alike.values() for start in range(0, len(group), size)]


def spread(items: Sequence[WorkItem], count: int | None) -> list[WorkItem]:
    """At most `count` edits, spread over the images: the first of each, then the second of each, and so on.

    More of them are more of the same; the order of the plan stays.
    """
    seen: Counter[str] = Counter()
    ranks = []
    for item in items:
        ranks.append(seen[item.digest])
        seen[item.digest] += 1
    chosen = sorted(range(len(items)), key=lambda index: (ranks[index], index))[:count]
    return [items[index] for index in sorted(chosen)]


def is_drawn(key: str, share: float) -> bool:
    """Whether something with this key is among a share of all, the same every time."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def write_plan(path: Path, items: Iterable[WorkItem]) -> None:
    """Write the plan beside the journal, for filtering again without the source images."""
    with atomic_write(path) as handle:
        handle.writelines(json.dumps(item.to_dict(), ensure_ascii=False) + "\n" for item in items)


def read_plan(path: Path) -> list[WorkItem]:
    """The plan that `write_plan` wrote."""
    return [item_from_dict(json.loads(line)) for line in path.read_text(encoding="utf-8").split("\n") if line]
