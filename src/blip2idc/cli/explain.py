"""``blip2idc explain``: one HTML page that shows what changed and where the captioner looked.

In: two images; or a data set and its predictions. Out: one self-contained page: of the pair, with a map for every
word; or of the data set, with filters and scores. The caption, or what the page shows, on stdout.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blip2idc.cli.caption import Adapter, Device, Model
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.data.records import Manifest
    from blip2idc.report.html.gallery_entries import Predicted

_METRICS = ("rouge_l", "bleu_4", "cider_d")  # the first one decides which pairs are the worst and the best


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="explain", short_help="Write a page: what changed, and where it looked.")(
        explain_command
    )


def explain_command(
    before: Annotated[Path | None, typer.Argument(help="Image before.", show_default=False)] = None,
    after: Annotated[Path | None, typer.Argument(help="Image after.", show_default=False)] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="PAGE", help="HTML file to write.")
    ] = Path("blip2idc.html"),
    method: Annotated[
        str | None,
        typer.Option(
            help="cross-attention, gradient-cross-attention, rollout or occlusion; default the best."
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DATASET", help="Show a data set instead of one pair.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="What was predicted for --data, as caption --data wrote it.")
    ] = None,
    heatmaps: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Heatmaps of --data, to show them too.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="train, val or test of --data.")] = None,
    limit: Annotated[
        int, typer.Option(help="Most pairs of --data to show; of more, the worst and the best.")
    ] = 400,
    model: Model = None,
    adapter: Adapter = "default",
    device: Device = "auto",
) -> None:
    """Write one page that shows what changed, and where the captioner looked, word by word.

    With --data and --predictions, write the gallery of a data set instead, which needs no model.
    """
    _check(before, after, data, predictions, limit)
    if data is not None and predictions is not None:
        _explain_data(data, split, predictions, heatmaps, limit, output)
    elif before is not None and after is not None:
        _explain_pair(before, after, output, method, model, adapter, device)


def _check(
    before: Path | None, after: Path | None, data: Path | None, predictions: Path | None, limit: int
) -> None:
    """Refuse arguments that do not go together."""
    if (data is None) == (before is None):
        raise ConfigError("explain: expected two images, BEFORE and AFTER, or --data, and not both")
    if before is not None and after is None:
        raise ConfigError(f"explain: only one image was given ({before}); expected BEFORE and AFTER")
    if (data is None) != (predictions is None):
        raise ConfigError("explain: --data and --predictions go together; write them with caption --data")
    if limit < 2:
        raise ConfigError(f"--limit is {limit}; expected at least 2")


def _explain_pair(
    before: Path, after: Path, output: Path, method: str | None, model: str | None, adapter: str, device: str
) -> None:
    from blip2idc.images.pair import ImagePair
    from blip2idc.model.attention import DEFAULT_METHOD, explain
    from blip2idc.model.captioner import DifferenceCaptioner
    from blip2idc.report.html.explain_page import explain_page
    from blip2idc.report.html.page import file_facts
    from blip2idc.runs.record import run_record

    pair = ImagePair.open(before, after)
    captioner = DifferenceCaptioner.from_pretrained(
        model, None if adapter == "none" else adapter, device=device
    )
    chosen = (method or DEFAULT_METHOD).replace("-", "_")
    found = explain(captioner, pair.before, pair.after, chosen)
    files = (file_facts(before), file_facts(after))
    run = run_record(**captioner.describe())
    _write(output, explain_page(found, pair, (before.name, after.name), run, files))
    typer.echo(f"{found.difference.caption}\n{output}")


def _explain_data(
    data: Path, split: str | None, predictions: Path, heatmaps: Path | None, limit: int, output: Path
) -> None:
    from blip2idc.data.records import find_splits, read_manifest
    from blip2idc.report.html.gallery_entries import choose_records, gallery_entries
    from blip2idc.report.html.gallery_page import gallery_page
    from blip2idc.runs.record import run_record

    if split is None and "test" in find_splits(data):
        split = "test"  # as evaluate has it
    manifest = read_manifest(data, split)
    predicted, corpus_scores = _read_predicted(manifest, predictions, heatmaps)
    records = choose_records(manifest.records, predicted, limit)
    if not records:
        raise ConfigError(f"{predictions} holds no prediction for a pair of {data}; do they belong together?")
    with typer.progressbar(
        gallery_entries(manifest, records, predicted), length=len(records), file=_stderr()
    ) as progress:
        entries = list(progress)
    title = data.name if split is None else f"{data.name}, {split}"
    run = run_record(data=str(manifest.root), predictions=str(predictions))
    page = gallery_page(entries, title, run, corpus_scores=corpus_scores, total=len(manifest))
    _write(output, page)
    typer.echo(f"{len(entries)} of {len(manifest)} pairs\n{output}")


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


def _write(path: Path, page: str) -> None:
    from blip2idc.runs.files import atomic_write

    with atomic_write(path) as handle:
        handle.write(page)


def _stderr() -> Any:
    import sys

    return sys.stderr
