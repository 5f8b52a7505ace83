"""`blip2idc export`: an adapter merged into its backbone, with ONNX graphs for other programs.

In: an adapter. Out: a folder, whose name goes to stdout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blip2idc.cli.options import NONE, Layout, Model, parse_layout
from blip2idc.cli.output import note, say


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="export", short_help="Merge an adapter and write ONNX.")(export)


def export(
    adapter: Annotated[
        str,
        typer.Argument(help="Folder or hub id; for the tiny model: default, scenes, edits; 'none' for none."),
    ],
    output: Annotated[Path, typer.Argument(help="Folder to write.")],
    model: Model = None,
    layout: Layout = None,
) -> None:
    """Merge an adapter into its backbone and write ONNX graphs of ViT, Q-Former and language model beside the weights.

    The folder is a model like any other: caption --model FOLDER, with --engine torch or onnx.
    """
    from blip2idc.model.export import export_onnx

    written = export_onnx(output, model, None if adapter == NONE else adapter, layout=parse_layout(layout))
    size = sum(path.stat().st_size for path in written.iterdir())
    note(f"{size / 1e6:,.1f} MB; caption with: blip2idc caption --engine onnx --model {written} BEFORE AFTER")
    say(str(written))
