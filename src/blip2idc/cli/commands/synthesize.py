"""`blip2idc synthesize`: data sets of pairs whose change is known, because this program made it.

In: the name of a source of pairs, a folder, a count. Out: a data set with `metadata.jsonl`; its path on stdout,
progress with rate and time left on stderr.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.commands.instruct_pix2pix import instruct_pix2pix
from blip2idc.cli.options import MaxPixels, check_range, parse_list, parse_size, pixel_limit
from blip2idc.cli.output import progress_bar, say, warn
from blip2idc.config import LARGEST_SEED
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.worlds.edits.photographs import Photographs
    from blip2idc.worlds.pair import World

#: Files named one by one when photographs had to be skipped.
NAMED = 3

Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder of the data set; empty, or to be finished.")
]
Count = Annotated[int, typer.Option("--count", "-n", help="Number of pairs.")]
Seed = Annotated[int, typer.Option(help="Equal seeds and settings make equal files.")]
Size = Annotated[str, typer.Option(metavar="WxH", help="Width and height of each image in pixels.")]
NoChangeShare = Annotated[float, typer.Option(help="Share of the pairs in which nothing changed, 0 to 1.")]
Kinds = Annotated[
    str | None, typer.Option(help="Kinds of change to draw from, with commas between; default: all.")
]
Workers = Annotated[int | None, typer.Option(help="Processes; default: one for each core of this machine.")]
Masks = Annotated[bool, typer.Option("--masks", help="Also write masks of the changed regions, to masks/.")]

# of edits alone
Photos = Annotated[
    Path | None,
    typer.Option(help="Folder of photographs, with its subfolders; default: those of the package."),
]
Variety = Annotated[
    str,
    typer.Option(
        help="'basic': 24 clear kinds of edit at one size; 'wide': every kind, from just visible to extreme, "
        "sizes from pair to pair."
    ),
]
EditsSize = Annotated[
    str | None,
    typer.Option(
        metavar="WxH|MIN-MAX",
        help="Width and height of each image in pixels, for basic (default 320x160); least and greatest longer "
        "side, for wide (default 256-640).",
    ),
]
PhotosSplit = Annotated[
    str, typer.Option(help="Photographs of the package: 'train', or 'test', never trained on.")
]
TexturesShare = Annotated[
    float, typer.Option(help="Share of the pairs that show procedural textures instead, 0 to 1.")
]
Objects = Annotated[
    Path | None,
    typer.Option(help="Folder of cut-out objects with their nouns, for wide; default: coloured shapes."),
]


def register(app: typer.Typer) -> None:
    """Adds the command group."""
    group = typer.Typer(no_args_is_help=True, help="Make a data set of pairs whose change is known.")
    group.command("scenes")(scenes)
    group.command("edits")(edits)
    group.command("pages")(pages)
    group.command("instruct-pix2pix")(instruct_pix2pix)
    app.add_typer(group, name="synthesize")


def scenes(
    output: Output,
    count: Count = 1000,
    seed: Seed = 0,
    size: Size = "320x160",
    no_change_share: NoChangeShare = 0.5,
    kinds: Kinds = None,
    workers: Workers = None,
    masks: Masks = False,
) -> None:
    """Rendered 3D scenes: an object changes colour or material, is added, dropped or moved."""
    from blip2idc.worlds.scenes.world import KINDS, ScenesWorld

    width, height = parse_size(size)
    chosen = KINDS if kinds is None else parse_list(kinds)
    check_range("--seed", seed, 0, LARGEST_SEED)
    world = ScenesWorld(seed, height, width, no_change_share=no_change_share, kinds=chosen)
    settings = {
        "seed": seed,
        "height": height,
        "width": width,
        "no_change_share": no_change_share,
        "kinds": list(chosen),
    }
    _write(world, output, count, settings, workers, masks)


def edits(
    output: Output,
    count: Count = 1000,
    seed: Seed = 0,
    images: Photos = None,
    variety: Variety = "basic",
    size: EditsSize = None,
    no_change_share: NoChangeShare = 0.5,
    kinds: Kinds = None,
    split: PhotosSplit = "train",
    textures_share: TexturesShare = 0.0,
    objects: Objects = None,
    max_pixels: MaxPixels = None,
    workers: Workers = None,
    masks: Masks = False,
) -> None:
    """Photographs with one edit, of light, colour, geometry or a region, or with added text.

    Each pair shows a part of a photograph, cropped at random to the aspect of the pair.
    """
    from blip2idc.worlds.edits.editor import EditorWorld
    from blip2idc.worlds.edits.photographs import Photographs
    from blip2idc.worlds.edits.world import EditsWorld

    check_range("--seed", seed, 0, LARGEST_SEED)
    _check_variety(variety, textures_share, objects)
    limit = pixel_limit(max_pixels)
    chosen = None if kinds is None else parse_list(kinds)
    world: EditsWorld | EditorWorld
    if variety == "wide":
        sizes = parse_range(size or "256-640")
        world = EditorWorld(
            seed,
            images,
            sizes,
            no_change_share=no_change_share,
            kinds=chosen,
            split=split,
            objects=objects,
            max_pixels=limit,
        )
    else:
        width, height = parse_size(size or "320x160")
        world = EditsWorld(
            seed,
            images,
            height,
            width,
            no_change_share=no_change_share,
            kinds=chosen,
            textures_share=textures_share,
            split=split,
            max_pixels=limit,
        )
    if images is not None and isinstance(world.pictures, Photographs):
        world.pictures.check()
        _warn_of_skipped(world.pictures)
    _write(world, output, count, world.settings(), workers, masks)


def pages(
    output: Output,
    pages: Annotated[
        str, typer.Option(help="Folder of HTML files, one file, or addresses with commas between.")
    ],
    count: Count = 1000,
    seed: Seed = 0,
    size: Annotated[
        str,
        typer.Option(metavar="WxH", help="Width and height of the window in pixels; several with commas."),
    ] = "1280x800",
    no_change_share: NoChangeShare = 0.33,
    kinds: Kinds = None,
) -> None:
    """Web pages in headless Chromium with one change of the document (extra [browser])."""
    from blip2idc.worlds.pages import KINDS, PagesWorld

    sizes = [parse_size(one) for one in parse_list(size)]
    chosen = KINDS if kinds is None else parse_list(kinds)
    check_range("--seed", seed, 0, LARGEST_SEED)
    world = PagesWorld(seed, pages, sizes, no_change_share=no_change_share, kinds=chosen)
    try:
        _write(world, output, count, world.settings(), 1, False)
    finally:
        world.close()


def _check_variety(variety: str, textures_share: float, objects: Path | None) -> None:
    """Refuses options that the other variety alone knows, rather than pass them over."""
    if variety not in ("basic", "wide"):
        raise ConfigError(f"--variety is {variety!r}; expected 'basic' or 'wide'")
    if variety == "wide" and textures_share:
        raise ConfigError(
            f"--textures-share is {textures_share} with --variety wide, which knows no textures; leave it out"
        )
    if variety == "basic" and objects is not None:
        raise ConfigError(
            f"--objects is {str(objects)!r} with --variety basic, which knows no objects; add --variety wide"
        )


def parse_range(text: str) -> tuple[int, int]:
    """Two lengths in pixels from `"256-640"`; one length means both."""
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text.strip())
    if match is None:
        raise ConfigError(
            f"--size is {text!r}; expected least and greatest longer side in pixels, like 256-640, for --variety wide"
        )
    return int(match[1]), int(match[2] or match[1])


def _warn_of_skipped(pictures: Photographs) -> None:
    skipped = pictures.skipped
    if not skipped:
        return
    reasons = "; ".join(list(skipped.values())[:NAMED])
    more = f"; and {len(skipped) - NAMED} more" if len(skipped) > NAMED else ""
    warn(f"skipped {len(skipped)} of {len(pictures)} images: {reasons}{more}")


def _write(
    world: World,
    output: Path,
    count: int,
    settings: Mapping[str, Any],
    workers: int | None,
    masks: bool,
) -> None:
    from blip2idc.runtime import usable_cores
    from blip2idc.worlds.write import write_world

    processes = usable_cores() if workers is None else workers
    with progress_bar("pairs") as progress:
        manifest = write_world(
            world, output, count, settings=settings, workers=processes, masks=masks, progress=progress
        )
    say(str(manifest))
