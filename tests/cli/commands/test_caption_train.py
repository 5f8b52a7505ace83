"""The commands `caption` and `train`: what they print where, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.fixtures.checkpoints import opt_checkpoint as opt_checkpoint
from tests.fixtures.checkpoints import write_dataset

from blip2idc.cli.main import run
from blip2idc.model.captioner import DifferenceCaptioner


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data", 8)


def test_one_pair(opt_checkpoint: Path, dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = [str(dataset / "images" / f"0_{side}.png") for side in ("before", "after")]
    assert run(["caption", *pair, "--model", str(opt_checkpoint)]) == 0
    line = capsys.readouterr().out
    assert line == DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")(*pair).caption + "\n"
    assert line.strip()
    assert (
        run(["caption", *pair, "--model", str(opt_checkpoint), "--json", "--layout", "horizontal:64x32"]) == 0
    )
    answer = json.loads(capsys.readouterr().out)
    whole = {"caption", "changed", "change_probability", "model", "adapter", "layout"}
    assert set(answer) == whole | {"changes", "alignment"}
    assert answer["layout"] == {"direction": "horizontal", "height": 32, "width": 64}
    assert 0 <= answer["change_probability"] <= 1
    assert run(["caption", *pair, "--model", str(opt_checkpoint), "--json", "--no-changes"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == whole


def test_changes_are_listed_below_the_caption(
    opt_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Image.new("RGB", (400, 300), "white")
    after = before.copy()
    after.paste((13, 110, 253), (300, 20, 340, 40))
    after.paste((200, 30, 30), (20, 220, 60, 260))
    pair = [str(tmp_path / f"{name}.png") for name in ("before", "after")]
    for path, image in zip(pair, (before, after), strict=True):
        image.save(path)
    command = ["caption", *pair, "--model", str(opt_checkpoint), "--changes"]
    assert run(command) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["1.", "2."]
    assert lines[0].endswith("(40x40 at 20,220)")
    assert lines[1].endswith("(40x20 at 300,20)")
    assert run([*command, "--max-changes", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert run(["caption", *pair, "--no-changes", "--max-changes", "3"]) == 2
    assert "--no-changes was given" in capsys.readouterr().err


def test_train_then_caption_a_data_set(
    opt_checkpoint: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter, predictions = tmp_path / "adapter", tmp_path / "predictions.jsonl"
    settings = ["lora.rank=2", "max_steps=1", "workers=0", "validation_share=0.25", "batch_size=2"]
    options = [part for setting in settings for part in ("--set", setting)]
    command = [
        "train",
        "--data",
        str(dataset),
        "--output",
        str(adapter),
        "--model",
        str(opt_checkpoint),
        *options,
    ]
    assert run(command) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{adapter}\n"
    assert "trainable of" in captured.err
    assert run(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    command = [
        "caption",
        "--data",
        str(dataset),
        "--output",
        str(predictions),
        "--model",
        str(opt_checkpoint),
    ]
    assert run([*command, "--adapter", str(adapter)]) == 0
    assert capsys.readouterr().out == f"{predictions}\n"
    assert len(predictions.read_text().splitlines()) == 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected two images, BEFORE and AFTER, or a data set"),
        (["a.png"], "only one image was given (a.png)"),
        (["a.png", "b.png", "--data", "d"], "not both"),
        (["--data", "d"], "--data and --output go together"),
        (["a.png", "b.png", "--batch-size", "0"], "--batch-size is 0"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["caption", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out


def test_train_says_what_an_epoch_takes(
    opt_checkpoint: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_dataset(tmp_path / "other", 10, seed=1)
    settings = ["lora.rank=2", "max_steps=1", "workers=0", "validation_share=0.25", "batch_size=2"]
    options = [part for setting in settings for part in ("--set", setting)]
    command = [
        "train",
        "--data",
        f"{other}:0.5",
        "--data",
        str(dataset),
        "--model",
        str(opt_checkpoint),
        *options,
    ]
    assert run([*command, "--order", "in-turn", "--output", str(tmp_path / "adapter")]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path / 'adapter'}\n"
    lines = captured.err.splitlines()
    places = [
        lines.index(line)
        for line in (
            "stage 1 of 2",
            "other: 5 of 10 pairs an epoch, 100% of the mix",
            "stage 2 of 2",
            "data: 6 of 6 pairs an epoch, 100% of the mix",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected --data once or more, or data in the recipe"),
        (["--data", "d:0"], "data d: share is 0.0; expected a number above 0"),
        (["--data", "d", "--order", "random"], "order is 'random'; expected mixed or in-turn"),
        (
            ["--data", "d", "--set", "stage_epochs=[1,-2]"],
            "stage_epochs[1] is -2; expected a number above 0",
        ),
        (["--set", "data=[{path: d, share: -1}]"], "data[0].share is -1; expected a number above 0"),
        (["--set", "data=[{path: d, shares: 1}]"], "did you mean data[0].share?"),
    ],
)
def test_wrong_mixes(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", *arguments, "--output", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "out.training").exists()


def test_a_table_and_a_folder_of_pairs(
    opt_checkpoint: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same captions as for the data set that the images are from."""
    (tmp_path / "pairs.csv").write_text(
        "before,after,id\ndata/images/0_before.png,data/images/0_after.png,0000\n"
    )
    said = {}
    for name, words in (
        ("set", [str(dataset)]),
        ("table", [str(tmp_path / "pairs.csv")]),
        ("folder", [str(dataset / "images"), "--pattern", "*_before.png", "--pattern", "*_after.png"]),
    ):
        output = tmp_path / f"{name}.json"
        command = ["caption", "--data", *words, "--output", str(output), "--model", str(opt_checkpoint)]
        assert run(command) == 0, capsys.readouterr().err
        said[name] = [entry["caption"] for entry in json.loads(output.read_text())]
    assert said["set"] == said["folder"]
    assert said["set"][:1] == said["table"]
    assert run(["caption", "a.png", "b.png", "--pattern", "*"]) == 2
    assert "--pattern is for a folder of pairs" in capsys.readouterr().err


def test_a_model_that_is_not_there(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = [str(dataset / "images" / f"0_{side}.png") for side in ("before", "after")]
    assert run(["caption", *pair, "--model", "./nothing"]) == 2
    assert "model './nothing': no such folder" in capsys.readouterr().err
