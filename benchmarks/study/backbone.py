"""A neutral backbone: a tiny BLIP-2 that has seen single images only, as BLIP-2 itself has.

    python -m benchmarks.study.backbone --output FOLDER [--minutes 8]

In: a folder. Out: `FOLDER/backbone`, which `blip2idc train --model` opens. The packaged tiny model was trained on joint
images and cannot tell joint encoding from two streams fairly; this one describes rendered scenes (objects, colours,
places) and photographs one at a time, and its positions know of no halves. Its language model has also read, without
images, what people say of changes, as OPT has. The exact truth about every cell (`blip2idc.tiny.heads`) stands in for
the pretrained vision encoder of BLIP-2. Under an hour on one core; a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from benchmarks.study.worlds import KINDS, Singles

from blip2idc.runs.files import atomic_path
from blip2idc.tiny.batches import BACKGROUND, CELL_QUESTIONS, PAIR_QUESTIONS, TinyBatch
from blip2idc.tiny.network import TinySize, build_tiny, save_tiny, train_tokenizer
from blip2idc.tiny.recipe import TinyStage
from blip2idc.tiny.shards import encode
from blip2idc.tiny.trainer import TinyTrainer
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS
from blip2idc.worlds.scenes.world import draw_change

SIZE = TinySize(
    image_size=64, patch_size=8, vision_width=96, vision_layers=4, width=96, qformer_layers=2, text_layers=2,
    query_tokens=8, vocabulary=420, positions=96,
)  # fmt: skip
PICTURES, IMAGES = 7000, 120_000
QUICK_PICTURES, QUICK_IMAGES = 2500, 30_000
_BATCH, _SENTENCES = 16, 8
_EYES_ONLY = 0.15  # of the images are seen before captions are learned
_FALLING = 0.35  # of the images at the end, over which the rate falls to nothing
_SAVE_EVERY = 60.0  # seconds
_LOG_EVERY = 100  # steps


def draw_singles(path: Path, pictures: int, seed: int = 0) -> None:
    """Single images with their descriptions and the objects in their cells, in one file."""
    world = Singles(seed)
    drawn = [one for index in range(pictures) for one in world.draw(index)]
    facts = [(one.caption, [encode(item) for item in one.named]) for one in drawn]
    with atomic_path(path) as partial, partial.open("wb") as handle:
        np.savez(
            handle,
            images=np.stack([one.image for one in drawn]),
            objects=np.stack([one.objects for one in drawn]),
            facts=np.array(json.dumps(facts)),
        )


class SingleBatches:
    """Batches of single images in the form that the tiny model's trainer takes, with the truth about their cells."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as archive:
            self._images, self._objects = archive["images"], archive["objects"].astype(np.int64)
            self._facts = json.loads(str(archive["facts"]))

    def captions(self) -> list[str]:
        """All descriptions."""
        return [caption for caption, _ in self._facts]

    def draw(self, rng: np.random.Generator, count: int) -> TinyBatch:
        """Some images, drawn with replacement."""
        rows = rng.integers(len(self._images), size=count)
        captions = [self._facts[row][0] for row in rows]
        cells = [self._cell_labels(row) for row in rows]
        return TinyBatch(
            joints=self._images[rows],
            captions=captions,
            references=[(caption,) for caption in captions],
            cells={name: np.stack([one[name] for one in cells]) for name in CELL_QUESTIONS},
            pairs={name: np.full(count, -1, np.int64) for name in PAIR_QUESTIONS},
            kinds=["single"] * count,
        )

    def _cell_labels(self, row: int) -> dict[str, np.ndarray]:
        shown = self._objects[row].reshape(-1)
        labels = {name: np.full(shown.shape, -1, np.int64) for name in CELL_QUESTIONS}
        codes = self._facts[row][1]
        if not codes:  # a photograph
            return labels
        found = np.array(codes, np.int64)[np.maximum(shown, 0)]
        labels["color"] = np.where(shown >= 0, found[:, 0], BACKGROUND)
        for column, name in enumerate(("shape", "size", "material"), start=1):
            labels[name] = np.where(shown >= 0, found[:, column], -1)
        return labels


def change_sentences(count: int, seed: int = 0) -> list[str]:
    """What people say of changes, for the language model alone to read."""
    rng = np.random.default_rng(seed)
    sentences = list(NO_CHANGE_CAPTIONS)
    for _ in range(count):
        sentences.extend(draw_change(rng, str(rng.choice(KINDS)), (2, 4)).captions(rng))
    return sentences


def make_trainer(folder: Path, batches: SingleBatches, sentences: Sequence[str], seed: int) -> TinyTrainer:
    """Network and optimizers, fresh or as the checkpoint left them."""
    tokenizer = train_tokenizer([*batches.captions()[:20_000], *sentences], SIZE.vocabulary)
    torch.manual_seed(seed)
    network = build_tiny(tokenizer, SIZE)
    positions = network.vision_model.embeddings.position_embedding
    with torch.no_grad():
        positions[:, 1:] = 0.3 * torch.randn_like(positions[:, 1:])  # no halves that correspond
    trainer = TinyTrainer(network, tokenizer, seed)
    if (folder / "checkpoint.pt").is_file():
        trainer.load(folder / "checkpoint.pt")
    return trainer


def train_backbone(
    folder: Path, pictures: int, images: int, minutes: float | None = None, seed: int = 0
) -> bool:
    """Train until `images` were seen, or for some minutes.

    Returns:
        Whether the backbone is done and written.
    """
    if (folder / "backbone").is_dir():
        return True
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "singles.npz").is_file():
        draw_singles(folder / "singles.npz", pictures, seed)
    batches, sentences = SingleBatches(folder / "singles.npz"), change_sentences(2500, seed)
    trainer = make_trainer(folder, batches, sentences, seed)
    trainer.network.train()
    rng = np.random.default_rng((seed, trainer.seen))
    saved, step, totals = time.monotonic(), 0, dict[str, float]()
    stage = TinyStage(images, rate=2e-3)
    while trainer.seen < images:
        left = (images - trainer.seen) / images
        factor = min(1.0, left / _FALLING, (step + 1) / 40)
        now = replace(stage, captions=0.0 if left > 1 - _EYES_ONLY else 1.0)
        read = [sentences[k] for k in rng.integers(len(sentences), size=_SENTENCES)] if now.captions else ()
        found = trainer.step([(batches.draw(rng, _BATCH), 0)], now, factor, read)
        for name, loss in found.items():
            totals[name] = totals.get(name, 0.0) + loss / _LOG_EVERY
        step += 1
        if step % _LOG_EVERY == 0:
            told = {name: round(value, 3) for name, value in totals.items()}
            print(json.dumps({"seen": trainer.seen, **told}), file=sys.stderr, flush=True)
            totals = {}
        over = minutes is not None and time.monotonic() - started > 60 * minutes
        if over or time.monotonic() - saved > _SAVE_EVERY:
            trainer.save(folder / "checkpoint.pt")
            saved = time.monotonic()
        if over:
            return False
    with atomic_path(folder / "backbone") as partial:
        partial.mkdir()
        save_tiny(trainer.averaged.eval(), trainer.tokenizer, partial)
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this module; 3 where more remains to be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="half the images")
    parser.add_argument("--minutes", type=float, help="stop after so many; the same command goes on")
    options = parser.parse_args(arguments)
    sizes = (QUICK_PICTURES, QUICK_IMAGES) if options.quick else (PICTURES, IMAGES)
    return 0 if train_backbone(options.output, *sizes, minutes=options.minutes) else 3


if __name__ == "__main__":
    raise SystemExit(main())
