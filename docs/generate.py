"""Write the generated pages of the documentation: commands.md from ``--help``, modules.md from the modules' docstrings.

python docs/generate.py            write them
python docs/generate.py --check    exit with 1 where a page differs from what would be written
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
from pathlib import Path

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


def main() -> int:
    """Write the pages, or compare them."""
    stale = []
    for name, page in (("commands.md", commands_page()), ("modules.md", modules_page())):
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
