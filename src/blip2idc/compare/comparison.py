"""The comparison of two folders: every file's verdict, the counts, and the exit status they lead to.

In: two folders, thresholds, and a function that captions the pairs that are left. Out: a `Comparison`, which the
command prints and the pages, the JSON file and the JUnit file tell again. No torch: the function is handed in, and is
called only where pixels differ, so that two equal folders are compared without any model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from blip2idc.compare.folders import FolderPairs, pair_folders
from blip2idc.difference import Difference
from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.pair import MAX_PIXELS, ImagePair
from blip2idc.images.pixels import (
    PixelDifference,
    Region,
    open_masked,
    pixel_difference,
)

Status = Literal["same", "changed", "added", "removed", "error"]
STATUSES: tuple[Status, ...] = ("same", "changed", "added", "removed", "error")
EXIT_SAME, EXIT_CHANGED, EXIT_ERROR = 0, 1, 2
_OPENERS = 4  # threads that decode; decoding releases Python's lock


Describe = Callable[[Iterable[ImagePair]], Iterator[Difference]]
"""Captions opened pairs, in their order, reading them as it goes."""


@dataclass(frozen=True)
class CompareSettings:
    """When a pair counts as changed.

    Attributes:
        threshold: Change probability from which on a pair is changed; None for the captioner's own.
        pixel_threshold: Share of differing pixels (0 to 1) up to which a pair is the same without asking the model.
        pixel_tolerance: Largest difference of a colour channel that does not count as a difference.
        ignore: Regions in which differences do not count.
        strict: Whether a pair with more differing pixels than `pixel_threshold` is changed whatever the model says.
        any_size: Whether images of different sizes are left to the model; they are changed otherwise.
        max_pixels: Limit for each image.

    Raises:
        ConfigError: A number is outside its range.
    """

    threshold: float | None = None
    pixel_threshold: float = 0.0
    pixel_tolerance: int = 0
    ignore: tuple[Region, ...] = ()
    strict: bool = False
    any_size: bool = False
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        for name, top in (("threshold", 1), ("pixel_threshold", 1), ("pixel_tolerance", 255)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= top:
                raise ConfigError(f"--{name.replace('_', '-')} is {value}; expected 0 to {top}")


@dataclass(frozen=True)
class Entry:
    """One file name and what became of it.

    Attributes:
        name: Relative to both folders.
        status: One of `STATUSES`.
        reason: Why, in a few words.
        pixels: How the pixels differ; None for files that are in one folder only, and for errors.
        difference: What the captioner said; None where it was not asked.
    """

    name: str
    status: Status
    reason: str
    pixels: PixelDifference | None = None
    difference: Difference | None = None

    @property
    def caption(self) -> str | None:
        """The sentence of the captioner; None where it was not asked."""
        return self.difference.caption if self.difference else None

    @property
    def change_probability(self) -> float | None:
        """What the captioner gives to a change; None where it was not asked."""
        return self.difference.change_probability if self.difference else None

    @property
    def pixels_differ(self) -> bool:
        """Whether at least one pixel differs."""
        return self.pixels is not None and not self.pixels.identical

    def to_dict(self) -> dict[str, Any]:
        """The entry as the JSON file has it."""
        pixels = self.pixels
        return {
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "caption": self.caption,
            "change_probability": self.change_probability,
            "changed_pixels": pixels.changed_pixels if pixels else None,
            "changed_pixels_share": pixels.share if pixels else None,
            "changed_pixels_box": list(pixels.box) if pixels and pixels.box else None,
            "same_dimensions": pixels.same_size if pixels else None,
            "before_size": list(pixels.before_size) if pixels else None,
            "after_size": list(pixels.after_size) if pixels else None,
        }


@dataclass(frozen=True)
class Comparison:
    """Two folders compared.

    Attributes:
        before: The first folder.
        after: The second.
        entries: One a file name, sorted by name.
        settings: What was asked for.
        run: The run record, model and adapter included where a model was loaded.
    """

    before: Path
    after: Path
    entries: tuple[Entry, ...]
    settings: CompareSettings
    run: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Status, int]:
        """How many entries have each status."""
        found = Counter(entry.status for entry in self.entries)
        return {status: found[status] for status in STATUSES}

    @property
    def unseen(self) -> int:
        """Entries that count as the same although pixels differ."""
        return sum(entry.status == "same" and entry.pixels_differ for entry in self.entries)

    @property
    def exit_status(self) -> int:
        """2 where an entry is an error, else 1 where one is changed, added or removed, else 0."""
        counts = self.counts
        if counts["error"]:
            return EXIT_ERROR
        return EXIT_SAME if counts["same"] == len(self.entries) else EXIT_CHANGED

    def summary(self) -> str:
        """How many of each, in one line."""
        counts = self.counts
        same = f"{counts['same']} same"
        if self.unseen:
            same += f" ({self.unseen} of them differ in pixels)"
        rest = (
            f"{counts['changed']} changed",
            f"{counts['added']} added",
            f"{counts['removed']} removed",
            f"{counts['error']} error" + ("" if counts["error"] == 1 else "s"),
        )
        files = "1 file" if len(self.entries) == 1 else f"{len(self.entries)} files"
        return f"{files}: " + ", ".join((same, *rest))

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "before": str(self.before),
            "after": str(self.after),
            "summary": {
                "files": len(self.entries),
                **self.counts,
                "same_but_pixels_differ": self.unseen,
                "exit_status": self.exit_status,
            },
            "settings": asdict(self.settings),
            "entries": [entry.to_dict() for entry in self.entries],
            "run_record": dict(self.run),
        }


def compare_folders(
    before: Path,
    after: Path,
    settings: CompareSettings,
    describe: Describe,
    run: Mapping[str, Any] | None = None,
) -> Comparison:
    """Compare two folders: names, then pixels, then, for what is left, the captioner.

    Args:
        before: The earlier folder.
        after: The later folder.
        settings: Thresholds.
        describe: Called at most once, and not at all where no pair needs it.
        run: The run record to keep.

    Raises:
        InputError: One of the two is not a folder, or neither holds an image.
    """
    folders = pair_folders(before, after)
    entries = [Entry(name, "added", "only in the second folder") for name in folders.added]
    entries += [Entry(name, "removed", "only in the first folder") for name in folders.removed]
    checked = list(_check_pixels(folders, settings))
    entries += [entry for entry in checked if entry.status != "changed"]
    waiting = [entry for entry in checked if entry.status == "changed"]
    if waiting:
        entries += _ask_model(waiting, folders, settings, describe)
    return Comparison(
        before, after, tuple(sorted(entries, key=lambda entry: entry.name)), settings, run or {}
    )


def _check_pixels(folders: FolderPairs, settings: CompareSettings) -> Iterator[Entry]:
    """One entry a common name; those that pixels alone do not settle are `changed` for now."""
    with ThreadPoolExecutor(_OPENERS) as pool:
        yield from pool.map(partial(_check_one, folders, settings), folders.common)


def _check_one(folders: FolderPairs, settings: CompareSettings, name: str) -> Entry:
    try:
        pixels = pixel_difference(
            *folders.paths(name),
            settings.ignore,
            tolerance=settings.pixel_tolerance,
            max_pixels=settings.max_pixels,
        )
    except ImageError as error:
        return Entry(name, "error", str(error))
    if pixels.identical:
        return Entry(name, "same", "identical pixels", pixels)
    if pixels.same_size and pixels.share <= settings.pixel_threshold:
        return Entry(name, "same", "differing pixels within --pixel-threshold", pixels)
    return Entry(name, "changed", "pixels differ" if pixels.same_size else "sizes differ", pixels)


def _ask_model(
    waiting: Sequence[Entry], folders: FolderPairs, settings: CompareSettings, describe: Describe
) -> Iterator[Entry]:
    """The entries that the pixels left open, with what the captioner says of them."""
    pairs = (
        open_masked(*folders.paths(entry.name), settings.ignore, max_pixels=settings.max_pixels)
        for entry in waiting
    )
    for entry, difference in zip(waiting, describe(pairs), strict=True):
        yield _judged(replace(entry, difference=difference), difference, settings)


def _judged(said: Entry, difference: Difference, settings: CompareSettings) -> Entry:
    """The verdict of the captioner, and of the settings over it, on a pair whose pixels differ."""
    threshold = settings.threshold
    if difference.changed if threshold is None else difference.change_probability >= threshold:
        return replace(said, status="changed", reason="the model finds a change")
    if said.pixels is not None and not said.pixels.same_size and not settings.any_size:
        return replace(said, status="changed", reason="the sizes differ; --any-size leaves this to the model")
    if settings.strict:
        return replace(said, status="changed", reason="pixels differ, and --strict asks for no more")
    return replace(said, status="same", reason="pixels differ, the model finds no change")


def describe_entry(entry: Entry) -> str:
    """One entry as one line: status, name, and the measurements there are."""
    parts = [entry.caption or entry.reason]
    if entry.change_probability is not None:
        parts.append(f"probability of change {entry.change_probability:.0%}")
    if entry.pixels is not None and entry.pixels_differ:
        parts.append(pixels_in_words(entry.pixels))
    return f"{entry.status:<8} {entry.name}: {'; '.join(parts)}"


def pixels_in_words(pixels: PixelDifference) -> str:
    """Mismatch in percent and dimensions, as reports print them."""
    before, after = ("x".join(str(side) for side in size) for size in (pixels.before_size, pixels.after_size))
    dimensions = f"both {before}" if before == after else f"{before} before, {after} after"
    return f"{100 * pixels.share:.2f} % of pixels differ ({dimensions})"
