"""`blip2idc train`: train an adapter (or a whole tiny backbone) on data sets.

In: data sets, a recipe. Out: the folder of the trained model, its path on stdout; the course of training on stderr.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from blip2idc.cli.options import MaxPixels, Settings, overrides
from blip2idc.cli.output import note, say
from blip2idc.cli.signals import raise_what_came

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the trained model.")]
Data = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="PATH[:SHARE]",
        help="Data set to train on; may be repeated. With :0.5 each epoch sees half of it. Default: the recipe's.",
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        help="mixed (default): all data sets together; in-turn: one after another, such as synthetic, then real."
    ),
]
Validation = Annotated[
    list[Path] | None,
    typer.Option("--validation", help="Data set to choose the checkpoint on; default: the data's val split."),
]
Config = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        metavar="YAML",
        help="Settings in YAML, such as those in recipes/; may be repeated, the last one on top.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", help="Backbone: hub id or folder; short for --set model=..."),
]
Encoding = Annotated[
    Literal["joint", "two-stream", "pair"] | None,
    typer.Option(
        help="joint (default): both images as one; two-stream, or pair: each alone, as a baseline; chat models are "
        "shown two pictures."
    ),
]
Merge = Annotated[
    Literal["concat", "difference", "both"] | None,
    typer.Option(help="How two streams become one: concat (default), difference (after - before), both."),
]
SkipUnreadable = Annotated[
    bool, typer.Option("--skip-unreadable", help="Leave out pairs whose images cannot be read.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a model trained before.")]
Restart = Annotated[bool, typer.Option("--restart", help="Discard an interrupted run.")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="train")(train)


def train(
    output: Output,
    data: Data = None,
    order: Order = None,
    validation: Validation = None,
    config: Config = None,
    settings: Settings = None,
    model: Model = None,
    encoding: Encoding = None,
    merge: Merge = None,
    max_pixels: MaxPixels = None,
    skip_unreadable: SkipUnreadable = False,
    overwrite: Overwrite = False,
    restart: Restart = False,
) -> None:
    """Train on pairs with captions; an interrupted run goes on where it was."""
    from blip2idc.config import load_config
    from blip2idc.training.recipe import TrainConfig
    from blip2idc.training.run import train as run_training

    raise_what_came()
    two_stream = None if encoding is None else encoding != "joint"
    given = {
        "model": model,
        "order": order,
        "two_stream": two_stream,
        "merge": merge,
        "max_pixels": max_pixels,
        "skip_unreadable": True if skip_unreadable else None,
    }
    result = run_training(
        data or (),
        output,
        load_config(TrainConfig, config or (), overrides(given, settings)),
        validation=validation or (),
        overwrite=overwrite,
        restart=restart,
        say=note,
    )
    say(str(result.output))
