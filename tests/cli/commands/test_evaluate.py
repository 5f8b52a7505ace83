"""`blip2idc evaluate` as it is typed: files in, table and JSON out, exit 2 with one sentence for bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fixtures.meteor import write_sources

from blip2idc.cli.main import run

CAPTIONS = {"1": "the car left", "2": "a van appeared", "3": "there is no change"}
REFERENCES = {
    "1": ["a car left", "the car is gone"],
    "2": ["there is a new van"],
    "3": ["nothing has changed"],
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    predictions, references = tmp_path / "p.json", tmp_path / "r.json"
    rows = [{"image_id": key, "caption": caption} for key, caption in CAPTIONS.items()]
    predictions.write_text(json.dumps(rows), encoding="utf-8")
    references.write_text(json.dumps(REFERENCES), encoding="utf-8")
    return str(predictions), str(references)


def test_table_and_json(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "scores.json"
    arguments = ["evaluate", files[0], "--references", files[1], "--no-meteor", "--resamples", "50"]
    assert run([*arguments, "--json", str(out), "--per-item", "--against", files[0]]) == 0
    report = json.loads(out.read_text(encoding="utf-8"))
    assert 0 < report["rouge_l"]["score"] < 1
    assert report["against"]["tests"]["rouge_l"]["p_bootstrap"] == 1
    assert "meteor" not in report
    captured = capsys.readouterr()
    assert f"{100 * report['rouge_l']['score']:.2f}" in captured.out
    assert captured.err == ""


def test_the_table_fits_and_signatures_stand_once(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", files[0], "-r", files[1], "--no-meteor", "--against", files[0]]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = lines[2 : next(place for place, line in enumerate(lines) if line.startswith("the last table"))]
    assert len(table) > 14
    assert max(map(len, table)) <= 100
    assert sum("tok:" in line for line in lines) == 4  # BLEU, ROUGE-L, CIDEr-D, CIDEr
    assert any(line.startswith("BLEU-1, BLEU-2, BLEU-3, BLEU-4: bleu_1|tok:") for line in lines)


@pytest.mark.parametrize(
    ("form", "head"),
    [
        ("text", "system"),
        ("markdown", "| system | items | BLEU-1 |"),
        ("latex", "\\begin{tabular}{lrrrrrrrr}"),
        ("csv", "system,items,BLEU-1,BLEU-2,BLEU-3,BLEU-4,ROUGE-L,CIDEr-D,CIDEr"),
    ],
)
def test_several_systems_in_one_table(
    form: str, head: str, files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other_system.json"
    other.write_text(
        json.dumps([{"image_id": key, "caption": "a tree"} for key in CAPTIONS]), encoding="utf-8"
    )
    out = tmp_path / "all.json"
    arguments = ["evaluate", files[0], str(other), "-r", files[1], "--no-meteor", "--resamples", "50"]
    assert run([*arguments, "--format", form, "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert any(line.startswith(head) for line in printed.splitlines())
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["systems"][0]["against"]["predictions"] == files[0]
    bleu = f"{100 * report['bleu_1']['score']:.2f}"
    assert bleu in printed
    assert ("other\\_system" if form == "latex" else "other_system") in printed
    assert printed.count(bleu) == 2 - (form == "csv")  # in the systems' table, and where they are tested


def test_two_runs_write_the_same_bytes(files: tuple[str, str], tmp_path: Path) -> None:
    outs = [tmp_path / "a.json", tmp_path / "b.json"]
    for out in outs:
        arguments = ["evaluate", files[0], "-r", files[1], "--no-meteor", "--json", str(out)]
        assert run(arguments) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--metrics", "spice"], "There is no metric 'spice'"),
        (["--protocol", "clevr"], "There is no protocol 'clevr'"),
        (["--by", "colour"], "--by is 'colour'"),
        (["--by", "kind"], "The references hold no kinds of change"),
        (["--per-item"], "--per-item needs --json"),
        (["--format", "excel"], "--format is 'excel'; expected text, markdown, latex, csv"),
        (["--resamples", "-1"], "resamples is -1"),
        (["--against", "nowhere.json"], "nowhere.json cannot be read"),
        (["--json", "/dev/null/x.json"], "cannot make this folder"),
    ],
)
def test_wrong_use(
    files: tuple[str, str], extra: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", files[0], "-r", files[1], "--no-meteor", *extra]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.fixture
def tiny_meteor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = write_sources(tmp_path / "meteor")
    monkeypatch.setattr("blip2idc.evaluation.metrics.meteor.backend.find_sources", lambda: sources)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.usefixtures("tiny_meteor")
def test_meteor_needs_no_java(
    files: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", "")
    out = tmp_path / "scores.json"
    arguments = ["evaluate", files[0], "-r", files[1], "--metrics", "meteor", "--json", str(out)]
    assert run(arguments) == 0
    assert "METEOR tables, made once" in capsys.readouterr().err
    assert "|python:meteor-1.5-data#" in json.loads(out.read_text(encoding="utf-8"))["meteor"]["signature"]
    assert run(arguments) == 0
    assert "METEOR tables" not in capsys.readouterr().err
    assert run([*arguments, "--meteor", "java"]) == 2
    assert "METEOR's Java program needs Java" in capsys.readouterr().err


@pytest.mark.usefixtures("tiny_meteor")
def test_tables_that_cannot_be_kept_are_a_note(
    files: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert run(["evaluate", files[0], "-r", files[1], "--metrics", "meteor"]) == 0
    assert "note: METEOR's tables could not be kept" in capsys.readouterr().err


def test_meteor_by_name_needs_its_data(
    files: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("blip2idc.evaluation.metrics.meteor.backend.find_sources", lambda: None)
    assert run(["evaluate", files[0], "-r", files[1], "--metrics", "meteor"]) == 2
    assert "pip install 'blip2idc[meteor]'" in capsys.readouterr().err
    assert run(["evaluate", files[0], "-r", files[1]]) == 0
    assert "not computed: METEOR" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "csv"])
def test_names_of_files_move_no_cursor(
    form: str, files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "a\x1b[31m\nb.json"
    odd.write_bytes(Path(files[0]).read_bytes())
    words = [
        "evaluate",
        str(odd),
        str(odd),
        "-r",
        files[1],
        "--no-meteor",
        "--resamples",
        "10",
        "--format",
        form,
    ]
    assert run(words) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "a\\u001b[31m\\u000ab" in out.replace("\\_", "_").replace("\\textbackslash{}", "\\")
