"""`blip2idc paraphrase` on the command line: a local model, a server, one sentence for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fixtures.chat_model import make_chat_model
from tests.fixtures.chat_server import Say, chat_server
from tests.synthesis.test_paraphrase import put_data

from blip2idc.cli.main import run
from blip2idc.data.records import read_manifest
from blip2idc.data.state import STATE


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return put_data(tmp_path / "data", [["the red car on the left is gone"], ["there is no change"]])


def test_a_local_model_is_asked_and_what_it_says_is_judged(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model of random weights says nothing that passes: the originals stay, and every refusal has its reason."""
    model = make_chat_model(tmp_path / "model")
    words = ["paraphrase", str(data), "-o", str(tmp_path / "out"), "--model", str(model), "--variations", "2"]
    assert run(words) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'out'}\n"
    assert "2/2" in err
    assert "captions without a variation" in err
    originals = [record.captions for record in read_manifest(data)]
    assert [record.captions for record in read_manifest(tmp_path / "out")] == originals
    report = json.loads((tmp_path / "out" / STATE / "paraphrase-report.json").read_text())["report"]
    assert report["passed"] == 0
    assert sum(report["refused"].values()) == 2 * 2 * 3  # captions, variations, rounds


def test_a_server_is_asked_with_the_key_of_the_environment(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-secret-word")
    with chat_server(Say("The red car on the left has vanished.")) as server:
        words = ["paraphrase", str(data), "-o", str(tmp_path / "out"), "--model", "served", "--server"]
        assert run([*words, "--base-url", server.url, "--variations", "1"]) == 0
        assert server.keys[0] == "Bearer a-secret-word"
        assert server.asked[0]["model"] == "served"
    first, second = read_manifest(tmp_path / "out")
    assert first.extra["paraphrased_captions"] == ["The red car on the left has vanished."]
    assert second.extra["paraphrased_captions"] == []  # it is no way to say that nothing changed
    kept = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert b"a-secret-word" not in kept
    assert "a-secret-word" not in "".join(capsys.readouterr())


def test_strict_exits_with_2_where_a_caption_was_not_answered(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with chat_server(Say(status=400, error="too long")) as server:
        words = ["paraphrase", str(data), "-o", str(tmp_path / "out"), "--model", "m", "--server"]
        words += ["--base-url", server.url]
        assert run(words) == 0
        assert run([*words, "--strict"]) == 2
    err = capsys.readouterr().err
    assert "warning: not answered: 'the red car on the left is gone'" in err
    assert [len(record.captions) for record in read_manifest(tmp_path / "out")] == [1, 1]


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ([], "--model is missing"),
        (["--model", "no/where/at/all"], "no/where/at/all"),
        (["--model", "m", "--variations", "0"], "variations is 0"),
        (["--model", "m", "--base-url", "http://127.0.0.1:1/v1"], "server is false"),
        (["--model", "m", "--split", "dev"], "split is 'dev'"),
        (["--model", "m", "--set", "language_model.temperatur=1"], "language_model.temperature"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], names: str
) -> None:
    assert run(["paraphrase", str(data), "-o", str(tmp_path / "out"), *more]) == 2
    err = capsys.readouterr().err.strip().splitlines()
    assert names in err[-1]
    assert err[-1].startswith("error: ")
