"""``blip2idc demo``: the main job on the pairs that come with the package.

In: nothing. Out: a caption with its change probability for each pair on stdout, a contact sheet, and what to try next.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEMO_PAIRS = Path(__file__).resolve().parent.parent / "assets" / "demo"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="demo", short_help="Caption the pairs that come with the package.")(demo)


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the contact sheet.")
    ] = Path("blip2idc-demo"),
    model: Annotated[
        str | None,
        typer.Option("--model", help="Hub id or folder; the tiny model in the package by default."),
    ] = None,
    adapter: Annotated[str, typer.Option("--adapter", help="Adapter: name, folder or hub id.")] = "default",
) -> None:
    """Caption the pairs that come with the package and write a contact sheet."""
    from blip2idc.data.records import read_manifest
    from blip2idc.images.pair import ImagePair
    from blip2idc.model.captioner import DifferenceCaptioner
    from blip2idc.report.contact_sheet import Card, contact_sheet
    from blip2idc.runtime import atomic_path

    manifest = read_manifest(DEMO_PAIRS)
    captioner = DifferenceCaptioner.from_pretrained(model, adapter)
    typer.echo(captioner.backbone.describe(), err=True)
    pairs = [ImagePair.open(*manifest.paths(record)) for record in manifest]
    cards = []
    for record, pair, found in zip(manifest, pairs, captioner.stream(pairs), strict=True):
        note = str(record.extra.get("note", ""))
        cards.append(Card(pair, found.caption, found.change_probability, found.changed, note))
        typer.echo(f"{record.id:<12} {found.change_probability:6.1%}  {found.caption}")
    sheet = output / "contact-sheet.png"
    output.mkdir(parents=True, exist_ok=True)
    with atomic_path(sheet) as partial:
        contact_sheet(cards, "What changed?").save(partial, format="PNG")
    typer.echo(_next_steps(sheet))


def _next_steps(sheet: Path) -> str:
    return f"""
The pairs with their captions: {sheet}

Next, try:
  blip2idc caption BEFORE.png AFTER.png                       your own images
  blip2idc synthesize edits --images FOLDER --output data/    training pairs from your own photographs
  blip2idc train --data data/ --output adapter/               an adapter for them
  blip2idc --help                                             everything else"""
