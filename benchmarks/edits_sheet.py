"""A picture of every kind of the wide edits, to look at: before it at several strengths, or one of each kind.

python benchmarks/edits_sheet.py docs/images/wide-edits.jpg                      # one of each kind
python benchmarks/edits_sheet.py sheet.png --kinds sepia,blur --strengths 0 0.25 0.5 0.75 1

Every tile has the name of its kind above.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from blip2idc.worlds.edits.editor import EDITOR_KINDS, EditorWorld, expanded
from blip2idc.worlds.edits.filters.catalogue import FILTERS

TILE = (120, 92)
COLUMNS = 10


def tile(picture: np.ndarray, words: str) -> Image.Image:
    """A thumbnail with a line above."""
    image = Image.fromarray(picture)
    image.thumbnail((TILE[0] - 4, TILE[1] - 14))
    result = Image.new("RGB", TILE, "white")
    result.paste(image, ((TILE[0] - image.width) // 2, 13))
    ImageDraw.Draw(result).text((2, 0), words[:20], fill="black")
    return result


def sheet(tiles: list[Image.Image], columns: int) -> Image.Image:
    """Tiles in rows."""
    rows = -(-len(tiles) // columns)
    result = Image.new("RGB", (TILE[0] * columns, TILE[1] * rows), "white")
    for index, image in enumerate(tiles):
        result.paste(image, (TILE[0] * (index % columns), TILE[1] * (index // columns)))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--kinds", default=None)
    parser.add_argument("--strengths", type=float, nargs="*", default=None)
    parser.add_argument("--images", type=Path, default=None)
    parser.add_argument("--objects", type=Path, default=None)
    options = parser.parse_args()
    kinds = expanded(options.kinds.split(",")) if options.kinds else EDITOR_KINDS
    tiles: list[Image.Image] = []
    for number, kind in enumerate(kinds):
        world = EditorWorld(number, options.images, (320, 320), 0.0, [kind], objects=options.objects)
        if options.strengths and kind in FILTERS:
            rng = np.random.default_rng(number)
            before, _ = world.pictures.draw(rng, 240, 320)
            tiles.append(tile(before, kind))
            tiles += [tile(FILTERS[kind](before, rng, at).picture, f"{at:g}") for at in options.strengths]
        else:
            tiles.append(tile(world.pair(0).after, kind))
    sheet(tiles, 1 + len(options.strengths) if options.strengths else COLUMNS).save(
        options.output, quality=80
    )


if __name__ == "__main__":
    main()
