"""Network, truth heads and optimizers of the tiny model's training, in one process or several.

In: batches of the worlds and sentences. Out: updated weights, and a checkpoint from which training goes on. Captions go
through the collator and the loss of every other training (`data.collate`, `training.loss`).

Besides the weights that are trained, their running average is kept: it is what a falling rate would give, at any time,
so that a run can be cut off and its model used.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from blip2idc.data.collate import CaptionCollator, ImageStatistics, Preprocessor, TextFormat
from blip2idc.images.joint import JointLayout
from blip2idc.tiny.batches import BACKGROUND, TinyBatch
from blip2idc.tiny.heads import KindNumbers, TruthHeads, as_tensors, cell_loss, pair_loss
from blip2idc.tiny.muon import Muon
from blip2idc.tiny.precision import Precision
from blip2idc.tiny.recipe import TinyStage
from blip2idc.training.loss import caption_loss

_AVERAGED = 0.998  # of the running average that stays at each step


class TinyTrainer:
    """Network, heads and optimizers of one process.

    Args:
        network: To train, a `Blip2ForConditionalGeneration` with OPT.
        tokenizer: Of its language model.
        seed: Of the heads.
        dtype: Of the products, see `Precision`.
    """

    def __init__(self, network: Any, tokenizer: Any, seed: int = 0, dtype: str = "float32") -> None:
        self.rank = dist.get_rank() if dist.is_initialized() else 0
        self.processes = dist.get_world_size() if dist.is_initialized() else 1
        torch.manual_seed(seed)
        self.tokenizer = tokenizer
        self.network = network
        self.collator = _collator(network, tokenizer)
        config = network.config
        self.heads = TruthHeads(config.vision_config.hidden_size, config.qformer_config.hidden_size)
        self.kinds = KindNumbers()
        self.seen = 0
        self.averaged = copy.deepcopy(network).requires_grad_(False)
        self.precision = Precision(dtype)
        self.precision.prepare(network)
        self.optimizers = self._optimizers()

    def _optimizers(self) -> list[torch.optim.Optimizer]:
        named = [*self.network.named_parameters(), *self.heads.named_parameters()]
        matrices = [p for name, p in named if p.ndim == 2 and ".layer" in name and "layernorm" not in name]
        chosen = {id(p) for p in matrices}
        others = [p for _, p in named if id(p) not in chosen]
        return [
            Muon(matrices, lr=2e-3, momentum=0.95, weight_decay=0.02, dtype=self.precision.dtype),
            torch.optim.AdamW(others, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01),
        ]

    def losses(self, batch: TinyBatch, stage: TinyStage, kept_patches: int) -> dict[str, torch.Tensor]:
        """Forward pass: the caption loss and the losses of the truth heads."""
        cells = as_tensors(batch.cells)
        pairs = as_tensors({**batch.pairs, "kind": self.kinds(batch.kinds)})
        collated = self.collator(
            [
                {"id": "", "pixels": joint, "caption": caption}
                for joint, caption in zip(batch.joints, batch.captions, strict=True)
            ]
        )
        vision, kept = self._see(collated["pixel_values"], cells, kept_patches)
        if kept is not None:
            cells = {name: labels.gather(1, kept) for name, labels in cells.items()}
        found = {
            "cells": cell_loss(self.heads.cell_answers(vision), cells),
            "whole": pair_loss(self.heads.whole_answers(vision), pairs),
        }
        if stage.captions > 0:
            queries = self._ask(vision)
            found["queries"] = pair_loss(self.heads.query_answers(queries), pairs)
            found["caption"] = self._caption_loss(queries, collated)
        return found

    def _see(
        self, pixels: torch.Tensor, cells: dict[str, torch.Tensor], kept: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The ViT on all patches, or on some: the same cells of both halves, those with objects and changes first."""
        vision = self.network.vision_model
        tokens = vision.embeddings(pixels)  # (B, 1 + P, D)
        chosen = None
        if kept:
            half = (tokens.shape[1] - 1) // 2
            wanted = torch.rand(len(tokens), half)
            shown = ((cells["color"] >= 0) & (cells["color"] != BACKGROUND)) | (cells["status"] > 0)
            wanted += (shown[:, :half] | shown[:, half:]).float()
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

    def _caption_loss(self, queries: torch.Tensor, collated: dict[str, torch.Tensor]) -> torch.Tensor:
        prefix = self.network.language_projection(queries)
        said = collated["input_ids"][:, prefix.shape[1] :]
        embedded = torch.cat([prefix, self.network.language_model.get_input_embeddings()(said)], dim=1)
        logits = self.network.language_model(
            inputs_embeds=embedded, attention_mask=collated["attention_mask"]
        ).logits
        total, tokens = caption_loss(logits, collated["labels"], shifted=True)
        return total / tokens

    def text_loss(self, sentences: Sequence[str]) -> torch.Tensor:
        """Loss of the language model alone on sentences, at the positions that captions have."""
        nothing = np.zeros((1, 1, 3), np.uint8)
        collated = self.collator([{"id": "", "pixels": nothing, "caption": text} for text in sentences])
        queries = int(self.network.config.num_query_tokens)
        said, labels = collated["input_ids"][:, queries:], collated["labels"][:, queries:]
        positions = torch.arange(queries, queries + said.shape[1]).expand(len(said), -1)
        logits = self.network.language_model(
            input_ids=said, attention_mask=collated["attention_mask"][:, queries:], position_ids=positions
        ).logits
        total, tokens = caption_loss(logits, labels, shifted=True)
        return total / tokens

    def step(
        self,
        batches: Sequence[tuple[TinyBatch, int]],
        stage: TinyStage,
        factor: float,
        sentences: Sequence[str] = (),
    ) -> dict[str, float]:
        """One update from batches with the patches kept of each; gradients are averaged over the processes."""
        count = sum(len(batch.captions) for batch, _ in batches)
        logged: dict[str, float] = {}
        for batch, kept in batches:
            with self.precision.forward():
                found = self.losses(batch, stage, kept)
            share = len(batch.captions) / count
            weights = {name: share * (stage.captions if name == "caption" else stage.truth) for name in found}
            torch.stack([weights[name] * loss for name, loss in found.items()]).sum().backward()  # type: ignore[no-untyped-call]
            for name, loss in found.items():
                logged[name] = logged.get(name, 0.0) + share * float(loss.detach())
        if sentences:
            with self.precision.forward():
                read = self.text_loss(sentences)
            (stage.reading * read).backward()  # type: ignore[no-untyped-call]
            logged["reading"] = float(read.detach())
        self._update(stage.rate, factor)
        self.seen += count * self.processes
        return logged

    def _update(self, rate: float, factor: float) -> None:
        parameters = [p for p in (*self.network.parameters(), *self.heads.parameters()) if p.grad is not None]
        if self.processes > 1:
            flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
            dist.all_reduce(flat)
            flat /= self.processes
            for p, part in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
                p.grad = part.view_as(p)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for optimizer, highest in zip(self.optimizers, (rate, rate / 2), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = highest * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            pairs = zip(self.averaged.parameters(), self.network.parameters(), strict=True)
            for average, weight in pairs:
                average.lerp_(weight, 1 - _AVERAGED)

    def save(self, path: Path) -> None:
        """Everything needed to go on, in one file that appears whole."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "heads": self.heads.state_dict(),
            "kinds": self.kinds.known(),
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
        self.averaged.load_state_dict(state["averaged"])
        self.heads.load_state_dict(state["heads"])
        self.kinds = KindNumbers(state["kinds"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.seen = state["seen"]


def _collator(network: Any, tokenizer: Any) -> CaptionCollator:
    """The collator of every training, for this network."""
    config = network.config
    size = config.vision_config.image_size
    half = ImageStatistics((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    text_format = TextFormat(
        image_token_id=config.image_token_index,
        image_tokens=config.num_query_tokens,
        start_token_id=tokenizer.bos_token_id,
        end_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CaptionCollator(Preprocessor(JointLayout("vertical", size, size), half), text_format, tokenizer)
