"""What the tiny model's training is told: stages, data, sizes.

In: `recipes/tiny.yaml` and its like (`blip2idc.config.load_config`). Out: a checked `TinyRecipe`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from blip2idc.errors import ConfigError
from blip2idc.tiny.network import TinySize


@dataclass(frozen=True)
class TinyStage:
    """One stage of training.

    Attributes:
        pairs: Pairs seen since the very beginning, over all processes, when the stage ends.
        scenes: Scene pairs in the batch of each process.
        edits: Edit pairs in the batch of each process.
        views: Views of the recipe's data sets in the batch of each process, all of them together.
        kept: Patches kept of each half of a scene pair; 0 keeps all.
        kept_edits: Likewise of an edit pair or a view, where any patch may matter.
        kept_share: Share of the steps in which patches are left out at all.
        captions: Weight of the caption loss; 0 leaves Q-Former and language model out.
        truth: Weight of the cell and pair questions.
        sentences: English sentences that the language model alone reads in each step of each process.
        reading: Weight of their loss.
        rate: Learning rate of the matrices (Muon); half of it for all other weights (AdamW).
        final: Share of the rate that is left at the end of the stage, to which it falls evenly.
        no_change_share: Share of pairs without a change.
    """

    pairs: int
    scenes: int = 20
    edits: int = 10
    views: int = 0
    kept: int = 56
    kept_edits: int = 0
    kept_share: float = 1.0
    captions: float = 1.0
    truth: float = 1.0
    sentences: int = 0
    reading: float = 1.0
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
        size: Of the network; of a network that is there already only the vocabulary counts, which grows to it.
        start: Folder of a backbone to go on from, or `packaged`; None for fresh weights.
        views: How often each kind of view shards (`NAME-*.npz` of `tiny.views`) is drawn from, relative to the others.
        wordnet: Folder of WordNet's data files to read English from; None for none.
        dtype: Of the products (`tiny.precision`): `auto` is bfloat16 where the processor has units for it.
    """

    stages: tuple[TinyStage, ...]
    seed: int = 0
    scene_shards: int = 60
    edit_shards: int = 60
    size: TinySize = field(default_factory=TinySize)
    start: str | None = None
    views: Mapping[str, float] = field(default_factory=dict)
    wordnet: Path | None = None
    dtype: str = "auto"

    def __post_init__(self) -> None:
        ends = [stage.pairs for stage in self.stages]
        if not ends or ends != sorted(set(ends)):
            raise ConfigError(f"stages end after {ends} pairs, expected rising numbers")
