"""What the options of several commands are called, what they accept, and what is made of them.

In: the text of an option. Out: the value that the package takes, or one sentence against it. Nothing heavy is imported
before a value needs it.
"""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from blip2idc.cli.output import note
from blip2idc.cli.signals import raise_what_came
from blip2idc.errors import ConfigError
from blip2idc.runtime import DTYPES, INT4, INT8

if TYPE_CHECKING:
    from blip2idc.images.joint import JointLayout
    from blip2idc.model.captioner import DifferenceCaptioner
    from blip2idc.model.pair_captioner import PairCaptioner

#: Changes of a pair that anybody would read.
MOST_CHANGES = 1000
#: Pixels of an image that any machine could hold; as the settings have it.
MOST_PIXELS = 2**40
#: The word for no adapter, and for no CLIP.
NONE = "none"
#: Given for a setting, it takes the setting's value away.
NULL = object()
#: What can run a network; `auto` is torch where it is installed.
ENGINES = ("auto", "torch", "onnx")
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="Backbone, a BLIP-2 or a chat model that sees: hub id or folder; by default the tiny one in the package.",
    ),
]
Adapter = Annotated[
    str,
    typer.Option(
        "--adapter", help="Folder or hub id; for the tiny model: default, scenes, edits; 'none' for none."
    ),
]
Layout = Annotated[
    str | None,
    typer.Option(
        "--layout",
        metavar="DIRECTION[:WxH]",
        help="Joint image: vertical or horizontal, and its size; the model's own by default.",
    ),
]
Encoding = Annotated[
    Literal["joint", "pair", "two-stream"] | None,
    typer.Option(
        "--encoding",
        help="joint: one joint image; pair (or two-stream): both images apart; as trained by default.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        help="What runs the network: torch, onnx (starts sooner, no heatmaps), or auto: torch where it is installed.",
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
Dtype = Annotated[
    str,
    typer.Option("--dtype", help="auto, float32, bfloat16, float16, or int8 or int4 (of weights)."),
]
Method = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="cross-attention, gradient-cross-attention, rollout, gradient or occlusion; default the best.",
    ),
]
Changes = Annotated[
    bool | None,
    typer.Option(
        "--changes/--no-changes",
        help="One line a change below the caption; or look at the whole alone.",
        show_default=False,
    ),
]
MaxChanges = Annotated[
    int | None,
    typer.Option(
        "--max-changes", metavar="N", help="Most changes to look at closely and list; 10 by default."
    ),
]
Before = Annotated[Path | None, typer.Argument(help="Image before.", show_default=False)]
After = Annotated[Path | None, typer.Argument(help="Image after.", show_default=False)]
SplitOfData = Annotated[str | None, typer.Option("--split", help="train, val or test of --data.")]
MaxPixels = Annotated[
    int | None,
    typer.Option("--max-pixels", help="Largest width times height of an image; default 64 million."),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write all results, raw, to this file.")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="YAML", help="Settings in YAML, such as those in recipes/."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; may be repeated."),
]
Resamples = Annotated[int, typer.Option("--resamples", help="Bootstrap resamples; 0 for no intervals.")]
_LEAST_RESAMPLES = 100  # of which an audit's verdict is made
ResamplingSeed = Annotated[int, typer.Option("--seed", help="Of the resamples and of what else is drawn.")]


def check_resamples(resamples: int) -> None:
    """Refuse fewer resamples than an audit's verdict can rest on.

    Raises:
        ConfigError: There are fewer.
    """
    if resamples < _LEAST_RESAMPLES:
        raise ConfigError(
            f"--resamples is {resamples}, expected at least {_LEAST_RESAMPLES}: the verdict rests on them"
        )


