"""`blip2idc caption`: say what changed, for one pair or for a data set.

In: two images, or a data set with `--data`. Out: one line (or with `--json` one object) on stdout; or a
predictions file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.options import (
    Adapter,
    After,
    Before,
    Changes,
    Device,
    Dtype,
    Encoding,
    Engine,
    Layout,
    MaxChanges,
    MaxPixels,
    Model,
    SplitOfData,
    check_pair_or_data,
    check_range,
    choose_captioner,
    looks_closely,
    pixel_limit,
)
from blip2idc.cli.output import every_output, note, progress_bar, say, say_json
from blip2idc.cli.rasters import (
    Bands,
    MapFile,
    Stretch,
    Tiles,
    caption_in_tiles,
    check_raster_options,
    open_pair,
    tell_rasters,
)
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.data.records import Manifest
    from blip2idc.difference import Difference
    from blip2idc.images.pair import ImagePair
    from blip2idc.model.pair_captioner import PairCaptioner
    from blip2idc.prediction.predictions import Way

#: Pairs at a time that no machine holds; more is a slip of the keyboard.
LARGEST_BATCH = 65536
MOST_BEAMS = 128  # as the settings have it
MOST_WORKERS = 65536

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Many pairs instead of one: a data set, a .csv or .tsv with the columns before, after[, id], or with "
        "--pattern a folder.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Predictions file of --data: .json or .jsonl.")
]
Pattern = Annotated[
    list[str] | None,
    typer.Option(
        "--pattern",
        help="Twice: what files before and after are called in the folder --data, such as '*_before.png' and "
        "'*_after.png'; * is the same in both.",
    ),
]
NumBeams = Annotated[int | None, typer.Option("--beams", help="Beams of the search; 1 is greedy.")]
BatchSize = Annotated[int, typer.Option("--batch-size", help="Pairs at a time, with --data.")]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray", metavar="ADDRESS", help="Caption --data on Ray: local, or the address of a cluster."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        help="Captioners at work at a time; more than one are on Ray, here unless --ray is given.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Heatmap = Annotated[
    Path | None, typer.Option("--heatmap", metavar="PNG", help="Picture of where it looked, for a pair.")
]
Heatmaps = Annotated[
    Path | None, typer.Option("--heatmaps", metavar="FOLDER", help="Heatmap files, with --data.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="caption")(caption)


def caption(
    before: Before = None,
    after: After = None,
    data: Data = None,
    output: Output = None,
    split: SplitOfData = None,
    pattern: Pattern = None,
    model: Model = None,
    adapter: Adapter = "default",
    layout: Layout = None,
    encoding: Encoding = None,
    num_beams: NumBeams = None,
    batch_size: BatchSize = 32,
    ray: Ray = None,
    workers: Workers = None,
    engine: Engine = "auto",
    device: Device = "auto",
    dtype: Dtype = "auto",
    as_json: AsJson = False,
    changes: Changes = None,
    max_changes: MaxChanges = None,
    heatmap: Heatmap = None,
    heatmaps: Heatmaps = None,
    bands: Bands = None,
    stretch: Stretch = None,
    max_pixels: MaxPixels = None,
    tiles: Tiles = None,
    map_file: MapFile = None,
) -> None:
    """Say in a sentence what changed between two images."""
    check_pair_or_data("caption", before, after, data, ("--output", output))
    check_range("--batch-size", batch_size, 1, LARGEST_BATCH)
    if num_beams is not None:
        check_range("--beams", num_beams, 1, MOST_BEAMS)
    check_heatmaps(data, heatmap, heatmaps)
    check_workers(data, ray, workers, heatmaps)
    if pattern and data is None:
        raise ConfigError("--pattern is for a folder of pairs; give it with --data FOLDER")
    check_raster_options(data, bands, stretch, tiles, map_file)
    settings = looks_closely(changes, max_changes)
    decoding: dict[str, Any] = {} if num_beams is None else {"num_beams": num_beams}
    settings.update(decoding)
    # what cannot be opened is refused before the model is loaded, which takes longer
    manifest = None if data is None else _read_pairs(data, split, pattern)
    if manifest is not None:
        tell_rasters(manifest, max_pixels)
    pair = (
        open_pair(before, after, bands, stretch, max_pixels)
        if before is not None and after is not None
        else None
    )
    captioner = choose_captioner(
        model,
        adapter,
        engine=engine,
        layout=layout,
        encoding=encoding,
        device=device,
        dtype=dtype,
        crops=max_changes is not None,
        announce=data is not None,
    )
    captioner.max_pixels = pixel_limit(max_pixels)
    if manifest is not None and output is not None:
        _caption_data(captioner, manifest, output, batch_size, settings, ray, workers)
        if heatmaps is not None:
            _write_heatmaps(captioner, manifest, heatmaps, decoding)
    elif pair is not None and tiles is not None:
        caption_in_tiles(captioner, pair, tiles, map_file, as_json, settings)
    elif pair is not None:
        _caption_pair(captioner, pair, as_json, bool(changes), settings, heatmap)


def _read_pairs(data: Path, split: str | None, pattern: list[str] | None) -> Manifest:
    from blip2idc.data.pair_lists import read_pairs

    return read_pairs(data, split, pattern)


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


def check_workers(data: Path | None, ray: str | None, workers: int | None, heatmaps: Path | None) -> None:
    """Refuse several workers for what one does.

    Raises:
        ConfigError: They are asked for one pair or for heatmaps, or there are none.
    """
    if ray is None and workers is None:
        return
    option = "--ray" if ray is not None else "--workers"
    if data is None:
        raise ConfigError(f"{option} is for a data set; give it with --data")
    if heatmaps is not None:
        raise ConfigError(f"{option} is for captions; draw --heatmaps in a run without it")
    if workers is not None:
        check_range("--workers", workers, 1, MOST_WORKERS)


def captioning(ray: str | None, workers: int | None) -> Way:
    """Who captions a data set: this process, or workers on Ray."""
    if ray is None and workers in (None, 1):
        from blip2idc.prediction.predictions import caption_here

        return caption_here
    from blip2idc.prediction.on_ray import OnRay

    return OnRay(ray or "local", workers)


def _caption_pair(
    captioner: PairCaptioner,
    pair: ImagePair,
    as_json: bool,
    list_changes: bool,
    settings: dict[str, Any],
    heatmap: Path | None,
) -> None:
    difference = captioner(pair.before, pair.after, **settings)
    with every_output() as attempt:
        if heatmap is not None:
            attempt(_write_picture, difference, pair, heatmap)
        if as_json:
            say_json({**difference.to_dict(), **captioner.describe()})
            return
        say(difference.caption)
        if list_changes:
            for number, change in enumerate(difference.changes, start=1):
                say(f"{number}. {change.in_words()}")


def _write_picture(difference: Difference, pair: ImagePair, output: Path) -> None:
    """Both images side by side with the sentence's heatmap on them."""
    from blip2idc.images.heatmap import side_by_side
    from blip2idc.report.pictures.overlay import painted
    from blip2idc.runs.files import atomic_path

    pictures = painted(pair, difference.heatmaps().sentence)
    with atomic_path(output) as partial:
        side_by_side(*pictures).save(partial, format="PNG")


def _write_heatmaps(
    captioner: PairCaptioner, manifest: Manifest, folder: Path, decoding: dict[str, Any]
) -> None:
    from blip2idc.prediction.heatmaps import write_heatmaps

    with progress_bar("heatmaps") as on_progress:
        write_heatmaps(captioner, manifest, folder, on_progress=on_progress, **decoding)


def _caption_data(
    captioner: PairCaptioner,
    manifest: Manifest,
    output: Path,
    batch_size: int,
    decoding: dict[str, Any],
    ray: str | None,
    workers: int | None,
) -> None:
    from blip2idc.prediction.predictions import predict

    with progress_bar("captions") as on_progress:
        resumed = predict(
            captioner,
            manifest,
            output,
            batch_size=batch_size,
            way=captioning(ray, workers),
            on_progress=on_progress,
            **decoding,
        )
    if resumed:
        note(f"{resumed} of {len(manifest)} pairs were done before")
    say(str(output))
