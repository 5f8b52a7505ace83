"""Makes the pairs that `blip2idc demo` captions: rendered scenes and edits of photographs no model was trained on.

    python examples/make_demo_pairs.py src/blip2idc/assets/demo

Every pair is named by its world, seed and index, so that anyone can make it again.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from blip2idc.data.records import PairRecord, write_records
from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.pair import World
from blip2idc.worlds.scenes.world import ScenesWorld

SEED = 20_260
SCENES = ("color", "add", "move", "none")
EDITS = ("black_and_white", "region_cover", "text", "flip", "region_remove", "none")


def main(folder: Path) -> None:
    """Write images and manifest."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    scenes = ScenesWorld(SEED, height=240, width=480, objects=(4, 6))
    edits = EditsWorld(SEED, height=240, width=480, split="test")
    records = []
    for world, kinds, suffix in ((scenes, SCENES, "png"), (edits, EDITS, "jpg")):
        for kind in kinds:
            records.append(_save(world, _first(world, kind), folder, suffix))
    write_records(folder, records)


def _first(world: World, kind: str) -> int:
    """The first pair of a kind; of no two kinds the same."""
    return next(index for index in range(10_000) if world.pair(index).kind == kind)


def _save(world: World, index: int, folder: Path, suffix: str) -> PairRecord:
    pair = world.pair(index)
    name = f"{world.name}-{pair.kind}".replace("_", "-")
    names = []
    for moment, pixels in (("before", pair.before), ("after", pair.after)):
        names.append(f"images/{name}-{moment}.{suffix}")
        options = {"quality": 92} if suffix == "jpg" else {"optimize": True}
        Image.fromarray(pixels).save(folder / names[-1], **options)
    note = f"{world.name}, seed {SEED}, pair {index}"
    return PairRecord(
        id=name,
        before_file_name=names[0],
        after_file_name=names[1],
        captions=pair.captions,
        change=dict(pair.change),
        before_box=pair.before_box,
        after_box=pair.after_box,
        source=world.name,
        extra={"note": note},
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
