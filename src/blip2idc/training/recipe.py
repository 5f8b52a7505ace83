"""What a training run is told: the settings of `blip2idc train`, as `--config` and `--set` fill them.

In: a YAML file and overrides (see `blip2idc.config.load_config`). Out: a checked `TrainConfig`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from blip2idc.errors import ConfigError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import MAX_PIXELS
from blip2idc.model.adapter import LoraPlan
from blip2idc.training.mixing import DataShare


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run.

    Attributes:
        data: Data sets to train on, `{path, share}` each; `--data` takes their place. Paths are relative to the folder
            that the command runs in.
        order: `mixed` trains on all of them together; `in-turn` on one after another, each with a learning rate that
            rises and falls anew: synthetic pairs first, then real ones, as in the paper.
        stage_epochs: `epochs` of each data set where they train in turn; None for `epochs` each.
        model: Backbone: hub id or folder; None for the tiny model in the package.
        revision: Of the backbone on the hub.
        mode: `lora` trains an adapter and leaves the backbone frozen; `full` trains every weight (small backbones).
        two_stream: Encode the two images apart (the baseline) instead of jointly.
        layout: Geometry of the joint image; None for the backbone's own.
        prompt: Text between image and caption.
        lora: Rank, alpha, dropout and parts of the adapter.
        epochs: How often each pair is seen (more or less where its data set has a share), each time with one of its
            captions.
        max_steps: Stop after that many optimizer steps (of each stage); None for no limit.
        batch_size: Pairs a process and step.
        accumulate: Steps whose gradients are added up before the weights move.
        learning_rate: At its highest.
        warmup: Share of the steps during which the learning rate rises; it then falls along a cosine.
        weight_decay: Of AdamW.
        max_gradient_norm: Longer gradients are shortened to it.
        max_caption_tokens: Longer captions are cut.
        validation_share: Of the training pairs to set aside where no validation data is given.
        evaluate_every: Steps between validations (and checkpoints); None for once an epoch.
        patience: Validations without improvement before training stops; 0 for never.
        calibration_pairs: At most that many validation pairs calibrate the change probability; 0 for no calibration.
        seed: Of everything that is drawn.
        device: `auto`, `cpu`, `cuda`.
        dtype: `auto`, `float32` or `bfloat16`.
        attention: `sdpa`, `eager` or None for transformers' choice.
        gradient_checkpointing: Recompute activations instead of keeping them; slower, much less memory.
        workers: Processes that open images; 0 for none.
        log_every: Steps between lines of the log.
        tensorboard: Write TensorBoard events as well.
        keep_checkpoints: Leave the working folder in place after success.
        max_pixels: Limit for each image.
    """

    data: tuple[DataShare, ...] = ()
    order: Literal["mixed", "in-turn"] = "mixed"
    stage_epochs: tuple[float, ...] | None = None
    model: str | None = None
    revision: str | None = None
    mode: Literal["lora", "full"] = "lora"
    two_stream: bool = False
    layout: JointLayout | None = None
    prompt: str = ""
    lora: LoraPlan = field(default_factory=LoraPlan)
    epochs: float = 10.0
    max_steps: int | None = None
    batch_size: int = 16
    accumulate: int = 1
    learning_rate: float = 1e-4
    warmup: float = 0.05
    weight_decay: float = 0.01
    max_gradient_norm: float = 1.0
    max_caption_tokens: int = 64
    validation_share: float = 0.05
    evaluate_every: int | None = None
    patience: int = 3
    calibration_pairs: int = 1000
    seed: int = 0
    device: str = "auto"
    dtype: str = "auto"
    attention: str | None = None
    gradient_checkpointing: bool = False
    workers: int = 2
    log_every: int = 10
    tensorboard: bool = False
    keep_checkpoints: bool = False
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        if self.dtype == "float16":
            raise ConfigError(
                "dtype is float16, in which training BLIP-2 gives NaN (peft issue 376); use bfloat16 or float32"
            )
        if self.dtype not in ("auto", "float32", "bfloat16"):
            raise ConfigError(f"dtype is {self.dtype!r}; expected auto, float32 or bfloat16")
        self._check_numbers()

    def _check_numbers(self) -> None:
        """Refuse numbers that are out of range."""
        for name in ("batch_size", "accumulate", "max_caption_tokens", "log_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected at least 1")
        for name in ("max_steps", "evaluate_every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name} is {value}; expected at least 1, or null")
        for name in ("epochs", "learning_rate", "max_gradient_norm"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected more than 0")
        for name in ("patience", "calibration_pairs", "workers", "weight_decay"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected 0 or more")
        if self.stage_epochs is not None and min(self.stage_epochs, default=0.0) <= 0:
            raise ConfigError(f"stage_epochs is {list(self.stage_epochs)}; expected numbers above 0")
        if not 0 < self.validation_share < 1 or not 0 <= self.warmup < 1:
            raise ConfigError(
                f"validation_share is {self.validation_share} and warmup {self.warmup}; expected shares below 1"
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        values = asdict(self)
        values["lora"]["parts"] = list(self.lora.parts)
        values["data"] = [one.to_json() for one in self.data]
        values["stage_epochs"] = None if self.stage_epochs is None else list(self.stage_epochs)
        return values
