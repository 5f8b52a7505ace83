"""`blip2idc paraphrase`: a data set with more references, worded by a language model and checked.

In: a data set, a language model. Out: a data set, its path on stdout; progress and a table of what passed on stderr.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blip2idc.cli.options import Config, Settings, overrides
from blip2idc.cli.output import print_rows, progress_bar, say, warn
from blip2idc.errors import ConfigError

EXIT_FAULTS = 2


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(name="paraphrase")(paraphrase)


def paraphrase(
    data: Annotated[Path, typer.Argument(metavar="DATASET", help="Data set whose captions are reworded.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the new data set; an earlier run goes on.")
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", help="Language model: hub id or folder; with --server its name there."),
    ] = None,
    server: Annotated[
        bool,
        typer.Option("--server", help="Ask a server that speaks OpenAI's protocol; key from OPENAI_API_KEY."),
    ] = False,
    base_url: Annotated[
        str | None, typer.Option(help="Its address, like http://127.0.0.1:8000/v1; default: OPENAI_BASE_URL.")
    ] = None,
    variations: Annotated[int | None, typer.Option(help="Of each caption, at most; default: 4.")] = None,
    split: Annotated[str | None, typer.Option(help="Only train, val or test; default: all.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the sampling.")] = None,
    config: Config = None,
    settings: Settings = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 2 where a caption was not answered.")
    ] = False,
) -> None:
    """More references for a data set: a language model says each caption in other words.

    Variations that change a number, a color, a side, a negation, an action or the object are thrown out. Originals and
    variations stay apart in the data set. An interrupted run goes on.
    """
    from blip2idc.config import load_config
    from blip2idc.synthesis.paraphrase.run import ParaphraseConfig
    from blip2idc.synthesis.paraphrase.run import paraphrase as run_paraphrase

    given = {
        "language_model.model": model,
        "language_model.server": True if server else None,
        "language_model.base_url": base_url,
        "variations": variations,
        "seed": seed,
    }
    changes = overrides(given, settings)
    if config is None and not any(one.startswith("language_model.model=") for one in changes):
        raise ConfigError(
            "--model is missing; expected a language model: hub id, folder, or its name on a server"
        )
    chosen = load_config(ParaphraseConfig, config, changes)
    with progress_bar("captions") as progress:
        folder, report = run_paraphrase(data, output, chosen, split=split, progress=progress)
    print_rows(report.rows())
    for caption, fault in list(report.failed.items())[:5]:
        warn(f"not answered: {caption!r}: {fault}")
    say(str(folder))
    if strict and report.failed:
        raise typer.Exit(EXIT_FAULTS)
