"""`blip2idc reproduce`: from the official layout of CLEVR-Change to a table, and on after an interruption."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.fixtures.benchmarks import put_json

from blip2idc.cli.commands import reproduce
from blip2idc.cli.main import run
from blip2idc.config import load_config
from blip2idc.errors import ConfigError
from blip2idc.report.reproduction import reproduction_markdown, reproduction_notes, reproduction_rows
from blip2idc.training.recipe import TrainConfig
from blip2idc.worlds.scenes.world import ScenesWorld

SPLITS = {"train": range(10), "val": range(10, 13), "test": range(13, 18)}


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Rendered scenes under the official names of CLEVR-Change."""
    root = tmp_path / "clevr"
    world = ScenesWorld(seed=5, width=96, height=64, no_change_share=0.0)
    change, no_change, kinds = {}, {}, dict[str, list[str]]()
    for index in range(18):
        pair, name = world.pair(index), f"CLEVR_default_{index:06d}.png"
        save(root / "images" / name, pair.before)
        save(root / "sc_images" / name.replace("default", "semantic"), pair.after)
        dimmer = (pair.before * 0.97).astype(np.uint8)
        save(root / "nsc_images" / name.replace("default", "nonsemantic"), dimmer)
        change[name] = list(pair.captions)
        no_change[name] = ["nothing has changed", "the scene remains the same"]
        kinds.setdefault(pair.kind, []).append(name.removeprefix("CLEVR_default_"))
    put_json(root / "change_captions.json", change)
    put_json(root / "no_change_captions.json", no_change)
    put_json(root / "type_mapping.json", kinds)
    put_json(root / "splits.json", {name: list(indices) for name, indices in SPLITS.items()})
    return root


def command(source: Path, output: Path, *more: str) -> list[str]:
    quick = ["--set", "max_steps=2", "--set", "workers=0", "--set", "batch_size=4", "--set", "lora.rank=2"]
    how = ["--hardware", "cpu", "--no-meteor", "--no-images", "--resamples", "100", *quick, *more]
    return ["reproduce", "clevr-change", str(source), "--output", str(output), *how]


def test_from_official_files_to_a_table(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output, original = tmp_path / "run", reproduce._run

    def stopped(step: reproduce.Step) -> None:
        if step.name == "caption":
            raise KeyboardInterrupt
        original(step)

    with monkeypatch.context() as patch:
        patch.setattr(reproduce, "_run", stopped)
        assert run(command(source, output)) == 130
    assert capsys.readouterr().out == ""
    assert not (output / "predictions.json").exists()
    assert run(command(source, output)) == 0
    printed = capsys.readouterr()
    assert printed.err.count("done before") == 3  # import, audit, train
    lines = printed.out.splitlines()
    assert lines[0].startswith("method")
    assert lines[-1].startswith("this run")
    assert any("constant" in line.lower() for line in lines)
    assert len(json.loads((output / "predictions.json").read_text())) == 2 * len(SPLITS["test"])
    assert "clevr-change" in json.dumps(json.loads((output / "scores.json").read_text()))
    assert (output / "table.md").read_text().startswith("| method |")
    assert (output / "audit.html").is_file()
    # finished: the table again, without any step; other settings: refused
    assert run(command(source, output)) == 0
    assert capsys.readouterr().out == printed.out
    assert run(command(source, output, "--set", "learning_rate=1e-3")) == 2
    assert "was begun with recipe.learning_rate 0.0005" in capsys.readouterr().err


def test_a_damaged_source_stops_before_training(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "splits.json").write_text("{broken")
    assert run(command(source, tmp_path / "run")) == 2
    printed = capsys.readouterr()
    assert "splits.json" in printed.err
    assert "reproduce stopped at import" in printed.err
    assert not (tmp_path / "run" / "adapter").exists()


def test_a_missing_image_keeps_its_place_and_is_told_once(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "images" / "CLEVR_default_000003.png").unlink()
    assert run(command(source, tmp_path / "run")) == 2
    told = capsys.readouterr().err
    assert "CLEVR_default_000003.png is missing" in told
    assert "expected an integer" not in told


def test_contradictions_are_refused_where_that_is_asked(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = source / "change_captions.json"
    told = json.loads(path.read_text())
    told["CLEVR_default_000004.png"] = ["nothing has changed"]
    put_json(path, told)
    assert run(command(source, tmp_path / "run", "--strict")) == 2
    assert "told as changed, although every caption says that nothing changed" in capsys.readouterr().err
    assert not (tmp_path / "run" / "adapter").exists()


def test_few_resamples_are_refused_before_anything_is_imported(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command(source, tmp_path / "run"), "--resamples", "50"]) == 2
    assert "--resamples is 50, expected at least 100" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_column_that_is_undefined_is_told_so() -> None:
    scores = {
        "bleu_4": {"score": 0.5, "low": None, "high": None},
        "cider_d": {"score": 0.0, "low": None, "high": None, "defined": False},
        "not_computed": [
            {"metric": "cider_d", "reason": "it weighs nothing"},
            {"metric": "cider", "reason": "so"},
        ],
    }
    rows = reproduction_rows(scores, {"baselines": [], "published": []})
    notes = reproduction_notes(scores)
    assert rows[-1].scores == {"bleu_4": "50.0"}
    assert notes == ["not computed: CIDEr-D. it weighs nothing"]
    assert reproduction_markdown(rows, notes).endswith("|\n\nnot computed: CIDEr-D. it weighs nothing\n")


@pytest.mark.parametrize("hardware", [None, *reproduce.HARDWARE])
@pytest.mark.parametrize(
    "path",
    sorted((Path(__file__).parents[3] / "recipes" / "benchmarks").glob("*.yaml")),
    ids=lambda path: path.stem,
)
def test_every_recipe_is_valid_on_every_machine(path: Path, hardware: str | None) -> None:
    recipe = load_config(TrainConfig, reproduce.recipe_paths(path.stem, None, hardware))
    assert recipe.model == (None if hardware == "cpu" else "Salesforce/blip2-opt-2.7b")
    assert recipe.lora.rank in (8, 16, 32)
    assert recipe.batch_size * recipe.gradient_accumulation_steps in (16, 48)


def test_there_is_a_recipe_for_every_benchmark() -> None:
    from blip2idc.data.readers import BENCHMARKS

    with pytest.raises(
        ConfigError, match="name one with --config"
    ):  # one's own table has no published settings
        reproduce.recipe_paths("table", None, None)
    for name in BENCHMARKS.keys() - {"table"}:
        assert reproduce.recipe_paths(name, None, "12gb")[0].is_file()
    with pytest.raises(ConfigError, match="did you mean 'levir-cc'"):
        reproduce.recipe_paths("levir_cc", None, None)
    with pytest.raises(ConfigError, match="--hardware is '8gb'"):
        reproduce.recipe_paths("levir-cc", None, "8gb")
