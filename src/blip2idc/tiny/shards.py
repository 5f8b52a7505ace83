"""Shards of training data for the tiny model, with the exact truth that only the worlds can give.

In: seeds. Out: files of small images with what is under every cell of the patch grid. One drawn scene gives four images
(two views before its change, two after it), from which `tiny_batches` makes twelve pairs: changes told forwards and
backwards, and pairs without a change. An edit gives one pair.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from blip2idc.worlds.edits.world import EditsWorld
from blip2idc.worlds.scenes.renderer import COLORS, MATERIALS, SHAPES, SIZES, SceneObject, render
from blip2idc.worlds.scenes.world import KINDS, draw_change, draw_objects, draw_view, jitter

HEIGHT, WIDTH = 64, 128  # of one image
CELL = 8  # the finest cells that labels are kept for, in pixels
MAX_OBJECTS = 9
SHARD = 500  # scenes or edited pairs in a file
_SCENE_SEED, _EDIT_SEED = 1000, 5000  # of the first shards
ATTRIBUTES = {"color": tuple(COLORS), "shape": SHAPES, "size": tuple(SIZES), "material": MATERIALS}

# sizes at which scenes are rendered before they are brought to 64x128: (height, width, supersample), share
_RENDER_SIZES = (((64, 128, 2), 0.4), ((160, 320, 1), 0.4), ((160, 240, 1), 0.2))


def make_shards(folder: Path, scenes: int, edits: int, workers: int = 1) -> None:
    """Makes the shards that are not there yet, in processes; each is a pure function of its number.

    Args:
        folder: Gets `scenes_0000.npz`, ... and `edits_0000.npz`, ...
        scenes: Number of scene shards of `SHARD` scenes.
        edits: Number of edit shards of `SHARD` pairs.
        workers: Processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(make_scene_shard, folder / f"scenes_{k:04d}.npz", _SCENE_SEED + k) for k in range(scenes)]
    jobs += [(make_edit_shard, folder / f"edits_{k:04d}.npz", _EDIT_SEED + k) for k in range(edits)]
    waiting = [(make, path, seed) for make, path, seed in jobs if not path.exists()]
    with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(make, path, seed, SHARD) for make, path, seed in waiting]
        for number, job in enumerate(as_completed(running), start=1):
            job.result()
            print(f"shard {number} of {len(running)}", file=sys.stderr, flush=True)


def make_scene_shard(path: Path, seed: int, count: int) -> None:
    """Draws and renders `count` scenes; the file appears only when it is whole."""
    rng = np.random.default_rng(np.random.SeedSequence((seed, 77)))
    images = np.zeros((count, 4, HEIGHT, WIDTH, 3), dtype=np.uint8)
    cells = np.full((count, 4, HEIGHT // CELL, WIDTH // CELL), -1, dtype=np.int8)
    objects = np.full((count, 2, MAX_OBJECTS, 4), -1, dtype=np.int8)
    places = np.zeros((count, 2, MAX_OBJECTS, 3), dtype=np.float32)
    facts = np.full((count, 3), -1, dtype=np.int8)  # kind, changed index before, after
    for k in range(count):
        kind = KINDS[rng.integers(len(KINDS))]
        change = draw_change(rng, kind)
        facts[k] = (
            KINDS.index(kind),
            -1 if change.before_index is None else change.before_index,
            -1 if change.after_index is None else change.after_index,
        )
        base = draw_view(rng)
        (height, width, supersample) = _RENDER_SIZES[
            rng.choice(len(_RENDER_SIZES), p=[share for _, share in _RENDER_SIZES])
        ][0]
        for state, scene in enumerate((change.before, change.after)):
            for slot, item in enumerate(scene):
                objects[k, state, slot] = encode(item)
                places[k, state, slot] = item.x, item.y, item.yaw
            for view in range(2):
                picture, seen = render(scene, jitter(base, rng), height, width, supersample)
                images[k, 2 * state + view] = shrink(picture)
                cells[k, 2 * state + view] = majority(seen)
    save_shard(path, images=images, cells=cells, objects=objects, places=places, facts=facts)


def make_edit_shard(path: Path, seed: int, count: int) -> None:
    """Makes `count` pairs of the edits world, at two sizes, from photographs, textures and rendered scenes."""
    rng = np.random.default_rng(np.random.SeedSequence((seed, 78)))
    worlds = [
        (EditsWorld(seed, pictures, height, width, no_change_share=0.35, textures_share=textures), share)
        for pictures, textures, source_share in ((None, 0.3, 0.85), (rendered, 0.0, 0.15))
        for height, width, share in ((64, 128, 0.5 * source_share), (160, 320, 0.5 * source_share))
    ]
    images = np.zeros((count, 2, HEIGHT, WIDTH, 3), dtype=np.uint8)
    cells = np.zeros((count, HEIGHT // CELL, WIDTH // CELL), dtype=np.bool_)
    facts = []
    for k in range(count):
        world = worlds[rng.choice(len(worlds), p=[share for _, share in worlds])][0]
        pair = world.pair(k)
        images[k] = shrink(pair.before), shrink(pair.after)
        if pair.after_mask is not None:
            cells[k] = majority(np.where(pair.after_mask, 0, -1).astype(np.int8)) == 0
        facts.append({"change": dict(pair.change), "captions": list(pair.captions)})
    save_shard(path, images=images, cells=cells, facts=np.array(json.dumps(facts)))


def rendered(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.uint8]:
    """A picture of a scene, as material for edits."""
    scene = None
    while scene is None:
        scene = draw_objects(rng, int(rng.integers(2, 8)))
    return render(scene, jitter(draw_view(rng), rng), height, width, 1)[0]


def save_shard(path: Path, **arrays: npt.NDArray[np.generic]) -> None:
    """Writes arrays as one file that appears whole."""
    temporary = path.with_name(f".{path.name}.part.npz")
    np.savez(temporary, **arrays)  # type: ignore[arg-type]
    temporary.rename(path)


def encode(item: SceneObject) -> tuple[int, int, int, int]:
    """Colour, shape, size and material as positions in `ATTRIBUTES`."""
    color, shape, size, material = (values.index(getattr(item, name)) for name, values in ATTRIBUTES.items())
    return color, shape, size, material


def shrink(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """An image at the size the model sees, (64, 128, 3)."""
    if picture.shape[:2] == (HEIGHT, WIDTH):
        return picture
    return np.asarray(Image.fromarray(picture).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))


def majority(seen: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """For each cell (8, 16) the object that covers most of it, -1 where objects cover less than a sixth."""
    rows, columns = HEIGHT // CELL, WIDTH // CELL
    high, wide = seen.shape[0] // rows, seen.shape[1] // columns
    tiles = seen[: rows * high, : columns * wide].reshape(rows, high, columns, wide).transpose(0, 2, 1, 3)
    flat = tiles.reshape(rows, columns, -1)
    shares = np.stack([(flat == k).mean(axis=-1) for k in range(MAX_OBJECTS)])
    best = shares.argmax(axis=0)
    return np.where(shares.max(axis=0) >= 1 / 6, best, -1).astype(np.int8)
