"""``blip2idc import``: the official files of a benchmark become a data set in this package's own format.

In: a benchmark's name and folder. Out: ``metadata.jsonl`` and images a split; a summary on stdout.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blip2idc.cli.options import MaxPixels, pixel_limit
from blip2idc.cli.output import say, warn
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.data.readers.benchmark import TableColumns

Benchmark = Annotated[
    str,
    typer.Argument(
        metavar="BENCHMARK",
        help="clevr-change, clevr-dc, spot-the-diff, image-editing-request, emu-edit, magicbrush, "
        "instruct-pix2pix, syned, levir-cc, birds-to-words; or table for your own.",
    ),
]
Source = Annotated[
    Path,
    typer.Argument(metavar="SOURCE", help="Folder of the benchmark's official files, or your table."),
]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="DATASET", help="Folder to write.")]
Before = Annotated[
    str | None, typer.Option("--before", metavar="COLUMN", help="table: column of the images before.")
]
After = Annotated[
    str | None, typer.Option("--after", metavar="COLUMN", help="table: column of the images after.")
]
Caption = Annotated[
    list[str] | None,
    typer.Option("--caption", metavar="COLUMN", help="table: column of captions (may be repeated)."),
]
Identity = Annotated[
    str | None, typer.Option("--id", metavar="COLUMN", help="table: column of ids; numbered without.")
]
SplitColumn = Annotated[
    str | None, typer.Option("--split-column", metavar="COLUMN", help="table: column of splits.")
]
Images = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="table: where the images lie; default beside it.")
]
AnnotationsOnly = Annotated[
    bool, typer.Option("--annotations-only", help="Record the images' names, do not ask for the files.")
]
Split = Annotated[
    list[str] | None,
    typer.Option("--split", help="Only this split: train, val or test (may be repeated)."),
]
Protocol = Annotated[
    str, typer.Option("--protocol", help="Spot-the-Diff: single (each sentence) or multi (joined).")
]
EmptyReferences = Annotated[
    str, typer.Option("--empty-references", help="References without a word: keep or drop.")
]
Holdout = Annotated[
    float, typer.Option("--holdout", help="InstructPix2Pix: share set aside as val, and again as test.")
]
Copy = Annotated[bool, typer.Option("--copy", help="Copy images instead of hard-linking them.")]
HeadsOnly = Annotated[
    bool,
    typer.Option(
        "--heads-only",
        help="Look at the head of each image alone, not whether it is whole: faster.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the manifests of an earlier import.")]
FollowLinks = Annotated[
    bool,
    typer.Option("--follow-links", help="Take files that a symbolic link in SOURCE leads to elsewhere."),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Refuse a source whose flags, captions and images contradict one another."),
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="import", short_help="Turn a benchmark's official files into a data set.")(
        import_command
    )


def import_command(
    benchmark: Benchmark,
    source: Source,
    output: Output,
    before: Before = None,
    after: After = None,
    caption: Caption = None,
    identity: Identity = None,
    split_column: SplitColumn = None,
    images: Images = None,
    annotations_only: AnnotationsOnly = False,
    split: Split = None,
    protocol: Protocol = "single",
    empty_references: EmptyReferences = "keep",
    holdout: Holdout = 0.0,
    copy: Copy = False,
    max_pixels: MaxPixels = None,
    heads_only: HeadsOnly = False,
    overwrite: Overwrite = False,
    follow_links: FollowLinks = False,
    strict: Strict = False,
) -> None:
    """Turn a benchmark's official files into a data set that every other command reads."""
    from blip2idc.data.importing.run import import_benchmark
    from blip2idc.data.readers.benchmark import ReadOptions

    options = ReadOptions(
        splits=tuple(split or ()),
        protocol=protocol,  # type: ignore[arg-type]  # checked in ReadOptions
        empty_references=empty_references,  # type: ignore[arg-type]
        holdout=holdout,
        columns=_columns(benchmark, before, after, caption or [], identity, split_column, images),
    )
    report = import_benchmark(
        benchmark,
        source,
        output,
        options,
        annotations_only=annotations_only,
        copy=copy,
        overwrite=overwrite,
        follow_links=follow_links,
        max_pixels=pixel_limit(max_pixels),
        heads_only=heads_only,
        strict=strict,
    )
    for warning in report.warnings:
        warn(warning)
    for line in report.lines():
        say(line)


def _columns(
    benchmark: str,
    before: str | None,
    after: str | None,
    captions: list[str],
    identity: str | None,
    split: str | None,
    images: Path | None,
) -> TableColumns | None:
    """The columns of somebody's own table.

    Raises:
        ConfigError: One that is needed was not named, or the source is a benchmark, whose columns are known.
    """
    from blip2idc.data.readers.benchmark import TableColumns

    named = {"--before": before, "--after": after, "--caption": captions}
    if benchmark != "table":
        others = {**named, "--id": identity, "--split-column": split, "--images": images}
        given = [option for option, value in others.items() if value]
        if given:
            raise ConfigError(
                f"{given[0]} is for `import table`; the files of {benchmark} are read as they are"
            )
        return None
    if before is None or after is None or not captions:
        missing = ", ".join(f"{option} COLUMN" for option, value in named.items() if not value)
        raise ConfigError(f"import table needs {missing}: what the columns of your table are called")
    return TableColumns(before, after, tuple(captions), identity, split, images)
