"""`blip2idc import` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.benchmarks import put_spot_the_diff

from blip2idc.cli.main import run
from blip2idc.data.importing.run import LOCK
from blip2idc.data.records import read_records
from blip2idc.runs.lock import only_run


def test_import_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = put_spot_the_diff(tmp_path / "official"), tmp_path / "out"
    assert run(["import", "spot-the-diff", str(source), "--output", str(output)]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "train: 1 pairs, 2 references",
        "val: 1 pairs, 1 references",
        "test: 3 pairs, 5 references",
        "entries merged into an earlier entry of the same id: 1",
        "empty references kept: 1",
    ]
    assert "test has 3 pairs, officially 1,270: scores on them are not those of spot-the-diff" in printed.err
    assert len(read_records(output, "test")) == 3


def test_options_reach_the_reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = put_spot_the_diff(tmp_path / "official", images=False)
    options = ["--annotations-only", "--protocol", "multi", "--split", "test", "--empty-references", "drop"]
    assert run(["import", "spot-the-diff", str(source), "-o", str(tmp_path / "out"), *options]) == 0
    assert "test: 3 pairs, 2 references" in capsys.readouterr().out
    assert not (tmp_path / "out/train").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["spot-the-difference", "."], "did you mean 'spot-the-diff'"),
        (["syned", "nowhere"], "nowhere does not exist"),
        (["syned", "."], "holds no Syned files"),
        (["syned", ".", "--split", "holdout"], "--split is 'holdout'"),
        (["syned", ".", "--protocol", "x"], "--protocol is 'x'"),
    ],
)
def test_faults_are_one_sentence_and_exit_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run(["import", *arguments, "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_second_import_into_one_output_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, output = put_spot_the_diff(tmp_path / "official"), tmp_path / "out"
    with only_run(output / LOCK, output):
        assert run(["import", "spot-the-diff", str(source), "-o", str(output)]) == 2
    assert capsys.readouterr().err == (
        f"error: {output}: another run is writing into it; wait for it, or end it\n"
    )
    assert run(["import", "spot-the-diff", str(source), "-o", str(output)]) == 0
    assert not (output / LOCK).exists()


def test_an_image_is_decoded_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = put_spot_the_diff(tmp_path / "official"), tmp_path / "out"
    image = source / "resized_images/7.png"
    image.write_bytes(image.read_bytes()[:-20])
    assert run(["import", "spot-the-diff", str(source), "-o", str(output)]) == 2
    assert "7.png: the image is truncated or damaged" in capsys.readouterr().err
    assert not list(output.rglob("7.png"))
    assert run(["import", "spot-the-diff", str(source), "-o", str(output), "--heads-only"]) == 0


def test_the_limit_on_pixels_can_be_raised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = put_spot_the_diff(tmp_path / "official"), tmp_path / "out"
    assert run(["import", "spot-the-diff", str(source), "-o", str(output), "--max-pixels", "2"]) == 2
    assert "more than the limit of 2; make it smaller or raise --max-pixels" in capsys.readouterr().err
    assert not output.exists()