def load_captioner(
    model: str | None,
    adapter: str,
    *,
    layout: str | None = None,
    encoding: Literal["joint", "pair", "two-stream"] | None = None,
    device: str = "auto",
    dtype: str = "auto",
    announce: bool = True,
) -> DifferenceCaptioner:
    """The captioner that `--model`, `--adapter` and their like ask for.

    Args:
        model: Of `--model`.
        adapter: Of `--adapter`; `none` is the backbone alone.
        layout: Of `--layout`.
        encoding: Of `--encoding`.
        device: Of `--device`.
        dtype: Of `--dtype`.
        announce: Tell on stderr which backbone computes where.

    Raises:
        Blip2idcError: What is asked for does not exist or does not fit together.
    """
    joint = parse_layout(layout)
    check_machine(device, dtype)
    from blip2idc.model.captioner import DifferenceCaptioner

    captioner = DifferenceCaptioner.from_pretrained(
        model,
        None if adapter == NONE else adapter,
        layout=joint,
        encoding=encoding,
        device=device,
        dtype=dtype,
    )
    raise_what_came()
    if announce:
        note(captioner.backbone.describe())
    return captioner


def check_machine(device: str, dtype: str) -> None:
    """Refuse names of devices and types that there are none of, before anything heavy is imported.

    Raises:
        ConfigError: One is none; whether the device is there, is seen when it is used.
    """
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", device) is None:
        raise ConfigError(f"--device is {device!r}; expected auto, cpu, cuda, cuda:N or mps")
    if dtype not in ("auto", *DTYPES, INT8, INT4):
        raise ConfigError(f"--dtype is {dtype!r}; expected auto, {', '.join([*DTYPES, INT8])} or {INT4}")


def choose_captioner(
    model: str | None,
    adapter: str,
    *,
    engine: str = "auto",
    layout: str | None = None,
    encoding: Literal["joint", "pair", "two-stream"] | None = None,
    device: str = "auto",
    dtype: str = "auto",
    crops: bool = False,
    announce: bool = True,
) -> PairCaptioner:
    """The captioner that `--model`, `--adapter`, `--engine` and their like ask for.

    Args:
        model: Of `--model`.
        adapter: Of `--adapter`; `none` is the backbone alone.
        engine: Of `--engine`.
        layout: Of `--layout`.
        encoding: Of `--encoding`.
        device: Of `--device`.
        dtype: Of `--dtype`.
        crops: Whether a server is asked about each place that changed too.
        announce: Tell on stderr which model computes where.

    Raises:
        Blip2idcError: What is asked for does not exist or does not fit together.
    """
    if model is not None and model.startswith("openai:"):
        for option, value in {
            "--adapter": adapter,
            "--engine": engine,
            "--device": device,
            "--dtype": dtype,
        }.items():
            if value not in ("auto", "default", NONE):
                raise ConfigError(
                    f"{option} is {value!r}, and {model} runs on a server, which decides that; leave it out"
                )
        return _server_captioner(model, layout, encoding, crops)
    if engine not in ENGINES:
        raise ConfigError(f"--engine is {engine!r}; expected {', '.join(ENGINES)}")
    if engine != "onnx" and (engine == "torch" or find_spec("torch") is not None):
        return load_captioner(
            model, adapter, layout=layout, encoding=encoding, device=device, dtype=dtype, announce=announce
        )
    if device not in ("auto", "cpu") or dtype not in ("auto", "float32"):
        raise ConfigError(
            f"--engine onnx computes in float32 on the cpu; got --device {device} --dtype {dtype}"
        )
    if encoding not in (None, "joint"):
        raise ConfigError(f"--encoding is {encoding}, and --engine onnx encodes jointly; use --engine torch")
    from blip2idc.model.onnx.captioner import OnnxCaptioner

    captioner = OnnxCaptioner.from_pretrained(
        model, None if adapter == NONE else adapter, layout=parse_layout(layout)
    )
    if announce:
        note(f"{captioner.network.name}: in onnxruntime, device cpu, dtype float32")
    return captioner


def _server_captioner(
    model: str, layout: str | None, encoding: Literal["joint", "pair", "two-stream"] | None, crops: bool
) -> PairCaptioner:
    """The captioner of `--model openai:NAME`."""
    from blip2idc.model.server_captioner import PREFIX, ServerCaptioner

    return ServerCaptioner(
        model.removeprefix(PREFIX),
        encoding="joint" if encoding in (None, "joint") else "pair",
        layout=parse_layout(layout),
        crops=crops,
    )


