"""``blip2idc compare``: two folders of images, file by file, or two images.

In: two folders. Out: what differs and a summary on stdout, an HTML page, JSON and JUnit XML on request. Exit status:
0 all the same, 1 something changed, was added or removed, 2 a file could not be compared (or wrong use). The model is
loaded when the first pair with differing pixels needs it, and never if none does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.options import (
    Adapter,
    Device,
    Encoding,
    Engine,
    MaxPixels,
    Model,
    choose_captioner,
    pixel_limit,
)
from blip2idc.cli.output import every_output, note, say, write_json, write_text
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.comparison.ignoring import Rule
    from blip2idc.comparison.outcome import Comparison
    from blip2idc.difference import Difference
    from blip2idc.images.heatmap import PairHeatmap
    from blip2idc.images.pair import ImagePair
    from blip2idc.model.pair_captioner import PairCaptioner


_FORMATS = ("auto", "lines", "table", "github")

Before = Annotated[Path, typer.Argument(metavar="DIR_A", help="The earlier folder, references; or an image.")]
After = Annotated[Path, typer.Argument(metavar="DIR_B", help="The later folder, what to check; or an image.")]
Threshold = Annotated[
    float | None,
    typer.Option(help="Change probability from which on a pair is changed; default the model's own."),
]
PixelThreshold = Annotated[
    float,
    typer.Option(help="Share of differing pixels (0 to 1) that is the same without asking the model."),
]
PixelTolerance = Annotated[
    int, typer.Option(help="Largest difference of a colour channel (0 to 255) that does not count.")
]
Judge = Annotated[
    str,
    typer.Option(
        help="Who decides on pairs that differ: pixels (every difference counts, no model is loaded), mixed "
        "(diffuse differences are left to the model) or model."
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="X,Y,W,H", help="Region to leave out, in pixels (may be repeated)."),
]
IgnoreMask = Annotated[
    list[Path] | None,
    typer.Option(metavar="IMAGE", help="Leave out what is not black in this image (may be repeated)."),
]
IgnoreFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Lines 'GLOB X,Y,W,H' or 'GLOB MASK'; default .blip2idc-ignore in DIR_A, where there is one.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="GLOB", help="Leave out files of this name (may be repeated)."),
]
NameMap = Annotated[
    list[str] | None,
    typer.Option(
        metavar="REGEX=REPLACEMENT",
        help="Change names in both folders before they are paired (may be repeated).",
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Diffuse differences are changes too; the model only describes.")
]
AnySize = Annotated[bool, typer.Option("--any-size", help="Let the model judge images of different sizes.")]
Html = Annotated[
    Path | None,
    typer.Option(metavar="PAGE", help="Write a page, and a folder with its pictures beside it."),
]
SelfContained = Annotated[
    bool, typer.Option("--self-contained", help="Put the pictures of --html into the page itself.")
]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all results as JSON.")]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML for a build server.")]
OutputFormat = Annotated[
    str,
    typer.Option(
        "--format",
        help="lines, table, github (annotations of a workflow), or auto: a table on a terminal.",
    ),
]
Approve = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Copy this new image over its reference; a glob too (may be repeated)."
    ),
]
ApproveAll = Annotated[
    bool, typer.Option("--approve-all", help="Copy every changed and added image over the references.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="compare", short_help="Compare two folders of images, for visual testing.")(
        compare_command
    )


def compare_command(
    before: Before,
    after: After,
    threshold: Threshold = None,
    pixel_threshold: PixelThreshold = 0.0,
    pixel_tolerance: PixelTolerance = 0,
    judge: Judge = "mixed",
    ignore: Ignore = None,
    ignore_mask: IgnoreMask = None,
    ignore_file: IgnoreFile = None,
    exclude: Exclude = None,
    name_map: NameMap = None,
    strict: Strict = False,
    any_size: AnySize = False,
    max_pixels: MaxPixels = None,
    html: Html = None,
    self_contained: SelfContained = False,
    json_file: JsonFile = None,
    junit: Junit = None,
    output_format: OutputFormat = "auto",
    approve: Approve = None,
    approve_all: ApproveAll = False,
    model: Model = None,
    adapter: Adapter = "default",
    encoding: Encoding = None,
    engine: Engine = "auto",
    device: Device = "auto",
) -> None:
    """Compare two folders of images, or two images: names, then decoded values, then the model on what is left.

    What changed in places is a change; diffuse differences (re-encoding, noise, light) are left to the model, and the
    summary counts those that pass. Exit status: 0 the same, 1 changed, 2 an error.
    """
    from blip2idc.comparison.approve import mark_approved
    from blip2idc.comparison.folders import NameRules, parse_mapping
    from blip2idc.comparison.outcome import CompareSettings
    from blip2idc.comparison.run import compare
    from blip2idc.images.pixels import parse_region
    from blip2idc.runs.record import run_record

    limit = pixel_limit(max_pixels)
    settings = CompareSettings(
        threshold,
        pixel_threshold,
        pixel_tolerance,
        tuple(map(parse_region, ignore or ())),
        strict,
        any_size,
        limit,
        judge,  # type: ignore[arg-type]
        tuple(replace(rule, max_pixels=limit) for rule in _rules(before, ignore_mask, ignore_file)),
    )
    if output_format not in _FORMATS:
        raise ConfigError(f"--format is {output_format!r}; expected {', '.join(_FORMATS)}")
    names = NameRules(tuple(exclude or ()), tuple(map(parse_mapping, name_map or ())))
    started, clock = datetime.now(UTC), time.monotonic()
    lazy = _LazyCaptioner(
        model, adapter, encoding, engine, device, close={"max_changes": 0} if judge == "model" else {}
    )
    comparison = compare(before, after, settings, lazy.describe, names=names)
    comparison = replace(comparison, run=run_record(**lazy.facts))
    if approve or approve_all:
        comparison = mark_approved(comparison, ["*"] if approve_all else approve or [])
    with every_output() as attempt:
        if html is not None:  # before the references become the new images
            attempt(_write_page, html, comparison, lazy, self_contained)
        _approve_and_write(comparison, attempt, json_file, junit, started, time.monotonic() - clock)
        _print(comparison, output_format)
    raise typer.Exit(comparison.exit_status)


def _write_page(page: Path, comparison: Comparison, lazy: _LazyCaptioner, self_contained: bool) -> None:
    from blip2idc.report.html.compare_page import write_compare_page

    write_compare_page(page, comparison, lazy.heatmaps(comparison), self_contained=self_contained)


def _approve_and_write(
    comparison: Comparison,
    attempt: Callable[..., bool],
    json_file: Path | None,
    junit: Path | None,
    started: datetime,
    seconds: float,
) -> None:
    """Copy what was approved over its references, then write the files for programs."""
    from blip2idc.comparison.approve import copy_approved
    from blip2idc.report.junit import junit_xml

    for reference in copy_approved(comparison):
        say(f"approved {reference}")
    if json_file is not None:
        attempt(write_json, json_file, comparison.to_dict())
    if junit is not None:
        attempt(write_text, junit, junit_xml(comparison, started, seconds))


def _print(comparison: Comparison, output_format: str) -> None:
    """Notes, what is not the same, and the summary."""
    from blip2idc.comparison.folders import left_out_in_words

    for sentence in (*comparison.notes, left_out_in_words(comparison.left_out)):
        if sentence:
            note(sentence)
    _print_entries(comparison, output_format)
    say(comparison.summary())


def _print_entries(comparison: Comparison, output_format: str) -> None:
    """What is not the same, as it was asked for, on stdout."""
    if output_format == "github":
        from blip2idc.report.annotations import github_annotations

        for line in github_annotations(comparison):
            say(line)
    elif output_format == "table" or (output_format == "auto" and sys.stdout.isatty()):
        from blip2idc.report.terminal import print_table

        print_table(comparison)
    else:
        from blip2idc.comparison.words import describe_entry

        for entry in comparison.entries:
            if entry.status != "same" or entry.pixels_differ:
                say(describe_entry(entry))


def _rules(before: Path, masks: list[Path] | None, file: Path | None) -> tuple[Rule, ...]:
    """What `--ignore-mask`, `--ignore-file` and the file beside the references ask to leave out."""
    from blip2idc.comparison.ignoring import RULES_FILE, Rule, read_rules

    rules = tuple(Rule(mask, source=f"--ignore-mask {mask}") for mask in masks or ())
    beside = before / RULES_FILE
    if file is None and beside.is_file():
        file = beside
    return rules if file is None else (*rules, *read_rules(file))


@dataclass
class _LazyCaptioner:
    """A captioner that is loaded when it is first asked."""

    model: str | None
    adapter: str
    encoding: Any
    engine: str
    device: str
    close: Mapping[str, int] = field(
        default_factory=dict
    )  # what was measured does not speak where the model judges
    facts: Mapping[str, Any] = field(default_factory=dict)
    _captioner: PairCaptioner | None = None

    def captioner(self) -> PairCaptioner:
        if self._captioner is None:
            self._captioner = choose_captioner(
                self.model,
                self.adapter,
                engine=self.engine,
                encoding=self.encoding,
                device=self.device,
            )
            self.facts = self._captioner.describe()
        return self._captioner

    def describe(self, pairs: Iterable[ImagePair]) -> Iterator[Difference]:
        """Caption pairs; see `blip2idc.comparison.run.Describe`."""
        yield from self.captioner().stream(pairs, **self.close)

    def heatmaps(self, comparison: Comparison) -> dict[str, PairHeatmap]:
        """Where the captioner looked, for every changed pair; none where none was asked, or none can show it."""
        from blip2idc.comparison.run import open_entry

        changed = [entry for entry in comparison.entries if entry.status == "changed" and entry.difference]
        if not changed or not self.captioner().shows_heatmaps:
            return {}
        pairs = (open_entry(entry, comparison.settings) for entry in changed)
        explained = self.captioner().explain_stream(pairs, words=False)
        return {entry.name: found.sentence for entry, found in zip(changed, explained, strict=True)}
