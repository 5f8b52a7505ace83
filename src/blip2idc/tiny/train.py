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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.distributed as dist
from torch import nn

from blip2idc.config import load_config
from blip2idc.errors import ConfigError
from blip2idc.runs.files import atomic_path
from blip2idc.tiny.batches import BACKGROUND, EditShards, SceneShards, TinyBatch, corpus, draw_batch
from blip2idc.tiny.heads import TruthHeads, as_tensors, cell_loss, pair_loss
from blip2idc.tiny.muon import Muon
from blip2idc.tiny.network import TinySize, build_tiny, save_tiny, train_tokenizer
from blip2idc.tiny.shards import make_shards

_SAVE_EVERY = 240.0  # seconds between checkpoints
_LOG_EVERY = 50  # steps
_REREAD_EVERY = 400  # steps after which new shards are looked for
_WARM_UP = 60  # steps of rising rate at the start of a stage, and after an interruption


_Source: TypeAlias = tuple[SceneShards | EditShards, int, int]


@dataclass(frozen=True)
class TinyStage:
    """One stage of training.

    Attributes:
        pairs: Pairs seen since the very beginning, over all processes, when the stage ends.
        scenes: Scene pairs in the batch of each process.
        edits: Edit pairs in the batch of each process.
        kept: Patches kept of each half of a scene pair; 0 keeps all.
        kept_edits: Likewise of an edit pair, where any patch may matter.
        captions: Weight of the caption loss; 0 leaves Q-Former and language model out.
        truth: Weight of the cell and pair questions.
        rate: Learning rate of the matrices (Muon); half of it for all other weights (AdamW).
        final: Share of the rate that is left at the end of the stage, to which it falls evenly.
        no_change_share: Share of pairs without a change.
    """

    pairs: int
    scenes: int = 20
    edits: int = 10
    kept: int = 56
    kept_edits: int = 0
    captions: float = 1.0
    truth: float = 1.0
    rate: float = 2e-3
    final: float = 1.0
    no_change_share: float = 0.35


@dataclass(frozen=True)
class TinyRecipe:
    """How the tiny model is made.

    Attributes:
        stages: In order of their pairs.
        seed: Of weights, tokenizer and batches.
        scene_shards: Shards of 500 drawn scenes each (24 pairs a scene).
        edit_shards: Shards of 500 edited pairs each.
        size: Of the network.
    """

    stages: tuple[TinyStage, ...]
    seed: int = 0
    scene_shards: int = 60
    edit_shards: int = 60
    size: TinySize = field(default_factory=TinySize)

    def __post_init__(self) -> None:
        ends = [stage.pairs for stage in self.stages]
        if not ends or ends != sorted(set(ends)):
            raise ConfigError(f"stages end after {ends} pairs, expected rising numbers")


