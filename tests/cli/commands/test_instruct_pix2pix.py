"""`blip2idc synthesize instruct-pix2pix` with a tiny pipeline and a tiny CLIP in the real on-disk formats."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fixtures.chat_model import make_chat_model
from tests.fixtures.synthesis_run import put_photographs
from tests.fixtures.tiny_clip import build_tiny_clip
from tests.fixtures.tiny_pix2pix import build_tiny_pix2pix

from blip2idc.cli.main import run
from blip2idc.data.records import read_records
from blip2idc.runs.folder import STATE

#: A random CLIP judges nothing.
UNJUDGED = [
    word
    for name in ("image_similarity", "text_similarity", "direction_similarity", "highest_image_similarity")
    for word in ("--set", f"filters.{name}=null")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("instruct-pix2pix")
    put_photographs(folder / "photos", 3)
    build_tiny_pix2pix(folder / "editor")
    build_tiny_clip(folder / "clip")
    return folder


def command(folder: Path, output: Path, *more: str) -> list[str]:
    models = ["--model", str(folder / "editor"), "--clip", str(folder / "clip")]
    small = (
        "editor.size=64",
        "editor.steps=1",
        "editor.safety_checker=false",
        "candidates.image_guidance=[1.5]",
    )
    sizes = [word for setting in small for word in ("--set", setting)]
    words = ["synthesize", "instruct-pix2pix", "-o", str(output), *models, *sizes, *UNJUDGED]
    return [*words, "--images", str(folder / "photos"), "--per-image", "2", *more]


def test_photographs_become_a_data_set_and_its_path_is_printed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "data"
    assert run(command(folder, output)) == 0
    out, err = capsys.readouterr()
    assert out == f"{output / 'metadata.jsonl'}\n"
    assert "6/6" in err
    assert "accepted" in err
    manifest = read_records(output)
    assert {record.source for record in manifest} == {"instruct-pix2pix"}
    numbers = [record.extra["synthesis"] for record in manifest]
    assert all(
        -1 <= one["image_similarity"] <= 1 and one["direction_similarity"] is not None for one in numbers
    )
    page = (output / STATE / "report.html").read_text()
    assert all(record.change is not None and record.change["instruction"] in page for record in manifest)


def test_it_can_be_filtered_again_and_a_second_run_adds_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "data"
    assert run(command(folder, output)) == 0
    whole = (output / "metadata.jsonl").read_bytes()
    similarities = [record.extra["synthesis"]["direction_similarity"] for record in read_records(output)]
    middle = sorted(similarities)[len(similarities) // 2]
    again = ["synthesize", "instruct-pix2pix", "-o", str(output), "--refilter", *UNJUDGED]
    assert run([*again, "--set", f"filters.direction_similarity={middle}"]) == 0
    assert 0 < len(read_records(output)) < len(similarities)
    assert run(command(folder, output)) == 0
    assert (output / "metadata.jsonl").read_bytes() == whole
    assert "wrong-direction" in capsys.readouterr().err


def test_records_of_a_data_set_give_images_and_instructions(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(command(folder, first)) == 0
    words = command(folder, second, "--data", str(first), "--set", "instructions.per_image=1")
    images = words.index("--images")
    assert run(words[:images] + words[images + 2 :]) == 0
    told = [
        {record.change["instruction"] for record in read_records(one) if record.change}
        for one in (first, second)
    ]
    assert told[1]
    assert told[1] < told[0]


def test_a_language_model_can_be_asked(folder: Path, tmp_path: Path) -> None:
    """A model of random weights talks nonsense: what it says is judged, and told, whether any of it passes or not."""
    model = make_chat_model(tmp_path / "chat")
    captions = tmp_path / "captions.json"
    captions.write_text(json.dumps({path.name: "a cat on a mat" for path in (folder / "photos").iterdir()}))
    words = command(
        folder, tmp_path / "data", "--captions", str(captions), "--instructions", "language-model"
    )
    run([*words, "--language-model", str(model)])
    report = json.loads((tmp_path / "data" / STATE / "report.json").read_text())["report"]
    assert sum(report["refused"].values()) > 0


def test_strict_exits_with_2_where_something_failed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photographs = put_photographs(tmp_path / "photos", 1)
    (photographs / "broken.png").write_bytes(b"\x89PNG no more")
    words = [*command(folder, tmp_path / "data"), "--images", str(photographs)]
    assert run(words) == 0
    assert run([*words, "--strict"]) == 2
    out, err = capsys.readouterr()
    assert "warning: 1 source images cannot be opened: broken.png" in err
    assert out.count("metadata.jsonl") == 2  # the data set is there all the same


@pytest.mark.parametrize(
    ("more", "names"),
    [
        (["--instructions", "nowhere.txt"], "nowhere.txt"),
        (["--set", "editor.nam=x"], "editor.name"),
        (["--editor", "photoshop"], "photoshop"),
        (["--count", "0"], "count is 0"),
        (["--workers", "0"], "workers is 0"),
        (["--data", "elsewhere"], "both of --images and --data"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], names: str
) -> None:
    assert run(command(folder, tmp_path / "data", *more)) == 2
    err = capsys.readouterr().err.strip().splitlines()
    assert names in err[-1]
    assert err[-1].startswith("error: ")


def test_a_cluster_that_is_not_there_is_told_at_once(folder: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    words = [
        sys.executable,
        "-m",
        "blip2idc",
        *command(folder, tmp_path / "data"),
        "--ray",
        f"127.0.0.1:{free}",
    ]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"error: --ray is '127.0.0.1:{free}' and no cluster answers there" in done.stderr
    assert "Traceback" not in done.stderr
