"""``blip2idc baseline`` and ``blip2idc audit``: what a benchmark can tell before any model is looked at.

In: data sets. Out: tables on stdout; JSON, predictions and a page on request.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from blip2idc.cli.meteor import Meteor, MeteorOption, NoMeteorOption, meteor_backend
from blip2idc.cli.options import (
    JsonFile,
    MaxPixels,
    Resamples,
    ResamplingSeed,
    check_resamples,
    pixel_limit,
)
from blip2idc.cli.output import every_output, say, write_json, write_text

Train = Annotated[Path, typer.Option("--train", metavar="DATASET", help="Where the captions are taken from.")]
Test = Annotated[Path, typer.Option("--test", metavar="DATASET", help="What they are scored on.")]
TrainSplit = Annotated[str | None, typer.Option(help="Split of --train where it has several; default train.")]
TestSplit = Annotated[
    str | None, typer.Option(help="Split of --test where it has several; default test, else val.")
]
Metric = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        help="Find the best constant for this metric only (may be repeated): cider_d, bleu_4, rouge_l, meteor.",
    ),
]
Benchmark = Annotated[
    str | None, typer.Option(help="Whose published scores to set beside; default told by the records.")
]
Protocol = Annotated[str | None, typer.Option(help="Which of its protocols; default told as well.")]
NoImages = Annotated[bool, typer.Option("--no-images", help="Leave out the nearest caption by images.")]
Predictions = Annotated[Path | None, typer.Option(help="Write each baseline's predictions to this folder.")]


def register(app: typer.Typer) -> None:
    """Add both commands to the application."""
    app.command(name="baseline", short_help="Score captions found without looking at any image.")(
        baseline_command
    )
    app.command(name="audit", short_help="Say what a benchmark can and cannot tell.")(audit_command)


def baseline_command(
    train: Train,
    test: Test,
    train_split: TrainSplit = None,
    test_split: TestSplit = None,
    metric: Metric = None,
    benchmark: Benchmark = None,
    protocol: Protocol = None,
    no_images: NoImages = False,
    max_pixels: MaxPixels = None,
    meteor: MeteorOption = Meteor.PYTHON,
    no_meteor: NoMeteorOption = False,
    json_file: JsonFile = None,
    predictions: Predictions = None,
    resamples: Resamples = 1000,
    seed: ResamplingSeed = 20412,
) -> None:
    """Score the constant caption, the nearest caption and people, with the metrics models are scored with.

    The constant caption is the training caption that scores best on the training references, its own pair left
    out; the test references are only scored against.
    """
    from blip2idc.evaluation.benchmark.baseline_report import BaselineReport, write_predictions
    from blip2idc.evaluation.benchmark.baselines import SEARCHED, all_baselines
    from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit, choose_split
    from blip2idc.evaluation.significance import Resampling
    from blip2idc.report.baselines import print_baselines
    from blip2idc.report.tables import console

    limit = pixel_limit(max_pixels)
    training = ReferencedSplit.read(train, train_split or choose_split(train, ("train",)))
    testing = ReferencedSplit.read(test, test_split or choose_split(test, ("test", "val")))
    with meteor_backend(meteor, wanted=not no_meteor) as backend:
        rows = all_baselines(
            training,
            testing,
            metrics=tuple(metric or SEARCHED),
            resampling=Resampling(resamples, seed),
            backend=backend,
            images=not no_images,
            max_pixels=limit,
        )
    report = BaselineReport.build(training, testing, rows, benchmark, protocol)
    with every_output() as attempt:
        if json_file is not None:
            attempt(write_json, json_file, report.to_dict())
        if predictions is not None:
            attempt(write_predictions, predictions, report)
        print_baselines(report, console())


def audit_command(
    data: Annotated[Path, typer.Argument(metavar="DATASET", help="A data set, with splits or without.")],
    split: Annotated[
        str | None, typer.Option("--split", help="What models are scored on; default test, else val.")
    ] = None,
    json_file: JsonFile = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page with plots.")] = None,
    no_images: Annotated[bool, typer.Option("--no-images", help="Do not look at the images.")] = False,
    max_pixels: MaxPixels = None,
    meteor: MeteorOption = Meteor.PYTHON,
    no_meteor: NoMeteorOption = False,
    resamples: Resamples = 1000,
    seed: ResamplingSeed = 20412,
) -> None:
    """Say what a benchmark can and cannot tell: references, blind baselines, people, leaks, real differences."""
    from blip2idc.data.records import find_splits
    from blip2idc.evaluation.benchmark.audit import audit
    from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit, choose_split
    from blip2idc.evaluation.significance import Resampling

    check_resamples(resamples)
    limit = pixel_limit(max_pixels)
    tested = split or choose_split(data, ("test", "val", "train"))
    names = find_splits(data) or (tested,)
    splits = {name or "all": ReferencedSplit.read(data, name) for name in names}
    with meteor_backend(meteor, wanted=not no_meteor) as backend:
        found = audit(
            splits,
            tested or "all",
            resampling=Resampling(resamples, seed),
            backend=backend,
            images=not no_images,
            max_pixels=limit,
        )
    with every_output() as attempt:
        if json_file is not None:
            attempt(write_json, json_file, found)
        if html is not None:
            from blip2idc.report.html.audit_page import audit_page

            attempt(write_text, html, audit_page(found))
        for sentence in found["verdict"]:
            say(f"{'!' if sentence['grave'] else '-'} {sentence['topic']}: {sentence['text']}")
