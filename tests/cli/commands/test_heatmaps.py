"""`caption --heatmap`, `caption --data --heatmaps` and `evaluate --heatmaps`, from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.fixtures.checkpoints import opt_checkpoint, write_dataset
from typer.testing import CliRunner, Result

from blip2idc.cli.main import application
from blip2idc.data.records import read_records
from blip2idc.images.heatmap import PairHeatmap, heatmap_path
from blip2idc.model.captioner import DifferenceCaptioner

__all__ = ["opt_checkpoint"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(application(), [str(argument) for argument in arguments])


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data", 5)


def test_a_picture_of_one_pair(opt_checkpoint: Path, dataset: Path, tmp_path: Path) -> None:
    pair = [dataset / "images" / f"0_{part}.png" for part in ("before", "after")]
    said = DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")(*pair)
    result = run("caption", *pair, "--model", opt_checkpoint, "--heatmap", tmp_path / "heat.png")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{said.caption}\n" != "\n"
    with Image.open(tmp_path / "heat.png") as picture, Image.open(pair[0]) as before:
        assert picture.width > 2 * before.width
        assert picture.height == before.height
        shown = np.asarray(picture.convert("RGB").crop((0, 0, *before.size)), dtype=float)
        apart = np.abs(shown - np.asarray(before.convert("RGB"))).mean(axis=2)
    assert apart.max() > 20, "the heat is painted in"


def test_heatmap_files_of_a_data_set_and_their_scores(
    opt_checkpoint: Path, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, predictions = tmp_path / "maps", tmp_path / "predictions.json"
    command = (
        "caption",
        "--data",
        dataset,
        "--model",
        opt_checkpoint,
        "-o",
        predictions,
        "--heatmaps",
        folder,
    )
    assert run(*command).stdout == f"{predictions}\n"
    changed = {entry["image_id"]: entry["changed"] for entry in json.loads(predictions.read_text())}
    for record in read_records(dataset).records:
        assert PairHeatmap.load(heatmap_path(folder, record.id)).empty == (not changed[record.id])

    done: list[int] = []
    heatmap_path(folder, "0003").unlink()
    original = DifferenceCaptioner.explain_stream
    monkeypatch.setattr(
        DifferenceCaptioner,
        "explain_stream",
        lambda captioner, pairs, *rest, **more: original(captioner, _counted(pairs, done), *rest, **more),
    )
    assert run(*command).exit_code == 0
    assert done == [1]  # the others were there
    assert run(*command, "--beams", 2).exit_code == 0
    assert len(done) == 1 + 5  # made another way, so all are made anew

    report = tmp_path / "scores.json"
    result = run(
        "evaluate", predictions, "-r", dataset, "--heatmaps", folder, "--json", report,
        "--no-meteor", "--resamples", 20,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    scores = json.loads(report.read_text())["localization"]
    assert scores["unchanged"] == 2
    assert scores["pg_plus"] is not None
    assert "PG+ (2 pairs, 2 unchanged)" in result.stdout


def _counted(pairs: object, done: list[int]) -> object:
    for pair in pairs:  # type: ignore[attr-defined]
        done.append(1)
        yield pair


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.png", "b.png", "--heatmaps", "maps"), "--heatmaps is for a data set"),
        (("a.png", "b.png", "--heatmap", "map.jpg"), "expected a file name ending in .png"),
        (("--data", "d", "-o", "p.json", "--heatmap", "map.png"), "with --data give --heatmaps FOLDER"),
    ],
)
def test_options_that_do_not_go_together(arguments: tuple[str, ...], message: str) -> None:
    result = run("caption", *arguments)
    assert result.exit_code != 0
    assert message in str(result.exception) + result.output
