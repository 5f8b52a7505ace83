"""``blip2idc serve``: what it refuses before anything heavy is loaded. The server itself: tests/app."""

from __future__ import annotations

import sys

import pytest

from blip2idc.cli import main as cli


def test_without_gradio(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)  # what Python does with a module that is not there
    assert cli.run(["serve"]) == 2
    expected = "error: the web page needs packages that are not installed; run: pip install 'blip2idc[app]'\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "70000"], "--port is 70000; expected 0 to 65535"),
        (["--queue", "0"], "--queue is 0; expected at least 1"),
        (["--method", "guess"], "--method is 'guess'; expected cross-attention"),
    ],
)
def test_wrong_use(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["serve", *arguments]) == 2
    assert sentence in capsys.readouterr().err
