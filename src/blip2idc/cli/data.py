"""``blip2idc import``: the official files of a benchmark become a data set in this package's own format.

In: a benchmark's name and folder. Out: ``metadata.jsonl`` and images a split; a summary on stdout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blip2idc.cli.options import MaxPixels, pixel_limit
from blip2idc.cli.output import say, warn


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="import", short_help="Turn a benchmark's official files into a data set.")(
        import_command
    )


def import_command(
    benchmark: Annotated[
        str,
        typer.Argument(
            metavar="BENCHMARK",
            help="clevr-change, clevr-dc, spot-the-diff, image-editing-request, emu-edit, magicbrush, "
            "instruct-pix2pix, syned, levir-cc or birds-to-words.",
        ),
    ],
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder of the benchmark's official files.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DATASET", help="Folder to write.")],
    annotations_only: Annotated[
        bool, typer.Option("--annotations-only", help="Record the images' names, do not ask for the files.")
    ] = False,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="Only this split: train, val or test (may be repeated)."),
    ] = None,
    protocol: Annotated[
        str, typer.Option("--protocol", help="Spot-the-Diff: single (each sentence) or multi (joined).")
    ] = "single",
    empty_references: Annotated[
        str, typer.Option("--empty-references", help="References without a word: keep or drop.")
    ] = "keep",
    holdout: Annotated[
        float, typer.Option("--holdout", help="InstructPix2Pix: share set aside as val, and again as test.")
    ] = 0.0,
    copy: Annotated[bool, typer.Option("--copy", help="Copy images instead of hard-linking them.")] = False,
    max_pixels: MaxPixels = None,
    heads_only: Annotated[
        bool,
        typer.Option(
            "--heads-only",
            help="Look at the head of each image alone, not whether it is whole: faster.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the manifests of an earlier import.")
    ] = False,
    follow_links: Annotated[
        bool,
        typer.Option("--follow-links", help="Take images that a symbolic link in SOURCE leads to elsewhere."),
    ] = False,
) -> None:
    """Turn a benchmark's official files into a data set that every other command reads."""
    from blip2idc.data.readers.benchmark import ReadOptions
    from blip2idc.data.readers.importing import import_benchmark

    options = ReadOptions(
        splits=tuple(split or ()),
        protocol=protocol,  # type: ignore[arg-type]  # checked in ReadOptions
        empty_references=empty_references,  # type: ignore[arg-type]
        holdout=holdout,
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
    )
    for warning in report.warnings:
        warn(warning)
    for line in report.lines():
        say(line)
