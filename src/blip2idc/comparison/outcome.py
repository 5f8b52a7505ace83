"""What comparing two folders found: every file's verdict, the counts, and the exit status they lead to.

Plain data, which the command prints and the pages, the JSON file and the JUnit file tell again; `run` makes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from blip2idc.comparison.ignoring import Rule
from blip2idc.comparison.measure import Measurement
from blip2idc.difference import Change, Difference
from blip2idc.errors import ConfigError, utf8
from blip2idc.images.changes import MeasuredChange
from blip2idc.images.pair import MAX_PIXELS
from blip2idc.images.pixels import PixelDifference, Region

Status = Literal["same", "changed", "added", "removed", "error"]
STATUSES: tuple[Status, ...] = ("same", "changed", "added", "removed", "error")
Judge = Literal["pixels", "mixed", "model"]
JUDGES: tuple[Judge, ...] = ("pixels", "mixed", "model")
EXIT_SAME, EXIT_CHANGED, EXIT_ERROR = 0, 1, 2


@dataclass(frozen=True)
class CompareSettings:
    """When a pair counts as changed.

    Example::

        settings = CompareSettings(judge="pixels", pixel_tolerance=2, ignore=((0, 0, 200, 40),))  # no model is loaded
        compare(Path("before"), Path("after"), settings, DifferenceCaptioner.from_pretrained().stream).exit_status

    Attributes:
        threshold: Change probability from which on a pair is changed; None for the captioner's own.
        pixel_threshold: Share of differing pixels (0 to 1) up to which a pair is the same without asking the model.
        pixel_tolerance: Largest difference of a channel that does not count, in 255ths of the range of values.
        ignore: Regions in which differences do not count, in every pair.
        strict: Whether diffuse differences are changes too, whatever the model says.
        any_size: Whether images of different sizes are left to the model; they are changed otherwise.
        max_pixels: Limit for each image.
        judge: Who decides on pairs that differ. ``pixels``: every difference is a change, the model is not asked.
            ``mixed``: what changed in places is a change, diffuse differences are left to the model. ``model``: all
            of them are left to the model.
        rules: Further places that do not count: of mask images and of a file beside the references.

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
    judge: Judge = "mixed"
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        for name, top in (("threshold", 1), ("pixel_threshold", 1), ("pixel_tolerance", 255)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= top:
                raise ConfigError(f"--{name.replace('_', '-')} is {value}; expected 0 to {top}")
        if self.judge not in JUDGES:
            raise ConfigError(f"--judge is {self.judge!r}; expected {', '.join(JUDGES)}")

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Everything that does not count."""
        rectangles = (Rule(region, source=f"--ignore {','.join(map(str, region))}") for region in self.ignore)
        return (*rectangles, *self.rules)


@dataclass(frozen=True)
class Entry:
    """One file name and what became of it.

    Attributes:
        name: What both files are called: relative to the folders, normalised and mapped.
        status: One of `STATUSES`.
        reason: Why, in one sentence.
        measured: How the values differ; None for files that are in one folder only, and for errors.
        difference: What the captioner said; None where it was not asked.
        model_changed: Whether the captioner, by the threshold in force, finds a change; None where it was not asked.
        files: The file of each folder that has it.
        approved: Whether the new image became the reference.
    """

    name: str
    status: Status
    reason: str
    measured: Measurement | None = None
    difference: Difference | None = None
    model_changed: bool | None = None
    files: tuple[Path | None, Path | None] = (None, None)
    approved: bool = False

    @property
    def pixels(self) -> PixelDifference | None:
        """How many values differ; None where nothing was measured."""
        return self.measured.pixels if self.measured else None

    @property
    def caption(self) -> str | None:
        """The sentence of the captioner; None where it was not asked."""
        return self.difference.caption if self.difference else None

    @property
    def change_probability(self) -> float | None:
        """What the captioner gives to a change; None where it was not asked."""
        return self.difference.change_probability if self.difference else None

    @property
    def changes(self) -> tuple[Change, ...]:
        """The places that changed: as the captioner tells them, then those that only the measurement found."""
        told = self.difference.changes if self.difference else ()
        measured = self.measured.changes if self.measured else ()
        rest = (
            Change(
                change.before_box,
                change.after_box,
                "region",
                change.sentence,
                1.0,
                change.facts,
                change.before_text,
                change.after_text,
            )
            for change in measured
            if not any(_meet(change, other) for other in told)
        )
        return (*told, *rest)

    @property
    def pixels_differ(self) -> bool:
        """Whether at least one pixel differs, or the files do in another way."""
        return self.measured is not None and self.measured.differs

    def to_dict(self) -> dict[str, Any]:
        """The entry as the JSON file has it."""
        pixels, measured = self.pixels, self.measured
        return {
            "name": utf8(self.name),
            "status": self.status,
            "reason": self.reason,
            "before": utf8(str(self.files[0])) if self.files[0] else None,
            "after": utf8(str(self.files[1])) if self.files[1] else None,
            "caption": self.caption,
            "change_probability": self.change_probability,
            "changed_pixels": pixels.changed_pixels if pixels else None,
            "changed_pixels_share": pixels.share if pixels else None,
            "changed_pixels_box": list(pixels.box) if pixels and pixels.box else None,
            "largest_difference": _finite(pixels.largest) if pixels else None,
            "same_dimensions": pixels.same_size if pixels else None,
            "before_size": list(pixels.before_size) if pixels else None,
            "after_size": list(pixels.after_size) if pixels else None,
            "judgement": measured.judgement if measured else None,
            "noise": list(measured.noise) if measured else None,
            "notes": list(measured.notes) if measured else None,
            "part": (measured.part or None) if measured else None,
            "alignment": measured.alignment.kind if measured and measured.alignment else None,
            "changes": [change.to_dict() for change in self.changes],
            "approved": self.approved,
        }


@dataclass(frozen=True)
class Comparison:
    """Two folders compared.

    Attributes:
        before: The first folder, or file.
        after: The second.
        entries: One a file name, sorted by name.
        settings: What was asked for.
        run: The run record, model and adapter included where a model was loaded.
        left_out: How many files were not compared, by suffix, hidden or excluded.
        notes: What else is to be told: links not followed, rules without a picture.
    """

    before: Path
    after: Path
    entries: tuple[Entry, ...]
    settings: CompareSettings
    run: Mapping[str, Any] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

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
    def approved(self) -> int:
        """Entries whose new image became the reference."""
        return sum(entry.approved for entry in self.entries)

    @property
    def exit_status(self) -> int:
        """2 where an entry is an error, else 1 where one is changed, added or removed and not approved, else 0."""
        if self.counts["error"]:
            return EXIT_ERROR
        settled = sum(entry.status == "same" or entry.approved for entry in self.entries)
        return EXIT_SAME if settled == len(self.entries) else EXIT_CHANGED

    def summary(self) -> str:
        """How many of each, in one line."""
        counts = self.counts
        same = f"{counts['same']} same"
        if self.unseen:
            same += f" ({self.unseen} of them differ in pixels)"
        rest = [
            f"{counts['changed']} changed",
            f"{counts['added']} added",
            f"{counts['removed']} removed",
            f"{counts['error']} error" + ("" if counts["error"] == 1 else "s"),
        ]
        if self.approved:
            rest.append(f"{self.approved} approved")
        files = "1 file" if len(self.entries) == 1 else f"{len(self.entries)} files"
        return f"{files}: " + ", ".join((same, *rest))

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        settings = asdict(self.settings)
        settings["rules"] = [
            {"pattern": rule.pattern, "place": str(rule.place), "source": rule.source}
            for rule in self.settings.rules
        ]
        return {
            "before": utf8(str(self.before)),
            "after": utf8(str(self.after)),
            "summary": {
                "files": len(self.entries),
                **self.counts,
                "same_but_pixels_differ": self.unseen,
                "approved": self.approved,
                "exit_status": self.exit_status,
            },
            "settings": settings,
            "entries": [entry.to_dict() for entry in self.entries],
            "not_compared": dict(self.left_out),
            "notes": [utf8(note) for note in self.notes],
            "run_record": dict(self.run),
        }


def _finite(value: float) -> float | None:
    """A number that JSON has; None for what is infinitely far."""
    return value if abs(value) < float("inf") else None


def _meet(measured: MeasuredChange, told: Change) -> bool:
    """Whether a change that was told lies where one was measured."""
    for one, other in ((measured.before_box, told.before_box), (measured.after_box, told.after_box)):
        if one and other:
            across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
            down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
            if across > 0 and down > 0:
                return True
    return False
