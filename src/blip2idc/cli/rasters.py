"""The options of pairs that are not plain pictures: which bands, which values, how large, in tiles.

In: the options' texts. Out: an opened pair, told on stderr how it was made a picture; or the lines of its tiles.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.options import check_range, pixel_limit
from blip2idc.cli.output import note, say, say_json
from blip2idc.errors import ConfigError, ImageError

if TYPE_CHECKING:
    from blip2idc.data.records import Manifest
    from blip2idc.images.pair import ImagePair
    from blip2idc.model.pair_captioner import PairCaptioner

#: Sides of tiles in pixels: below, one has fewer pixels than a model has patches; above, no image is that wide.
SMALLEST_TILE, LARGEST_TILE = 32, 2**31 - 1

Bands = Annotated[
    str | None,
    typer.Option(
        "--bands",
        metavar="R,G,B",
        help="Bands of a raster to show, from 1, such as 4,3,2; the first by default.",
    ),
]
Stretch = Annotated[
    str | None,
    typer.Option(
        "--stretch",
        metavar="HOW",
        help="Values of a raster that become black and white: auto, minmax, percentile or LOW,HIGH.",
    ),
]
Tiles = Annotated[
    int | None,
    typer.Option("--tiles", metavar="SIDE", help="Caption a large pair in tiles of this many pixels."),
]
MapFile = Annotated[
    Path | None,
    typer.Option("--map", metavar="PNG", help="With --tiles: a picture of the tiles that changed."),
]


def check_raster_options(
    data: Path | None, bands: str | None, stretch: str | None, tiles: int | None, map_file: Path | None
) -> None:
    """Refuse options of one pair for a data set, and a map without tiles.

    Raises:
        ConfigError: One of them was given.
    """
    given = {"--bands": bands, "--stretch": stretch, "--tiles": tiles}
    named = [option for option, value in given.items() if value is not None]
    if data is not None and named:
        raise ConfigError(f"{named[0]} is for one pair; leave it out with --data")
    if tiles is not None:
        check_range("--tiles", tiles, SMALLEST_TILE, LARGEST_TILE)
    if map_file is not None and (tiles is None or map_file.suffix.lower() != ".png"):
        raise ConfigError(f"--map is {map_file}; expected a file name ending in .png, together with --tiles")


def open_pair(
    before: Path, after: Path, bands: str | None, stretch: str | None, max_pixels: int | None
) -> ImagePair:
    """Open a pair; rasters as the options say, with a note on how.

    Raises:
        Blip2idcError: An option is malformed, or an image cannot be used.
    """
    from blip2idc.images.pair import ImagePair
    from blip2idc.images.rasters import is_raster, open_rasters, parse_view

    limit = pixel_limit(max_pixels)
    view = parse_view(bands, stretch)
    asked = bands is not None or stretch is not None
    if not (asked or any(is_raster(path, limit) for path in (before, after))):
        return ImagePair.open(before, after, max_pixels=limit)
    shown, told = open_rasters(before, after, view, max_pixels=limit)
    note(told)
    return ImagePair(*shown)


def tell_rasters(manifest: Manifest, max_pixels: int | None) -> None:
    """A note where a data set holds rasters: how they are shown, which one pair says itself."""
    from blip2idc.images.rasters import is_raster

    limit = pixel_limit(max_pixels)
    for path in dict.fromkeys(path for record in manifest for path in manifest.paths(record)):
        with suppress(ImageError):  # captioning it will tell
            if is_raster(path, limit):
                note(
                    f"{path} and other rasters: the first bands, values from the 2nd to the 98th percentile of both "
                    "images of a pair shown as 0 to 255; for other bands or values caption a pair alone"
                )
                return


def caption_in_tiles(
    captioner: PairCaptioner,
    pair: ImagePair,
    side: int,
    map_file: Path | None,
    as_json: bool,
    settings: dict[str, Any],
) -> None:
    """Print one line a tile that changed, and a summary; write the map."""
    from blip2idc.prediction.tiles import caption_tiles, map_of_tiles, summary
    from blip2idc.runs.files import atomic_path

    tiles = []
    for tile in caption_tiles(captioner, pair, side, **settings):
        tiles.append(tile)
        if tile.changed and not as_json:
            say(tile.line())
    told = summary(pair, side, tiles)
    if as_json:
        changed = [tile.to_dict() for tile in tiles if tile.changed]
        say_json({"summary": told, "tiles": changed, **captioner.describe()})
    else:
        say(told)
    if map_file is not None:
        with atomic_path(map_file) as partial:
            map_of_tiles(pair, tiles).save(partial, format="PNG")
