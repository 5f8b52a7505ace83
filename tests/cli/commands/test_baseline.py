"""`blip2idc baseline` and `blip2idc audit` as a user calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.data_sets import put_data_set

from blip2idc.cli.main import run

FAST = ["--no-meteor", "--resamples", "100"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put_data_set(tmp_path_factory.mktemp("toy"))


def test_baseline_table_json_and_predictions(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--json", str(tmp_path / "out.json"), "--predictions", str(tmp_path / "said")]
    assert run(["baseline", "--train", str(root), "--test", str(root), *FAST, *files]) == 0
    out = capsys.readouterr().out
    assert "train  " in out
    assert "constant, best CIDEr-D" in out
    assert "human leave-one-out" in out
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["train"]["pairs"] == 30
    assert found["baselines"][0]["metrics"]["cider_d"]["low"] is not None
    said = tmp_path / "said/constant-best-cider-d.json"
    arguments = [
        "evaluate",
        str(said),
        "--references",
        str(root),
        "--no-meteor",
        "--json",
        str(tmp_path / "e.json"),
    ]
    assert run(arguments) == 0


def test_audit_prints_its_verdict_and_writes_its_page(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--json", str(tmp_path / "a.json"), "--html", str(tmp_path / "a.html")]
    assert run(["audit", str(root), *FAST, *files]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = json.loads((tmp_path / "a.json").read_text())
    assert len(lines) == len(found["verdict"])
    assert any(line.startswith("! images shared with train") for line in lines)
    assert (tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_data_set_without_splits(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(root / "val"), *FAST, "--no-images"]) == 0
    assert "No training split here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["baseline", "--train", "{root}", "--test", "nowhere"], "nowhere"),
        (["baseline", "--train", "{root}", "--test", "{root}", "--metric", "spice"], "--metric is 'spice'"),
        (["audit", "nowhere"], "nowhere"),
        (["audit", "{root}", "--resamples", "5"], "--resamples is 5, expected at least 100"),
    ],
)
def test_faults_are_one_sentence_and_exit_2(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run([argument.format(root=root) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "error: " in error.splitlines()[-1]


def test_without_meteor_a_note_says_how_to_get_it(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blip2idc.evaluation.metrics.meteor.backend.find_sources", lambda: None)
    arguments = ["baseline", "--train", str(root), "--test", str(root), "--resamples", "0", "--no-images"]
    assert run([*arguments, "--metric", "bleu_4"]) == 0
    assert "no METEOR" in capsys.readouterr().err


def test_auditing_loads_no_torch() -> None:
    code = (
        "import sys, blip2idc.evaluation.benchmark.audit, blip2idc.report.html.audit_page;"
        "import blip2idc.data.importing.run;"
        "print([name for name in ('torch', 'transformers', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
