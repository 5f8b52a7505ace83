"""How fast a training step is: the lean way (`step: lean`) beside the plain one, on the packaged model.

    python benchmarks/training_speed.py [--steps 12] [--pairs 64]

Writes `training_speed.json` beside itself. Both ways train the same adapter of the packaged model on the same batches
of rendered scenes, in turn, step by step, so that whatever else the machine does meets both: forward pass, backward
pass, clipping of gradients, fused AdamW. Wall and processor seconds of each step, their medians, and the losses, which
must be equal. Then what opening the images takes: the joint images of an epoch from their files, and from the cache of
the epochs after the first. Adapters: that of the packaged model by default (rank 32 on all linear layers), and the
paper's (rank 16 on attention, dropout 0.05, here without, so that losses can be compared). At last the rate of the
multiplications in both, as a share of what the same thread does in one large product of matrices, by torch's own way
and by the one that the lean step asks (`model.layers.products`).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from caption_speed import PRODUCTS, counted_flops, make_pairs, product_rate

from blip2idc.data.joint_cache import JointCache
from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.runs.record import run_record
from blip2idc.training.data import gather_data
from blip2idc.training.recipe import TrainConfig
from blip2idc.training.run import make_trainer, prepare_backbone
from blip2idc.training.trainer import CaptionTrainer

ADAPTERS = {
    "packaged: rank 32, linear layers": LoraSettings(),
    "paper: rank 16, attention": LoraSettings(rank=16, dropout=0.0, layers="attention"),
}
WAYS = ("plain", "lean")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=12, help="of each way, after two that are not counted")
    parser.add_argument("--pairs", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=16)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_pairs(Path(folder), arguments.pairs)
        result: dict[str, Any] = {
            "steps": {name: steps(Path(folder), lora, arguments) for name, lora in ADAPTERS.items()},
            "images": images(Path(folder), arguments),
            "ceiling_gflops": {name: product_rate(way) for name, way in PRODUCTS.items()},
            "threads": torch.get_num_threads(),
            "load_average": os.getloadavg(),
            "run_record": run_record(),
        }
    for found in result["steps"].values():
        for way in WAYS:
            found[way]["share_of_ceiling"] = {
                name: found[way]["gflops"] / rate for name, rate in result["ceiling_gflops"].items()
            }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in result.items() if key != "run_record"}, indent=2))


def trainer_of(folder: Path, lora: LoraSettings, way: Any, batch_size: int) -> CaptionTrainer:
    """As `blip2idc train` makes it."""
    config = TrainConfig(
        lora=lora, step=way, batch_size=batch_size, workers=0, calibration_pairs=0, validation_share=0.01
    )
    pairs = gather_data([folder], share=config.validation_share)
    config, backbone, settings = prepare_backbone(config, len(pairs.train), lambda line: None)
    assert settings.layout is not None
    work = folder / f"work-{way}"
    work.mkdir(exist_ok=True)
    return make_trainer(
        config, backbone, settings.layout, pairs.stages[0], pairs.validation, work, lambda line: None
    )


def steps(folder: Path, lora: LoraSettings, arguments: argparse.Namespace) -> dict[str, Any]:
    """Both ways, step by step."""
    trainers = {way: trainer_of(folder, lora, way, arguments.batch_size) for way in WAYS}
    data = trainers["plain"].train_dataset
    size = arguments.batch_size
    starts = range(0, len(data) - size + 1, size)
    batches = [
        trainers["plain"].data_collator([data[start + place] for place in range(size)]) for start in starts
    ]
    runs = {way: Run(trainer) for way, trainer in trainers.items()}
    for number in range(arguments.steps + 2):
        for way in WAYS if number % 2 else reversed(WAYS):
            runs[way].step(batches[number % len(batches)], counted=number >= 2)
    found: dict[str, Any] = {way: run.told() for way, run in runs.items()}
    for kind in ("wall", "cpu"):
        seconds = {way: statistics.median(found[way][f"{kind}_s"]) for way in WAYS}
        found[f"ratio_{kind}"] = seconds["plain"] / seconds["lean"]
    losses = [runs[way].losses for way in WAYS]
    found["largest_difference_of_losses"] = max(abs(one - other) for one, other in zip(*losses, strict=True))
    return found


class Run:
    """One way through its steps."""

    def __init__(self, trainer: CaptionTrainer) -> None:
        self.trainer = trainer
        self.model: Any = trainer.model
        self.model.train()
        self.trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=5e-4, fused=True)
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.losses: list[float] = []
        self.flops = 0

    def step(self, batch: dict[str, torch.Tensor], counted: bool) -> None:
        """Take one step; the first one counts its operations."""
        if not self.flops:
            with counted_flops() as counter:
                self._loss(batch).backward()
            self.flops = counter.get_total_flops()
            self.optimizer.zero_grad()
        wall, cpu = time.perf_counter(), time.process_time()
        loss = self._loss(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if counted:
            self.cpu.append(time.process_time() - cpu)
            self.wall.append(time.perf_counter() - wall)
        self.losses.append(loss.item())

    def _loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        total, tokens = self.trainer._token_losses(self.model, batch)
        return total / tokens

    def told(self) -> dict[str, Any]:
        """Seconds, operations and losses."""
        return {
            "wall_s": self.wall,
            "cpu_s": self.cpu,
            "gflop": self.flops / 1e9,
            "gflops": self.flops / 1e9 / statistics.median(self.cpu),
            "losses": self.losses,
        }


def images(folder: Path, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds a batch for its joint images: in an epoch that opens them, and in one that finds them."""
    trainer: Any = trainer_of(folder, LoraSettings(), "lean", arguments.batch_size)
    data = trainer.train_dataset
    layout = data.preprocessor.layout
    data.cache = JointCache(folder, len(data), layout.size)
    found = {}
    for name in ("opened", "cached"):
        start = time.process_time()
        for index in range(len(data)):
            data[1, index]
        found[f"{name}_cpu_s_a_batch"] = (time.process_time() - start) / len(data) * arguments.batch_size
    return found


if __name__ == "__main__":
    main()
