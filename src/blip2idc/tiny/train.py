"""Trains the tiny BLIP-2 of the package from scratch, on scenes and edits, on one or more CPU processes.

    torchrun --nproc-per-node 2 -m blip2idc.tiny.train --config recipes/tiny.yaml --output FOLDER

In: a recipe. Out: shards of `tiny_data`, a checkpoint from which a killed run goes on, a log, and the backbone folder.
Three things make it learn within two hours instead of days: the exact truth about every cell and pair (`tiny_stage`);
leaving out half of the patches, mostly empty ground, for most of the run; and Muon (Jordan et al., 2024) for matrices.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.distributed as dist

from blip2idc.config import load_config
from blip2idc.runs.files import atomic_path
from blip2idc.tiny.batches import SceneShards, TinyBatch, ViewShards, corpus, draw_batch, merged
from blip2idc.tiny.network import build_tiny, save_tiny, train_tokenizer
from blip2idc.tiny.recipe import TinyRecipe, TinyStage
from blip2idc.tiny.shards import make_shards
from blip2idc.tiny.start import read_english, start_from
from blip2idc.tiny.trainer import TinyTrainer

_SAVE_EVERY = 240.0  # seconds between checkpoints
_LOG_EVERY = 50  # steps
_REREAD_EVERY = 400  # steps after which new shards are looked for
_WARM_UP = 60  # steps of rising rate at the start of a stage, and after an interruption

_Source: TypeAlias = SceneShards | ViewShards


class Supply:
    """Batches of a stage from the shards that exist by now, this process's share of them.

    Args:
        shards: Their folder.
        recipe: With the views and their weights.
        rank, processes: Which part of the files is this process's.
    """

    def __init__(self, shards: Path, recipe: TinyRecipe, rank: int = 0, processes: int = 1) -> None:
        self._shards, self._views = shards, dict(recipe.views)
        self._rank, self._processes = rank, processes
        self._read: dict[str, tuple[list[Path], _Source]] = {}

    def batches(
        self, stage: TinyStage, rng: np.random.Generator, dropped: bool
    ) -> list[tuple[TinyBatch, int]]:
        """The batches of one step, each with the patches to keep, which are all where none are dropped.

        Pairs of which as many patches are kept go through the network together.
        """
        wanted = [("scenes", stage.scenes, stage.kept), ("edits", stage.edits, stage.kept_edits)]
        wanted += [(name, count, stage.kept_edits) for name, count in self._drawn(stage.views, rng)]
        drawn: dict[int, list[TinyBatch]] = {}
        for name, count, kept in wanted:
            if count and name in self._read:
                batch = draw_batch(self._read[name][1], rng, count, stage.no_change_share)
                drawn.setdefault(kept if dropped else 0, []).append(batch)
        return [(merged(batches), kept) for kept, batches in drawn.items()]

    def _drawn(self, count: int, rng: np.random.Generator) -> list[tuple[str, int]]:
        """How many views of each data set."""
        names = [name for name in self._views if name in self._read]
        if not names:
            return []
        weights = np.array([self._views[name] for name in names])
        return list(zip(names, rng.multinomial(count, weights / weights.sum()).tolist(), strict=True))

    def look_again(self, stage: TinyStage) -> None:
        """Read shards that appeared since."""
        names = [name for name, count in (("scenes", stage.scenes), ("edits", stage.edits)) if count]
        for name in (*names, *(self._views if stage.views else ())):
            pattern = f"{name}-*.npz" if name in self._views else f"{name}_*.npz"
            files = sorted(self._shards.glob(pattern))
            files = files[self._rank :: self._processes] or files
            if files and self._read.get(name, ([],))[0] != files:
                source = (
                    SceneShards(files) if name == "scenes" else ViewShards(files, mirrored=name == "edits")
                )
                self._read[name] = files, source


def run_stage(
    trainer: TinyTrainer,
    stage: TinyStage,
    start: int,
    folder: Path,
    recipe: TinyRecipe,
    sentences: Sequence[str] = (),
) -> None:
    """Trains until `stage.pairs` are seen in all; reads new shards as they appear.

    Args:
        trainer: Network and optimizers, updated in place.
        stage: What to do.
        start: Pairs seen when the stage began, which may be before this call if the run was interrupted.
        folder: Holds `shards/`; gets `checkpoint.pt` and `log.jsonl`.
        recipe: For the seed and the views.
        sentences: English, which `stage.sentences` are drawn from.
    """
    rng = np.random.default_rng((recipe.seed, trainer.rank, trainer.seen))
    # processes wait for one another, so that all of them leave patches out in the same steps
    together = np.random.default_rng((recipe.seed, trainer.seen))
    started, first = time.monotonic(), trainer.seen
    supply = Supply(folder / "shards", recipe, trainer.rank, trainer.processes)
    step, saved, totals = 0, time.monotonic(), dict[str, float]()
    trainer.network.train()
    while trainer.seen < stage.pairs:
        if step % _REREAD_EVERY == 0:
            supply.look_again(stage)
        left = (stage.pairs - trainer.seen) / (stage.pairs - start)
        left = stage.final + (1 - stage.final) * left
        read = [sentences[k] for k in rng.integers(len(sentences), size=stage.sentences)] if sentences else []
        batches = supply.batches(stage, rng, together.random() < stage.kept_share)
        for name, loss in trainer.step(batches, stage, left * min(1.0, (step + 1) / _WARM_UP), read).items():
            totals[name] = totals.get(name, 0.0) + loss
        step += 1
        if step % _LOG_EVERY == 0:
            if trainer.rank == 0:
                rate = (trainer.seen - first) / (time.monotonic() - started)
                _log(folder / "log.jsonl", trainer.seen, rate, totals)
            totals = {}
        if trainer.rank == 0 and time.monotonic() - saved > _SAVE_EVERY:
            trainer.save(folder / "checkpoint.pt")
            saved = time.monotonic()
    if trainer.rank == 0:
        trainer.save(folder / "checkpoint.pt")


def _log(path: Path, seen: int, rate: float, totals: dict[str, float]) -> None:
    row = {name: round(value / _LOG_EVERY, 4) for name, value in totals.items()}
    with path.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps({"seen": seen, "per_second": round(rate, 1), **row}) + "\n")


def make_trainer(recipe: TinyRecipe, folder: Path) -> TinyTrainer:
    """A trainer as the recipe begins, or as the checkpoint in the folder left it."""
    torch.manual_seed(recipe.seed)
    if recipe.start is None:
        tokenizer = train_tokenizer(corpus(3000, recipe.seed), recipe.size.vocabulary)
        network = build_tiny(tokenizer, recipe.size)
    else:
        network, tokenizer = start_from(recipe, folder)
    trainer = TinyTrainer(network, tokenizer, recipe.seed, recipe.dtype)
    if (folder / "checkpoint.pt").exists():
        trainer.load(folder / "checkpoint.pt")
    return trainer


def train_tiny(recipe: TinyRecipe, folder: Path) -> None:
    """Runs all stages that are not done yet, and writes the backbone folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not dist.is_initialized() or dist.get_rank() == 0:
        make_shards(folder / "shards", recipe.scene_shards, recipe.edit_shards, workers=os.cpu_count() or 1)
        read_english(recipe, folder)
    if dist.is_initialized():
        dist.barrier()
    sentences = read_english(recipe, folder)
    trainer = make_trainer(recipe, folder)
    start = 0
    for stage in recipe.stages:
        run_stage(trainer, stage, start, folder, recipe, sentences)
        start = stage.pairs
    if trainer.rank == 0:
        write_backbone(trainer, folder / "backbone")


def write_backbone(trainer: TinyTrainer, folder: Path) -> None:
    """Write the averaged weights as a checkpoint of transformers; the folder appears whole."""
    with atomic_path(folder) as partial:
        partial.mkdir()
        save_tiny(trainer.averaged.train(mode=False), trainer.tokenizer, partial)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="recipe, such as recipes/tiny.yaml")
    parser.add_argument(
        "--output", type=Path, required=True, help="folder for shards, checkpoint, log, backbone"
    )
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change one setting")
    parser.add_argument(
        "--write", action="store_true", help="write the backbone of the last checkpoint, and train no further"
    )
    options = parser.parse_args(arguments)
    recipe = load_config(TinyRecipe, options.config, options.set)
    if options.write:
        write_backbone(make_trainer(recipe, options.output), options.output / "backbone")
        return
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
        torch.set_num_threads(1)
    train_tiny(recipe, options.output)
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
