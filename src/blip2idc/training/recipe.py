"""What a training run is told: the settings of `blip2idc train`, as `--config` and `--set` fill them.

In: a YAML file and overrides (see `blip2idc.config.load_config`). Out: a checked `TrainConfig`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from blip2idc.config import Range, Seed, check_ranges
from blip2idc.data.augment import Augmentation
from blip2idc.errors import ConfigError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import MAX_PIXELS
from blip2idc.model.adapters.adapter import LoraSettings
from blip2idc.model.files.settings import Merge
from blip2idc.training.mixing import DataShare

Epochs = Annotated[float, Range(0, 1_000_000, above=True)]
Steps = Annotated[int, Range(1, 1_000_000_000)]


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training run.

    Example::

        train(["data/"], "adapter/", load_config(TrainConfig, Path("recipe.yaml"), ["lora.rank=16"]))

    Attributes:
        data: Data sets to train on, `{path, share}` each; `--data` takes their place. Paths are relative to the folder
            that the command runs in.
        order: `mixed` trains on all of them together; `in-turn` on one after another, each with a learning rate that
            rises and falls anew: synthetic pairs first, then real ones, as in the paper.
        stage_epochs: `epochs` of each data set where they train in turn; None for `epochs` each.
        model: Backbone: hub id or folder; None for the tiny model in the package.
        revision: Of the backbone on the hub.
        mode: `lora` trains an adapter and leaves the backbone frozen; `full` trains every weight (small backbones).
        two_stream: Encode the two images apart instead of jointly: each goes through vision encoder and Q-Former alone,
            at the backbone's own size, and the language model reads both sequences of queries one after the other. The
            usual way, here as the baseline to compare with; it takes a second pass of the encoder and twice the prompt,
            and the adapter remembers it. Without a `layout`, each image is a square of the backbone's size.
        merge: How two streams become one before the language model: `concat` queries of before, then those of after;
            `difference` those of after minus those of before; `both` all three. Only with `two_stream`.
        layout: Geometry of the joint image; None for the backbone's own.
        prompt: Text between image and caption.
        lora: Rank, alpha, dropout and parts of the adapter.
        epochs: How often each pair is seen (more or less where its data set has a share), each time with one of its
            captions; None for what fits the backbone's size and the number of pairs (`training.fit`).
        max_steps: Stop after that many optimizer steps (of each stage); None for no limit.
        batch_size: Pairs a process and step. An interrupted run that goes on with another number of processes takes as
            many pairs a step as before.
        gradient_accumulation_steps: Steps whose gradients are added up before the weights move.
        learning_rate: At its highest; None for what fits the backbone's size.
        warmup_ratio: Share of the steps during which the learning rate rises; it then falls along a cosine.
        weight_decay: Of AdamW.
        max_grad_norm: Longer gradients are shortened to it.
        max_caption_tokens: Longer captions are cut.
        validation_share: Of the training pairs to set aside where no validation data is given.
        evaluate_every: Steps between validations (and checkpoints); None for once an epoch.
        patience: Validations without improvement before training stops; 0 for never; None for what fits the size.
        calibration_pairs: At most that many validation pairs calibrate the change probability; 0 for no calibration.
        seed: Of everything that is drawn.
        device: `auto`, `cpu`, `cuda`.
        dtype: `auto`, `float32` or `bfloat16`.
        attention: `sdpa`, `eager` or None for transformers' choice.
        gradient_checkpointing: Recompute activations instead of keeping them; slower, much less memory.
        step: `lean` computes logits only where a caption token is predicted, adapters without copies of their inputs,
            and a bfloat16 backbone in bfloat16 with the Q-Former in float32. `plain` is the forward pass of
            transformers and peft as it is, under autocast. Both give the same losses within rounding; lean takes less
            time and memory.
        shard: Spread the frozen backbone over the processes of torchrun or accelerate (FSDP): each holds its share of
            every layer, and collects the rest while the layer works. Mode lora only.
        compile: Compile the layers of the network (torch.compile): minutes at the beginning, faster steps afterwards.
        workers: Processes that open images; 0 for none.
        cache_gb: Joint images kept in a temporary file beside the output, so that each pair is opened and resized once
            and not every epoch; at most so many GB (a process); 0 to open them anew each time.
        log_every: Steps between lines of the log.
        tensorboard: Write TensorBoard events as well.
        keep_checkpoints: Leave the working folder in place after success.
        max_pixels: Limit for each image.
        augment: Paired augmentation of training pairs, any of `flip`, `crop`, `color`, `swap`, `distract`
            (`data.augment`): the same is done to both images, and the words are put right; none by default.
        skip_unreadable: Leave out pairs with an image that cannot be read, and say how many, instead of refusing to
            train. Either way every image is opened once before the first step.
    """

    data: tuple[DataShare, ...] = ()
    order: Literal["mixed", "in-turn"] = "mixed"
    stage_epochs: tuple[Epochs, ...] | None = None
    model: str | None = None
    revision: str | None = None
    mode: Literal["lora", "full"] = "lora"
    two_stream: bool = False
    merge: Merge = "concat"
    layout: JointLayout | None = None
    prompt: str = ""
    lora: LoraSettings = field(default_factory=LoraSettings)
    epochs: Epochs | None = None
    max_steps: Steps | None = None
    batch_size: Annotated[int, Range(1, 65_536)] = 16
    gradient_accumulation_steps: Annotated[int, Range(1, 65_536)] = 1
    learning_rate: Annotated[float, Range(0, 10, above=True)] | None = None
    warmup_ratio: Annotated[float, Range(0, 1, below=True)] = 0.05
    weight_decay: Annotated[float, Range(0, 10)] = 0.01
    max_grad_norm: Annotated[float, Range(0, 1e9, above=True)] = 1.0
    max_caption_tokens: Annotated[int, Range(1, 4096)] = 64
    validation_share: Annotated[float, Range(0, 1, above=True, below=True)] = 0.05
    evaluate_every: Steps | None = None
    patience: Annotated[int, Range(0, 1_000_000)] | None = None
    calibration_pairs: Annotated[int, Range(0, 10_000_000)] = 1000
    seed: Seed = 0
    device: str = "auto"
    dtype: str = "auto"
    attention: str | None = None
    gradient_checkpointing: bool = False
    step: Literal["lean", "plain"] = "lean"
    shard: bool = False
    compile: bool = False
    workers: Annotated[int, Range(0, 1024)] = 2
    cache_gb: Annotated[float, Range(0, 1_000_000)] = 4.0
    log_every: Steps = 10
    tensorboard: bool = False
    keep_checkpoints: bool = False
    max_pixels: Annotated[int, Range(1, 2**40)] = MAX_PIXELS
    augment: tuple[Augmentation, ...] = ()
    skip_unreadable: bool = False

    FORMER_NAMES: ClassVar[Mapping[str, str]] = {
        "accumulate": "gradient_accumulation_steps",
        "warmup": "warmup_ratio",
        "max_gradient_norm": "max_grad_norm",
    }

    def __post_init__(self) -> None:
        if self.dtype == "float16":
            raise ConfigError(
                "dtype is float16, in which training BLIP-2 gives NaN (peft issue 376); use bfloat16 or float32"
            )
        if self.dtype not in ("auto", "float32", "bfloat16"):
            raise ConfigError(f"dtype is {self.dtype!r}; expected auto, float32 or bfloat16")
        check_ranges(self)
        if self.merge != "concat" and not self.two_stream:
            raise ConfigError(
                f"merge is {self.merge}, but the images are encoded jointly; say --encoding two-stream"
            )
        if self.stage_epochs is not None and not self.stage_epochs:
            raise ConfigError("stage_epochs is []; expected a number for each data set, or null")

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        values = asdict(self)
        values["lora"]["parts"] = list(self.lora.parts)
        values["augment"] = list(self.augment)
        values["data"] = [one.to_dict() for one in self.data]
        values["stage_epochs"] = None if self.stage_epochs is None else list(self.stage_epochs)
        return values
