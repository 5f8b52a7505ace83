"""``blip2idc explain``: one HTML page that shows what changed and where the captioner looked.

In: two images; or a data set and its predictions. Out: one self-contained page: of the pair, with a map for every
word; or of the data set, with filters and scores. The caption, or what the page shows, on stdout.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.options import (
    Adapter,
    After,
    Before,
    Device,
    Encoding,
    MaxPixels,
    Method,
    Model,
    SplitOfData,
    check_pair_or_data,
    load_captioner,
    parse_method,
    pixel_limit,
)
from blip2idc.cli.output import every_output, progress_bar, say, write_text
from blip2idc.cli.rasters import Bands, Stretch, open_pair
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.data.records import Manifest
    from blip2idc.images.pair import ImagePair
    from blip2idc.model.captioner import DifferenceCaptioner
    from blip2idc.report.html.gallery_entries import Predicted

_METRICS = ("rouge_l", "bleu_4", "cider_d")  # the first one decides which pairs are the worst and the best


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="explain", short_help="Write a page: what changed, and where it looked.")(
        explain_command
    )


def explain_command(
    before: Before = None,
    after: After = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PAGE", help="HTML file to write.")
    ] = Path("blip2idc.html"),
    method: Method = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DATASET", help="Show a data set instead of one pair.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="What was predicted for --data, as caption --data wrote it.")
    ] = None,
    heatmaps: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Heatmaps of --data, to show them too.")
    ] = None,
    split: SplitOfData = None,
    limit: Annotated[
        int, typer.Option(help="Most pairs of --data to show; of more, the worst and the best.")
    ] = 400,
    model: Model = None,
    adapter: Adapter = "default",
    encoding: Encoding = None,
    device: Device = "auto",
    bands: Bands = None,
    stretch: Stretch = None,
    max_pixels: MaxPixels = None,
) -> None:
    """Write one page that shows what changed, and where the captioner looked, word by word.

    With --data and --predictions, write the gallery of a data set instead, which needs no model.
    """
    check_pair_or_data("explain", before, after, data, ("--predictions", predictions))
    if limit < 2:
        raise ConfigError(f"--limit is {limit}; expected at least 2")
    if data is not None and predictions is not None:
        _explain_data(data, split, predictions, heatmaps, limit, output, pixel_limit(max_pixels))
    elif before is not None and after is not None:
        chosen = parse_method(method)
        pair = open_pair(before, after, bands, stretch, max_pixels)
        _explain_pair(
            pair,
            (before, after),
            output,
            chosen,
            load_captioner(model, adapter, encoding=encoding, device=device, announce=False),
        )


def _explain_pair(
    pair: ImagePair,
    paths: tuple[Path, Path],
    output: Path,
    method: str | None,
    captioner: DifferenceCaptioner,
) -> None:
    from blip2idc.report.html.explain_page import explain_page
    from blip2idc.report.html.page import file_facts
    from blip2idc.runs.record import run_record

    found = next(captioner.explain_stream([pair], method))
    files = (file_facts(paths[0]), file_facts(paths[1]))
    run = run_record(**captioner.describe())
    page = explain_page(found, pair, (paths[0].name, paths[1].name), run, files)
    with every_output() as attempt:
        written = attempt(write_text, output, page)
        say(found.difference.caption)
        if written:
            say(str(output))


def _explain_data(
    data: Path,
    split: str | None,
    predictions: Path,
    heatmaps: Path | None,
    limit: int,
    output: Path,
    max_pixels: int,
) -> None:
    from blip2idc.data.records import find_splits, read_records
    from blip2idc.report.html.gallery_entries import choose_records, gallery_entries
    from blip2idc.report.html.gallery_page import gallery_page
    from blip2idc.runs.record import run_record

    if split is None and "test" in find_splits(data):
        split = "test"  # as evaluate has it
    manifest = read_records(data, split)
    predicted, corpus_scores = _read_predicted(manifest, predictions, heatmaps)
    records = choose_records(manifest.records, predicted, limit)
    if not records:
        raise ConfigError(f"{predictions} holds no prediction for a pair of {data}; do they belong together?")
    entries = []
    with progress_bar("pairs") as progress:
        for entry in gallery_entries(manifest, records, predicted, max_pixels):
            entries.append(entry)
            progress(len(entries), len(records))
    title = data.name if split is None else f"{data.name}, {split}"
    run = run_record(data=str(manifest.root), predictions=str(predictions))
    page = gallery_page(entries, title, run, corpus_scores=corpus_scores, total=len(manifest))
    write_text(output, page)
    say(f"{len(entries)} of {len(manifest)} pairs")
    say(str(output))


def _read_predicted(
    manifest: Manifest, predictions: Path, heatmaps: Path | None
) -> tuple[Predicted, Mapping[str, float]]:
    """What was predicted, with item scores, and the scores of all that has references."""
    from blip2idc.evaluation.inputs import read_predictions
    from blip2idc.report.html.gallery_entries import Predicted

    entries = read_predictions(predictions).entries
    captions = {entry.id: entry.caption for entry in entries}
    probabilities = {
        entry.id: entry.change_probability for entry in entries if entry.change_probability is not None
    }
    scored = [record for record in manifest if record.id in captions and record.references]
    if not scored:
        return Predicted(captions, probabilities, heatmaps=heatmaps), {}
    scores = _score(scored, captions)
    by_item = {name: dict(zip(scores.ids, scores[name].per_item.tolist(), strict=True)) for name in scores}
    return (
        Predicted(captions, probabilities, by_item, heatmaps),
        {name: scores[name].score for name in scores},
    )


def _score(records: Any, captions: Mapping[str, str]) -> Any:
    """Scores of the predictions against the records' references, without intervals."""
    from blip2idc.evaluation.metrics.corpus import Corpus, References
    from blip2idc.evaluation.significance import Resampling
    from blip2idc.evaluation.suite import score

    references = References.build(
        [record.id for record in records], [record.references for record in records]
    )
    corpus = Corpus.build(references, [captions[record.id] for record in records])
    return score(corpus, _METRICS, resampling=Resampling(0))
