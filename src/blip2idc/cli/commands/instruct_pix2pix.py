"""`blip2idc synthesize instruct-pix2pix`: images and instructions become edited pairs.

In: photographs or a data set, settings. Out: a data set, the path of its manifest on stdout; progress, a table of what
became of all candidates and a sentence for each kind of failure on stderr.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blip2idc.cli.options import NULL, Config, MaxPixels, Settings, overrides
from blip2idc.cli.output import note, print_rows, say, stage_bars, warn
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.synthesis.pipeline.recipe import SynthesisConfig
    from blip2idc.synthesis.pipeline.report import SynthesisReport
    from blip2idc.synthesis.pipeline.run import Synthesis

EXIT_FAULTS = 2

#: What `--instructions` names beside a file.
SOURCES = ("templates", "records", "language-model")


Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the data set; an earlier run goes on.")
]
Images = Annotated[Path | None, typer.Option(help="Folder of photographs, with its subfolders.")]
Data = Annotated[
    Path | None,
    typer.Option(help="Instead: a data set; its images before, its captions as instructions."),
]
Split = Annotated[str | None, typer.Option(help="Of the data set: train, val or test.")]
Captions = Annotated[
    Path | None,
    typer.Option(help="What the photographs show: JSONL with file_name and text, or COCO captions."),
]
Instructions = Annotated[
    str | None,
    typer.Option(
        help="Where instructions come from: templates (default), records (default with --data), language-model, "
        "or a file: TXT, JSONL, JSON, CSV."
    ),
]
PerImage = Annotated[int | None, typer.Option(help="Instructions an image, at most.")]
Count = Annotated[
    int | None,
    typer.Option("--count", "-n", help="Edits to try, at most, spread over the images; default: all."),
]
NoChangeShare = Annotated[
    float | None, typer.Option(help="Share of edits that change nothing, at most one an image; default: 0.")
]
Editor = Annotated[
    str | None,
    typer.Option(
        help="instruct-pix2pix (default), another editor that diffusers has, or edits: without weights."
    ),
]
Model = Annotated[
    str | None, typer.Option("--model", help="The editor's weights: hub id or folder; default: its own.")
]
Clip = Annotated[
    str | None, typer.Option(help="CLIP that measures similarity: hub id or folder; none: pixels alone.")
]
LanguageModel = Annotated[
    str | None, typer.Option(help="For --instructions language-model: hub id or folder.")
]
Seed = Annotated[int | None, typer.Option(help="Of the noise and of what is drawn.")]
BatchSize = Annotated[int | None, typer.Option(help="Images that go through the editor together.")]
Refilter = Annotated[
    bool,
    typer.Option(
        "--refilter", help="Choose anew among what is there, by the filters given; generate nothing."
    ),
]
Ray = Annotated[
    str | None, typer.Option(help="Run on Ray: local, or the address of a cluster.", metavar="ADDRESS")
]
Workers = Annotated[
    int | None,
    typer.Option(help="Editors at work at a time; more than one are on Ray, here unless --ray is given."),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 2 where anything failed.")]


def instruct_pix2pix(
    output: Output,
    images: Images = None,
    data: Data = None,
    split: Split = None,
    captions: Captions = None,
    instructions: Instructions = None,
    per_image: PerImage = None,
    count: Count = None,
    no_change_share: NoChangeShare = None,
    editor: Editor = None,
    model: Model = None,
    clip: Clip = None,
    language_model: LanguageModel = None,
    seed: Seed = None,
    batch_size: BatchSize = None,
    max_pixels: MaxPixels = None,
    config: Config = None,
    settings: Settings = None,
    refilter: Refilter = False,
    ray: Ray = None,
    workers: Workers = None,
    strict: Strict = False,
) -> None:
    """Photographs edited by InstructPix2Pix or another instruction-following editor, filtered by CLIP.

    What is done is kept; an interrupted run goes on. Needs the extra [synthesis], with --ray also [ray].
    """
    from blip2idc.config import load_config
    from blip2idc.synthesis.pipeline.recipe import SynthesisConfig

    given = {
        "instructions.per_image": per_image,
        "count": count,
        "no_change_share": no_change_share,
        "editor.name": editor,
        "editor.model": model,
        "clip": NULL if clip == "none" else None,
        "clip.model": None if clip == "none" else clip,
        "clip.revision": None if clip in (None, "none") else NULL,
        "instructions.language_model.model": language_model,
        "seed": seed,
        "batch_size": batch_size,
        "max_pixels": max_pixels,
        **_instruction_source(instructions, with_data=data is not None),
    }
    chosen = load_config(SynthesisConfig, config, overrides(given, settings))
    made = (
        _refiltered(output, chosen)
        if refilter
        else _made(output, chosen, images, data, split, captions, ray, workers)
    )
    _tell(made.report)
    note(f"what came out, with pictures and numbers: {made.page}")
    say(str(made.manifest))
    if strict and made.report.faults:
        raise typer.Exit(EXIT_FAULTS)


def _instruction_source(named: str | None, *, with_data: bool) -> dict[str, str]:
    """The settings that `--instructions` stands for."""
    if named is None:
        return {"instructions.source": "records"} if with_data else {}
    if named in SOURCES:
        return {"instructions.source": named}
    if not Path(named).is_file():
        raise ConfigError(f"--instructions is {named!r}; expected {', '.join(SOURCES)}, or a file")
    return {"instructions.source": "file", "instructions.file": named}


def _made(
    output: Path,
    config: SynthesisConfig,
    images: Path | None,
    data: Path | None,
    split: str | None,
    captions: Path | None,
    ray: str | None,
    workers: int | None,
) -> Synthesis:
    from blip2idc.synthesis.pipeline.run import synthesize
    from blip2idc.synthesis.pipeline.sources import read_sources

    sources = read_sources(images, data, split=split, captions=captions, max_pixels=config.max_pixels)
    with stage_bars() as progress:
        return synthesize(sources, output, config, ray=ray, workers=workers, progress=progress)


def _refiltered(output: Path, config: SynthesisConfig) -> Synthesis:
    from blip2idc.synthesis.pipeline.run import refilter

    return refilter(output, config.filters)


def _tell(report: SynthesisReport) -> None:
    """The table and the warnings, on stderr."""
    print_rows(report.rows())
    for warning in report.warnings():
        warn(warning)