def check_pair_or_data(
    command: str,
    before: Path | None,
    after: Path | None,
    data: Path | None,
    companion: tuple[str, Path | None],
) -> None:
    """Refuse anything but one pair, or a data set with what belongs to it.

    Args:
        command: Its name, for the sentence.
        before: The first image.
        after: The second one.
        data: Of `--data`.
        companion: The option that `--data` needs, and its value.

    Raises:
        ConfigError: Neither a pair nor a data set was given, or both, or half of one.
    """
    option, value = companion
    if (data is None) == (before is None):
        raise ConfigError(
            f"{command}: expected two images, BEFORE and AFTER, or a data set with --data, not both"
        )
    if data is None and after is None:
        raise ConfigError(f"{command}: only one image was given ({before}); expected BEFORE and AFTER")
    if (data is None) != (value is None):
        raise ConfigError(f"{command}: --data and {option} go together; give both or neither")


def looks_closely(changes: bool | None, max_changes: int | None) -> dict[str, int]:
    """What `--changes`, `--no-changes` and `--max-changes` ask of a captioner.

    Raises:
        ConfigError: They contradict one another.
    """
    if max_changes is not None:
        check_range("--max-changes", max_changes, 1, MOST_CHANGES)
        if changes is False:
            raise ConfigError(f"--max-changes is {max_changes} and --no-changes was given; give one of them")
        return {"max_changes": max_changes}
    return {"max_changes": 0} if changes is False else {}


def parse_layout(text: str | None) -> JointLayout | None:
    """Read `vertical`, `horizontal:448x224` (width x height of the joint image) and the like.

    Raises:
        ConfigError: It is not of that form.
    """
    if text is None:
        return None
    from blip2idc.images.joint import JointLayout

    match = re.fullmatch(r"(vertical|horizontal)(?::(\d{1,5})x(\d{1,5}))?", text)
    if match is None:
        raise ConfigError(
            f"--layout is {text!r}; expected vertical or horizontal, with a size such as vertical:224x448"
        )
    direction: Any = match[1]
    if match[2] is None:
        return JointLayout(direction)
    return JointLayout(direction, height=int(match[3]), width=int(match[2]))


def parse_method(text: str | None) -> str | None:
    """The name of a way of explaining; None where none is named.

    Raises:
        ConfigError: There is none of that name.
    """
    from blip2idc.model.explain.choice import METHODS

    if text is None:
        return None
    chosen = text.replace("-", "_")
    if chosen not in METHODS:
        raise ConfigError(f"--method is {text!r}; expected {', '.join(METHODS).replace('_', '-')}")
    return chosen


def parse_size(text: str) -> tuple[int, int]:
    """Width and height from `320x160`.

    >>> parse_size("320x160")
    (320, 160)

    Raises:
        ConfigError: It is not of that form.
    """
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text.strip().lower())
    if match is None:
        raise ConfigError(f"--size is {text!r}; expected width x height in pixels, like 320x160")
    return int(match[1]), int(match[2])


def parse_list(text: str) -> tuple[str, ...]:
    """The words between the commas.

    >>> parse_list("add, drop,")
    ('add', 'drop')
    """
    return tuple(word.strip() for word in text.split(",") if word.strip())


def check_range(option: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside of a range.

    Raises:
        ConfigError: It is.
    """
    if not low <= value <= high:
        raise ConfigError(f"{option} is {value}; expected a number from {low} to {high}")


def pixel_limit(max_pixels: int | None) -> int:
    """What `--max-pixels` allows; 64 million where it is not given.

    Raises:
        ConfigError: It is out of range.
    """
    from blip2idc.images.decoding.limits import MAX_PIXELS

    if max_pixels is None:
        return MAX_PIXELS
    check_range("--max-pixels", max_pixels, 1, MOST_PIXELS)
    return max_pixels


def overrides(given: dict[str, Any], settings: list[str] | None) -> list[str]:
    """What `load_config` takes: the options that stand for settings, then those of `--set`, which win.

    >>> overrides({"model": "a: b", "seed": 3, "order": None, "server": True}, ["seed=4"])
    ['model="a: b"', 'seed=3', 'server=true', 'seed=4']
    """
    written = {
        key: "null" if value is NULL else json.dumps(value)
        for key, value in given.items()
        if value is not None
    }
    return [*(f"{key}={text}" for key, text in written.items()), *(settings or [])]