class TinyTrainer:
    """Network, heads and optimizers of one process."""

    def __init__(self, size: TinySize, seed: int = 0) -> None:
        self.rank = dist.get_rank() if dist.is_initialized() else 0
        self.processes = dist.get_world_size() if dist.is_initialized() else 1
        torch.manual_seed(seed)
        self.size = size
        self.tokenizer = train_tokenizer(corpus(3000, seed), size.vocabulary)
        self.network = build_tiny(self.tokenizer, size)
        self.heads = TruthHeads(size.vision_width, size.width)
        self.seen = 0
        self.optimizers = self._optimizers()

    def _optimizers(self) -> list[torch.optim.Optimizer]:
        named = [*self.network.named_parameters(), *self.heads.named_parameters()]
        matrices = [p for name, p in named if p.ndim == 2 and ".layer" in name and "layernorm" not in name]
        chosen = {id(p) for p in matrices}
        others = [p for _, p in named if id(p) not in chosen]
        return [
            Muon(matrices, lr=2e-3, momentum=0.95, weight_decay=0.02),
            torch.optim.AdamW(others, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01),
        ]

    def losses(self, batch: TinyBatch, stage: TinyStage, kept_patches: int) -> dict[str, torch.Tensor]:
        """Forward pass: the caption loss and the losses of the truth heads."""
        cells, pairs = as_tensors(batch.cells), as_tensors(batch.pairs)
        pixels = torch.from_numpy(batch.joints).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
        vision, kept = self._see(pixels, cells, kept_patches)
        if kept is not None:
            cells = {name: labels.gather(1, kept) for name, labels in cells.items()}
        found = {
            "cells": cell_loss(self.heads.cell_answers(vision), cells),
            "whole": pair_loss(self.heads.whole_answers(vision), pairs),
        }
        if stage.captions > 0:
            queries = self._ask(vision)
            found["queries"] = pair_loss(self.heads.query_answers(queries), pairs)
            found["caption"] = self._caption_loss(queries, batch.captions)
        return found

    def _see(
        self, pixels: torch.Tensor, cells: dict[str, torch.Tensor], kept: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The ViT on all patches, or on some: the same cells of both halves, those with objects first."""
        vision = self.network.vision_model
        tokens = vision.embeddings(pixels)  # (B, 1 + P, D)
        chosen = None
        if kept:
            half = (tokens.shape[1] - 1) // 2
            wanted = torch.rand(len(tokens), half)
            for part in (cells["color"][:, :half], cells["color"][:, half:]):
                wanted += ((part >= 0) & (part != BACKGROUND)).float()
            first = wanted.topk(kept, dim=1).indices  # (B, kept)
            chosen = torch.cat([first, first + half], dim=1)
            index = (chosen + 1)[..., None].expand(-1, -1, tokens.shape[-1])
            tokens = torch.cat([tokens[:, :1], tokens.gather(1, index)], dim=1)
        encoded = vision.encoder(inputs_embeds=tokens).last_hidden_state
        return vision.post_layernorm(encoded), chosen

    def _ask(self, vision: torch.Tensor) -> torch.Tensor:
        queries = self.network.query_tokens.expand(len(vision), -1, -1)
        mask = torch.ones(vision.shape[:2], dtype=torch.long)
        answer = self.network.qformer(
            query_embeds=queries, encoder_hidden_states=vision, encoder_attention_mask=mask
        )
        output: torch.Tensor = answer.last_hidden_state
        return output

    def _caption_loss(self, queries: torch.Tensor, captions: Sequence[str]) -> torch.Tensor:
        end = self.tokenizer.eos_token_id
        rows = [[end, *self.tokenizer(text, add_special_tokens=False)["input_ids"], end] for text in captions]
        longest = max(map(len, rows))
        tokens = torch.tensor([row + [self.tokenizer.pad_token_id] * (longest - len(row)) for row in rows])
        counted = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        prefix = self.network.language_projection(queries)
        embedded = torch.cat([prefix, self.network.language_model.get_input_embeddings()(tokens)], dim=1)
        mask = torch.cat([torch.ones(prefix.shape[:2], dtype=torch.long), counted], dim=1)
        logits = self.network.language_model(inputs_embeds=embedded, attention_mask=mask).logits
        logits = logits[:, prefix.shape[1] : -1]  # predictions of tokens 1.. of each row
        targets = tokens[:, 1:].masked_fill(counted[:, 1:] == 0, -100)
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)

    def step(
        self, batches: Sequence[tuple[TinyBatch, int]], stage: TinyStage, factor: float
    ) -> dict[str, float]:
        """One update from batches with the patches kept of each; gradients are averaged over the processes."""
        count = sum(len(batch.captions) for batch, _ in batches)
        logged: dict[str, float] = {}
        for batch, kept in batches:
            found = self.losses(batch, stage, kept)
            share = len(batch.captions) / count
            weights = {name: share * (stage.captions if name == "caption" else stage.truth) for name in found}
            torch.stack([weights[name] * loss for name, loss in found.items()]).sum().backward()  # type: ignore[no-untyped-call]
            for name, loss in found.items():
                logged[name] = logged.get(name, 0.0) + share * float(loss.detach())
        parameters = [p for p in (*self.network.parameters(), *self.heads.parameters()) if p.grad is not None]
        if self.processes > 1:
            flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
            dist.all_reduce(flat)
            flat /= self.processes
            for p, part in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
                p.grad = part.view_as(p)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for optimizer, rate in zip(self.optimizers, (stage.rate, stage.rate / 2), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.seen += count * self.processes
        return logged

    def save(self, path: Path) -> None:
        """Everything needed to go on, in one file that appears whole."""
        state = {
            "network": self.network.state_dict(),
            "heads": self.heads.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "seen": self.seen,
        }
        temporary = path.with_suffix(".part")
        torch.save(state, temporary)
        temporary.rename(path)

    def load(self, path: Path) -> None:
        """Go on from `save`."""
        state = torch.load(path, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.heads.load_state_dict(state["heads"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.seen = state["seen"]


def run_stage(trainer: TinyTrainer, stage: TinyStage, start: int, folder: Path, seed: int) -> None:
    """Trains until `stage.pairs` are seen in all; reads new shards as they appear.

    Args:
        trainer: Network and optimizers, updated in place.
        stage: What to do.
        start: Pairs seen when the stage began, which may be before this call if the run was interrupted.
        folder: Holds `shards/`; gets `checkpoint.pt` and `log.jsonl`.
        seed: Of the batches, with rank and progress.
    """
    rng = np.random.default_rng((seed, trainer.rank, trainer.seen))
    started, first = time.monotonic(), trainer.seen
    sources: list[_Source] = []
    step, saved, totals = 0, time.monotonic(), dict[str, float]()
    trainer.network.train()
    while trainer.seen < stage.pairs:
        if step % _REREAD_EVERY == 0:
            sources = _sources(folder / "shards", stage, trainer.rank, trainer.processes)
        left = (stage.pairs - trainer.seen) / (stage.pairs - start)
        left = stage.final + (1 - stage.final) * left
        batches = [
            (draw_batch(source, rng, count, stage.no_change_share), kept) for source, count, kept in sources
        ]
        for name, loss in trainer.step(batches, stage, left * min(1.0, (step + 1) / _WARM_UP)).items():
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


def _sources(shards: Path, stage: TinyStage, rank: int, processes: int) -> list[_Source]:
    """This process's share of the shards that exist by now: source, pairs a batch, patches kept."""
    found: list[_Source] = []
    if stage.scenes:
        files = sorted(shards.glob("scenes_*.npz"))
        found.append((SceneShards(files[rank::processes] or files), stage.scenes, stage.kept))
    if stage.edits:
        files = sorted(shards.glob("edits_*.npz"))
        found.append((EditShards(files[rank::processes] or files), stage.edits, stage.kept_edits))
    return found


def train_tiny(recipe: TinyRecipe, folder: Path) -> None:
    """Runs all stages that are not done yet, and writes the backbone folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not dist.is_initialized() or dist.get_rank() == 0:
        make_shards(folder / "shards", recipe.scene_shards, recipe.edit_shards, workers=os.cpu_count() or 1)
    if dist.is_initialized():
        dist.barrier()
    trainer = TinyTrainer(recipe.size, recipe.seed)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
    start = 0
    for stage in recipe.stages:
        run_stage(trainer, stage, start, folder, recipe.seed)
        start = stage.pairs
    if trainer.rank == 0:
        trainer.network.train(mode=False)
        with atomic_path(folder / "backbone") as partial:
            partial.mkdir()
            save_tiny(trainer.network, trainer.tokenizer, partial)


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
    options = parser.parse_args(arguments)
    recipe = load_config(TinyRecipe, options.config, options.set)
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
    torch.set_num_threads(1 if dist.is_initialized() else os.cpu_count() or 1)
    train_tiny(recipe, options.output)
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1:])
