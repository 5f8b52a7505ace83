"""``blip2idc explain`` as a user runs it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from tests.fixtures.checkpoints import opt_checkpoint, random_images, write_dataset

from blip2idc.cli import main as cli
from blip2idc.data.records import read_records

__all__ = ["opt_checkpoint"]


def test_a_pair(
    opt_checkpoint: Path, tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, image in zip(paths, random_images(rng, 2), strict=True):
        image.save(path)
    output = tmp_path / "page.html"
    arguments = ["explain", *paths, "--model", opt_checkpoint, "--device", "cpu", "--output", output]
    assert cli.run([str(argument) for argument in arguments]) == 0
    page = output.read_text(encoding="utf-8")
    assert capsys.readouterr().out.splitlines()[-1] == str(output)
    assert hashlib.sha256(paths[0].read_bytes()).hexdigest() in page
    assert str(opt_checkpoint) in page
    assert 'class="word"' in page


@pytest.fixture
def data_set(tmp_path: Path) -> tuple[Path, Path]:
    """A data set and predictions that are right for every pair but the first."""
    folder = write_dataset(tmp_path / "data", 6)
    predictions = [
        {
            "image_id": record.id,
            "caption": record.captions[0],
            "change_probability": float(record.kind != "none"),
        }
        for record in read_records(folder)
    ]
    predictions[0]["caption"] = "nothing of the kind"
    file = tmp_path / "predictions.json"
    file.write_text(json.dumps(predictions), encoding="utf-8")
    return folder, file


def test_a_data_set(data_set: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "gallery.html"
    arguments = ["explain", "--data", data_set[0], "--predictions", data_set[1], "-o", output]
    assert cli.run([str(argument) for argument in arguments]) == 0
    page = output.read_text(encoding="utf-8")
    assert page.count('data-exact="yes"') == 5
    assert page.count('data-verdict="yes"') == 6
    assert "worst rouge_l first" in page
    assert capsys.readouterr().out.splitlines()[0] == "6 of 6 pairs"


def test_the_limit_keeps_worst_and_best(data_set: tuple[Path, Path], tmp_path: Path) -> None:
    output = tmp_path / "gallery.html"
    arguments = ["explain", "--data", data_set[0], "--predictions", data_set[1], "-o", output, "--limit", 2]
    assert cli.run([str(argument) for argument in arguments]) == 0
    page = output.read_text(encoding="utf-8")
    assert page.count('<li class="entry"') == 2
    assert "2 of 6 pairs are shown" in page
    assert "nothing of the kind" in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "expected two images"),
        (["a.png"], "only one image was given"),
        (["a.png", "b.png", "--data", "d"], "not both"),
        (["--data", "d"], "--data and --predictions go together"),
        (["--data", "d", "--predictions", "p", "--limit", "1"], "--limit is 1"),
    ],
)
def test_wrong_use(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explain", *arguments]) == 2
    assert sentence in capsys.readouterr().err
