"""`blip2idc paraphrase` with a tiny chat model by path and against a server; what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from tests.fixtures.chat_model import make_chat_model
from tests.fixtures.chat_server import Say, chat_server

from blip2idc.cli.main import run
from blip2idc.data.records import PairRecord, read_records, write_records
from blip2idc.runs.folder import STATE

CAPTION = "the red car on the left is gone"
GOOD = "The red car on the left has vanished."
KEY = "sk-do-not-tell"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    for side in ("before", "after"):
        Image.new("RGB", (24, 16), (90, 90, 30)).save(folder / f"images/0_{side}.png")
    write_records(folder, [PairRecord("0", "images/0_before.png", "images/0_after.png", (CAPTION,))])
    return folder


def command(data: Path, url: str, *more: str) -> list[str]:
    words = ["paraphrase", str(data), "--output", str(data.parent / "out"), "--model", "m", "--server"]
    patience = ["--set", "language_model.attempts=1", "--set", "language_model.parallel=1"]
    return [*words, "--base-url", url, "--variations", "2", *patience, *more]


def report_of(folder: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((folder / STATE / "paraphrase-report.json").read_text())["report"]
    return content


def test_a_server_rewords_and_the_folder_is_printed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    wrong = "The red car on the right has vanished."
    with chat_server(Say(f'"{GOOD}"'), Say(wrong), Say("I'm sorry, I can't help with that.")) as server:
        assert run(command(data, server.url)) == 0
    out, err = capsys.readouterr()
    folder = tmp_path / "out"
    assert out == f"{folder}\n"
    assert "1/1" in err
    assert "direction" in err
    record = read_records(folder)[0]
    assert record.captions == (CAPTION, GOOD)
    assert record.extra["original_captions"] == [CAPTION]
    assert record.extra["paraphrased_captions"] == [GOOD]
    assert report_of(folder)["refused"] == {"refusal": 2, "direction": 1}
    assert server.keys[0] == f"Bearer {KEY}"
    assert len({body["seed"] for body in server.asked}) == len(server.asked) == 4
    everything = out + err + "".join(path.read_text() for path in (folder / STATE).glob("*.json*"))
    assert KEY not in everything
    assert server.url not in "".join(path.read_text() for path in (folder / STATE).glob("*.jsonl"))


def test_a_server_in_trouble_leaves_the_originals_and_strict_says_so(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with chat_server(Say(status=500)) as server:
        assert run(command(data, server.url)) == 0
        assert run(command(data, server.url, "--strict")) == 2
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'out'}\n" * 2
    assert f"warning: not answered: {CAPTION!r}: the server answered 500" in err
    assert read_records(tmp_path / "out")[0].captions == (CAPTION,)
    with chat_server(Say(GOOD)) as server:
        assert run(command(data, server.url, "--strict")) == 0
        assert server.asked
    assert read_records(tmp_path / "out")[0].captions == (CAPTION, GOOD)


def test_a_key_that_is_not_accepted_ends_the_run(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with chat_server(Say(status=401)) as server:
        assert run(command(data, server.url)) == 2
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert err.startswith("error: OPENAI_API_KEY is not accepted")
    assert KEY not in err


def test_an_address_with_a_password_is_refused_and_not_repeated(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(data, "https://me:secret@example.org/v1")) == 2
    out, err = capsys.readouterr()
    assert "base_url" in err
    assert "secret" not in out + err
    assert not (tmp_path / "out").exists()


def test_a_model_of_random_weights_ends_well_and_adds_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the model's name is part of the seeds
    make_chat_model(tmp_path / "model")
    words = ["paraphrase", str(data), "-o", str(tmp_path / "out"), "--model", "./model", "--variations", "2"]
    small = ["--set", "language_model.max_tokens=8", "--set", "rounds=1"]
    assert run([*words, *small, "--strict"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out'}\n"
    assert read_records(tmp_path / "out")[0].captions == (CAPTION,)
    report = report_of(tmp_path / "out")
    assert (report["asked"], report["passed"], report["unvaried"]) == (2, 0, 1)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], "--model is missing"),
        (["--model", "./nowhere"], "./nowhere"),
        (["--model", "m", "--variations", "0"], "variations is 0"),
        (["--model", "m", "--base-url", "http://127.0.0.1:1/v1"], "server is false"),
        (["--model", "m", "--split", "test"], "test"),
        (["--model", "m", "--set", "variation=3"], "variations"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], names: str
) -> None:
    assert run(["paraphrase", str(data), "-o", str(tmp_path / "out"), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.strip().splitlines()
    assert names in lines[-1]
    assert lines[-1].startswith("error: ")
