"""`blip2idc caption`: say what changed, for one pair or for a data set.

In: two images, or a data set with `--data`. Out: one line (or with `--json` one object) on stdout; or a
predictions file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.difference import Difference
    from blip2idc.images.joint import JointLayout
    from blip2idc.model.captioner import DifferenceCaptioner

Model = Annotated[
    str | None,
    typer.Option(
        "--model", help="BLIP-2 backbone: hub id or folder; the tiny model in the package by default."
    ),
]
Adapter = Annotated[
    str,
    typer.Option(
        "--adapter", help="Folder or hub id; for the tiny model: default, scenes, edits; 'none' for none."
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="DIRECTION[:WxH]",
        help="Joint image: vertical or horizontal, and its size; the model's own by default.",
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
Dtype = Annotated[str, typer.Option("--dtype", help="auto, float32, bfloat16 or float16.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="caption")(caption)


def caption(
    before: Annotated[Path | None, typer.Argument(help="Image before.", show_default=False)] = None,
    after: Annotated[Path | None, typer.Argument(help="Image after.", show_default=False)] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data set to caption instead of one pair.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Predictions file of --data: .json or .jsonl.")
    ] = None,
    split: Annotated[str | None, typer.Option("--split", help="train, val or test of --data.")] = None,
    model: Model = None,
    adapter: Adapter = "default",
    layout: Layout = None,
    num_beams: Annotated[
        int | None, typer.Option("--beams", help="Beams of the search; 1 is greedy.")
    ] = None,
    batch_size: Annotated[int, typer.Option("--batch-size", help="Pairs at a time, with --data.")] = 32,
    device: Device = "auto",
    dtype: Dtype = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    heatmap: Annotated[
        Path | None, typer.Option("--heatmap", metavar="PNG", help="Picture of where it looked, for a pair.")
    ] = None,
    heatmaps: Annotated[
        Path | None, typer.Option("--heatmaps", metavar="FOLDER", help="Heatmap files, with --data.")
    ] = None,
) -> None:
    """Say in a sentence what changed between two images."""
    check_arguments(before, after, data, output, batch_size)
    check_heatmaps(data, heatmap, heatmaps)
    from blip2idc.model.captioner import DifferenceCaptioner

    captioner = DifferenceCaptioner.from_pretrained(
        model, None if adapter == "none" else adapter, layout=parse_layout(layout), device=device, dtype=dtype
    )
    decoding = {} if num_beams is None else {"num_beams": num_beams}
    if data is not None and output is not None:
        _caption_data(captioner, data, split, output, batch_size, decoding)
        if heatmaps is not None:
            _write_heatmaps(captioner, data, split, heatmaps, decoding)
    elif before is not None and after is not None:
        _caption_pair(captioner, before, after, as_json, decoding, heatmap)


def check_arguments(
    before: Path | None, after: Path | None, data: Path | None, output: Path | None, batch_size: int
) -> None:
    """Refuse arguments that do not go together.

    Raises:
        ConfigError: Neither a pair nor a data set was given, or both, or a data set without an output.
    """
    if (data is None) == (before is None):
        raise ConfigError(
            "caption: expected two images, BEFORE and AFTER, or a data set with --data, not both"
        )
    if data is None and after is None:
        raise ConfigError(f"caption: only one image was given ({before}); expected BEFORE and AFTER")
    if (data is None) != (output is None):
        raise ConfigError("caption: --data and --output go together; give the predictions file with --output")
    if batch_size < 1:
        raise ConfigError(f"--batch-size is {batch_size}; expected at least 1")


def check_heatmaps(data: Path | None, heatmap: Path | None, heatmaps: Path | None) -> None:
    """Refuse a picture of a data set and a folder of one pair.

    Raises:
        ConfigError: The option belongs to the other way of calling, or the picture is no PNG file.
    """
    if data is not None and heatmap is not None:
        raise ConfigError("--heatmap shows one pair; with --data give --heatmaps FOLDER")
    if data is None and heatmaps is not None:
        raise ConfigError("--heatmaps is for a data set; for one pair give --heatmap FILE.png")
    if heatmap is not None and heatmap.suffix.lower() != ".png":
        raise ConfigError(f"--heatmap is {heatmap}; expected a file name ending in .png")


def parse_layout(text: str | None) -> JointLayout | None:
    """Read `vertical`, `horizontal:448x224` (width x height of the joint image) and the like.

    Raises:
        ConfigError: It is not of that form.
    """
    if text is None:
        return None
    from blip2idc.images.joint import JointLayout

    match = re.fullmatch(r"(vertical|horizontal)(?::(\d+)x(\d+))?", text)
    if match is None:
        raise ConfigError(
            f"--layout is {text!r}; expected vertical or horizontal, with a size such as vertical:224x448"
        )
    direction: Any = match[1]
    if match[2] is None:
        return JointLayout(direction)
    return JointLayout(direction, height=int(match[3]), width=int(match[2]))


def _caption_pair(
    captioner: DifferenceCaptioner,
    before: Path,
    after: Path,
    as_json: bool,
    decoding: dict[str, Any],
    heatmap: Path | None,
) -> None:
    difference = captioner(before, after, **decoding)
    if heatmap is not None:
        _write_picture(difference, before, after, heatmap)
    if not as_json:
        typer.echo(difference.caption)
        return
    typer.echo(json.dumps({**difference.to_dict(), **captioner.describe()}, ensure_ascii=False))


def _write_picture(difference: Difference, before: Path, after: Path, output: Path) -> None:
    """Both images side by side with the sentence's heatmap on them."""
    from blip2idc.images.heatmap import side_by_side
    from blip2idc.images.pair import ImagePair
    from blip2idc.report.pictures.overlay import painted
    from blip2idc.runs.files import atomic_path

    pictures = painted(ImagePair.open(before, after), difference.heatmaps().sentence)
    with atomic_path(output) as partial:
        side_by_side(*pictures).save(partial, format="PNG")


def _write_heatmaps(
    captioner: DifferenceCaptioner, data: Path, split: str | None, folder: Path, decoding: dict[str, Any]
) -> None:
    from blip2idc.data.records import read_manifest
    from blip2idc.predict.heatmaps import write_heatmaps

    with progress_bar("heatmaps") as on_progress:
        write_heatmaps(captioner, read_manifest(data, split), folder, on_progress=on_progress, **decoding)


def _caption_data(
    captioner: DifferenceCaptioner,
    data: Path,
    split: str | None,
    output: Path,
    batch_size: int,
    decoding: dict[str, Any],
) -> None:
    from blip2idc.data.records import read_manifest
    from blip2idc.predict.predictions import predict

    manifest = read_manifest(data, split)
    typer.echo(captioner.backbone.describe(), err=True)
    with progress_bar("captioning") as on_progress:
        resumed = predict(
            captioner, manifest, output, batch_size=batch_size, on_progress=on_progress, **decoding
        )
    if resumed:
        typer.echo(f"{resumed} of {len(manifest)} pairs were done before", err=True)
    typer.echo(str(output))


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; yields a callable that takes the number done and the number of all."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
