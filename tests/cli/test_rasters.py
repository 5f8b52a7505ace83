"""What `caption` and `explain` refuse before a model is loaded, and what they tell of rasters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.fixtures import hostile_images as hostile

from blip2idc.cli import main as cli
from blip2idc.cli.commands import caption as caption_module
from blip2idc.cli.commands import explain as explain_module
from blip2idc.cli.rasters import open_pair, tell_rasters
from blip2idc.data.records import read_records


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (caption_module, explain_module):
        name = "choose_captioner" if hasattr(module, "choose_captioner") else "load_captioner"
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("a model is loaded"))


@pytest.mark.parametrize("command", ["caption", "explain"])
def test_a_bomb_is_refused_before_a_model_is_loaded(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bomb = tmp_path / "bomb.bmp"
    bomb.write_bytes(hostile.bmp(1_000_000, 64, b"\0\2\xff\xff"))
    assert cli.run([command, str(bomb), str(bomb)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {bomb}: the image is damaged")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a.png", "a.png", "--bands", "1,2"], "--bands is '1,2'"),
        (["a.png", "a.png", "--stretch", "best"], "--stretch is 'best'"),
        (["a.png", "a.png", "--max-pixels", "0"], "--max-pixels is 0; expected a number from 1"),
        (
            ["a.png", "a.png", "--max-pixels", "10"],
            "more than the limit of 10; make it smaller or raise --max-pixels",
        ),
        (
            ["a.png", "a.png", "--map", "m.png"],
            "--map is m.png; expected a file name ending in .png, together",
        ),
        (["--data", "d", "--output", "o.json", "--tiles", "64"], "--tiles is for one pair"),
    ],
)
def test_wrong_use(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8)).save("a.png")
    assert cli.run(["caption", *arguments]) == 2
    assert sentence in capsys.readouterr().err


def test_a_raster_is_told_and_a_picture_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("I;16", (8, 8), 900).save(tmp_path / "deep.tif")
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    open_pair(tmp_path / "plain.png", tmp_path / "plain.png", None, None, None)
    assert capsys.readouterr().err == ""
    open_pair(tmp_path / "deep.tif", tmp_path / "deep.tif", None, None, None)
    assert (
        capsys.readouterr().err
        == "bands 1 of 1, values 900 to 901 (2nd to 98th percentile of both) shown as 0 to 255\n"
    )


def test_rasters_of_a_data_set_are_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("I;16", (8, 8), 900).save(tmp_path / "deep.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    (tmp_path / "damaged.tif").write_bytes(b"II*\0")
    lines = [
        {"id": name, "before_file_name": f"{name}.png", "after_file_name": "damaged.tif", "captions": ["x"]}
        for name in ("plain", "deep")
    ]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    tell_rasters(read_records(tmp_path), None)
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path / 'deep.png'} and other rasters: the first bands, ")
    assert said.count("\n") == 1
    (tmp_path / "metadata.jsonl").write_text(json.dumps({**lines[0], "after_file_name": "plain.png"}))
    tell_rasters(read_records(tmp_path), None)
    assert capsys.readouterr().err == ""
