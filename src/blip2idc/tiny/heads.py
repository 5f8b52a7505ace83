"""What the tiny model learns from the exact truth of the worlds: questions to every cell and to every pair.

In: the network's features and the labels of a `TinyBatch`. Out: losses. The heads that answer are thrown away after
training; they are what lets a network of two million weights learn to see from a few hundred thousand pairs.

Shapes: B pairs, P cells, Q query tokens, D width.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from blip2idc.tiny.batches import BACKGROUND, CELL_QUESTIONS, PAIR_QUESTIONS

CELL_WEIGHTS = {"color": 0.7, "shape": 1.5, "size": 1.2, "material": 0.7, "status": 1.5, "other": 0.5}
PAIR_WEIGHTS = dict.fromkeys(PAIR_QUESTIONS, 0.5) | {"kind": 1.0, "shape": 1.0, "size": 1.0}

#: Kinds of change that can be told apart in training; `KindNumbers` gives each its answer as it comes.
MOST_KINDS = 256


class KindNumbers:
    """Kinds of change as answers to the question "kind": numbered as they come, and alike after a break.

    Args:
        kinds: Those that have their number already.
    """

    def __init__(self, kinds: Iterable[str] = ()) -> None:
        self._numbers = {kind: number for number, kind in enumerate(kinds)}

    def __call__(self, kinds: Iterable[str]) -> npt.NDArray[np.int64]:
        """The numbers of some kinds; what comes beyond `MOST_KINDS` is not asked (-1)."""
        found = []
        for kind in kinds:
            if kind not in self._numbers and len(self._numbers) < MOST_KINDS:
                self._numbers[kind] = len(self._numbers)
            found.append(self._numbers.get(kind, -1))
        return np.array(found, dtype=np.int64)

    def known(self) -> list[str]:
        """The kinds in the order of their numbers."""
        return list(self._numbers)


class TruthHeads(nn.Module):
    """Linear answers: to cell questions from the ViT's patches, to pair questions from its class token and the queries.

    Query token k answers question k, so that each has a subject of its own.
    """

    def __init__(self, vision_width: int, query_width: int) -> None:
        super().__init__()
        self.cells = nn.ModuleDict({name: nn.Linear(vision_width, n) for name, n in CELL_QUESTIONS.items()})
        questions = {"kind": MOST_KINDS, **PAIR_QUESTIONS}
        self.whole = nn.ModuleDict({name: nn.Linear(vision_width, n) for name, n in questions.items()})
        self.queries = nn.ModuleDict({name: nn.Linear(query_width, n) for name, n in questions.items()})

    def cell_answers(self, vision: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 1 + P, D) -> logits (B, P, answers) for each question."""
        return {name: head(vision[:, 1:]) for name, head in self.cells.items()}

    def whole_answers(self, vision: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, 1 + P, D) -> logits (B, answers) from the class token."""
        return {name: head(vision[:, 0]) for name, head in self.whole.items()}

    def query_answers(self, queries: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, Q, D) -> logits (B, answers), question k from query token k."""
        return {name: head(queries[:, k]) for k, (name, head) in enumerate(self.queries.items())}


def cell_loss(answers: dict[str, torch.Tensor], labels: dict[str, torch.Tensor]) -> torch.Tensor:
    """Weighted cross entropy over the cells that are asked; rare answers (changed cells) count more.

    A question counts by the share of the pairs in which it is asked.
    """
    total = next(iter(answers.values())).new_zeros(())
    for name, logits in answers.items():
        target = labels[name]
        asked = target >= 0
        if not asked.any():
            total = total + 0.0 * logits.sum()  # every process needs a gradient for every head
            continue
        chosen = target[asked]
        weight = torch.ones_like(chosen, dtype=logits.dtype)
        if name == "color":
            weight[chosen == BACKGROUND] = 0.15
        if name == "status":
            weight = torch.where(chosen > 0, 4.0, 0.4)
        losses = nn.functional.cross_entropy(logits[asked], chosen, reduction="none")
        share = asked.any(dim=1).float().mean()
        total = total + CELL_WEIGHTS[name] * share * (losses * weight).sum() / weight.sum()
    return total


def pair_loss(answers: dict[str, torch.Tensor], labels: dict[str, torch.Tensor]) -> torch.Tensor:
    """Cross entropy of each question over the pairs that are asked."""
    total = next(iter(answers.values())).new_zeros(())
    for name, logits in answers.items():
        asked = labels[name] >= 0
        if asked.any():
            losses = nn.functional.cross_entropy(logits[asked], labels[name][asked], reduction="sum")
            total = total + PAIR_WEIGHTS[name] * losses / len(asked)
        else:
            total = total + 0.0 * logits.sum()
    return total


def as_tensors(labels: dict[str, Any]) -> dict[str, torch.Tensor]:
    """NumPy labels as tensors."""
    return {name: torch.from_numpy(values) for name, values in labels.items()}
