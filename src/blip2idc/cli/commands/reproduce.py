"""``blip2idc reproduce``: from a benchmark's official files to a table beside published scores, in one command.

In: a benchmark's name and folder. Out: a folder with the data set, the trained adapter, predictions, scores, baselines
and the audit, each made by its ordinary command, which is printed first; the table on stdout and in `table.md`. A run
that was stopped goes on with the step that it was at.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.meteor import Meteor, MeteorOption, NoMeteorOption
from blip2idc.cli.options import Device, MaxPixels, Resamples, Settings, check_resamples, pixel_limit
from blip2idc.cli.output import every_output, note, write_text
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.training.recipe import TrainConfig

#: Protocols of `evaluate` under which the benchmarks' published scores were computed; the others have none.
PROTOCOLS = {
    "clevr-change": "clevr-change",
    "spot-the-diff": "spot-the-diff-single",
    "image-editing-request": "image-editing-request",
    "emu-edit": "emu",
    "syned": "syned",
}
HARDWARE = ("24gb", "12gb", "cpu")

_DONE = "step"


@dataclass(frozen=True)
class Step:
    """One ordinary command."""

    name: str
    arguments: tuple[str, ...]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="reproduce", short_help="Benchmark files to a table beside published scores.")(
        reproduce_command
    )


def reproduce_command(
    benchmark: Annotated[
        str, typer.Argument(metavar="BENCHMARK", help="As for import: clevr-change, spot-the-diff, ...")
    ],
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder of the benchmark's official files.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for all results.")],
    config: Annotated[
        list[Path] | None,
        typer.Option("--config", metavar="YAML", help="Recipe; default recipes/benchmarks/BENCHMARK.yaml."),
    ] = None,
    hardware: Annotated[
        str | None, typer.Option(help="Fit the recipe to a machine: 24gb, 12gb or cpu (the tiny model).")
    ] = None,
    settings: Settings = None,
    device: Device = "auto",
    meteor: MeteorOption = Meteor.PYTHON,
    no_meteor: NoMeteorOption = False,
    no_images: Annotated[
        bool, typer.Option("--no-images", help="Leave the images out of audit and baselines.")
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Refuse a source whose flags, captions and images contradict one another."
        ),
    ] = False,
    max_pixels: MaxPixels = None,
    resamples: Resamples = 1000,
) -> None:
    """Import, audit, train, caption, evaluate and compare with published scores; goes on where it was stopped."""
    from blip2idc.report.reproduction import (
        reproduction_markdown,
        reproduction_notes,
        reproduction_rows,
        reproduction_table,
    )
    from blip2idc.report.tables import console
    from blip2idc.runs.resume import resume_folder

    check_resamples(resamples)
    paths = recipe_paths(benchmark, config, hardware)
    recipe = load_recipe(paths, settings)
    scoring = ["--no-meteor"] if no_meteor else ["--meteor", meteor.value]
    scoring += ["--resamples", str(resamples)]
    blind = ["--no-images"] if no_images else []
    limit = [] if max_pixels is None else ["--max-pixels", str(pixel_limit(max_pixels))]
    taken = [*limit, "--strict"] if strict else limit
    steps = list(
        _steps(benchmark, source, output, recipe, paths, settings or [], device, scoring, blind, limit, taken)
    )
    begun: dict[str, Any] = {"benchmark": benchmark, "source": str(source.resolve()), "scoring": scoring}
    begun |= {f"recipe.{name}": value for name, value in recipe.to_dict().items()}
    with resume_folder(output, begun) as journal:
        for number, step in enumerate(steps, start=1):
            note(f"[{number}/{len(steps)}] blip2idc {shlex.join(step.arguments)}")
            if journal.get(_DONE, step.name) is not None:
                note("done before")
                continue
            _run(step)
            journal.add([{"kind": _DONE, "key": step.name}])
    found = [
        json.loads((output / name).read_text(encoding="utf-8")) for name in ("scores.json", "baselines.json")
    ]
    rows, notes = reproduction_rows(*found), reproduction_notes(found[0])
    with every_output() as attempt:
        attempt(write_text, output / "table.md", reproduction_markdown(rows, notes))
        console().print(reproduction_table(rows))
        for one in notes:
            console().print(one)


def recipe_paths(benchmark: str, config: list[Path] | None, hardware: str | None) -> list[Path]:
    """The recipe of a benchmark, and what fits it to a machine.

    Raises:
        ConfigError: There is no such benchmark or hardware.
    """
    from blip2idc.config import shipped_recipe
    from blip2idc.data.readers import get_reader

    get_reader(benchmark)
    if hardware is not None and hardware not in HARDWARE:
        raise ConfigError(f"--hardware is {hardware!r}, expected one of {', '.join(HARDWARE)}")
    fitting = [shipped_recipe(f"hardware/{hardware}")] if hardware is not None else []
    return [*(config or [shipped_recipe(f"benchmarks/{benchmark}")]), *fitting]


def load_recipe(paths: list[Path], settings: list[str] | None) -> TrainConfig:
    """The settings of the training, checked before anything is imported."""
    from blip2idc.config import load_config
    from blip2idc.training.recipe import TrainConfig

    return load_config(TrainConfig, paths, settings or [])


def _steps(
    benchmark: str,
    source: Path,
    output: Path,
    recipe: TrainConfig,
    recipes: list[Path],
    settings: list[str],
    device: str,
    scoring: list[str],
    blind: list[str],
    limit: list[str],
    taken: list[str],
) -> Iterator[Step]:
    """The commands, in order."""
    data, adapter, predictions = (str(output / name) for name in ("data", "adapter", "predictions.json"))
    # manifests appear last, so an import that was stopped left none, and is run again over its images
    yield Step("import", ("import", benchmark, str(source), "--output", data, *taken))
    audit = ("--json", str(output / "audit.json"), "--html", str(output / "audit.html"))
    yield Step("audit", ("audit", data, *audit, *scoring, *blind, *limit))
    told = [part for path in recipes for part in ("--config", str(path))]
    told += [part for setting in settings for part in ("--set", setting)]
    told += ["--set", f"device={device}"] if device != "auto" else []
    yield Step("train", ("train", "--data", data, "--output", adapter, *told, *limit))
    model = ["--model", recipe.model] if recipe.model is not None else []
    used = (
        ["--model", adapter, "--adapter", "none"] if recipe.mode == "full" else [*model, "--adapter", adapter]
    )
    asked = ("--data", data, "--split", "test", "--output", predictions, "--device", device)
    yield Step("caption", ("caption", *asked, *used, *limit))
    protocol = ["--protocol", PROTOCOLS[benchmark]] if benchmark in PROTOCOLS else []
    truth = ("--references", data, "--split", "test", "--json", str(output / "scores.json"))
    yield Step("evaluate", ("evaluate", predictions, *truth, *protocol, *scoring))
    beside = ("--train", data, "--test", data, "--json", str(output / "baselines.json"))
    yield Step("baseline", ("baseline", *beside, *scoring, *blind, *limit))


def _run(step: Step) -> None:
    """Run one command; what it prints goes to stderr, since the table alone is the result."""
    from blip2idc.cli.main import run

    with contextlib.redirect_stdout(sys.stderr):
        status = run(step.arguments)
    if status:
        note(f"reproduce stopped at {step.name}; the same command goes on from there")
        raise typer.Exit(status)
