"""``blip2idc demo``: the main job on the pairs that come with the package.

In: nothing. Out: a caption with its change probability for each pair on stdout, a contact sheet, a page with heatmaps,
and what to try next.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.options import Adapter, Model, load_captioner
from blip2idc.cli.output import say, write_text

if TYPE_CHECKING:
    from blip2idc.data.records import Manifest, PairRecord
    from blip2idc.difference import Difference
    from blip2idc.images.pair import ImagePair

DEMO_PAIRS = Path(__file__).resolve().parents[2] / "assets" / "demo"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="demo", short_help="Caption the pairs that come with the package.")(demo)


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for sheet, page and heatmaps.")
    ] = Path("blip2idc-demo"),
    model: Model = None,
    adapter: Adapter = "default",
) -> None:
    """Caption the pairs that come with the package; write a contact sheet and one page with heatmaps."""
    from blip2idc.data.records import read_records
    from blip2idc.images.pair import ImagePair
    from blip2idc.prediction.heatmaps import write_heatmaps

    manifest = read_records(DEMO_PAIRS)
    captioner = load_captioner(model, adapter)
    pairs = [ImagePair.open(*manifest.paths(record)) for record in manifest]
    found = []
    for record, difference in zip(manifest, captioner.stream(pairs), strict=True):
        found.append(difference)
        say(f"{record.id:<24} {difference.change_probability:6.1%}  {difference.caption}")
    _write_sheet(output, manifest.records, pairs, found)
    write_heatmaps(captioner, manifest, output / "heatmaps")
    _write_page(output, manifest, found, captioner.describe())
    for line in _next_steps(output).splitlines():
        say(line)


def _write_sheet(
    output: Path, records: Sequence[PairRecord], pairs: Sequence[ImagePair], found: Sequence[Difference]
) -> None:
    from blip2idc.report.pictures.contact_sheet import Card, contact_sheet
    from blip2idc.runs.files import atomic_path

    cards = [
        Card(pair, said, str(record.extra.get("note", "")))
        for record, pair, said in zip(records, pairs, found, strict=True)
    ]
    with atomic_path(output / "contact-sheet.png") as partial:
        contact_sheet(cards, "What changed?").save(partial, format="PNG")


def _write_page(
    output: Path, manifest: Manifest, found: Sequence[Difference], describe: dict[str, Any]
) -> None:
    from blip2idc.report.html.gallery_entries import Predicted, gallery_entries
    from blip2idc.report.html.gallery_page import gallery_page
    from blip2idc.runs.record import run_record

    ids = [record.id for record in manifest]
    predicted = Predicted(
        {name: said.caption for name, said in zip(ids, found, strict=True)},
        {name: said.change_probability for name, said in zip(ids, found, strict=True)},
        heatmaps=output / "heatmaps",
    )
    entries = list(gallery_entries(manifest, manifest.records, predicted))
    page = gallery_page(entries, "Demo", run_record(**describe), corpus_scores={}, total=len(manifest))
    write_text(output / "demo.html", page)


def _next_steps(output: Path) -> str:
    return f"""
The pairs with their captions: {output / "contact-sheet.png"}
The same with heatmaps:        {output / "demo.html"}

Next, try:
  blip2idc caption BEFORE.png AFTER.png                       your own images
  blip2idc explain BEFORE.png AFTER.png                       a page that shows where it looked
  blip2idc synthesize edits --images FOLDER --output data/    training pairs from your own photographs
  blip2idc train --data data/ --output adapter/               an adapter for them
  blip2idc --help                                             everything else"""
