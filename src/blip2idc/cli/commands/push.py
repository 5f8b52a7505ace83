"""`blip2idc push`: an adapter, a backbone or a data set goes to the Hugging Face hub, with its card.

In: a folder and the name of a repository. Out: the repository's address on stdout; with `--dry-run` what would go.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blip2idc.cli.output import note, say, warn


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="push", short_help="Share an adapter or a data set on the Hugging Face hub.")(push)


def push(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of an adapter, a backbone or a data set.")
    ],
    repo: Annotated[str, typer.Argument(metavar="REPO", help="owner/name on the hub.")],
    licence: Annotated[
        str, typer.Option("--license", help="Licence of what you share, such as mit or cc-by-nc-4.0.")
    ],
    scores: Annotated[
        list[Path] | None,
        typer.Option("--scores", metavar="JSON", help="What evaluate --json wrote; may be repeated."),
    ] = None,
    base_model: Annotated[
        str | None,
        typer.Option("--base-model", help="Hub id of the adapter's backbone, where it was a folder."),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the card and the files, and send nothing.")
    ] = False,
) -> None:
    """Write a model or data set card and upload it with the files that belong there; paths of this machine are cut."""
    from blip2idc.data.json_files import read_json
    from blip2idc.errors import InputError
    from blip2idc.sharing.cards import CardFacts, read_report
    from blip2idc.sharing.push import CARD, plan_push
    from blip2idc.sharing.push import push as send

    reports = []
    for path in scores or []:
        value = read_json(path, InputError)
        if not isinstance(value, dict) or "resampling" not in value:
            raise InputError(f"--scores {path}: expected what `blip2idc evaluate --json` writes")
        reports.append(read_report(path, value))
    plan = plan_push(folder, CardFacts(repo, licence, tuple(reports)), base_model)
    for warning in plan.warnings:
        warn(warning)
    if dry_run:
        card = plan.files[CARD]
        text = card if isinstance(card, bytes) else card.read_bytes()
        for line in text.decode("utf-8", "replace").split("\n"):
            say(line)
        for line in plan.lines():
            say(line)
        note("nothing was sent: --dry-run")
        return
    say(send(plan, private=private, say=note))
