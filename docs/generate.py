"""Write the generated pages of the documentation.

commands.md from ``--help``, modules.md from the modules' docstrings, settings.md from the dataclasses of the recipes.

python docs/generate.py [PAGE...]            write them, or those that are named
python docs/generate.py --check [PAGE...]    exit with 1 where a page differs from what would be written
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import inspect
import io
import os
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src" / "blip2idc"
WIDTH = 100
COMMANDS_INTRODUCTION = """\
# Commands

Written by `make docs` from `--help`; do not edit. Results go to stdout, progress and logs to stderr.
Exit status: 0 done, 1 a checked condition does not hold (`compare`), 2 wrong use or bad input, 130 interrupted,
143 terminated.
"""
MODULES_INTRODUCTION = """\
# Modules

Written by `make docs` from the first line of each module's docstring; do not edit. How they fit together:
[architecture.md](architecture.md).
"""
SETTINGS_INTRODUCTION = """\
# Settings of the recipes

Written by `make docs` from the dataclasses that the recipes fill; do not edit. A recipe is a YAML file for `--config`;
`--set KEY=VALUE` changes one setting, with dots for those in groups (`--set lora.rank=8`). A key that is not here, a
value of another type or out of its range is refused, all at once, before anything is loaded. Recipes that ship are in
[`recipes/`](../recipes).
"""


def help_of(words: list[str]) -> str:
    """What ``blip2idc WORDS --help`` prints on a terminal of `WIDTH` columns."""
    from blip2idc.cli.main import run

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = run([*words, "--help"])
    if status != 0:
        raise SystemExit(f"error: blip2idc {' '.join(words)} --help exits with {status}")
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def commands_page() -> str:
    """The help of the program and of each command."""
    from blip2idc.cli.main import commands

    os.environ.update(COLUMNS=str(WIDTH), LINES="40")
    parts = [COMMANDS_INTRODUCTION, f"```text\n{help_of([])}\n```\n"]
    for words, _ in commands():
        parts.append(f"## blip2idc {' '.join(words)}\n\n```text\n{help_of(words)}\n```\n")
    return "\n".join(parts)


def purpose_of(file: Path) -> str:
    """First paragraph of a module's docstring, on one line."""
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    purpose = " ".join(docstring.split("\n\n")[0].split())
    if not purpose:
        raise SystemExit(f"error: {file.relative_to(HERE.parent)} has no docstring; say what it is for")
    return purpose


def modules_page() -> str:
    """One line for each module, by package."""
    parts = [MODULES_INTRODUCTION]
    for folder in [SOURCE, *sorted(path for path in SOURCE.rglob("*") if path.is_dir())]:
        files = sorted(folder.glob("*.py"), key=lambda file: (file.stem != "__init__", file.stem))
        if files:
            lines = [f"| `{file.name}` | {purpose_of(file)} |" for file in files]
            name = folder.relative_to(SOURCE.parent).as_posix()
            parts.append(f"## {name}\n\n| file | purpose |\n|---|---|\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def settings_page() -> str:
    """Every setting of the recipes: default, what it may be, meaning."""
    from blip2idc.synthesis.paraphrase.run import ParaphraseConfig
    from blip2idc.synthesis.pipeline.recipe import SynthesisConfig
    from blip2idc.training.recipe import TrainConfig

    recipes = (
        ("blip2idc train", TrainConfig),
        ("blip2idc synthesize instruct-pix2pix", SynthesisConfig),
        ("blip2idc paraphrase", ParaphraseConfig),
    )
    parts = [SETTINGS_INTRODUCTION]
    for command, recipe in recipes:
        rows = [f"| {' | '.join(map(_cell, row))} |" for row in settings_of(recipe)]
        head = "| setting | default | values | meaning |\n|---|---|---|---|\n"
        parts.append(f"## {command}\n\n{head}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def settings_of(cls: type[Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Name, default, values and meaning of each setting, those of the groups in it included."""
    from blip2idc.config import spelled

    hints = typing.get_type_hints(cls, include_extras=True)
    meanings = meanings_of(cls)
    for item in dataclasses.fields(cls):
        hint, required = hints[item.name], dataclasses.MISSING
        default = item.default if item.default_factory is required else item.default_factory()
        kinds = [one for one in (hint, *typing.get_args(hint)) if isinstance(one, type)]
        group = next((one for one in kinds if dataclasses.is_dataclass(one)), None)
        if group is None or not dataclasses.is_dataclass(default):
            told = "required" if default is required else _in_yaml(default)
            yield f"`{prefix}{item.name}`", told, spelled(hint), meanings.get(item.name, "")
        if group is not None:
            yield from settings_of(group, f"{prefix}{item.name}.")


def meanings_of(cls: type[Any]) -> dict[str, str]:
    """What the section `Attributes` of a class's docstring says of each."""
    found: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(cls.__doc__ or "").partition("Attributes:\n")[2].splitlines():
        if line.startswith("    ") and line[4:5] not in ("", " "):
            name, _, text = line.strip().partition(":")
            found[name] = text.strip()
        elif line.startswith("     ") and name:
            found[name] += " " + line.strip()
        elif line and not line.startswith(" "):
            break
    return found


def _in_yaml(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_in_yaml, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value) or '""'


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    """Write the pages, or compare them."""
    stale = []
    pages = {"commands.md": commands_page, "modules.md": modules_page, "settings.md": settings_page}
    named = [argument for argument in sys.argv[1:] if argument in pages] or list(pages)
    for name in named:
        page = pages[name]()
        target = HERE / name
        if not target.is_file() or target.read_text(encoding="utf-8") != page:
            stale.append(name)
            if "--check" not in sys.argv[1:]:
                target.write_text(page, encoding="utf-8")
    if stale and "--check" in sys.argv[1:]:
        print(f"error: not up to date: {', '.join(stale)}; run: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
