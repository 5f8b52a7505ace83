"""`blip2idc evaluate`: score a predictions file.

In: predictions, references. Out: tables on stdout, and the same in full as JSON. The work is done by
`blip2idc.evaluation.assess`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blip2idc.cli.meteor import Meteor, MeteorOption, NoMeteorOption, meteor_backend
from blip2idc.cli.options import JsonFile, MaxPixels, Resamples, ResamplingSeed, pixel_limit
from blip2idc.cli.output import every_output, note, write_json
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.evaluation.assess import Assessment
    from blip2idc.evaluation.judge import JudgeScores
    from blip2idc.evaluation.maps.localization import LocalizationScores
    from blip2idc.evaluation.significance import Resampling

_PROTOCOLS = (
    "clevr-change, spot-the-diff-single, spot-the-diff-multi, image-editing-request, emu, syned or"
    " blip2idc-released."
)
Heatmaps = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Heatmaps of caption --heatmaps: do they point at the change?"),
]
Predictions = Annotated[
    list[Path],
    typer.Argument(
        metavar="PREDICTIONS",
        help="COCO results: JSON list or lines. Of several files one table is made, each tested against the first.",
    ),
]
References = Annotated[
    Path,
    typer.Option("--references", "-r", help="A manifest, a COCO caption file, or JSON {id: [captions]}."),
]
Split = Annotated[str | None, typer.Option(help="Split of a manifest; test where it has several.")]
Protocol = Annotated[str | None, typer.Option(help=_PROTOCOLS)]
PerItem = Annotated[bool, typer.Option("--per-item", help="Keep every item's scores in the JSON file.")]
Against = Annotated[Path | None, typer.Option(help="Predictions of a second system, for paired tests.")]
By = Annotated[str | None, typer.Option(help="Break the scores down: kind (of change).")]
Metrics = Annotated[str | None, typer.Option(help="Comma-separated, such as bleu_4,cider_d; default all.")]
AllowMissing = Annotated[bool, typer.Option("--allow-missing", help="Score what is there.")]
TypeMapping = Annotated[Path | None, typer.Option(help="CLEVR-Change's type_mapping.json.")]
Iou = Annotated[Path | None, typer.Option(help="CLEVR-Change's change_captions_by_IOU.json.")]
DifferenceList = Annotated[
    Path | None,
    typer.Option(metavar="JSONL", help="Write what was told of each pair as a list, for judges."),
]
Judge = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="Let a language model judge, too; never mixed with exact metrics."),
]
JudgeUrl = Annotated[
    str | None, typer.Option(help="Its server, like http://127.0.0.1:8000/v1; default: OPENAI_BASE_URL.")
]
JudgeAnswers = Annotated[
    Path | None,
    typer.Option(metavar="JSONL", help="Where its answers are kept; default PREDICTIONS.judge.jsonl."),
]
Form = Annotated[str, typer.Option("--format", help="text, markdown, latex or csv (the first table alone).")]


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="evaluate", short_help="Score predictions exactly as the community does.")(
        evaluate_command
    )


def evaluate_command(
    predictions: Predictions,
    references: References,
    split: Split = None,
    protocol: Protocol = None,
    json_file: JsonFile = None,
    per_item: PerItem = False,
    against: Against = None,
    by: By = None,
    metrics: Metrics = None,
    meteor: MeteorOption = Meteor.PYTHON,
    no_meteor: NoMeteorOption = False,
    allow_missing: AllowMissing = False,
    type_mapping: TypeMapping = None,
    iou: Iou = None,
    heatmaps: Heatmaps = None,
    max_pixels: MaxPixels = None,
    difference_list: DifferenceList = None,
    judge: Judge = None,
    judge_url: JudgeUrl = None,
    judge_answers: JudgeAnswers = None,
    form: Form = "text",
    resamples: Resamples = 1000,
    seed: ResamplingSeed = 20412,
) -> None:
    """Score predictions with BLEU, METEOR, ROUGE-L and CIDEr, exactly as the community does, with 95 % intervals.

    Tables show scores times 100; the JSON file holds raw values. METEOR needs the extra [meteor].
    """
    from blip2idc.evaluation.assess import AssessmentOptions, evaluate
    from blip2idc.evaluation.inputs import read_predictions, read_references
    from blip2idc.evaluation.protocols import ProtocolOptions
    from blip2idc.evaluation.significance import Resampling

    limit = pixel_limit(max_pixels)
    _check_showing(by, form, per_item, json_file)
    _check_protocol(protocol, type_mapping, iou)
    options = AssessmentOptions(
        metrics=_metrics(metrics, no_meteor),
        protocol=protocol,
        protocol_options=ProtocolOptions(type_mapping, iou, seed),
        by_kind=by == "kind",
        allow_missing=allow_missing,
        resampling=Resampling(resamples, seed),
    )
    if len(predictions) > 1 and (against is not None or heatmaps is not None):
        raise ConfigError("--against and --heatmaps are for one predictions file; several are tested anyway")
    _check_judging(len(predictions), judge, judge_url, judge_answers, difference_list)
    ours, truth = read_predictions(predictions[0]), read_references(references, split)
    theirs = read_predictions(against) if against is not None else None
    further = [read_predictions(one) for one in predictions[1:]]
    wanted = options.metrics is None or "meteor" in options.metrics
    with meteor_backend(meteor, wanted=wanted, required=metrics is not None) as backend:
        options = replace(options, meteor_backend=backend)
        assessment = evaluate(ours, truth, options, against=theirs)
        others = [evaluate(one, truth, options, against=ours) for one in further]
    places = _localization(heatmaps, references, split, options.resampling, limit) if heatmaps else None
    answers = judge_answers or predictions[0].with_name(f"{predictions[0].stem}.judge.jsonl")
    judged = _judged(assessment, difference_list, judge, judge_url, answers)
    with every_output() as attempt:
        if json_file is not None:
            found = {} if places is None else {"localization": places.to_dict()}
            found |= {} if judged is None else {"judge": judged.to_dict()}
            systems = {"systems": [one.to_dict(per_item) for one in others]} if others else {}
            attempt(write_json, json_file, assessment.to_dict(per_item) | found | systems)
        _print(assessment, others, form, places, judged)


def _print(
    assessment: Assessment,
    others: Sequence[Assessment],
    form: str,
    places: LocalizationScores | None,
    judged: JudgeScores | None,
) -> None:
    """The tables, exact metrics first and what a model judged last."""
    from blip2idc.report.tables import console, judge_table, localization_table, print_assessment

    print_assessment(assessment, console(), form, others)
    if places is not None:
        console().print(localization_table(places).text())
    if judged is not None:
        console().print(judge_table(judged).text())
        console().print(judged.signature)


def _check_showing(by: str | None, form: str, per_item: bool, json_file: Path | None) -> None:
    """Refuse tables that there are none of."""
    from blip2idc.report.sheets import FORMATS

    if by not in (None, "kind"):
        raise ConfigError(f"--by is {by!r}; the only breakdown is by kind")
    if form not in FORMATS:
        raise ConfigError(f"--format is {form!r}; expected {', '.join(FORMATS)}")
    if per_item and json_file is None:
        raise ConfigError("--per-item needs --json FILE, which holds the items' scores")


def _check_protocol(protocol: str | None, type_mapping: Path | None, iou: Path | None) -> None:
    """Refuse files that nothing would read."""
    for option, value in {"--type-mapping": type_mapping, "--iou": iou}.items():
        if value is not None and protocol != "clevr-change":
            raise ConfigError(f"{option} is for --protocol clevr-change, which was not given")


def _check_judging(
    files: int, judge: str | None, url: str | None, answers: Path | None, difference_list: Path | None
) -> None:
    if files > 1 and (judge is not None or difference_list is not None):
        raise ConfigError("--judge and --difference-list are for one predictions file")
    if judge is None and (url is not None or answers is not None):
        raise ConfigError("--judge-url and --judge-answers are for --judge MODEL, which was not given")


def _judged(
    assessment: Assessment, difference_list: Path | None, model: str | None, url: str | None, answers: Path
) -> JudgeScores | None:
    """Write the lists, and what a language model says of the predictions; pairs without a verdict are told."""
    from blip2idc.chat_client import ChatClient
    from blip2idc.cli.output import progress_bar
    from blip2idc.evaluation.judge import judge, write_difference_lists

    if difference_list is not None:
        write_difference_lists(difference_list, assessment.matched, Path(assessment.predictions).stem)
    if model is None:
        return None
    client = ChatClient(model, url, timeout=300.0, temperature=0.0, top_p=1.0, max_tokens=16_384)
    with progress_bar("judging") as progress:
        found = judge(
            assessment.matched,
            client.ask,
            model,
            answers,
            resampling=assessment.options.resampling,
            progress=progress,
        )
    if found.unanswered:
        name, why = next(iter(found.unanswered.items()))
        note(
            f"judge: {len(found.unanswered)} pairs have no verdict and are left out (first: {name}: {why}); the same"
            " command asks again for these alone"
        )
    return found


def _localization(
    folder: Path, references: Path, split: str | None, resampling: Resampling, max_pixels: int
) -> LocalizationScores:
    """Scores of the heatmaps of a data set."""
    from blip2idc.evaluation.maps.localization import localization
    from blip2idc.evaluation.maps.places import read_placed_heatmaps

    found = read_placed_heatmaps(folder, references, split, max_pixels)
    if found.unknown:
        note(f"{found.unknown} pairs without a known place are left out of localization")
    return localization(found.heatmaps, found.truths, resampling)


def _metrics(listed: str | None, no_meteor: bool) -> tuple[str, ...]:
    """Keys of the metrics to compute."""
    from blip2idc.evaluation.suite import resolve

    wanted = resolve(listed.split(",") if listed is not None else None)
    return tuple(name for name in wanted if not (no_meteor and name == "meteor"))
