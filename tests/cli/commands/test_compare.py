"""``blip2idc compare`` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image
from tests.fixtures.checkpoints import opt_checkpoint
from tests.fixtures.folders import COUNTS, make_folders

from blip2idc.cli import main as cli
from blip2idc.model.captioner import DifferenceCaptioner

__all__ = ["opt_checkpoint"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_folders(tmp_path_factory.mktemp("folders"))


def test_equal_folders_load_no_torch(folders: tuple[Path, Path]) -> None:
    program = (
        "import sys\nfrom blip2idc.cli.main import run\n"
        f"assert run(['compare', {str(folders[0])!r}, {str(folders[0])!r}]) == 0\n"
        "print('loaded:', *[name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "100 files: 100 same, 0 changed, 0 added, 0 removed, 0 errors",
        "loaded:",
    ]


def test_everything_at_once(
    folders: tuple[Path, Path], opt_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A random model: --strict leaves the verdict to the pixels, so that the counts are exact."""
    outputs = [tmp_path / name for name in ("page.html", "all.json", "junit.xml")]
    options = [word for pair in zip(("--html", "--json", "--junit"), outputs, strict=True) for word in pair]
    arguments = ["compare", *folders, "--strict", "--model", opt_checkpoint, "--device", "cpu", *options]
    assert cli.run([str(argument) for argument in arguments]) == 2
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[-1] == "102 files: 88 same, 10 changed, 2 added, 1 removed, 1 error"
    assert len(lines) == 1 + 14
    content = json.loads(outputs[1].read_text(encoding="utf-8"))
    assert {status: content["summary"][status] for status in COUNTS} == COUNTS
    assert content["run_record"]["model"] == str(opt_checkpoint)
    assert all(entry["caption"] for entry in content["entries"] if entry["status"] == "changed")
    assert len(list(ET.parse(outputs[2]).iter("failure"))) == 13
    assert outputs[0].read_text(encoding="utf-8").count('<li class="entry"') == 14


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--ignore", "1,2"], "region is '1,2'; expected x,y,width,height"),
        (["--threshold", "2"], "--threshold is 2.0; expected 0 to 1"),
        (["--judge", "nobody"], "--judge is 'nobody'; expected pixels, mixed, model"),
        (["--format", "xml"], "--format is 'xml'; expected auto, lines, table, github"),
        (["--ignore", "5000,0,5,5", "--judge", "pixels"], "outside of every picture"),
        (["--approve", "none.png", "--judge", "pixels"], "--approve none.png: no changed or added file"),
        (["--pixel-tolerance", "300"], "--pixel-tolerance is 300; expected 0 to 255"),
    ],
)
def test_wrong_use(
    folders: tuple[Path, Path], options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["compare", *map(str, folders), *options]) == 2
    assert sentence in capsys.readouterr().err


def test_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", str(tmp_path), str(tmp_path / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("adapter", ["none", "default"])
def test_the_same_adapters_as_everywhere(
    adapter: str, tmp_path: Path, opt_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--adapter none` is the backbone alone; the model is asked, as the pixels differ."""
    from PIL import Image

    for side, colour in (("a", "white"), ("b", "black")):
        (tmp_path / side).mkdir()
        Image.new("RGB", (32, 32), colour).save(tmp_path / side / "1.png")
    model = [] if adapter == "default" else ["--model", str(opt_checkpoint)]
    arguments = ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--strict", "--adapter", adapter]
    assert cli.run([*arguments, *model, "--device", "cpu"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("1 file: 0 same, 1 changed")


@pytest.mark.parametrize(("threshold", "status"), [(0.5, "changed"), (1.0, "same")])
def test_the_model_s_verdict_decides(
    threshold: float, status: str, tmp_path: Path, opt_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same pair, with the threshold below and above the probability that the model gives it."""
    pair = [tmp_path / side / "1.png" for side in ("a", "b")]
    for path, colour in zip(pair, ("white", "black"), strict=True):
        path.parent.mkdir()
        Image.new("RGB", (32, 32), colour).save(path)
    said = DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")(*pair, max_changes=0)
    assert 0.5 < said.change_probability < 1
    settings = ["--judge", "model", "--threshold", str(threshold)]
    outputs = ["--json", str(tmp_path / "all.json"), "--model", str(opt_checkpoint), "--device", "cpu"]
    folders = [str(path.parent) for path in pair]
    assert cli.run(["compare", *folders, *settings, *outputs]) == (1 if status == "changed" else 0)
    (entry,) = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["entries"]
    assert entry["status"] == status
    assert entry["change_probability"] == pytest.approx(said.change_probability, abs=1e-4)
    assert entry["caption"] == said.caption
    assert ("the model finds no change" in capsys.readouterr().out) == (status == "same")


def test_two_files_and_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, color in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (20, 20), color).save(tmp_path / name)
    arguments = ["compare", str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--judge", "pixels"]
    assert cli.run([*arguments, "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=")
    assert cli.run([*arguments, "--format", "table"]) == 1
    assert "100 %" in capsys.readouterr().out
    assert cli.run([*arguments, "--approve-all", "--json", str(tmp_path / "all.json")]) == 0
    assert f"approved {tmp_path / 'a.png'}" in capsys.readouterr().out
    assert json.loads((tmp_path / "all.json").read_text())["entries"][0]["approved"] is True
    assert cli.run(arguments) == 0


def test_a_name_that_is_no_utf8_loses_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsdecode(b"caf\xe9\n.png")
    for folder, color in (("a", "red"), ("b", "blue")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (20, 20), color).save(tmp_path / "x.png")
        (tmp_path / "x.png").rename(tmp_path / folder / name)
    outputs = [tmp_path / name for name in ("page.html", "all.json", "junit.xml")]
    options = [word for pair in zip(("--html", "--json", "--junit"), outputs, strict=True) for word in pair]
    arguments = ["compare", tmp_path / "a", tmp_path / "b", "--judge", "pixels", *options]
    assert cli.run([str(argument) for argument in arguments]) == 1
    assert "caf\\" in capsys.readouterr().out
    assert json.loads(outputs[1].read_text(encoding="utf-8"))["entries"][0]["name"] == "caf\\xe9\n.png"
    assert "caf\\xe9" in outputs[0].read_text(encoding="utf-8")
    assert list(ET.parse(outputs[2]).iter("failure"))


def test_an_output_that_cannot_be_written_takes_no_other_with_it(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.html").mkdir()
    (tmp_path / "all.json").mkdir()
    options = [f"--{kind}={tmp_path / name}" for kind, name in (("html", "page.html"), ("json", "all.json"))]
    arguments = [*map(str, folders), "--judge", "pixels", *options, f"--junit={tmp_path / 'junit.xml'}"]
    assert cli.run(["compare", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1].startswith("102 files: ")
    assert printed.err.splitlines()[-1].startswith(f"error: {tmp_path / 'page.html'}: cannot be replaced")
    assert ET.parse(tmp_path / "junit.xml").getroot() is not None
