"""The cells of the study: what is trained, on what, and which question it belongs to.

In: a scale (full or quick). Out: `Cell`s in the order in which they are worth having: every question once, then the
further seeds. A cell is named `QUESTION/VARIANT/seed-N`; several questions may share a cell (the base is rank 16, joint
vertical, real pairs), which is trained once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scale:
    """Sizes of the study.

    Attributes:
        name: `full` or `quick`.
        pairs: Training pairs of every cell that is not about data.
        sizes: Training pairs of the cells about data.
        synthetic: Synthetic pairs of these cells, whatever the number of real ones.
        steps: Optimizer steps of every cell that is not about time, 16 pairs each.
        times: Steps of the cells about time.
        test: Pairs scored.
        pointing: Pairs whose heatmaps are scored.
        seeds: Of every cell.
        once: Steps of further cells about time, of the first seed alone: they show where it goes and decide nothing.
        longer: Pairs and steps of the cells that ask about the encoding once more, with a larger budget and one seed;
            None for none.
    """

    name: str
    pairs: int
    sizes: tuple[int, ...]
    synthetic: int
    steps: int
    times: tuple[int, ...]
    test: int
    pointing: int
    seeds: int = 3
    once: tuple[int, ...] = ()
    longer: tuple[int, int] | None = None


FULL = Scale("full", 1000, (250, 500, 1000, 3000), 3000, 900, (50, 100, 200, 400, 900), 500, 120,
             once=(1800,), longer=(3000, 1800))  # fmt: skip
QUICK = Scale("quick", 500, (250, 500), 500, 160, (20, 40, 80, 160, 320), 200, 40)


@dataclass(frozen=True)
class Cell:
    """One training run and its scores.

    Attributes:
        variant: What is trained, in a few words; the same words in several questions are the same run.
        seed: Of weights and order.
        data: (kind, pairs) in order; kinds are those of `run.WORLDS`.
        steps: Optimizer steps in all.
        settings: Of `TrainConfig`, as `--set` takes them.
        in_turn: Whether the data sets train one after another.
        pointing: Whether heatmaps are scored as well.
        unseen: Whether the test pairs of held-out compositions are scored as well.
    """

    variant: str
    seed: int
    data: tuple[tuple[str, int], ...]
    steps: int
    settings: tuple[tuple[str, Any], ...] = ()
    in_turn: bool = False
    pointing: bool = False
    unseen: bool = False

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.variant.replace(' ', '-').replace(',', '')}_seed-{self.seed}"


@dataclass(frozen=True)
class Question:
    """Cells that are compared with one another.

    Attributes:
        name: Of the table.
        variants: In the order of the table.
    """

    name: str
    variants: tuple[str, ...] = field(default=())


BASE = "joint vertical 64x64"
ENCODINGS: dict[str, dict[str, Any]] = {
    BASE: {},
    "joint horizontal 64x64": {"layout": {"direction": "horizontal", "height": 64, "width": 64}},
    "joint vertical 128x64": {"layout": {"direction": "vertical", "height": 128, "width": 64}},
    "joint horizontal 64x128": {"layout": {"direction": "horizontal", "height": 64, "width": 128}},
    "two-stream concat 64x64 each": {"two_stream": True},
    "two-stream difference 64x64 each": {"two_stream": True, "merge": "difference"},
    "two-stream both 64x64 each": {"two_stream": True, "merge": "both"},
    "two-stream concat 32x64 each": {
        "two_stream": True, "layout": {"direction": "vertical", "height": 64, "width": 64},
    },
}  # fmt: skip
LONGER = (
    BASE,
    "two-stream concat 64x64 each",
    "two-stream difference 64x64 each",
    "two-stream both 64x64 each",
    "two-stream concat 32x64 each",
)
RANKS = (4, 8, 32)
PARTS = {
    "vision alone": ["vision"],
    "Q-Former alone": ["qformer"],
    "language model alone": ["language"],
}
AUGMENTED = {
    "augmented by flip": ["flip"],
    "augmented by swap": ["swap"],
    "augmented by color and distract": ["color", "distract"],
    "augmented by all five": ["flip", "crop", "color", "swap", "distract"],
}


def questions(scale: Scale) -> list[Question]:
    """All questions, in the order of the page."""
    regimes = ("real", "synthetic", "synthetic first", "mixed")
    return [
        Question("encoding", tuple(ENCODINGS)),
        *([Question("longer", tuple(longer_name(name, scale) for name in LONGER))] if scale.longer else ()),
        Question("rank", (*(f"rank {rank}" for rank in RANKS[:2]), BASE, f"rank {RANKS[2]}")),
        Question("parts", (BASE, *PARTS, "attention alone", "full fine-tuning")),
        Question("data", tuple(_data_name(kind, size, scale) for size in scale.sizes for kind in regimes)),
        Question("augmentation", (BASE, *AUGMENTED)),
        Question("compositions", ("held-out compositions",)),
        Question("time", tuple(_time_name(steps, scale) for steps in (*scale.times, *scale.once))),
    ]


def cells(scale: Scale) -> list[Cell]:
    """Every cell once: all variants with the first seed, then with the second, and so on; the longest come last."""
    found: dict[str, Cell] = {}
    for seed in range(scale.seeds):
        for cell in _variants(scale, seed):
            found.setdefault(cell.name, cell)
    return sorted(found.values(), key=lambda cell: cell.steps > scale.steps)


def _variants(scale: Scale, seed: int) -> Iterator[Cell]:
    real = (("real", scale.pairs),)
    for name, settings in ENCODINGS.items():
        yield Cell(name, seed, real, scale.steps, tuple(settings.items()), pointing=True)
    for rank in RANKS:
        yield Cell(f"rank {rank}", seed, real, scale.steps, (("lora.rank", rank),))
    for name, parts in PARTS.items():
        yield Cell(name, seed, real, scale.steps, (("lora.parts", parts),))
    yield Cell("attention alone", seed, real, scale.steps, (("lora.layers", "attention"),))
    yield Cell("full fine-tuning", seed, real, scale.steps, (("mode", "full"),))
    edited = ("synthetic", scale.synthetic)
    for size in scale.sizes:
        data = {
            "real": (("real", size),),
            "synthetic": (("synthetic", size),),
            "synthetic first": (edited, ("real", size)),
            "mixed": (edited, ("real", size)),
        }
        for kind, sets in data.items():
            yield Cell(
                _data_name(kind, size, scale), seed, sets, scale.steps, in_turn=kind == "synthetic first"
            )
    for name, kinds in AUGMENTED.items():
        yield Cell(name, seed, real, scale.steps, (("augment", kinds),))
    yield Cell("held-out compositions", seed, (("seen", scale.pairs),), scale.steps, unseen=True)
    for steps in (*scale.times, *(scale.once if seed == 0 else ())):
        yield Cell(_time_name(steps, scale), seed, real, steps)
    if scale.longer is not None and seed == 0:
        pairs, steps = scale.longer
        for name in LONGER:
            settings = tuple(ENCODINGS[name].items())
            yield Cell(longer_name(name, scale), seed, (("real", pairs),), steps, settings, pointing=True)


def longer_name(variant: str, scale: Scale) -> str:
    """The variant with the larger budget."""
    return variant if scale.longer is None else f"{variant}, {scale.longer[1]} steps"


def _data_name(kind: str, size: int, scale: Scale) -> str:
    return BASE if (kind, size) == ("real", scale.pairs) else f"{kind} {size} pairs"


def _time_name(steps: int, scale: Scale) -> str:
    return BASE if steps == scale.steps else f"{steps} steps"
